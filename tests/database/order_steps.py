"""Everything that anybody may try on an order: who is there, what a step is, and which command it is at the real door."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.domain.orders import (
    appointments,
    contact_details,
    dispatching,
    errands,
    giving_back,
    outcomes,
    promises,
    service,
    service_days,
    shifts,
    wishes,
)
from app.domain.orders.kind_tables import Claimant, Paper
from app.domain.orders.models import Abort, Reject, TakeBack
from app.domain.representations import service as representations
from app.domain.teams import volunteers
from app.kernel.verbs import Verb
from tests.database.order_life import Life
from tests.database.order_model import Volunteer

RESIDENTS = ("王奶奶", "女儿", "邻居", "西居民")
OFFICERS = ("派单员", "书记", "管理员", "站点", "西派单员")
VOLUNTEERS = {
    "小李": Volunteer(capacity=3),
    "小赵": Volunteer(capacity=1),
    "小孙": Volunteer(capacity=5, quiet=(22 * 60, 12 * 60)),
    "生手": Volunteer(skilled=False),
    "女儿": Volunteer(),
    "队长": Volunteer(capacity=1),
    "队员": Volunteer(capacity=2),
    "西志愿者": Volunteer(area="west"),
}
"""小孙 is asked from noon to ten at night only; 女儿 represents 王奶奶 and is a volunteer as well."""

PEOPLE = (*dict.fromkeys((*RESIDENTS, *OFFICERS, *VOLUNTEERS)),)


@dataclass(frozen=True)
class Step:
    action: str
    who: str
    given: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        details = ", ".join(f"{name} {value}" for name, value in self.given.items())
        return f"{self.who} · {self.action}" + (f" ({details})" if details else "")


@dataclass(frozen=True)
class Known:
    """What a command must know of the street: ids, and the one that it is about (a question, a deadline, a pause)."""

    people: Mapping[str, UUID]
    place: UUID
    team: UUID
    found: UUID
    now: datetime
    who: str
    papers_out: list[int]
    returns: int
    stands: datetime | None = None
    proposed: datetime | None = None
    passes_on: bool = False

    def later(self, given: Mapping[str, Any]) -> datetime:
        return self.now + timedelta(hours=given.get("hours", 0), seconds=given.get("seconds", 0))

    def meeting(self, given: Mapping[str, Any]) -> datetime:
        """A time to come, or the one that stands; without one, a time that has been."""
        return self.later(given) if given["hours"] else self.stands or self.now - timedelta(hours=1)

    def seen(self, given: Mapping[str, Any]) -> datetime:
        """The time that is proposed, or one that is not, or not any more."""
        return self.proposed if self.proposed and given.get("seen", True) else self.now + timedelta(minutes=90)


Command = tuple[Verb[Any, Any], Callable[[Known, Mapping[str, Any]], dict[str, Any]]]


def _to(known: Known, given: Mapping[str, Any]) -> dict[str, Any]:
    if given["to"] == "team":
        return {"volunteer_id": None, "team_id": known.team}
    return {"volunteer_id": known.people[given["to"]], "team_id": None}


def _shown(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"fits_after": [*range(50)] if given["how"] == "code" else [], "unverified": given["how"] == "unverified"}


def _return(known: Known) -> dict[str, Any]:
    return {"papers": known.papers_out or [1], "returned": known.returns}


def _shown_back(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"code_fits": given["how"] == "code", "unverified": given["how"] == "unverified"}


COMMANDS: Mapping[str, Command] = {
    "offer": (dispatching.offer, _to),
    "decline": (dispatching.decline, lambda _, __: {"reason": "没空"}),
    "accept": (dispatching.accept, lambda _, __: {}),
    "claim": (dispatching.claim, lambda _, __: {}),
    "claim_wish": (wishes.claim_wish, lambda _, __: {"claimed_as": Claimant.MEMBER, "name": None}),
    "assign": (dispatching.assign, lambda known, given: {"member_id": known.people[given["to"]]}),
    "release": (giving_back.release, lambda _, __: {"reason": "病了"}),
    "take_back": (
        giving_back.take_back,
        lambda _, given: {"reason": TakeBack(given.get("why", "no_answer"))},
    ),
    "start": (
        service.start,
        lambda _, given: _shown(given),
    ),
    "wrong_code": (service.start, lambda _, __: {}),
    "wrong_code of an errand": (errands.hand_over_papers, lambda _, __: {"papers": []}),
    "hand_over_papers": (
        errands.hand_over_papers,
        lambda _, given: {"papers": [{"kind": Paper.ID_CARD, "copies": 1, "note": None}], **_shown(given)},
    ),
    "return_papers": (errands.return_papers, lambda known, given: _return(known) | _shown_back(given)),
    "wrong_return_code": (errands.return_papers, lambda known, _: _return(known) | {"code_fits": False}),
    "record_authority": (
        errands.record_authority,
        lambda known, _: {
            "text": "代我办理",
            "until_at": known.now + timedelta(days=60),
            "channel": "phone" if known.passes_on else None,
        },
    ),
    "withdraw_authority": (errands.withdraw_authority, lambda _, __: {}),
    "abort": (outcomes.abort, lambda _, __: {"reason": Abort.NOBODY_HOME, "text": None}),
    "call_off": (outcomes.call_off, lambda _, __: {"reason": Abort.NO_LONGER_NEEDED, "text": None}),
    "deliver": (service.deliver, lambda _, __: {"outcome": "已办妥"}),
    "rate": (outcomes.rate, lambda _, given: {**given, "reason": "没有办好" if given["reason"] else None}),
    "rework": (outcomes.rework, lambda _, given: {"reason": "没有办好", **given}),
    "reject": (outcomes.reject, lambda _, __: {"reason": Reject.PAID_TRADE, "other_help": "可联系物业"}),
    "change_contact": (contact_details.change_contact, lambda _, __: {"address": b"sealed"}),
    "cancel": (outcomes.cancel, lambda _, __: {"reason": None}),
    "convert": (outcomes.convert, lambda _, __: {"reason": "需多方协调"}),
    "contact": (promises.contact, lambda _, given: {"channel": given["channel"], "text": "已说明"}),
    "reply": (promises.reply, lambda _, __: {"text": "正在安排"}),
    "ask": (promises.ask, lambda _, __: {"question": "几楼?"}),
    "answer": (promises.answer, lambda known, _: {"question_id": known.found, "text": "三楼"}),
    "propose": (appointments.propose_appointment, lambda known, given: {"meet_at": known.meeting(given)}),
    "confirm": (appointments.confirm_appointment, lambda known, given: {"meet_at": known.seen(given)}),
    "write_plan": (
        promises.write_plan,
        lambda known, given: {"text": "方案", "steps": ["一", "二"], "promised_at": known.later(given)},
    ),
    "pause": (
        promises.pause,
        lambda known, given: {"deadline_id": known.found, "until_at": known.later(given), "text": "大雪"},
    ),
    "resume": (promises.resume, lambda known, _: {"deadline_id": known.found}),
    "dispute": (promises.dispute, lambda known, _: {"pause_id": known.found, "text": "没有下雪"}),
    "decide": (promises.decide, lambda known, given: {"pause_id": known.found, "text": "属实", **given}),
}
"""By the actions of the lifecycle, on the order itself."""
BESIDE: Mapping[str, Command] = {
    "away": (
        volunteers.set_availability,
        lambda known, _: {
            "daily_capacity": VOLUNTEERS.get(known.who, Volunteer()).capacity,
            "away_until": known.now + timedelta(hours=30),
            "hand_back_orders": True,
        },
    ),
    "hand_over": (
        shifts.hand_over_shift,
        lambda known, given: {"place_id": known.place, "next_id": known.people[given["to"]], "note": "交班"},
    ),
    "cancel_day": (service_days.cancel_day, lambda _, __: {"reason": "大雪"}),
    "end_consent": (representations.end, lambda _, __: {}),
}
"""On a volunteer's hours, on a shift, on a service day, on a representation: the order hears of it by an event."""

