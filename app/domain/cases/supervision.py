"""The verbs of supervision 督办: what happens while nobody resolves a case, and how its holder answers (domain.md §5). Each is
pure, as in `service.py`. Supervision never moves the hold."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.cases import callback_errors as errors
from app.domain.cases import policy
from app.domain.cases.callback_policy import supervising
from app.domain.cases.callback_tables import Step, Supervision
from app.domain.cases.limits import MISSED, Case
from app.domain.cases.models import CaseState
from app.domain.cases.policy import LIFECYCLE
from app.domain.cases.service import CASES, at_the_top
from app.kernel.change import Change, Office
from app.kernel.errors import NotAllowed, TransitionRefused
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Role
from app.kernel.verbs import Facts


@dataclass(frozen=True, slots=True)
class Cards:
    """Which marks of the limit have a card already, and which cards of the case are not answered."""

    percents: tuple[int, ...]
    unanswered: tuple[UUID, ...]


CARDS = Facts(
    """jsonb_build_object(
         'percents', (SELECT coalesce(jsonb_agg(s.percent), '[]') FROM supervision s
                       WHERE s.deadline_id = ($3::jsonb ->> 'deadline_id')::uuid),
         'unanswered', (SELECT coalesce(jsonb_agg(s.id), '[]') FROM supervision s
                         WHERE s.matter_id = subject.id AND s.answered_at IS NULL))""",
    Cards,
)


@CASES.moves("supervise", facts=CARDS)
def supervise(case: Case, actor: Actor, now: datetime, *, facts: Cards, deadline_id: UUID, percent: int) -> Change:
    """A limit was missed so far. At 100 % the next level takes supervision, and the holder answers within one working day; at
    150 % it is listed; at 200 % it stands on the agenda of the district's meeting, and from then on the limit that governs is
    renewed each working day. At the top nobody is above, and it is renewed from 100 % on (domain.md §5). Raises
    TransitionRefused: there is a card already, or another round has begun."""
    change = LIFECYCLE.move(case, "supervise", actor, now).note(percent=percent)
    missed = next((d for d in case.timed if d.id == deadline_id), None)
    if missed is None or percent in facts.percents:
        raise TransitionRefused
    step = Step.of(percent)
    above = supervising(case.detail.seats, case.detail.level, step)
    held_by = case.unit_id if case.state == CaseState.WHISTLED else None
    change.insert(
        Supervision,
        id=new_id(),
        matter_id=case.id,
        place_id=case.place_id,
        round=case.round,
        deadline_id=deadline_id,
        kind=missed.kind,
        percent=percent,
        step=step.value,
        seat_id=above,
        held_seat_id=case.seat_id,
        held_unit_id=held_by,
        raised_at=now,
    ).tell_role(Role.SUPERVISOR, f"case.supervised_{step}", place_id=above)
    if step is Step.CARD and all(d.kind != "answer" for d in case.live):
        change.start("answer").tell_office(Office.SEAT if held_by is None else Office.UNIT, "case.answer_wanted")
    if step is Step.LISTED:
        change.tell_office(Office.SEAT if held_by is None else Office.UNIT_HEAD, "case.supervised_listed")
    renewed = step is Step.AGENDA or at_the_top(case)
    if renewed and missed.stopped_at is None and missed.kind in policy.RESOLVES:
        reached = missed.times[missed.timing.percents.index(percent)]
        change.stop(missed.kind).start("renewal").anchor("renewal", begins=reached)
    return change


@CASES.moves("renew")
def renew(case: Case, actor: Actor, now: datetime) -> Change:
    """A working day has passed and the case is still open: the limit that governs it begins anew where the last one ended, and
    the history says so. The marks of the limit that is renewed are still supervised, at the end of their day. Raises
    TransitionRefused: another limit governs it by now."""
    change = LIFECYCLE.move(case, "renew", actor, now)
    passed = next((d for d in case.timed if d.kind == "renewal" and d.stopped_at is None), None)
    if passed is None or passed.fired == 0:
        raise TransitionRefused
    replaced = [
        d for d in case.timed if d.kind in policy.RESOLVES and d.kind != passed.kind and d.stopped_at is not None
    ]
    for limit in sorted(replaced, key=lambda d: d.stopped_at or now)[-1:]:
        for percent, at in zip(limit.timing.percents, limit.times, strict=True):
            if percent >= MISSED and passed.timing.started_at < at <= passed.times[-1]:
                change.emit("case.supervise", deadline_id=str(limit.id), percent=percent)
    return change.anchor("renewal", begins=passed.times[-1])


@CASES.moves("answer_supervision", facts=CARDS, read_by_others=("text",))
def answer_supervision(case: Case, actor: Actor, now: datetime, *, facts: Cards, text: str) -> Change:
    """Whoever holds the case says why it is late and what happens next; that answers every card.

    Raises:
        NotAllowed: a unit holds it, and the actor does not work there. NothingToAnswer.
    """
    change = LIFECYCLE.move(case, "answer_supervision", actor, now)
    if case.state == CaseState.WHISTLED and actor.unit is None:
        raise NotAllowed(rules=(policy.lead,), of=case.kind)
    if not facts.unanswered:
        raise errors.NothingToAnswer
    for card in facts.unanswered:
        change.patch(Supervision, id=card, answered_by=actor.id, answered_at=now, answer=text)
    above = supervising(case.detail.seats, case.detail.level, Step.CARD)
    return change.tell_role(Role.SUPERVISOR, "case.supervision_answered", place_id=above)


VERBS = (supervise, renew, answer_supervision)
