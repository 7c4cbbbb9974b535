"""What orders look like over HTTP: the answers, their examples, and how a row becomes one."""

from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter
from sqlalchemy import RowMapping

from app.api import notes_out
from app.api.codes import return_code, start_code
from app.api.deps import Sealer
from app.api.doing import ActionOut, labels, offered
from app.api.schema import Choice, Out, StrictUUID
from app.domain.deadlines.models import label_of
from app.domain.orders.clocks import Clocks, total_of
from app.domain.orders.kind_facts import PaperReceipt, papers_out, returns
from app.domain.orders.kind_tables import Claimant
from app.domain.orders.models import OrderState, Reject, Solved
from app.domain.orders.policy import CASE, CODE, LIFECYCLE, suits
from app.domain.people.titles import office
from app.domain.services.models import Evidence, Form
from app.kernel.lifecycle import Lifecycle
from app.kernel.matter import Matter, columns_of
from app.kernel.rules import Actor, Role, Via
from app.kernel.time import Moment
from app.kernel.vault import Vault, mask_name, mask_phone

ID = "01985a3c-4444-7f00-8a6b-2f4c5d6e7f05"
AT = "2026-03-01T09:00:00+08:00"
EVIDENCE = "种类:" + "、".join(f"{kind.value} {kind.label}" for kind in Evidence)
PLACED_AS = {"self": "本人", "representative": "代下单人", "staff": "工作人员"}
_RECEIPTS = TypeAdapter(tuple[PaperReceipt, ...])


class OrderRow(Out):
    id: StrictUUID = Field(description="订单编号")
    state: Choice[OrderState] = Field(description="状态")
    state_label: str = Field(description="状态的中文名称")
    version: int = Field(description="版本")
    service_id: StrictUUID = Field(description="服务编号")
    service_name: str = Field(description="服务名称")
    place_id: StrictUUID = Field(description="社区或小区编号")
    place_name: str = Field(description="社区或小区名称")
    form: Choice[Form] = Field(description="形式:visit 上门服务、errand 帮办代办、wish 微心愿、service_day 服务日")
    form_label: str = Field(description="形式的中文名称")
    note: str = Field(description="需要什么帮助")
    contact_name: str | None = Field(description="上门找谁:联系人的姓名(隐去名字);看不到联系方式则为 null")
    meet_at: Moment | None = Field(description="双方已确认的约定时间;没有则为 null")
    offered_to: str | None = Field(
        description="已派出、等谁答复:队伍名称,或志愿者的姓名(隐去名字);没有派出,或看不到,则为 null"
    )
    open_pool: bool = Field(description="是否已开放抢单,而还没有人接")
    keeps_papers: bool = Field(description="是否有我签收、还须归还居民的材料(listPapers、returnPapers)")
    due_at: Moment | None = Field(description="最近的时限;没有则为 null")
    due_label: str | None = Field(description="到期的是哪项时限;没有则为 null")
    created_at: Moment = Field(description="点单时间")


class ContactOut(Out):
    name: str = Field(description="联系人")
    phone: str = Field(description="电话")
    address: str = Field(description="上门地址")


class VolunteerOut(Out):
    id: StrictUUID = Field(description="志愿者编号")
    team: str | None = Field(description="派给队伍的单:队伍名称")
    name: str | None = Field(description="姓名(隐去名字);看不到则为 null")
    phone: str | None = Field(description="电话(隐去中间四位);看不到则为 null")


class AppointmentOut(Out):
    meet_at: Moment = Field(description="上门的时间;预约了服务日的,是到场的时间")
    day_place: str | None = Field(description="预约了服务日的:居民到哪里去;上门的为 null")
    proposed_by: Literal["resident", "community"] = Field(
        description="由哪一方提出:resident 居民,community 志愿者或社区"
    )


class RatingOut(Out):
    round: int = Field(description="评价的是第几轮")
    solved: Choice[Solved] = Field(description="是否解决")
    solved_label: str = Field(description="是否解决,中文")
    stars: int = Field(description="几星")
    reason: str | None = Field(description="原因")
    rated_at: Moment = Field(description="评价时间")
    by_representative: bool = Field(description="是否由代下单人评价")
    passed_on: bool = Field(description="是否来电转达:由工作人员按居民所说填写")


