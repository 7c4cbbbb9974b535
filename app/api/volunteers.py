"""Volunteers over HTTP: becoming one, and hours (domain.md §3, 亮单)."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.calendars import OpenOut, ShiftIn, seconds_of
from app.api.census import SIGNED_IN, Api, Tag
from app.api.deps import Receipt, TheReader, TheRun, receipt
from app.api.problems import problems
from app.api.schema import In, Out, StrictUUID
from app.api.skills import CODE, SkillCode
from app.domain.people.errors import AlreadyGranted, ApplicantUnnamed
from app.domain.teams import errors, policy, repository
from app.domain.teams import volunteers as verbs
from app.domain.teams.models import DAILY_CAPACITY
from app.domain.teams.skills import name_of
from app.kernel.errors import NotAllowed, ReasonWanted, TextRefused
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Opaque, Paragraph
from app.kernel.time import Moment
from app.kernel.vault import mask_name, mask_phone

api = Api()

ID = "01985a3c-7777-7f00-8a6b-2f4c5d6e7f08"
PLACE_ID = "01985a3c-0000-7f00-8a6b-2f4c5d6e7f01"
PERSON_ID = "01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f80"

APPLICATIONS: dict[repository.ApplicationState, str] = {
    "open": "待审批",
    "approved": "已同意",
    "refused": "未通过",
    "withdrawn": "已撤回",
}
STATES = "、".join(f"{state} {label}" for state, label in APPLICATIONS.items())

Clock = Annotated[str, Opaque(5, 5, says="请写成四位的时刻,如 09:00")]


class AvailabilityIn(In):
    week: Annotated[list[Annotated[list[ShiftIn], Field(max_length=6)]], Field(min_length=7, max_length=7)] | None = (
        Field(default=None, description="周一至周日可以服务的时段,从早到晚,不重叠;不填为随时")
    )
    quiet_from: Clock | None = Field(default=None, description="免打扰从几点,如 22:00")
    quiet_until: Clock | None = Field(default=None, description="免打扰到几点(不含),如 07:00;早于开始即次日")
    daily_capacity: Annotated[int, Field(strict=True, ge=1, le=50)] = Field(
        default=DAILY_CAPACITY, description="一天最多接几单"
    )
    away_until: Moment | None = Field(default=None, description="暂时离开到何时,须晚于现在;不填为不离开")
    hand_back: bool = Field(default=False, strict=True, description="离开时退回手上未开始的订单")


class AvailabilityOut(Out):
    person_id: StrictUUID = Field(description="人员编号")
    week: list[list[OpenOut]] | None = Field(description="周一至周日可以服务的时段;随时则为 null")
    quiet_from: str | None = Field(description="免打扰从几点;没有则为 null")
    quiet_until: str | None = Field(description="免打扰到几点(不含)")
    daily_capacity: int = Field(description="一天最多接几单")
    away_until: Moment | None = Field(description="暂时离开到何时;没有离开则为 null")


class AvailabilityQuery(In):
    person_id: StrictUUID | None = Field(default=None, description="人员编号;不填为本人")


class ApplicationIn(In):
    text: Annotated[str, Paragraph(500)] = Field(description="想做什么,为什么")
    skills: Annotated[list[SkillCode], Field(max_length=20)] = Field(
        default_factory=list,
        description=f"会什么:技能代码,{CODE};申请通过时,不须证照的自动登记,其余由工作人员看过证照后登记",
    )


class VolunteerDecisionIn(In):
    approve: bool = Field(strict=True, description="true 同意并授予志愿者角色,false 不同意")
    reason: Annotated[str, Paragraph(200)] | None = Field(default=None, description="理由,申请人会看到;不同意时必填")


class ApplicationOut(Out):
    id: StrictUUID = Field(description="申请编号")
    person_id: StrictUUID = Field(description="申请人编号")
    name: str | None = Field(description="申请人姓名;没有同意的和已撤回的隐去名字")
    phone: str | None = Field(description="电话(隐去中间四位)")
    place_id: StrictUUID = Field(description="社区编号")
    place_name: str = Field(description="社区名称")
    text: str = Field(description="想做什么,为什么")
    skills: list[str] = Field(description="会什么:技能代码")
    skill_names: list[str] = Field(description="技能的中文名称,依次对应")
    to_record: list[str] = Field(
        description="已同意的申请里,还须由工作人员用 addSkill 登记的:须看证照的,和当地自定的;其余在同意时已自动登记。"
        "待审批和未通过的为空"
    )
    to_record_names: list[str] = Field(description="还须登记的技能的中文名称,依次对应")
    created_at: Moment = Field(description="申请时间")
    state: repository.ApplicationState = Field(description=STATES)
    state_label: str = Field(description="状态的中文名称")
    reason: str | None = Field(description="理由")
    decided_at: Moment | None = Field(description="审批时间;待审批则为 null")


class ApplicationsQuery(PageQuery):
    place_id: StrictUUID | None = Field(default=None, description="只看某地点及其下;不填为我能看到的全部")
    state: repository.ApplicationState | None = Field(default=None, description=f"只看某一状态:{STATES}")


@api.post(
    "/volunteer-applications",
    rule=policy.RESIDENT,
    operation_id="applyToVolunteer",
    summary="申请在我所在的社区做志愿者",
    tags=(Tag.RESIDENT,),
    example={"text": "周末想陪老人看病", "skills": ["haircut"]},
    answer=receipt("apply"),
    responses=problems(
        *(TextRefused, errors.ResidentsOnly, errors.AlreadyVolunteer, errors.AlreadyApplied, ApplicantUnnamed),
        errors.UnknownSkill,
    ),
)
async def apply_to_volunteer(body: ApplicationIn, run: TheRun) -> Receipt:
    return await run(verbs.apply, text=body.text, skills=body.skills)


@api.get(
    "/volunteer-applications",
    rule=SIGNED_IN,
    operation_id="listVolunteerApplications",
    summary="志愿者申请:我的,或我的地点收到的",
    description="先申请的在前,先到先批。书记、管理员看到本地全部申请;站点工作人员看到已同意而还有技能要登记的(见 to_record),"
    "登记完即不再列出。"
    "申请人是全名,决定和登记的人要认得;没有同意的和已撤回的只有姓氏",
    tags=(Tag.ADMINISTRATOR, Tag.STATION, Tag.RESIDENT),
    answer={
        "items": [
            {
                "id": ID, "person_id": PERSON_ID, "name": "王秀英", "phone": "138****5678", "place_id": PLACE_ID,
                "place_name": "西峪社区", "text": "周末想陪老人看病", "skills": ["haircut", "law"],
                "skill_names": ["理发", "法律咨询"], "to_record": ["law"], "to_record_names": ["法律咨询"],
                "state": "approved", "state_label": "已同意", "reason": None, "created_at": "2026-03-01T09:00:00+08:00",
                "decided_at": "2026-03-01T10:00:00+08:00",
            }
        ],
        "next_cursor": None,
    },
)  # fmt: skip
async def list_applications(query: Annotated[ApplicationsQuery, Query()], reader: TheReader) -> Page[ApplicationOut]:
    async with reader() as connection:
        rows = await repository.list_applications(connection, query.place_id, query.state, query.after(), query.limit)

    def show(row: RowMapping) -> ApplicationOut:
        state = _state(row)
        to_record = [code for code in dict.fromkeys(row["skills"]) if row["approved"] and code not in row["recorded"]]
        name = reader.sealer.opened("name", row["name_sealed"])
        phone = reader.sealer.opened("phone", row["phone_sealed"])
        return ApplicationOut(
            id=row["id"],
            person_id=row["person_id"],
            name=mask_name(name) if name and state in ("refused", "withdrawn") else name,
            phone=phone and mask_phone(phone),
            place_id=row["place_id"],
            place_name=row["place_name"],
            text=row["text"],
            skills=row["skills"],
            skill_names=[name_of(code) for code in row["skills"]],
            to_record=to_record,
            to_record_names=[name_of(code) for code in to_record],
            created_at=row["created_at"],
            state=state,
            state_label=APPLICATIONS[state],
            reason=row["reason"],
            decided_at=row["decided_at"],
        )

    return Page.cut(rows, query.limit, lambda row: Cursor(row["created_at"], row["id"]), show)


def _state(row: RowMapping) -> repository.ApplicationState:
    if row["withdrawn_at"] is not None:
        return "withdrawn"
    if row["approved"] is None:
        return "open"
    return "approved" if row["approved"] else "refused"


@api.post(
    "/volunteer-applications/{application_id}/withdraw",
    rule=SIGNED_IN,
    operation_id="withdrawApplication",
    summary="撤回我的志愿者申请",
    description="还没有答复的才能撤回;撤回后可以再次申请",
    tags=(Tag.RESIDENT,),
    answer=receipt("retract", 2),
    responses=problems(NotAllowed, errors.ApplicationNotFound, errors.AlreadyDecided, errors.ApplicationWithdrawn),
)
async def withdraw_application(
    application_id: Annotated[StrictUUID, Path(description="申请编号")], run: TheRun
) -> Receipt:
    return await run(verbs.withdraw, application_id)


@api.post(
    "/volunteer-applications/{application_id}/decide",
    rule=policy.CHIEF,
    operation_id="decideVolunteer",
    summary="审批志愿者申请;同意即授予志愿者角色",
    description="申请里写的技能,不须证照的随即登记;须证照的见 listVolunteerApplications 的 to_record,看过证照后用 addSkill 登记。"
    "不同意须写理由",
    tags=(Tag.ADMINISTRATOR,),
    example={"approve": True, "reason": None},
    answer=receipt("approve", 2),
    responses=problems(
        *(TextRefused, NotAllowed, errors.ApplicationNotFound, errors.AlreadyDecided, errors.OwnApplication),
        *(ApplicantUnnamed, AlreadyGranted, errors.ApplicationWithdrawn, ReasonWanted),
    ),
)
async def decide_volunteer(
    application_id: Annotated[StrictUUID, Path(description="申请编号")], body: VolunteerDecisionIn, run: TheRun
) -> Receipt:
    return await run(verbs.decide, application_id, approve=body.approve, reason=body.reason)


@api.put(
    "/me/availability",
    rule=policy.VOLUNTEER,
    operation_id="setAvailability",
    summary="说明我何时可以服务、一天接几单、何时免打扰、离开到何时",
    description="每次都要填全:没有填写的,按没有说过处理。离开期间不派单,也不能抢单、接单;有约定的上门时间在其间而不退回的,派单员会收到是哪些订单",
    tags=(Tag.VOLUNTEER,),
    example={
        "week": [[{"begin": "09:00", "until": "12:00"}], *[[] for _ in range(5)], [{"begin": "14:00", "until": "18:00"}]],
        "quiet_from": "22:00", "quiet_until": "07:00", "daily_capacity": 2,
    },
    answer=receipt("set"),
    responses=problems(NotAllowed, errors.AvailabilityInvalid),
)  # fmt: skip
async def set_availability(body: AvailabilityIn, run: TheRun) -> Receipt:
    week = body.week and tuple(
        tuple(
            (_seconds(shift.begin, f"week/{d}/{n}/begin"), _seconds(shift.until, f"week/{d}/{n}/until"))
            for n, shift in enumerate(day)
        )
        for d, day in enumerate(body.week)
    )
    quiet_from, quiet_until = (
        None if clock is None else _seconds(clock, name) // 60 % 1440
        for name, clock in (("quiet_from", body.quiet_from), ("quiet_until", body.quiet_until))
    )
    return await run(
        verbs.set_availability,
        week=week,
        quiet_from=quiet_from,
        quiet_until=quiet_until,
        daily_capacity=body.daily_capacity,
        away_until=body.away_until,
        hand_back_orders=body.hand_back,
    )


def _seconds(clock: str, field: str) -> int:
    return seconds_of(clock, f"/body/{field}", errors.AvailabilityInvalid)


@api.get(
    "/availability",
    rule=SIGNED_IN,
    operation_id="getAvailability",
    summary="我何时可以服务,或本地一名志愿者的",
    description="没有说过的,与看不到的一样:随时,一天三单",
    tags=(Tag.VOLUNTEER, Tag.DISPATCHER),
    answer={
        "person_id": PERSON_ID, "week": [[{"begin": "09:00", "until": "12:00"}], [], [], [], [], [], []],
        "quiet_from": "22:00", "quiet_until": "07:00", "daily_capacity": 2, "away_until": None,
    },
)  # fmt: skip
async def get_availability(query: Annotated[AvailabilityQuery, Query()], reader: TheReader) -> AvailabilityOut:
    person_id = query.person_id or reader.caller.person_id
    async with reader() as connection:
        row = await repository.get_availability(connection, person_id)
    if row is None:
        return AvailabilityOut(
            person_id=person_id,
            week=None,
            quiet_from=None,
            quiet_until=None,
            daily_capacity=DAILY_CAPACITY,
            away_until=None,
        )
    return AvailabilityOut(
        person_id=person_id,
        week=row["week"] and [[_shift(shift) for shift in day] for day in row["week"]],
        quiet_from=_clock(row["quiet_from"]),
        quiet_until=_clock(row["quiet_until"]),
        daily_capacity=row["daily_capacity"],
        away_until=row["away_until"],
    )


def _shift(shift: Sequence[int]) -> OpenOut:
    begin, until = (f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}" for seconds in shift)
    return OpenOut(begin=begin, until=until)


def _clock(minutes: int | None) -> str | None:
    return None if minutes is None else f"{minutes // 60:02d}:{minutes % 60:02d}"
