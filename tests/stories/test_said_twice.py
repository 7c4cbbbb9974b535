"""What a record says already is not said again: the second time is refused in words, and writes nothing. The same request under
the same key gets its first receipt, as everywhere."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.kernel.rules import Role
from tests.people import Someone
from tests.stories.boardwork import new_unit
from tests.stories.conftest import Street
from tests.stories.teamwork import person, team

Asked = tuple[Someone, str, dict[str, Any]]
"""Who says what, where."""

SOON = (datetime.now(UTC) + timedelta(days=30)).isoformat(timespec="seconds")


async def team_member(street: Street) -> Asked:
    lead, other = [await street.with_role(name, Role.VOLUNTEER) for name in ("小李", "小赵")]
    return lead, f"/v1/teams/{await team(street, lead)}/members", person(other)


async def team_lead(street: Street) -> Asked:
    lead, path, other = await team_member(street)
    await lead.post(path, other)
    return street.administrator, path.replace("/members", "/lead"), other


async def unit_member(street: Street) -> Asked:
    unit = await new_unit(street, "城管办")
    return (
        street.administrator,
        f"/v1/units/{unit.id}/members",
        {**person(await street.resident("小周")), "post": "officer"},
    )


async def deputy(street: Street) -> Asked:
    unit = await new_unit(street, "城管办")
    two = {"absent_id": str(unit.head.id), "deputy_id": str(unit.officer.id)}
    return (
        unit.head,
        f"/v1/units/{unit.id}/deputies",
        {**two, "from_at": datetime.now(UTC).isoformat(), "until_at": SOON},
    )


async def unit(street: Street) -> Asked:
    body = {"place_id": str(street.world.street), "name": "水务站", "kind": "station"}
    return street.administrator, "/v1/units", body


async def responsibility(street: Street) -> Asked:
    unit = await new_unit(street, "城管办")
    body = {"place_id": str(street.world.street), "category": "lighting", "unit_id": unit.id}
    return street.administrator, "/v1/responsibilities", body


async def skill(street: Street) -> Asked:
    volunteer = await street.with_role("小李", Role.VOLUNTEER)
    return (
        street.administrator,
        "/v1/skills",
        {"place_id": str(street.world.east), **person(volunteer), "code": "sewing"},
    )


async def beneficiary(street: Street) -> Asked:
    body = {"place_id": str(street.world.east), "name": "赵奶奶", "phone": "13812340001", "relation": "neighbour"}
    return await street.resident("王秀英"), "/v1/beneficiaries", body


async def role(street: Street) -> Asked:
    body = {"place_id": str(street.world.east), "role": "volunteer", **person(await street.resident("小周"))}
    return street.administrator, "/v1/roles", body


async def role_for_a_time(street: Street) -> Asked:
    who, path, body = await role(street)
    return who, path, {**body, "ends_at": SOON}


async def refused_term(street: Street) -> Asked:
    return street.administrator, "/v1/refused-terms", {"place_id": str(street.world.street), "term": "代开发票"}


SAID = {
    team_member: "already-member",
    team_lead: "already-leads",
    unit_member: "works-there",
    deputy: "deputy-named",
    unit: "unit-exists",
    responsibility: "answers-already",
    skill: "already-skilled",
    beneficiary: "already-named",
    role: "already-granted",
    role_for_a_time: "already-granted",
    refused_term: "term-already-refused",
}


@pytest.mark.parametrize(("said", "code"), SAID.items(), ids=lambda value: getattr(value, "__name__", value))
async def test_what_is_said_twice_is_refused_and_writes_nothing(
    street: Street, said: Callable[[Street], Awaitable[Asked]], code: str
) -> None:
    who, path, body = await said(street)
    await who.post(path, body)
    lines = await street.world.owner.fetchval("SELECT count(*) FROM audit")
    assert await who.refused(path, body) == (409, code)
    assert await street.world.owner.fetchval("SELECT count(*) FROM audit") == lines


async def test_a_deputy_may_stand_in_for_longer(street: Street) -> None:
    who, path, body = await deputy(street)
    await who.post(path, body)
    longer = (datetime.now(UTC) + timedelta(days=60)).isoformat(timespec="seconds")
    await who.post(path, {**body, "until_at": longer})
