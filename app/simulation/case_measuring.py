"""What there is of cases when the simulation has come to its end: rows of the database, and the system's own figures by HTTP."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from app.kernel.time import CHINA
from app.simulation.person import Person

_CASES: Final = """
SELECT m.id::text, m.state, m.round, k.name AS category, d.reported_as AS source, g.kind AS governing, g.due_at
  FROM matter m JOIN case_detail d ON d.matter_id = m.id JOIN case_category k ON k.id = d.category_id
  LEFT JOIN deadline g ON g.matter_id = m.id AND g.stopped_at IS NULL AND g.kind = ANY (
    SELECT unnest(q.governs) FROM promised_state q WHERE q.kind = 'case' AND q.state = m.state)
 ORDER BY m.created_at, m.id"""

_ACTIONS: Final = """
SELECT m.kind || ' ' || h.action AS action, count(*) AS times FROM history h JOIN matter m ON m.id = h.matter_id
 WHERE m.kind IN ('case', 'assignment') GROUP BY 1"""

_WHISTLES: Final = "SELECT kind, approved, count(*) AS times FROM whistle GROUP BY 1, 2"
_CONTESTS: Final = "SELECT upheld, count(*) AS times FROM contest GROUP BY 1"
_EXTENSIONS: Final = "SELECT granted, count(*) AS times FROM case_extension GROUP BY 1"
_SUPERVISED: Final = (
    "SELECT step, answered_at IS NOT NULL AS answered, count(*) AS times FROM supervision GROUP BY 1, 2"
)
_CALLS: Final = "SELECT channel, reached, solved, count(*) AS times FROM callback_try GROUP BY 1, 2, 3"

# What no row of the table tells apart: in whose place, by which list, after which limit.
_PARTICULARS: Final = """
SELECT (SELECT count(*) FROM history h JOIN matter m ON m.id = h.matter_id
          JOIN unit_deputy d ON d.unit_id = m.unit_id AND d.deputy_id = h.actor_id AND h.at >= d.from_at AND h.at < d.until_at
         WHERE m.kind = 'assignment' AND h.action = 'sign') AS "signed by a deputy",
       count(*) FILTER (WHERE action = 'hand_down' AND (note ->> 'listed')::bool) AS "handed down by the list",
       count(*) FILTER (WHERE action = 'hand_down' AND note ? 'amount') AS "handed down with money",
       (SELECT count(*) FROM contest c JOIN deadline d ON d.matter_id = c.matter_id AND d.kind = 'arbitration'
         WHERE c.decided_at >= d.due_at) AS "arbitrated late, a level up",
       (SELECT count(*) FROM (SELECT 1 FROM history WHERE action = 'return_result' GROUP BY matter_id HAVING count(*) > 1) twice)
         AS "results returned twice",
       count(*) FILTER (WHERE action = 'accept_result' AND note ? 'silent') AS "accepted by silence"
  FROM history"""

# What the checks at the end have looked at.
_LOOKED_AT: Final = """
SELECT (SELECT count(*) FROM matter WHERE kind = 'case') AS cases,
       (SELECT count(*) FROM matter m JOIN promised_state p ON p.kind = m.kind AND p.state = m.state
         WHERE m.kind = 'case' AND p.governs IS NOT NULL) AS "open cases",
       (SELECT count(*) FROM whistle WHERE blown_at IS NOT NULL) AS whistles,
       (SELECT count(*) FROM hold) AS holds,
       (SELECT count(*) FROM mark) AS marks,
       (SELECT count(*) FROM case_duty) AS duties"""


@dataclass(frozen=True, slots=True)
class CaseFact:
    """One case: where it stands, what it is about, how it was reported; while it is open, what governs it and until when."""

    id: str
    state: str
    round: int
    category: str
    source: str
    governing: str | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rates:
    """The system's own figures as a supervisor reads them over HTTP: three rates and hold-times by who handled, and how units
    answered the whistle."""

    rates: Sequence[Mapping[str, Any]] = ()
    holds: Sequence[Mapping[str, Any]] = ()
    units: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class CasesMeasured:
    """All that the part of the report on cases is made from. `actions`: by kind of matter and action."""

    facts: Sequence[CaseFact] = ()
    actions: Counter[str] = field(default_factory=Counter)
    whistles: Sequence[tuple[str, bool | None, int]] = ()
    """Kind, approved (None: nobody has decided), how often."""
    contests: Mapping[bool | None, int] = field(default_factory=dict)
    extensions: Mapping[bool | None, int] = field(default_factory=dict)
    supervised: Sequence[tuple[str, bool, int]] = ()
    """Step, answered, how often."""
    calls: Sequence[tuple[str, bool, bool | None, int]] = ()
    """Channel, reached, solved, how often."""
    particulars: Mapping[str, int] = field(default_factory=dict)
    """English, how often."""
    looked_at: Mapping[str, int] = field(default_factory=dict)
    rates: Rates = field(default_factory=Rates)


async def read_rates(supervisor: Person, begins: datetime, ended: datetime) -> Rates:
    """What the supervisor of the street is shown for the days of the simulation."""
    until = ended.astimezone(CHINA).date() + timedelta(days=1)
    asked = {"from": begins.astimezone(CHINA).date().isoformat(), "until": until.isoformat()}
    rates = await supervisor.get("/v1/rates", by="unit", **asked)
    holds = await supervisor.get("/v1/hold-times", by="unit", **asked)
    units = await supervisor.get("/v1/rates/units", **asked)
    return Rates([*rates["items"], rates["total"]], holds["items"], units["units"])


async def measure_cases(owner: asyncpg.Connection, rates: Rates) -> CasesMeasured:
    """Within the snapshot at hand."""
    return CasesMeasured(
        facts=[CaseFact(**row) for row in await owner.fetch(_CASES)],
        actions=Counter(dict(await owner.fetch(_ACTIONS))),
        whistles=[tuple(row) for row in await owner.fetch(_WHISTLES)],
        contests=dict(await owner.fetch(_CONTESTS)),
        extensions=dict(await owner.fetch(_EXTENSIONS)),
        supervised=[tuple(row) for row in await owner.fetch(_SUPERVISED)],
        calls=[tuple(row) for row in await owner.fetch(_CALLS)],
        particulars=dict(await owner.fetchrow(_PARTICULARS) or {}),
        looked_at=dict(await owner.fetchrow(_LOOKED_AT) or {}),
        rates=rates,
    )
