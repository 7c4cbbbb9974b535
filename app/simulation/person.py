"""Somebody over plain HTTP: logs in when first needed, and sends each command under a key of its own."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx

from app.kernel.ids import new_id
from app.simulation.profiles import Character, Part

BUSY_TRIES: Final = 5


class Unexpected(Exception):
    """The system answered what it never should: a 5xx, or a no where only a yes makes sense."""


@dataclass
class Wire:
    """One client for everybody, and what it has seen."""

    http: httpx.AsyncClient
    requests: int = 0
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By the deed's path and the refusal's code."""
    seconds: list[float] = field(default_factory=list)
    """How long each command took, by the real clock."""

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request; 503 `busy` is asked again, with the same key, and so is what met a connection that the server had just
        closed as idle. Raises Unexpected for any other 5xx."""
        for again in range(BUSY_TRIES):
            began = time.monotonic()
            try:
                answer = await self.http.request(method, path, **more)
            except httpx.RemoteProtocolError as closed:
                if again + 1 == BUSY_TRIES:
                    raise Unexpected(f"{method} {path}: {closed}") from closed
                continue
            self.requests += 1
            if method != "GET":
                self.seconds.append(time.monotonic() - began)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            await asyncio.sleep(0.1 * 2**again)
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise Unexpected(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer


@dataclass(eq=False)
class Person:
    """Somebody of the street. `login` is a login name where there is a password, else the name behind `demo:`."""

    name: str
    part: Part
    character: Character
    wire: Wire
    login: str
    password: str | None = None
    community: str = ""
    home: str = ""
    """Where a resident lives: the estate, or the community."""
    unit: str = ""
    """Of a unit's people: its id."""
    phone: str = ""
    id: str = ""
    free_at: datetime | None = None
    """An officer is busy until then; None: never was."""
    waiting: deque[Callable[[], Awaitable[None]]] = field(default_factory=deque)
    """What an officer will do when free, in the order in which it came."""
    _token: str = ""

    async def get(self, path: str, **query: Any) -> Any:
        """A reading that must succeed."""
        answer = await self._ask("GET", path, params=query)
        if answer.status_code != httpx.codes.OK:
            raise Unexpected(f"{self.name}: GET {path}: {answer.status_code} {answer.text}")
        return answer.json()

    async def look(self, path: str) -> Any:
        """A reading of what may be out of sight by now, or gone on to others: None then."""
        answer = await self._ask("GET", path)
        out_of_sight = (httpx.codes.NOT_FOUND, httpx.codes.FORBIDDEN)
        return None if answer.status_code in out_of_sight else answer.json()

    async def send(self, path: str, body: Mapping[str, Any] | None = None, method: str = "POST") -> Any:
        """A command: its receipt, or None when it was refused, which is counted."""
        answer = await self._ask(method, path, json=body, headers={"Idempotency-Key": str(new_id())})
        if answer.status_code == httpx.codes.OK:
            return answer.json()
        self.wire.refusals[path.rsplit("/", 1)[-1], answer.json()["code"]] += 1
        return None

    async def must(self, path: str, body: Mapping[str, Any] | None = None, method: str = "POST") -> Any:
        """A command that makes only sense when it succeeds."""
        receipt = await self.send(path, body, method)
        if receipt is None:
            raise Unexpected(f"{self.name}: {method} {path} was refused: {dict(self.wire.refusals)}")
        return receipt

    async def _ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        if not self._token:
            await self._log_in()
        for _ in range(2):
            bearer = {"Authorization": f"Bearer {self._token}"}
            answer = await self.wire.ask(method, path, headers={**bearer, **(headers or {})}, **more)
            if answer.status_code != httpx.codes.UNAUTHORIZED:
                break
            await self._log_in()  # tokens live half an hour of the real clock
        return answer

    async def _log_in(self) -> None:
        if self.password is None:
            answer = await self.wire.ask("POST", "/v1/auth/wechat", json={"code": f"demo:{self.login}"})
        else:
            form = {"username": self.login, "password": self.password}
            answer = await self.wire.ask("POST", "/v1/auth/password", data=form)
        if answer.status_code != httpx.codes.OK:
            raise Unexpected(f"{self.name} cannot log in: {answer.status_code} {answer.text}")
        self._token = answer.json()["access_token"]
