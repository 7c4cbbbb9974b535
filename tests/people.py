"""People of the stories: each acts over plain HTTP, with a login of their own, and a new key for each command."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

import httpx

from app.kernel.ids import new_id
from app.kernel.time import CHINA


@dataclass
class Someone:
    """Somebody who is logged in."""

    name: str
    http: httpx.AsyncClient
    id: UUID

    @classmethod
    async def by_wechat(cls, api_url: str, name: str) -> Self:
        http = httpx.AsyncClient(base_url=api_url, timeout=20)
        answer = await http.post("/v1/auth/wechat", json={"code": f"demo:{name}"})
        return await cls._logged_in(name, http, answer)

    @classmethod
    async def by_password(cls, api_url: str, login_name: str, password: str) -> Self:
        http = httpx.AsyncClient(base_url=api_url, timeout=20)
        form = {"username": login_name, "password": password, "grant_type": "password"}
        answer = await http.post("/v1/auth/password", data=form)
        return await cls._logged_in(login_name, http, answer)

    @classmethod
    async def _logged_in(cls, name: str, http: httpx.AsyncClient, answer: httpx.Response) -> Self:
        assert answer.status_code == 200, answer.text
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        me = await http.get("/v1/me")
        assert me.status_code == 200, me.text
        return cls(name, http, UUID(me.json()["id"]))

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        """A reading that must succeed."""
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, key: str | None = None
    ) -> httpx.Response:
        """A command, whatever its answer."""
        headers = {"Idempotency-Key": key or str(new_id())}
        return await self.http.request(method, path, json=body, headers=headers)

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A command that must succeed."""
        answer = await self.ask("POST", path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self.ask("PUT", path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def prove_phone(self) -> None:
        """WeChat says that the phone is theirs."""
        phone = (await self.get("/v1/me"))["phone"]
        answer = await self.http.post("/v1/auth/phone", json={"code": f"demo:{phone}"})
        assert answer.status_code == 200, answer.text

    async def refused(self, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, str]:
        """A command that must be refused: its status and code."""
        answer = await self.ask("POST", path, body)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        return answer.status_code, answer.json()["code"]


def by_day(*, days: int = 1, hour: int = 14) -> datetime:
    """A time when somebody may come, in so many days."""
    return datetime.now(CHINA).replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=days)


async def agree(someone: Someone, order: str) -> None:
    """Confirm the time that is proposed, as they see it on the order's page."""
    proposed = (await someone.get(order))["proposed_appointment"]
    await someone.post(f"{order}/appointment/confirm", {"meet_at": proposed["meet_at"]})


def offered(page: Mapping[str, Any]) -> list[str]:
    """The actions that an answer offers to whoever reads it."""
    return [one["action"] for one in page["actions"]]
