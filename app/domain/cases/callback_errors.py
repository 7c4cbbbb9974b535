"""What can be refused about call-backs and supervision."""

from app.kernel.errors import Kind, NotFound, Refusal


class CallbackNotFound(NotFound):
    """The case has no such call-back in its round, or it is not the actor's."""

    code = "callback-not-found"
    title_zh = "没有找到这项回访"
    title_en = "No such call-back"


class AlreadyAnswered(Refusal):
    """The reporter has answered in this round, or the call-back is settled."""

    kind = Kind.CONFLICT
    code = "callback-answered"
    title_zh = "这一轮已经答复过,不能重复答复"
    title_en = "This was answered already"
    advice_zh = "这一轮的答复已经记下:没有解决的会退回再办,再办以后会再问"


class NoCallWanted(Refusal):
    """The reporter may still answer by themselves."""

    kind = Kind.CONFLICT
    code = "no-call-wanted"
    title_zh = "上报人还可以自己答复,暂不需要回访"
    title_en = "Nobody has to call yet"
    advice_zh = "还在等上报人自己答复:到期没有答复的,会出现在 listCallbacks"


class HandlingUnit(Refusal):
    """A call-back officer works in none of the units of the case, and did not report it."""

    kind = Kind.FORBIDDEN
    code = "handling-unit"
    title_zh = "回访须由办理单位和上报人以外的人进行"
    title_en = "The call-back is made by somebody outside every handling unit"


class NothingToAnswer(Refusal):
    """Every card of supervision is answered."""

    kind = Kind.CONFLICT
    code = "nothing-to-answer"
    title_zh = "没有等待答复的督办"
    title_en = "No supervision waits for an answer"
    advice_zh = "督办都已答复,或还没有督办(见 listSupervision):请继续办理"