class RoundOut(Out):
    round: int = Field(description="第几轮")
    started_at: Moment = Field(description="开始:点单或返工")
    ended_at: Moment | None = Field(description="结束:服务完成或订单终止;仍在进行则为 null")


class TotalOut(Out):
    ended_at: Moment | None = Field(description="总用时停在何时;仍在计时则为 null")
    minutes: int = Field(description="从点单起,历经各轮,一共过了多少分钟")
    working_minutes: int | None = Field(description="其中按方案时限的日历计多少分钟;没有方案时限则为 null")
    rounds: list[RoundOut] = Field(description="各轮,从早到晚;两轮之间的时间也计入总用时")


class EvidenceOut(Out):
    kind: Choice[Evidence] = Field(description=EVIDENCE)
    kind_label: str = Field(description="种类的中文名称")
    round: int = Field(description="第几轮的")
    text: str | None = Field(description="说明,或核对了什么")
    sha256: str | None = Field(description="照片、票据的文件摘要(SHA-256)")
    taken_at: Moment | None = Field(description="照片、票据的拍摄时间")


class OrderOut(OrderRow):
    round: int = Field(description="第几轮")
    total: TotalOut = Field(description="居民的总用时,返工后继续计")
    counting_from: Moment | None = Field(
        description="现在不在值守和工作时间时,时限从何时开始计时;现在正在计时,或没有时限,则为 null"
    )
    contact: ContactOut | None = Field(description="联系方式;无权查看则为 null")
    beneficiary_id: StrictUUID | None = Field(description="受益人编号;看不到联系方式则为 null")
    placed_as: Literal["self", "representative", "staff"] = Field(
        description="由谁点单:self 本人、representative 代下单人、staff 工作人员为来电或到站的居民"
    )
    placed_as_label: str = Field(description="由谁点单,中文")
    unverified: bool = Field(description="是否未核验(没有开始码和住户卡)而开始服务")
    start_code: str | None = Field(
        description="开始码,志愿者上门时出示;只给下单人和受益人,接单之后才有,每次服务各不相同"
    )
    volunteer: VolunteerOut | None = Field(description="志愿者;尚无则为 null")
    appointment: AppointmentOut | None = Field(
        description="双方已确认的约定,改期得到双方确认之前都算数;没有,或订单已经结束,则为 null"
    )
    proposed_appointment: AppointmentOut | None = Field(
        description="已提出、等对方确认的时间;已有约定时是想改到的时间;没有则为 null"
    )
    claimed_as: Choice[Claimant] | None = Field(
        description="微心愿以谁的名义认领:member 个人、unit 单位、group 集体;不是微心愿或无人认领则为 null"
    )
    claimed_as_label: str | None = Field(description="以谁的名义,中文")
    claimed_name: str | None = Field(description="认领的单位或集体的名称")
    return_code: str | None = Field(description="归还码,代办员归还材料时出示;只给居民,有材料在外时才有,每次归还后更换")
    held_by: Literal["me", "somebody"] | None = Field(
        description="时限多次错过后有专人负责:me 由我负责,somebody 由他人负责;没有则为 null"
    )
    outcome: str | None = Field(description="做了什么;这一轮还没有完成则为 null")
    evidence_wanted: list[Choice[Evidence]] = Field(description="完成时须交的凭据;空表示写明做了什么即可")
    evidence: list[EvidenceOut] = Field(description="已交的凭据;只给居民、社区,和交的人本人")
    cancel_reason: str | None = Field(description="取消的原因")
    reject_reason: str | None = Field(description="不予受理的原因")
    other_help: str | None = Field(description="不予受理时,还可以向谁求助")
    convert_reason: str | None = Field(description="转为事件的原因;没有转,或方案的时限已过而由系统转的,则为 null")
    case_id: StrictUUID | None = Field(description="转成的民情事项编号;没有转、正在立案则为 null")
    case_label: str | None = Field(
        description="转为事件之后:正在立案,或已立案;立案由系统随后完成,通常几秒钟;没有转,或看不到事项,则为 null"
    )
    rework_reason: str | None = Field(description="上一轮哪里没有做好,返工的人须知道;没有返工,或只关服务态度,则为 null")
    rating: RatingOut | None = Field(description="最近一次评价;返工后仍显示上一轮的,说明为什么返工")
    actions: list[ActionOut] = Field(description="我现在可以做的操作,各由哪个接口来做")


