"""The inbox over HTTP."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.census import SIGNED_IN, Api, Tag
from app.api.deps import Reader, Receipt, TheReader, TheRun, receipt
from app.api.problems import problems
from app.api.schema import Choice, FlagArg, Out, StrictUUID
from app.domain.notifications import repository
from app.domain.notifications import service as notifications
from app.domain.notifications.policy import About, sentence
from app.domain.people.titles import title
from app.domain.places.models import Level
from app.domain.teams.skills import name_of
from app.kernel.errors import NotFound
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.rules import Role
from app.kernel.time import Moment
from app.kernel.vault import mask_name

api = Api(prefix="/inbox", tags=(Tag.EVERYBODY,))

ABOUT = ("service", "meet_at", "category", "place", "words", "team", "reason")
ID = "01985a3c-2222-7f00-8a6b-2f4c5d6e7f03"


class MessageOut(Out):
    id: StrictUUID = Field(description="消息编号")
    topic: str = Field(description="主题代码,如 order.offered、deadline.mark")
    text: str = Field(description="给人看的中文;哪个订单、哪个事项写在 about 里")
    about: str | None = Field(
        description="哪个订单:服务名称,和所说的时间,请您转告的另附联系人姓氏;哪个事项(也是任务所属的):类别、地点,我上报或附议的另附反映的内容;"
        "哪项任职:角色和地点;哪支队伍、哪项技能,及所说的人;申请的答复附理由;"
        "哪项代下单:谁为谁,只写姓氏。以现在看得到的为准:订单转给他人、评价之后,时间和姓氏不再显示;都不是,或已看不到,则为 null"
    )
    subject_kind: str = Field(description="所说事项的种类,如 order")
    subject_id: StrictUUID = Field(description="所说事项的编号")
    as_role: Choice[Role] | None = Field(description="因何角色收到;发给本人的为 null")
    nobody_in_post: bool = Field(description="本应由他人处理,但该岗位无人")
    created_at: Moment = Field(description="时间")
    read_at: Moment | None = Field(description="已读时间;未读为 null")


class InboxQuery(PageQuery):
    unread: FlagArg = Field(default=False, description="只看未读")


@api.get(
    "",
    rule=SIGNED_IN,
    operation_id="listInbox",
    summary="我的消息,新的在前",
    answer={
        "items": [
            {
                "id": ID,
                "topic": "order.offered",
                "text": "社区派给您一个订单,请尽快接单",
                "about": "陪同就医",
                "subject_kind": "order",
                "subject_id": ID,
                "as_role": None,
                "nobody_in_post": False,
                "created_at": "2026-03-01T09:00:00+08:00",
                "read_at": None,
            }
        ],
        "next_cursor": None,
    },
)
async def list_inbox(query: Annotated[InboxQuery, Query()], reader: TheReader) -> Page[MessageOut]:
    async with reader() as connection:
        rows = await repository.list_inbox(
            connection, reader.caller.person_id, unread=query.unread, after=query.after(), limit=query.limit
        )

    def show(row: RowMapping) -> MessageOut:
        return MessageOut(
            id=row["id"],
            topic=row["topic"],
            text=sentence(row["topic"], row["payload"], row["subject_kind"]),
            about=str(_about(row, reader)) or None,
            subject_kind=row["subject_kind"],
            subject_id=row["subject_id"],
            as_role=_role(row["as_role"]),
            nobody_in_post=row["nobody_in_post"],
            created_at=row["created_at"],
            read_at=row["read_at"],
        )

    return Page.cut(rows, query.limit, lambda row: Cursor(row["created_at"], row["id"]), show)


def _about(row: RowMapping, reader: Reader) -> About:
    def masked(sealed: bytes | None) -> str | None:
        plain = reader.sealer.opened("name", sealed)
        return plain and mask_name(plain)

    code = row["payload"].get("code") if row["topic"].startswith("skill.") else None
    return About(
        **{name: row[name] for name in ABOUT},
        role=row["role"] and title(Role(row["role"]), Level(row["level"])),
        person=masked(row["name_sealed"]),
        representative=masked(row["representative"]),
        represented=masked(row["represented"]),
        skill=code and name_of(code),
    )


def _role(told_as: str | None) -> Role | None:
    """A role may be told from a level upward: 'secretary@street'. Who is told as a unit is told as no role."""
    name = (told_as or "").partition("@")[0]
    return Role(name) if name in frozenset(Role) else None


@api.post(
    "/{message_id}/read",
    rule=SIGNED_IN,
    operation_id="markRead",
    summary="标为已读",
    answer=receipt("read", 2),
    responses=problems(NotFound),
)
async def mark_read(message_id: Annotated[StrictUUID, Path(description="消息编号")], run: TheRun) -> Receipt:
    return await run(notifications.mark_read, message_id)
