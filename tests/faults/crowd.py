"""Seeded clients over plain HTTP: each repeats a command under its key until it is acknowledged, and writes that down.

The log lies outside the system; what stands in it must be in the database, once.
"""

import asyncio
import json
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

PATIENCE_SECONDS = 120.0
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0


class Refused(Exception):
    """A definite no: the world has moved on, and this order's life takes another turn."""


class Ledger:
    """Every acknowledged command, one JSON line each, written before the client goes on."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self.acknowledged: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.repeated = 0
        self.strange: list[str] = []

    def write(self, operation: str, key: str, receipt: dict[str, Any]) -> None:
        self._file.write(json.dumps({"operation": operation, "key": key, **receipt}) + "\n")
        self._file.flush()
        self.acknowledged[operation] += 1

    def close(self) -> None:
        self._file.close()


@dataclass
class Person:
    """Somebody who is logged in."""

    http: httpx.AsyncClient
    ledger: Ledger
    id: str = ""

    @classmethod
    async def log_in(cls, url: str, ledger: Ledger, path: str, **body: Any) -> "Person":
        http = httpx.AsyncClient(base_url=url, timeout=15)
        answer = await http.post(path, **body)
        assert answer.status_code == httpx.codes.OK, answer.text
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return cls(http, ledger, (await http.get("/v1/me")).json()["id"])

    async def get(self, path: str, **query: Any) -> Any:
        return (await self._until_answered("GET", path, params=query)).json()

    async def do(self, operation: str, path: str, body: dict[str, Any] | None, key: str) -> dict[str, Any]:
        """A command until it is acknowledged. Raises Refused."""
        answer = await self._until_answered("POST", path, json=body, headers={"Idempotency-Key": key})
        if answer.status_code != httpx.codes.OK:
            self.ledger.refused[f"{operation} {answer.json()['code']}"] += 1
            raise Refused(answer.text)
        receipt: dict[str, Any] = answer.json()
        self.ledger.write(operation, key, receipt)
        return receipt

    async def _until_answered(self, method: str, path: str, **request: Any) -> httpx.Response:
        """The first answer that is no 5xx; the very same request goes out again after anything else."""
        deadline, pause = time.monotonic() + PATIENCE_SECONDS, FIRST_PAUSE
        while True:
            with suppress(httpx.TransportError):
                answer = await self.http.request(method, path, **request)
                if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    return answer
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    self.ledger.strange.append(f"{method} {path} {answer.status_code} {answer.text}")
            assert time.monotonic() < deadline, f"{method} {path} was not answered for {PATIENCE_SECONDS:.0f} s"
            self.ledger.repeated += 1
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


@dataclass
class Community:
    """Those who meet in one community's orders."""

    resident: Person
    volunteer: Person
    dispatcher: Person
    service_id: str
    chance: random.Random
    others: dict[str, Person] = field(default_factory=dict)
    """Volunteers of the whole street by id, to whom the matcher may offer as well."""

    keys: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def key(self) -> str:
        self.keys += 1
        return f"kill-{self.keys:06d}-{self.chance.getrandbits(48):012x}"

    async def pause(self, shortest: float, longest: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.chance.uniform(shortest, longest)):
                await self.ended.wait()

    async def place(self) -> str:
        body = {"service_id": self.service_id, "note": "周三上午想请人陪我去医院取药"}
        return f"/v1/orders/{(await self.resident.do('place', '/v1/orders', body, self.key()))['id']}"

    async def live(self) -> None:
        """One order after the other, each in one of the ways that orders go, until the event."""
        ways = (self._served, self._matched, self._claimed, self._cancelled, self._dawdled, self._forgotten)
        while not self.ended.is_set():
            with suppress(Refused):
                await self.chance.choices(ways, (4, 4, 3, 2, 3, 3))[0]()
            await self.pause(0.1, 0.5)

    async def _offered(self) -> tuple[str, Person]:
        """An order, and to whom it is offered: the matcher may have come before the dispatcher, and chosen another."""
        order = await self.place()
        await self.pause(0.1, 0.6)
        with suppress(Refused):
            await self.dispatcher.do("offer", f"{order}/offer", {"volunteer_id": self.volunteer.id}, self.key())
        return order, await self._asked(order)

    async def _asked(self, order: str) -> Person:
        """Who is asked now. Raises Refused: nobody."""
        found = (await self.resident.get(order))["volunteer"]
        if found is None:
            raise Refused("it is nobody's")
        return self.volunteer if found["id"] == self.volunteer.id else self.others[found["id"]]

    async def _finished(self, order: str, volunteer: Person, slowest: float) -> None:
        code = (await self.resident.get(order))["start_code"]
        await self.pause(0.1, 0.4)
        await volunteer.do("start", f"{order}/start", {"code": code}, self.key())
        await self.pause(0.1, slowest)
        await volunteer.do("deliver", f"{order}/deliver", {"outcome": "已陪同取药"}, self.key())
        await self.pause(0.1, 0.4)
        await self.resident.do("rate", f"{order}/rate", {"solved": "yes", "stars": 5}, self.key())

    async def _served(self) -> None:
        order, volunteer = await self._offered()
        await self.pause(0.1, 0.6)
        await volunteer.do("accept", f"{order}/accept", None, self.key())
        await self._finished(order, volunteer, 0.6)

    async def _matched(self) -> None:
        """Nobody dispatches, so the matcher asks somebody: who takes it, gives it back, or says no."""
        order = await self.place()
        for _ in range(4):
            await self.pause(1.0, 2.0)
            with suppress(Refused):
                volunteer = await self._asked(order)
                if self.chance.random() < 0.3:
                    await volunteer.do("decline", f"{order}/decline", {}, self.key())
                    continue
                await volunteer.do("accept", f"{order}/accept", None, self.key())
                if self.chance.random() < 0.3:
                    await volunteer.do("release", f"{order}/release", {"reason": "临时有事"}, self.key())
                    continue
                await self._finished(order, volunteer, 0.6)
                return

    async def _dawdled(self) -> None:
        """Accepted about when the offer falls due, served past the limit."""
        order, volunteer = await self._offered()
        await self.pause(1.5, 3.0)
        await volunteer.do("accept", f"{order}/accept", None, self.key())
        await self._finished(order, volunteer, 5.0)

    async def _claimed(self) -> None:
        """Nobody dispatches; the missed response opens the order to all."""
        order = await self.place()
        for _ in range(4):
            await self.pause(2.0, 3.5)
            with suppress(Refused):
                await self.volunteer.do("claim", f"{order}/claim", None, self.key())
                await self._finished(order, self.volunteer, 0.5)
                return

    async def _cancelled(self) -> None:
        order = (await self._offered())[0] if self.chance.random() < 0.5 else await self.place()
        await self.pause(0.1, 4.0)
        await self.resident.do("cancel", f"{order}/cancel", {"reason": "不需要了"}, self.key())

    async def _forgotten(self) -> None:
        """Everything falls due: the response, or the offer and then the response."""
        await (self._offered if self.chance.random() < 0.5 else self.place)()