class HistoryRow(Out):
    version: int = Field(description="版本")
    action: str = Field(description="操作")
    label: str = Field(description="操作的中文名称")
    from_state: str | None = Field(description="之前的状态")
    from_state_label: str | None = Field(description="之前状态的中文名称")
    to_state: str = Field(description="之后的状态")
    to_state_label: str = Field(description="之后状态的中文名称")
    by: str = Field(
        description="以何身份:requester 居民、representative 代下单人、assignee 志愿者、subtree 工作人员、system 系统……"
    )
    by_label: str = Field(description="以何身份,中文;只由一种岗位办理的,写明岗位,如回访员")
    by_me: bool = Field(description="是不是我做的")
    at: Moment = Field(description="时间")
    note: dict[str, Any] = Field(description="补充")
    note_label: str | None = Field(description="补充的中文,可直接显示;没有则为 null")


class HistoryOut(Out):
    items: list[HistoryRow] = Field(description="从早到晚")


ROW_EXAMPLE: dict[str, Any] = {
    "id": ID, "state": "accepted", "state_label": "已接单", "version": 3, "service_id": ID, "service_name": "陪同就医",
    "place_id": ID, "place_name": "西峪社区", "form": "visit", "form_label": "上门服务",
    "note": "周三上午想请人陪我去医院取药", "contact_name": "王**", "meet_at": "2026-03-03T10:00:00+08:00", "offered_to": None,
    "open_pool": False, "keeps_papers": False,
    "due_at": "2026-03-01T13:00:00+08:00", "due_label": "协调", "created_at": AT,
}  # fmt: skip
PAGE_EXAMPLE = {"items": [ROW_EXAMPLE], "next_cursor": None}
ORDER_EXAMPLE = {
    **ROW_EXAMPLE,
    "round": 1,
    "total": {
        "ended_at": None,
        "minutes": 95,
        "working_minutes": 95,
        "rounds": [{"round": 1, "started_at": AT, "ended_at": None}],
    },
    "counting_from": None,
    "contact": {"name": "王秀英", "phone": "13812345678", "address": "西峪东街 8 号院 2 号楼 3 单元 501"},
    "beneficiary_id": ID,
    "placed_as": "self",
    "placed_as_label": "本人",
    "unverified": False,
    "start_code": "482913",
    "appointment": {"meet_at": "2026-03-03T10:00:00+08:00", "day_place": None, "proposed_by": "community"},
    "proposed_appointment": {"meet_at": "2026-03-04T15:00:00+08:00", "day_place": None, "proposed_by": "resident"},
    "claimed_as": None,
    "claimed_as_label": None,
    "claimed_name": None,
    "return_code": None,
    "volunteer": {"id": ID, "team": None, "name": "李*", "phone": "139****5678"},
    "held_by": None,
    "outcome": None,
    "evidence_wanted": ["photo"],
    "evidence": [],
    "cancel_reason": None,
    "reject_reason": None,
    "other_help": None,
    "convert_reason": None,
    "case_id": None,
    "case_label": None,
    "rework_reason": None,
    "rating": None,
    "actions": labels(LIFECYCLE, ("cancel", "cancelOrder")),
}
HISTORY_EXAMPLE = {
    "items": [
        {
            "version": 1, "action": "place", "label": LIFECYCLE.actions_zh["place"], "from_state": None,
            "from_state_label": None, "to_state": "submitted", "to_state_label": LIFECYCLE.states_zh["submitted"],
            "by": "requester", "by_label": "下单人", "by_me": True, "at": AT, "note": {},
            "note_label": None,
        }
    ]
}  # fmt: skip


KEPT = (OrderState.ACCEPTED, OrderState.IN_SERVICE)
"""While what was agreed is kept."""
KEEPER = frozenset({Via.KEEPER.value})


def receipts_of(row: RowMapping) -> tuple[PaperReceipt, ...]:
    """The receipts for an errand's papers; none of another order."""
    return _RECEIPTS.validate_python(row["receipts"] or ())


def show_row(row: RowMapping, sealer: Sealer) -> OrderRow:
    return OrderRow(**_common(row, sealer))


