"""Why a deadline is due when it is, as arithmetic and in sentences that a resident reads (domain.md §4.9). Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from app.domain.deadlines.days import counted, day_by_day, left_out
from app.domain.deadlines.meaning import AGAIN, PLACED, PROMISED, SINCE
from app.domain.deadlines.models import label_of
from app.domain.deadlines.spoken import clock, duration, exact, moment, span
from app.domain.places.models import EstateType
from app.kernel.calendars import CalendarName
from app.kernel.deadline_tables import PauseReason
from app.kernel.deadlines import Timing
from app.kernel.time import CHINA

REASONS = {
    PauseReason.QUESTION: "等待居民回答",
    PauseReason.FORCE_MAJEURE: "不可抗力",
    PauseReason.UNDONE: "此前已处理",
}

_TO_DO = {"offer": "接单", "appointment": "开始服务", "wish": "开始服务", "rating": "评价"}
"""What has to be done in time, where "do it" 做到 would not say."""


@dataclass(frozen=True, slots=True)
class Held:
    """A pause as the explanation needs it; `by`: in which capacity."""

    from_at: datetime
    until_at: datetime
    reason: str
    by: str
    annulled: bool


@dataclass(frozen=True, slots=True)
class Later:
    """That this is a further round: which, and how long the resident has waited in all; `over`: and waits no more."""

    round: int
    placed_at: datetime
    passed: timedelta
    over: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be explained: a deadline's kind and timing, its pauses, how it ended, the names of special days, the type of
    estate that its limits are for (None: any), the rounds before it (None: it is of the first), why its miss does not count
    (None: it does), whether its matter was re-categorised, and which part of the budget was granted later. `matter`: of which
    kind its matter is; `told`: who is told at which mark; `stopped_by`: the word for what stopped it, where it is known;
    `replaced`: a new one of its kind takes its place."""

    kind: str
    timing: Timing
    times: Sequence[datetime]
    pauses: Sequence[Held]
    stopped_at: datetime | None
    missed: bool
    day_names: Mapping[date, str]
    calendar_missing: bool
    estate_type: EstateType | None = None
    later: Later | None = None
    excluded_for: str | None = None
    recategorised: bool = False
    extension: timedelta = timedelta()
    matter: str = "order"
    told: Mapping[int, Sequence[str]] = field(default_factory=dict)
    stopped_by: str | None = None
    replaced: bool = False

    def in_minutes(self) -> "Asked":
        """The same to the minute, as people read it; to the second where seconds tell two moments apart."""
        pauses = [at for pause in self.pauses for at in (pause.from_at, pause.until_at)]
        moments = {self.timing.started_at, *self.times, *pauses, *filter(None, [self.stopped_at])}
        apart = len({_minute(at) for at in moments}) == len(moments)
        if not apart or self.timing.budget % timedelta(minutes=1):
            return self
        stretches = tuple((_minute(begin), _minute(end)) for begin, end in self.timing.pauses)
        timing = replace(self.timing, started_at=_minute(self.timing.started_at), pauses=stretches)
        due = self.times[timing.percents.index(100)]
        if _spent(timing, _minute(due)) != _spent(self.timing, due):
            return self
        return replace(
            self,
            timing=timing,
            times=tuple(map(_minute, self.times)),
            pauses=[replace(p, from_at=_minute(p.from_at), until_at=_minute(p.until_at)) for p in self.pauses],
            stopped_at=self.stopped_at and _minute(self.stopped_at),
        )


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _spent(timing: Timing, until: datetime) -> int:
    return round(sum(period.seconds for period in counted(timing, until)))


def sentences(asked: Asked) -> tuple[str, ...]:
    """The explanation, one thought a sentence; the first says what is promised."""
    asked = asked.in_minutes()
    timing, due = asked.timing, asked.times[asked.timing.percents.index(100)]
    name = timing.calendar.name
    said = [PROMISED[asked.matter, asked.kind]] if (asked.matter, asked.kind) in PROMISED else []
    if asked.later is not None:
        said.append(_later(asked.later))
    said += _promise(asked, due)
    if asked.extension:
        first = _length(replace(timing, budget=timing.budget - asked.extension))
        said.append(f"原定 {first},经上一级批准延长 {_length(replace(timing, budget=asked.extension))}。")
    if asked.estate_type is not None:
        said.append(f"这是为{asked.estate_type.label}规定的时限。")
    if asked.recategorised:
        said.append("订单改换过服务:时限改按新类别的规则,已经用掉的时间照计。")
    if name is not CalendarName.WALL:
        said += _days(timing, due, asked.day_names)
        said += left_out(timing, due, asked.day_names)
    said += [_pause(pause) for pause in asked.pauses]
    said += _marks(asked)
    if asked.calendar_missing:
        years = timing.calendar.missing_years(timing.started_at, max(asked.times))
        said.append(
            f"国务院尚未公布 {'、'.join(map(str, years))} 年的放假安排,暂按周一至周五上班计算,公布后会重新计算。"
        )
    if asked.stopped_at is not None:
        because = f"因『{asked.stopped_by}』" if asked.stopped_by else ""
        how = "由新的接替,既不算按时也不算错过" if asked.replaced else "没有超过时限"
        said.append(f"{exact(asked.stopped_at)}{because}停止计时,{'已经超过时限' if asked.missed else how}。")
    elif asked.missed:
        still = "仍可以评价" if asked.kind == "rating" else "社区仍须办理" if asked.matter == "order" else "仍须办理"
        said.append(f"现在已经超过时限,{still}。")
    if asked.excluded_for is not None:
        said.append(f"这次错过经复核不计入考核,原因是{asked.excluded_for}。")
    return tuple(said)


