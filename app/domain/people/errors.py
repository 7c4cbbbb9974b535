"""What the room of the people refuses."""

from app.kernel.errors import FieldFault, Kind, NotFound, Refusal


class PersonNotFound(NotFound):
    code = "person-not-found"
    title_zh = "没有找到这个人"
    title_en = "Person not found"


class GrantNotFound(NotFound):
    code = "role-not-found"
    title_zh = "没有找到这项任职"
    title_en = "Role not found"


class NotACommunity(Refusal):
    kind = Kind.CONFLICT
    code = "not-a-community"
    title_zh = "请选择一个社区或小区"
    title_en = "This place is not a community or an estate"


class PhoneAbroad(Refusal):
    kind = Kind.CONFLICT
    code = "phone-abroad"
    title_zh = "只能验证中国内地的手机号"
    title_en = "Only phones of the Chinese mainland"
    advice_zh = "可以不填电话,点单时在联系方式里填家人或站点的电话"


class PhoneRegistered(Refusal):
    kind = Kind.CONFLICT
    code = "phone-registered"
    title_zh = "社区站点用这个号码登记过一位居民"
    title_en = "The station has registered a resident under this phone"
    advice_zh = "是您本人的,填 take_over: true 再验证一次;不是本人(如家人共用)的,号码仍归那位居民"

    @classmethod
    def of(cls, whose: str) -> "PhoneRegistered":
        """The refusal; `whose`: the masked name."""
        return cls(f"登记的是『{whose}』:{cls.advice_zh}")


class NotByWechat(Refusal):
    kind = Kind.CONFLICT
    code = "not-by-wechat"
    title_zh = "用登录名登录的账号不验证手机号"
    title_en = "An account with a login name proves no phone"
    advice_zh = "请在小程序里用微信登录后再验证"


class PhoneTaken(Refusal):
    kind = Kind.CONFLICT
    code = "phone-taken"
    title_zh = "这个电话已被登记"
    title_en = "This phone is registered already"
    advice_zh = (
        "请核对号码;是本人的,用微信验证即归您(provePhone);家里共用一部电话的,另一位登记时可不填电话,"
        "点单时在联系方式里填这部电话"
    )

    def __init__(self) -> None:
        super().__init__(fields=(FieldFault("/body/phone", self.code, self.title_zh),))


class LoginNameTaken(Refusal):
    kind = Kind.CONFLICT
    code = "login-name-taken"
    title_zh = "这个登录名已被使用"
    title_en = "This login name is taken"


class AlreadyGranted(Refusal):
    kind = Kind.CONFLICT
    code = "already-granted"
    title_zh = "此人在这里已担任该角色,或已定好从某天起担任"
    title_en = "The person holds this role here already, or will from a day on"
    advice_zh = "见 listRoleHolders;要提前开始的,先结束那一项(revokeRole)再授予"


class AlreadyEnded(Refusal):
    kind = Kind.CONFLICT
    code = "already-ended"
    title_zh = "这项任职已经结束"
    title_en = "The role has ended already"


class ApplicantUnnamed(Refusal):
    """Nobody comes to a resident's door without name and phone, however they become a volunteer."""

    kind = Kind.CONFLICT
    code = "applicant-unnamed"
    title_zh = "做志愿者须先在个人资料中填写姓名和电话"
    title_en = "A volunteer tells name and phone first"
    advice_zh = "个人资料由本人在 updateMe 填写"


class LastAdministrator(Refusal):
    kind = Kind.CONFLICT
    code = "last-administrator"
    title_zh = "没有别的管理员了,这项任职还不能结束"
    title_en = "No other administrator would be left"
    advice_zh = "请先用 grantRole 任命另一位管理员(不早于这项任职到期),再结束这一项"


class RoleNotGrantable(Refusal):
    kind = Kind.CONFLICT
    code = "role-not-grantable"
    title_zh = "居民身份由本人选择社区取得,不能授予"
    title_en = "Residents choose their community themselves"


class NotAnOfficersRole(Refusal):
    """An officer's account is for whoever works at a place; `detail` names what makes a resident or a volunteer."""

    kind = Kind.INVALID
    code = "not-an-officers-role"
    title_zh = "居民和志愿者不是工作人员,不用新建账号"
    title_en = "Residents and volunteers are no officers and need no such account"


class NothingToChange(Refusal):
    kind = Kind.INVALID
    code = "nothing-to-change"
    title_zh = "没有填写要修改的内容,或与原来一样"
    title_en = "There is nothing to change"


class WrongPassword(Refusal):
    kind = Kind.UNAUTHENTICATED
    code = "wrong-password"
    title_zh = "登录名或密码不正确"
    title_en = "Wrong login name or password"


class NoPassword(Refusal):
    kind = Kind.CONFLICT
    code = "no-password"
    title_zh = "此账号不使用密码登录"
    title_en = "This account has no password"


class PersonDisabled(Refusal):
    kind = Kind.FORBIDDEN
    code = "person-disabled"
    title_zh = "此账号已停用,请联系社区"
    title_en = "This account is disabled"
