"""Races of the call-back: in whatever order they come, a case is closed once or goes back once, and nobody is asked twice."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest

from app.domain.cases.callbacks import need_call
from app.kernel.command import SYSTEM_CALLER, execute
from app.kernel.database import Database
from app.kernel.errors import TransitionRefused
from app.kernel.ids import new_id
from tests.stories.caselife import Neighbourhood
from tests.stories.conftest import Later, Street
from tests.world import new_key

DAY = 86400
TIMES = 5
YES = {"channel": "phone", "reached": True, "solved": True}
NO = {"channel": "visit", "reached": True, "solved": False}
MISSED = {"channel": "phone", "reached": False}


async def consistent(street: Street, case: str) -> list[str]:
    """The states of a case's call-backs of its first round, when its history has no gap and each try is kept once."""
    case_id, owner = case.rpartition("/")[2], street.world.owner
    gaps = (
        "SELECT m.version - count(h.version) FROM matter m JOIN history h ON h.matter_id = m.id WHERE m.id = $1::uuid"
    )
    assert await owner.fetchval(f"{gaps} GROUP BY m.version", case_id) == 0
    rows = await owner.fetch(
        "SELECT state FROM callback WHERE matter_id = $1::uuid AND round = 1 ORDER BY state", case_id
    )
    return [row["state"] for row in rows]


async def test_the_tap_and_the_officer_in_the_same_moment(street: Street) -> None:
    """An officer calls about a weighty matter while the reporter taps: what the officer heard stands, and both are kept or the
    tap came too late."""
    life = await Neighbourhood.of(street)
    for _ in range(TIMES):
        case = await life.solved("big")
        (call,) = await life.calls()
        tap, heard = await asyncio.gather(
            life.resident.ask("POST", f"{case}/callback", {"solved": False}),
            life.caller.ask("POST", f"{case}/callbacks/{call['id']}", YES),
        )
        assert heard.status_code == 200
        assert tap.status_code in (200, 409), tap.text
        assert await life.state(case) == "closed"
        assert await consistent(street, case) == ["solved"]


async def test_closing_against_reopening(street: Street) -> None:
    """Two officers heard different things of one reporter: one of them is too late."""
    life = await Neighbourhood.of(street)
    other = await street.with_role("另一回访员", "callback_officer", "street")
    for _ in range(TIMES):
        case = await life.solved("big")
        call = next(one for one in await life.calls() if one["case_id"] == case.rpartition("/")[2])
        path = f"{case}/callbacks/{call['id']}"
        answers = await asyncio.gather(life.caller.ask("POST", path, YES), other.ask("POST", path, NO))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 1}
        closed = answers[0].status_code == 200
        assert await life.state(case) == ("closed" if closed else "handling")
        assert await consistent(street, case) == ["solved" if closed else "unsolved"]


async def test_one_reporter_closes_while_another_was_not_helped(street: Street) -> None:
    """Somebody joined the case: whoever comes first, it goes back to work and closes nowhere."""
    life = await Neighbourhood.of(street)
    neighbour = await street.resident("李大爷")
    for _ in range(TIMES):
        case = await life.reported()
        await street.world.owner.execute(
            "INSERT INTO case_reporter (id, matter_id, place_id, person_id, joined_at)"
            " SELECT $2, id, place_id, $3, app_now() FROM matter WHERE id = $1::uuid",
            case.rpartition("/")[2],
            new_id(),
            neighbour.id,
        )
        await life.grid.post(
            f"{case}/result", {"outcome": "已劝止", "answer": "好了", "evidence": [{"kind": "note", "text": "去过"}]}
        )
        await neighbour.post(f"{case}/callback", {"solved": False})
        call = next(one for one in await life.calls() if one["case_id"] == case.rpartition("/")[2])
        tap, heard = await asyncio.gather(
            life.resident.ask("POST", f"{case}/callback", {"solved": True}),
            life.caller.ask("POST", f"{case}/callbacks/{call['id']}", NO),
        )
        assert heard.status_code == 200
        assert tap.status_code in (200, 409), tap.text
        assert await life.state(case) == "handling"
        assert await consistent(street, case) == (
            ["solved", "unsolved"] if tap.status_code == 200 else ["dropped", "unsolved"]
        )


async def test_a_call_is_made_a_task_once(street: Street, later: Later, worker_url: str) -> None:
    life = await Neighbourhood.of(street)
    case = UUID((await life.solved()).rpartition("/")[2])
    worker = await Database.connect(worker_url, size=2)
    limit = "SELECT id FROM deadline WHERE matter_id = $1 AND kind = 'callback' AND stopped_at IS NULL"
    asked = {"deadline_id": await street.world.owner.fetchval(limit, case)}
    done = await asyncio.gather(
        *(execute(worker, need_call, SYSTEM_CALLER, new_key(), case, asked) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["Receipt", "TransitionRefused"]
    with pytest.raises(TransitionRefused):
        await execute(worker, need_call, SYSTEM_CALLER, new_key(), case, asked)
    await worker.close()
    await later(3 * DAY)
    told = [one for one in (await life.caller.get("/v1/inbox"))["items"] if one["topic"] == "case.call_needed"]
    assert len(told) == 1


async def test_three_tries_at_once_close_once(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    case = await life.solved("big")
    (call,) = await life.calls()
    path = f"{case}/callbacks/{call['id']}"
    await asyncio.gather(*(life.caller.post(path, MISSED) for _ in range(3)))
    assert await life.state(case) == "callback"
    await later(DAY + 1)
    answers = await asyncio.gather(*(life.caller.ask("POST", path, MISSED) for _ in range(3)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 2}
    assert await life.state(case) == "closed_unreached"
    assert await consistent(street, case) == ["unreached"]
    tries = "SELECT count(*) FROM callback_try WHERE callback_id = $1::uuid"
    assert await street.world.owner.fetchval(tries, call["id"]) == 4