def show_order(row: RowMapping, clocks: Clocks, reader_id: UUID, sealer: Sealer, vault: Vault) -> OrderOut:
    """An order as this reader may see it; what row-level security hid is null already."""
    actor = Actor(
        reader_id,
        frozenset(Role(role) for role in row["roles"]),
        row["team"],
        parts=KEEPER if row["keeps_papers"] else frozenset(),
    )
    order: Matter[None] = Matter(**columns_of(row), kind=LIFECYCLE.kind, detail=None)
    placed_as = _placed_as(order, row["placed_through"])
    passed_on = row["by_another"] and (placed_as == "staff" or not row["by_placer"])
    shows_code = order.state == OrderState.ACCEPTED and any(rule.allows(order, actor) for rule in CODE)
    begun = sum(step["to_state"] == OrderState.IN_SERVICE for step in row["steps"])
    receipts = receipts_of(row)
    shows_return = bool(papers_out(receipts)) and any(rule.allows(order, actor) for rule in CODE)
    name = sealer.opened("name", row["volunteer_name_sealed"])
    phone = sealer.opened("phone", row["volunteer_phone_sealed"])
    return OrderOut(
        **_common(row, sealer),
        round=order.round,
        total=_total(row, clocks),
        counting_from=clocks.counting_from,
        contact=row["name_sealed"]
        and ContactOut(
            name=vault.open("name", row["name_sealed"]),
            phone=vault.open("phone", row["phone_sealed"]),
            address=vault.open("address", row["address_sealed"]),
        ),
        beneficiary_id=row["name_sealed"] and order.beneficiary_id,
        placed_as=placed_as,
        placed_as_label=PLACED_AS[placed_as],
        unverified=row["unverified"],
        start_code=start_code(vault, order.id, order.assignee_id, begun) if shows_code and order.assignee_id else None,
        volunteer=order.assignee_id
        and VolunteerOut(
            id=order.assignee_id,
            team=row["team_name"],
            name=name and mask_name(name),
            phone=phone and mask_phone(phone),
        ),
        appointment=_appointment(row, confirmed=True),
        proposed_appointment=_appointment(row, confirmed=False),
        claimed_as=row["claimed_as"] and Claimant(row["claimed_as"]),
        claimed_as_label=row["claimed_as"] and Claimant(row["claimed_as"]).label,
        claimed_name=row["claimed_name"],
        return_code=return_code(vault, order.id, returns(receipts)) if shows_return else None,
        held_by=order.holder_id and ("me" if order.holder_id == reader_id else "somebody"),
        outcome=row["outcome"] if OrderState(row["state"]).done else None,
        evidence_wanted=row["evidence_wanted"],
        evidence=[EvidenceOut(**one, kind_label=Evidence(one["kind"]).label) for one in row["evidence"]],
        cancel_reason=row["cancel_reason"],
        reject_reason=row["reject_reason"] and Reject(row["reject_reason"]).label,
        other_help=row["other_help"],
        convert_reason=row["convert_reason"],
        case_id=row["case_id"],
        case_label=_case_label(row, order, actor),
        rework_reason=row["rework_reason"],
        rating=row["stars"]
        and RatingOut(
            round=row["rated_round"],
            solved=Solved(row["solved"]),
            solved_label=Solved(row["solved"]).label,
            stars=row["stars"],
            reason=row["reason"],
            rated_at=row["rated_at"],
            by_representative=row["by_representative"] and not passed_on,
            passed_on=passed_on,
        ),
        actions=offered(LIFECYCLE, order, actor, waits_of(row)),
    )


def waits_of(row: RowMapping) -> dict[str, bool]:
    """What each action would find: what the form of the order has, the papers that are out, and what the query looked for."""
    papers = bool(papers_out(receipts_of(row)))
    unsuitable = {t.action: False for t in LIFECYCLE.transitions if not suits(t.action, row["form"])}
    # An errand whose authority was withdrawn is not delivered; one that has run out does not stand in the way.
    allowed = row["form"] != Form.ERRAND or row["waits"]["withdraw_authority"]
    return {"return_papers": papers, "deliver": allowed and not papers, **row["waits"], **unsuitable}


def _case_label(row: RowMapping, order: Matter[None], actor: Actor) -> str | None:
    """The worker opens the case after the order has been converted: until then it is said that it comes."""
    if order.state != OrderState.CONVERTED or not any(rule.allows(order, actor) for rule in CASE):
        return None
    return "已立案,编号见 case_id" if row["case_id"] else "正在立案,请稍候再看"


