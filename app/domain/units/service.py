"""The verbs of the units: making one, who works there, what it answers for. Records, audited."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.people.errors import PersonNotFound
from app.domain.places.errors import PlaceNotFound
from app.domain.units import errors, policy
from app.domain.units.models import Post, Responsibility, Unit, UnitKind, UnitMember
from app.kernel.change import Change
from app.kernel.ids import new_id
from app.kernel.rules import Actor, demand
from app.kernel.verbs import Facts, record

PLACE = "SELECT p.id, p.id AS place_id FROM place p WHERE p.id = ($3::jsonb ->> 'place_id')::uuid"
UNIT = "SELECT u.id, u.place_id FROM unit u WHERE u.id = ($3::jsonb ->> 'id')::uuid AND u.closed_at IS NULL FOR SHARE"


@record("unit", "create", subject=PLACE, missing=PlaceNotFound, conflicts={"unit_once": errors.UnitExists})
def create(_: None, actor: Actor, now: datetime, *, place_id: UUID, name: str, kind: UnitKind) -> Change:
    """A unit at a place: whatever stands below it may be whistled to it. Raises NotAllowed, UnitExists."""
    demand(policy.KEEP, actor)
    unit_id = new_id()
    about = {"id": unit_id, "place_id": place_id, "name": name, "kind": kind.value}
    change = Change.record("unit", unit_id, "create", actor, now, place_id=place_id)
    return change.insert(Unit, **about, created_by=actor.id, created_at=now).note(name=name)


@dataclass(frozen=True, slots=True)
class Joining:
    """A unit, and whether the person exists and may act."""

    id: UUID
    place_id: UUID
    person_id: UUID | None


JOINING = Facts(
    """jsonb_build_object('id', subject.id, 'place_id', subject.place_id,
         'person_id', find_person(($3::jsonb ->> 'person_id')::uuid, NULL))""",
    Joining,
)


@record(
    "unit_member", "add", subject=UNIT, facts=JOINING, missing=errors.UnitNotFound,
    conflicts={"unit_member_once": errors.WorksThere},
)  # fmt: skip
def add_member(unit: Joining, actor: Actor, now: datetime, *, person_id: UUID, post: Post) -> Change:
    """Somebody works in the unit from now on. Raises NotAllowed, PersonNotFound, WorksThere."""
    demand(policy.KEEP, actor)
    if unit.person_id is None:
        raise PersonNotFound
    member_id = new_id()
    return (
        Change.record("unit_member", member_id, "add", actor, now, place_id=unit.place_id)
        .insert(
            UnitMember,
            id=member_id,
            unit_id=unit.id,
            place_id=unit.place_id,
            person_id=person_id,
            post=post.value,
            added_by=actor.id,
            joined_at=now,
        )
        .tell(person_id, "unit.joined", unit_id=unit.id)
        .note(unit_id=unit.id, person_id=person_id, post=post)
    )


@dataclass(frozen=True, slots=True)
class Answering:
    """A place, whether the unit serves it, and the present entry for the category there."""

    place_id: UUID
    serves: bool
    present_id: UUID | None
    present_version: int | None


ANSWERING = Facts(
    """(SELECT jsonb_build_object('place_id', subject.place_id, 'serves', EXISTS (
          SELECT 1 FROM unit u JOIN place_ancestor a ON a.ancestor_id = u.place_id
           WHERE u.id = ($3::jsonb ->> 'unit_id')::uuid AND u.closed_at IS NULL AND a.place_id = subject.place_id),
          'present_id', r.id, 'present_version', r.version)
        FROM (SELECT 1) one LEFT JOIN responsibility r
          ON r.place_id = subject.place_id AND r.category = $3::jsonb ->> 'category' AND r.until_at IS NULL)""",
    Answering,
)


@record("responsibility", "set", subject=PLACE, facts=ANSWERING, missing=PlaceNotFound)
def set_responsibility(
    seen: Answering, actor: Actor, now: datetime, *, place_id: UUID, category: str, unit_id: UUID
) -> Change:
    """From now on the unit answers for the category in the place's subtree; what was before stays in the register with its
    dates. Raises NotAllowed, UnitNotFound: not open, or it does not serve the place."""
    demand(policy.KEEP, actor)
    if not seen.serves:
        raise errors.UnitNotFound
    entry_id = new_id()
    change = Change.record("responsibility", entry_id, "set", actor, now, place_id=place_id)
    if seen.present_id is not None:
        change.patch(Responsibility, id=seen.present_id, until_at=now, version=(seen.present_version or 1) + 1)
    about = {"id": entry_id, "unit_id": unit_id, "place_id": place_id, "category": category}
    return change.insert(Responsibility, **about, from_at=now, set_by=actor.id).note(category=category, unit_id=unit_id)


VERBS = (create, add_member, set_responsibility)
