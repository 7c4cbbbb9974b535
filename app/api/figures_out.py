"""What figures over HTTP share: of which period and place they are, by what they are told apart, and a rate with its counts
(domain.md §5)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from app.api.deps import TheReader
from app.api.periods import instants
from app.api.schema import Choice, Out, StrictUUID
from app.domain.cases import callback_policy
from app.domain.cases.posts import demand_post
from app.domain.cases.rates import Group, Period
from app.domain.places.models import Level
from app.kernel.time import Day

GROUPS = "、".join(f"{group} {group.label}" for group in Group)
RATE_EXAMPLE: dict[str, Any] = {"yes": 9, "no": 1, "percent": 90.0}


class FiguresReader:
    """Reads as whoever asks, once it is known that they read figures somewhere."""

    def __init__(self, reader: TheReader) -> None:
        self._reader = reader

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[AsyncConnection]:
        """Raises NotAllowed."""
        async with self._reader() as connection:
            await demand_post(connection, callback_policy.FIGURES)
            yield connection


ReadsFigures = Annotated[FiguresReader, Depends()]


class PeriodQuery(BaseModel):
    """What figures are of."""

    model_config = ConfigDict(frozen=True, strict=True)

    place_id: StrictUUID | None = Field(default=None, description="只看某地及其下")
    since: Day = Field(alias="from", description="从哪天起(含)")
    until: Day = Field(description="到哪天为止(不含)")

    def period(self) -> Period:
        """Raises InvalidInput for an empty period."""
        return Period(self.place_id, *instants(self.since, self.until))


class GroupedQuery(PeriodQuery):
    by: Choice[Group] = Field(default=Group.UNIT, description=f"按什么分:{GROUPS}")


class RateOut(Out):
    yes: int = Field(description="是")
    no: int = Field(description="否")
    percent: float | None = Field(description="百分比 = 是 /(是 + 否);没有则为 null")


class RatesRow(Out):
    key: str | None = Field(description="组的代码;合计为 null")
    label: str = Field(description="组的名称")
    callbacks: int = Field(description="回访数,每位上报人每轮一次")
    response: RateOut = Field(description="响应率:是否及时联系")
    solved: RateOut = Field(description="解决率")
    satisfied: RateOut = Field(description="满意率")
    unsaid: int = Field(description="没有说是否及时联系的,不计入响应率")
    waiting: int = Field(description="待答复的,不计入各率")
    unreached: int = Field(description="未联系上的,不计入各率")
    excluded: int = Field(description="经复核不计的,不计入各率")


def show_rate(yes: int, no: int) -> RateOut:
    return RateOut(yes=yes, no=no, percent=round(100 * yes / (yes + no), 1) if yes + no else None)


def group_label(row: RowMapping, group: Group) -> str:
    if row["key"] is None:
        return "合计"
    return Level(row["label"]).label if group is Group.LEVEL else str(row["label"])
