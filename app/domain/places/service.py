"""The verb of the places: where the station of one is, and its number. The tree itself is imported whole (`importing.py`)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.places.errors import PlaceNotFound
from app.domain.places.models import Station
from app.domain.places.policy import CHIEF
from app.domain.places.subject import PLACE
from app.kernel.change import Change
from app.kernel.errors import NothingChanged
from app.kernel.ids import new_id
from app.kernel.rules import Actor, demand
from app.kernel.verbs import Facts, record


@dataclass(frozen=True, slots=True)
class Known:
    """The newest version of the place's own station (0: none), with phone and address."""

    version: int
    phone: str | None = None
    address: str | None = None


KNOWN = Facts(
    """coalesce((SELECT jsonb_build_object('version', s.version, 'phone', s.phone, 'address', s.address) FROM station s
         WHERE s.place_id = subject.place_id ORDER BY s.version DESC LIMIT 1), '{"version": 0}')""",
    Known,
)


@record("station", "set", subject=PLACE, facts=KNOWN, missing=PlaceNotFound, read_by_others=("address",))
def set_station(seen: Known, actor: Actor, now: datetime, *, place_id: UUID, phone: str, address: str) -> Change:
    """Say where the station of a place is and what its public number is; places below it that have none of their own share it.
    Raises NothingChanged."""
    demand(CHIEF, actor)
    if (phone, address) == (seen.phone, seen.address):
        raise NothingChanged.since(seen.version)
    station_id = new_id()
    return Change.record("station", station_id, "set", actor, now, place_id=place_id, version=seen.version).insert(
        Station,
        id=station_id,
        place_id=place_id,
        version=seen.version + 1,
        phone=phone,
        address=address,
        set_by=actor.id,
        set_at=now,
    )


VERBS = (set_station,)
