"""What the teams refuse."""

from collections.abc import Mapping
from typing import Self

from app.kernel.errors import FieldFault, Kind, NotFound, Refusal


class TeamNotFound(NotFound):
    code = "team-not-found"
    title_zh = "没有找到这个服务队"
    title_en = "Team not found"


class MemberNotFound(NotFound):
    code = "member-not-found"
    title_zh = "没有找到这名队员"
    title_en = "Member not found"


class SkillNotFound(NotFound):
    code = "skill-not-found"
    title_zh = "没有找到这项技能"
    title_en = "Skill not found"


class ApplicationNotFound(NotFound):
    code = "application-not-found"
    title_zh = "没有找到这份申请"
    title_en = "Application not found"


class NotAVolunteer(Refusal):
    kind = Kind.CONFLICT
    code = "not-a-volunteer"
    title_zh = "此人不是这里的志愿者"
    title_en = "The person is not a volunteer here"
    advice_zh = (
        "可先请其申请做所在社区的志愿者(applyToVolunteer),批准后再来;街道、区县的,由管理员在那里授予志愿者(grantRole)"
    )


class TeamNameTaken(Refusal):
    kind = Kind.CONFLICT
    code = "team-name-taken"
    title_zh = "这里已有一支同名的服务队,或在它的上级、下级"
    title_en = "A team of this name serves the place already, or one above or below it"
    advice_zh = "那支队伍见 listTeams;请另起一个队名"


class AlreadyMember(Refusal):
    kind = Kind.CONFLICT
    code = "already-member"
    title_zh = "此人已是队员"
    title_en = "The person is a member already"
    advice_zh = "队里现在有谁,见 getTeam"


class NotAMember(Refusal):
    kind = Kind.CONFLICT
    code = "not-a-member"
    title_zh = "队长须是本队队员"
    title_en = "A lead is a member of the team"
    advice_zh = "请先把其加入队伍(addTeamMember)"


class AlreadyLeads(Refusal):
    kind = Kind.CONFLICT
    code = "already-leads"
    title_zh = "此人已是队长"
    title_en = "The person leads the team already"
    advice_zh = "队里现在有谁,见 getTeam;要换人请指定另一名队员(setTeamLead)"


class LeadStays(Refusal):
    kind = Kind.CONFLICT
    code = "lead-stays"
    title_zh = "队长不能离队,请先指定新的队长"
    title_en = "A lead does not leave: name another one first"
    advice_zh = (
        "指定新的队长用 setTeamLead;不再做志愿者的队长,由书记另行指定之后即可离队;队里没有别人的,"
        "请书记或管理员解散(disbandTeam)"
    )


class TeamDisbanded(Refusal):
    kind = Kind.CONFLICT
    code = "team-disbanded"
    title_zh = "这个服务队已经解散"
    title_en = "The team has been disbanded"
    advice_zh = "服务这里的队伍见 listTeams;需要的话另建一支(createTeam)"


class TeamHasServices(Refusal):
    kind = Kind.CONFLICT
    code = "team-has-services"
    title_zh = "请先下架该队的服务,再解散"
    title_en = "Withdraw the team's services first"
    advice_zh = "队伍的服务见 listServices;下架用 withdrawService"


class AlreadySkilled(Refusal):
    kind = Kind.CONFLICT
    code = "already-skilled"
    title_zh = "这项技能已经登记"
    title_en = "The skill is recorded already"
    advice_zh = "已登记的技能见 listSkills;要更新证照,先由登记它的地点(或本人)停用(endSkill)再登记"


class LicenceExpired(Refusal):
    kind = Kind.INVALID
    code = "licence-expired"
    title_zh = "证照已经过期"
    title_en = "The licence has expired"


class UnknownSkill(Refusal):
    """A code that listSkillCodes does not show at the place: mistyped, or a place's own that nobody has brought yet."""

    kind = Kind.INVALID
    code = "unknown-skill"
    title_zh = "没有这个技能代码"
    title_en = "There is no such code of a skill here"

    @classmethod
    def at(cls, pointers: Mapping[str, str], *, brings: bool) -> Self:
        """The codes by their pointers; `brings`: whoever named them may bring a code of the place's own."""
        more = ";确是当地自定的新代码,请填 own_code: true" if brings else ""
        said = {pointer: f"没有『{code}』,请从 listSkillCodes 复制{more}" for pointer, code in pointers.items()}
        return cls(
            next(iter(said.values())), fields=tuple(FieldFault(pointer, cls.code, why) for pointer, why in said.items())
        )


class LicenceMissing(Refusal):
    kind = Kind.INVALID
    code = "licence-missing"
    title_zh = "这项技能须有证照:请填写证照编号"
    title_en = "This skill takes a licence: give its number"


class OwnSkill(Refusal):
    kind = Kind.CONFLICT
    code = "own-skill"
    title_zh = "不能登记自己的技能"
    title_en = "Nobody records a skill of their own"
    advice_zh = "请由另一名工作人员看过证照后登记"


class ResidentsOnly(Refusal):
    kind = Kind.CONFLICT
    code = "residents-only"
    title_zh = "居民向自己所在的社区申请,请先选择社区"
    title_en = "Residents apply to their own community: choose it first"
    advice_zh = "在「我的社区」里选定用 joinPlace"


class AlreadyApplied(Refusal):
    kind = Kind.CONFLICT
    code = "already-applied"
    title_zh = "您已提交过申请,请等候答复"
    title_en = "You have applied already"
    advice_zh = "社区答复后,消息里会告诉您(listInbox);想改写的,可先撤回(withdrawApplication)"


class AlreadyVolunteer(Refusal):
    kind = Kind.CONFLICT
    code = "already-volunteer"
    title_zh = "您已经是这里的志愿者"
    title_en = "You are a volunteer here already"
    advice_zh = "可以直接接单(listPool),或填写服务时间(setAvailability)"


class AlreadyDecided(Refusal):
    kind = Kind.CONFLICT
    code = "already-decided"
    title_zh = "这份申请已经答复"
    title_en = "The application has been decided"
    advice_zh = "还在等答复的申请见 listVolunteerApplications"


class ApplicationWithdrawn(Refusal):
    kind = Kind.CONFLICT
    code = "application-withdrawn"
    title_zh = "申请人已撤回这份申请"
    title_en = "The application has been withdrawn"
    advice_zh = "还想做志愿者的,由本人再次申请(applyToVolunteer)"


class OwnApplication(Refusal):
    kind = Kind.CONFLICT
    code = "own-application"
    title_zh = "不能审批自己的申请"
    title_en = "Nobody decides on an application of their own"
    advice_zh = "请由另一名工作人员审批"


class AvailabilityInvalid(Refusal):
    kind = Kind.INVALID
    code = "availability-invalid"
    title_zh = "服务时间填写有误"
    title_en = "The hours are not valid"
