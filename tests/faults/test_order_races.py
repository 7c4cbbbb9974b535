"""Two moves of one order meet, over real HTTP beside working sweepers and relays: one wins, the other is told so, and what
follows – deadlines, notices, rounds – is the winner's alone (domain.md §3). What races for records stands with its room."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.kernel.time import CHINA
from tests.faults.conftest import Arena
from tests.faults.test_races import crew, until_told
from tests.people import Someone
from tests.special import service_of, team_of
from tests.world import LONG_AGO, tireless

TIMES = 20

RUNS = {
    "submitted": {"respond", "dispatch"},
    "offered": {"respond", "offer"},
    "accepted": set(),
    "in_service": {"finish"},
    "delivered": {"rating"},
}
"""The deadlines that govern an order by its state; beside them runs what was promised to the resident, while it is open."""

TURNS = {"respond", "dispatch", "offer", "appointment", "finish", "rating"}
LATE = {(409, "transition-refused"), (403, "not-allowed"), (404, "order-not-found"), (403, "order-passed-on")}
"""How whoever comes too late is told: the order has moved on, is no longer theirs, or no longer to be seen by them."""


@dataclass
class Found:
    """What has become of an order."""

    state: str
    round: int
    assignee: str
    actions: Counter[str]
    topics: Counter[str]
    """Messages by topic; one that goes to a role is in several inboxes and counts once."""


@dataclass
class Ring:
    """Where the races take place, with who runs them."""

    arena: Arena
    resident: Someone
    dispatcher: Someone
    volunteers: list[Someone]
    team_id: str
    chance: random.Random

    async def submitted(self, resident: Someone | None = None) -> str:
        body = {"service_id": self.arena.street.service_id, "note": "请帮忙"}
        return f"/v1/orders/{(await (resident or self.resident).post('/v1/orders', body))['id']}"

    async def offered(self, volunteer: Someone) -> str:
        order = await self.submitted()
        await self.dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
        return order

    async def to_team(self) -> str:
        order = await self.submitted()
        await self.dispatcher.post(f"{order}/offer", {"team_id": self.team_id})
        return order

    async def accepted(self, volunteer: Someone) -> str:
        order = await self.offered(volunteer)
        await volunteer.post(f"{order}/accept")
        return order

    async def code(self, order: str) -> dict[str, str]:
        return {"code": (await self.resident.get(order))["start_code"]}

    async def delivered(self, volunteer: Someone) -> str:
        order = await self.accepted(volunteer)
        await volunteer.post(f"{order}/start", await self.code(order))
        await volunteer.post(f"{order}/deliver", {"outcome": "已完成"})
        return order

    async def several(self, made: Callable[[], Awaitable[str]]) -> list[str]:
        return list(await asyncio.gather(*(made() for _ in range(TIMES))))

    async def falls_due(self, kind: str) -> None:
        """Step the clock of promises to the moment at which every mark of this kind of deadline is due."""
        await self.arena.street.world.owner.execute(
            "UPDATE clock_shift SET seconds = seconds + greatest(0, (SELECT extract(epoch FROM"
            " max(times[cardinality(times)]) - app_now()) FROM deadline WHERE kind = $1 AND stopped_at IS NULL))",
            kind,
        )

    async def at_once(self, *asked: tuple[Someone, str, dict[str, Any] | None]) -> list[tuple[int, str]]:
        """The answers, of requests that leave in one moment and in an order of chance."""
        answers: dict[int, httpx.Response] = {}

        async def ask(number: int) -> None:
            who, path, body = asked[number]
            answers[number] = await who.ask("POST", path, body)

        await asyncio.gather(*(ask(number) for number in self.chance.sample(range(len(asked)), len(asked))))
        return [(a.status_code, a.json().get("code", a.json().get("state"))) for _, a in sorted(answers.items())]

    async def soon(self, who: Someone, path: str, body: dict[str, Any] | None = None) -> tuple[int, str]:
        """The answer, of a request that leaves while the worker is at it."""
        await asyncio.sleep(self.chance.uniform(0, 0.4))
        return (await self.at_once((who, path, body)))[0]

    async def found(self, order: str) -> Found:
        """What has become of it – having looked that its history has no gaps, and that one set of deadlines runs."""
        owner, order_id = self.arena.street.world.owner, order.rsplit("/", 1)[1]
        row = await owner.fetchrow("SELECT * FROM matter WHERE id = $1::uuid", order_id)
        history = await owner.fetch(
            "SELECT version, action FROM history WHERE matter_id = $1::uuid ORDER BY version", order_id
        )
        assert [step["version"] for step in history] == list(range(1, row["version"] + 1))
        live = await owner.fetch(
            "SELECT kind, round FROM deadline WHERE matter_id = $1::uuid AND stopped_at IS NULL", order_id
        )
        kinds = Counter(deadline["kind"] for deadline in live)
        assert {kind: count for kind, count in kinds.items() if count > 1} == {}
        assert {deadline["round"] for deadline in live} <= {row["round"]}
        assert kinds.keys() & TURNS == RUNS.get(row["state"], set()), row["state"]
        assert bool(kinds) == (row["state"] in RUNS)
        told = await owner.fetch(
            "SELECT DISTINCT topic, outbox_id FROM inbox_message"
            " WHERE (subject_id::text = $1 OR payload ->> 'order_id' = $1) AND topic LIKE 'order.%'",
            order_id,
        )
        return Found(
            row["state"],
            row["round"],
            str(row["assignee_id"]),
            Counter(step["action"] for step in history),
            Counter(message["topic"] for message in told),
        )


@pytest.fixture(scope="module")
async def people(arena: Arena) -> Ring:
    street = arena.street
    resident = await street.resident("王秀英")
    dispatcher = await street.with_role("张敏", "dispatcher")
    volunteers = [await street.with_role(f"志愿者{number}", "volunteer") for number in range(3)]
    await tireless(street.world.owner, *(someone.id for someone in volunteers))
    team_id = await team_of(street.world, volunteers[0].id)
    await street.world.owner.execute(
        "INSERT INTO team_member (id, team_id, place_id, person_id, live, added_by, joined_at, version)"
        " SELECT gen_random_uuid(), $1::uuid, $2, p, true, $3, $4, 1 FROM unnest($5::uuid[]) p",
        team_id, street.world.east, street.administrator.id, LONG_AGO, [someone.id for someone in volunteers[1:]],
    )  # fmt: skip
    return Ring(arena, resident, dispatcher, volunteers, team_id, random.Random(2341))


@pytest.fixture
async def ring(people: Ring) -> AsyncIterator[Ring]:
    """The ring with a working crew; whatever the race was, everything that must be true is true after it."""
    arena = people.arena
    async with crew(arena, sweepers=2, relays=2) as failures:
        yield people
        await until_told(arena)
    assert failures == []
    assert await arena.broken() == []
    assert await arena.street.world.owner.fetchval("SELECT count(*) FROM outbox") == 0, "nothing failed or was parked"


async def test_accept_when_the_offer_lapses(ring: Ring) -> None:
    volunteer = ring.volunteers[0]
    orders = await ring.several(lambda: ring.offered(volunteer))
    await ring.falls_due("offer")
    answers = await asyncio.gather(*(ring.soon(volunteer, f"{order}/accept") for order in orders))
    await until_told(ring.arena)
    for order, answer in zip(orders, answers, strict=True):
        found = await ring.found(order)
        accepted = answer == (200, "accepted")
        assert accepted or answer in LATE
        assert (found.state, found.actions["accept"], found.actions["lapse"]) == (
            ("accepted", 1, 0) if accepted else ("submitted", 0, 1)
        )
        assert (found.topics["order.accepted"], found.topics["order.lapsed"]) == ((1, 0) if accepted else (0, 1))


async def test_cancel_when_the_service_starts(ring: Ring) -> None:
    volunteer = ring.volunteers[0]
    for _ in range(TIMES):
        order = await ring.accepted(volunteer)
        code = await ring.code(order)
        cancelled, started = await ring.at_once(
            (ring.resident, f"{order}/cancel", {}), (volunteer, f"{order}/start", code)
        )
        await until_told(ring.arena)
        found = await ring.found(order)
        if cancelled == (200, "cancelled"):
            assert started == (409, "transition-refused")
            assert (found.state, found.topics["order.cancelled"], found.topics["order.started"]) == ("cancelled", 1, 0)
        else:
            assert (cancelled, started) == ((409, "transition-refused"), (200, "in_service"))
            assert (found.state, found.topics["order.cancelled"], found.topics["order.started"]) == ("in_service", 0, 1)


async def test_rate_when_it_closes_unrated(ring: Ring) -> None:
    volunteer = ring.volunteers[0]
    orders = await ring.several(lambda: ring.delivered(volunteer))
    await ring.falls_due("rating")
    rating = {"solved": "yes", "stars": 5}
    answers = await asyncio.gather(*(ring.soon(ring.resident, f"{order}/rate", rating) for order in orders))
    await until_told(ring.arena)
    for order, answer in zip(orders, answers, strict=True):
        found = await ring.found(order)
        rated = answer == (200, "rated")
        assert rated or answer == (409, "transition-refused")
        assert (found.state, found.actions["rate"], found.actions["close_unrated"]) == (
            ("rated", 1, 0) if rated else ("closed_unrated", 0, 1)
        )
        assert found.topics["order.rated"] == int(rated)


async def test_the_lead_declines_when_a_member_accepts(ring: Ring) -> None:
    lead, member = ring.volunteers[:2]
    for _ in range(TIMES):
        order = await ring.to_team()
        declined, accepted = await ring.at_once((lead, f"{order}/decline", {}), (member, f"{order}/accept", None))
        await until_told(ring.arena)
        found = await ring.found(order)
        if declined == (200, "submitted"):
            assert accepted in LATE
            assert (found.state, found.actions["accept"], found.topics["order.accepted"]) == ("submitted", 0, 0)
        else:
            assert declined in LATE
            assert accepted == (200, "accepted")
            assert (found.assignee, found.actions["decline"], found.topics["order.declined"]) == (str(member.id), 0, 0)
            assert found.topics["order.accepted"] == 1


async def test_two_members_of_a_team_accept_at_once(ring: Ring) -> None:
    members = ring.volunteers[1:]
    for _ in range(TIMES):
        order = await ring.to_team()
        answers = await ring.at_once(*((member, f"{order}/accept", None) for member in members))
        await until_told(ring.arena)
        found = await ring.found(order)
        assert sorted(answers) == [(200, "accepted"), (409, "transition-refused")]
        assert found.assignee == str(members[answers.index((200, "accepted"))].id)
        assert (found.actions["accept"], found.topics["order.accepted"]) == (1, 1)


async def test_release_when_the_service_starts(ring: Ring) -> None:
    volunteer = ring.volunteers[0]
    for _ in range(TIMES):
        order = await ring.accepted(volunteer)
        code = await ring.code(order)
        released, started = await ring.at_once(
            (volunteer, f"{order}/release", {"reason": "临时发烧"}), (volunteer, f"{order}/start", code)
        )
        await until_told(ring.arena)
        found = await ring.found(order)
        if released == (200, "submitted"):
            assert started in LATE
            assert (found.state, found.topics["order.started"]) == ("submitted", 0)
        else:
            assert (released, started) == ((409, "transition-refused"), (200, "in_service"))
            assert (found.state, found.topics["order.released"]) == ("in_service", 0)


async def test_the_matcher_acts_when_the_dispatcher_offers(ring: Ring) -> None:
    """In the west, where the matcher waits a minute. It chooses by itself, so both may mean the same volunteer: one offer."""
    street = ring.arena.street
    limit = {
        "place_id": str(street.world.west), "deadline_kind": "dispatch", "budget_seconds": 60,
        "marks": [{"percent": 100, "effects": []}],
    }  # fmt: skip
    await street.administrator.post("/v1/deadline-policies", limit)
    resident = await street.resident("赵大爷", "west")
    dispatcher = await street.with_role("孙丽", "dispatcher", "west")
    volunteer = await street.with_role("周勇", "volunteer", "west")
    await tireless(street.world.owner, volunteer.id)
    orders = await ring.several(lambda: ring.submitted(resident))
    await street.world.owner.execute("UPDATE clock_shift SET seconds = seconds + 60")
    whom = {"volunteer_id": str(volunteer.id)}
    answers = await asyncio.gather(*(ring.soon(dispatcher, f"{order}/offer", whom) for order in orders))
    await until_told(ring.arena)
    for order, answer in zip(orders, answers, strict=True):
        found = await ring.found(order)
        offered = answer == (200, "offered")
        assert offered or answer == (409, "transition-refused")
        assert (found.state, found.actions["offer"], found.actions["match"]) == ("offered", int(offered), 1 - offered)
        assert found.actions["open_pool"] == 0
        assert found.topics["order.offered"] == 1
        assert found.assignee == str(volunteer.id) or not offered


async def test_rework_twice_and_a_bad_rating_begin_one_new_round(ring: Ring) -> None:
    volunteer = ring.volunteers[0]
    again = {"reason": "水龙头还在漏"}
    bad = {"solved": "no", "stars": 1, "reason": "没有修好"}
    for _ in range(TIMES):
        order = await ring.delivered(volunteer)
        answers = await ring.at_once(
            (ring.resident, f"{order}/rework", again),
            (ring.resident, f"{order}/rework", again),
            (ring.resident, f"{order}/rate", bad),
        )
        await until_told(ring.arena)
        found = await ring.found(order)
        assert Counter(answers) == {(200, "submitted"): 1, (409, "transition-refused"): 2}
        assert (found.state, found.round, found.actions["rework"], found.actions["rate"]) == ("submitted", 2, 1, 0)
        assert found.topics["order.reworked"] == 1
        assert (found.topics["order.wanted_again"], found.topics["order.rated"]) == (1, 0), (
            "which way it began is not told"
        )


async def test_ten_book_the_last_place_of_a_slot(ring: Ring) -> None:
    street = ring.arena.street
    residents = [await street.resident(f"居民{number}") for number in range(11)]
    service_id = await service_of(street.world, "service_day", "义诊日")
    tomorrow = (await street.world.owner.fetchval("SELECT app_now()")).astimezone(CHINA) + timedelta(days=1)
    for number in range(TIMES):
        at = tomorrow.replace(hour=14, minute=number, second=0, microsecond=0)
        slot = {"starts_at": at.isoformat(), "minutes": 10, "capacity": 2}
        day = {"place_id": str(street.world.east), "team_id": ring.team_id, "service_id": service_id, "slots": [slot]}
        day_id = (await ring.volunteers[0].post("/v1/service-days", day))["id"]
        slot_id = await street.world.owner.fetchval("SELECT id FROM service_slot WHERE day_id = $1::uuid", day_id)
        path = f"/v1/service-slots/{slot_id}/book"
        await residents[10].post(path, {"note": "量血压"})
        answers = await ring.at_once(*((resident, path, {"note": "量血压"}) for resident in residents[:10]))
        assert Counter(answers) == {(200, "accepted"): 1, (409, "slot-full"): 9}
        booked = await street.world.owner.fetch(
            "SELECT b.number, m.state FROM slot_booking b JOIN matter m ON m.id = b.matter_id"
            " WHERE b.slot_id = $1 AND b.live ORDER BY 1",
            slot_id,
        )
        assert [tuple(row) for row in booked] == [(1, "accepted"), (2, "accepted")]


async def test_a_role_ends_when_its_volunteer_starts(ring: Ring) -> None:
    """What has begun stays with them, and the dispatcher is told; what has not goes back. Which of both, the order says."""
    street = ring.arena.street
    for number in range(TIMES):
        leaver = await street.with_role(f"要走的{number}", "volunteer")
        grant = (await leaver.get("/v1/me"))["roles"][0]["id"]
        order = await ring.accepted(leaver)
        code = await ring.code(order)
        revoked, started = await ring.at_once(
            (street.administrator, f"/v1/roles/{grant}/revoke", None), (leaver, f"{order}/start", code)
        )
        await until_told(ring.arena)
        found = await ring.found(order)
        assert revoked[0] == 200
        told = (found.topics["order.handed_back"], found.topics["order.server_leaves"])
        if started == (200, "in_service"):
            assert (found.state, found.actions["hand_back"], told) == ("in_service", 0, (0, 1))
        else:
            assert started in LATE
            assert (found.state, found.actions["hand_back"], told) == ("submitted", 1, (1, 0))
            assert found.assignee == "None"


async def test_a_member_accepts_when_the_lead_lets_them_go(ring: Ring) -> None:
    """Whoever is no member any more has nothing of the team's: it was not theirs to take, or it goes back."""
    lead, member = ring.volunteers[:2]
    members = f"/v1/teams/{ring.team_id}/members"
    for _ in range(TIMES):
        order = await ring.to_team()
        removed, accepted = await ring.at_once(
            (lead, f"{members}/{member.id}/remove", None), (member, f"{order}/accept", None)
        )
        await until_told(ring.arena)
        found = await ring.found(order)
        assert removed == (200, "remove")
        if accepted == (200, "accepted"):
            assert (found.state, found.assignee, found.actions["hand_back"]) == ("submitted", "None", 1)
        else:
            assert accepted in {*LATE, (409, "volunteer-not-qualified")}
            assert (found.state, found.assignee) == ("offered", str(lead.id))
        await lead.post(members, {"person_id": str(member.id)})


async def test_a_role_ends_when_its_dispatcher_offers(ring: Ring) -> None:
    """Between the look and the writing the walls change: what was allowed is refused as if it had come later."""
    street, volunteer = ring.arena.street, ring.volunteers[0]
    for number in range(TIMES):
        leaver = await street.with_role(f"派单的{number}", "dispatcher")
        grant = (await leaver.get("/v1/me"))["roles"][0]["id"]
        order = await ring.submitted()
        revoked, offered = await ring.at_once(
            (street.administrator, f"/v1/roles/{grant}/revoke", None),
            (leaver, f"{order}/offer", {"volunteer_id": str(volunteer.id)}),
        )
        await until_told(ring.arena)
        found = await ring.found(order)
        assert revoked[0] == 200
        # Whoever works there no longer learns nothing about volunteers either.
        assert offered == (200, "offered") or offered in {*LATE, (409, "volunteer-not-qualified")}
        assert (found.state, found.topics["order.offered"]) == (
            ("offered", 1) if offered[0] == 200 else ("submitted", 0)
        )
