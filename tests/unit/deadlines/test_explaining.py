"""Awkward deadlines in the words that a resident reads: every sentence stands here as it is said."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.cases.policy import LIFECYCLE as CASES_OF_RESIDENTS
from app.domain.deadlines.days import counted
from app.domain.deadlines.explaining import Asked, Held, Later, sentences
from app.domain.deadlines.meaning import PROMISED, SINCE, told
from app.domain.deadlines.spoken import duration
from app.domain.orders.policy import LIFECYCLE as ORDERS
from app.domain.places.models import EstateType
from app.kernel.calendars import Calendar
from app.kernel.deadlines import Timing
from app.kernel.lifecycle import Lifecycle
from tests.unit.kernel.test_calendars import DUTY, NOTICES, WALL, WORK, at

with NOTICES.open(encoding="utf-8", newline="") as notices:
    NAMES = {date.fromisoformat(row["day"]): row["name"] for row in csv.DictReader(notices)}

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Case:
    """A deadline to be explained; its times are computed, unless it has others."""

    kind: str
    started: str
    budget: timedelta
    calendar: Calendar
    percents: tuple[int, ...] = (80, 100)
    pauses: Sequence[Held] = ()
    stopped: str | None = None
    missed: bool = False
    said: tuple[str, ...] = field(default=())

    def asked(self) -> Asked:
        stretches = tuple((pause.from_at, pause.until_at) for pause in self.pauses if not pause.annulled)
        timing = Timing(at(self.started), self.budget, self.percents, self.calendar, stretches)
        times = timing.times()
        return Asked(
            kind=self.kind,
            timing=timing,
            times=times,
            pauses=self.pauses,
            stopped_at=at(self.stopped) if self.stopped else None,
            missed=self.missed,
            day_names=NAMES if self.calendar is WORK else {},
            calendar_missing=bool(self.calendar.missing_years(timing.started_at, max(times))),
        )


def held(begin: str, end: str, reason: str, by: str, *, annulled: bool = False) -> Held:
    return Held(at(begin), at(end), reason, by, annulled)


CASES = {
    "a plan from Friday evening": Case(
        "plan", "2026-03-06 20:00", 7 * HOUR, WORK,
        said=(
            "方案:社区给出带日期的方案;写下方案,或双方确认约定,就停止计时。",
            "3月6日(周五)20:00下单,当时不在工作时间内,3月9日(周一)09:00起算。",
            "方案时限为 1 个工作日(7 小时),只计工作日的工作时间。",
            "3月9日(周一)计 09:00–12:00、13:30–17:30,共 7 小时。",
            "3月7日至3月8日(周末)不计。",
            "3月9日(周一)16:06用到 80%,提醒经办人。",
            "当天17:30到期,到这一刻还没有做到就算错过。",
        ),
    ),
    "over the national holidays, with fractions of a second": Case(
        "plan", "2026-09-30 15:12:07.250000", 7 * HOUR, WORK,
        said=(
            "方案:社区给出带日期的方案;写下方案,或双方确认约定,就停止计时。",
            "从下单起算:9月30日(周三)15:12。",
            "方案时限为 1 个工作日(7 小时),只计工作日的工作时间。",
            "9月30日(周三)计 15:12–17:30,共 2 小时 18 分钟。",
            "10月8日(周四)计 09:00–12:00、13:30–15:12,共 4 小时 42 分钟。",
            "10月1日至10月7日(国庆节和周末)不计。",
            "10月8日(周四)13:48用到 80%,提醒经办人。",
            "当天15:12到期,到这一刻还没有做到就算错过。",
        ),
    ),
    "into a make-up Saturday": Case(
        "plan", "2026-02-13 16:00", 7 * HOUR, WORK,
        said=(
            "方案:社区给出带日期的方案;写下方案,或双方确认约定,就停止计时。",
            "从下单起算:2月13日(周五)16:00。",
            "方案时限为 1 个工作日(7 小时),只计工作日的工作时间。",
            "2月13日(周五)计 16:00–17:30,共 1 小时 30 分钟。",
            "2月14日(周六,调休上班)计 09:00–12:00、13:30–16:00,共 5 小时 30 分钟。",
            "2月14日(周六)14:36用到 80%,提醒经办人。",
            "当天16:00到期,到这一刻还没有做到就算错过。",
        ),
    ),
    "an order at night": Case(
        "respond", "2026-03-03 22:41:09", 20 * MINUTE, DUTY, (80, 100, 150),
        said=(
            "响应:社区会有人联系您;联系上您,或有志愿者接单,就停止计时。",
            "3月3日(周二)22:41下单,当时不在值守时间内,3月4日(周三)08:00起算。",
            "响应时限为 20 分钟,只计社区站点有人值守的时间。",
            "3月4日(周三)08:16用到 80%,提醒经办人。",
            "当天08:20到期,到这一刻还没有做到就算错过。",
            "当天08:30到 150%,仍没有做到就报上一级。",
        ),
    ),
    "a pause by a question": Case(
        "coordinate", "2026-03-03 17:00", 4 * HOUR, DUTY,
        pauses=(held("2026-03-03 18:00", "2026-03-04 09:30", "question", "社区"),),
        said=(
            "协调:社区与您商定怎么办、什么时候来;双方确认约定就停止计时。",
            "从下单起算:3月3日(周二)17:00。",
            "协调时限为 4 小时,只计社区站点有人值守的时间。",
            "3月3日(周二)计 17:00–18:00,共 1 小时。",
            "3月4日(周三)计 09:30–12:30,共 3 小时。",
            "社区向居民提了问题,3月3日(周二)18:00至3月4日(周三)09:30等待回答,这段时间不计。",
            "3月4日(周三)11:42用到 80%,提醒经办人。",
            "当天12:30到期,到这一刻还没有做到就算错过。",
        ),
    ),
    "a pause that was annulled, and one that stands": Case(
        "coordinate", "2026-03-03 17:00", 4 * HOUR, DUTY,
        pauses=(
            held("2026-03-03 18:00", "2026-03-03 19:00", "question", "社区", annulled=True),
            held("2026-03-04 08:30", "2026-03-05 08:30", "force_majeure", "社区书记"),
        ),
        said=(
            "协调:社区与您商定怎么办、什么时候来;双方确认约定就停止计时。",
            "从下单起算:3月3日(周二)17:00。",
            "协调时限为 4 小时,只计社区站点有人值守的时间。",
            "3月3日(周二)计 17:00–20:00,共 3 小时。",
            "3月4日(周三)计 08:00–08:30,共 30 分钟。",
            "3月5日(周四)计 08:30–09:00,共 30 分钟。",
            "3月3日(周二)18:00至19:00曾因等待居民回答暂停,经裁定撤销,这段时间照常计算。",
            "社区书记因不可抗力暂停计时,3月4日(周三)08:30至3月5日(周四)08:30不计。",
            "3月4日(周三)08:12用到 80%,提醒经办人。",
            "3月5日(周四)09:00到期,到这一刻还没有做到就算错过。",
        ),
    ),
    "into a year without a notice": Case(
        "plan", "2026-12-31 16:00", 3 * HOUR + 30 * MINUTE, WORK,
        said=(
            "方案:社区给出带日期的方案;写下方案,或双方确认约定,就停止计时。",
            "从下单起算:12月31日(周四)16:00。",
            "方案时限为 3 小时 30 分钟,只计工作日的工作时间。",
            "12月31日(周四)计 16:00–17:30,共 1 小时 30 分钟。",
            "1月1日(周五)计 09:00–11:00,共 2 小时。",
            "1月1日(周五)10:18用到 80%,提醒经办人。",
            "当天11:00到期,到这一刻还没有做到就算错过。",
            "国务院尚未公布 2027 年的放假安排,暂按周一至周五上班计算,公布后会重新计算。",
        ),
    ),
    "an appointment": Case(
        "appointment", "2026-03-07 21:50", 15 * MINUTE, WALL,
        said=(
            "赴约:志愿者按约定的时间来;开始服务就停止计时。",
            "约定的时间是3月7日(周六)21:50。",
            "过了约定的时间,最多再等 15 分钟。",
            "3月7日(周六)22:02用到 80%,提醒经办人。",
            "当天22:05到期,到这一刻还没有开始服务就算错过。",
        ),
    ),
    "stopped late": Case(
        "finish", "2026-03-03 09:00", 4 * HOUR, DUTY, (100,), stopped="2026-03-03 14:00:30", missed=True,
        said=(
            "完成:志愿者把服务做完;完成就停止计时。",
            "从开始服务起算:3月3日(周二)09:00。",
            "完成时限为 4 小时,只计社区站点有人值守的时间。",
            "3月3日(周二)13:00到期,到这一刻还没有做到就算错过。",
            "3月3日(周二)14:00停止计时,已经超过时限。",
        ),
    ),
    "over many days, stopped in time": Case(
        "plan", "2026-09-24 10:00", 70 * HOUR, WORK, (100,), stopped="2026-09-28 09:00",
        said=(
            "方案:社区给出带日期的方案;写下方案,或双方确认约定,就停止计时。",
            "从下单起算:9月24日(周四)10:00。",
            "方案时限为 10 个工作日(70 小时),只计工作日的工作时间。",
            "9月24日(周四)计 10:00–12:00、13:30–17:30,共 6 小时。",
            "其间 9 天共计 63 小时。",
            "10月15日(周四)计 09:00–10:00,共 1 小时。",
            "9月25日至9月27日(中秋节和周末)、10月1日至10月7日(国庆节和周末)、10月11日(周日)不计。",
            "10月15日(周四)10:00到期,到这一刻还没有做到就算错过。",
            "9月28日(周一)09:00停止计时,没有超过时限。",
        ),
    ),
    "over months": Case(
        "plan", "2026-08-03 09:00", 50 * 7 * HOUR, WORK, (100,),
        said=(
            "方案:社区给出带日期的方案;写下方案,或双方确认约定,就停止计时。",
            "从下单起算:8月3日(周一)09:00。",
            "方案时限为 50 个工作日(350 小时),只计工作日的工作时间。",
            "8月3日(周一)计 09:00–12:00、13:30–17:30,共 7 小时。",
            "其间 48 天共计 336 小时。",
            "10月15日(周四)计 09:00–12:00、13:30–17:30,共 7 小时。",
            "9月25日至9月27日(中秋节和周末)、10月1日至10月7日(国庆节和周末)、其间另外 14 个休息日不计。",
            "10月15日(周四)17:30到期,到这一刻还没有做到就算错过。",
        ),
    ),
    "what an appointment had stopped goes on, and is missed": Case(
        "respond", "2026-03-03 09:00", 20 * MINUTE, DUTY, (100,), missed=True,
        pauses=(held("2026-03-03 09:05", "2026-03-03 15:20", "undone", "系统"),),
        said=(
            "响应:社区会有人联系您;联系上您,或有志愿者接单,就停止计时。",
            "从下单起算:3月3日(周二)09:00。",
            "响应时限为 20 分钟,只计社区站点有人值守的时间。",
            "3月3日(周二)计 09:00–09:05、15:20–15:35,共 20 分钟。",
            "3月3日(周二)09:05至15:20曾停止计时,后来退回,接着计时,中间这段时间不计。",
            "3月3日(周二)15:35到期,到这一刻还没有做到就算错过。",
            "现在已经超过时限,社区仍须办理。",
        ),
    ),
    "a promise": Case(
        "promise", "2026-03-03 09:00", 3 * DAY + 2 * HOUR, WALL,
        said=(
            "兑现承诺:写下方案的一方在承诺的日期前办好;完成服务就停止计时。",
            "3月3日(周二)09:00写下方案,承诺在3月6日(周五)11:00之前做到。",
            "3月5日(周四)20:12用到 80%,提醒经办人。",
            "3月6日(周五)11:00到期,到这一刻还没有做到就算错过。",
        ),
    ),
    "a rating": Case(
        "rating", "2026-03-03 09:00", 5 * DAY, WALL, (60, 100, 140), missed=True,
        said=(
            "评价:请您评价这次服务;评价了就停止计时。",
            "从服务完成起算:3月3日(周二)09:00。",
            "评价时限为 5 天,全天二十四小时都计。",
            "3月6日(周五)09:00提醒居民评价。",
            "3月8日(周日)09:00到期,到这一刻还没有评价,社区会联系居民。",
            "3月10日(周二)09:00仍没有评价,订单就关闭,不算好评,也不算差评。",
            "现在已经超过时限,仍可以评价。",
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_deadline_explains_itself(case: Case) -> None:
    assert sentences(case.asked()) == case.said


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_counts_is_the_budget_at_the_due_moment(case: Case) -> None:
    timing = case.asked().timing
    periods = counted(timing, timing.due_at())
    assert timedelta(seconds=sum(period.seconds for period in periods)) == case.budget


@pytest.mark.parametrize(
    ("span", "said", "in_days"),
    [
        (20 * MINUTE, "20 分钟", "20 分钟"),
        (MINUTE / 60, "1 秒", "1 秒"),
        (8 * MINUTE + 5 * MINUTE / 60, "8 分 5 秒", "8 分 5 秒"),
        (HOUR, "1 小时", "1 小时"),
        (26 * HOUR + 30 * MINUTE, "26 小时 30 分钟", "1 天 2 小时 30 分钟"),
        (5 * DAY, "120 小时", "5 天"),
        (timedelta(), "0 分钟", "0 分钟"),
    ],
)
def test_a_length_of_time_in_words(span: timedelta, said: str, in_days: str) -> None:
    assert (duration(span), duration(span, days=True)) == (said, in_days)


@settings(derandomize=True)
@given(
    st.integers(0, 90 * 86_400_000), st.integers(1, 80 * 3600),
    st.lists(st.tuples(st.integers(0, 20 * 86_400), st.integers(0, 5 * 86_400)), max_size=3),
    st.sampled_from([WALL, DUTY, WORK]),
)  # fmt: skip
def test_every_deadline_explains_itself(
    offset: int, budget: int, pauses: list[tuple[int, int]], calendar: Calendar
) -> None:
    """The periods that count are in order, lie outside the pauses, and are the budget together."""
    start = at("2026-01-20 00:00") + timedelta(milliseconds=offset)
    stretches = tuple(
        (start + timedelta(seconds=begin), start + timedelta(seconds=begin + length)) for begin, length in pauses
    )
    timing = Timing(start, timedelta(seconds=budget), (80, 100), calendar, stretches)
    periods = counted(timing, timing.due_at())
    assert timedelta(seconds=round(sum(period.seconds for period in periods), 6)) == timing.budget
    assert all(earlier.until_at <= later.from_at for earlier, later in pairwise(periods))
    assert not any(p.from_at < end and begin < p.until_at for p in periods for begin, end in stretches if begin < end)
    asked = Asked("plan", timing, timing.times(), (), None, False, NAMES, False)
    assert all(said.endswith("。") and "  " not in said and " ," not in said for said in sentences(asked))


def test_limits_of_a_type_of_estate_say_so() -> None:
    asked = Case("respond", "2026-03-03 10:00", 20 * MINUTE, DUTY).asked()
    plain = sentences(asked)
    typed = sentences(replace(asked, estate_type=EstateType.OLD))
    assert typed == (*plain[:3], "这是为老旧型小区规定的时限。", *plain[3:])


@pytest.mark.parametrize(
    ("passed", "over", "said"),
    [
        (26 * HOUR, False, "这是第 2 轮;从11月30日(周一)09:00下单起已过 1 天 2 小时。"),
        (75 * MINUTE, True, "这是第 2 轮;从11月30日(周一)09:00下单起一共用了 1 小时 15 分钟。"),
    ],
)
def test_a_further_round_says_how_long_it_has_been_in_all(passed: timedelta, over: bool, said: str) -> None:
    asked = Case("plan", "2026-12-01 10:00", 4 * HOUR, WORK).asked()
    later = Later(2, at("2026-11-30 09:00"), passed, over)
    promised, _, *rest = sentences(asked)
    began = "从再办一轮起算:12月1日(周二)10:00。"
    assert sentences(replace(asked, later=later)) == (promised, said, began, *rest)


def test_marks_say_who_is_told_and_a_second_report_is_one_more() -> None:
    asked = Case("respond", "2026-03-03 10:00", 20 * MINUTE, DUTY, (80, 100, 150)).asked()
    by_mark = {80: ["社区派单员"], 100: ["社区派单员"], 150: ["社区书记", "街道及以上的书记"]}
    *_, reminded, missed, again = sentences(replace(asked, told=by_mark))
    assert reminded == "3月3日(周二)10:16用到 80%,提醒社区派单员。"
    assert missed == "当天10:20到期,到这一刻还没有做到就算错过,报社区派单员。"
    assert again == "当天10:30到 150%,仍没有做到就再报社区书记、街道及以上的书记。"
    *_, first = sentences(replace(asked, told={150: ["社区书记"]}))
    assert first == "当天10:30到 150%,仍没有做到就报社区书记。"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("secretary@street", "街道及以上的书记"),
        ("dispatcher", "社区派单员"),
        ("supervisor@district", "区县及以上的督办员"),
        ("seat", "办理的一级"),
    ],
)
def test_whom_a_mark_tells(target: str, said: str) -> None:
    assert told(target) == said


def test_what_stopped_it_is_named_and_seconds_only_where_they_tell_moments_apart() -> None:
    asked = Case("respond", "2026-03-03 10:00:10", 20 * MINUTE, DUTY, stopped="2026-03-03 10:05:30").asked()
    assert sentences(replace(asked, stopped_by="联系"))[-1] == "3月3日(周二)10:05因『联系』停止计时,没有超过时限。"
    at_once = replace(asked, stopped_at=at("2026-03-03 10:00:40"))
    assert sentences(at_once)[-1] == "3月3日(周二)10:00:40停止计时,没有超过时限。"


def test_a_case_says_what_its_limit_promises() -> None:
    asked = replace(Case("triage", "2026-03-03 10:00", 4 * HOUR, DUTY, missed=True).asked(), matter="case")
    promised, began, *_, last = sentences(asked)
    assert promised == "分流:社区决定由谁办;分流或不予受理就停止计时。"
    assert (began, last) == ("从上报起算:3月3日(周二)10:00。", "现在已经超过时限,仍须办理。")


@pytest.mark.parametrize("lifecycle", [ORDERS, CASES_OF_RESIDENTS])
def test_every_limit_says_what_it_promises(lifecycle: Lifecycle) -> None:
    kinds = {kind for row in lifecycle.transitions for kind in (*row.starts, *row.may_start, *row.stops)}
    assert {(lifecycle.kind, kind) for kind in kinds} <= PROMISED.keys()
    assert SINCE.keys() <= PROMISED.keys()
