"""The verbs of the call-back 回访: the reporter's own tap, an officer's tries, and what follows when nobody answers
(domain.md §5). Each is pure, as in `service.py`; the call-backs themselves a trigger makes, in one place
(`case_is_to_be_called_back`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.cases import callback_errors as errors
from app.domain.cases.callback_policy import given_up, satisfied_by
from app.domain.cases.callback_tables import Callback, CallbackState, CallbackTry, CallChannel, CallReason
from app.domain.cases.errors import SameHand
from app.domain.cases.limits import Case, next_round
from app.domain.cases.models import CaseDetail, Duty
from app.domain.cases.policy import LIFECYCLE
from app.domain.cases.service import CASES, hand, reopen_lead, tell_reporters
from app.domain.places.models import Level
from app.kernel.change import Change, Office
from app.kernel.errors import FieldFault, InvalidInput, TransitionRefused
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Role
from app.kernel.verbs import Facts


@dataclass(frozen=True, slots=True)
class Said:
    """What a reporter says of a case that was handled. `satisfied` is worth what the stars are, where there are some."""

    solved: bool
    satisfied: bool | None = None
    stars: int | None = None
    contacted_in_time: bool | None = None
    words: str | None = None

    def columns(self) -> dict[str, Any]:
        return {
            "solved": self.solved, "satisfied": satisfied_by(self.satisfied, self.stars), "stars": self.stars,
            "contacted_in_time": self.contacted_in_time, "words": self.words,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """A call-back of the case's round: why an officer calls (None: nobody has to), what the reporter tapped, and when they were
    not reached."""

    id: UUID
    state: CallbackState
    reason: CallReason | None
    own: Said | None = None
    failed: tuple[datetime, ...] = ()


_CALL = """jsonb_build_object('id', c.id, 'state', c.state, 'reason', c.call_reason,
         'own', (SELECT jsonb_build_object('solved', t.solved, 'satisfied', t.satisfied, 'stars', t.stars,
                          'contacted_in_time', t.contacted_in_time, 'words', t.words)
                   FROM callback_try t WHERE t.callback_id = c.id AND t.channel = 'self'),
         'failed', (SELECT coalesce(jsonb_agg(t.tried_at), '[]') FROM callback_try t
                     WHERE t.callback_id = c.id AND NOT t.reached))"""


@dataclass(frozen=True, slots=True)
class Own:
    """The actor's own call-back – a beneficiary's is their representative's –, and how many others of the case wait."""

    call: Call | None
    others: int


OWN = Facts(
    f"""(SELECT jsonb_build_object('call', CASE WHEN c.id IS NOT NULL THEN {_CALL} END,
              'others', callbacks_open(subject.id, c.id))
          FROM (VALUES (1)) one LEFT JOIN callback c ON c.matter_id = subject.id AND c.round = subject.round
            AND (c.reporter_id = $1 OR (subject.beneficiary_id = $1 AND c.reporter_id = subject.requester_id))
         ORDER BY c.reporter_id = $1 DESC LIMIT 1)""",
    Own,
)


@dataclass(frozen=True, slots=True)
class Calls:
    """All call-backs of the round; whether the actor may call, and which duty of the case they have had; the assignment of the
    unit that led."""

    calls: tuple[Call, ...]
    may: bool
    duty: str | None
    lead_id: UUID | None


CALLS = Facts(
    f"""jsonb_build_object('calls', (
         SELECT coalesce(jsonb_agg({_CALL}), '[]') FROM callback c WHERE c.matter_id = subject.id AND c.round = subject.round),
         'may', may_call_back(subject.id),
         'duty', (SELECT h.duty FROM case_duty h WHERE h.matter_id = subject.id AND h.person_id = $1),
         'lead_id', (SELECT a.matter_id FROM assignment_detail a JOIN case_detail d ON d.whistle_id = a.whistle_id
                   WHERE d.matter_id = subject.id AND a.case_id = subject.id AND a.leads))""",
    Calls,
)


