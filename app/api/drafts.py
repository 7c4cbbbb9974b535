"""Drafts of limits over HTTP: kept, and compared with what is in force (domain.md §4.10); `replays.py` replays them."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.census import Api, Tag
from app.api.deadlines import (
    MARKS,
    PLACE_ID,
    POLICY_EXAMPLE,
    MarkOut,
    PolicyIn,
    PolicyOut,
    labelled,
    limits_of,
    marked,
    policy_out,
)
from app.api.deadlines_out import CALENDARS
from app.api.deps import Receipt, TheReader, TheRun, receipt
from app.api.docs import ADMIN_ONLY
from app.api.problems import problems
from app.api.schema import Choice, Out, StrictUUID
from app.domain.deadlines import drafts, errors, policy, repository
from app.domain.deadlines.models import Limits
from app.domain.deadlines.repository import CarriedEvent
from app.domain.places.errors import PlaceNotFound
from app.kernel.calendars import CalendarName
from app.kernel.errors import NotAllowed, NothingChanged
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.time import Moment

api = Api(prefix="/deadline-policies/drafts")

ID = "01985a3c-3333-7f00-8a6b-2f4c5d6e7f05"

DraftId = Annotated[StrictUUID, Path(description="草稿编号")]


class DraftOut(Out):
    id: StrictUUID = Field(description="草稿编号")
    place_id: StrictUUID = Field(description="在哪里及其下生效")
    place_name: str = Field(description="地点名称")
    matter_kind: str = Field(description="事项种类")
    deadline_kind: str = Field(description="时限种类")
    deadline_kind_label: str = Field(description="时限种类的中文名称")
    category: str = Field(description="只对这一类服务;空为全部")
    estate_type: str = Field(description="只对这一类型的小区;空为全部")
    estate_type_label: str | None = Field(description="小区类型的中文名称;不分类型则为 null")
    calendar: Choice[CalendarName] = Field(description=CALENDARS)
    calendar_label: str = Field(description="日历的中文名称")
    budget_seconds: int | None = Field(description="时限,秒;按工作日计则为 null")
    budget_days: int | None = Field(description="时限,整工作日数;按秒计则为 null")
    pause_limit_seconds: int | None = Field(description="一次暂停最长多少秒;不可暂停则为 null")
    pause_total_percent: int = Field(description="全部暂停合计最长为时限的百分之几")
    later_round_percent: int = Field(description="返工轮次用时限的百分之几")
    marks: list[MarkOut] = Field(description="节点")
    marks_label: list[str] = Field(description="各节点做什么,中文,一句一个节点")
    drafted_at: Moment = Field(description="起草时间")
    published_at: Moment | None = Field(description="发布时间:一份草稿只发布一次;没有发布过则为 null")


class DraftsQuery(PageQuery):
    place_id: StrictUUID | None = Field(default=None, description="只看某地点及其下;不填为我管理的全部")


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


DRAFT = {
    "id": ID, "place_id": PLACE_ID, "place_name": "西峪社区", "matter_kind": "order", "deadline_kind": "respond",
    "deadline_kind_label": "响应", "category": "", "estate_type": "", "estate_type_label": None, "calendar": "DUTY",
    "calendar_label": "值守时间", "budget_seconds": 900, "budget_days": None, "pause_limit_seconds": None,
    "pause_total_percent": 200, "later_round_percent": 100, "marks": MARKS,
    "marks_label": POLICY_EXAMPLE["marks_label"],
    "drafted_at": "2026-03-01T09:00:00+08:00", "published_at": None,
}  # fmt: skip


@api.post(
    "",
    rule=policy.PUBLISH,
    operation_id="draftDeadlinePolicy",
    summary="起草时限规则,先比较和重演,不生效",
    description="比较和重演满意后,用 publishPolicyDraft 原样发布;草稿见 listPolicyDrafts。",
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
    "",
    rule=policy.PUBLISH,
    operation_id="listPolicyDrafts",
    summary="时限规则的草稿,新的在前",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    answer={"items": [DRAFT], "next_cursor": None},
)
async def list_policy_drafts(query: Annotated[DraftsQuery, Query()], reader: TheReader) -> Page[DraftOut]:
    async with reader() as connection:
        rows = await repository.list_drafts(connection, query.place_id, query.after(), query.limit)
    return Page.cut(
        rows,
        query.limit,
        lambda row: Cursor(row["drafted_at"], row["id"]),
        lambda row: _draft(row, drafts.limits_of(row["limits"])),
    )


@api.post(
    "/{draft_id}/publish",
    rule=policy.PUBLISH,
    operation_id="publishPolicyDraft",
    summary="原样发布一份草稿,只对之后开始的时限生效",
    description="一份草稿只发布一次;与那里现行的相同的,不必发布。回执的 version 即 getDeadlinePolicy 里的版本",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    answer=receipt("publish"),
    responses=problems(
        *(
            NotAllowed,
            errors.DraftNotFound,
            errors.DraftUsed,
            errors.UnknownDeadline,
            errors.PolicyInvalid,
            NothingChanged,
        )
    ),
)
async def publish_policy_draft(draft_id: DraftId, run: TheRun) -> Receipt:
    return await run(drafts.publish_draft, draft_id)


@api.get(
    "/{draft_id}/comparison",
    rule=policy.PUBLISH,
    operation_id="compareDeadlinePolicies",
    summary="草稿与现行时限规则的不同之处",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    answer={
        "in_force": {**POLICY_EXAMPLE, "version": 2},
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


def _draft(row: RowMapping, limits: Limits) -> DraftOut:
    return DraftOut(
        id=row["id"],
        place_id=row["place_id"],
        place_name=row["place_name"],
        matter_kind=row["matter_kind"],
        **labelled(row["deadline_kind"], row["estate_type"], limits.calendar),
        category=row["category"],
        budget_seconds=limits.budget_seconds,
        budget_days=limits.budget_days,
        pause_limit_seconds=limits.pause_limit_seconds,
        pause_total_percent=limits.pause_total_percent,
        later_round_percent=limits.later_round_percent,
        **marked(limits.marks),
        drafted_at=row["drafted_at"],
        published_at=row["published_at"],
    )
