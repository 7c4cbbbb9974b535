"""Replays of drafts over HTTP (domain.md §4.10): whole where the deadlines are few, with progress where they are many."""

import logging
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Annotated, Final, NamedTuple
from uuid import UUID

from fastapi import Query
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import StreamingResponse

from app.api.census import Api, Tag
from app.api.deadlines import PLACE_ID
from app.api.deps import Reader, TheReader
from app.api.docs import ADMIN_ONLY
from app.api.drafts import DraftId
from app.api.problems import Problem, problem, problems, refusal_of, trace_id
from app.api.schema import In, Out, StrictUUID
from app.domain.deadlines import drafts, errors, policy, repository
from app.domain.deadlines.replay import LONGEST, PAGE, USUAL, Counts, Drafted, NewlyMissed, Replay, period
from app.domain.deadlines.replaying import replay, replaying, take_turn
from app.kernel.deadlines import Stretch
from app.kernel.errors import Refusal
from app.kernel.pagination import Cursor, CursorText
from app.kernel.time import Moment

api = Api(prefix="/deadline-policies/drafts")
log: Final = logging.getLogger("linli.api")

MATTER_ID = "01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f80"
MOST_PLACES = 1000
WHOLE: Final = timedelta(seconds=15)
"""So long one request may replay; a proxy would soon hang up."""


class Lines(JSONResponse):
    """One JSON object a line."""

    media_type = "application/x-ndjson"


class CountsOut(Out):
    deadlines: int = Field(description="这段时间开始的时限")
    missed: int = Field(description="按当时的规则错过的")
    excluded: int = Field(description="其中经复核不计的")
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


class ReplayLineOut(Out):
    share: float = Field(ge=0, le=1, description="已重演到这段时间的几分之几")
    until_at: Moment = Field(description="已重演到哪一刻(不含)")
    deadlines: int = Field(description="已重演的时限数")
    replay: ReplayOut | None = Field(description="结果,只在最后一行;之前为 null")
    problem: Problem | None = Field(description="中途出错,这就是最后一行;平常为 null")


class ReplayQuery(In):
    since: Moment | None = Field(
        default=None, alias="from", description=f"时限从何时起开始的;不填为 until 之前 {USUAL.days} 天"
    )
    until: Moment | None = Field(default=None, description=f"到何时为止(不含);不填为现在;最长 {LONGEST.days} 天")
    cursor: CursorText | None = Field(default=None, description="翻页标记:填上一页返回的 next_cursor,第一页不填")

    def after(self) -> Cursor | None:
        """Where the page begins. Raises InvalidInput."""
        return None if self.cursor is None else Cursor.decode(self.cursor)