@CASES.moves("answer_callback", facts=OWN, read_by_others=("words",))
def answer_callback(
    case: Case,
    actor: Actor,
    now: datetime,
    *,
    facts: Own,
    solved: bool,
    satisfied: bool | None = None,
    stars: int | None = None,
    contacted_in_time: bool | None = None,
    words: str | None = None,
) -> Change:
    """The reporter's own tap: it closes a small matter once every reporter is settled; a "no", and whatever an officer calls
    for, waits for the call.

    Raises:
        CallbackNotFound: they were not asked. AlreadyAnswered: in this round.
    """
    change = LIFECYCLE.move(case, "answer_callback", actor, now)
    call = facts.call
    if call is None:
        raise errors.CallbackNotFound
    if call.state is not CallbackState.OPEN or call.own is not None:
        raise errors.AlreadyAnswered
    said = Said(solved, satisfied, stars, contacted_in_time, words)
    settles = solved and call.reason is None
    if settles and facts.others == 0:
        change = _closed(case, "close", actor, now)
    _try(change, call, CallChannel.SELF, said)
    if settles:
        return _settle(change, call, CallbackState.SOLVED, said)
    if call.reason is None:
        reason = CallReason.REFUSED.value
        change.patch(Callback, id=call.id, call_reason=reason, called_for_at=now).tell_role(
            Role.CALLBACK_OFFICER, "case.call_needed"
        )
    return change.note(solved=solved)


@CASES.moves("record_callback", facts=CALLS, read_by_others=("words",))
def record_callback(
    case: Case,
    actor: Actor,
    now: datetime,
    *,
    facts: Calls,
    callback_id: UUID,
    channel: CallChannel,
    reached: bool,
    solved: bool | None = None,
    satisfied: bool | None = None,
    stars: int | None = None,
    contacted_in_time: bool | None = None,
    words: str | None = None,
) -> Change:
    """Record a try to reach a reporter, and what they said. Whoever was not helped sends the case back to work in a new round.
    After three tries on two days their own tap stands, and without one – or when they handled it themselves – they count as not
    reached: neutral (domain.md §5).

    Raises:
        SameHand, HandlingUnit: the actor had another duty in the case, works in one of its units, or reported it.
        CallbackNotFound. AlreadyAnswered: it is settled. NoCallWanted. InvalidInput: reached, and no word whether it is solved;
        or not reached, and a word all the same.
    """
    change = LIFECYCLE.move(case, "record_callback", actor, now)
    if not facts.may:
        raise errors.HandlingUnit if facts.duty in (None, Duty.CALLBACK) else SameHand
    call = next((one for one in facts.calls if one.id == callback_id), None)
    if call is None:
        raise errors.CallbackNotFound
    if call.state is not CallbackState.OPEN:
        raise errors.AlreadyAnswered
    if call.reason is None:
        raise errors.NoCallWanted
    _demand_what_was_said(
        reached, {"solved": solved, "satisfied": satisfied, "stars": stars, "contacted_in_time": contacted_in_time}
    )
    said = None if solved is None else Said(solved, satisfied, stars, contacted_in_time, words)
    change = _after(change, case, facts, call, said)
    _try(change, call, channel, said, words=words)
    return hand(change, Duty.CALLBACK, facts.duty)


def _demand_what_was_said(reached: bool, said: Mapping[str, object]) -> None:
    """Raises InvalidInput: reached, and no word whether it is solved; or not reached, and a word all the same."""
    if reached and said["solved"] is None:
        raise InvalidInput(fields=(FieldFault("/body/solved", "said-when-reached", "联系上了,须填写是否解决"),))
    if not reached and (given := [name for name, value in said.items() if value is not None]):
        title = "没有联系上,不能填写上报人的答复;请去掉此项"
        raise InvalidInput(fields=tuple(FieldFault(f"/body/{name}", "said-when-reached", title) for name in given))