def _appointment(row: RowMapping, *, confirmed: bool) -> AppointmentOut | None:
    """What is agreed while it is kept, and what is proposed while it may be agreed on; of what has ended neither stands."""
    stands = KEPT if confirmed else (OrderState.ACCEPTED,)
    for one in row["appointments"] if row["state"] in stands else ():
        if one["confirmed"] is confirmed:
            return AppointmentOut(
                meet_at=one["meet_at"],
                day_place=None if one["day"] is None else one["day"] or row["place_name"],
                proposed_by="resident" if one["by_resident"] else "community",
            )
    return None


def _total(row: RowMapping, clocks: Clocks) -> TotalOut:
    total, now, minute = total_of(row), row["now"], timedelta(minutes=1)
    return TotalOut(
        ended_at=total.ended_at,
        minutes=total.passed(now) // minute,
        working_minutes=total.worked(clocks.plan, now) // minute if clocks.plan else None,
        rounds=[RoundOut(round=one.number, started_at=one.started_at, ended_at=one.ended_at) for one in total.rounds],
    )


def _placed_as(order: Matter[None], through: str | None) -> Literal["self", "representative", "staff"]:
    """`through`: as what it was placed, where the reader sees that; its representative may be one no more."""
    if order.placed_by == order.beneficiary_id:
        return "self"
    represented = order.placed_by == order.requester_id or through == Via.REPRESENTATIVE
    return "representative" if represented else "staff"


LOST = "报告材料遗失"
"""What a return of papers is called that is none."""


def show_history(row: RowMapping | dict[str, Any], reader_id: UUID, lifecycle: Lifecycle = LIFECYCLE) -> HistoryRow:
    """A step of a matter; a mark of a limit is a step that no lifecycle knows."""
    kept = {name: value for name, value in row["note"].items() if name not in row.get("hidden", ())}
    note = notes_out.shown(kept, row.get("agreed_on"))
    form = row.get("form") if lifecycle is LIFECYCLE else None

    def said(state: str) -> str:
        return lifecycle.states_zh[state] if form is None else OrderState(state).said(form)

    return HistoryRow(
        version=row["version"],
        action=row["action"],
        label=LOST if "lost" in note else lifecycle.actions_zh.get(row["action"], "时限节点"),
        from_state=row["from_state"],
        from_state_label=row["from_state"] and said(row["from_state"]),
        to_state=row["to_state"],
        to_state_label=said(row["to_state"]),
        by=row["through"],
        by_label=_acted_as(lifecycle, row["action"], as_whom(row["through"], for_another=row["for_another"])),
        by_me=row["actor_id"] == reader_id,
        at=row["at"],
        note=note,
        note_label=notes_out.said(row["action"], note) if lifecycle is LIFECYCLE else None,
    )


def as_whom(through: str, *, for_another: bool) -> Via:
    """As what somebody acted: whoever asked for it for somebody else is their representative."""
    via = Via(through)
    return Via.REPRESENTATIVE if via is Via.SELF and for_another else via


def _acted_as(lifecycle: Lifecycle, action: str, via: Via) -> str:
    """In words. Where one role alone may do it for the place, it was that one: so a call-back officer, an arbiter, a supervisor
    is told from whoever handles the matter. Others are staff, of the community or from above."""
    by = next((row.by for row in lifecycle.transitions if row.action == action), ()) if via is Via.SUBTREE else ()
    roles = {role for rule in by if rule.via is via for role in rule.roles}
    return office(roles.pop()) if len(roles) == 1 else via.label


def _common(row: RowMapping, sealer: Sealer) -> dict[str, Any]:
    state = OrderState(row["state"])
    contact, offered = (sealer.opened("name", row[sealed]) for sealed in ("contact_name_sealed", "offered_name_sealed"))
    made: dict[str, Any] = {
        "state": state,
        "state_label": state.said(row["form"]),
        "contact_name": contact and mask_name(contact),
        "meet_at": row["meet_at"] if state in KEPT else None,
        "offered_to": row["offered_team"] or (offered and mask_name(offered)),
        "form_label": Form(row["form"]).label,
        "open_pool": state.in_pool(opened=row["open_pool"]),
        "due_label": row["due_kind"] and label_of(row["due_kind"]),
    }
    return {name: row[name] for name in OrderRow.model_fields if name not in made} | made
