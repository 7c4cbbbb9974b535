"""What people call the deeds of an order."""

from collections.abc import Mapping

ACTIONS: Mapping[str, str] = {
    "place": "点单", "offer": "派单", "lapse": "派单失效", "accept": "接单", "claim": "抢单",
    "miss_appointment": "失约", "start": "开始服务", "wrong_code": "开始码或卡号不符", "deliver": "完成", "rate": "评单",
    "close_unrated": "未评关闭", "cancel": "取消", "contact": "联系", "reply": "答复", "ask": "提问",
    "answer": "回答", "propose": "提出约定", "confirm": "确认约定", "write_plan": "写方案", "pause": "暂停计时",
    "resume": "继续计时", "dispute": "提出异议", "decide": "裁定异议", "recalculate": "重新计算", "server_leaves": "服务中离开",
    "place_for_caller": "代来电者点单", "wish": "许下心愿", "book": "预约服务日", "match": "自动派单",
    "open_pool": "无人合适,开放抢单", "decline": "谢绝", "claim_wish": "认领心愿", "expire_claim": "认领到期",
    "assign": "队长改派", "release": "退回", "take_back": "社区收回", "hand_back": "离开而退回", "hand_over_papers": "交接材料",
    "abort": "中止另派", "call_off": "中途取消", "rework": "返工", "reject": "不予受理", "cancel_day": "服务日取消",
    "end_booking": "预约结束",
    "convert": "转为事件", "record_authority": "授权", "withdraw_authority": "收回授权", "return_papers": "归还材料",
    "wrong_return_code": "归还码错误", "hand_over": "交班转交", "recategorise": "改换服务",
    "to_beneficiary": "代下单结束,转由本人跟进", "change_contact": "更改联系方式",
}  # fmt: skip
"""The Chinese word of each row of the lifecycle."""

_ANEW = "仍需帮助的,请另行点单(placeOrder);服务日的,另约时段(bookSlot)"
ENDED: Mapping[str, str] = {
    "rated": "没有做好的,由书记决定返工(reworkOrder);新的需要,请用 placeOrder 另行点单",
    "closed_unrated": _ANEW, "cancelled": _ANEW,
    "rejected": f"原因和另找何处见 getOrder;{_ANEW}",
    "converted": "已转为民情事项继续办理,编号见 getOrder 的 case_id",
}  # fmt: skip
"""What one does about an order that goes on no more by itself."""
