"""The lists of call-backs and of supervision: what row-level security lets the reader see."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cases.callback_errors import CallbackNotFound
from app.kernel.pagination import Cursor

_BELOW = """(CAST(:place AS uuid) IS NULL OR EXISTS (
          SELECT 1 FROM place_ancestor b WHERE b.place_id = {place} AND b.ancestor_id = CAST(:place AS uuid)))"""

_CALLBACKS = text(f"""
WITH page AS MATERIALIZED (
  SELECT c.*, g.due_at, k.name AS category_name, p.name AS place_name, d.words AS case_words, d.answer,
         may_call_back(c.matter_id) AS mine
    FROM callback c JOIN matter m ON m.id = c.matter_id AND m.state = 'callback' AND m.round = c.round
    JOIN deadline g ON g.matter_id = m.id AND g.kind = 'callback' AND g.stopped_at IS NULL
    JOIN case_detail d ON d.matter_id = c.matter_id JOIN case_category k ON k.id = d.category_id
    JOIN place p ON p.id = c.place_id
   WHERE c.state = 'open' AND c.call_reason IS NOT NULL AND app_reaches(c.place_id, '{{callback_officer,supervisor}}')
     AND {_BELOW.format(place="c.place_id")}
     AND (CAST(:after AS timestamptz) IS NULL OR (g.due_at, c.id) > (CAST(:after AS timestamptz), CAST(:last AS uuid)))
   ORDER BY g.due_at, c.id LIMIT :most)
SELECT page.*, n.name_sealed, coalesce(n.has_phone, false) AS has_phone, (
         SELECT coalesce(jsonb_agg(jsonb_build_object('channel', t.channel, 'reached', t.reached, 'solved', t.solved,
                  'satisfied', t.satisfied, 'words', t.words, 'tried_at', t.tried_at) ORDER BY t.tried_at), '[]')
           FROM callback_try t WHERE t.callback_id = page.id) AS tries
  FROM page LEFT JOIN callback_names(ARRAY(SELECT id FROM page)) n ON n.callback_id = page.id
 ORDER BY page.due_at, page.id""")


async def list_callbacks(
    connection: AsyncConnection, place_id: UUID | None, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """Which reporters somebody has to call, those first whose limit ends first; one more than `limit`."""
    asked = {
        "place": place_id,
        "after": after and after.created_at,
        "last": after and after.id,
        "most": limit + 1,
    }
    return (await connection.execute(_CALLBACKS, asked)).mappings().all()


async def reveal_reporter(connection: AsyncConnection, callback_id: UUID) -> RowMapping:
    """Name and phone, or without one the address, of whom to call, and why; the look is written down. Raises CallbackNotFound,
    also for who need not call."""
    asked = text("SELECT r.*, c.call_reason FROM reveal_reporter(:id) r LEFT JOIN callback c ON c.id = :id")
    found = (await connection.execute(asked, {"id": callback_id})).mappings().one_or_none()
    if found is None:
        raise CallbackNotFound
    return found


_OWN = text("""
SELECT c.*, EXISTS (SELECT 1 FROM callback_try t WHERE t.callback_id = c.id AND t.channel = 'self') AS answered
  FROM callback c JOIN matter m ON m.id = c.matter_id
 WHERE c.matter_id = :id AND (c.reporter_id = app_actor()
       OR (m.beneficiary_id = app_actor() AND c.reporter_id = m.requester_id)) ORDER BY c.round DESC""")


async def list_own(connection: AsyncConnection, case_id: UUID) -> Sequence[RowMapping]:
    """The reader's own call-backs of a case, the newest round first."""
    return (await connection.execute(_OWN, {"id": case_id})).mappings().all()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cards of supervision: supervised at a place or below it, by step, answered or not; None does not narrow.
    `open_only`: of cases that are not resolved yet."""

    place_id: UUID | None = None
    step: str | None = None
    answered: bool | None = None
    open_only: bool = False


_SUPERVISION = text(f"""
SELECT s.*, m.state, m.category, d.words AS case_words, k.name AS category_name, p.name AS place_name, a.name AS seat_name,
       h.name AS held_seat_name, u.name AS held_unit_name, g.due_at,
       (SELECT w.due_at FROM deadline w WHERE w.matter_id = m.id AND w.kind = 'answer' AND w.started_at >= s.raised_at
         ORDER BY w.started_at LIMIT 1) AS answer_due_at,
       (SELECT count(*) FROM deadline r WHERE r.matter_id = m.id AND r.kind = 'renewal' AND r.round = s.round) AS renewals
  FROM supervision s JOIN matter m ON m.id = s.matter_id JOIN case_detail d ON d.matter_id = m.id
  JOIN case_category k ON k.id = d.category_id JOIN place p ON p.id = s.place_id JOIN place a ON a.id = s.seat_id
  JOIN place h ON h.id = s.held_seat_id LEFT JOIN unit u ON u.id = s.held_unit_id JOIN deadline g ON g.id = s.deadline_id
 WHERE (app_reaches(s.place_id, '{{administrator,dispatcher,secretary,supervisor}}') OR app_unit(s.held_unit_id) IS NOT NULL)
   AND {_BELOW.format(place="s.seat_id")}
   AND (CAST(:step AS text) IS NULL OR s.step = CAST(:step AS text))
   AND (CAST(:answered AS boolean) IS NULL OR (s.answered_at IS NOT NULL) = CAST(:answered AS boolean))
   AND (NOT CAST(:open_only AS boolean) OR m.state IN ('handling', 'whistled'))
   AND (CAST(:after AS timestamptz) IS NULL OR (s.raised_at, s.id) < (CAST(:after AS timestamptz), CAST(:last AS uuid)))
 ORDER BY s.raised_at DESC, s.id DESC LIMIT :most""")


async def list_supervision(
    connection: AsyncConnection, wanted: Wanted, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The cards of supervision, newest first; one more than `limit`."""
    asked = {
        "place": wanted.place_id,
        "step": wanted.step,
        "answered": wanted.answered,
        "open_only": wanted.open_only,
        "after": after and after.created_at,
        "last": after and after.id,
        "most": limit + 1,
    }
    return (await connection.execute(_SUPERVISION, asked)).mappings().all()
