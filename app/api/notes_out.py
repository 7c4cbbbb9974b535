"""What the history keeps of a step beside action and states, in words that people read."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.domain.deadlines.models import label_of
from app.domain.deadlines.spoken import moment
from app.domain.orders.kind_tables import Claimant
from app.domain.orders.models import Abort, Calling, Channel, Reject, TakeBack
from app.kernel.time import wire

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
REASONS: Mapping[str, type[Abort | Reject | TakeBack]] = {
    "abort": Abort, "call_off": Abort, "reject": Reject, "take_back": TakeBack,
}  # fmt: skip
CONTACT: Mapping[str, str] = {"name": "姓名", "phone": "电话", "address": "地址"}
CHANNELS: Mapping[str, type[Channel | Calling]] = {"contact": Channel, "place_for_caller": Calling}


def shown(note: Mapping[str, Any], meet_at: datetime | None) -> dict[str, Any]:
    """The note with every moment written as those of every answer. `meet_at`: the time that the step proposed or confirmed."""
    found = dict(note) if meet_at is None else {**note, "meet_at": meet_at.isoformat()}
    return {
        key: wire(datetime.fromisoformat(value)) if isinstance(value, str) and MOMENT.fullmatch(value) else value
        for key, value in found.items()
    }


def said(action: str, note: Mapping[str, Any]) -> str | None:
    """The same of a step of an order in one sentence; None where the note has nothing for people."""
    return ";".join(part for key, value in note.items() if (part := _part(action, key, value))) or None


def _part(action: str, key: str, value: Any) -> str | None:  # noqa: C901, PLR0911, PLR0912 - one line for each key
    match key:
        case "reason":
            return f"原因:{REASONS[action](value).label if action in REASONS else value}"
        case "why" | "outcome":
            return str(value)
        case "channel" if action in CHANNELS:
            return f"方式:{CHANNELS[action](value).label}"
        case "changed":
            return "更改:" + "、".join(CONTACT[part] for part in value)
        case "nobody_home":
            return "到了约定的时间上门,没有人应门"
        case "kept":
            return "原来约定的时间照旧,对方提的时间不再算数"
        case "failures":
            return f"本轮第 {value} 次没有派成"
        case "from_name":
            return f"原来的服务:{value}"
        case "to_name":
            return f"改为:{value}"
        case "lost":
            return f"材料遗失:{value}"
        case "unverified":
            return "没有开始码和住户卡,未核验"
        case "called":
            return "完成之后有人联系过居民" if value else "完成之后没有人联系过居民"
        case "upheld":
            return "支持居民,时间照常计算" if value else "暂停有效"
        case "unsolved":
            return "评价为未解决,自动再来一轮"
        case "missed":
            return "方案的时限已过"
        case "meet_at":
            return f"时间:{moment(datetime.fromisoformat(value))}"
        case "moved_from":
            return f"原来的时间:{moment(datetime.fromisoformat(value))}"
        case "claimed_as":
            return f"以{Claimant(value).label}的名义"
        case "papers":
            return f"材料 {value} 项"
        case "marks":
            return "、".join(f"{label_of(one['deadline'])}时限 {one['percent']}%" for one in value)
    return None
