"""What somebody can do instead of what was refused for how a case or an assignment stands. The door adds it to the refusal,
after the present state."""

from collections.abc import Mapping

from app.domain.cases import callback_errors, errors
from app.kernel.errors import Refusal

INSTEAD: Mapping[type[Refusal], str] = {
    errors.EmergencyOnTheSpot: "这件事还没有上报:请用 reportCase 上报,责任单位看过以后由它提交结果",
    errors.AtTheTop: "上面没有更高的层级:请在本级办理(submitResult)、吹哨(proposeWhistle),或眼下办不了的挂账(hangCase)",
    errors.ReturnedTwice: "这一轮已退回两次:请用 checkResult 核验通过(accepted 填 true)",
    errors.NoWhistle: "吹哨还没有提请,或已经决定(见 getCase 的 whistle):需要吹哨的,先用 proposeWhistle 提请",
    errors.WhistleWaits: "已有一个在等批准(见 getCase 的 whistle):请由这一级的书记用 approveWhistle 决定,之后可以另提",
    errors.LeadStays: "它是主办:认为不归它的,由它自己用 contestAssignment 提异议,裁定后更换;协办单位可以免除",
    errors.LeadReplaced: "本单位已不是主办:结果由新的主办单位用 submitResult 提交",
    errors.AlreadyContested: "异议已经裁定,或任务就是裁定给本单位的:请照办;确需更多时间的,用 requestExtension",
    errors.ContestTooLate: "签收后可提异议的时间已过:请照办;确需更多时间的,用 requestExtension",
    errors.ReportInFirst: "还没有报到:请先用 reportInAssignment 报到,之后在异议的期限内仍可提出",
    errors.ArbitrationWentUp: "裁定已经逾期:由区县或以上的裁定人用 arbitrateContest 裁定",
    errors.NothingToExtend: "没有可以延期的办理时限在计时(见 listCaseDeadlines):请照常办理",
    errors.ExtensionAsked: "申请和决定见 getCase 的 extension:请在现有的时限内办结;已有督办的,用 answerSupervision 说明",
    errors.ExtensionTooLate: "申请和批准都须在到期之前:请尽快办结;已有督办的,用 answerSupervision 说明",
    errors.NothingAsked: "延期还没有申请,或已经决定(见 getCase 的 extension):需要的,由办理的一方用 requestExtension 申请",
    errors.PromiseNotOpen: "这项承诺已经完成或不在这里:未完成的见 getBoard 的 promises,新的用 addPromise 写下",
    errors.NextPromiseMissing: "只剩这一项承诺:请先用 addPromise 写下下一项,或用 submitResult 提交结果",
    errors.NotEnded: "事项还在办理或回访:请在它办结、撤回或终止之后再评价",
    errors.AlreadyRated: "评价只有一次,不能更改",
    errors.OthersJoined: "还有附议的居民:事项继续办理;您不再需要的,回访时照实答复即可",
    errors.AlreadyJoined: "不必再附议:进展见 getCase,办完会回访您",
    errors.HasMerged: "请反过来,用 mergeCase 把另一个并入这个;或先用 unmergeCase 撤销已并入的",
    errors.OnlyFromStreet: "还在社区:请先用 escalateCase 上报到街道,由街道挂账",
    errors.NotBig: "它不是大事:小事直接办理(submitResult),难事吹哨(proposeWhistle)或上报一级(escalateCase)",
    errors.AtTheBottom: "已在社区:请在社区办理(submitResult)、吹哨(proposeWhistle)或上报一级(escalateCase)",
    errors.NotAdmitted: "不在清单内(见 getAdmissionList):请写明经费 amount 和来源 source 一起下派,或在本级办理",
    callback_errors.AlreadyAnswered: "这一轮的答复已经记下:没有解决的会退回再办,再办以后会再问",
    callback_errors.NoCallWanted: "还在等上报人自己答复:到期没有答复的,会出现在 listCallbacks",
    callback_errors.NothingToAnswer: "督办都已答复,或还没有督办(见 listSupervision):请继续办理",
}
"""By what was refused: each conflict of a case, an assignment or a call-back."""
