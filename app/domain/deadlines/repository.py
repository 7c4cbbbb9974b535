"""The SQL of the policies."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.kernel.verbs import Facts

PLACE = "SELECT p.id, p.id AS place_id FROM place p WHERE p.id = ($3::jsonb ->> 'place_id')::uuid"


@dataclass(frozen=True, slots=True)
class CarriedEvent:
    """An event that the room needs at a mark; no policy can leave it out."""

    percent: int
    target: str


@dataclass(frozen=True, slots=True)
class Publishing:
    """The newest version at the place (0: none), whether the kind exists, and the events that it carries."""

    version: int
    known: bool
    events: tuple[CarriedEvent, ...]


PUBLISHING = Facts(
    """(SELECT jsonb_build_object(
          'known', count(p.id) > 0,
          'version', coalesce(max(p.version) FILTER (WHERE p.place_id = subject.place_id), 0),
          'events', coalesce((
             SELECT jsonb_agg(DISTINCT jsonb_build_object('percent', e.percent, 'target', e.target))
               FROM policy_effect e JOIN deadline_policy d ON d.id = e.policy_id
              WHERE d.place_id IS NULL AND e.primitive = 'event' AND d.matter_kind = $3::jsonb ->> 'matter_kind'
                AND d.deadline_kind = $3::jsonb ->> 'deadline_kind'), '[]'))
          FROM deadline_policy p
         WHERE p.matter_kind = $3::jsonb ->> 'matter_kind' AND p.deadline_kind = $3::jsonb ->> 'deadline_kind'
           AND (p.place_id IS NULL OR p.place_id = subject.place_id))""",
    Publishing,
)

_IN_FORCE = text("""
SELECT p.*, pl.name AS place_name,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('percent', e.percent, 'primitive', e.primitive, 'target', e.target)
                                  ORDER BY e.percent, e.primitive, e.target), '[]')
          FROM policy_effect e WHERE e.policy_id = p.id) AS effects
  FROM (SELECT DISTINCT ON (p.matter_kind, p.deadline_kind) p.*
          FROM deadline_policy p LEFT JOIN place_ancestor a ON a.ancestor_id = p.place_id AND a.place_id = :place_id
         WHERE (p.place_id IS NULL OR a.place_id IS NOT NULL) AND p.matter_kind = :matter_kind
         ORDER BY p.matter_kind, p.deadline_kind, coalesce(a.depth, 99), p.version DESC) p
  LEFT JOIN place pl ON pl.id = p.place_id
 ORDER BY p.deadline_kind""")


async def list_in_force(connection: AsyncConnection, place_id: UUID, matter_kind: str) -> Sequence[RowMapping]:
    """The policies that hold at a place for one kind of matter, one for each kind of deadline."""
    return (await connection.execute(_IN_FORCE, {"place_id": place_id, "matter_kind": matter_kind})).mappings().all()
