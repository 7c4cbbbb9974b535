"""What the deadlines of a matter look like over HTTP, and how one explains itself (domain.md §4.9)."""

from collections.abc import Mapping
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any

from fastapi import Path
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.schema import Choice, Out, StrictUUID
from app.domain.deadlines import days, explaining, meaning, reading
from app.domain.deadlines.models import label_of
from app.domain.exclusions.models import ExclusionReason
from app.domain.people.titles import office
from app.domain.places.models import EstateType
from app.kernel.calendars import CalendarName
from app.kernel.deadline_tables import PauseReason
from app.kernel.loading import timed_deadline
from app.kernel.rules import Role
from app.kernel.time import Moment

DeadlineId = Annotated[StrictUUID, Path(description="时限编号")]

ID = "01985a3c-4444-7f00-8a6b-2f4c5d6e7f05"
AT = "2026-03-03T10:30:00+08:00"
CALENDARS = "日历:" + "、".join(f"{name.value} {name.label}" for name in CalendarName)
PAUSES = "、".join(f"{reason.value} {reason.label}" for reason in PauseReason)


class FiredOut(Out):
    percent: int = Field(description="时限的百分之几")
    due_at: Moment = Field(description="应到时间")
    fired_at: Moment = Field(description="实际处理时间")


class PausedOut(Out):
    reason: Choice[PauseReason] = Field(description=PAUSES)
    reason_label: str = Field(description="原因的中文名称")
    text: str | None = Field(description="不可抗力的情况;等待回答的,问题见 listOrderPosts")
    until_at: Moment = Field(description="到什么时候(不含)")


class DeadlineOut(Out):
    id: StrictUUID = Field(description="时限编号")
    kind: str = Field(description="种类")
    kind_label: str = Field(description="种类的中文名称")
    round: int = Field(description="第几轮")
    policy_version: int = Field(description="依据的规则版本")
    calendar: Choice[CalendarName] = Field(description=CALENDARS)
    calendar_label: str = Field(description="日历的中文名称")
    pausing: str = Field(description="能不能暂停,什么时候")
    started_at: Moment = Field(description="开始")
    due_at: Moment = Field(description="到期:到这一刻即为错过")
    stopped_at: Moment | None = Field(description="停止;仍在计时则为 null")
    missed: bool = Field(description="是否错过")
    replaced: bool = Field(description="是否已由新的同类时限接替(改期、改写方案):既不算按时,也不算错过")
    excluded: bool = Field(description="错过是否经复核不计")
    paused: PausedOut | None = Field(description="正在暂停:原因和到期;没有暂停则为 null")
    marks: list[FiredOut] = Field(description="已到的节点")


class DeadlinesOut(Out):
    items: list[DeadlineOut] = Field(description="从早到晚")


class PauseOut(Out):
    id: StrictUUID = Field(description="暂停的编号")
    reason: Choice[PauseReason] = Field(description=PAUSES)
    reason_label: str = Field(description="原因的中文名称")
    text: str | None = Field(description="不可抗力的情况;其他原因为 null")
    from_at: Moment = Field(description="从")
    until_at: Moment = Field(description="到(不含)")
    by: str = Field(description="由谁暂停")
    disputed: bool = Field(description="居民是否提出异议")
    dispute: str | None = Field(description="居民为什么不同意;只给居民和社区")
    decided: bool = Field(description="是否已裁定")
    decision: str | None = Field(description="裁定的理由;只给居民和社区")
    annulled: bool = Field(description="是否已撤销")


class PeriodOut(Out):
    from_at: Moment = Field(description="从")
    until_at: Moment = Field(description="到(不含)")
    seconds: float = Field(description="计入的秒数")


class MomentOut(Out):
    percent: int = Field(description="时限的百分之几")
    at: Moment = Field(description="时间")


class ExplanationOut(Out):
    id: StrictUUID = Field(description="时限编号")
    kind: str = Field(description="种类")
    kind_label: str = Field(description="种类的中文名称")
    sentences: list[str] = Field(description="用话说明,可直接显示")
    round: int = Field(description="第几轮")
    policy_version: int = Field(description="依据的规则版本")
    estate_type: str = Field(description="依据的规则只对这一类型的小区;空为全部")
    calendar: Choice[CalendarName] = Field(description="日历")
    pausing: str = Field(description="能不能暂停,什么时候")
    budget_seconds: int = Field(description="时限,按日历计的秒数")
    started_at: Moment = Field(description="开始")
    due_at: Moment = Field(description="到期")
    stopped_at: Moment | None = Field(description="停止")
    missed: bool = Field(description="是否错过")
    excluded: Choice[ExclusionReason] | None = Field(description="错过经复核不计的原因;没有则为 null")
    periods: list[PeriodOut] = Field(description="从开始到到期计入的时段,合计等于时限")
    pauses: list[PauseOut] = Field(description="暂停")
    marks: list[MomentOut] = Field(description="各节点的时间")


