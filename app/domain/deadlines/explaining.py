"""Why a deadline is due when it is, as arithmetic and in sentences that a resident reads (domain.md §4.9). Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby

from app.domain.deadlines.meaning import AGAIN, PLACED, PROMISED, SINCE
from app.domain.deadlines.models import label_of
from app.domain.places.models import EstateType
from app.kernel.calendars import CalendarName
from app.kernel.deadline_tables import PauseReason
from app.kernel.deadlines import Stretch, Timing, merged
from app.kernel.time import CHINA

_WEEKDAYS = "一二三四五六日"
SATURDAY = 5
SHOWN_DAYS = 5
"""So many days are told one by one; of more, the first, the last, and how many lie between."""

REASONS = {
    PauseReason.QUESTION: "等待居民回答",
    PauseReason.FORCE_MAJEURE: "不可抗力",
    PauseReason.UNDONE: "此前已处理",
}

_TO_DO = {"offer": "接单", "appointment": "开始服务", "wish": "开始服务", "rating": "评价"}
"""What has to be done in time, where "do it" 做到 would not say."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A period [from, until) that counts."""

    from_at: datetime
    until_at: datetime

    @property
    def seconds(self) -> float:
        return (self.until_at - self.from_at).total_seconds()


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
    kind its matter is; `told`: who is told at which mark; `stopped_by`: the word for what stopped it, where it is known."""

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


def counted(timing: Timing, until: datetime) -> tuple[Counted, ...]:
    """The periods of open time outside the pauses, from the start until `until`; together they are the budget at the due
    moment."""
    free: list[Stretch] = []
    moment = timing.started_at
    for begin, end in merged(timing.pauses):
        if end <= moment:
            continue
        if begin >= until:
            break
        if begin > moment:
            free.append((moment, begin))
        moment = max(moment, end)
    if moment < until:
        free.append((moment, until))
    return tuple(Counted(begin, end) for stretch in free for begin, end in timing.calendar.periods(*stretch))


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
        said += _days(counted(timing, due), asked.day_names)
        said += _left_out(timing, due, asked.day_names)
    said += [_pause(pause) for pause in asked.pauses]
    said += [_mark(asked, percent, at) for percent, at in zip(timing.percents, asked.times, strict=True)]
    if asked.calendar_missing:
        years = timing.calendar.missing_years(timing.started_at, max(asked.times))
        said.append(
            f"国务院尚未公布 {'、'.join(map(str, years))} 年的放假安排,暂按周一至周五上班计算,公布后会重新计算。"
        )
    if asked.stopped_at is not None:
        because = f"因『{asked.stopped_by}』" if asked.stopped_by else ""
        said.append(
            f"{_moment(asked.stopped_at)}{because}停止计时,{'已经超过时限' if asked.missed else '没有超过时限'}。"
        )
    elif asked.missed:
        still = "仍可以评价" if asked.kind == "rating" else "社区仍须办理" if asked.matter == "order" else "仍须办理"
        said.append(f"现在已经超过时限,{still}。")
    if asked.excluded_for is not None:
        said.append(f"这次错过经复核不计入考核,原因是{asked.excluded_for}。")
    return tuple(said)


def _promise(asked: Asked, due: datetime) -> list[str]:
    """From what and when, and how long; an appointed or a promised moment in words of its own."""
    timing, kind = asked.timing, asked.kind
    name, start = timing.calendar.name, _moment(timing.started_at)
    length = _length(timing)
    if kind == "appointment":
        return [f"约定的时间是{start}。", f"过了约定的时间,最多再等 {length}。"]
    if kind == "promise":
        return [f"{start}写下方案,承诺在{_moment(due)}之前做到。"]
    event = SINCE.get((asked.matter, kind))
    if event == PLACED and asked.later is not None:
        event = AGAIN
    opens = timing.calendar.opens(timing.started_at)
    if opens == timing.started_at:
        begins = f"从{event}起算:{start}。" if event else f"{start}起算。"
    else:
        begins = f"{start}{event or '收到'},当时不在{name.label}内,{_moment(opens)}起算。"
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


def _mark(asked: Asked, percent: int, at: datetime) -> str:
    kind, to_do, told = asked.kind, _TO_DO.get(asked.kind, "做到"), "、".join(asked.told.get(percent, ()))
    if kind == "rating" and percent != 100:
        return f"{_moment(at)}" + ("提醒居民评价。" if percent < 100 else "仍没有评价,订单就关闭,不算好评,也不算差评。")
    if percent == 100:
        missed = ",社区会联系居民" if kind == "rating" else "就算错过" + (f",报{told}" if told else "")
        return f"{_moment(at)}到期,到这一刻还没有{to_do}{missed}。"
    if percent < 100:
        return f"{_moment(at)}用到 {percent}%,提醒{told or '经办人'}。"
    again = any(100 <= earlier < percent for earlier in asked.told)
    return f"{_moment(at)}到 {percent}%,仍没有{to_do}就{'再' if again else ''}报{told or '上一级'}。"


def _days(periods: Sequence[Counted], names: Mapping[date, str]) -> list[str]:
    parts = [part for period in periods for part in _by_midnight(period)]
    by_day = [(day, list(found)) for day, found in groupby(parts, key=lambda p: p.from_at.astimezone(CHINA).date())]
    if len(by_day) <= SHOWN_DAYS:
        return [_day(day, found, names) for day, found in by_day]
    between = sum((p.seconds for _, found in by_day[1:-1] for p in found), 0.0)
    return [
        _day(*by_day[0], names),
        f"其间 {len(by_day) - 2} 天共计 {duration(timedelta(seconds=between))}。",
        _day(*by_day[-1], names),
    ]


def _by_midnight(period: Counted) -> Iterator[Counted]:
    """The period by days, in whole seconds at most, as they are shown, so that the shown lengths fit the shown times."""
    begin, until = (at.astimezone(CHINA).replace(microsecond=0) for at in (period.from_at, period.until_at))
    while begin < until:
        midnight = datetime.combine(begin.date() + timedelta(days=1), time(), CHINA)
        yield Counted(begin, min(midnight, until))
        begin = midnight


def _day(day: date, found: Sequence[Counted], names: Mapping[date, str]) -> str:
    shifts = "、".join(f"{_clock(p.from_at)}–{_clock(p.until_at, day)}" for p in found)
    made_up = f",{names[day]}上班" if day in names else ""
    spent = timedelta(seconds=sum(p.seconds for p in found))
    return f"{_date(day)}({_weekday(day)}{made_up})计 {shifts},共 {duration(spent)}。"


def _left_out(timing: Timing, due: datetime, names: Mapping[date, str]) -> list[str]:
    """The days from the start to the due moment that the calendar has as closed, with the names of holidays. Of many, those
    with a name and how many others."""
    first, last = timing.started_at.astimezone(CHINA).date(), due.astimezone(CHINA).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    runs = _runs(day for day in days if not timing.calendar.shifts(day))
    others = 0
    if len(runs) > SHOWN_DAYS:
        named = [run for run in runs if any(day in names for day in run)]
        others = sum(map(len, runs)) - sum(map(len, named))
        runs = named
    said = [_run(run, names) for run in runs] + ([f"其间另外 {others} 个休息日"] if others else [])
    return ["、".join(said) + "不计。"] if said else []


def _runs(days: Iterable[date]) -> list[list[date]]:
    """Days that follow each other, together."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _run(run: Sequence[date], names: Mapping[date, str]) -> str:
    """10月1日至10月7日(国庆节和周末), 3月7日至3月8日(周末), 9月27日(周日)."""
    named = "、".join(dict.fromkeys(names[day] for day in run if day in names))
    plain = [day for day in run if day not in names]
    if named:
        said = named + "和周末" * bool(plain)
    elif len(run) == 1:
        said = _weekday(run[0])
    else:
        weekend = all(day.weekday() >= SATURDAY for day in run)
        said = "周末" if weekend else f"{_weekday(run[0])}至{_weekday(run[-1])}"
    return f"{_date(run[0])}{f'至{_date(run[-1])}' if len(run) > 1 else ''}({said})"


