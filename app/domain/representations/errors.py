"""What the representations refuse."""

from app.kernel.errors import Kind, NotFound, Refusal


class RepresentationNotFound(NotFound):
    code = "representation-not-found"
    title_zh = "没有找到这项代下单关系"
    title_en = "Representation not found"


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
    title_zh = "这是您自己的电话,为自己点单不需要代下单"
    title_en = "This is your own phone: nobody represents themselves"
    advice_zh = "为自己点单用 placeOrder,不填 beneficiary_id"


class AlreadyNamed(Refusal):
    kind = Kind.CONFLICT
    code = "already-named"
    title_zh = "您已登记过这位受益人"
    title_en = "You have named this person already"
    advice_zh = "已登记的见 listMyBeneficiaries"


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
    advice_zh = "已经登记的居民,请核对电话是否与登记的一致"


class AlreadyConsented(Refusal):
    kind = Kind.CONFLICT
    code = "already-consented"
    title_zh = "已经记录过同意"
    title_en = "The consent is recorded already"
    advice_zh = "现在就可以代下单;关系见 listRepresentations"


class RepresentationEnded(Refusal):
    kind = Kind.CONFLICT
    code = "representation-ended"
    title_zh = "这项代下单关系已经结束"
    title_en = "This representation has ended"
    advice_zh = "可重新登记(registerBeneficiary),再由本人或站点记录同意(giveConsent)"
