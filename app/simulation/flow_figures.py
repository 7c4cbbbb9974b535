"""What the report says of the flow: who dispatched, rounds, reasons, and the special kinds. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from app.domain.orders.models import Abort, Reject, Solved
from app.domain.orders.words import ACTIONS
from app.domain.services.models import Form
from app.simulation.measuring import Measured


@dataclass(frozen=True, slots=True)
class Offers:
    """Who offered: how often, and how many were fit among how many volunteers in the middle (0, 0: nobody looked)."""

    zh: str
    en: str
    times: int
    fit: float
    among: float


@dataclass(frozen=True, slots=True)
class Dispatch:
    """How orders came to somebody: who offered, and what became of the offers and of the pool."""

    offers: Sequence[Offers]
    outcomes: Sequence[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class RoundRow:
    """A round: how many orders came to it, which said whether it was solved, and how many ended in it."""

    round: int
    orders: int
    solved: int
    partly: int
    unsolved: int
    unrated: int


def dispatch_of(measured: Measured) -> Dispatch:
    def one(zh: str, en: str, action: str, shown: Sequence[tuple[int, int]]) -> Offers:
        fit, among = (median(column) for column in zip(*shown, strict=True)) if shown else (0, 0)
        return Offers(zh, en, measured.actions[action], fit, among)

    done = measured.actions
    return Dispatch(
        (
            one("派单员、书记", "people", "offer", measured.suggested),
            one("自动派单", "the matcher", "match", measured.matched),
        ),
        tuple(
            (zh, en, done[action])
            for zh, en, action in (
                ("接单", "accepted", "accept"),
                ("谢绝", "declined", "decline"),
                ("无人应答", "lapsed", "lapse"),
                ("抢单", "claimed from the pool", "claim"),
                ("无人合适", "nobody qualified", "open_pool"),
                ("接后退回", "given back", "release"),
                ("社区收回", "taken back", "take_back"),
                ("离开退回", "left", "hand_back"),
            )
        ),
    )


def rounds_of(measured: Measured) -> list[RoundRow]:
    said = {(number, solved): times for number, solved, times in measured.rated}
    last = max((order.round for order in measured.orders), default=0)
    rows = []
    for number in range(1, last + 1):
        orders = sum(order.round >= number for order in measured.orders)
        yes, partly, no = (said.get((number, solved), 0) for solved in Solved)
        rows.append(RoundRow(number, orders, yes, partly, no, orders - yes - partly - no))
    return rows


def reasons_of(measured: Measured) -> list[tuple[str, str, int]]:
    words: dict[str, type[Abort | Reject]] = {"abort": Abort, "call_off": Abort, "reject": Reject}
    return [
        (ACTIONS[action], words[action](reason).label, times)
        for action, reason, times in sorted(measured.reasons, key=lambda one: (one[0], -one[2], one[1]))
    ]


def kinds_of(measured: Measured) -> list[tuple[str, str, int]]:
    done, placed = measured.actions, measured.placed
    ended = {(form, state): times for form, state, times in measured.kinds}
    over = ("rated", "closed_unrated", "delivered")

    def kept(form: Form) -> int:
        return sum(ended.get((form.value, state), 0) for state in over)

    return [
        ("代下单", "ordered by a representative", placed.get("represented", 0)),
        ("来电或到站点单", "ordered by the station for a caller", done["place_for_caller"]),
        ("未核验开始", "started unverified", placed.get("unverified", 0)),
        ("队长改派队员", "the lead sent another member", done["assign"]),
        ("微心愿许下", "wishes made", done["wish"]),
        ("微心愿认领", "wishes claimed", done["claim_wish"]),
        ("认领到期", "claims expired", done["expire_claim"]),
        ("微心愿实现", "wishes fulfilled", kept(Form.WISH)),
        ("帮办代办", "errands", sum(times for (form, _), times in ended.items() if form == Form.ERRAND)),
        ("授权", "authorities", done["record_authority"]),
        ("材料交出", "papers handed over", placed.get("papers_out", 0)),
        ("材料归还", "papers returned", placed.get("papers_back", 0)),
        ("服务日名额", "places of service days", placed.get("places", 0)),
        ("预约成功", "booked", done["book"]),
        ("约满而未约上", "found no place", measured.refusals["book", "slot-full"]),
        ("服务日完成", "served on a service day", kept(Form.SERVICE_DAY)),
        ("随服务日取消", "cancelled with the day", done["cancel_day"]),
        ("不宜词被拒", "texts refused", sum(t for (_, code), t in measured.refusals.items() if code == "text-refused")),
    ]
