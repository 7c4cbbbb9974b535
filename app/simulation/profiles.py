"""The tables of a simulated street: days, arrivals, characters, fates. Change a number here and run it again.

Minutes are (at least, usually, at most); chances and shares are between 0 and 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from enum import StrEnum
from typing import Final

Minutes = tuple[float, float, float]

COMMUNITIES: Final = 4
RESIDENTS: Final = 30
VOLUNTEERS: Final = 8
"""Of these there are so many in each community."""

ARRIVALS: Final = (
    # 0  1  2  3  4  5  6  7   8   9  10  11  12  13  14  15  16  17  18 19 20 21 22 23
    0.3, 0.2, 0.1, 0.1, 0.2, 0.5, 2, 4, 10, 16, 16, 11, 4, 4, 6, 7, 10, 10, 5, 3, 2, 1, 0.6, 0.3,
)  # fmt: skip
"""How orders spread over the hours of a day: a peak from 9 to 11, a smaller one from 16 to 18."""


@dataclass(frozen=True, slots=True)
class Surge:
    """One category of cases comes so many times as often within one hour of the day."""

    category: str
    hour: int
    times: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of day. `haste` above 1 makes everybody slower, `heed` below 1 makes everybody react less often to what they are
    told; `vacant`: so many posts of a dispatcher are empty; `deeds`: the chance of a deed on this day."""

    name: str
    zh: str
    begins: date
    orders: int
    cases: int
    haste: float = 1
    heed: float = 1
    vacant: int = 0
    deeds: Mapping[str, float] = field(default_factory=dict)
    surge: Surge | None = None


PROFILES: Final[Mapping[str, Profile]] = {
    p.name: p
    for p in (
        Profile("weekday", "平常的星期二", date(2026, 3, 3), 80, 56),
        Profile("holiday", "国庆节", date(2026, 10, 1), 70, 54, haste=1.6, heed=0.8, vacant=1),
        Profile("storm", "调休的星期日，暴雨", date(2026, 9, 20), 90, 58, haste=1.3, heed=0.9, deeds={"hold_up": 0.15},
                surge=Surge("water_power_gas", 9, 16)),
    )
}  # fmt: skip


class Way(StrEnum):
    """How an order comes about, and what it is for."""

    SELF = "self"
    REPRESENTATIVE = "representative"
    CALLER = "caller"
    WISH = "wish"
    ERRAND = "errand"
    TEAM = "team"
    RARE = "rare"
    DAY = "day"
    CANCELLED_DAY = "cancelled_day"


class Part(StrEnum):
    """What somebody is on the street."""

    RESIDENT = "resident"
    VOLUNTEER = "volunteer"
    STATION = "station_staff"
    DISPATCHER = "dispatcher"
    SECRETARY = "secretary"
    STREET = "street"
    DISTRICT = "district"
    GRID = "grid_worker"
    BRANCH = "branch_secretary"
    INFORMATION = "information_officer"
    CALLER = "callback_officer"
    SUPERVISOR = "supervisor"
    ARBITER = "arbiter"
    UNIT = "unit"
    HEAD = "unit_head"
    DEPUTY = "unit_deputy"
    ADMINISTRATOR = "administrator"


HOURS: Final[Mapping[Part, tuple[time, time]]] = {
    Part.RESIDENT: (time(7), time(22)),
    Part.VOLUNTEER: (time(7), time(21)),
    Part.STATION: (time(8), time(20)),
    Part.DISPATCHER: (time(8), time(20)),
    Part.SECRETARY: (time(8), time(20)),
    Part.STREET: (time(8), time(20)),
    Part.DISTRICT: (time(9), time(17, 30)),
    Part.GRID: (time(7), time(20)),
    Part.BRANCH: (time(8), time(20)),
    Part.INFORMATION: (time(8), time(20)),
    Part.CALLER: (time(9), time(20)),
    Part.SUPERVISOR: (time(9), time(17, 30)),
    Part.ARBITER: (time(9), time(17, 30)),
    Part.UNIT: (time(9), time(17, 30)),
    Part.HEAD: (time(9), time(17, 30)),
    Part.DEPUTY: (time(9), time(17, 30)),
    Part.ADMINISTRATOR: (time(9), time(18)),
}
"""When they react to what they hear; what comes outside waits until then, unless it is an emergency. Residents order and report
at any hour."""

