"""The SQL of what the verbs of cases have to know."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.cases.models import Lane, ReportedAs, WhistleKind
from app.domain.cases.policy import BEFORE_RESULT, LIFECYCLE
from app.kernel.doubles import Double, doubles_of
from app.kernel.matter import Matter, columns_of
from app.kernel.verbs import Facts


@dataclass(frozen=True, slots=True)
class OfWhistle:
    """A whistle of the case: which units it calls, who proposed it, at which seat."""

    id: UUID
    kind: WhistleKind
    lead_id: UUID
    co_ids: tuple[UUID, ...]
    proposed_by: UUID
    blown: bool
    decided: bool
    seat_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """The room's part of a case's snapshot. `level` is that of its seat, `seats` the places at which it may be handled, by
    level. `received_at`: when it was reported, or the order placed that became it. `proposed`: the whistle that waits;
    `blown`: the one by which units were called. `governed_by`: the limit that governed the work last, but
    for renewals. `reporters`: whoever reported or joined it."""

    community_id: UUID
    level: str
    seats: dict[str, UUID]
    received_at: datetime
    lane: Lane | None
    emergency: bool
    by_midnight: bool
    evidence: tuple[str, ...]
    reported_as: ReportedAs
    returns: int
    handler_id: UUID | None = None
    proposed: OfWhistle | None = None
    blown: OfWhistle | None = None
    governed_by: str | None = None
    merged_into: UUID | None = None
    suggested: Lane = Lane.SMALL
    reporters: tuple[UUID, ...] = ()


_WHISTLE = """(SELECT jsonb_build_object('id', w.id, 'kind', w.kind, 'lead_id', w.lead_id, 'co_ids', w.co_ids,
           'proposed_by', w.proposed_by, 'blown', w.blown_at IS NOT NULL, 'decided', w.decided_at IS NOT NULL,
           'seat_id', w.seat_id)
           FROM whistle w WHERE w.matter_id = subject.id AND {which})"""

DETAIL = Facts(
    f"""(SELECT jsonb_build_object(
         'community_id', d.community_id, 'level', (SELECT p.level FROM place p WHERE p.id = subject.seat_id),
         'seats', (SELECT jsonb_object_agg(p.level, p.id) FROM place_ancestor a JOIN place p ON p.id = a.ancestor_id
                    WHERE a.place_id = d.community_id AND p.level IN ('community', 'street', 'district')),
         'reporters', (SELECT coalesce(jsonb_agg(r.person_id ORDER BY r.joined_at, r.id), '[]') FROM case_reporter r
                        WHERE r.matter_id = subject.id),
         'received_at', coalesce((SELECT o.created_at FROM matter o WHERE o.id = d.order_id), subject.created_at),
         'lane', d.lane, 'suggested', c.lane, 'emergency', d.emergency, 'by_midnight', c.by_midnight, 'evidence', c.evidence,
         'reported_as', d.reported_as, 'returns', d.returns, 'handler_id', d.handler_id, 'merged_into', d.merged_into,
         'proposed', {_WHISTLE.format(which="w.decided_at IS NULL")}, 'blown', {_WHISTLE.format(which="w.id = d.whistle_id")},
         'governed_by', (SELECT g.kind FROM deadline g WHERE g.matter_id = subject.id
                            AND (g.kind LIKE 'resolve%' OR g.kind = 'milestone')
                          ORDER BY g.stopped_at DESC NULLS FIRST, g.started_at DESC LIMIT 1))
          FROM case_detail d JOIN case_category c ON c.id = d.category_id WHERE d.matter_id = subject.id)""",
    Detail,
)


@dataclass(frozen=True, slots=True)
class Reporting:
    """What reporting has to know: whose it is, where, what the catalogue there says of the category, and what they have
    reported of it there that has not ended."""

    person_id: UUID
    place_id: UUID | None
    community_id: UUID | None
    category: str
    category_id: UUID | None
    emergency: bool = False
    lane: Lane = Lane.SMALL
    evidence: tuple[str, ...] = ()
    doubles: tuple[Double, ...] = ()


CATALOGUE = """LEFT JOIN LATERAL (
         SELECT c.id, c.code, c.emergency, c.lane, c.evidence FROM case_category c
           LEFT JOIN place_ancestor a ON a.place_id = asked.place_id AND a.ancestor_id = c.place_id
          WHERE c.code = asked.category AND (c.place_id IS NULL OR a.place_id IS NOT NULL)
            AND c.estate_type IN ('', coalesce((
                  SELECT e.estate_type FROM place_ancestor x JOIN place e ON e.id = x.ancestor_id
                   WHERE x.place_id = asked.place_id AND e.level = 'estate' ORDER BY x.depth LIMIT 1), ''))
          ORDER BY coalesce(a.depth, 99), c.estate_type DESC, c.version DESC LIMIT 1) c ON true"""
"""The version of the category `asked.category` that is in force at `asked.place_id`: the nearest place wins, there the one for
the type of estate, then the newest."""


def _asked(person: str, home: str) -> str:
    """The reporter with the place that they name, or else their home, and its category."""
    return f"""
  SELECT asked.id, asked.place_id, asked.category, c.id AS category_id, c.emergency, c.lane, c.evidence,
         (SELECT p.id FROM place_ancestor a JOIN place p ON p.id = a.ancestor_id
           WHERE a.place_id = asked.place_id AND p.level = 'community') AS community_id
    FROM (SELECT {person} AS id, coalesce(($3::jsonb ->> 'place_id')::uuid, {home}) AS place_id,
                 $3::jsonb ->> 'category' AS category) asked
    {CATALOGUE}"""


_HOME = "(SELECT g.place_id FROM role_grant g WHERE g.person_id = $1 AND g.role = 'resident' AND g.ends_at IS NULL)"
SELF = _asked("$1::uuid", _HOME)
"""The actor reports, at home or where they work."""

REPRESENTED = f"""
  SELECT asked.* FROM representation r CROSS JOIN LATERAL home_of(r.beneficiary_id, NULL) h
    CROSS JOIN LATERAL ({_asked("h.person_id", "h.place_id")}) asked
   WHERE r.representative_id = $1 AND r.beneficiary_id = ($3::jsonb ->> 'beneficiary_id')::uuid
     AND r.consented_at IS NOT NULL AND r.ended_at IS NULL FOR SHARE OF r"""
"""The actor reports for somebody whose consent is recorded."""

CALLER = f"""
  SELECT asked.*
    FROM home_of(($3::jsonb ->> 'person_id')::uuid, decode(substr($3::jsonb ->> 'caller_index', 3), 'hex')) h
    CROSS JOIN LATERAL ({_asked("h.person_id", "h.place_id")}) asked
   UNION ALL
  SELECT $1::uuid, NULL, '', NULL, NULL, NULL, NULL, NULL
   WHERE NOT app_works('{{administrator,dispatcher,secretary,station_staff}}') LIMIT 1"""
"""A caller who lives where the actor works; the actor at no place, where they work at no desk."""

_SAME = "m.place_id = subject.place_id AND m.category = subject.category"
"""What is like a new report, and could still be withdrawn; officers on their rounds see many alike, and are not asked."""

REPORTING = Facts(
    f"""jsonb_build_object('person_id', subject.id, 'place_id', subject.place_id, 'community_id', subject.community_id,
         'category', subject.category, 'category_id', subject.category_id, 'emergency', coalesce(subject.emergency, false),
         'lane', coalesce(subject.lane, 'small'), 'evidence', coalesce(to_jsonb(subject.evidence), '[]'),
         'doubles', CASE WHEN $3::jsonb ? 'outcome' OR $3::jsonb @> '{{"patrol": true}}' THEN '[]'::jsonb
                         ELSE {doubles_of(LIFECYCLE.kind, BEFORE_RESULT, _SAME)} END)""",
    Reporting,
)


@dataclass(frozen=True, slots=True)
class Seats:
    """The assignments of the case that live, and the lead's with its unit; the cases that are merged into it."""

    assignments: tuple[UUID, ...]
    lead_id: UUID | None = None
    lead_unit_id: UUID | None = None
    children: tuple[UUID, ...] = ()

    @property
    def beside(self) -> tuple[UUID, ...]:
        """The assignments beside the lead's."""
        return tuple(one for one in self.assignments if one != self.lead_id)


