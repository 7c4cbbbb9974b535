"""What was said on a case, over HTTP (domain.md §5: feed the result back)."""

from pydantic import Field
from sqlalchemy import RowMapping

from app.api.cases import CaseId
from app.api.cases_out import AT, ID
from app.api.census import Api, Tag
from app.api.deps import TheReader
from app.api.problems import problems
from app.api.schema import Choice, Out, StrictUUID
from app.domain.cases import policy
from app.domain.cases.callback_tables import CallChannel
from app.domain.cases.errors import CaseNotFound
from app.domain.cases.said import Said, list_posts
from app.kernel.time import Moment

api = Api(prefix="/cases")


class CasePostOut(Out):
    id: StrictUUID = Field(description="编号")
    kind: Choice[Said] = Field(description="、".join(f"{said.value} {said.label}" for said in Said))
    kind_label: str = Field(description="种类的中文名称")
    round: int = Field(description="第几轮")
    text: str = Field(description="内容")
    channel: Choice[CallChannel] | None = Field(description="联系方式;答复为 null")
    channel_label: str | None = Field(description="联系方式的中文名称")
    by_me: bool = Field(description="是不是我写的")
    posted_at: Moment = Field(description="时间")


class CasePostsOut(Out):
    items: list[CasePostOut] = Field(description="从早到晚")


@api.get(
    "/{case_id}/posts",
    rule=policy.READ,
    operation_id="listCasePosts",
    summary="一个事项的沟通记录:联系、答复,和回访中上报人说没有解决的话",
    description="答复给上报人、同社区的附议人和办理的人;联系的记录给办理的人和最先上报的一方;"
    "没有解决的话,在退回再办之后给办理的人,不写是谁说的,说的人也看得到自己的",
    tags=(Tag.RESIDENT, Tag.GRID_WORKER, Tag.STATION, Tag.DISPATCHER, Tag.OFFICER, Tag.INDEPENDENT, Tag.STREET),
    answer={
        "items": [
            {
                "id": ID, "kind": "reply", "kind_label": "答复", "round": 1, "text": "已安排人今天下午去看", "channel": None,
                "channel_label": None, "by_me": False, "posted_at": AT,
            }
        ]
    },
    responses=problems(CaseNotFound),
)  # fmt: skip
async def list_case_posts(case_id: CaseId, reader: TheReader) -> CasePostsOut:
    async with reader() as connection:
        rows = await list_posts(connection, case_id)
    return CasePostsOut(items=[_show(row) for row in rows])


def _show(row: RowMapping) -> CasePostOut:
    said, channel = Said(row["kind"]), CallChannel(row["channel"]) if row["channel"] else None
    same = {name: row[name] for name in ("id", "round", "text", "by_me", "posted_at")}
    return CasePostOut(
        **same, kind=said, kind_label=said.label, channel=channel, channel_label=channel and channel.label
    )
