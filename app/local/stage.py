"""Where the demonstration is played: people who are logged in over plain HTTP, and a line for each step."""

import uuid
from dataclasses import dataclass
from typing import Any

import httpx
from rich.cells import cell_len
from rich.console import Console

from app.local.panel import base_url
from app.local.seed import Accounts
from app.settings import Settings

NAME_CELLS = 10


class Refused(Exception):
    """The system said no where the demonstration expected a yes."""


@dataclass
class Somebody:
    """A person of the demonstration, logged in."""

    name: str
    http: httpx.Client

    def get(self, path: str, **query: Any) -> Any:
        return self._checked(self.http.get(path, params=query))

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._checked(self.http.request(method, path, json=body, headers={"Idempotency-Key": str(uuid.uuid4())}))

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self.send("POST", path, body)

    @staticmethod
    def _checked(answer: httpx.Response) -> Any:
        if answer.status_code != httpx.codes.OK:
            raise Refused(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text}")
        return answer.json()


class Stage:
    """Logs people in; `tell` prints a line with a running number."""

    def __init__(self, settings: Settings, accounts: Accounts) -> None:
        self.base = base_url(settings)
        self.accounts = accounts
        self.console = Console(highlight=False, soft_wrap=True)
        self.lines = 0

    def tell(self, who: str, what: str) -> None:
        self.lines += 1
        self.console.print(f"{self.lines:>2}  [bold]{who}[/bold]{' ' * (NAME_CELLS - cell_len(who))}{what}")

    def wechat(self, name: str) -> Somebody:
        return self._logged_in(name, "/v1/auth/wechat", json={"code": f"demo:{name}"})

    def officer(self, title: str, login: str, password: str) -> Somebody:
        return self._logged_in(title, "/v1/auth/password", data={"username": login, "password": password})

    def _logged_in(self, name: str, path: str, **body: Any) -> Somebody:
        http = httpx.Client(base_url=self.base, timeout=10)
        tokens = Somebody._checked(http.post(path, **body))  # noqa: SLF001 - its own login
        http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        return Somebody(name, http)