SEATS = Facts("seats_of(subject.id) || jsonb_build_object('children', merged_into(subject.id))", Seats)


@dataclass(frozen=True, slots=True)
class Called:
    """Which of the units that a whistle names are open and serve the place of the case, and which of those are partners."""

    units: tuple[UUID, ...]
    partners: tuple[UUID, ...]


CALLED = Facts(
    """(SELECT jsonb_build_object('units', coalesce(jsonb_agg(u.id), '[]'),
           'partners', coalesce(jsonb_agg(u.id) FILTER (WHERE u.kind = 'partner'), '[]'))
         FROM unit u JOIN place_ancestor a ON a.ancestor_id = u.place_id
        WHERE a.place_id = subject.place_id AND u.closed_at IS NULL AND $3::jsonb -> 'units' @> to_jsonb(u.id::text))""",
    Called,
)


@dataclass(frozen=True, slots=True)
class Alarmed:
    """Which unit answers for the category at the place, nearest first; None: nobody was named."""

    unit_id: UUID | None


ANSWERS = """(SELECT r.unit_id FROM responsibility r JOIN place_ancestor a ON a.ancestor_id = r.place_id
           JOIN unit u ON u.id = r.unit_id AND u.closed_at IS NULL
          WHERE a.place_id = {of}.place_id AND r.category = {of}.category AND r.until_at IS NULL
          ORDER BY a.depth LIMIT 1)"""
