"""The verbs of an extension: whoever holds a case asks for more time, once and before the limit is due; a level up decides, and
the resident hears why (延期; domain.md §5). "One extension" is one of a case: what is extended is the case's limit, which runs on
when its lead changes, and a round that begins because nobody was helped is no reason to ask again; one that was refused was asked
for as well. Each verb is pure, as in `service.py`."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.cases import board_errors, policy
from app.domain.cases.board_tables import CaseExtension
from app.domain.cases.limits import Case
from app.domain.cases.models import CaseState
from app.domain.cases.policy import LIFECYCLE
from app.domain.cases.service import CASES, tell_reporters
from app.kernel.calendars import CalendarName
from app.kernel.change import Change, Office
from app.kernel.deadlines import Timing
from app.kernel.errors import FieldFault, NotAllowed, ReasonWanted
from app.kernel.ids import new_id
from app.kernel.matter import TimedDeadline
from app.kernel.rules import Actor, Role
from app.kernel.verbs import Facts

NEVER_EXTENDED = "renewal"
"""At the top nobody is above: that limit renews itself visibly, and is not made longer."""


@dataclass(frozen=True, slots=True)
class AskedFor:
    """The extension of the case."""

    id: UUID
    deadline_id: UUID
    seconds: int
    asked_by: UUID
    decided: bool


@dataclass(frozen=True, slots=True)
class Extending:
    """What was asked for; the place above the seat, and the actor's roles there."""

    asked: AskedFor | None
    above_id: UUID | None
    above: tuple[str, ...]


EXTENDING = Facts(
    """(SELECT jsonb_build_object(
          'asked', (SELECT jsonb_build_object('id', e.id, 'deadline_id', e.deadline_id, 'seconds', e.seconds,
                             'asked_by', e.asked_by, 'decided', e.decided_at IS NOT NULL)
                      FROM case_extension e WHERE e.matter_id = subject.id ORDER BY e.round DESC LIMIT 1),
          'above_id', p.parent_id, 'above', coalesce(to_jsonb(app_roles(p.parent_id, look.now)), '[]'))
         FROM place p WHERE p.id = subject.seat_id)""",
    Extending,
)


@CASES.moves("request_extension", facts=EXTENDING, read_by_others=("reason",))
def request_extension(case: Case, actor: Actor, now: datetime, *, facts: Extending, hours: int, reason: str) -> Change:
    """Whoever holds the case asks for `hours` more on the calendar of its limit, at most as many as it had at first.

    Raises:
        NotAllowed: somebody else holds it. ExtensionAsked, NothingToExtend, ExtensionTooLate, ExtensionTooLong.
    """
    change = LIFECYCLE.move(case, "request_extension", actor, now)
    holder = policy.lead if case.state == CaseState.WHISTLED else policy.office
    if not holder.allows(case, actor):
        raise NotAllowed(rules=(holder,), of=case.kind)
    if facts.asked is not None:
        raise board_errors.ExtensionAsked
    running = next((d for d in case.timed if d.kind in policy.RESOLVES and d.stopped_at is None), None)
    if running is None or running.kind == NEVER_EXTENDED:
        raise board_errors.NothingToExtend
    more = timedelta(hours=hours)
    _still_ahead(running, now)
    if more > running.at_first:
        first = int(running.at_first.total_seconds()) // 3600
        why = f"原定时限是 {first} 小时(按{CalendarName(running.calendar_name).label}计),最多再延长 {first} 小时"
        raise board_errors.ExtensionTooLong(why, fields=(FieldFault("/body/hours", "extension-too-long", why),))
    change.insert(
        CaseExtension,
        id=new_id(),
        matter_id=case.id,
        place_id=case.place_id,
        round=case.round,
        deadline_id=running.id,
        seconds=int(more.total_seconds()),
        reason=reason,
        asked_by=actor.id,
        asked_at=now,
    ).note(hours=hours, reason=reason, due_at=_longer(running, more).due_at())
    if case.state == CaseState.WHISTLED:
        return change.tell_office(Office.SEAT, "extension.asked")
    return change.tell_role(Role.SECRETARY, "extension.asked", place_id=facts.above_id or case.seat_id)


@CASES.moves("decide_extension", facts=EXTENDING, read_by_others=("reason",))
def decide_extension(
    case: Case, actor: Actor, now: datetime, *, facts: Extending, granted: bool, reason: str | None = None
) -> Change:
    """A level up grants more time or refuses it: of a unit's the level that whistled, of a level's the one above it. What is
    granted moves the marks that have not fired; the resident hears of it.

    Raises:
        NothingAsked. NotAllowed: the asker, or nobody a level up. ReasonWanted: a refusal without one. ExtensionTooLate: the
        limit is due by now, or another one governs.
    """
    change = LIFECYCLE.move(case, "decide_extension", actor, now)
    asked = facts.asked
    if asked is None or asked.decided:
        raise board_errors.NothingAsked
    if asked.asked_by == actor.id or not _a_level_up(case, actor, facts):
        raise NotAllowed(
            "延期由上一级的书记、管理员或督办员决定:单位申请的由吹哨的层级,层级申请的由再上一级;不由申请人自己决定"
        )
    ReasonWanted.demand(reason, agreed=granted, why="不同意延期时请写明原因")
    decided = {"decided_by": actor.id, "decided_at": now, "granted": granted, "decision": reason}
    change.patch(CaseExtension, id=asked.id, **decided).note(granted=granted)
    change.tell(asked.asked_by, "extension.decided", granted=granted)
    if not granted:
        return change.note(reason=reason)
    running = next((d for d in case.timed if d.id == asked.deadline_id and d.stopped_at is None), None)
    if running is None:
        raise board_errors.ExtensionTooLate
    _still_ahead(running, now)
    longer = _longer(running, timedelta(seconds=asked.seconds))
    change.retime(running, longer).note(due_at=longer.due_at())
    return tell_reporters(change, case, "case.extended", due_at=longer.due_at().isoformat())


def _longer(running: TimedDeadline, more: timedelta) -> Timing:
    """With so much more time on the calendar of the limit: 24 working hours are three days and more."""
    return replace(running.timing, budget=running.timing.budget + more)


def _still_ahead(running: TimedDeadline, now: datetime) -> None:
    if now >= running.times[running.timing.percents.index(100)]:
        raise board_errors.ExtensionTooLate


def _a_level_up(case: Case, actor: Actor, facts: Extending) -> bool:
    if Role.SUPERVISOR in facts.above:
        return True
    heads = policy.head.roles
    return bool(heads & (actor.seat if case.state == CaseState.WHISTLED else frozenset(map(Role, facts.above))))


VERBS = (request_extension, decide_extension)
