"""Who keeps the units. Pure."""

from app.domain.places.models import Level
from app.kernel.rules import Role, Rules, reach

KEEP: Rules = (reach(Role.ADMINISTRATOR),)
"""May create a unit at the place, say who works there, and what it answers for."""

LEVELS = (Level.STREET, Level.DISTRICT)
"""Where units stand (domain.md §5: departments report in from the street and the district)."""
