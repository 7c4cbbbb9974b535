"""The SQL of the exclusions: what the verbs have to know, and the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.exclusions.models import ExclusionState
from app.kernel.pagination import Cursor
from app.kernel.verbs import Facts

DEADLINE = "SELECT d.id, d.place_id, d.matter_id FROM deadline d WHERE d.id = ($3::jsonb ->> 'deadline_id')::uuid"
CALLBACK = "SELECT c.id, c.place_id, c.matter_id FROM callback c WHERE c.id = ($3::jsonb ->> 'callback_id')::uuid"
EXCLUSION = "SELECT e.* FROM exclusion e WHERE e.id = ($3::jsonb ->> 'id')::uuid FOR NO KEY UPDATE"


@dataclass(frozen=True, slots=True)
class Proposing:
    """Of which matter the deadline or call-back is, whether it was missed or is settled, the street that decides (where
    there is none, the place), and who is asked to review it."""

    matter_id: UUID
    place_id: UUID
    missed: bool
    street_id: UUID
    reviewers: tuple[UUID, ...]


def _proposing(counts: str) -> Facts:
    return Facts(
        f"""jsonb_build_object('matter_id', subject.matter_id, 'place_id', subject.place_id, 'missed', EXISTS ({counts}),
         'street_id', coalesce((SELECT p.id FROM place_ancestor a JOIN place p ON p.id = a.ancestor_id
                                 WHERE a.place_id = subject.place_id AND p.level NOT IN ('community', 'estate')
                                 ORDER BY a.depth LIMIT 1), subject.place_id),
         'reviewers', (SELECT coalesce(jsonb_agg(r), '[]') FROM exclusion_reviewers(subject.matter_id) r))""",
        Proposing,
    )


PROPOSING = _proposing("SELECT 1 FROM mark k WHERE k.deadline_id = subject.id AND k.percent = 100")
SETTLED = _proposing("SELECT 1 FROM callback c WHERE c.id = subject.id AND c.settled_at IS NOT NULL")


@dataclass(frozen=True, slots=True)
class Proposed:
    """An exclusion – of a call-back or of a miss –, whether the actor had a part in its matter, and whether they stand at the
    street or above it. Of the row
    that is locked, which is newer than the statement's snapshot when two decide at once."""

    id: UUID
    place_id: UUID
    proposed_by: UUID
    decided_at: datetime | None
    version: int
    had_part: bool
    from_street: bool
    callback: bool = False


PROPOSED = Facts(
    """jsonb_build_object('id', subject.id, 'place_id', subject.place_id, 'proposed_by', subject.proposed_by,
         'decided_at', subject.decided_at, 'version', subject.version,
         'callback', subject.callback_id IS NOT NULL, 'had_part', had_part_in(subject.matter_id, $1),
         'from_street', app_reaches_from_street(subject.place_id, '{administrator,secretary}'))""",
    Proposed,
)

_LISTED = text("""
SELECT e.*, coalesce(d.kind, 'callback') AS kind, coalesce(d.round, c.round) AS round, d.due_at,
       coalesce(d.stopped_at, c.settled_at) AS stopped_at, m.kind AS matter_kind, p.name AS place_name
  FROM exclusion e LEFT JOIN deadline d ON d.id = e.deadline_id LEFT JOIN callback c ON c.id = e.callback_id
  JOIN matter m ON m.id = e.matter_id JOIN place p ON p.id = e.place_id
 WHERE app_reaches(e.place_id, '{administrator,dispatcher,secretary}')
   AND (CAST(:place AS uuid) IS NULL OR EXISTS (
          SELECT 1 FROM place_ancestor a WHERE a.place_id = e.place_id AND a.ancestor_id = CAST(:place AS uuid)))
   AND (CAST(:state AS text) IS NULL
        OR CAST(:state AS text) = CASE e.upheld WHEN true THEN 'upheld' WHEN false THEN 'refused' ELSE 'proposed' END)
   AND (CAST(:since AS timestamptz) IS NULL OR e.proposed_at >= CAST(:since AS timestamptz))
   AND (CAST(:until AS timestamptz) IS NULL OR e.proposed_at < CAST(:until AS timestamptz))
   AND (CAST(:after AS timestamptz) IS NULL
        OR (e.proposed_at, e.id) < (CAST(:after AS timestamptz), CAST(:last AS uuid)))
 ORDER BY e.proposed_at DESC, e.id DESC LIMIT :most""")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which exclusions: at a place and below it, in a state, proposed in [since, until)."""

    place_id: UUID | None
    state: ExclusionState | None
    since: datetime | None
    until: datetime | None


async def list_exclusions(
    connection: AsyncConnection, wanted: Wanted, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The exclusions of the places where the reader works, newest first."""
    asked = {
        "place": wanted.place_id,
        "state": wanted.state,
        "since": wanted.since,
        "until": wanted.until,
        "after": after and after.created_at,
        "last": after and after.id,
        "most": limit + 1,
    }
    return (await connection.execute(_LISTED, asked)).mappings().all()
