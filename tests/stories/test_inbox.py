"""The inbox: one's own messages, new ones first, ticked off when read."""

from typing import Any

from app.kernel.ids import new_id
from tests.people import Someone
from tests.stories.conftest import Later, Street


async def texts(someone: Someone, **query: Any) -> list[str]:
    return [message["text"] for message in (await someone.get("/v1/inbox", **query))["items"]]


async def test_messages_are_ticked_off_one_by_one(street: Street, later: Later) -> None:
    dispatcher, resident = await street.with_role("张敏", "dispatcher"), await street.resident("王秀英")
    await resident.post("/v1/orders", {"service_id": street.service_id, "note": "x"})
    await later(0)
    assert len(await texts(dispatcher, unread="true")) == 2, "the role, and the order"
    newest = (await dispatcher.get("/v1/inbox"))["items"][0]
    assert newest["read_at"] is None
    assert newest["topic"] == "order.placed"
    assert newest["as_role"] == "dispatcher"
    first = await dispatcher.post(f"/v1/inbox/{newest['id']}/read")
    assert len(await texts(dispatcher, unread="true")) == 1
    assert len(await texts(dispatcher)) == 2
    second = await dispatcher.post(f"/v1/inbox/{newest['id']}/read")
    assert second["version"] == first["version"] + 1, "again is allowed"
    assert (await dispatcher.get("/v1/inbox"))["items"][0]["read_at"] is not None


async def test_anothers_message_is_not_there(street: Street, later: Later) -> None:
    dispatcher, other = (
        await street.with_role("张敏", "dispatcher"),
        await street.with_role("别人", "dispatcher", "west"),
    )
    await later(0)
    message = (await dispatcher.get("/v1/inbox"))["items"][0]["id"]
    refused = await other.refused(f"/v1/inbox/{message}/read")
    assert refused == await other.refused(f"/v1/inbox/{new_id()}/read") == (404, "not-found")
    assert message not in [row["id"] for row in (await other.get("/v1/inbox"))["items"]]
    assert len(await texts(dispatcher, unread="true")) == 1


async def test_a_message_holds_no_personal_data(street: Street, later: Later) -> None:
    dispatcher, resident = await street.with_role("张敏", "dispatcher"), await street.resident("王秀英")
    me = await resident.get("/v1/me")
    await resident.post("/v1/orders", {"service_id": street.service_id, "note": "我的电话是秘密"})
    await later(0)
    page = (await dispatcher.http.get("/v1/inbox")).text
    for private in (me["name"], me["phone"], me["address"], "秘密"):
        assert private not in page


async def test_where_nobody_holds_the_post_the_administrator_is_told_so(street: Street, later: Later) -> None:
    await street.world.owner.execute(
        "UPDATE role_grant SET ends_at = now() WHERE role = 'dispatcher' AND place_id = $1", street.world.east
    )
    resident = await street.resident("王秀英")
    await resident.post("/v1/orders", {"service_id": street.service_id, "note": "x"})
    await later(0)
    message = (await street.administrator.get("/v1/inbox"))["items"][0]
    assert (message["topic"], message["nobody_in_post"]) == ("order.placed", True)


async def test_the_inbox_is_read_page_by_page(street: Street, later: Later) -> None:
    dispatcher, resident = await street.with_role("张敏", "dispatcher"), await street.resident("王秀英")
    for _ in range(7):
        await resident.post("/v1/orders", {"service_id": street.service_id, "note": "x"})
    await later(0)
    seen: list[str] = []
    page = await dispatcher.get("/v1/inbox", limit=3)
    while True:
        seen += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        page = await dispatcher.get("/v1/inbox", limit=3, cursor=page["next_cursor"])
    assert len(seen) == len(set(seen)) == 8