def _promise(asked: Asked, due: datetime) -> list[str]:
    """From what and when, and how long; an appointed or a promised moment in words of its own."""
    timing, kind = asked.timing, asked.kind
    name, start = timing.calendar.name, exact(timing.started_at)
    length = _length(timing)
    if kind == "appointment":
        return [f"约定的时间是{start}。", f"过了约定的时间,最多再等 {length}。"]
    if kind == "promise":
        return [f"{start}写下方案,承诺在{exact(due)}之前做到。"]
    event = SINCE.get((asked.matter, kind))
    if event == PLACED and asked.later is not None:
        event = AGAIN
    opens = timing.calendar.opens(timing.started_at)
    if opens == timing.started_at:
        begins = f"从{event}起算:{start}。" if event else f"{start}起算。"
    else:
        begins = f"{start}{event or '收到'},当时不在{name.label}内,{exact(opens)}起算。"
    return [begins, f"{label_of(kind)}时限为 {length},{_counting(name)}。"]


def _later(later: Later) -> str:
    """The rounds before count as well, for the resident (domain.md §4.8)."""
    passed = duration(later.passed, days=True)
    return f"这是第 {later.round} 轮;从{moment(later.placed_at)}下单起{'一共用了' if later.over else '已过'} {passed}。"


def _length(timing: Timing) -> str:
    """The budget; where it is whole working days, as such."""
    said = duration(timing.budget, days=timing.calendar.name is CalendarName.WALL)
    days, rest = divmod(timing.budget, timing.calendar.working_day)
    if timing.calendar.name is CalendarName.WORK and days and not rest:
        return f"{days} 个工作日({said})"
    return said


def _counting(name: CalendarName) -> str:
    match name:
        case CalendarName.WALL:
            return "全天二十四小时都计"
        case CalendarName.DUTY:
            return "只计社区站点有人值守的时间"
        case CalendarName.WORK:
            return "只计工作日的工作时间"


def _days(timing: Timing, due: datetime, names: Mapping[date, str]) -> list[str]:
    """What counts on which day; nothing where all of it runs from the start to the due moment: both are said already."""
    periods = counted(timing, due)
    day = due.astimezone(CHINA).date()
    at_once = len(periods) == 1 and periods[0].from_at == timing.calendar.opens(timing.started_at)
    if at_once and day not in names and day == periods[0].from_at.astimezone(CHINA).date():
        return []
    return day_by_day(periods, names)


def _marks(asked: Asked) -> Iterator[str]:
    """Each mark; one of the same day as the mark before does not name the day again."""
    before = None
    for percent, at in zip(asked.timing.percents, asked.times, strict=True):
        day = at.astimezone(CHINA).date()
        yield _mark(asked, percent, f"当天{clock(at)}" if day == before else exact(at))
        before = day


def _mark(asked: Asked, percent: int, when: str) -> str:
    kind, to_do, told = asked.kind, _TO_DO.get(asked.kind, "做到"), "、".join(asked.told.get(percent, ()))
    if kind == "rating" and percent != 100:
        return when + ("提醒居民评价。" if percent < 100 else "仍没有评价,订单就关闭,不算好评,也不算差评。")
    if percent == 100:
        missed = ",社区会联系居民" if kind == "rating" else "就算错过" + (f",报{told}" if told else "")
        missed += ",微心愿随即重新开放认领" if kind == "wish" else ""
        return f"{when}到期,到这一刻还没有{to_do}{missed}。"
    if percent < 100:
        return f"{when}用到 {percent}%,提醒{told or '经办人'}。"
    again = any(100 <= earlier < percent for earlier in asked.told)
    return f"{when}到 {percent}%,仍没有{to_do}就{'再' if again else ''}报{told or '上一级'}。"


def _pause(pause: Held) -> str:
    period = span(pause.from_at, pause.until_at)
    reason = PauseReason(pause.reason)
    if pause.annulled:
        return f"{period}曾因{REASONS[reason]}暂停,经裁定撤销,这段时间照常计算。"
    match reason:
        case PauseReason.QUESTION:
            return f"{pause.by}向居民提了问题,{period}等待回答,这段时间不计。"
        case PauseReason.FORCE_MAJEURE:
            return f"{pause.by}因不可抗力暂停计时,{period}不计。"
        case PauseReason.UNDONE:
            return f"{period}曾停止计时,后来退回,接着计时,中间这段时间不计。"
