"""What the teams refuse."""

from app.kernel.errors import Kind, NotFound, Refusal


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


class AlreadyMember(Refusal):
    kind = Kind.CONFLICT
    code = "already-member"
    title_zh = "此人已是队员"
    title_en = "The person is a member already"


class NotAMember(Refusal):
    kind = Kind.CONFLICT
    code = "not-a-member"
    title_zh = "队长须是本队队员"
    title_en = "A lead is a member of the team"


class AlreadyLeads(Refusal):
    kind = Kind.CONFLICT
    code = "already-leads"
    title_zh = "此人已是队长"
    title_en = "The person leads the team already"


class LeadStays(Refusal):
    kind = Kind.CONFLICT
    code = "lead-stays"
    title_zh = "队长不能离队,请先指定新的队长"
    title_en = "A lead does not leave: name another one first"


class TeamDisbanded(Refusal):
    kind = Kind.CONFLICT
    code = "team-disbanded"
    title_zh = "这个服务队已经解散"
    title_en = "The team has been disbanded"


class TeamHasServices(Refusal):
    kind = Kind.CONFLICT
    code = "team-has-services"
    title_zh = "请先下架该队的服务,再解散"
    title_en = "Withdraw the team's services first"


class AlreadySkilled(Refusal):
    kind = Kind.CONFLICT
    code = "already-skilled"
    title_zh = "这项技能已经登记"
    title_en = "The skill is recorded already"


class LicenceExpired(Refusal):
    kind = Kind.INVALID
    code = "licence-expired"
    title_zh = "证照已经过期"
    title_en = "The licence has expired"


class OwnSkill(Refusal):
    kind = Kind.CONFLICT
    code = "own-skill"
    title_zh = "不能登记自己的技能"
    title_en = "Nobody records a skill of their own"


class ResidentsOnly(Refusal):
    kind = Kind.CONFLICT
    code = "residents-only"
    title_zh = "居民向自己所在的社区申请,请先选择社区"
    title_en = "Residents apply to their own community: choose it first"


class AlreadyApplied(Refusal):
    kind = Kind.CONFLICT
    code = "already-applied"
    title_zh = "您已提交过申请,请等候答复"
    title_en = "You have applied already"


class AlreadyVolunteer(Refusal):
    kind = Kind.CONFLICT
    code = "already-volunteer"
    title_zh = "您已经是这里的志愿者"
    title_en = "You are a volunteer here already"


class ApplicantUnnamed(Refusal):
    kind = Kind.CONFLICT
    code = "applicant-unnamed"
    title_zh = "做志愿者须先在个人资料中填写姓名和电话"
    title_en = "A volunteer tells name and phone first"


class AlreadyDecided(Refusal):
    kind = Kind.CONFLICT
    code = "already-decided"
    title_zh = "这份申请已经答复"
    title_en = "The application has been decided"


class OwnApplication(Refusal):
    kind = Kind.CONFLICT
    code = "own-application"
    title_zh = "不能审批自己的申请"
    title_en = "Nobody decides on an application of their own"


class AvailabilityInvalid(Refusal):
    kind = Kind.INVALID
    code = "availability-invalid"
    title_zh = "服务时间填写有误"
    title_en = "The hours are not valid"
