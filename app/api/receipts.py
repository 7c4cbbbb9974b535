"""What a receipt says in Chinese: the state of a matter after a command, or what was done to a record."""

from collections.abc import Mapping
from typing import Final

from app.domain.cases import board_policy
from app.domain.cases import policy as case_policy
from app.domain.orders import policy as order_policy

DONE: Final[Mapping[str, str]] = {
    "add": "已添加", "apply": "已申请", "approve": "已同意", "cancel": "已取消", "change_password": "密码已修改",
    "close": "已关闭", "consent": "已同意", "create": "已新建", "decide": "已决定", "disband": "已解散",
    "draft": "草稿已保存", "end": "已结束", "grant": "已授予", "hand_over": "已交班", "import": "已导入",
    "issue": "已发卡", "join": "已加入", "lapse": "任期已满", "name": "已指定", "open": "已开设",
    "pause": "已暂停", "pending": "待同意", "propose": "已提请", "publish": "已发布", "publish_draft": "草稿已发布",
    "read": "已读", "refuse": "未同意", "register": "已登记", "remove": "已移除", "reset_password": "密码已重设",
    "resume": "已恢复", "retract": "已撤回", "revoke": "任职已结束", "set": "已设定", "set_lead": "队长已指定",
    "update": "已修改", "withdraw": "已下架",
}  # fmt: skip
"""Of the verbs of records, whose action stands where a matter has its state."""

LABELS: Final[Mapping[str, str]] = {
    **DONE,
    **order_policy.LIFECYCLE.states_zh,
    **case_policy.LIFECYCLE.states_zh,
    **board_policy.LIFECYCLE.states_zh,
}
"""By state; no two kinds of matter call one state by two names."""
