"""The verbs of the joint meeting: minutes, and what units promise to have done by when (联席会议, 阶段承诺; domain.md §5). Each
is pure, as in `service.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.cases import board_errors, policy
from app.domain.cases.board_tables import CaseMinutes, CasePromise
from app.domain.cases.limits import Case
from app.domain.cases.models import CaseState, WhistleKind
from app.domain.cases.policy import LIFECYCLE
from app.domain.cases.service import CASES
from app.domain.cases.words import WRITERS
from app.domain.deadlines.spoken import dated
from app.kernel.change import Change, Office
from app.kernel.errors import FieldFault, NotAllowed
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Via
from app.kernel.time import a_year_on
from app.kernel.verbs import Facts


@dataclass(frozen=True, slots=True)
class Open:
    """A promise that is not kept yet; `mine`: of a unit in which the actor works."""

    id: UUID
    due_at: datetime
    mine: bool


@dataclass(frozen=True, slots=True)
class Meeting:
    """The units on the board, each with its newest assignment, and the promises of the round that are open, the nearest first."""

    units: Mapping[UUID, UUID]
    open: tuple[Open, ...]


MEETING = Facts(
    """jsonb_build_object('units', (
           SELECT coalesce(jsonb_object_agg(m.unit_id, m.id ORDER BY m.created_at, m.id), '{}')
             FROM assignment_detail a JOIN matter m ON m.id = a.matter_id
            WHERE a.case_id = subject.id AND m.state <> 'excused'),
         'open', (
           SELECT coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'due_at', p.due_at, 'mine', app_unit(p.unit_id) IS NOT NULL)
                           ORDER BY p.due_at, p.id), '[]')
             FROM case_promise p
            WHERE p.matter_id = subject.id AND p.round = subject.round AND p.kept_at IS NULL))""",
    Meeting,
)


@CASES.moves("add_minutes", facts=MEETING, read_by_others=("text",))
def add_minutes(
    case: Case, actor: Actor, now: datetime, *, facts: Meeting, text: str, held_at: datetime, attended: Sequence[UUID]
) -> Change:
    """Write down what a joint meeting agreed and which units came; of a hard whistle that meets its limit. What it agreed stands
    on the board, for units and officers; the history, which residents read, says that it met. Raises HeldInFuture, NotOnBoard."""
    change = LIFECYCLE.move(case, "add_minutes", actor, now)
    if held_at > now:
        raise board_errors.HeldInFuture
    if not set(attended) <= set(facts.units):
        raise board_errors.NotOnBoard
    return (
        change.insert(
            CaseMinutes,
            id=new_id(),
            matter_id=case.id,
            place_id=case.place_id,
            round=case.round,
            text=text,
            held_at=held_at,
            attended=sorted(set(attended)),
            written_by=actor.id,
            written_at=now,
        )
        .note(held_at=held_at)
        .tell_office(Office.UNIT, "board.minutes")
    )


@CASES.moves("add_promise", facts=MEETING, read_by_others=("text",))
def add_promise(
    case: Case,
    actor: Actor,
    now: datetime,
    *,
    facts: Meeting,
    unit_id: UUID,
    text: str,
    due_at: datetime,
    kept_id: UUID | None = None,
) -> Change:
    """A unit on the board promises to have something done by `due_at`, to the second; `kept_id` is a promise that is kept by now.
    Of a hard whistle the first one is the plan that its limit asks for, and the nearest open one governs from then on. What
    others write down for a unit is called so, and the unit is told.

    Raises:
        PromiseInPast, PromiseTooFar. NotOnBoard. PromiseNotOpen: the one to be kept.
    """
    change = LIFECYCLE.move(case, "add_promise", actor, now)
    due_at = due_at.replace(microsecond=0)
    last = a_year_on(now)
    if not now < due_at <= last:
        refusal = board_errors.PromiseTooFar if due_at > last else board_errors.PromiseInPast
        window = f"须在{dated(now)}之后,最晚{dated(last)}"
        raise refusal(window, fields=(FieldFault("/body/due_at", refusal.code, window),))
    if unit_id not in facts.units:
        raise board_errors.NotOnBoard
    if change.through != Via.UNIT or unit_id != case.unit_id:
        told = {"assignment_id": str(facts.units[unit_id]), "text": text, "until": due_at.isoformat()}
        change.note(written_by=change.through).emit("assignment.promise", **told, by=WRITERS[change.through])
    promise_id = new_id()
    change.insert(
        CasePromise,
        id=promise_id,
        matter_id=case.id,
        place_id=case.place_id,
        round=case.round,
        unit_id=unit_id,
        text=text,
        due_at=due_at,
        made_by=actor.id,
        made_at=now,
    ).note(unit_id=unit_id, text=text, due_at=due_at)
    open_after = [*facts.open, Open(promise_id, due_at, mine=False)]
    if kept_id is not None:
        open_after.remove(_keep(change, facts, kept_id))
    return _follow(change, case, facts, open_after)


@CASES.moves("finish_promise", facts=MEETING)
def finish_promise(case: Case, actor: Actor, now: datetime, *, facts: Meeting, promise_id: UUID) -> Change:
    """A promise is kept: the next one governs.

    Raises:
        PromiseNotOpen. NotAllowed: another unit's. NextPromiseMissing: a hard whistle's last one, which is kept with the result
        or together with the next promise.
    """
    change = LIFECYCLE.move(case, "finish_promise", actor, now)
    kept = _keep(change, facts, promise_id)
    if not kept.mine and not any(rule.allows(case, actor) for rule in (policy.office, policy.lead)):
        raise NotAllowed("由作出这项承诺的单位、主办单位或办理层级的派单员、书记、管理员办理")
    return _follow(change, case, facts, [promise for promise in facts.open if promise is not kept])


def _keep(change: Change, facts: Meeting, promise_id: UUID) -> Open:
    kept = next((promise for promise in facts.open if promise.id == promise_id), None)
    if kept is None:
        raise board_errors.PromiseNotOpen
    change.patch(CasePromise, id=kept.id, kept_by=change.actor.id, kept_at=change.at).note(kept=kept.id)
    return kept


def _follow(change: Change, case: Case, facts: Meeting, open_after: Sequence[Open]) -> Change:
    """Of a hard whistle the nearest open promise governs: it takes the place of the limit that runs, unless it is that one, or
    was missed and is renewed."""
    whistle = case.detail.blown
    if case.state != CaseState.WHISTLED or whistle is None or whistle.kind is not WhistleKind.HARD:
        return change
    if not open_after:
        raise board_errors.NextPromiseMissing
    nearest = min(open_after, key=lambda promise: promise.due_at)
    running = next(d for d in case.timed if d.kind in policy.RESOLVES and d.stopped_at is None)
    if running.kind in ("milestone", "renewal") and facts.open and facts.open[0].id == nearest.id:
        return change
    return change.stop(running.kind).start("milestone").anchor("milestone", until=nearest.due_at)


VERBS = (add_minutes, add_promise, finish_promise)
