"""What the stories of orders share: who takes part, how one is placed and accepted, and what its limits and notices say."""

from datetime import datetime

from app.kernel.time import CHINA
from tests.people import Someone, agree
from tests.stories.conftest import Street


def at(month: int, day: int, hour: int, minute: int = 0, second: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=CHINA)


def wire(moment: datetime) -> str:
    return moment.isoformat()


async def place(street: Street, resident: Someone) -> str:
    body = {"service_id": street.service_id, "note": "水龙头漏水,请人看看"}
    return "/v1/orders/" + (await resident.post("/v1/orders", body))["id"]


async def limits(someone: Someone, order: str) -> dict[str, dict]:
    return {d["kind"]: d for d in (await someone.get(f"{order}/deadlines"))["items"]}


async def texts(someone: Someone) -> list[str]:
    return [message["text"] for message in (await someone.get("/v1/inbox"))["items"]]


def due(limit: dict) -> datetime:
    return datetime.fromisoformat(limit["due_at"]).replace(microsecond=0)


def near(moment: datetime, wanted: datetime) -> bool:
    """Within the minute that a story's steps take themselves at most."""
    return abs((moment - wanted).total_seconds()) < 60


async def crew(street: Street) -> tuple[Someone, Someone, Someone, Someone]:
    return (
        await street.resident("王秀英"),
        await street.with_role("张敏", "dispatcher"),
        await street.with_role("刘书记", "secretary"),
        await street.with_role("李强", "volunteer"),
    )


async def accepted(street: Street, grandma: Someone, dispatcher: Someone, volunteer: Someone) -> str:
    order = await place(street, grandma)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    return order


async def agreed(street: Street, grandma: Someone, dispatcher: Someone, volunteer: Someone, meet_at: datetime) -> str:
    """An order that the volunteer has accepted, and for which both have agreed on a time."""
    order = await accepted(street, grandma, dispatcher, volunteer)
    await volunteer.post(f"{order}/appointment", {"meet_at": wire(meet_at)})
    await agree(grandma, order)
    return order
