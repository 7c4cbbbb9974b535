"""The words of notices, in Chinese, by topic. Pure; what a notice says by itself never holds personal data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.deadlines.models import label_of
from app.domain.deadlines.spoken import moment
from app.domain.notifications.order_words import said_of_order
from app.domain.people.handing_back import WhyLeft
from app.domain.people.titles import office
from app.domain.teams.skills import SKILLS
from app.kernel.calendars import CalendarName
from app.kernel.rules import Role

TEXTS: Mapping[str, str] = {
    "order.placed": "有新的订单,请尽快派单",
    "order.offered": "社区派给您一个订单,请尽快接单",
    "order.offered_to_team": "社区派给您的队伍一个订单,队长或您都可以接,先接为准",
    "order.lapsed": "派出的订单无人应答,已退回待派",
    "order.declined": "派出的订单被谢绝,已退回待派",
    "order.offer_lapsed": "您没有及时答复派给您的订单,它已退回社区,不必再答复",
    "order.nobody_qualifies": "订单已开放抢单:眼下没有合适的志愿者,请留意有没有人接",
    "order.assigned": "队长请您前去服务一个订单",
    "order.member_changed": "为您服务的志愿者换了人,可查看订单",
    "order.offer_taken_back": "社区收回了派给您的订单,不必再答复",
    "order.aborted": "服务中止,社区会另行安排",
    "order.unsafe": "一次服务因不安全中止,请过问;写了说明的,见订单的沟通记录",
    "order.contact_changed": "订单的联系方式有更改,请再看订单",
    "order.reworked": "订单需要再来一轮,请安排",
    "order.begins_again": "社区会为您的订单再安排一轮服务,可查看订单",
    "order.complained": "居民对一次服务的态度不满意,请过问;原话见订单的沟通记录",
    "order.unsolved": "返工之后居民仍表示没有解决,请决定是否再来一轮",
    "order.secretary_decides": "由社区书记决定是否再来一轮:返工之后仍没有解决,书记已收到通知",
    "order.rejected": "您的订单未能受理,可查看原因和其他求助途径",
    "order.converted": "订单已转为事件,由社区书记处理",
    "order.converted_away": "您承接的订单已转为事件,请不必再去",
    "order.accepted": "您的订单已有志愿者接单",
    "order.started": "志愿者已开始服务",
    "order.delivered": "服务已完成,请评价",
    "order.rated": "居民已评价您的服务:满五次评价后,可在我的服务时长里看总体情况",
    "order.wanted_again": "您做过的一单要再做一次;请您去的,会另行通知",
    "order.recategorised": "社区把您的订单改到了更合适的服务,已用的时间照计,可查看订单",
    "order.offer_withdrawn": "派给您的订单已改为另一项服务,无需再接",
    "order.taken": "派给您的订单已由他人领取",
    "order.team_cancelled": "您队伍承接的订单已取消,或已转为事件",
    "order.taken_by_member": "派给您队伍的订单已由队员接下",
    "order.team_lost": "您队伍的订单已退回社区,由社区另行安排",
    "order.cancelled": "订单已取消,可查看原因",
    "order.not_needed": "已派出或已接的订单取消了,不必再安排,可查看订单",
    "order.replied": "社区答复了您的订单",
    "order.asked": "社区有问题要问您,等您回答",
    "order.answered": "居民回答了问题",
    "order.appointment_proposed": "对方提出了上门的时间,请确认",
    "order.appointment_confirmed": "上门的时间已确认",
    "order.appointment_pending": "社区为这个订单提出了上门的时间,等对方确认;不合适的,请尽快另提时间",
    "order.appointment_kept": "对方不改上门的时间,原约定照旧",
    "order.appointment_missed": "约定的时间已过而未开始服务,订单已退回社区",
    "order.planned": "社区为您的订单写下了方案和承诺的日期",
    "order.plan_yours": "您是一份方案的负责人:承诺的日期和步骤见订单的沟通记录",
    "order.paused": "您的订单有一项时限被暂停,可查看原因,也可提出异议",
    "order.resumed": "您的订单暂停的时限已继续",
    "order.disputed": "居民对一次暂停提出异议,请裁定",
    "order.dispute_decided": "您对暂停的异议已裁定",
    "order.pause_judged": "居民对您所作暂停的异议已裁定",
    "order.pause_annulled": "一次暂停经异议被撤销:暂停的时间照算,请看订单现在的时限",
    "order.wished": "有一个新的微心愿,已开放认领",
    "order.wish_claimed": "您的微心愿已有人认领,可查看是谁",
    "order.claim_expired": "您认领的微心愿超过时限没有开始,已重新开放",
    "order.wish_open_again": "认领已到期,微心愿重新开放认领",
    "order.authority_recorded": "居民已写下授权,可以上门交接材料",
    "order.authority_withdrawn": "居民收回了授权,请停止办理:有材料的先归还,再中止订单;重新授权的可以接着办",
    "order.papers_yours": "订单已停,您手上还有居民的材料,请尽快当面归还",
    "order.papers_lost_here": "有代办的材料报告遗失,请过问并协助居民补办",
    "order.papers_out": "帮办代办已中止,还有材料没有归还居民,请跟进",
    "order.papers_to_come": "您还有材料在代办员手中,会归还给您:在谁手中见材料收据,归还时请出示归还码",
    "order.booked": "有居民预约了您队伍的服务日",
    "order.booking_ended": "您的服务日预约已结束,原因见订单;仍需要的,可另约时段或另行点单",
    "order.booking_let_go": "服务队放弃了服务日的一个预约,订单已取消,居民已收到通知",
    "order.day_cancelled": "您预约的服务日已取消,可另约时段或另行点单",
    "order.placed_for_you": "社区已按您所说为您下单",
    "order.placed_by_representative": "您的代下单人为您下了单,可查看订单",
    "order.yours_now": "代下单关系已结束,这个订单现在由您自己跟进",
    "order.time_waits": "订单提议的上门时间等您确认;不合适的,请另提时间",
    "order.question_waits": "订单有一个问题等您回答,请看订单的沟通记录",
    "order.phone_of_former": "请更改联系电话:代下单关系已结束,订单上可能仍是原代下单人的电话",
    "order.authority_stands": "原代下单人为您写下的授权仍然有效;不同意的,可以收回",
    "case.reported": "有新的民情事项,请尽快分流",
    "case.reported_for_you": "社区已按您所说为您上报",
    "case.reported_by_representative": "您的代下单人为您反映了一件事,可查看事项",
    "case.yours_now": "代下单关系已结束,这个事项现在由您自己跟进",
    "case.emergency": "紧急事项:请立即处置",
    "case.emergency_near": "您负责的地方有紧急事项:责任单位、社区书记和街道值班的派单员已收到通知,请到场协助",
    "case.nobody_answers": "紧急事项没有登记责任单位,请您立即安排",
    "case.refused": "您反映的事项未予受理,可查看原因和去处",
    "case.triaged": "您反映的事项已受理并开始办理",
    "case.withdrawn": "一个事项已由上报人撤回",
    "case.withdrawn_for_you": "工作人员按您所说撤回了您反映的事项;不是您说的,请联系社区",
    "case.escalated": "下级上报了一个事项,请办理",
    "case.went_up": "您反映的事项已上报一级办理",
    "case.replied": "您反映的事项有了答复,可查看事项的沟通记录",
    "case.whistled": "您反映的事项已吹哨,责任单位须到场",
    "case.to_check": "主办单位提交了结果,请在一个工作日内核验",
    "case.returned": "提交的结果被退回,请继续办理",
    "case.please_answer": "您反映的事项有了结果,请点一下:解决了吗?满意吗?",
    "case.call_needed": "有上报人需要回访,请联系",
    "case.closed": "您反映的事项已办结",
    "case.closed_unreached": "多次联系不上您,事项已办结;如仍未解决,可重新上报",
    "case.not_solved": "回访得知事项没有解决,请继续办理;上报人写了话的,见事项的沟通记录",
    "case.back_to_work": "您反映的事项没有解决,已退回继续办理",
    "case.supervised_card": "一个事项超过时限,由您督办",
    "case.supervised_listed": "一个事项超过时限一半,已挂牌督办",
    "case.supervised_agenda": "一个事项超过时限一倍,已列入区县会议议程",
    "case.answer_wanted": "您负责的事项超过时限,请在一个工作日内答复督办",
    "case.supervision_answered": "一项督办有了答复",
    "case.joined": "有居民附议了一个事项",
    "case.merged": "您反映的事项已与同一件事合并办理,办完会分别回访您",
    "case.unmerged": "您反映的事项恢复单独办理,已用的时间照算",
    "case.followed": "您反映的事项已随合并的事项办理,请查看答复",
    "case.hung": "您反映的事项暂时挂账,可查看由谁负责、须改变什么、何时复核",
    "case.woken": "挂账的事项已恢复办理,请继续",
    "case.goes_on": "您反映的事项已恢复办理",
    "case.to_deliberate": "有一件大事提交四方议事,请召集",
    "case.deliberated": "您反映的事项已提交四方议事,请居民、物业、社区等各方一起商量;有了决定会通知您",
    "case.concluded": "一个事项的议事已有决定,请查看",
    "case.decided": "您反映的事项经各方商量已有决定,现在继续办理,可查看决定",
    "case.terminated": "一个事项经独立复核已终止,可查看原因",
    "case.handed_down": "上级下派了一个事项,请办理",
    "case.went_down": "您反映的事项已交由下一级办理",
    "whistle.proposed": "有一个吹哨等您批准",
    "whistle.to_confirm": "应急哨已吹响,请事后确认",
    "whistle.decided": "您提请的吹哨已有决定",
    "whistle.settled": "等您批准的吹哨已有决定",
    "whistle.confirmed": "应急哨已获补批",
    "whistle.not_confirmed": "应急哨事后未予追认,已到的单位照常办理",
    "assignment.sent": "吹哨:您的单位有一项任务,请签收并报到",
    "assignment.reported_in": "一个单位已报到",
    "assignment.excused": "您单位的一项任务已免除",
    "assignment.released": "事项已结束,您单位的任务随之解除,不必再来",
    "assignment.accepted": "事项的结果已通过核验,您单位的任务随之解除,不必再来",
    "assignment.finished": "一个协办单位完成了它的部分,可在联席页面查看",
    "assignment.reopened": "结果未通过,您单位的任务已重新打开",
    "assignment.promised": "您的单位有一项承诺由他方写下",
    "case.call_first": "紧急情况请先拨打 110(报警)、119(火警)或 120(急救);责任单位、社区书记和街道值班的派单员已同时收到通知",
    "case.new_lead": "经裁定,事项换了主办单位,时限照常计算",
    "case.extended": "您反映的事项经上一级批准延长了办理时限,可查看原因",
    "contest.opened": "一个单位对派给它的任务提出异议,请裁定",
    "contest.referred": "一个单位对派给它的任务提出异议,已转裁定人",
    "contest.decided": "对一项任务的异议已裁定",
    "extension.asked": "有一项延期申请等您批准",
    "extension.decided": "您的延期申请已有决定",
    "board.minutes": "联席会议的纪要已写好",
    "unit.joined": "您已在一个单位任职",
    "exclusion.proposed": "有一次时限错过提请不计,请复核",
    "exclusion.upheld": "您提请不计的错过已复核:同意不计",
    "exclusion.refused": "您提请不计的错过已复核:不同意",
    "unit.left": "您已不在一个单位任职",
    "unit.deputy": "您被指定为单位同事的代理人",
    "unit.colleague_left": "单位有人离任,等他办理的任务由您接手",
    "unit.nobody_left": "一个单位已没有人,派给它的任务无人签收,请安排",
    "unit.no_head": "一个单位已没有负责人,请安排",
    "shift.handed_over": "有一个班次交接给您,请查看交接内容",
    "person.taken_over": "站点登记的资料已归您,请核对社区和住址",
    "person.phone_released": "您登记的电话已由别人验证,不再归您;请填写您现在的电话",
    "person.number_moved": "登记居民的电话已归另一账号:本人已用微信验证,这份资料不再有电话,以后按姓名查找",
    "role.granted": "您有了新的角色",
    "role.ended": "您的任职已结束",
    "role.lapsed": "您的任职已到期",
    "role.resigned": "一位志愿者不再做志愿者了",
    "order.server_leaves": "正在服务的志愿者已离开,服务未完成,请关注",
    "order.server_unskilled": "承接人不再有这一单所需的技能,请改派;正在服务的请关注",
    "order.server_away": "约定的时间志愿者要离开,请与其商量是否换人",
    "team.lead": "您已成为志愿服务队的队长",
    "team.lead_changed": "您所带的志愿服务队另指定了队长",
    "team.without_lead": "一个志愿服务队的队长不再是志愿者,请指定新的队长",
    "team.joined": "您已加入一个志愿服务队",
    "team.left": "有队员离开了志愿服务队",
    "team.removed": "您已不在该志愿服务队",
    "team.disbanded": "您所在的志愿服务队已解散",
    "skill.recorded": "社区登记了您的一项技能",
    "skill.ended": "社区取消了您的一项技能",
    "volunteer.applied": "有居民申请成为志愿者,请审批",
    "volunteer.withdrawn": "一位居民撤回了志愿者申请,不必再审批",
    "volunteer.left_behind": "您搬了家,在原社区的志愿者申请已撤回;可在新的社区重新申请",
    "volunteer.refused": "您的志愿者申请未通过,可查看理由",
    "volunteer.approved": "您的志愿者申请已通过",
    "volunteer.skills_to_record": "请登记新志愿者的技能",
    "service.paused": "一项服务已暂停,已下的订单照常办理",
    "service.withdrawn": "一项服务已下架,已下的订单照常办理",
    "representation.asked": "有人请求为您代下单,请确认是否同意;手机号还没有验证的,请先验证",
    "representation.pending": "有居民请人代下单,请向本人核实并记录同意",
    "representation.consented": "对方已同意由您代下单",
    "representation.recorded": "社区记录了您同意由他人代下单;如有不符,请结束该关系",
    "representation.refused": "您请求代下单,没有得到同意",
    "representation.ended": "一项代下单关系已经结束,已下的订单照常办理,由受益人自己跟进",
}

MOVED: Mapping[str, str] = {
    "order.appointment_proposed": "对方想改上门的时间,请看两个时间再确认;双方确认之前,原约定照旧",
    "order.appointment_confirmed": "上门的时间已改,原约定不再算数",
}
"""Of an appointment that takes the place of another one."""

MOVED_AWAY: Mapping[str, str] = {
    "volunteer.withdrawn": "一位居民搬到别的社区,志愿者申请已撤回,不必再审批",
}
"""Of an application that ended with the move to another community."""

BY_VOLUNTEER: Mapping[str, str] = {
    "order.replied": "志愿者答复了您的订单",
    "order.asked": "志愿者有问题要问您,等您回答",
    "order.planned": "志愿者为您的订单写下了方案和承诺的日期",
    "order.cancelled": "志愿者结束了服务,订单已取消;不是这样的,请联系社区",
}
"""Of what whoever serves said themselves, and not the community."""

LEFT: Mapping[tuple[str, str], str] = {
    ("order.server_leaves", WhyLeft.TEAM): "正在服务的志愿者离开了服务队,仍会做完这一单,请关注",
    ("order.server_leaves", WhyLeft.DISBANDED): "服务队已解散,正在服务的志愿者仍会做完这一单,请关注",
    ("order.server_leaves", WhyLeft.AWAY): "正在服务的志愿者要暂时离开,服务未完成,请关注",
}
"""Of who leaves: what ended, where it was not the role."""

OF_TEAM: Mapping[str, str] = {
    "order.offered": "社区派给您的队伍一个订单,请您或合适的队员尽快接单",
}
"""Of what the team is asked, to its lead."""

BESIDE: Mapping[str, str] = {
    "order.contact_changed": "您这一方更改了订单的联系方式;不是您要改的,请联系社区",
    "order.appointment_proposed": "您的订单有了提议的上门时间,由您的代下单人与对方商定",
    "order.authority_recorded": "您这一方写下了帮办代办的授权;不同意的,可以收回",
    "order.authority_withdrawn": "您这一方收回了帮办代办的授权",
}
"""To the one of requester and beneficiary who did not do it, or who need not answer."""

OPENED: Mapping[str, str] = {
    "order.declined": "订单已开放抢单:这次派单被谢绝,已有两次没有派成,请留意有没有合适的志愿者接",
    "order.lapsed": "订单已开放抢单:这次派单无人应答,已有两次没有派成,请留意有没有合适的志愿者接",
}
"""Of the offer whose failure opened the order to the pool."""

PASSED_ON: Mapping[str, str] = {
    "order.answered": "工作人员转达了居民的回答",
    "case.withdrawn": "一个事项已由工作人员按上报人所说撤回",
}
"""Of what the staff did for whoever called."""

OFF: Mapping[str, str] = {
    "order.aborted": "居民这一方中止了服务,请不必再去",
}
"""Of what somebody else ended, to whoever served it."""

WISH: Mapping[str, str] = {
    "order.aborted": "服务中止,微心愿已重新开放认领",
    "order.reworked": "微心愿要再来一轮,已重新开放认领,不用派单",
    "order.wanted_again": "您做过的微心愿要再做一次,已重新开放认领",
}
"""Of a wish, which nobody dispatches."""

NOBODY: Mapping[str, str] = {
    "exclusion.proposed": "一次提请不计没有人可以复核:能复核的都参与过,请在街道以上任命一位没有参与的书记",
}
"""Of what waits for somebody whom there is not yet."""

NEVER_BEGAN: Mapping[str, str] = {
    "role.ended": "您的一项任职还没开始就已撤销",
}
"""Of a role that was revoked before it began."""

DECIDED: Mapping[str, tuple[str, str, str]] = {
    "whistle.decided": ("approved", "您提请的吹哨已获批准", "您提请的吹哨未获批准,可查看原因"),
    "whistle.settled": ("approved", "等您批准的吹哨已由他人批准", "等您批准的吹哨已由他人决定:不批准"),
    "contest.decided": (
        "upheld",
        "对一项任务的异议已裁定:成立,不归原单位办",
        "对一项任务的异议已裁定:不成立,由原单位继续办理",
    ),
    "extension.decided": ("granted", "您申请的延期已获批准", "您申请的延期未获批准,可查看原因"),
    "order.dispute_decided": ("upheld", "您对暂停的异议已裁定:成立", "您对暂停的异议已裁定:不成立,可查看理由"),
    "order.pause_judged": (
        "upheld",
        "对您所作暂停的异议成立:仍在计时的时限,暂停的时间照算,请看订单现在的时限",
        "对您所作暂停的异议不成立,暂停照旧",
    ),
}
"""Of a decision: by what its payload says which way it went, and the two ways. A notice from before that was said has TEXTS."""

OF_CALLBACK: Mapping[str, str] = {
    "exclusion.proposed": "有一次回访提请不计,请复核",
    "exclusion.upheld": "您提请不计的回访已复核:同意不计",
    "exclusion.refused": "您提请不计的回访已复核:不同意",
}
"""Of an exclusion that is no miss, but what was said in a call-back."""


VARIANTS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("beside", BESIDE), ("moved_away", MOVED_AWAY), ("moved", MOVED), ("by", BY_VOLUNTEER), ("team", OF_TEAM), ("opened", OPENED),
    ("passed_on", PASSED_ON), ("callback", OF_CALLBACK), ("never_began", NEVER_BEGAN),
    ("nobody", NOBODY), ("off", OFF), ("wish", WISH),
)  # fmt: skip
"""By what the payload says: the texts that take the place of the general ones."""

RECEIPTS: Mapping[str, tuple[str, str]] = {
    "order.papers_handed_over": ("已交给代办员 ", "代办员已开始办理,无需材料"),
    "order.papers_returned": ("已归还居民 ", ""),
    "order.papers_lost": ("材料遗失,不能归还:", ""),
}
"""What a receipt says before the titles of the papers, and where there are none."""

MISSES: Mapping[tuple[str, str], str] = {
    ("reply", "secretary"): "{it}的答复时限已过,请您在 15 分钟内亲自答复",
    ("reply_in_person", "secretary@street"): "社区书记未在时限内亲自答复居民,请街道过问",
    ("coordinate", "dispatcher"): "订单的协调时限已到期,请考虑转为民情事项办理",
    ("coordinate", "secretary@street"): "社区有一个订单超过协调时限,请街道关注",
    ("plan", "secretary"): "订单的方案时限已过,由您负责",
    ("plan", "secretary@street"): "社区有一个订单超过方案时限,将转为民情事项,请街道关注",
    ("review", "seat"): "挂账的事项到了复核日期仍未复核,现恢复办理,请处理",
    ("review", "supervisor@street"): "挂账的事项到了复核日期仍未复核,请督办",
    ("appointment", "requester"): "约定的时间已过,还没有开始服务:上门服务由社区另行安排,服务日可另约时段",
    ("appointment", "dispatcher"): "约定的时间已过而没有开始服务:订单已退回的请重新派单,服务日的预约已结束",
    ("promise", "dispatcher"): "承诺的日期已到而订单没有完成,请立即处理",
    ("promise_late", "secretary"): "承诺的日期已过,订单由您负责",
    ("rating", "dispatcher"): "居民还没有评价,请致电回访",
    ("answer", "supervisor@district"): "督办没有在一个工作日内得到答复,请过问",
}
"""What a miss says to whom, where the general sentence would not tell what to do; `it` is the matter."""

ORDER = "order"
MATTERS: Mapping[str, tuple[str, str]] = {
    ORDER: ("订单", "您的订单"),
    "case": ("事项", "您反映的事项"),
    "assignment": ("任务", "您单位的任务"),
}
"""What a matter is called by whoever must act, and by whoever waits."""


def sentence(topic: str, payload: Mapping[str, Any], about: str = ORDER) -> str:
    """The notice as people read it; a limit speaks otherwise to whoever waits than to whoever must act, and a receipt lists
    what it is for. `about`: the kind of the subject. Whoever placed it for a caller is asked to pass it on."""
    if payload.get("pass_on"):
        return "请转告居民:" + sentence(topic, {**payload, "pass_on": False}, about)
    match topic:
        case "deadline.mark":
            return _of_limit(payload, *MATTERS[about])
        case "deadline.waits_for_opening":
            return _of_opening(payload, MATTERS[about][1])
        case _ if topic in RECEIPTS:
            done, none = RECEIPTS[topic]
            how = (
                "(没有归还码和住户卡,未核验)" if payload.get("unverified") and topic == "order.papers_returned" else ""
            )
            return f"收据:{done}" + "、".join(payload["papers"]) + how if payload["papers"] else none
        case _ if topic in DECIDED and DECIDED[topic][0] in payload:
            way, yes, no = DECIDED[topic]
            return yes if payload[way] else no
        case _:
            told = (
                LEFT.get((topic, payload.get("because", "")))
                or said_of_order(topic, payload)
                or _of_promise(topic, payload)
            )
            further = _of_role(topic, payload) + _of_skills(topic, payload) + _until(payload) + _of_service(payload)
            told = told or _text(topic, payload) + further
            return f"{told}(还有 {payload['orders']} 单未完成)" if topic.startswith("service.") else told


WORDS = 16
"""So many characters of what somebody reported tell them which of their matters it is."""


@dataclass(frozen=True, slots=True)
class About:
    """Which matter a notice is about, as far as its reader may know: of an order the service, the time that the notice is about,
    and whom somebody passes it on to; of a case, or of an assignment of it, category and place, and the words for who reported or
    joined it alone; of a role its title and place, of a team its name and who it is about, of a skill what it is called, of an
    application the answer; of a representation the masked names, that of the representative not to themselves."""

    service: str | None = None
    meet_at: datetime | None = None
    category: str | None = None
    place: str | None = None
    words: str | None = None
    role: str | None = None
    team: str | None = None
    person: str | None = None
    skill: str | None = None
    reason: str | None = None
    representative: str | None = None
    represented: str | None = None

    def __str__(self) -> str:
        """In words, "陪同就医,11月30日(周一)14:00", "路灯照明,东社区:东门外的路灯不亮了" or "陈*为王**代下单"; empty: nothing is
        known."""
        said = f":{shortened(self.words, WORDS)}" if self.words else ""
        at = None if self.meet_at is None else moment(self.meet_at)
        why = self.reason and f"理由:{self.reason}"
        whom = f"{self.representative}为{self.represented}代下单" if self.representative else self.represented
        known = (self.person, self.role, self.team, self.skill, self.service, at, self.category, self.place, whom, why)
        return ",".join(one for one in known if one) + said


def shortened(text: str, letters: int) -> str:
    """At most so many characters; what is cut says so."""
    return text if len(text) <= letters else text[: letters - 1] + "…"


def _text(topic: str, payload: Mapping[str, Any]) -> str:
    said = (texts[topic] for key, texts in VARIANTS if payload.get(key) and topic in texts)
    return next(said, TEXTS.get(topic, "您有一条新消息"))


def _of_role(topic: str, payload: Mapping[str, Any]) -> str:
    """Which role it is about, from when until when, and what became of the orders that went with it."""
    if not topic.startswith("role."):
        return ""
    back = f";手上未开始的 {payload['handed_back']} 单已退回社区或取消" if payload.get("handed_back") else ""
    serving = f";正在服务的 {payload['serving']} 单请做完" if payload.get("serving") else ""
    which = f":{office(Role(payload['role']))}" if "role" in payload else ""
    still = ";另一段同样的任职仍然有效" if payload.get("remains") else ""
    begins = f",从{moment(datetime.fromisoformat(payload['from']))}起" if "from" in payload else ""
    ends = f",到{moment(datetime.fromisoformat(payload['until']))}为止" if "until" in payload else ""
    return which + begins + ends + still + back + serving


def _until(payload: Mapping[str, Any]) -> str:
    """Until when the limit that it is about lasts now."""
    return f";新的时限是{moment(datetime.fromisoformat(payload['due_at']))}" if "due_at" in payload else ""


def _of_service(payload: Mapping[str, Any]) -> str:
    """From which service to which an order was moved."""
    return f":从『{payload['from_name']}』改为『{payload['to_name']}』" if "from_name" in payload else ""


def _of_skills(topic: str, payload: Mapping[str, Any]) -> str:
    """Which skills a new volunteer has at once, and which somebody records. A code that is not known may be anything: it stays in
    the application."""
    recorded = "、".join(SKILLS[code].label for code in payload.get("recorded", ()))
    wanted = "、".join(
        dict.fromkeys(
            f"{SKILLS[code].label}(须看证照)" if code in SKILLS else "其他须登记的技能"
            for code in payload.get("to_record", ())
        )
    )
    if topic == "volunteer.skills_to_record":
        return f":{wanted};是谁,见志愿者申请"
    if topic == "skill.ended" and payload.get("orders"):
        return f";有 {payload['orders']} 单须有这项技能,未开始的请退回"
    said = f",已登记技能:{recorded}" if recorded else ""
    return said + (f";还须由工作人员登记:{wanted}" if wanted else "")


def _of_promise(topic: str, payload: Mapping[str, Any]) -> str | None:
    """What others wrote down for a unit: who, what and until when."""
    if topic != "assignment.promised" or not payload:
        return None
    until = moment(datetime.fromisoformat(payload["until"]))
    return f"{payload['by']}替您单位写下一项承诺:{until}前做到“{payload['text']}”;有出入的,请与对方核对"


def _of_opening(payload: Mapping[str, Any], own: str) -> str:
    """Time does not count yet: from when it will, and for what."""
    kinds = "、".join(label_of(kind) for kind in payload["deadlines"])
    opens_at = moment(datetime.fromisoformat(payload["opens_at"]))
    return f"现在不在{CalendarName(payload['calendar']).label},{own}的{kinds}时限从{opens_at}开始计时"


def _of_limit(payload: Mapping[str, Any], it: str, own: str) -> str:  # noqa: PLR0911 - one line for each situation
    kind, percent, to = payload["deadline"], payload["percent"], payload.get("to", "")
    promise = label_of(kind)
    if kind == "rating" and to == "requester":
        return "服务已完成几天了,请评价一下效果"
    if payload.get("holder"):
        how_far = "已超过" if percent > 100 else "已到期" if percent == 100 else "即将到期"
        return f"{it}的{promise}时限{how_far}(已用 {percent}%),现在由您负责,请处理"
    if payload.get("late") and percent >= 100:
        return f"{it}的{promise}时限已错过({percent}%),其后才得到处理"
    if payload.get("late"):
        return f"{it}已在{promise}时限内得到处理(用了 {percent}% 以上)"
    if percent == 100 and (kind, to) in MISSES:
        return MISSES[kind, to].format(it=it)
    if to == "requester":
        return f"{own}{promise}时限{'即将到期' if percent < 100 else '已超过'},社区正在催办"
    if percent < 100:
        return f"{it}的{promise}时限即将到期(已用 {percent}%),请尽快处理"
    if percent == 100:
        return f"{it}的{promise}时限已到期,请立即处理"
    return f"{it}的{promise}时限已超过({percent}%),请您亲自负责"
