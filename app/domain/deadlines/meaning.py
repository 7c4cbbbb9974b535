"""What each limit promises, by whom and what stops it, in a sentence that a resident reads first; from which event it counts;
and who is told of its marks. Pure."""

from collections.abc import Mapping

from app.domain.people.titles import title_upward
from app.domain.places.models import Level
from app.kernel.rules import Role

PROMISED: Mapping[tuple[str, str], str] = {
    ("order", "respond"): "响应:社区会有人联系您;联系上您,或有志愿者接单,就停止计时。",
    ("order", "reply"): "答复:社区给您书面答复;答复了就停止计时。",
    ("order", "reply_in_person"): "书记答复:社区书记亲自答复您;答复了就停止计时。",
    ("order", "coordinate"): "协调:社区与您商定怎么办、什么时候来;双方确认约定就停止计时。",
    ("order", "plan"): "方案:社区给出带日期的方案;写下方案,或双方确认约定,就停止计时。",
    ("order", "dispatch"): "派单:系统和社区为您找人;派出去或有人抢单就停止计时。",
    ("order", "offer"): "接单:被派到的志愿者回答来不来;接单或谢绝就停止计时。",
    ("order", "appointment"): "赴约:志愿者按约定的时间来;开始服务就停止计时。",
    ("order", "promise"): "兑现承诺:写下方案的一方在承诺的日期前办好;完成服务就停止计时。",
    ("order", "promise_late"): "承诺逾期处理:承诺没有兑现,社区处理;完成服务或写下新的方案就停止计时。",
    ("order", "wish"): "认领:认领的人来实现心愿;开始服务就停止计时,到期还没有开始的,微心愿重新开放认领。",
    ("order", "finish"): "完成:志愿者把服务做完;完成就停止计时。",
    ("order", "rating"): "评价:请您评价这次服务;评价了就停止计时。",
    ("case", "respond"): "响应:办理的一级会有人联系您;联系上您就停止计时。",
    ("case", "reply"): "答复:办理的一级给您答复;答复了就停止计时。",
    ("case", "triage"): "分流:社区决定由谁办;分流或不予受理就停止计时。",
    ("case", "resolve_small"): "小事办结:社区把小事办好;提交办理结果就停止计时。",
    ("case", "resolve_community"): "社区办结:社区把事情办好;提交办理结果就停止计时,交给街道则改按街道的时限。",
    ("case", "resolve_street"): "街道办结:街道把事情办好;提交办理结果就停止计时。",
    ("case", "resolve_district"): "区县办结:区县把事情办好;提交办理结果就停止计时。",
    ("case", "resolve_emergency"): "应急处置:主办单位排除险情;提交办理结果就停止计时。",
    ("case", "resolve_routine"): "日常哨办结:主办单位把事情办好;提交办理结果就停止计时。",
    ("case", "resolve_hard"): "攻坚哨方案:主办单位拿出分阶段的办法;作出阶段承诺或提交办理结果就停止计时。",
    ("case", "milestone"): "阶段承诺:主办单位按日期做到这一阶段;做到了或提交办理结果就停止计时。",
    ("case", "renewal"): "顶级每日续办:错过时限以后,每个工作日接着督促;提交办理结果就停止计时。",
    ("case", "check"): "核验:吹哨的一级核对结果;通过或退回就停止计时。",
    ("case", "callback"): "回访:问您事情是否解决;办结或重新办理就停止计时。",
    ("case", "deliberation"): "议事:小区党支部书记召集各方商量,没有的由社区书记召集;作出决定就停止计时。",
    ("case", "review"): "挂账复核:办理的一级看能否恢复办理;恢复办理就停止计时。",
    ("case", "meeting"): "联席会议:主办单位召集有关单位开会;写下会议纪要就停止计时。",
    ("case", "answer"): "督办答复:办理的一级答复督办;答复了就停止计时。",
}
"""By kind of matter and of deadline."""

REPLACED: Mapping[tuple[str, str], str] = {("order", "appointment"): "confirm", ("order", "promise"): "write_plan"}
"""What stops a limit because a new one of its kind takes its place: so it is neither kept nor missed."""

SINCE: Mapping[tuple[str, str], str] = {
    **dict.fromkeys((("order", kind) for kind in ("respond", "reply", "coordinate", "plan")), "下单"),
    ("order", "offer"): "派单",
    ("order", "finish"): "开始服务",
    ("order", "rating"): "服务完成",
    **dict.fromkeys((("case", kind) for kind in ("respond", "reply", "triage")), "上报"),
    ("case", "check"): "提交结果",
    ("case", "callback"): "转入回访",
    ("case", "deliberation"): "提交议事",
    ("case", "review"): "挂账",
    ("case", "meeting"): "吹哨",
    ("case", "answer"): "督办",
}
"""From what a limit counts, where it is one event; others begin by several."""
PLACED = "下单"
AGAIN = "再办一轮"
"""From what the first round's limits count that each round has, and from what a later round's."""

_TOLD = {
    "requester": "居民",
    "assignee": "志愿者",
    "seat": "办理的一级",
    "lead": "主办单位",
    "unit": "办理单位",
    "unit_head": "办理单位负责人",
    "unit_deputy": "办理单位代岗人",
    "case.supervise": "上一级督办员",
}


def is_replaced(matter: str, kind: str, stopped_by: str | None) -> bool:
    """Whether the action that stopped a limit put a new one of its kind in its place."""
    return stopped_by is not None and REPLACED.get((matter, kind)) == stopped_by


def told(target: str) -> str:
    """Who it is that an effect tells: 社区派单员 for `dispatcher`, 街道及以上的书记 for `secretary@street`."""
    role, _, level = target.partition("@")
    if role in _TOLD:
        return _TOLD[role]
    return title_upward(Role(role), Level(level)) if level else Role(role).label
