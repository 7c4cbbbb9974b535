"""The catalogue of cases (事项目录): what may be reported at a place, which lane is suggested, and what a result must show.
Versions by place and type of estate; the nearest place wins (domain.md §5; S3's service rules are examples of it)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cases import policy
from app.domain.cases.facts import CATALOGUE
from app.domain.cases.models import CaseCategory, Lane
from app.domain.places.errors import PlaceNotFound
from app.domain.places.subject import PLACE
from app.domain.units.models import UnitKind
from app.kernel.change import Change
from app.kernel.errors import NothingChanged
from app.kernel.ids import new_id
from app.kernel.rules import Actor, demand
from app.kernel.verbs import Facts, record


@dataclass(frozen=True, slots=True)
class Category:
    """What a version says of a category."""

    name: str
    lane: str
    emergency: bool
    by_midnight: bool
    evidence: tuple[str, ...]
    unit_kind: str | None


@dataclass(frozen=True, slots=True)
class Published:
    """The newest version of the category at the place itself (0: none), and what it says."""

    version: int
    newest: Category | None = None


PUBLISHED = Facts(
    """coalesce((SELECT jsonb_build_object('version', c.version, 'newest', to_jsonb(c)) FROM case_category c
         WHERE c.place_id = subject.place_id AND c.code = $3::jsonb ->> 'code'
           AND c.estate_type = coalesce($3::jsonb ->> 'estate_type', '')
         ORDER BY c.version DESC LIMIT 1), '{"version": 0}')""",
    Published,
)


@record("case_category", "publish", subject=PLACE, facts=PUBLISHED, missing=PlaceNotFound, read_by_others=("name",))
def publish(
    seen: Published,
    actor: Actor,
    now: datetime,
    *,
    place_id: UUID,
    code: str,
    name: str,
    lane: Lane,
    emergency: bool,
    by_midnight: bool,
    evidence: Sequence[str],
    unit_kind: UnitKind | None,
    estate_type: str = "",
) -> Change:
    """Publish a category at a place and below it; it acts on cases that are reported from now on. Raises NotAllowed,
    NothingChanged."""
    demand(policy.CATALOGUE, actor)
    said = Category(name, lane.value, emergency, by_midnight, tuple(evidence), unit_kind and unit_kind.value)
    if said == seen.newest:
        raise NothingChanged.since(seen.version)
    category_id = new_id()
    return (
        Change.record("case_category", category_id, "publish", actor, now, place_id=place_id, version=seen.version)
        .insert(
            CaseCategory,
            id=category_id,
            place_id=place_id,
            code=code,
            estate_type=estate_type,
            version=seen.version + 1,
            **asdict(said) | {"evidence": list(evidence)},
            published_by=actor.id,
            published_at=now,
        )
        .note(code=code, version=seen.version + 1)
    )


_IN_FORCE = text(f"""
SELECT k.*, p.name AS place_name
  FROM (SELECT DISTINCT code AS category, CAST(:place_id AS uuid) AS place_id FROM case_category) asked
  {CATALOGUE} JOIN case_category k ON k.id = c.id LEFT JOIN place p ON p.id = k.place_id
 ORDER BY k.code""")


async def list_in_force(connection: AsyncConnection, place_id: UUID) -> Sequence[RowMapping]:
    """The categories that may be reported at a place, each in the version that is in force there."""
    return (await connection.execute(_IN_FORCE, {"place_id": place_id})).mappings().all()


VERBS = (publish,)
