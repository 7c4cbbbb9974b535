"""Ways through an order's life that lead to every action; the random stories leave them at any step."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tests.database.order_steps import Step


def do(who: str, action: str, **given: Any) -> Step:
    return Step(action, who, given)


def wait(**how_long: float) -> Step:
    return Step("time", "time", {"seconds": timedelta(**how_long).total_seconds()})


SERVED = (
    do("派单员", "offer", to="小李"),
    do("小李", "accept"),
    do("小李", "start", how="code"),
    do("小李", "deliver"),
)
ERRAND = (
    do("派单员", "offer", to="小李"),
    do("小李", "accept"),
    do("王奶奶", "record_authority"),
    do("小李", "hand_over_papers", how="code"),
)


@dataclass(frozen=True)
class Road:
    """A way through an order's life that leads somewhere."""

    birth: str
    steps: tuple[Step, ...]
    matcher: bool = False


ROADS = {
    "rated": Road("place", (*SERVED, do("王奶奶", "rate", solved="yes", stars=5, reason=False))),
    "the consent ends": Road(
        "place_for", (*SERVED, do("王奶奶", "end_consent"), do("女儿", "rework", about_attitude=False))
    ),
    "the consent ends with papers out": Road(
        "errand_for", (*ERRAND, do("女儿", "end_consent"), do("女儿", "withdraw_authority"))
    ),
    "whoever rings is heard": Road(
        "place",
        (
            do("派单员", "offer", to="小李"),
            do("小李", "accept"),
            do("站点", "change_contact"),
            do("小李", "propose", hours=2),
            do("站点", "confirm"),
            do("站点", "propose", hours=3),
            do("小李", "confirm"),
            do("书记", "cancel"),
        ),
    ),
    "reminded, called, closed": Road("place_for", (*SERVED, wait(days=8))),
    "unsolved twice": Road(
        "place",
        (
            *SERVED,
            do("王奶奶", "rate", solved="no", stars=1, reason=True),
            do("派单员", "offer", to="队员"),
            do("队员", "accept"),
            do("队员", "start", how="code"),
            do("队员", "deliver"),
            do("王奶奶", "rework", about_attitude=False),
            do("王奶奶", "rate", solved="no", stars=1, reason=True),
            do("书记", "rework", about_attitude=True),
        ),
    ),
    "the resident asks for it once more": Road(
        "for_caller", (*SERVED, do("王奶奶", "rework", about_attitude=True), wait(minutes=5)), True
    ),
    "two failures": Road(
        "place",
        (
            do("派单员", "offer", to="小李"),
            do("小李", "decline"),
            do("派单员", "offer", to="小李"),
            do("派单员", "offer", to="小赵"),
            wait(minutes=9),
            do("小孙", "claim"),
            do("小孙", "release"),
            do("队长", "claim"),
        ),
    ),
    "a team": Road(
        "for_caller_by_dispatcher",
        (
            do("派单员", "offer", to="team"),
            do("书记", "offer", to="team"),
            do("队员", "accept"),
            do("队长", "assign", to="队长"),
            do("派单员", "contact", channel="phone"),
            do("队长", "start", how="unverified"),
            do("队长", "abort"),
            wait(minutes=4),
        ),
        True,
    ),
    "the matcher finds one after the other, until nobody is left": Road("place", (wait(hours=1),), True),
    "nobody qualifies": Road(
        "place",
        (
            do("小李", "away"),
            do("队员", "away"),
            do("小赵", "away"),
            do("队长", "away"),
            wait(minutes=4),
            do("小孙", "claim"),
        ),
        True,
    ),
    "missed limits": Road(
        "place", (wait(minutes=25), wait(minutes=25), wait(hours=5), wait(days=1), do("书记", "hand_over", to="派单员"))
    ),
    "nobody comes, and the staff take it back": Road(
        "place",
        (
            do("派单员", "offer", to="小李"),
            do("小李", "accept"),
            do("小李", "take_back"),
            do("派单员", "take_back"),
            do("派单员", "offer", to="小李"),
            wait(minutes=4),
        ),
        True,
    ),
    "an offer that was sent by mistake": Road(
        "place",
        (
            do("派单员", "offer", to="小李"),
            do("小李", "take_back"),
            do("派单员", "take_back"),
            do("小李", "accept"),
            wait(minutes=4),
            do("派单员", "take_back"),
            do("派单员", "offer", to="team"),
            do("派单员", "take_back"),
            wait(minutes=25),
            do("派单员", "offer", to="小孙"),
            do("派单员", "take_back"),
            do("小孙", "claim"),
        ),
        True,
    ),
    "whoever was complained of does not come again": Road(
        "place",
        (
            *SERVED,
            do("王奶奶", "rework", about_attitude=True),
            do("派单员", "offer", to="小李"),
            wait(minutes=25),
            do("小李", "claim"),
            do("小赵", "claim"),
            do("小赵", "start", how="code"),
            do("小赵", "deliver"),
            do("书记", "rework", about_attitude=False),
            do("派单员", "offer", to="小李"),
        ),
    ),
    "the same team comes again": Road(
        "place",
        (
            do("派单员", "offer", to="team"),
            do("队员", "accept"),
            do("队员", "start", how="code"),
            do("队员", "deliver"),
            do("队员", "away"),
            do("王奶奶", "rework", about_attitude=False),
            wait(minutes=4),
        ),
        True,
    ),
    "an appointment that is missed": Road(
        "place",
        (
            do("派单员", "offer", to="小李"),
            do("小李", "accept"),
            do("小李", "propose", hours=2),
            do("王奶奶", "confirm"),
            wait(hours=3),
        ),
    ),
    "an appointment that is moved, and missed at its new time": Road(
        "place",
        (
            do("派单员", "offer", to="小李"),
            do("小李", "accept"),
            do("小李", "propose", hours=2),
            do("王奶奶", "confirm"),
            do("王奶奶", "propose", hours=5),
            do("小李", "propose", hours=None),
            do("小李", "confirm"),
            do("派单员", "propose", hours=4),
            do("派单员", "propose", hours=None),
            do("王奶奶", "propose", hours=5),
            do("派单员", "confirm"),
            do("小李", "propose", hours=26),
            do("小李", "confirm"),
            do("王奶奶", "confirm", seen=False),
            do("王奶奶", "confirm"),
            wait(hours=3),
            do("派单员", "take_back"),
            wait(hours=24),
        ),
    ),
    "an appointment on which the staff agree for whoever serves": Road(
        "place",
        (
            do("派单员", "offer", to="小李"),
            do("小李", "accept"),
            do("王奶奶", "propose", hours=2),
            do("派单员", "confirm"),
            do("小李", "propose", hours=5),
            do("小李", "start", how="code"),
        ),
    ),
    "an appointment that the staff propose, and a member who is sent after a move was proposed": Road(
        "place",
        (
            do("派单员", "offer", to="team"),
            do("队长", "accept"),
            do("派单员", "propose", hours=2),
            do("王奶奶", "confirm"),
            do("队长", "propose", hours=5),
            do("队长", "assign", to="队员"),
            do("王奶奶", "confirm"),
            do("队员", "propose", hours=4),
            do("王奶奶", "confirm"),
        ),
        True,
    ),
    "an appointment that is missed before anybody agreed to another time": Road(
        "place",
        (
            do("派单员", "offer", to="小李"),
            do("小李", "accept"),
            do("小李", "propose", hours=2),
            do("王奶奶", "confirm"),
            do("小李", "propose", hours=26),
            Step("sleep", "time", {"seconds": 2.5 * 3600}),
            do("王奶奶", "confirm"),
            do("小李", "propose", hours=26),
            wait(minutes=5),
            do("小孙", "claim"),
        ),
    ),
    "an appointment that is kept": Road(
        "place_for",
        (
            do("派单员", "offer", to="小李"),
            do("小李", "accept"),
            do("女儿", "propose", hours=2),
            do("小李", "confirm"),
            wait(hours=2),
            do("小李", "wrong_code"),
            do("小李", "start", how="code"),
            wait(hours=5),
            do("小李", "call_off"),
        ),
    ),
    "who began before it was given back": Road(
        "place",
        (
            do("派单员", "offer", to="小李"),
            do("小李", "accept"),
            do("小李", "away", asleep=True),
            do("小李", "start", how="code"),
            wait(minutes=1),
        ),
    ),
    "a question": Road(
        "place",
        (
            do("派单员", "reply"),
            do("派单员", "ask"),
            wait(hours=2),
            do("王奶奶", "answer"),
            wait(hours=5),
            do("派单员", "ask"),
            wait(days=4),
        ),
    ),
    "a question that is answered after what waited for it was settled": Road(
        "place",
        (
            do("派单员", "offer", to="小李"),
            do("小李", "accept"),
            do("小李", "ask"),
            do("小李", "propose", hours=2),
            do("王奶奶", "confirm"),
            do("王奶奶", "answer"),
            do("小李", "release"),
            wait(hours=5),
        ),
    ),
    "force majeure": Road(
        "place",
        (
            do("书记", "pause", kind="coordinate", seconds=3600),
            do("王奶奶", "dispute"),
            wait(minutes=30),
            do("管理员", "decide", upheld=True),
            do("书记", "pause", kind="plan", seconds=3600),
            wait(minutes=30),
            do("派单员", "resume", kind="plan"),
        ),
    ),
    "a promise that is missed": Road(
        "place", (do("派单员", "write_plan", hours=2), wait(hours=4), do("派单员", "convert"))
    ),
    "who goes away gives back": Road(
        "place", (do("派单员", "offer", to="小李"), do("小李", "accept"), do("小李", "away"), do("派单员", "reject"))
    ),
    "an errand": Road(
        "errand",
        (*ERRAND, do("小李", "wrong_return_code"), do("小李", "return_papers", how="code"), do("小李", "deliver")),
    ),
    "papers come back late": Road(
        "errand_for",
        (
            do("派单员", "offer", to="小李"),
            do("小李", "accept"),
            do("女儿", "record_authority"),
            do("王奶奶", "withdraw_authority"),
            do("王奶奶", "record_authority"),
            do("小李", "wrong_code"),
            do("小李", "hand_over_papers", how="code"),
            do("小李", "abort"),
            do("派单员", "return_papers", how="code"),
            do("王奶奶", "cancel"),
        ),
    ),
    "an errand for a caller": Road(
        "for_caller_errand",
        (
            do("派单员", "offer", to="小李"),
            do("小李", "accept"),
            do("站点", "record_authority"),
            do("小李", "hand_over_papers", how="unverified"),
            do("站点", "contact", channel="phone"),
            do("小李", "hand_over_papers", how="unverified"),
            do("小李", "return_papers", how="unverified"),
            do("站点", "contact", channel="phone"),
            do("小李", "return_papers", how="unverified"),
            do("小李", "deliver"),
        ),
    ),
    "a wish": Road("wish", (do("小李", "claim_wish"), do("小李", "start", how="code"), do("小李", "deliver"))),
    "a claim that runs out": Road("wish", (wait(days=4), do("小李", "claim_wish"), wait(days=15))),
    "a slot": Road(
        "book",
        (do("王奶奶", "propose", hours=26), wait(hours=6), do("队长", "start", how="code"), do("队长", "deliver")),
    ),
    "a slot, and then another time": Road(
        "book",
        (
            do("队长", "start", how="code"),
            do("队长", "deliver"),
            do("王奶奶", "rate", solved="no", stars=1, reason=True),
            do("派单员", "offer", to="小李"),
            do("小李", "accept"),
            do("王奶奶", "propose", hours=28),
            do("小李", "confirm"),
        ),
    ),
    "a slot that is given back": Road("book", (do("队长", "release"), wait(minutes=5)), True),
    "a slot at which nobody begins": Road("book", (wait(hours=7),), True),
    "a day that is cancelled": Road("book", (do("书记", "cancel_day"),)),
}
