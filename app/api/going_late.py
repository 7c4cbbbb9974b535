"""What is about to go late, and the posts that nobody holds: for whoever must act before a limit does."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.census import SIGNED_IN, Api, Tag
from app.api.deadlines import MatterKind
from app.api.deps import TheReader
from app.api.docs import ADMIN_ONLY
from app.api.periods import instants
from app.api.problems import problems
from app.api.schema import Choice, Out, StrictUUID
from app.domain.cases import board_policy as board
from app.domain.cases import policy as cases
from app.domain.cases.models import AssignmentState, CaseState
from app.domain.deadlines import errors, policy, repository
from app.domain.deadlines.models import label_of
from app.domain.orders import policy as orders
from app.domain.orders.models import OrderState
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.rules import Role
from app.kernel.text import Digits
from app.kernel.time import Day, Moment

api = Api(prefix="/deadlines")

STATES: Mapping[str, type[OrderState | CaseState | AssignmentState]] = {
    "order": OrderState,
    "case": CaseState,
    "assignment": AssignmentState,
}
"""The words for the states of each kind of matter."""
ACTIONS: Mapping[str, Mapping[str, str]] = {
    machine.kind: machine.actions_zh for machine in (orders.LIFECYCLE, cases.LIFECYCLE, board.LIFECYCLE)
}
"""The words for what is done on it."""

ID = "01985a3c-6666-7f00-8a6b-2f4c5d6e7f07"


class GoingLateQuery(PageQuery):
    within_minutes: Annotated[int, Digits(1, 10_080)] = Field(default=60, description="多少分钟之内到期,最多七天")
    missed_since: Day | None = Field(
        default=None,
        description="改看从这天起错过的全部时限,连同后来已停下的(见 stopped_at);"
        f"最多 {policy.MISSED_DAYS} 天前;此时不看 within_minutes",
    )


class GoingLateRow(Out):
    id: StrictUUID = Field(description="时限编号")
    matter_kind: MatterKind = Field(description="order 订单、case 民情事项、assignment 吹哨任务")
    matter_id: StrictUUID = Field(description="订单、事项或任务的编号")
    state: str = Field(description="其状态")
    state_label: str = Field(description="状态的中文名称")
    what: str | None = Field(description="订单的服务名称,事项或任务的类别;看不到则为 null")
    words: str | None = Field(description="订单需要什么帮助,事项或任务所报的话;看不到则为 null")
    place_id: StrictUUID = Field(description="社区或小区编号")
    place_name: str = Field(description="社区或小区名称")
    kind: str = Field(description="时限种类")
    kind_label: str = Field(description="时限种类的中文名称")
    started_at: Moment = Field(description="开始")
    due_at: Moment = Field(description="到期")
    stopped_at: Moment | None = Field(description="何时停下;还在走的为 null")
    stopped_by: str | None = Field(
        description="因哪个操作停下(中文):如『接单』是晚了才做到,『取消』是随订单结束;还在走的为 null"
    )
    minutes_left: int | None = Field(description="还有多少分钟;已错过则为负,已停下则为 null")
    missed: bool = Field(description="是否已错过")
    excluded: bool = Field(description="错过是否经复核不计")
    mine: bool = Field(description="是否由我或我所在的单位承接或负责")


class EmptyPostOut(Out):
    role: Choice[Role] = Field(description="岗位")
    role_label: str = Field(description="岗位的中文名称")
    covered_by: str | None = Field(description="暂由哪一级的同岗人员接收通知;没有则为 null,由管理员接收")


class EmptyPostsRow(Out):
    place_id: StrictUUID = Field(description="社区编号")
    place_name: str = Field(description="社区名称")
    code: str = Field(description="社区代码")
    posts: list[EmptyPostOut] = Field(description="无人担任的岗位")


def _state(row: RowMapping, form: str | None) -> str:
    state = STATES[row["matter_kind"]](row["state"])
    return state.said(form) if form and isinstance(state, OrderState) else state.label


@api.get(
    "/going-late",
    rule=SIGNED_IN,
    operation_id="listGoingLate",
    summary="快要到期的,和已经错过而还没有做到的时限,最急的在前",
    description="派单员、书记、网格员看到本地的;志愿者看到自己承接的,单位看到派给自己的。错过而没有做到的一直列出,上报给书记后也在;"
    "做到了(如已有人接单、已答复)或订单已结束的不再列出:这一项已不用谁再做什么,订单若还在等人,由它另外在走的时限列出。"
    "要看今天错过了哪些,填 missed_since",
    tags=(Tag.DISPATCHER, Tag.VOLUNTEER, Tag.STREET),
    answer={
        "items": [
            {
                "id": ID, "matter_kind": "order", "matter_id": ID, "state": "submitted", "state_label": "待派单",
                "what": "陪同就医", "words": "周三上午想请人陪我去医院取药",
                "place_id": ID, "place_name": "西峪社区", "kind": "respond",
                "kind_label": "响应", "started_at": "2026-03-01T09:00:00+08:00", "due_at": "2026-03-01T09:20:00+08:00",
                "stopped_at": None, "stopped_by": None, "minutes_left": 4, "missed": False, "excluded": False, "mine": False,
            }
        ],
        "next_cursor": None,
    },
    responses=problems(errors.MissedTooLongAgo),
)  # fmt: skip
async def list_going_late(query: Annotated[GoingLateQuery, Query()], reader: TheReader) -> Page[GoingLateRow]:
    async with reader() as connection:
        since, _ = instants(query.missed_since, None)
        if since is None:
            rows = await repository.list_going_late(connection, query.within_minutes * 60, query.after(), query.limit)
        else:
            rows = await repository.list_missed(connection, since, query.after(), query.limit)

    def show(row: RowMapping) -> GoingLateRow:
        about = row["about"] or {}
        return GoingLateRow(
            id=row["id"],
            matter_kind=row["matter_kind"],
            matter_id=row["matter_id"],
            state=row["state"],
            state_label=_state(row, about.get("form")),
            what=about.get("what"),
            words=about.get("words"),
            place_id=row["place_id"],
            place_name=row["place_name"],
            kind=row["kind"],
            kind_label=label_of(row["kind"]),
            started_at=row["started_at"],
            due_at=row["due_at"],
            stopped_at=row["stopped_at"],
            stopped_by=row["stopped_by"] and ACTIONS[row["matter_kind"]].get(row["stopped_by"]),
            minutes_left=None if row["seconds_left"] is None else row["seconds_left"] // 60,
            missed=row["missed"],
            excluded=row["excluded"],
            mine=row["ours"] or reader.caller.person_id in (row["assignee_id"], row["holder_id"]),
        )

    return Page.cut(rows, query.limit, lambda row: Cursor(row["sorted_at"], row["id"]), show)


@api.get(
    "/empty-posts",
    rule=policy.PUBLISH,
    operation_id="listEmptyPosts",
    summary="无人担任的岗位:社区里没有派单员或书记",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    answer={
        "items": [
            {
                "place_id": ID, "place_name": "西峪社区", "code": "140109014002",
                "posts": [{"role": "dispatcher", "role_label": "社区派单员", "covered_by": "神堂沟街道"}],
            }
        ],
        "next_cursor": None,
    },
)  # fmt: skip
async def list_empty_posts(query: Annotated[PageQuery, Query()], reader: TheReader) -> Page[EmptyPostsRow]:
    async with reader() as connection:
        rows = await repository.list_empty_posts(connection, policy.POSTS, query.after(), query.limit)

    def show(row: RowMapping) -> EmptyPostsRow:
        posts = [
            EmptyPostOut(role=Role(post["role"]), role_label=Role(post["role"]).label, covered_by=post["covered_by"])
            for post in row["posts"]
        ]
        return EmptyPostsRow(place_id=row["place_id"], place_name=row["place_name"], code=row["code"], posts=posts)

    return Page.cut(rows, query.limit, lambda row: Cursor(row["created_at"], row["place_id"]), show)
