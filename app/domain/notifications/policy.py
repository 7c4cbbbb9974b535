"""The words of notices, in Chinese, by topic. Pure; a text never holds personal data."""

from collections.abc import Mapping
from typing import Any

TEXTS: Mapping[str, str] = {
    "order.placed": "有新的订单,请尽快派单",
    "order.offered": "社区派给您一个订单,请尽快接单",
    "order.lapsed": "派出的订单无人应答,已退回待派",
    "order.accepted": "您的订单已有志愿者接单",
    "order.started": "志愿者已开始服务",
    "order.delivered": "服务已完成,请评价",
    "order.rated": "居民已评价您的服务",
    "order.cancelled": "居民取消了订单",
    "role.granted": "您有了新的角色",
}

DEADLINES: Mapping[str, str] = {"respond": "响应", "offer": "接单", "finish": "完成"}


def sentence(topic: str, payload: Mapping[str, Any]) -> str:
    """The notice as people read it."""
    if topic != "deadline.mark":
        return TEXTS.get(topic, "您有一条新消息")
    promise, percent = DEADLINES.get(payload["deadline"], "办理"), payload["percent"]
    if payload.get("late"):
        return f"订单的{promise}时限已错过({percent}%),其后才得到处理"
    if percent < 100:
        return f"订单的{promise}时限即将到期(已用 {percent}%),请尽快处理"
    if percent == 100:
        return f"订单的{promise}时限已到期,请立即处理"
    return f"订单的{promise}时限已超过({percent}%),请您亲自负责"
