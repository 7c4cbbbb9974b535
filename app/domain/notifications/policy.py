"""The words of notices, in Chinese, by topic. Pure; a text never holds personal data."""

from collections.abc import Mapping
from typing import Any

from app.domain.deadlines.models import LABELS

TEXTS: Mapping[str, str] = {
    "order.placed": "有新的订单,请尽快派单",
    "order.offered": "社区派给您一个订单,请尽快接单",
    "order.lapsed": "派出的订单无人应答,已退回待派",
    "order.accepted": "您的订单已有志愿者接单",
    "order.started": "志愿者已开始服务",
    "order.delivered": "服务已完成,请评价",
    "order.rated": "居民已评价您的服务",
    "order.taken": "派给您的订单已由他人领取",
    "order.cancelled": "居民取消了订单",
    "role.granted": "您有了新的角色",
}


def sentence(topic: str, payload: Mapping[str, Any]) -> str:
    """The notice as people read it; a limit speaks otherwise to whoever waits than to whoever must act."""
    return _of_limit(payload) if topic == "deadline.mark" else TEXTS.get(topic, "您有一条新消息")


def _of_limit(payload: Mapping[str, Any]) -> str:
    promise, percent = LABELS.get(payload["deadline"], "办理"), payload["percent"]
    if payload.get("late") and percent >= 100:
        return f"订单的{promise}时限已错过({percent}%),其后才得到处理"
    if payload.get("late"):
        return f"订单已在{promise}时限内得到处理(用了 {percent}% 以上)"
    if payload.get("to") == "requester":
        return f"您的订单{promise}时限{'即将到期' if percent < 100 else '已超过'},社区正在催办"
    if percent < 100:
        return f"订单的{promise}时限即将到期(已用 {percent}%),请尽快处理"
    if percent == 100:
        return f"订单的{promise}时限已到期,请立即处理"
    return f"订单的{promise}时限已超过({percent}%),请您亲自负责"
