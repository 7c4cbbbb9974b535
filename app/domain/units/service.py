"""The verbs of the units: making one, who works there, what it answers for. Records, audited."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.people.errors import PersonNotFound
from app.domain.places.errors import PlaceNotFound
from app.domain.places.models import Level
from app.domain.places.subject import PLACE
from app.domain.units import errors, policy
from app.domain.units.models import Post, Responsibility, Unit, UnitDeputy, UnitKind, UnitMember
from app.kernel.change import Change
from app.kernel.errors import FieldFault, InvalidInput
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Role, demand
from app.kernel.verbs import Facts, record

UNIT = "SELECT u.id, u.place_id FROM unit u WHERE u.id = ($3::jsonb ->> 'id')::uuid AND u.closed_at IS NULL FOR SHARE"


@dataclass(frozen=True, slots=True)
class Founding:
    """At which level the place stands."""

    level: Level


FOUNDING = Facts(
    "(SELECT jsonb_build_object('level', p.level) FROM place p WHERE p.id = subject.id)",
    Founding,
)


@record(
    "unit", "create", subject=PLACE, facts=FOUNDING, missing=PlaceNotFound, conflicts={"unit_once": errors.UnitExists},
    read_by_others=("name",),
)  # fmt: skip
def create(seen: Founding, actor: Actor, now: datetime, *, place_id: UUID, name: str, kind: UnitKind) -> Change:
    """A unit at a street or district: whatever stands below it may be whistled to it. Raises NotAllowed, UnitExists,
    UnitsStandAbove: at a place of another level."""
    demand(policy.KEEP, actor)
    if seen.level not in policy.LEVELS:
        raise errors.UnitsStandAbove
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
    """A place, whether the unit serves it, whether a catalogue knows the category, and the present entry for it there."""

    place_id: UUID
    serves: bool
    known: bool
    present_id: UUID | None
    present_version: int | None
    present_unit_id: UUID | None


ANSWERING = Facts(
    """(SELECT jsonb_build_object('place_id', subject.place_id, 'serves', EXISTS (
          SELECT 1 FROM unit u JOIN place_ancestor a ON a.ancestor_id = u.place_id
           WHERE u.id = ($3::jsonb ->> 'unit_id')::uuid AND u.closed_at IS NULL AND a.place_id = subject.place_id),
          'known', EXISTS (SELECT 1 FROM case_category c WHERE c.code = $3::jsonb ->> 'category'),
          'present_id', r.id, 'present_version', r.version, 'present_unit_id', r.unit_id)
        FROM (SELECT 1) one LEFT JOIN responsibility r
          ON r.place_id = subject.place_id AND r.category = $3::jsonb ->> 'category' AND r.until_at IS NULL)""",
    Answering,
)


@record("responsibility", "set", subject=PLACE, facts=ANSWERING, missing=PlaceNotFound)
def set_responsibility(
    seen: Answering, actor: Actor, now: datetime, *, place_id: UUID, category: str, unit_id: UUID
) -> Change:
    """From now on the unit answers for the category in the place's subtree; what was before stays in the register with its
    dates. Raises NotAllowed, AnswersAlready, UnitNotFound: not open, or it does not serve the place. InvalidInput: no catalogue
    knows the category, so nothing would ever be whistled by it."""
    demand(policy.KEEP, actor)
    if not seen.serves:
        raise errors.UnitNotFound
    if not seen.known:
        raise InvalidInput(fields=(FieldFault("/body/category", "category-unknown", "事项目录没有这个类别"),))
    if seen.present_unit_id == unit_id:
        raise errors.AnswersAlready
    entry_id = new_id()
    change = Change.record("responsibility", entry_id, "set", actor, now, place_id=place_id)
    if seen.present_id is not None:
        change.patch(Responsibility, id=seen.present_id, until_at=now, version=(seen.present_version or 1) + 1)
    about = {"id": entry_id, "unit_id": unit_id, "place_id": place_id, "category": category}
    return change.insert(Responsibility, **about, from_at=now, set_by=actor.id).note(category=category, unit_id=unit_id)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a unit answers for now."""

    id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Closing:
    """A unit, whether assignments of it live, it leads an open case, or a whistle that waits names it; and its entries in the
    register."""

    id: UUID
    place_id: UUID
    version: int
    busy: bool
    answers: tuple[Answered, ...]


