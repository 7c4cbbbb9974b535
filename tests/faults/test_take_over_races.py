"""Whoever becomes the record that the station registered asks for something in the same moment as the one that they were: one of
the two comes first, and nothing is left with an account that nobody logs in to any more."""

import asyncio
import random
from typing import Any

import httpx
import pytest

from tests.faults.conftest import Arena
from tests.people import Someone

TIMES = 40


@pytest.mark.parametrize("asked", ["order", "application"])
async def test_a_take_over_and_what_is_asked_for_beside_it(arena: Arena, asked: str) -> None:
    street, chance = arena.street, random.Random(asked)
    place = str(street.world.east)
    station = await street.with_role(f"站长{asked}", "station_staff")
    contact = {"name": "吴叔", "phone": "13912345678", "address": "1 号楼 102"}
    path, body = {
        "order": ("/v1/orders", {"service_id": street.service_id, "note": "请修灯", "contact": contact}),
        "application": ("/v1/volunteer-applications", {"text": "想帮忙"}),
    }[asked]

    async def once(number: int) -> tuple[Someone, dict[str, Any], int]:
        phone = f"134{chance.randrange(10**8):08d}"
        registered = {"place_id": place, "name": "吴叔", "phone": phone, "address": "1 号楼 102"}
        await station.post("/v1/residents", registered)
        someone = await Someone.by_wechat(street.api_url, f"吴叔{asked}{number}@{street.world.street}")
        await someone.post("/v1/me/community", {"place_id": place})
        own = {"name": "吴叔", "phone": f"133{chance.randrange(10**8):08d}"}
        await someone.put("/v1/me", own)
        proof = {"code": f"demo:{phone}", "take_over": True}
        ahead = chance.uniform(-0.001, 0.004)

        async def prove() -> httpx.Response:
            await asyncio.sleep(ahead)
            return await someone.http.post("/v1/auth/phone", json=proof)

        async def ask() -> httpx.Response:
            await asyncio.sleep(-ahead)
            return await someone.ask("POST", path, body)

        proved, answer = await asyncio.gather(prove(), ask())
        assert proved.status_code == 200, proved.text
        return someone, proved.json(), answer.status_code

    done = [await once(number) for number in range(TIMES)]
    held = (
        "SELECT (SELECT count(*) FROM matter WHERE requester_id = $1)"
        " + (SELECT count(*) FROM volunteer_application WHERE person_id = $1)"
    )
    for someone, proved, status in done:
        left = await street.world.owner.fetchval(held, someone.id)
        if proved["sign_in_again"]:
            assert (status, left) == (401, 0), "the record was first, and who they were asks for nothing"
        else:
            assert (proved["record_apart"], status // 100, left) == (True, 2, 1), "what they asked for was first"
