"""What the services refuse."""

from app.kernel.errors import Kind, NotFound, Refusal


class ServiceNotFound(NotFound):
    code = "service-not-found"
    title_zh = "没有找到这项服务"
    title_en = "Service not found"


class NameTaken(Refusal):
    kind = Kind.CONFLICT
    code = "service-name-taken"
    title_zh = "这里已有同名服务"
    title_en = "There is a service of this name here already"
    advice_zh = "已有的见 listServices;换一个名称,或先下架旧的(withdrawService)"


class OfferedAbove(Refusal):
    kind = Kind.CONFLICT
    code = "service-offered-above"
    title_zh = "上级已提供同名服务,这里的居民已经可以点;另有内容的,请换一个名称"
    title_en = "A place above offers a service of this name here already"
    advice_zh = "上级的服务见 listServices"


class TeamNotServing(Refusal):
    kind = Kind.CONFLICT
    code = "team-not-serving"
    title_zh = "这个服务队不在此地服务,或已解散"
    title_en = "The team does not serve this place"
    advice_zh = "服务这里的队伍见 listTeams"


class TeamNotSkilled(Refusal):
    kind = Kind.CONFLICT
    code = "team-not-skilled"
    title_zh = "队里没有人登记了这项技能"
    title_en = "Nobody in the team has this skill"
    advice_zh = "请先为一名队员登记技能(addSkill)"


class ServicePaused(Refusal):
    kind = Kind.CONFLICT
    code = "service-paused"
    title_zh = "这项服务正在暂停"
    title_en = "The service is paused"
    advice_zh = "暂停到何时、还可以点什么,见 listServices;发布者可以提前恢复(resumeService)"


class ServiceNotPaused(Refusal):
    kind = Kind.CONFLICT
    code = "service-not-paused"
    title_zh = "这项服务没有暂停"
    title_en = "The service is not paused"
    advice_zh = "现在的状态见 listServices;要暂停用 pauseService"


class ServiceWithdrawn(Refusal):
    kind = Kind.CONFLICT
    code = "service-withdrawn"
    title_zh = "这项服务已经下架"
    title_en = "The service has been withdrawn"
    advice_zh = "现有的服务见 listServices;需要的话重新发布(publishService)"


class PauseTooEarly(Refusal):
    kind = Kind.INVALID
    code = "pause-too-early"
    title_zh = "暂停到何时须在将来"
    title_en = "A pause ends in the future"