ABOUT = {
    "answer": "SELECT q.id FROM order_post q WHERE q.matter_id = $1 AND q.kind = 'question' AND $2::text IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM order_post a WHERE a.answers = q.id) ORDER BY q.posted_at LIMIT 1",
    **dict.fromkeys(
        ("pause", "resume"),
        "SELECT id FROM deadline WHERE matter_id = $1 AND kind = $2 ORDER BY stopped_at DESC NULLS FIRST LIMIT 1",
    ),
    **dict.fromkeys(
        ("dispute", "decide"),
        "SELECT id FROM deadline_pause WHERE matter_id = $1 AND reason = 'force_majeure' AND $2::text IS NULL"
        " ORDER BY from_at DESC LIMIT 1",
    ),
}
"""What some of them are about: the open question, the latest deadline of a kind, the latest pause."""


def ways(model: Life) -> Iterator[Step]:
    """Everything that anybody may try now."""
    for who in PEOPLE:
        for action in (
            "decline", "accept", "claim", "claim_wish", "release", "wrong_code", "wrong_return_code", "record_authority",
            "withdraw_authority", "change_contact",
            "abort", "call_off", "deliver", "reject", "cancel", "convert", "reply", "answer", "dispute",
            "away", "cancel_day", "end_consent",
        ):  # fmt: skip
            yield Step(action, who)
        for why in ("no_answer", "cannot_come", "resident_asks"):
            yield Step("take_back", who, {"why": why})
        for to in ("team", *VOLUNTEERS):
            yield Step("offer", who, {"to": to})
        for to in model.members:
            yield Step("assign", who, {"to": to})
        for to in ("派单员", "书记"):
            yield Step("hand_over", who, {"to": to})
        for how in ("code", "unverified"):
            for action in ("start", "hand_over_papers", "return_papers"):
                yield Step(action, who, {"how": how})
        for channel in ("phone", "message"):
            yield Step("contact", who, {"channel": channel})
        yield Step("propose", who, {"hours": None})
        for hours in (2, 26):
            yield Step("propose", who, {"hours": hours})
            yield Step("write_plan", who, {"hours": hours})
        for kind in ("respond", "coordinate", "plan"):
            for seconds in (3600, 100000):
                yield Step("pause", who, {"kind": kind, "seconds": seconds})
            yield Step("resume", who, {"kind": kind})
        for seen in (True, False):
            yield Step("confirm", who, {"seen": seen})
        for upheld in (True, False):
            yield Step("decide", who, {"upheld": upheld})
            yield Step("rework", who, {"about_attitude": upheld})
        for solved, stars, reason in (("yes", 5, False), ("partly", 2, True), ("no", 1, True), ("no", 3, False)):
            yield Step("rate", who, {"solved": solved, "stars": stars, "reason": reason})
        if not model.question:
            yield Step("ask", who)
