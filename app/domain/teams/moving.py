"""Moving house: whoever chooses another community takes back what they asked for in the old one. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.people.moving import JOINING, MOVER, Joining
from app.domain.people.service import joined
from app.domain.teams.repository import OpenApplication
from app.domain.teams.volunteers import withdrawn
from app.kernel.change import Change
from app.kernel.rules import Actor
from app.kernel.verbs import Facts, record


@dataclass(frozen=True, slots=True)
class Moving:
    """The home that somebody chooses, with the one before; and what they have applied for where they have lived until now."""

    home: Joining
    applications: tuple[OpenApplication, ...] = ()


MOVING = Facts(
    f"""jsonb_build_object('home', {JOINING.sql}, 'applications', (
          SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'place_id', a.place_id, 'version', a.version)), '[]')
            FROM volunteer_application a
           WHERE a.person_id = $1 AND a.decided_at IS NULL AND a.withdrawn_at IS NULL))""",
    Moving,
)


@record("person", "join", subject=MOVER, facts=MOVING)
def join(me: Moving, actor: Actor, now: datetime, *, place_id: UUID, address: bytes | None = None) -> list[Change]:
    """Choose the community where one lives, or the estate in it; with another community an open application to volunteer in the
    old one is withdrawn, since one volunteers at home. Raises NotACommunity."""
    change = joined(me.home, actor, now, place_id=place_id, address=address)
    left = me.applications if me.home.moves else ()
    if left:
        change.tell(actor.id, "volunteer.left_behind")
    return [change, *(withdrawn(application, actor, now, moved_away=True) for application in left)]


VERBS = (join,)