"""The unit that answers for the category of a case `of` at its place."""

ALARMED = Facts(f"jsonb_build_object('unit_id', {ANSWERS.format(of='subject')})", Alarmed)


@dataclass(frozen=True, slots=True)
class Rising:
    """The actor's roles at the place above the case's seat."""

    above: tuple[str, ...]


RISING = Facts(
    """(SELECT jsonb_build_object('above', coalesce(to_jsonb(app_roles(p.parent_id, look.now)), '[]'))
         FROM place p WHERE p.id = subject.seat_id)""",
    Rising,
)


@dataclass(frozen=True, slots=True)
class Hands:
    """Which duty of the case the actor has had already; the lead's assignment, its unit, and whether that has reported in; what
    is merged into the case."""

    duty: str | None
    lead_id: UUID | None = None
    lead_unit_id: UUID | None = None
    lead_reported_in: bool = False
    children: tuple[UUID, ...] = ()


REPORTED_IN = "EXISTS (SELECT 1 FROM history h WHERE h.matter_id = {assignment} AND h.action = 'report_in')"
"""Whether the unit of an assignment has reported in. Its state does not say so while it is contested."""

HANDS = Facts(
    f"""(SELECT seats - 'assignments' || jsonb_build_object('children', merged_into(subject.id),
         'lead_reported_in', {REPORTED_IN.format(assignment="(seats ->> 'lead_id')::uuid")},
         'duty', (SELECT h.duty FROM case_duty h WHERE h.matter_id = subject.id AND h.person_id = $1))
         FROM seats_of(subject.id) seats)""",
    Hands,
)


def case_beside(row: dict[str, Any]) -> Matter[None]:
    """A case that a command moves beside its subject, out of its row as jsonb has it. Nobody locks it: that its version is still
    the one that was seen is found out when it is written, and if not the command runs again."""
    of_ids = [name for name in row if name in ("id", "placed_by") or name.endswith("_id")]
    ids = {name: row[name] and UUID(row[name]) for name in of_ids}
    moments = {"created_at": datetime.fromisoformat(row["created_at"])}
    return Matter(**columns_of({**row, **ids, **moments}), kind=row["kind"], detail=None)


@dataclass(frozen=True, slots=True)
class AssignmentFacts:
    """The room's part of an assignment's snapshot. `case_state`: where its case stands; None: the actor, of a unit that was let
    go, does not see the case."""

    case_id: UUID
    whistle_id: UUID
    role: str
    kind: WhistleKind
    contested: bool
    contest_until: datetime | None
    officer_id: UUID | None
    reported_in: bool = False
    case_state: str | None = None


ASSIGNMENT = Facts(
    f"""(SELECT jsonb_build_object('case_id', d.case_id, 'whistle_id', d.whistle_id, 'role', d.role, 'kind', subject.category,
              'contested', d.contested, 'contest_until', d.contest_until, 'officer_id', d.officer_id,
              'case_state', (SELECT c.state FROM matter c WHERE c.id = d.case_id),
              'reported_in', {REPORTED_IN.format(assignment="subject.id")})
          FROM assignment_detail d WHERE d.matter_id = subject.id)""",
    AssignmentFacts,
)
