"""The joint board over HTTP (联席, domain.md §5): seats, contests, extensions, minutes, promises, and how the two sides rate each
other."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import Field

from app.api.board_sheet import Sheet, sheet
from app.api.boards_out import BOARD_EXAMPLE, BoardOut, UnitRatingsOut, WhistleRatingsOut, show_board, stars_label
from app.api.cases import CaseId, moves
from app.api.cases_out import AT, ID, allowed
from app.api.census import SIGNED_IN, Api, Tag
from app.api.deps import Reader, Receipt, TheReader, TheRun, receipt
from app.api.problems import problems
from app.api.schema import In, StrictUUID
from app.api.units import UnitId
from app.api.whistles import AssignmentId, steps
from app.domain.cases import (
    board_errors,
    board_policy,
    board_repository,
    contests,
    errors,
    extensions,
    meetings,
    ratings,
)
from app.domain.places.errors import PlaceNotFound
from app.domain.units.errors import UnitNotFound
from app.kernel.deadlines import NoDeadlinePolicy
from app.kernel.errors import NotAllowed, ReasonWanted, TextRefused
from app.kernel.text import Line, Paragraph
from app.kernel.time import Moment

api = Api()

Stars = Annotated[int, Field(strict=True, ge=1, le=5)]
BOARD_TAGS = (Tag.DISPATCHER, Tag.STREET, Tag.OFFICER)


class ContestIn(In):
    ground: Annotated[str, Paragraph(500)] = Field(description="法律或职责依据")
    proposed_id: StrictUUID = Field(description="应由哪个单位负责:从 listUnits 的 id 复制")


class ArbitrateIn(In):
    upheld: bool = Field(description="异议是否成立")
    decision: Annotated[str, Paragraph(500)] = Field(description="裁定的理由")
    unit_id: StrictUUID | None = Field(default=None, description="异议成立时改派的单位;不填为所提出的单位")


class ExtendIn(In):
    hours: Annotated[int, Field(strict=True, ge=1, le=720)] = Field(
        description="延长多少小时,按该时限的日历计(一个工作日按 7 小时);不超过原定时限"
    )
    reason: Annotated[str, Paragraph(300)] = Field(description="为什么;居民会看到")


class DecideExtensionIn(In):
    granted: bool = Field(description="是否批准")
    reason: Annotated[str, Line(120)] | None = Field(default=None, description="说明;不批准时必填")


class MinutesIn(In):
    text: Annotated[str, Paragraph(1000)] = Field(description="议定的内容;上报人会在事项的经过里看到")
    held_at: Moment = Field(description="会议时间,不晚于现在")
    attended: list[StrictUUID] = Field(max_length=20, description="到会单位:从 getBoard 的 seats 里的 unit_id 复制")


class PromiseIn(In):
    unit_id: StrictUUID = Field(description="由哪个单位兑现")
    text: Annotated[str, Paragraph(300)] = Field(description="做什么;上报人会在事项的经过里看到")
    due_at: Moment = Field(description="在什么时候之前,须晚于现在,最晚为明年的今天(含)")
    kept_id: StrictUUID | None = Field(
        default=None, description="至此已完成的承诺:从 getBoard 的 promises 里的 id 复制"
    )


class RateDepartmentIn(In):
    stars: Stars = Field(description="1–5 星")
    reason: Annotated[str, Paragraph(300)] | None = Field(default=None, description="原因;2 星及以下必填")


class RateWhistlerIn(In):
    valid: bool = Field(description="是不是有效的哨")
    stars: Stars = Field(description="1–5 星")
    reason: Annotated[str, Paragraph(300)] | None = Field(default=None, description="原因;无效或 2 星及以下必填")


@api.post(
    "/assignments/{assignment_id}/contest",
    operation_id="contestAssignment",
    summary="对任务提出异议:不属本单位职责",
    description="签收后两个工作小时内,一次;时限照常计算;应急哨须先报到",
    tags=(Tag.OFFICER,),
    example={"ground": "灯杆产权属供电所(移交清单第 3 条)", "proposed_id": ID},
    answer=receipt("contested", 3),
    **steps(
        "contest",
        *(
            board_errors.AlreadyContested,
            board_errors.ContestTooLate,
            board_errors.ReportInFirst,
            board_errors.UnitNotHere,
        ),
        *(NoDeadlinePolicy, TextRefused),
    ),
)
async def contest(assignment_id: AssignmentId, body: ContestIn, run: TheRun) -> Receipt:
    return await run(contests.contest, assignment_id, **body.model_dump())


@api.post(
    "/assignments/{assignment_id}/arbitrate",
    operation_id="arbitrateContest",
    summary="裁定异议:成立则改派,不成立则照办",
    tags=(Tag.INDEPENDENT,),
    example={"upheld": False, "decision": "移交尚未完成,仍由城管负责"},
    answer=receipt("reported_in", 4),
    **steps(
        "uphold",
        *(errors.SameHand, board_errors.ArbitrationWentUp, board_errors.UnitNotHere, NoDeadlinePolicy, TextRefused),
        also=("dismiss", "dismiss_reported"),
    ),
)
async def arbitrate(assignment_id: AssignmentId, body: ArbitrateIn, run: TheRun) -> Receipt:
    return await run(contests.arbitrate, assignment_id, **body.model_dump())


@api.post(
    "/cases/{case_id}/extension",
    operation_id="requestExtension",
    summary="申请延期:到期之前,一个事项只能一次",
    tags=BOARD_TAGS,
    example={"hours": 7, "reason": "配件须从外地调运"},
    answer=receipt("whistled", 6),
    **moves(
        "request_extension",
        *(
            board_errors.ExtensionAsked,
            board_errors.NothingToExtend,
            board_errors.ExtensionTooLate,
            board_errors.ExtensionTooLong,
            TextRefused,
        ),
    ),
)
async def request_extension(case_id: CaseId, body: ExtendIn, run: TheRun) -> Receipt:
    return await run(extensions.request_extension, case_id, hours=body.hours, reason=body.reason)


@api.post(
    "/cases/{case_id}/extension/decide",
    operation_id="decideExtension",
    summary="上一级决定是否延期",
    tags=(Tag.DISPATCHER, Tag.INDEPENDENT, Tag.STREET),
    example={"granted": True},
    answer=receipt("whistled", 7),
    **moves(
        "decide_extension", board_errors.NothingAsked, board_errors.ExtensionTooLate, ReasonWanted, TextRefused
    ),
)  # fmt: skip
async def decide_extension(case_id: CaseId, body: DecideExtensionIn, run: TheRun) -> Receipt:
    return await run(extensions.decide_extension, case_id, granted=body.granted, reason=body.reason)


@api.get(
    "/cases/{case_id}/board",
    rule=board_policy.READ,
    operation_id="getBoard",
    summary="联席页面:各单位的席位、纪要和承诺",
    tags=BOARD_TAGS,
    answer=BOARD_EXAMPLE,
    responses=problems(errors.CaseNotFound, NotAllowed),
)
async def get_board(case_id: CaseId, reader: TheReader) -> BoardOut:
    return await _board(case_id, reader)


@api.get(
    "/cases/{case_id}/board/sheet",
    rule=board_policy.READ,
    operation_id="getBoardSheet",
    summary="联席页面的打印版(HTML)",
    tags=BOARD_TAGS,
    response_class=Sheet,
    answer="<!doctype html>…",
    responses=problems(errors.CaseNotFound, NotAllowed),
)
async def get_board_sheet(case_id: CaseId, reader: TheReader) -> Sheet:
    return Sheet(sheet((await _board(case_id, reader)).model_dump()))


@api.post(
    "/cases/{case_id}/board/minutes",
    operation_id="addMinutes",
    summary="写下联席会议的纪要",
    tags=BOARD_TAGS,
    example={"text": "三方现场确认权属", "held_at": AT, "attended": [ID]},
    answer=receipt("whistled", 6),
    **moves("add_minutes", board_errors.HeldInFuture, board_errors.NotOnBoard, TextRefused),
)
async def add_minutes(case_id: CaseId, body: MinutesIn, run: TheRun) -> Receipt:
    return await run(meetings.add_minutes, case_id, **body.model_dump())


@api.post(
    "/cases/{case_id}/board/promises",
    operation_id="addPromise",
    summary="写下一个单位的承诺:做什么,在什么时候之前",
    description="由主办单位或办理层级写下,上报人会看到是谁写的;替别的单位写的,该单位会收到通知。"
    "协办单位不能自己写或撤下承诺:有出入的,由它与写下的一方核对。"
    "攻坚哨:最近一项未完成的承诺就是事项的当前时限",
    tags=BOARD_TAGS,
    example={"unit_id": ID, "text": "扶正灯杆", "due_at": AT},
    answer=receipt("whistled", 7),
    **moves(
        "add_promise",
        board_errors.PromiseInPast,
        board_errors.PromiseTooFar,
        board_errors.NotOnBoard,
        board_errors.PromiseNotOpen,
        NoDeadlinePolicy,
        TextRefused,
    ),
)
async def add_promise(case_id: CaseId, body: PromiseIn, run: TheRun) -> Receipt:
    return await run(meetings.add_promise, case_id, **body.model_dump())


@api.post(
    "/cases/{case_id}/board/promises/{promise_id}/finish",
    operation_id="finishPromise",
    summary="一项承诺已完成",
    tags=BOARD_TAGS,
    answer=receipt("whistled", 8),
    **moves("finish_promise", board_errors.PromiseNotOpen, board_errors.NextPromiseMissing, NoDeadlinePolicy),
)
async def finish_promise(
    case_id: CaseId, promise_id: Annotated[StrictUUID, Path(description="承诺编号")], run: TheRun
) -> Receipt:
    return await run(meetings.finish_promise, case_id, promise_id=promise_id)


@api.post(
    "/assignments/{assignment_id}/rate-department",
    operation_id="rateDepartment",
    summary="吹哨的一级评价单位",
    tags=(Tag.DISPATCHER, Tag.STREET),
    example={"stars": 5},
    answer=receipt("done", 6),
    **steps("rate_department", board_errors.NotEnded, board_errors.AlreadyRated, ReasonWanted, TextRefused),
)
async def rate_department(assignment_id: AssignmentId, body: RateDepartmentIn, run: TheRun) -> Receipt:
    return await run(ratings.rate_department, assignment_id, stars=body.stars, reason=body.reason)


@api.post(
    "/assignments/{assignment_id}/rate-whistler",
    operation_id="rateWhistler",
    summary="单位评价吹哨:是否有效",
    tags=(Tag.OFFICER,),
    example={"valid": True, "stars": 4},
    answer=receipt("done", 7),
    **steps("rate_whistler", board_errors.NotEnded, board_errors.AlreadyRated, ReasonWanted, TextRefused),
)
async def rate_whistler(assignment_id: AssignmentId, body: RateWhistlerIn, run: TheRun) -> Receipt:
    return await run(ratings.rate_whistler, assignment_id, valid=body.valid, stars=body.stars, reason=body.reason)


@api.get(
    "/units/{unit_id}/ratings",
    rule=SIGNED_IN,
    operation_id="getUnitRatings",
    summary="一个单位被评价的次数和平均星数",
    tags=BOARD_TAGS,
    answer={"rated": 12, "stars": 4.5, "stars_label": "4.5 星"},
    responses=problems(UnitNotFound),
)
async def get_unit_ratings(unit_id: UnitId, reader: TheReader) -> UnitRatingsOut:
    async with reader() as connection:
        found = await board_repository.unit_rated(connection, unit_id)
    if found is None:
        raise UnitNotFound
    return UnitRatingsOut(**found, stars_label=stars_label(found["stars"]))


@api.get(
    "/places/{place_id}/whistle-ratings",
    rule=SIGNED_IN,
    operation_id="getWhistleRatings",
    summary="一级所吹的哨:被评价的次数、有效数和平均星数",
    tags=BOARD_TAGS,
    answer={"rated": 8, "valid": 7, "stars": 4.3, "stars_label": "4.3 星"},
    responses=problems(PlaceNotFound),
)
async def get_whistle_ratings(
    place_id: Annotated[StrictUUID, Path(description="地点编号")], reader: TheReader
) -> WhistleRatingsOut:
    async with reader() as connection:
        found = await board_repository.whistles_rated(connection, place_id)
    if found is None:
        raise PlaceNotFound
    return WhistleRatingsOut(**found, stars_label=stars_label(found["stars"]))


async def _board(case_id: UUID, reader: Reader) -> BoardOut:
    """Raises CaseNotFound, and NotAllowed for whoever sees the case and not its board."""
    async with reader(one_snapshot=True) as connection:
        case, parts, meeting_due_at = await board_repository.get_board(connection, case_id)
    if not allowed(board_policy.READ, case, reader.caller.person_id):
        raise NotAllowed(rules=board_policy.READ, of="case")
    return show_board(case, parts, meeting_due_at)
