"""Every table, for Alembic and for the tests of the schema."""

from app.domain.cases import board_tables as board
from app.domain.cases import callback_tables as callbacks
from app.domain.cases import flow_tables as flow
from app.domain.cases import models as cases
from app.domain.deadlines import models as drafts
from app.domain.exclusions import models as exclusions
from app.domain.notifications import models as notifications
from app.domain.orders import kind_tables as kinds
from app.domain.orders import models as orders
from app.domain.orders import record_models as records
from app.domain.people import models as people
from app.domain.places import models as places
from app.domain.representations import models as representations
from app.domain.services import models as services
from app.domain.teams import models as teams
from app.domain.terms import models as terms
from app.domain.units import models as units
from app.kernel import deadline_tables as deadlines
from app.kernel import tables as kernel

__all__ = [
    "board",
    "callbacks",
    "cases",
    "deadlines",
    "drafts",
    "exclusions",
    "flow",
    "kernel",
    "kinds",
    "notifications",
    "orders",
    "people",
    "places",
    "records",
    "representations",
    "services",
    "teams",
    "terms",
    "units",
]
