"""A consent that ends while an order is placed under it, and cards that are issued at the same time."""

import asyncio
from uuid import UUID

import pytest

from app.domain.orders import placing
from app.domain.orders.errors import NoConsent
from app.domain.representations import service as representations
from app.domain.representations.models import Relation
from app.domain.teams import moving, volunteers
from app.invariants import check
from app.kernel.command import Receipt, execute
from app.kernel.database import Database
from app.kernel.errors import Refusal
from app.kernel.rules import Role
from tests.world import World, new_key

TIMES = 20


async def represented(world: World, app: Database, phone: bytes) -> UUID:
    """A neighbour orders for 王奶奶, who agreed on her own phone."""
    await world.owner.execute(
        "UPDATE person SET phone_index = $2, phone_proved_at = app_now() WHERE id = $1", world.people["王奶奶"], phone
    )
    sealed = {"name": b"\x01", "phone": b"\x01", "phone_index": phone}
    naming = {"place_id": world.east, **sealed, "relation": Relation.NEIGHBOUR}
    daughter = await world.caller(world.people["女儿"])
    made = await execute(app, representations.register, daughter, new_key(), None, naming)
    await world.do(app, representations.consent, "王奶奶", made.id)
    return made.id


async def test_an_order_and_the_end_of_its_consent_meet_in_one_moment(world: World, app: Database) -> None:
    daughter = await world.caller(await world.person("女儿"))
    inputs = {"beneficiary_id": world.people["王奶奶"], "service_id": world.service, "note": "买菜"}
    for number in range(TIMES):
        made = await represented(world, app, number.to_bytes(32))
        placed, ended = await asyncio.gather(
            execute(app, placing.place_for, daughter, new_key(), None, inputs),
            world.do(app, representations.end, "王奶奶", made),
            return_exceptions=True,
        )
        assert isinstance(placed, Receipt | NoConsent), placed
        assert isinstance(ended, Receipt), ended
        with pytest.raises(NoConsent):
            await execute(app, placing.place_for, daughter, new_key(), None, inputs)
    assert "represented-with-consent" not in {b.invariant.name for b in await check(world.owner)}


async def test_of_cards_that_are_issued_at_once_one_holds(world: World, app: Database) -> None:
    station = await world.person("站长", Role.STATION_STAFF, world.east)
    card = {"number": b"\x01", "number_index": b"\x01"}
    resident = world.people["王奶奶"]
    await asyncio.gather(*(world.do(app, representations.issue_card, station, resident, **card) for _ in range(4)))
    live = "SELECT count(*), count(*) FILTER (WHERE ended_at IS NULL) FROM household_card WHERE person_id = $1"
    assert tuple(await world.owner.fetchrow(live, resident)) == (4, 1)


async def test_a_move_and_a_consent_or_an_application_in_one_moment_agree(world: World, app: Database) -> None:
    """Who may order for somebody is known where they live now, and nobody asks to volunteer where they live no more."""
    grandma, phone = world.people["王奶奶"], b"\x07" * 32
    made = await represented(world, app, phone)
    daughter, mother = await world.caller(world.people["女儿"]), await world.caller(grandma)
    sealed = {"name": b"\x01", "phone": b"\x01", "phone_index": phone}
    for number in range(TIMES):
        (there, away) = (world.east, world.west) if number % 2 == 0 else (world.west, world.east)
        await execute(app, moving.join, mother, new_key(), None, {"place_id": there})
        await execute(app, representations.end, daughter, new_key(), made, {})
        naming = {"place_id": there, **sealed, "relation": Relation.NEIGHBOUR}
        made = (await execute(app, representations.register, daughter, new_key(), None, naming)).id
        said = {"text": "想帮忙", "skills": []}
        answers = await asyncio.gather(
            world.do(app, representations.consent, "王奶奶", made),
            execute(app, moving.join, mother, new_key(), None, {"place_id": away}),
            execute(app, volunteers.apply, mother, new_key(), None, said),
            return_exceptions=True,
        )
        assert not [answer for answer in answers if not isinstance(answer, Receipt | Refusal)], answers
        assert {b.invariant.name for b in await check(world.owner)} & {"represented-where-they-live"} == set()
        mine = "person_id = $1 AND withdrawn_at IS NULL AND decided_at IS NULL"
        here = f"SELECT count(*) FROM volunteer_application WHERE {mine} AND place_id = $2"
        assert await world.owner.fetchval(here, grandma, there) == 0
        await world.owner.execute(f"UPDATE volunteer_application SET withdrawn_at = app_now() WHERE {mine}", grandma)
