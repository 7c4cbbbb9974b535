"""What choosing a home has to know; the verb stands in `teams/moving.py`: whoever moves takes back what they asked for there."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.people.repository import SELF
from app.domain.places.models import Level
from app.kernel.verbs import Facts

MOVER = SELF
"""Whoever moves, locked."""


@dataclass(frozen=True, slots=True)
class Joining:
    """The person, the place that they chose, and the home that they have; whether it is in another community than that place
    (`moves`), and whether the address there is another one: also in another estate, but not where the one lies in the other, as
    when somebody says in which estate of their community they live (`leaves`); and whether one is on file (`addressed`)."""

    id: UUID
    version: int
    place_id: UUID | None
    level: Level | None
    home_grant: UUID | None
    home_place: UUID | None
    home_version: int | None
    home_starts_at: datetime | None
    moves: bool
    leaves: bool
    addressed: bool


JOINING = Facts(
    """(SELECT jsonb_build_object('id', subject.id, 'version', subject.version, 'place_id', p.id, 'level', p.level,
                 'addressed', (SELECT x.address_sealed IS NOT NULL FROM person x WHERE x.id = subject.id),
                 'home_grant', g.id, 'home_place', g.place_id, 'home_version', g.version,
                 'home_starts_at', g.starts_at, 'moves', g.id IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM place_ancestor o JOIN place c ON c.id = o.ancestor_id AND c.level = 'community'
                      JOIN place_ancestor n ON n.ancestor_id = c.id AND n.place_id = p.id WHERE o.place_id = g.place_id),
                 'leaves', g.id IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM place_ancestor a WHERE (a.place_id, a.ancestor_id) IN ((g.place_id, p.id), (p.id, g.place_id))))
          FROM (VALUES (1)) one LEFT JOIN place p ON p.id = ($3::jsonb ->> 'place_id')::uuid
          LEFT JOIN role_grant g ON g.person_id = subject.id AND g.role = 'resident' AND g.ends_at IS NULL)""",
    Joining,
)
