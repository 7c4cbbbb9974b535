"""Live and ready checks: they name what is degraded."""

import asyncio
from datetime import timedelta
from typing import Literal

from fastapi import Response
from pydantic import Field

from app.api.census import PUBLIC, Api, Tag
from app.api.deps import House, TheHouse
from app.api.docs import ADMIN_ONLY
from app.api.problems import problems
from app.api.schema import Out
from app.kernel.errors import Busy

api = Api(prefix="/health", tags=(Tag.SYSTEM,))

LATE = timedelta(seconds=15)
LOOPS = ("sweep", "relay", "jobs", "calendars")

PartState = Literal["ok", "degraded", "down"]


class LiveOut(Out):
    status: Literal["ok"] = Field(default="ok", description="进程在运行")


class ReadyOut(Out):
    status: PartState = Field(description="ok 正常;degraded 可用但有部分不正常;down 不可用")
    parts: dict[str, PartState] = Field(
        description="各部分:database 数据库、redis、sweep 时限、relay 消息、jobs 任务、calendars 日历"
    )
    reasons: list[str] = Field(description="不正常的原因")


@api.get(
    "/live", rule=PUBLIC, operation_id="getLiveness", summary="是否在运行", audience=ADMIN_ONLY, answer={"status": "ok"}
)
async def get_liveness() -> LiveOut:
    return LiveOut()


@api.get(
    "/ready",
    rule=PUBLIC,
    operation_id="getReadiness",
    summary="能否提供服务,哪里不正常",
    description="数据库不可用时为 503;Redis 或工作进程不正常时为 200,并指出是哪一部分",
    audience=ADMIN_ONLY,
    answer={
        "status": "ok",
        "parts": {"database": "ok", "redis": "ok", "sweep": "ok", "relay": "ok", "jobs": "ok", "calendars": "ok"},
        "reasons": [],
    },
    responses=problems(Busy),
)
async def get_readiness(house: TheHouse, response: Response) -> ReadyOut:
    parts: dict[str, PartState] = {}
    reasons: list[str] = []
    (database, loops, parked, unsure), redis = await asyncio.gather(_database(house), _redis(house))
    parts["database"] = database
    if database == "down":
        reasons.append("数据库连接不上")
    parts["redis"] = redis
    if redis != "ok":
        reasons.append("Redis 连接不上:微信提醒会推迟,其余不受影响")
    for loop in LOOPS:
        parts[loop] = "ok" if loop in loops else "degraded"
        if loop not in loops and database == "ok":
            reasons.append(f"工作进程的 {loop} 超过 {LATE.seconds} 秒没有动静")
    if parked:
        parts["relay"] = "degraded"
        reasons.append(f"有 {parked} 条消息或事件多次失败,已搁置,请检查发件箱")
    if unsure:
        reasons.append(f"有 {unsure} 项时限跨入尚无放假安排的年份,请导入并公布工作日历")
    status: PartState = "down" if database == "down" else "ok" if not reasons else "degraded"
    if status == "down":
        response.status_code = 503
    return ReadyOut(status=status, parts=parts, reasons=reasons)


async def _database(house: House) -> tuple[PartState, set[str], int, int]:
    try:
        async with asyncio.timeout(3):
            rows = await house.database.call(
                "SELECT outbox_parked() AS parked, deadlines_unsure() AS unsure, h.name FROM (VALUES (1)) one"
                " LEFT JOIN heartbeat h ON h.at > clock_timestamp() - $1::interval",
                LATE,
            )
    except Exception:  # noqa: BLE001 - whatever it is, the database did not answer
        return "down", set(), 0, 0
    return "ok", {row["name"] for row in rows if row["name"]}, rows[0]["parked"], rows[0]["unsure"]


async def _redis(house: House) -> PartState:
    try:
        async with asyncio.timeout(1):
            await house.redis.ping()
    except Exception:  # noqa: BLE001 - whatever it is, Redis did not answer
        return "degraded"
    return "ok"