def _after(change: Change, case: Case, facts: Calls, call: Call, said: Said | None) -> Change:
    """What a try does to the case: nothing, its end, or a new round."""
    actor, now = change.actor, change.at
    if said is None and not given_up((*call.failed, now)):
        return change.note(reached=False)
    stands = said or (None if call.reason is CallReason.OWN else call.own)
    if stands is not None and not stands.solved:
        change = _back_to_work(case, facts, actor, now)
        for other in facts.calls:
            if other.id != call.id and other.state is CallbackState.OPEN:
                dropped = CallbackState.DROPPED.value
                change.patch(Callback, id=other.id, state=dropped, settled_at=now, settled_by=actor.id)
        return _settle(change, call, CallbackState.UNSOLVED, stands)
    state = CallbackState.UNREACHED if stands is None else CallbackState.SOLVED
    ended = [other.state for other in facts.calls if other.id != call.id] + [state]
    if CallbackState.OPEN not in ended:
        change = _closed(case, "close" if CallbackState.SOLVED in ended else "close_unreached", actor, now)
    return _settle(change, call, state, stands)


@CASES.moves("need_call", facts=CALLS)
def need_call(case: Case, actor: Actor, now: datetime, *, facts: Calls, deadline_id: UUID) -> Change:
    """The reporters' limit has passed: whoever did not answer is called by an officer as well. A task, no state (domain.md §5).
    Raises TransitionRefused: everybody answered, or is to be called already; or it is another round's limit that runs now."""
    change = LIFECYCLE.move(case, "need_call", actor, now)
    silent = [call for call in facts.calls if call.state is CallbackState.OPEN and call.reason is None]
    if not silent or all(deadline.id != deadline_id for deadline in case.live):
        raise TransitionRefused
    for call in silent:
        change.patch(Callback, id=call.id, call_reason=CallReason.UNANSWERED.value, called_for_at=now)
    return change.note(calls=len(silent)).tell_role(Role.CALLBACK_OFFICER, "case.call_needed")


def _closed(case: Case, action: str, actor: Actor, now: datetime) -> Change:
    change = LIFECYCLE.move(case, action, actor, now)
    return tell_reporters(change, case, "case.closed" if action == "close" else "case.closed_unreached")


def _back_to_work(case: Case, facts: Calls, actor: Actor, now: datetime) -> Change:
    """A new round, at whoever handled it: the unit that led, or head and dispatchers of its level, in a community with the grid
    workers. Each is told."""
    whistled = case.unit_id is not None
    change = LIFECYCLE.move(case, "reopen_whistled" if whistled else "reopen", actor, now)
    next_round(change, case, now)
    change.patch(CaseDetail, matter_id=case.id, returns=0)
    reopen_lead(change, facts.lead_id)
    if whistled:
        change.tell_office(Office.UNIT, "case.not_solved")
    else:
        change.tell_office(Office.SEAT, "case.not_solved")
        change.tell_role(Role.DISPATCHER, "case.not_solved", place_id=case.seat_id)
        if case.detail.level == Level.COMMUNITY:
            change.tell_role(Role.GRID_WORKER, "case.not_solved")
    return tell_reporters(change, case, "case.back_to_work")


def _settle(change: Change, call: Call, state: CallbackState, said: Said | None) -> Change:
    """What was said stands."""
    values = said.columns() if said else {}
    settled = {"state": state.value, "settled_at": change.at, "settled_by": change.actor.id}
    return change.patch(Callback, id=call.id, **settled, **values)


def _try(change: Change, call: Call, channel: CallChannel, said: Said | None, *, words: str | None = None) -> None:
    values = said.columns() if said else {"words": words}
    change.insert(
        CallbackTry,
        id=new_id(),
        callback_id=call.id,
        matter_id=change.id,
        place_id=change.place_id,
        channel=channel.value,
        reached=said is not None,
        tried_by=change.actor.id,
        tried_at=change.at,
        **values,
    )


VERBS = (answer_callback, record_callback, need_call)
