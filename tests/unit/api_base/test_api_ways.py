"""What could be done instead is looked up beside a no that is sure already."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
import sqlalchemy.exc
from sqlalchemy.ext.asyncio import AsyncConnection

import app.main  # noqa: F401 - every room says what waits for whom
from app.api.doing import WAITS, with_ways
from app.kernel.errors import Instead, TransitionRefused


def refused() -> TransitionRefused:
    refusal = TransitionRefused("现在是『已接单』", detail_en="The state is now accepted")
    refusal.instead = Instead("order", UUID(int=1), "accepted", "现在是『已接单』", ("cancel",))
    return refusal


@pytest.mark.parametrize(
    "failure", [sqlalchemy.exc.TimeoutError("the pool is empty"), ConnectionResetError(), KeyError("waits")]
)
async def test_a_sure_no_stays_a_no_where_that_reading_fails(failure: Exception) -> None:
    @asynccontextmanager
    async def reading() -> AsyncIterator[AsyncConnection]:
        raise failure
        yield

    assert "order" in WAITS
    refusal = refused()
    assert await with_ways(refusal, reading) is refusal


async def test_who_went_away_is_not_answered() -> None:
    @asynccontextmanager
    async def reading() -> AsyncIterator[AsyncConnection]:
        raise asyncio.CancelledError
        yield

    with pytest.raises(asyncio.CancelledError):
        await with_ways(refused(), reading)
