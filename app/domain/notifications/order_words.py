"""What notices say of an order that comes back, by who sent it back and to whom it is said, and of what the staff did on the
resident's word. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.domain.deadlines.spoken import moment
from app.domain.people.handing_back import WhyLeft
from app.kernel.rules import Role

CAME_BACK: Mapping[str, Mapping[str, str]] = {
    "order.released": {
        "": "志愿者退回了订单",
        "volunteer": "志愿者退回了订单",
        "nobody_home": "志愿者来过,没有人应门",
        "lead": "队长退回了订单",
        "left": "原来的志愿者不再承接",
        "no_answer": "社区联系不上志愿者,收回了订单",
        "no_appointment": "志愿者迟迟没有约定时间,社区收回了订单",
        "cannot_come": "志愿者来不了,社区收回了订单",
        "resident_asks": "社区按您这一方的要求收回了订单",
        "by_mistake": "订单派错了人,社区收回了",
    },
    "order.handed_back": {
        "": "原定的人不再承接",
        WhyLeft.ROLE: "原定的人不再做志愿者",
        WhyLeft.TEAM: "原定的人已离开服务队",
        WhyLeft.DISBANDED: "服务队已解散",
        WhyLeft.AWAY: "原定的人暂时离开",
        WhyLeft.LEAD: "派给的服务队换了队长",
    },
    "order.taken_back": {
        "": "社区收回了您已接的订单",
        "lead": "队长退回了您承接的订单",
        "replaced": "队长改请别的队员去做您承接的订单",
        "left": "您不再承接一个订单,它已退回社区",
    },
}
"""By topic and by `why`; a notice from before that was said has none."""

DONE: Mapping[str, str] = {
    "cancel": "取消了订单",
    "rate": "评价了服务",
    "rework": "要求再做一次",
    "abort": "中止了服务,社区会另行安排",
    "call_off": "终止了服务",
    "answer": "回答了问题",
    "propose": "提了上门的时间{at},请看订单",
    "confirm": "确认了上门的时间{at}",
    "change_contact": "更改了订单的联系方式",
    "record_authority": "写下了帮办代办的授权",
    "withdraw_authority": "收回了帮办代办的授权",
}


def said_of_order(topic: str, payload: Mapping[str, Any]) -> str | None:
    """The notice, where it is one of these."""
    if topic in CAME_BACK:
        return came_back(topic, payload)
    return done_for_caller(payload) if topic == "order.passed_on" else None


def came_back(topic: str, payload: Mapping[str, Any]) -> str:
    """Who sent it back, what its reader may expect or has to do, and that the time agreed on is void."""
    said = CAME_BACK[topic][payload.get("why", "")]
    if topic == "order.taken_back":
        follows = "请不必再去"
    elif payload.get("wish"):
        follows = "微心愿已重新开放认领"
    elif payload.get("to") != Role.DISPATCHER:
        follows = "社区会另行安排"
    else:
        follows = "请联系居民后另行派单" if payload.get("why") == "nobody_home" else "请另行派单"
    return f"{said},{follows}" + _void(payload)


def _void(payload: Mapping[str, Any]) -> str:
    if not payload.get("void"):
        return ""
    return f";原来约定的时间{_at(payload)}不再算数"


def _at(payload: Mapping[str, Any]) -> str:
    return f"({moment(datetime.fromisoformat(payload['meet_at']))})" if "meet_at" in payload else ""


def done_for_caller(payload: Mapping[str, Any]) -> str:
    """What was done in the reader's name, and what to do where it was not them who said so."""
    did = DONE.get(payload["did"], "办理了一件事,请看订单").format(at=_at(payload))
    return f"工作人员按居民所说{did};不是您说的,请联系社区"
