"""How the slices of a replay are cut, and what its reader is told when one of them fails."""

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from starlette.requests import Request

from app.api.replays import ReplayLineOut, _written
from app.domain.deadlines.replay import Pace

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("span", "seconds", "following"),
    [
        (DAY, 1.0, DAY),
        (DAY, 0.5, 2 * DAY),
        (8 * DAY, 2.0, 4 * DAY),
        (DAY, 0.0, 8 * DAY),
        (DAY, 0.001, 8 * DAY),
        (8 * DAY, 60.0, 2 * DAY),
        (2 * DAY, 60.0, DAY),
        (300 * DAY, 0.001, 366 * DAY),
    ],
)
def test_the_next_slice_is_cut_by_what_the_last_one_took(span: timedelta, seconds: float, following: timedelta) -> None:
    assert Pace(span).after(seconds).span == following


async def test_a_failure_on_the_way_is_the_last_line() -> None:
    """The status is sent by then: the reader still learns that the answer is not whole, and how far it came."""
    first = ReplayLineOut(share=0.5, until_at=datetime(2026, 3, 1, tzinfo=UTC), deadlines=7, replay=None, problem=None)

    async def rest() -> AsyncGenerator[ReplayLineOut, None]:
        yield first.model_copy(update={"share": 0.75})
        raise asyncpg.QueryCanceledError("canceling statement due to statement timeout")

    request = Request({"type": "http", "headers": []})
    lines = [json.loads(line) async for line in _written(first, rest(), request)]
    assert [(line["share"], line["problem"] and line["problem"]["code"]) for line in lines] == [
        (0.5, None),
        (0.75, None),
        (0.75, "busy"),
    ]
    assert lines[-1]["replay"] is None
