"""What a reader may do next, as an answer tells it: in Chinese, with the operation that does it."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final
from uuid import UUID

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from app.api.schema import Out
from app.kernel.errors import NotFound, TransitionRefused
from app.kernel.lifecycle import Lifecycle
from app.kernel.matter import Matter
from app.kernel.rules import Actor

log: Final = logging.getLogger("linli.api")

OPERATIONS: Final[dict[tuple[str, str], str]] = {}
"""By kind of matter and action, the operation that does it: as the routes say it of themselves (`does`, app/api/census.py)."""


Waits = Callable[[AsyncConnection, UUID], Awaitable[Mapping[str, bool]]]
WAITS: Final[dict[str, tuple[Lifecycle, Waits]]] = {}
"""By kind of matter, its lifecycle and the reading of what waits for whoever reads it, as its page offers it."""


class ActionOut(Out):
    action: str = Field(description="操作的代码,与经过里的 action 相同")
    label: str = Field(description="操作的中文名称,可作按钮")
    operation: str = Field(description="由哪个接口来做:接口的名称,写在文档页每个接口的右侧")


def offered(lifecycle: Lifecycle, matter: Matter[None], actor: Actor, waits: Mapping[str, bool]) -> list[ActionOut]:
    """What `actor` may do with a matter now, in the order of the lifecycle. `waits`: whether there is what an action would find
    (a question to answer); of one that it does not name the lifecycle alone decides. What only follows from another action has no
    operation, and is offered to nobody."""
    return [
        ActionOut(action=action, label=lifecycle.actions_zh[action], operation=OPERATIONS[lifecycle.kind, action])
        for action in lifecycle.permitted(matter, actor)
        if (lifecycle.kind, action) in OPERATIONS and waits.get(action, True)
    ]


def labels(lifecycle: Lifecycle, *actions: tuple[str, str]) -> list[dict[str, str]]:
    """The example of actions, each with its operation."""
    return [
        {"action": action, "label": lifecycle.actions_zh[action], "operation": operation}
        for action, operation in actions
    ]


async def with_ways(
    refusal: TransitionRefused, reading: Callable[[], AbstractAsyncContextManager[AsyncConnection]]
) -> TransitionRefused:
    """The same refusal, saying what its reader could do instead: what the page of the matter would offer them, from one more
    reading. Whatever becomes of that reading, the no was sure already: then it is said without."""
    instead = refusal.instead
    if instead is None or not instead.actions or instead.kind not in WAITS:
        return refusal
    lifecycle, find = WAITS[instead.kind]
    try:
        async with reading() as connection:
            waits = await find(connection, instead.id)
    except NotFound:
        return refusal
    except Exception:
        log.warning("what could be done instead was not found", exc_info=True)
        return refusal
    may = [one for one in instead.actions if (instead.kind, one) in OPERATIONS and waits.get(one, True)]
    if not may:
        return refusal
    # What the refusal says besides – that somebody was faster – stays before it.
    before = (refusal.detail or "").partition(lifecycle.stands(instead))[0]
    return TransitionRefused(
        before + lifecycle.stands(instead, may), detail_en=f"{refusal.detail_en}; possible now: {', '.join(may)}"
    )
