"""What the room of the exclusions refuses."""

from app.kernel.errors import Kind, NotFound, Refusal


class MissNotFound(NotFound):
    code = "miss-not-found"
    title_zh = "没有找到这项时限"
    title_en = "There is no such deadline"


class NotMissed(Refusal):
    kind = Kind.CONFLICT
    code = "not-missed"
    title_zh = "这项时限没有错过,无需不计"
    title_en = "This deadline was not missed"


class CallbackNotSettled(NotFound):
    code = "callback-not-settled"
    title_zh = "没有找到这项已有结果的回访"
    title_en = "There is no such call-back that is settled"
    advice_zh = "回访的结果只有当地及上级的书记看得到,由书记提请不计;派单员可以提请的是错过的时限"


class AlreadyExcluded(Refusal):
    kind = Kind.CONFLICT
    code = "already-excluded"
    title_zh = "已提请不计,或已经不计"
    title_en = "An exclusion of this miss waits, or was upheld"


class ExclusionNotFound(NotFound):
    code = "exclusion-not-found"
    title_zh = "没有找到这次不计申请"
    title_en = "Exclusion not found"


class AlreadyReviewed(Refusal):
    kind = Kind.CONFLICT
    code = "already-reviewed"
    title_zh = "这次不计申请已有复核结果"
    title_en = "This exclusion was decided already"


class ReviewedHigherUp(Refusal):
    kind = Kind.FORBIDDEN
    code = "reviewed-higher-up"
    title_zh = "不计须由街道或以上的书记、管理员复核"
    title_en = "An exclusion is decided at the street or above"


class OwnReview(Refusal):
    kind = Kind.FORBIDDEN
    code = "own-review"
    title_zh = "提请人和经办过该事项的人不能复核"
    title_en = "Neither who proposed it nor who had a part in the matter decides"
    advice_zh = "请由街道或区县没有经办过的书记、管理员复核"