def _pause(pause: Held) -> str:
    span = f"{_moment(pause.from_at)}至{_moment(pause.until_at)}"
    reason = PauseReason(pause.reason)
    if pause.annulled:
        return f"{span}曾因{REASONS[reason]}暂停,经裁定撤销,这段时间照常计算。"
    match reason:
        case PauseReason.QUESTION:
            return f"{pause.by}向居民提了问题,{span}等待回答,这段时间不计。"
        case PauseReason.FORCE_MAJEURE:
            return f"{pause.by}因不可抗力暂停计时,{span}不计。"
        case PauseReason.UNDONE:
            return f"{span}曾停止计时,后来退回,接着计时,中间这段时间不计。"


def duration(span: timedelta, *, days: bool = False) -> str:
    """A length of time in words: 3 小时 30 分钟, 20 分钟, 8 分 5 秒; with `days`, from 24 hours on, 3 天 2 小时."""
    seconds = int(span.total_seconds())
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    whole, hours = divmod(hours, 24) if days else (0, hours)
    parts = [f"{whole} 天"] * (whole > 0) + [f"{hours} 小时"] * (hours > 0)
    if rest:
        parts += [f"{minutes} 分"] * (minutes > 0) + [f"{rest} 秒"]
    elif minutes or not parts:
        parts.append(f"{minutes} 分钟")
    return " ".join(parts)


def moment(at: datetime) -> str:
    """11月30日(周一)09:00: people need no seconds."""
    return _moment(at.replace(second=0))


def _moment(at: datetime) -> str:
    """The same with seconds where there are any."""
    local = at.astimezone(CHINA)
    return f"{_date(local.date())}({_weekday(local.date())}){_clock(local)}"


def _date(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _weekday(day: date) -> str:
    return f"周{_WEEKDAYS[day.weekday()]}"


def _clock(at: datetime, of: date | None = None) -> str:
    local = at.astimezone(CHINA)
    if of is not None and local.date() > of:
        return "24:00"
    return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