CLOSING = Facts(
    """(SELECT jsonb_build_object('id', u.id, 'place_id', u.place_id, 'version', u.version,
          'busy', EXISTS (SELECT 1 FROM matter m WHERE m.unit_id = u.id AND m.kind = 'assignment'
                             AND m.state NOT IN ('done', 'excused'))
                  OR EXISTS (SELECT 1 FROM matter m JOIN hold h ON h.matter_id = m.id AND h.until_at IS NULL
                              WHERE m.unit_id = u.id AND m.kind = 'case')
                  OR EXISTS (SELECT 1 FROM whistle w JOIN hold h ON h.matter_id = w.matter_id AND h.until_at IS NULL
                              WHERE w.decided_at IS NULL AND (w.lead_id = u.id OR u.id = ANY (w.co_ids))),
          'answers', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.id, 'version', r.version)), '[]')
                        FROM responsibility r WHERE r.unit_id = u.id AND r.until_at IS NULL))
         FROM unit u WHERE u.id = subject.id)""",
    Closing,
)


@record("unit", "close", subject=UNIT.replace("FOR SHARE", "FOR UPDATE"), facts=CLOSING, missing=errors.UnitNotFound)
def close(unit: Closing, actor: Actor, now: datetime) -> Change:
    """The unit is no more: nothing is whistled to it, and what it answered for waits for another. Raises NotAllowed, UnitBusy."""
    demand(policy.KEEP, actor)
    if unit.busy:
        raise errors.UnitBusy
    change = Change.record("unit", unit.id, "close", actor, now, place_id=unit.place_id, version=unit.version)
    for entry in unit.answers:
        change.patch(Responsibility, id=entry.id, until_at=now, version=entry.version + 1)
    return change.patch(Unit, id=unit.id, closed_at=now, version=unit.version + 1).note(answered=len(unit.answers))