ANSWER = {
    "from_at": "2025-12-01T09:00:00+08:00", "until_at": "2026-03-01T09:00:00+08:00",
    "total": {
        "deadlines": 1200, "missed": 60, "excluded": 2, "missed_under_draft": 61, "newly_missed": 1, "no_longer_missed": 0,
        "not_reached": 0,
    },
    "places": [
        {
            "place_id": PLACE_ID, "place_name": "西峪社区", "deadlines": 1200, "missed": 60, "excluded": 2,
            "missed_under_draft": 61, "newly_missed": 1, "no_longer_missed": 0, "not_reached": 0,
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
}  # fmt: skip


@api.get(
    "/{draft_id}/replay",
    rule=policy.PUBLISH,
    operation_id="replayPolicy",
    summary="按草稿重演已有的时限:会错过哪些",
    description=(
        "只读,不改变任何时限。已停止的按停止的时间、还在计时的按现在,与草稿的到期时间比较;已有的暂停照样不计。"
        f"时限太多、{WHOLE.seconds} 秒内重演不完时请用 watchReplay。"
    ),
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    answer=ANSWER,
    responses=problems(errors.DraftNotFound, errors.ReplayTooLong, errors.ReplayRunning),
)
async def replay_policy(draft_id: DraftId, query: Annotated[ReplayQuery, Query()], reader: TheReader) -> ReplayOut:
    after = query.after()
    async with reader(one_snapshot=True) as connection:
        asked = await _asked(connection, draft_id, query)
        found = await replay(connection, *asked, after, WHOLE)
    return replay_out(asked.period, found)


@api.get(
    "/{draft_id}/replay/progress",
    rule=policy.PUBLISH,
    operation_id="watchReplay",
    summary="按草稿重演,边重演边看进度",
    description=(
        "与 replayPolicy 相同,适合时限很多的时段:每重演一段回答一行 JSON(application/x-ndjson),最后一行带有结果。"
        "中断连接即停止重演。每人一次,同时最多两次。"
    ),
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    response_class=Lines,
    response_model=ReplayLineOut,
    answer={"share": 1.0, "until_at": ANSWER["until_at"], "deadlines": 1200, "replay": ANSWER, "problem": None},
    responses=problems(errors.DraftNotFound, errors.ReplayRunning),
)
async def watch_replay(
    draft_id: DraftId, query: Annotated[ReplayQuery, Query()], reader: TheReader, request: Request
) -> StreamingResponse:
    lines = _lines(draft_id, query, reader)
    # What is refused at all is refused before the first line, as a problem like any other.
    first = await anext(lines)
    # A proxy that collects the answer would hide the progress.
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(_written(first, lines, request), media_type=Lines.media_type, headers=headers)


async def _lines(draft_id: UUID, query: ReplayQuery, reader: Reader) -> AsyncGenerator[ReplayLineOut, None]:
    """How far it has come, after each slice; the answer comes when the transaction has ended."""
    after, last = query.after(), None
    async with reader(one_snapshot=True) as connection:
        asked = await _asked(connection, draft_id, query)
        async for found in replaying(connection, *asked, after):
            if isinstance(found, Replay):
                last = replay_out(asked.period, found)
            else:
                yield ReplayLineOut(
                    share=found.share, until_at=found.until_at, deadlines=found.deadlines, replay=None, problem=None
                )
    if last is not None:
        deadlines = last.total.deadlines
        yield ReplayLineOut(share=1, until_at=last.until_at, deadlines=deadlines, replay=last, problem=None)


async def _written(
    first: ReplayLineOut, rest: AsyncGenerator[ReplayLineOut, None], request: Request
) -> AsyncGenerator[str, None]:
    line = first
    try:
        yield line.model_dump_json() + "\n"
        async for line in rest:
            yield line.model_dump_json() + "\n"
    except Exception as error:  # the status is sent already: what went wrong is the last line
        refusal = error if isinstance(error, Refusal) else refusal_of(error)
        log.warning("a replay broke off", exc_info=error, extra={"trace_id": trace_id.get()})
        told = Problem.model_validate_json(bytes(problem(refusal, request.scope).body))
        yield line.model_copy(update={"problem": told}).model_dump_json() + "\n"
    finally:
        await rest.aclose()


class _Asked(NamedTuple):
    """What is replayed: the draft, where, which starts, and as of when."""

    draft: Drafted
    place_id: UUID
    period: Stretch
    now: datetime


async def _asked(connection: AsyncConnection, draft_id: UUID, query: ReplayQuery) -> _Asked:
    row = await repository.get_draft(connection, draft_id)
    now: datetime = row["now"]
    chosen = period(now, query.since, query.until)
    await take_turn(connection)
    return _Asked(
        Drafted(row["id"], row["matter_kind"], row["deadline_kind"], drafts.limits_of(row["limits"])),
        row["place_id"],
        chosen,
        now,
    )


def replay_out(chosen: Stretch, found: Replay) -> ReplayOut:
    """The answer as it is shown."""
    shown = found.newly[:PAGE]
    last = Cursor(shown[-1].started_at, shown[-1].id).encode() if len(found.newly) > PAGE else None
    return ReplayOut(
        from_at=chosen[0],
        until_at=chosen[1],
        total=CountsOut(**_counts(found.total)),
        places=[_place(*one) for one in found.places[:MOST_PLACES]],
        places_left_out=max(0, len(found.places) - MOST_PLACES),
        newly_missed=[_newly(one) for one in shown],
        next_cursor=last,
    )


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "deadlines": counts.deadlines,
        "missed": counts.before,
        "excluded": counts.excluded,
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
