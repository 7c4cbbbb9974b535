"""Drafts of limits over HTTP: kept, compared with what is in force, and replayed on what has been (domain.md §4.10)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.census import Api, Tag
from app.api.deadlines import (
    MARKS,
    PLACE_ID,
    EffectOut,
    MarkOut,
    PolicyIn,
    PolicyOut,
    limits_of,
    policy_out,
)
from app.api.deps import Receipt, TheReader, TheRun, receipt
from app.api.docs import ADMIN_ONLY
from app.api.problems import problems
from app.api.schema import Choice, In, Out, StrictUUID
from app.domain.deadlines import drafts, errors, policy, repository
from app.domain.deadlines.models import Limits
from app.domain.deadlines.replay import PAGE, Counts, Drafted, NewlyMissed, period
from app.domain.deadlines.repository import CarriedEvent
from app.domain.places.errors import PlaceNotFound
from app.kernel.calendars import CalendarName
from app.kernel.errors import NotAllowed
from app.kernel.pagination import Cursor, CursorText
from app.kernel.time import Moment

api = Api(prefix="/deadline-policies/drafts")

ID = "01985a3c-3333-7f00-8a6b-2f4c5d6e7f05"
MATTER_ID = "01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f80"
MOST_PLACES = 1000

DraftId = Annotated[StrictUUID, Path(description="草稿编号")]


class DraftOut(Out):
    id: StrictUUID = Field(description="草稿编号")
    place_id: StrictUUID = Field(description="在哪里及其下生效")
    place_name: str = Field(description="地点名称")
    matter_kind: str = Field(description="事项种类")
    deadline_kind: str = Field(description="时限种类")
    category: str = Field(description="只对这一类服务;空为全部")
    estate_type: str = Field(description="只对这一类型的小区;空为全部")
    calendar: Choice[CalendarName] = Field(description="日历:WALL 全天候、DUTY 值守时间、WORK 工作时间")
    budget_seconds: int | None = Field(description="时限,秒;按工作日计则为 null")
    budget_days: int | None = Field(description="时限,整工作日数;按秒计则为 null")
    pause_limit_seconds: int | None = Field(description="一次暂停最长多少秒;不可暂停则为 null")
    pause_total_percent: int = Field(description="全部暂停合计最长为时限的百分之几")
    later_round_percent: int = Field(description="返工轮次用时限的百分之几")
    marks: list[MarkOut] = Field(description="节点")
    drafted_at: Moment = Field(description="起草时间")


class DifferenceOut(Out):
    part: Choice[drafts.Part] = Field(
        description="calendar 日历、budget 时限、mark 节点、effect 动作、pause 暂停、later_round 返工轮次"
    )
    before: str | None = Field(description="现行的;没有则为 null")
    after: str | None = Field(description="草稿的;没有则为 null")
    sentence: str = Field(description="用话说明,可直接显示")


class ComparisonOut(Out):
    in_force: PolicyOut | None = Field(description="现行的规则;还没有则为 null")
    draft: DraftOut = Field(description="草稿")
    differences: list[DifferenceOut] = Field(description="不同之处;相同则为空")


class CountsOut(Out):
    deadlines: int = Field(description="这段时间开始的时限")
    missed: int = Field(description="按当时的规则错过的")
    missed_under_draft: int = Field(description="按草稿会错过的")
    newly_missed: int = Field(description="当时没有错过、按草稿会错过的")
    no_longer_missed: int = Field(description="当时错过、按草稿不会错过的")
    not_reached: int = Field(
        description="草稿管不到的:另有更近地点、本类服务或本类型小区的规则;其结果不变,也计在以上各数里"
    )


class PlaceCountsOut(CountsOut):
    place_id: StrictUUID = Field(description="地点编号")
    place_name: str = Field(description="地点名称")


class NewlyMissedOut(Out):
    id: StrictUUID = Field(description="事项编号")
    deadline_id: StrictUUID = Field(description="时限编号")
    place_id: StrictUUID = Field(description="地点编号")
    round: int = Field(description="第几轮")
    started_at: Moment = Field(description="开始")
    stopped_at: Moment | None = Field(description="停止;还在计时则为 null")
    due_before: Moment = Field(description="当时的到期时间")
    due_under_draft: Moment = Field(description="按草稿的到期时间")


class ReplayOut(Out):
    from_at: Moment = Field(description="这段时间从")
    until_at: Moment = Field(description="到(不含)")
    total: CountsOut = Field(description="合计")
    places: list[PlaceCountsOut] = Field(description=f"按地点,新错过多的在前,最多 {MOST_PLACES} 个")
    places_left_out: int = Field(description="没有列出的地点数")
    newly_missed: list[NewlyMissedOut] = Field(description=f"新错过的,按开始时间,一页 {PAGE} 条")
    next_cursor: str | None = Field(description="下一页的翻页标记;没有下一页时为 null")


class ReplayQuery(In):
    since: Moment | None = Field(default=None, alias="from", description="时限从何时起开始的;不填为 until 之前 90 天")
    until: Moment | None = Field(default=None, description="到何时为止(不含);不填为现在;最长 366 天")
    cursor: CursorText | None = Field(default=None, description="翻页标记:填上一页返回的 next_cursor,第一页不填")


DRAFT = {
    "id": ID, "place_id": PLACE_ID, "place_name": "西峪社区", "matter_kind": "order", "deadline_kind": "respond",
    "category": "", "estate_type": "", "calendar": "DUTY", "budget_seconds": 900, "budget_days": None,
    "pause_limit_seconds": None, "pause_total_percent": 200, "later_round_percent": 100, "marks": MARKS,
    "drafted_at": "2026-03-01T09:00:00+08:00",
}  # fmt: skip


@api.post(
    "",
    rule=policy.PUBLISH,
    operation_id="draftDeadlinePolicy",
    summary="起草时限规则,先比较和重演,不生效",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    example={
        "place_id": PLACE_ID,
        "matter_kind": "order",
        "deadline_kind": "respond",
        "calendar": "DUTY",
        "budget_seconds": 900,
        "marks": MARKS,
    },
    answer=receipt("draft"),
    responses=problems(NotAllowed, PlaceNotFound, errors.UnknownDeadline, errors.PolicyInvalid),
)
async def draft_deadline_policy(body: PolicyIn, run: TheRun) -> Receipt:
    return await run(
        drafts.draft,
        place_id=body.place_id,
        matter_kind=body.matter_kind,
        deadline_kind=body.deadline_kind,
        category=body.category or "",
        estate_type=body.estate_type or "",
        limits=limits_of(body),
    )


@api.get(
    "/{draft_id}/comparison",
    rule=policy.PUBLISH,
    operation_id="compareDeadlinePolicies",
    summary="草稿与现行时限规则的不同之处",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    answer={
        "in_force": {
            "id": "01985a3c-3333-7f00-8a6b-2f4c5d6e7f04", "place_id": None, "place_name": None,
            "deadline_kind": "respond", "version": 2, "category": "", "estate_type": "", "calendar": "DUTY",
            "budget_seconds": 1200, "budget_days": None, "pause_limit_seconds": None, "pause_total_percent": 200,
            "later_round_percent": 100, "marks": MARKS, "published_at": "2026-01-01T00:00:00+08:00",
        },
        "draft": DRAFT,
        "differences": [
            {"part": "budget", "before": "20 分钟", "after": "15 分钟", "sentence": "时限由 20 分钟改为 15 分钟"}
        ],
    },
    responses=problems(errors.DraftNotFound),
)  # fmt: skip
async def compare_deadline_policies(draft_id: DraftId, reader: TheReader) -> ComparisonOut:
    async with reader() as connection:
        row = await repository.get_draft(connection, draft_id)
        in_force = await repository.get_in_force(
            connection,
            row["place_id"],
            row["matter_kind"],
            row["deadline_kind"],
            row["category"],
            row["estate_type"],
        )
    limits = drafts.limits_of(row["limits"])
    found: tuple[drafts.Difference, ...] = ()
    if in_force is not None:
        names = (
            "calendar",
            "budget_seconds",
            "budget_days",
            "percents",
            "effects",
            "pause_limit_seconds",
            "later_round_percent",
            "pause_total_percent",
        )
        carried = [CarriedEvent(event["percent"], event["target"]) for event in row["carried"]]
        found = drafts.differences(drafts.limits_in_force(**{name: in_force[name] for name in names}), limits, carried)
    return ComparisonOut(
        in_force=in_force and policy_out(in_force),
        draft=_draft(row, limits),
        differences=[
            DifferenceOut(part=one.part, before=one.before, after=one.after, sentence=one.sentence) for one in found
        ],
    )


@api.get(
    "/{draft_id}/replay",
    rule=policy.PUBLISH,
    operation_id="replayPolicy",
    summary="按草稿重演已有的时限:会错过哪些",
    description="只读,不改变任何时限。已停止的按停止的时间、还在计时的按现在,与草稿的到期时间比较;已有的暂停照样不计。",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    answer={
        "from_at": "2025-12-01T09:00:00+08:00", "until_at": "2026-03-01T09:00:00+08:00",
        "total": {
            "deadlines": 1200, "missed": 60, "missed_under_draft": 61, "newly_missed": 1, "no_longer_missed": 0,
            "not_reached": 0,
        },
        "places": [
            {
                "place_id": PLACE_ID, "place_name": "西峪社区", "deadlines": 1200, "missed": 60, "missed_under_draft": 61,
                "newly_missed": 1, "no_longer_missed": 0, "not_reached": 0,
            }
        ],
        "places_left_out": 0,
        "newly_missed": [
            {
                "id": MATTER_ID, "deadline_id": "01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f81", "place_id": PLACE_ID, "round": 1,
                "started_at": "2026-02-28T09:00:00+08:00", "stopped_at": "2026-02-28T09:18:00+08:00",
                "due_before": "2026-02-28T09:20:00+08:00", "due_under_draft": "2026-02-28T09:15:00+08:00",
            }
        ],
        "next_cursor": None,
    },
    responses=problems(errors.DraftNotFound),
)  # fmt: skip
async def replay_policy(draft_id: DraftId, query: Annotated[ReplayQuery, Query()], reader: TheReader) -> ReplayOut:
    after = None if query.cursor is None else Cursor.decode(query.cursor)
    async with reader() as connection:
        row = await repository.get_draft(connection, draft_id)
        now: datetime = row["now"]
        since, until = period(now, query.since, query.until)
        draft = Drafted(row["id"], row["deadline_kind"], drafts.limits_of(row["limits"]))
        replay = await repository.replay(connection, draft, row["place_id"], (since, until), now, after)
    shown = replay.newly[:PAGE]
    last = Cursor(shown[-1].started_at, shown[-1].id).encode() if len(replay.newly) > PAGE else None
    return ReplayOut(
        from_at=since,
        until_at=until,
        total=CountsOut(**_counts(replay.total)),
        places=[_place(*one) for one in replay.places[:MOST_PLACES]],
        places_left_out=max(0, len(replay.places) - MOST_PLACES),
        newly_missed=[_newly(one) for one in shown],
        next_cursor=last,
    )


def _draft(row: RowMapping, limits: Limits) -> DraftOut:
    return DraftOut(
        id=row["id"],
        place_id=row["place_id"],
        place_name=row["place_name"],
        matter_kind=row["matter_kind"],
        deadline_kind=row["deadline_kind"],
        category=row["category"],
        estate_type=row["estate_type"],
        calendar=limits.calendar,
        budget_seconds=limits.budget_seconds,
        budget_days=limits.budget_days,
        pause_limit_seconds=limits.pause_limit_seconds,
        pause_total_percent=limits.pause_total_percent,
        later_round_percent=limits.later_round_percent,
        marks=[
            MarkOut(
                percent=mark.percent,
                effects=[EffectOut(primitive=effect.primitive, target=effect.target) for effect in mark.effects],
            )
            for mark in limits.marks
        ],
        drafted_at=row["drafted_at"],
    )


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "deadlines": counts.deadlines,
        "missed": counts.before,
        "missed_under_draft": counts.under_draft,
        "newly_missed": counts.newly,
        "no_longer_missed": counts.no_longer,
        "not_reached": counts.unreached,
    }


def _place(place_id: UUID, name: str, counts: Counts) -> PlaceCountsOut:
    return PlaceCountsOut.model_validate({"place_id": place_id, "place_name": name, **_counts(counts)})


def _newly(found: NewlyMissed) -> NewlyMissedOut:
    return NewlyMissedOut(
        id=found.matter_id,
        deadline_id=found.id,
        place_id=found.place_id,
        round=found.round,
        started_at=found.started_at,
        stopped_at=found.stopped_at,
        due_before=found.due_before,
        due_under_draft=found.due_under_draft,
    )