WORKDAYS_ONLY: Final = frozenset({Part.UNIT, Part.HEAD, Part.DEPUTY, Part.DISTRICT, Part.SUPERVISOR, Part.ARBITER})
"""They are not about on days off, unless it is an emergency."""

MINUTES_EACH: Final = {Part.DISPATCHER: 1.5, Part.SECRETARY: 3.0, Part.GRID: 2.0, Part.CALLER: 3.0}
"""So long an officer is busy with one thing: what comes meanwhile waits its turn."""


@dataclass(frozen=True, slots=True)
class Character:
    """How somebody is. `share` of the people of their part; `haste` times the usual minutes; `heeds`: how often they react
    to what they are told; `accepts` an offer, `comes` as appointed; `pleased` with what was done. Of volunteers: `capacity`
    orders a day, and whether they told when they serve (`says`). Of whoever handles cases: how often a result is true."""

    name: str
    zh: str
    share: float
    haste: float = 1
    heeds: float = 1
    accepts: float = 1
    comes: float = 1
    pleased: float = 0.9
    capacity: int = 3
    says: bool = False
    truthful: float = 0.95


DILIGENCE: Final = (
    Character("prompt", "勤快", 0.4, haste=0.6),
    Character("slow", "拖沓", 0.4, haste=1.6, heeds=0.8, truthful=0.85),
    Character("silent", "不应", 0.2, haste=1.4, heeds=0.2, truthful=0.7),
)
"""Of departments: they sign, report in and finish in time, late or never."""


