"""Handing a case one level down: only what the community admits, or what comes with money (准入制度, 权随责走、费随事转, S1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cases import errors, policy
from app.domain.cases.flow_tables import AdmissionList
from app.domain.cases.limits import Case, govern
from app.domain.cases.policy import LIFECYCLE
from app.domain.cases.service import CASES, tell_reporters
from app.domain.places.errors import PlaceNotFound
from app.domain.places.models import Level
from app.kernel.change import Change, Office
from app.kernel.errors import FieldFault, NotAllowed, NothingChanged
from app.kernel.ids import new_id
from app.kernel.rules import Actor
from app.kernel.verbs import Facts, record

STREET = """
  SELECT p.id, street_of(p.id) AS place_id FROM place p WHERE p.id = ($3::jsonb ->> 'place_id')::uuid"""
"""The place of a list, with the street whose officers publish it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The newest version at the place (0: none) with its codes, and which of the codes no catalogue above it has."""

    version: int
    newest: tuple[str, ...] | None
    unknown: tuple[str, ...]


LISTING = Facts(
    """jsonb_build_object(
         'version', (SELECT coalesce(max(l.version), 0) FROM admission_list l WHERE l.place_id = subject.id),
         'newest', (SELECT l.codes FROM admission_list l WHERE l.place_id = subject.id ORDER BY l.version DESC LIMIT 1),
         'unknown', (SELECT coalesce(jsonb_agg(x.code), '[]') FROM jsonb_array_elements_text($3::jsonb -> 'codes') x(code)
                      WHERE NOT EXISTS (SELECT 1 FROM case_category c WHERE c.code = x.code
                               AND (c.place_id IS NULL OR EXISTS (SELECT 1 FROM place_ancestor a
                                      WHERE a.place_id = subject.id AND a.ancestor_id = c.place_id)))))""",
    Listing,
)


@record("admission_list", "publish", subject=STREET, facts=LISTING, missing=PlaceNotFound)
def publish(seen: Listing, actor: Actor, now: datetime, *, place_id: UUID, codes: Sequence[str]) -> Change:
    """Publish which categories a community admits, or every community below a place; the nearest list counts. It is the street's
    to say. Raises NotAllowed, CategoryNotFound, NothingChanged."""
    if not any(rule.roles & actor.roles for rule in policy.ADMISSION):
        raise NotAllowed("准入清单由街道及以上的书记、管理员发布,社区自己不能发布")
    if seen.unknown:
        wrong = [number for number, code in enumerate(codes) if code in seen.unknown]
        title = errors.CategoryNotFound.title_zh
        raise errors.CategoryNotFound(
            fields=tuple(FieldFault(f"/body/codes/{number}", "category-not-found", title) for number in wrong)
        )
    admitted = tuple(sorted(set(codes)))
    if admitted == seen.newest:
        raise NothingChanged.since(seen.version)
    list_id = new_id()
    return (
        Change.record("admission_list", list_id, "publish", actor, now, place_id=place_id, version=seen.version)
        .insert(
            AdmissionList,
            id=list_id,
            place_id=place_id,
            version=seen.version + 1,
            codes=list(admitted),
            published_by=actor.id,
            published_at=now,
        )
        .note(version=seen.version + 1, codes=len(admitted))
    )


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether the list of the community, the nearest upward, has the category of the case."""

    listed: bool


ADMISSION = Facts(
    """jsonb_build_object('listed', coalesce((
         SELECT subject.category = ANY (l.codes) FROM admission_list l JOIN place_ancestor a ON a.ancestor_id = l.place_id
          WHERE a.place_id = subject.place_id ORDER BY a.depth, l.version DESC LIMIT 1), false))""",
    Admission,
)


@CASES.moves("hand_down", facts=ADMISSION, read_by_others=("source",))
def hand_down(
    case: Case,
    actor: Actor,
    now: datetime,
    *,
    facts: Admission,
    amount: int | None = None,
    source: str | None = None,
) -> Change:
    """Hand a case one level down, with the time used. What is not on the list goes down with an approval that names the money:
    `amount` in yuan, and its source. Raises AtTheBottom, NotAdmitted."""
    change = LIFECYCLE.move(case, "hand_down", actor, now)
    level = below(case)
    if not facts.listed and (amount is None or source is None):
        raise errors.NotAdmitted
    govern(change, case, policy.resolve_at(level, case.detail.lane, same_day=False))
    money = {} if amount is None else {"amount": amount, "source": source}
    change.set(seat_id=case.detail.seats[level]).note(to=level, listed=facts.listed, **money)
    return tell_reporters(change.tell_office(Office.SEAT, "case.handed_down"), case, "case.went_down")


def below(case: Case) -> str:
    """The level under the case's own. Raises AtTheBottom."""
    levels = [level for level in policy.LEVELS if level in case.detail.seats]
    at = levels.index(Level(case.detail.level))
    if at == 0:
        raise errors.AtTheBottom
    return levels[at - 1]


_IN_FORCE = text("""
SELECT l.*, p.name AS place_name, ARRAY(
         SELECT coalesce((SELECT c.name FROM case_category c
                   LEFT JOIN place_ancestor b ON b.place_id = :place_id AND b.ancestor_id = c.place_id
                  WHERE c.code = x.code AND (c.place_id IS NULL OR b.place_id IS NOT NULL)
                  ORDER BY coalesce(b.depth, 99), c.estate_type, c.version DESC LIMIT 1), x.code)
           FROM unnest(l.codes) WITH ORDINALITY x(code, nth) ORDER BY x.nth) AS names
  FROM admission_list l JOIN place_ancestor a ON a.ancestor_id = l.place_id
  JOIN place p ON p.id = l.place_id
 WHERE a.place_id = :place_id ORDER BY a.depth, l.version DESC LIMIT 1""")


async def in_force(connection: AsyncConnection, place_id: UUID) -> RowMapping | None:
    """The list that counts at a place; None: nothing is admitted without an approval."""
    return (await connection.execute(_IN_FORCE, {"place_id": place_id})).mappings().one_or_none()


VERBS = (hand_down,)
RECORD_VERBS = (publish,)
