"""The calendars over HTTP: hours of a place, and the working days of the State Council's notice (domain.md §4.2)."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import Field

from app.api.census import SIGNED_IN, Api, Tag
from app.api.deps import Receipt, TheReader, TheRun, receipt
from app.api.docs import ADMIN_ONLY
from app.api.problems import problems
from app.api.schema import In, Out, StrictUUID
from app.domain.deadlines import calendars, errors, policy, repository
from app.domain.places.errors import PlaceNotFound
from app.kernel.errors import FieldFault, NotAllowed, NothingChanged, Refusal
from app.kernel.text import Digits, Line, Opaque
from app.kernel.time import CHINA, Day

api = Api(prefix="/calendars")

PLACE_ID = "01985a3c-0000-7f00-8a6b-2f4c5d6e7f01"
CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")

Clock = Annotated[str, Opaque(5, 5, says="请写成四位的时刻,如 09:00")]


class ShiftIn(In):
    begin: Clock = Field(description="从,如 08:00")
    until: Clock = Field(description="到(不含),如 12:00;可为 24:00")


class HoursIn(In):
    place_id: StrictUUID = Field(description="在哪里及其下生效")
    calendar: Literal["DUTY", "WORK"] = Field(default="DUTY", description="DUTY 值守时间、WORK 工作时间")
    week: Annotated[list[Annotated[list[ShiftIn], Field(max_length=6)]], Field(min_length=7, max_length=7)] = Field(
        description="周一至周日,每天若干时段,从早到晚,不重叠;没有则为空"
    )


class DayIn(In):
    day: Day = Field(description="日期")
    works: bool = Field(strict=True, description="true 周末调休上班,false 工作日放假")
    name: Annotated[str, Line(20)] = Field(description="节日名称,或 调休")


class YearIn(In):
    year: Annotated[int, Field(strict=True, ge=2020, le=2099)] = Field(description="年份")
    source: Annotated[str, Line(100)] = Field(description="出处,如通知的文号")
    days: Annotated[list[DayIn], Field(min_length=1, max_length=calendars.LONGEST_NOTICE)] = Field(
        description="只列与周一至周五不同的日子"
    )


class OpenOut(Out):
    begin: str = Field(description="从")
    until: str = Field(description="到(不含)")


class CalendarDayOut(Out):
    day: Day = Field(description="日期")
    works: bool = Field(description="是否工作日")
    name: str | None = Field(description="节日名称,或 调休;平常日子为 null")
    known: bool = Field(description="这一年的放假安排是否已导入;未导入按周一至周五计")
    duty: list[OpenOut] = Field(description="值守时间")
    work: list[OpenOut] = Field(description="工作时间;休息日为空")


class CalendarOut(Out):
    place_id: StrictUUID = Field(description="地点编号")
    years: list[int] = Field(description="已公布放假安排的年份")
    workdays_version: int | None = Field(description="工作日历的版本")
    source: str | None = Field(description="工作日历的出处")
    duty_version: int = Field(description="值守时间的版本")
    work_version: int = Field(description="工作时间的版本")
    drafts: list[StrictUUID] = Field(description="已导入而未公布的工作日历")
    items: list[CalendarDayOut] = Field(description="逐日")


class CalendarQuery(In):
    place_id: StrictUUID = Field(description="地点编号")
    begin: Day | None = Field(default=None, description="从哪一天,默认今天")
    days: Annotated[int, Digits(1, 400)] = Field(default=31, description="多少天")


@api.get(
    "",
    rule=SIGNED_IN,
    operation_id="getCalendar",
    summary="一个地点的值守时间和工作日",
    tags=(Tag.ADMINISTRATOR, Tag.RESIDENT),
    answer={
        "place_id": PLACE_ID, "years": [2025, 2026], "workdays_version": 1, "source": "国务院办公厅通知", "duty_version": 1,
        "work_version": 1, "drafts": [],
        "items": [
            {
                "day": "2026-02-14", "works": True, "name": "调休", "known": True,
                "duty": [{"begin": "08:00", "until": "20:00"}],
                "work": [{"begin": "09:00", "until": "12:00"}, {"begin": "13:30", "until": "17:30"}],
            }
        ],
    },
    responses=problems(PlaceNotFound),
)  # fmt: skip
async def get_calendar(query: Annotated[CalendarQuery, Query()], reader: TheReader) -> CalendarOut:
    async with reader() as connection:
        found = await repository.get_calendar(connection, query.place_id)
    first = query.begin or found.now.astimezone(CHINA).date()
    items = [
        CalendarDayOut(
            day=day,
            works=found.workdays.is_working(day),
            name=found.names.get(day),
            known=day.year in found.workdays.years,
            duty=_opens(found.duty.shifts(day)),
            work=_opens(found.work.shifts(day)),
        )
        for day in (first + timedelta(days=n) for n in range(query.days))
    ]
    return CalendarOut(
        place_id=query.place_id,
        years=sorted(found.workdays.years),
        workdays_version=found.workdays_version,
        source=found.source,
        duty_version=found.duty_version,
        work_version=found.work_version,
        drafts=found.drafts,
        items=items,
    )


@api.post(
    "/hours",
    rule=policy.PUBLISH,
    operation_id="setDutyHours",
    summary="设置一个地点的值守时间或工作时间,只对之后开始的时限生效",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    example={"place_id": PLACE_ID, "calendar": "DUTY", "week": [[{"begin": "08:00", "until": "20:00"}]] * 7},
    answer=receipt("set"),
    responses=problems(NotAllowed, PlaceNotFound, errors.CalendarInvalid, NothingChanged),
)
async def set_duty_hours(body: HoursIn, run: TheRun) -> Receipt:
    week = tuple(
        tuple(
            (seconds_of(shift.begin, f"/body/week/{d}/{n}/begin"), seconds_of(shift.until, f"/body/week/{d}/{n}/until"))
            for n, shift in enumerate(day)
        )
        for d, day in enumerate(body.week)
    )
    return await run(calendars.set_hours, place_id=body.place_id, calendar=body.calendar, week=week)


@api.post(
    "",
    rule=policy.PUBLISH,
    operation_id="importCalendar",
    summary="导入一年的放假安排,公布后生效",
    description="只有最上级地点的管理员可以",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    example={
        "year": 2027, "source": "国务院办公厅关于 2027 年部分节假日安排的通知",
        "days": [{"day": "2027-01-01", "works": False, "name": "元旦"}],
    },
    answer=receipt("import"),
    responses=problems(NotAllowed, errors.CalendarInvalid),
)  # fmt: skip
async def import_calendar(body: YearIn, run: TheRun) -> Receipt:
    days = [(day.day, day.works, day.name) for day in body.days]
    return await run(calendars.import_year, year=body.year, days=days, source=body.source)


@api.post(
    "/{calendar_id}/publish",
    rule=policy.PUBLISH,
    operation_id="publishCalendar",
    summary="公布导入的放假安排;因缺它而暂按平日计算的时限会重新计算",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    answer=receipt("publish", 2),
    responses=problems(NotAllowed, errors.CalendarNotFound, errors.CalendarPublished),
)
async def publish_calendar(
    calendar_id: Annotated[StrictUUID, Path(description="importCalendar 回执中的编号")], run: TheRun
) -> Receipt:
    return await run(calendars.publish_workdays, calendar_id)


def seconds_of(clock: str, pointer: str, wrong: type[Refusal] = errors.CalendarInvalid) -> int:
    """Seconds from 00:00. Raises `wrong`, pointing at the field."""
    if not CLOCK.fullmatch(clock):
        raise wrong(fields=(FieldFault(pointer, "clock-format", "时间格式应为 08:00,最晚 24:00"),))
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _opens(shifts: Any) -> list[OpenOut]:
    return [
        OpenOut(begin=f"{begin:%H:%M}", until="24:00" if end.date() > begin.date() else f"{end:%H:%M}")
        for begin, end in shifts
    ]