CHARACTERS: Final[Mapping[Part, Sequence[Character]]] = {
    Part.VOLUNTEER: (
        Character("prompt", "热心", 0.50, haste=0.6, accepts=0.95, comes=0.98, capacity=5, says=True),
        Character("slow", "慢热", 0.20, haste=2, accepts=0.9, comes=0.92),
        Character("declining", "常推辞", 0.10, accepts=0.3, comes=0.95, capacity=2, says=True),
        Character("silent", "不应答", 0.10, heeds=0.15, accepts=0.5),
        Character("no-show", "常失约", 0.10, accepts=0.95, comes=0.5),
    ),
    Part.DISPATCHER: (
        Character("quick", "利落", 0.5, haste=0.7),
        Character("slow", "拖沓", 0.25, haste=1.8, heeds=0.9),
        Character("silent", "撒手不管", 0.25, haste=1.2, heeds=0.15),
    ),
    Part.RESIDENT: (
        Character("content", "随和", 0.55, pleased=0.97),
        Character("critical", "挑剔", 0.2, pleased=0.6),
        Character("busy", "忙碌", 0.25, haste=2.5, heeds=0.45),
    ),
    Part.STATION: (Character("dutiful", "尽责", 1),),
    Part.SECRETARY: (Character("dutiful", "尽责", 1, heeds=0.95),),
    Part.UNIT: DILIGENCE,
    **dict.fromkeys(
        (Part.STREET, Part.DISTRICT, Part.GRID, Part.BRANCH, Part.INFORMATION, Part.CALLER, Part.SUPERVISOR, Part.ARBITER,
         Part.HEAD, Part.DEPUTY, Part.ADMINISTRATOR),
        (Character("dutiful", "尽责", 1),),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a share of the orders or cases, at least one of them a day, so that each rule is met every day.

    `deeds`: the chance of a deed on such an affair, by its function's name, whatever character and table say. `once`: those of
    them for which this holds the first time only. `shows`: what it is there for – actions, and marks as limit and percent –,
    which happens whatever the dice say; so each row and each mark that `--strict` demands has a fate that shows it.
    """

    name: str
    zh: str
    share: float
    deeds: Mapping[str, float] = field(default_factory=dict)
    once: frozenset[str] = frozenset()
    shows: frozenset[str] = frozenset()


def shown(said: str) -> frozenset[str]:
    """What a fate shows, as the tables write it: parted by commas."""
    return frozenset(one.strip() for one in said.split(",") if one.strip())


@dataclass(frozen=True, slots=True)
class OrderFate(Fate):
    """Of an order: also how it comes about, and in which hour, else by the curve."""

    way: Way = Way.SELF
    hour: int | None = None


_SURPRISES: Final = dict.fromkeys(
    ("give_up", "release", "leave", "break_off", "call_off", "unsolved", "turn_away", "convert", "ask_again"), 0
)
"""What happens to some orders by chance, and not to one that has a fate."""


def _fate(name: str, zh: str, share: float, shows: str, *once: str, **deeds: float) -> OrderFate:
    return OrderFate(name, zh, share, {**_SURPRISES, **deeds}, frozenset(once), shown(shows))


def _way(way: Way, fate: OrderFate) -> OrderFate:
    return replace(fate, way=way)


def _at(hour: int, fate: OrderFate) -> OrderFate:
    return replace(fate, hour=hour)


_SERVED: Final = {"answer_offer": 1, "take": 1, "propose": 0, "arrive": 1, "decline": 0, "no_phone": 0}
"""Somebody takes it and comes."""

_REFUSED: Final = {"answer_offer": 1, "take": 0, "decline": 1, "look_after": 0, "look_at_pool": 0}
"""Whoever the matcher asks says no, until nobody is left to ask."""

_CLAIMED: Final = {"spread_the_word": 1, "look_at_pool": 1}
"""Volunteers hear of it, and somebody claims it."""

_LET_BE: Final = {**_REFUSED, "take_over": 0, "settle": 0, "street_looks_in": 0}
"""And nobody of the community looks for somebody else."""

_NOBODY: Final = {**_LET_BE, "reply": 0}
"""Nobody of the community does anything."""

_WAITS: Final = {**_REFUSED, "settle": 1, "take_over": 0, "plan_ahead": 0, "ask": 0}
"""Nobody has it before the limit to coordinate comes near."""

ORDINARY: Final = OrderFate("ordinary", "平常", 0)
FATES: Final[Sequence[OrderFate]] = (
    _fate("overlooked", "无人过问", 0.01,
          "decline, respond 80, respond 100, respond 150, reply 80, reply 100, reply_in_person 80, reply_in_person 100, "
          "coordinate 80, coordinate 100, plan 80, plan 100, hand_over",
          **_NOBODY, plan_ahead=0, reply_in_person=0, plan_at_last=0, street_steps_in=1, hand_over_shift=1),
    _fate("late reply", "迟迟不复", 0.02, "reply 100, reply", reply=0, reply_in_person=1),
    _fate("left to the matcher", "由系统派单", 0.04, "dispatch 100, match, accept, start, deliver", **_SERVED, look_after=0,
          look_at_pool=1),
    _fate("nobody takes it", "无人接单", 0.02, "offer 80, offer 100, lapse, claim", answer_offer=0, phone=0, **_CLAIMED),
    _way(Way.RARE, _fate("nobody qualifies", "无人合适", 0.01, "open_pool, convert", look_after=0, spread_the_word=0,
                         convert=1)),
    _fate("broken promise", "承诺落空", 0.01, "write_plan, promise 80, promise 100, promise_late 100", **_NOBODY,
          plan_ahead=1, press_on=0, keep_promise=1),
    _fate("open question", "有问无答", 0.02, "ask", look_after=1, ask=1, answer=0, settle=1),
    _fate("question", "有问有答", 0.03, "ask, answer", look_after=1, ask=1, answer=1, answer_offer=0, spread_the_word=0,
          take_over=0),
    _at(9, _fate("disputed", "暂停有争议", 0.01, "pause, dispute, decide", **_WAITS, hold_up=1, resume=0, dispute=1, decide=1)),
    _at(9, _fate("held up", "不可抗力", 0.01, "pause, resume", **_WAITS, hold_up=1, resume=1, dispute=0)),
    _fate("no-show", "失约", 0.02, "propose, confirm, appointment 80, appointment 100, miss_appointment", "arrive", "hurry",
          answer_offer=1, take=1, propose=1, confirm=1, arrive=0, hurry=0, settle=0, remind=0),
    _fate("at last", "约后才到", 0.02, "propose, confirm, appointment 80, start", "arrive", answer_offer=1, take=1, propose=1,
          confirm=1, arrive=0, hurry=1, settle=0, remind=0),
    _fate("wrong code", "开始码念错", 0.02, "wrong_code", "mistype", **_SERVED, mistype=1),
    _fate("no phone", "没带手机", 0.03, "start", **(_SERVED | {"no_phone": 1})),
    _fate("wrong address", "地址写错", 0.01, "change_contact, start", **_SERVED, correct_contact=1),
    _fate("forgotten", "做完忘报", 0.01, "finish 80, finish 100, deliver", **_SERVED, deliver=0, remember=0, be_asked=1),
    _fate("given up", "居民取消", 0.03, "cancel", **(_LET_BE | {"answer_offer": 0}), give_up=1, plan_ahead=0),
    _fate("given back", "接了又退", 0.02, "release", "release", **_SERVED, release=1),
    _fate("taken back", "社区收回", 0.01, "take_back", "arrive", "take_back", answer_offer=1, take=1, decline=0, propose=0,
          arrive=0, settle=0, remind=0, plan_ahead=0, take_back=1),
    _at(10, _fate("sent by mistake", "派错收回", 0.01, "offer, take_back", "answer_offer", "recall", look_after=1, ask=0,
                  recall=1, answer_offer=0)),
    _fate("left", "接单后离开", 0.01, "hand_back", "leave", **_SERVED, leave=1),
    _fate("broken off", "服务中止", 0.02, "abort", "break_off", **_SERVED, break_off=1),
    _fate("called off", "中途取消", 0.01, "call_off", **_SERVED, call_off=1),
    _fate("turned away", "不予受理", 0.02, "reject", **_LET_BE, turn_away=1),
    _fate("more than a service", "转为事件", 0.01, "convert", **_LET_BE, convert=1),
    _at(10, _fate("another service", "改换服务", 0.01, "recategorise, offer, contact", "answer_offer", look_after=1, ask=0,
                  phone=1, move=1, answer_offer=0)),
    _fate("refused words", "含不宜词", 0.01, "place", advertise=1),
    _fate("second round", "返工", 0.03, "rate, rework", "unsolved", **_SERVED, deliver=1, rate=1, unsolved=1),
    _fate("third round", "再次返工", 0.01, "rate, rework", **_SERVED, deliver=1, rate=1, unsolved=1, begin_again=1),
    _fate("asked for again", "居民要求返工", 0.01, "rework", "rate", "ask_again", **_SERVED, deliver=1, rate=0, ask_again=1),
    _fate("never rated", "始终不评", 0.03, "rating 60, rating 100, rating 140, close_unrated", **_SERVED, deliver=1, rate=0,
          rate_at_last=0, call_back=1),
    _fate("rated at last", "催后才评", 0.02, "rating 60, rate", **_SERVED, deliver=1, rate=0, rate_at_last=1),
    OrderFate("represented", "代下单", 0.05, way=Way.REPRESENTATIVE),
    _way(Way.REPRESENTATIVE, _fate("consent ended", "代下单结束", 0.01, "to_beneficiary", end_consent=1)),
    _way(Way.CALLER, OrderFate("caller", "来电点单", 0.05, shows=shown("place_for_caller"))),
    OrderFate("of a team", "队伍服务", 0.04, way=Way.TEAM),
    _way(Way.WISH, _fate("wish", "微心愿", 0.02, "wish, claim_wish", arrive=1, **_CLAIMED)),
    _way(Way.WISH, _fate("wish kept at last", "微心愿催后实现", 0.01, "wish 80, start", "arrive", "propose", propose=0, arrive=0,
                         hurry=1, remind=0, settle=0, **_CLAIMED)),
    _way(Way.WISH, _fate("claim expired", "认领到期", 0.01, "wish 80, wish 100, expire_claim", "arrive", "hurry", "propose",
                         propose=0, arrive=0, hurry=0, remind=0, settle=0, **_CLAIMED)),
    _way(Way.ERRAND, _fate("errand", "帮办代办", 0.03, "record_authority, hand_over_papers, return_papers", **_SERVED,
                           authorise=1)),
    _way(Way.ERRAND, _fate("authority withdrawn", "收回授权", 0.01, "withdraw_authority", "withdraw", **_SERVED, authorise=1,
                           withdraw=1)),
    _way(Way.ERRAND, _fate("wrong return code", "归还码念错", 0.01, "wrong_return_code", "mistype_return", **_SERVED,
                           authorise=1, deliver=1, mistype_return=1)),
    OrderFate("service day", "服务日", 0.05, way=Way.DAY),
    _way(Way.DAY, OrderFate("sent by the lead", "队长改派", 0.02, {"send_member": 1}, shows=shown("book, assign"), hour=5)),
    _at(5, _way(Way.DAY, _fate("booking let go", "预约被退", 0.01, "book, end_booking", send_member=0, release=1))),
    _way(Way.CANCELLED_DAY, OrderFate("day cancelled", "服务日取消", 0.02, shows=shown("cancel_day"))),
)  # fmt: skip
"""Everything else is ordinary: character and chance decide."""
