"""Whom the handlers of a case contact: its reporters, by name and phone, or address (migrations/sql/0058_said_on_cases.sql)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cases.models import CaseState
from app.domain.cases.policy import UNENDED
from app.domain.cases.repository import get_case
from app.kernel.errors import NotAllowed

_REPORTERS = text("SELECT r.* FROM reveal_reporters(CAST(:id AS uuid)) r")


async def reveal_reporters(connection: AsyncConnection, case_id: UUID) -> Sequence[RowMapping]:
    """Name and phone, or without one the address, of everybody who reported or joined the case, the first first; each look is
    written down. Raises
    CaseNotFound, NotAllowed: the case is over, or somebody else contacts them."""
    found = (await connection.execute(_REPORTERS, {"id": case_id})).mappings().all()
    if not found:
        state = CaseState((await get_case(connection, case_id))["state"])
        raise NotAllowed(
            "只有所在社区的网格员、派单员、书记,办理层级的工作人员和主办单位联系上报人,才能查看"
            if state in UNENDED
            else f"事项{state.label},不再提供上报人的姓名和联系方式"
        )
    return found


def how_to_reach(name: str | None, *, has_phone: bool, has_address: bool, mine: bool) -> str:
    """How a handler contacts a reporter; the address is for who has no phone."""
    if mine:
        return "是您本人上报的,不必联系"
    who = name or "上报人"
    done = "联系上后用 recordCaseContact 记录"
    if has_phone:
        return f"请给{who}打电话,{done}"
    where = "没有登记电话:请按 address 上门" if has_address else "没有登记电话和住址:请到反映的位置找"
    return f"{who}{where},或用 replyToCase 答复;{done}"