MEMBER = """SELECT m.id, m.place_id FROM unit_member m WHERE m.unit_id = ($3::jsonb ->> 'id')::uuid
               AND m.person_id = ($3::jsonb ->> 'person_id')::uuid AND m.live FOR UPDATE"""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A post that ends; who else works there, and who of them leads; whether assignments that they signed are open."""

    id: UUID
    unit_id: UUID
    place_id: UUID
    person_id: UUID
    version: int
    others: tuple[UUID, ...]
    heads: tuple[UUID, ...]
    busy: bool


LEAVING = Facts(
    """(SELECT jsonb_build_object('id', m.id, 'unit_id', m.unit_id, 'place_id', m.place_id, 'person_id', m.person_id,
          'version', m.version,
          'others', (SELECT coalesce(jsonb_agg(o.person_id), '[]') FROM unit_member o
                      WHERE o.unit_id = m.unit_id AND o.live AND o.id <> m.id),
          'heads', (SELECT coalesce(jsonb_agg(o.person_id), '[]') FROM unit_member o
                     WHERE o.unit_id = m.unit_id AND o.live AND o.id <> m.id AND o.post = 'head'),
          'busy', EXISTS (SELECT 1 FROM matter t JOIN assignment_detail a ON a.matter_id = t.id
                           WHERE t.unit_id = m.unit_id AND t.state NOT IN ('done', 'excused')
                             AND (a.officer_id IS NULL OR a.officer_id = m.person_id)))
         FROM unit_member m WHERE m.id = subject.id)""",
    Leaving,
)


@record("unit_member", "end", subject=MEMBER, facts=LEAVING, missing=errors.MemberNotFound)
def end_member(post: Leaving, actor: Actor, now: datetime, *, person_id: UUID) -> Change:
    """Somebody works in the unit no longer. What waited for them waits for the others, of whom the heads are told; where nobody
    is left, or no head, the administrator is (domain.md §5). Raises NotAllowed."""
    demand(policy.KEEP, actor)
    change = Change.record(
        "unit_member", post.id, "end", actor, now, place_id=post.place_id, version=post.version
    ).patch(UnitMember, id=post.id, live=None, ended_at=now, ended_by=actor.id, version=post.version + 1)
    change.tell(post.person_id, "unit.left", unit_id=post.unit_id).note(unit_id=post.unit_id, person_id=person_id)
    if not post.others:
        return change.tell_role(Role.ADMINISTRATOR, "unit.nobody_left", unit_id=post.unit_id)
    if not post.heads:
        change.tell_role(Role.ADMINISTRATOR, "unit.no_head", unit_id=post.unit_id)
    if post.busy:
        for person in post.heads or post.others:
            change.tell(person, "unit.colleague_left", unit_id=post.unit_id)
    return change


@dataclass(frozen=True, slots=True)
class Deputising:
    """A unit, who of the two works there, what the actor is in it, and whether the one stands in for the other all that time."""

    id: UUID
    place_id: UUID
    both: bool
    post: str | None
    named: bool


DEPUTISING = Facts(
    """jsonb_build_object('id', subject.id, 'place_id', subject.place_id, 'post', app_unit(subject.id),
          'both', (SELECT count(*) = 2 FROM unit_member m WHERE m.unit_id = subject.id AND m.live
                      AND m.person_id IN (($3::jsonb ->> 'absent_id')::uuid, ($3::jsonb ->> 'deputy_id')::uuid)),
          'named', EXISTS (SELECT 1 FROM unit_deputy d WHERE d.unit_id = subject.id
                              AND d.absent_id = ($3::jsonb ->> 'absent_id')::uuid
                              AND d.deputy_id = ($3::jsonb ->> 'deputy_id')::uuid
                              AND d.from_at <= ($3::jsonb ->> 'from_at')::timestamptz
                              AND d.until_at >= ($3::jsonb ->> 'until_at')::timestamptz))""",
    Deputising,
)


# Who works in a unit does not keep it, and so may not lock it.
OPEN_UNIT = UNIT.removesuffix(" FOR SHARE")


@record(
    "unit_deputy", "name", subject=OPEN_UNIT, facts=DEPUTISING, missing=errors.UnitNotFound,
    conflicts={"unit_deputy_once": errors.DeputyNamed},
)  # fmt: skip
def name_deputy(
    unit: Deputising,
    actor: Actor,
    now: datetime,
    *,
    absent_id: UUID,
    deputy_id: UUID,
    from_at: datetime,
    until_at: datetime,
) -> Change:
    """Somebody of the unit stands in for another in [from_at, until_at): named by oneself, the head, or the administrator.

    Raises:
        NotAllowed. NotInUnit: not two people who work there. PeriodEmpty: it ends before it begins, or has ended. DeputyNamed:
        for all of that time already.
    """
    if absent_id != actor.id and unit.post != Post.HEAD:
        demand(policy.KEEP, actor)
    if not unit.both or absent_id == deputy_id:
        raise errors.NotInUnit
    if until_at <= max(from_at, now):
        raise errors.PeriodEmpty
    if unit.named:
        raise errors.DeputyNamed
    deputy = new_id()
    return (
        Change.record("unit_deputy", deputy, "name", actor, now, place_id=unit.place_id)
        .insert(
            UnitDeputy,
            id=deputy,
            unit_id=unit.id,
            place_id=unit.place_id,
            absent_id=absent_id,
            deputy_id=deputy_id,
            from_at=from_at,
            until_at=until_at,
            named_by=actor.id,
            named_at=now,
        )
        .tell(deputy_id, "unit.deputy", unit_id=unit.id)
        .note(unit_id=unit.id, absent_id=absent_id, deputy_id=deputy_id)
    )


VERBS = (create, close, add_member, end_member, name_deputy, set_responsibility)
