"""What the representations refuse."""

from datetime import datetime
from typing import Self

from app.kernel.errors import Kind, NotFound, Refusal
from app.kernel.time import CHINA


class RepresentationNotFound(NotFound):
    code = "representation-not-found"
    title_zh = "没有找到这项代下单关系"
    title_en = "Representation not found"
    advice_zh = "按手机号请您同意的,先用微信验证手机号(provePhone);也可以请站点当面或电话核实后记录"


class CardNotFound(NotFound):
    code = "card-not-found"
    title_zh = "没有找到此人的住户卡"
    title_en = "No household card of this person"


class OwnNameMissing(Refusal):
    kind = Kind.CONFLICT
    code = "own-name-missing"
    title_zh = "请先填写您自己的姓名,对方才知道是谁"
    title_en = "Give your own name first, so that the other side knows who asks"
    advice_zh = "姓名在 updateMe 填写"


class OwnPhone(Refusal):
    kind = Kind.CONFLICT
    code = "own-phone"
    title_zh = "这是您自己的电话或编号,为自己点单不需要代下单"
    title_en = "This is your own phone or id: nobody represents themselves"
    advice_zh = (
        "为自己点单用 placeOrder,不填 beneficiary_id;家人没有电话、与您共用电话的,请社区登记(registerResident),"
        "再不填 phone,改填登记所得的编号 person_id"
    )


class AlreadyNamed(Refusal):
    kind = Kind.CONFLICT
    code = "already-named"
    title_zh = "您已登记过这位受益人"
    title_en = "You have named this person already"
    advice_zh = "已登记的见 listMyBeneficiaries"


class AskedTooSoon(Refusal):
    """The other side said no, or it was ended for them, a short while ago; whether anybody has the phone is not said by it."""

    kind = Kind.CONFLICT
    code = "asked-too-soon"
    title_zh = "这项代下单不久前已被谢绝或结束,暂时不能再次请求"
    title_en = "This was declined or ended a short while ago; it cannot be asked for again yet"
    advice_zh = "过一周再请求;之前的见 listMyBeneficiaries"

    @classmethod
    def until(cls, again_at: datetime) -> Self:
        """The refusal; `again_at`: from when on one may ask again."""
        at = again_at.astimezone(CHINA)
        said = f"{at.month}月{at.day}日 {at:%H:%M} 之后可以再次请求;之前的见 listMyBeneficiaries"
        return cls(said, detail_en=f"Ask again after {at:%Y-%m-%d %H:%M}")


class OthersConsent(Refusal):
    kind = Kind.FORBIDDEN
    code = "others-consent"
    title_zh = "代下单人不能替对方表示同意,请由本人或站点工作人员记录"
    title_en = "A representative cannot consent for the one who is represented"


class BeneficiaryNotRegistered(Refusal):
    kind = Kind.CONFLICT
    code = "beneficiary-not-registered"
    title_zh = "此人还不是本社区登记的居民,请先登记(registerResident)再记录同意"
    title_en = "The person is no registered resident of this community: register them first"
    advice_zh = "已经登记的居民,请核对电话或编号是否与登记的一致"


class LivesElsewhere(Refusal):
    """To whoever is asked: their home is not in the community that the other side named."""

    kind = Kind.CONFLICT
    code = "lives-elsewhere"
    title_zh = "您住的社区与对方填写的不同,还不能同意"
    title_en = "You live in another community than the one that was named"
    advice_zh = (
        "还没有选择社区、或已搬到这里的,请先用 joinPlace 选择这个社区;"
        "住在别处的,请对方按您所在的社区重新登记(registerBeneficiary)"
    )


class NameDiffers(Refusal):
    """Whoever has the phone, or the id, is not called what the representative typed: it may be somebody else's."""

    kind = Kind.CONFLICT
    code = "name-differs"
    title_zh = "登记的姓名与代下单人填写的不同,请先向本人核对姓名和电话"
    title_en = "The name on file differs from the one that the representative gave: check both with the person first"
    advice_zh = (
        "两个姓名见 listRepresentations(name_on_file、beneficiary_name);确实是同一人的,填 name_checked 再记录;"
        "不是的,请结束(endRepresentation),由代下单人按正确的电话或编号重新登记"
    )


class AlreadyConsented(Refusal):
    kind = Kind.CONFLICT
    code = "already-consented"
    title_zh = "已经记录过同意"
    title_en = "The consent is recorded already"
    advice_zh = "代下单人现在就可以代下单;关系见 listRepresentations"
    to_oneself = "您不必再做什么;不愿意了,随时可以结束(endRepresentation)"


class RepresentationEnded(Refusal):
    kind = Kind.CONFLICT
    code = "representation-ended"
    title_zh = "这项代下单关系已经结束"
    title_en = "This representation has ended"
    advice_zh = "可由代下单人重新请求(registerBeneficiary):被谢绝或由对方、站点结束的,过一周再请求"