DEADLINES_EXAMPLE = {
    "items": [
        {
            "id": ID, "kind": "respond", "kind_label": "响应", "round": 1, "policy_version": 2, "calendar": "DUTY",
            "calendar_label": "值守时间", "pausing": "从不暂停:响应和答复一直计时",
            "started_at": "2026-03-01T09:00:00+08:00",
            "due_at": "2026-03-01T09:20:00+08:00", "stopped_at": None, "missed": False, "replaced": False,
            "excluded": False, "paused": None,
            "marks": [
                {"percent": 80, "due_at": "2026-03-01T09:16:00+08:00", "fired_at": "2026-03-01T09:16:00+08:00"}
            ],
        }
    ]
}  # fmt: skip
EXPLANATION_EXAMPLE: dict[str, Any] = {
    "id": ID, "kind": "plan", "kind_label": "方案",
    "sentences": ["从下单起算:3月3日(周二)10:30。", "3月4日(周三)10:30到期,到这一刻还没有做到就算错过。"],
    "round": 1, "policy_version": 1, "estate_type": "",
    "calendar": "WORK", "pausing": "可以暂停:等居民回答提问时,或遇不可抗力",
    "budget_seconds": 25200, "started_at": AT, "due_at": "2026-03-04T10:30:00+08:00",
    "stopped_at": None, "missed": False, "excluded": None,
    "periods": [{"from_at": AT, "until_at": "2026-03-03T12:00:00+08:00", "seconds": 5400.0}], "pauses": [],
    "marks": [{"percent": 100, "at": "2026-03-04T10:30:00+08:00"}],
}  # fmt: skip


def show_deadline(row: RowMapping) -> DeadlineOut:
    marks = [FiredOut.model_validate(mark) for mark in row["marks"]]
    missed = any(mark.percent == 100 for mark in marks)
    return DeadlineOut(
        id=row["id"],
        kind=row["kind"],
        kind_label=label_of(row["kind"]),
        round=row["round"],
        policy_version=row["policy_version"],
        calendar=CalendarName(row["calendar"]),
        calendar_label=CalendarName(row["calendar"]).label,
        pausing=reading.pausing(row["matter_kind"], row["kind"], pausable=row["pausable"]),
        started_at=row["started_at"],
        due_at=row["due_at"],
        stopped_at=row["stopped_at"],
        missed=missed,
        replaced=not missed and meaning.is_replaced(row["matter_kind"], row["kind"], row["stopped_by"]),
        excluded=row["excluded"],
        paused=row["pause"] and PausedOut(**row["pause"], reason_label=PauseReason(row["pause"]["reason"]).label),
        marks=marks,
    )


def show_explanation(
    row: RowMapping, actions: Mapping[str, str], later: explaining.Later | None = None
) -> ExplanationOut:
    """Why a deadline is due when it is; `actions`: what people call the deeds of its matter; `later`: the rounds before it,
    where there were."""
    deadline = timed_deadline(row["timed"])
    timing = deadline.timing
    due_at = deadline.times[timing.percents.index(100)]
    if timing.due_at() != due_at:
        # It was missed before a pause was annulled: the moment that stands counted the pause.
        timing = timing.with_pauses([(p.from_at, p.until_at) for p in deadline.pauses])
    excluded = ExclusionReason(row["excluded"]) if row["excluded"] else None
    asked = explaining.Asked(
        deadline.kind,
        timing,
        deadline.times,
        [
            explaining.Held(p.from_at, p.until_at, p.reason, _who(p.paused_as, p.reason), annulled=p.annulled)
            for p in deadline.pauses
        ],
        deadline.stopped_at,
        row["missed"],
        {date.fromisoformat(day): said["name"] for day, said in (row["day_names"] or {}).items()},
        row["calendar_missing"],
        EstateType(row["estate_type"]) if row["estate_type"] else None,
        later,
        excluded.label if excluded else None,
        recategorised=deadline.kept is not None,
        extension=deadline.extension,
        matter=row["matter_kind"],
        told={
            percent: list(dict.fromkeys(meaning.told(one["target"]) for one in found))
            for percent, found in groupby(row["told"], key=itemgetter("percent"))
        },
        stopped_by=actions.get(row["stopped_by"] or ""),
        replaced=meaning.is_replaced(row["matter_kind"], deadline.kind, row["stopped_by"]),
    )
    return ExplanationOut(
        id=deadline.id,
        kind=deadline.kind,
        kind_label=label_of(deadline.kind),
        round=row["round"],
        policy_version=row["policy_version"],
        estate_type=row["estate_type"],
        calendar=timing.calendar.name,
        pausing=reading.pausing(row["matter_kind"], deadline.kind, pausable=row["pausable"]),
        budget_seconds=int(timing.budget.total_seconds()),
        started_at=timing.started_at,
        due_at=due_at,
        stopped_at=deadline.stopped_at,
        missed=row["missed"],
        excluded=excluded,
        periods=[
            PeriodOut(from_at=period.from_at, until_at=period.until_at, seconds=period.seconds)
            for period in days.counted(timing, due_at)
        ],
        pauses=[
            PauseOut(
                id=p.id,
                reason=PauseReason(p.reason),
                reason_label=PauseReason(p.reason).label,
                text=p.text if p.reason == PauseReason.FORCE_MAJEURE else None,
                from_at=p.from_at,
                until_at=p.until_at,
                by=_who(p.paused_as, p.reason),
                disputed=p.disputed,
                dispute=stored["dispute"] if row["of_dispute"] else None,
                decided=p.decided,
                decision=stored["decision"] if row["of_dispute"] else None,
                annulled=p.annulled,
            )
            for p, stored in zip(deadline.pauses, row["timed"]["pauses"], strict=True)
        ],
        marks=[MomentOut(percent=p, at=at) for p, at in zip(timing.percents, deadline.times, strict=True)],
        sentences=list(explaining.sentences(asked)),
    )


def _who(paused_as: str | None, reason: str) -> str:
    if reason == PauseReason.UNDONE:
        return "系统"
    return office(Role(paused_as)) if paused_as else "社区"
