"""What is refused of errands, their authority and their papers: beside the other refusals of orders, `errors.py`."""

from app.kernel.errors import FieldFault, Kind, Refusal


class ErrandStartsWithPapers(Refusal):
    kind = Kind.CONFLICT
    code = "errand-starts-with-papers"
    title_zh = "帮办代办从交接材料开始,请先登记材料"
    title_en = "An errand starts with the receipt for its papers"
    advice_zh = "签收材料即开始(handOverPapers);不需要材料的,材料填空列表"


class NoAuthority(Refusal):
    kind = Kind.CONFLICT
    code = "no-authority"
    title_zh = "没有居民有效的授权,请居民先授权(recordAuthority)"
    title_en = "The resident has given no authority, or it has ended"
    advice_zh = "居民没有授权、已经收回、到期了,或授权写给的是先前承接的人:请居民重新授权"


_NEXT = "居民重新授权(recordAuthority)后可以接着办;不办了的,请中止(abortOrder)"
WITHDRAWN = f"居民已收回授权,不能再以其名义办理。{_NEXT}"
"""Of an errand in service whose authority was withdrawn: what whoever serves it does now."""


_FORMER = (
    "先前的代办员手中还有材料:由其凭居民的归还码归还(returnPapers),已当面转交给您的由您归还;其不归还或已经遗失的,"
    "请派单员、书记登记归还或遗失"
)


class AuthorityTooLong(Refusal):
    kind = Kind.INVALID
    code = "authority-too-long"
    title_zh = "授权最长一年:到明年的今天为止"
    title_en = "Authority lasts a year at the most, until this day next year"


class AuthorityOver(Refusal):
    kind = Kind.INVALID
    code = "authority-over"
    title_zh = "授权到期的时间已过,须在将来"
    title_en = "Authority that would be over already"


class AuthorityChannel(Refusal):
    """How a caller gave the authority: said by who passes it on, and by nobody else."""

    kind = Kind.INVALID
    code = "authority-channel"
    title_zh = "居民怎样授权(channel),只由转达的工作人员填写"
    title_en = "How authority was given is said by whoever passes it on, and by nobody else"

    @classmethod
    def at(cls, *, passed_on: bool) -> "AuthorityChannel":
        """The refusal at the field: it is missing, or is for others."""
        why = "请填写居民来电(phone)还是到站(walk_in)授权" if passed_on else "由本人授权的不填,只由转达的工作人员填写"
        return cls(why, fields=(FieldFault("/body/channel", cls.code, why),))


class PapersOut(Refusal):
    kind = Kind.CONFLICT
    code = "papers-out"
    title_zh = "还有材料没有归还,请先归还"
    title_en = "Papers have not come back yet"
    advice_zh = "在外的材料见 listPapers,凭居民的归还码归还(returnPapers)"

    @classmethod
    def told(cls, *, own: bool, former: bool, withdrawn: bool) -> "PapersOut":
        """The refusal to whoever serves. `own`: they have papers themselves; `former`: whoever served it before has; `withdrawn`:
        the resident took the authority back."""
        first = "居民已收回授权:先凭归还码归还材料(returnPapers)" if withdrawn else cls.advice_zh
        parts = (first if own else None, _FORMER if former else None, _NEXT if withdrawn else None)
        return cls("。".join(part for part in parts if part))


class PapersNotOut(Refusal):
    kind = Kind.CONFLICT
    code = "papers-not-out"
    title_zh = "所列材料没有交出、已经归还,或已报遗失"
    title_en = "These papers were not handed over, have come back, or were lost"
    advice_zh = "还在外面的材料和编号见 listPapers"


class ReturnCodeWrong(Refusal):
    kind = Kind.CONFLICT
    code = "return-code-wrong"
    title_zh = "归还码不正确,请向居民核对"
    title_en = "The return code is wrong"
    advice_zh = "归还码在居民的订单页上(getOrder),每次归还后更换;输错五次须等十分钟"
