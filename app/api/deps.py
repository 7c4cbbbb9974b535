"""What every route stands on: the house's services, the caller, the key, and the one way to run a verb."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Any, Final, Self, TypeVar
from uuid import UUID

import httpx
import structlog
from fastapi import Depends, Header, Request
from pydantic import Field
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncConnection

from app.api.docs_page import EXAMPLE_KEY
from app.api.doing import with_ways
from app.api.passed_on import passed_on
from app.api.receipts import LABELS
from app.api.schema import CommandKey, Out, StrictUUID
from app.api.throttle import Throttle
from app.domain.orders.errors import OrderNotFound
from app.integrations.wechat import WeChat
from app.kernel.command import Caller, Key, execute
from app.kernel.command import Receipt as Done
from app.kernel.database import Database
from app.kernel.doubles import how_many
from app.kernel.errors import NotSignedIn, TransitionRefused
from app.kernel.passwords import Passwords
from app.kernel.time import Moment
from app.kernel.tokens import AccessTokens
from app.kernel.vault import Tampered, Vault
from app.kernel.verbs import Verb

_log: Final = structlog.get_logger("api")


@dataclass(frozen=True, slots=True)
class House:
    """The services of one API process; built once by `app/main.py`."""

    database: Database
    vault: Vault
    tokens: AccessTokens
    refresh_life: timedelta
    passwords: Passwords
    wechat: WeChat
    http: httpx.AsyncClient
    redis: Redis
    throttle: Throttle


async def _house(request: Request) -> House:
    house: House = request.app.state.house
    return house


async def _caller(request: Request) -> Caller:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn
    claims = request.app.state.house.tokens.read(token)
    return Caller(claims.person_id, claims.family)


TheHouse = Annotated[House, Depends(_house)]
TheCaller = Annotated[Caller, Depends(_caller)]
IdempotencyKey = Annotated[
    CommandKey,
    Header(
        alias="Idempotency-Key",
        description="客户端为这一次操作生成的唯一键(如 UUID);重发同一操作时用同一个键,只会生效一次",
        openapi_examples={"default": {"value": EXAMPLE_KEY}},
    ),
]


class Receipt(Out):
    """What a command answers; a repetition with the same key answers the same."""

    id: StrictUUID = Field(description="编号")
    state: str = Field(description="操作后的状态;没有状态的,为所做的操作")
    state_label: str = Field(description="state 的中文")
    version: int = Field(description="操作后的版本,每次变更加一")
    at: Moment = Field(description="生效时间")


Said = TypeVar("Said", bound=Receipt)


class DoubleOut(Out):
    id: StrictUUID = Field(description="编号")
    state: str = Field(description="点单、上报那一刻的状态")
    state_label: str = Field(description="state 的中文")
    created_at: Moment = Field(description="何时点的单、上报的")


class AskedReceipt(Receipt):
    """What placing an order or reporting a case answers."""

    doubles: list[DoubleOut] = Field(
        description="同一个人还没有结束的同一项服务的订单,或同一类别、同一地点的事项,新的在前,最多三个;"
        "只列操作人看得到的。照样受理,只作提醒"
    )
    advice: str | None = Field(description="疑似重复时给人看的一句话;没有重复则为 null")


RECEIPT_EXAMPLE = {
    "id": "01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f80",
    "state": "accepted",
    "state_label": LABELS["accepted"],
    "version": 3,
    "at": "2026-03-01T09:00:00+08:00",
}


def receipt(state: str, version: int = 1) -> dict[str, Any]:
    """The example of an operation's receipt."""
    return {**RECEIPT_EXAMPLE, "state": state, "state_label": LABELS[state], "version": version}


def asked(state: str) -> dict[str, Any]:
    """The same of an operation that asks for something new."""
    return {**receipt(state), "doubles": [], "advice": None}


class Sealer:
    """Seals what people say of themselves, under the purposes that all rooms share."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def name(self, plain: str | None) -> bytes | None:
        return None if plain is None else self._vault.seal("name", plain)

    def phone(self, plain: str | None) -> bytes | None:
        return None if plain is None else self._vault.seal("phone", plain)

    def phone_index(self, plain: str | None) -> bytes | None:
        return None if plain is None else self._vault.index("phone", plain)

    def address(self, plain: str | None) -> bytes | None:
        return None if plain is None else self._vault.seal("address", plain)

    def licence(self, plain: str | None) -> bytes | None:
        return None if plain is None else self._vault.seal("licence", plain)

    def card(self, number: str | None) -> bytes | None:
        return None if number is None else self._vault.seal("card", number)

    def card_index(self, number: str | None) -> bytes | None:
        return None if number is None else self._vault.index("card", number)

    def opened(self, purpose: str, sealed: bytes | None) -> str | None:
        """The plain text, or None where there is none or row-level security hid it; also where it is damaged, which the log
        says: one bad value does not take a list from everybody."""
        try:
            return None if sealed is None else self._vault.open(purpose, sealed)
        except Tampered as fault:
            _log.error("a sealed value is damaged", purpose=purpose, fault=str(fault))
            return None


class Run:
    """Runs a verb for the caller under the request's key: `await run(orders.accept, order_id)`."""

    def __init__(self, house: House, caller: Caller, key: Key | None) -> None:
        self.house = house
        self.caller = caller
        self.sealer = Sealer(house.vault)
        self._key = key

    @classmethod
    async def keyed(cls, request: Request, idempotency_key: IdempotencyKey) -> Self:
        """For commands: the key belongs to the operation, and the whole request is its fingerprint, under a secret key,
        since a request may hold a password or a phone that could be guessed from a bare hash."""
        house: House = request.app.state.house
        digest = sha256(await request.body()).hexdigest()
        fingerprint = house.vault.index("request", f"{request.method} {request.scope['path']} {digest}").hex()
        key = Key(request.scope["route"].operation_id, idempotency_key, fingerprint)
        return cls(house, await _caller(request), key)

    @classmethod
    async def keyless(cls, request: Request, caller: TheCaller) -> Self:
        """For changing a password, which is not repeated under a key."""
        return cls(request.app.state.house, caller, None)

    async def __call__(self, verb: Verb[Any, Any], subject_id: UUID | None = None, **inputs: Any) -> Receipt:
        return Receipt(**_said(await self._execute(verb, subject_id, inputs)))

    async def saying(
        self, model: type[Said], verb: Verb[Any, Any], subject_id: UUID | None = None, **inputs: Any
    ) -> Said:
        """The same of a verb whose receipt says more than every receipt."""
        done = await self._execute(verb, subject_id, inputs)
        return model(**_said(done), **done.said)

    async def asking(
        self, advice: str, verb: Verb[Any, Any], subject_id: UUID | None = None, **inputs: Any
    ) -> AskedReceipt:
        """The same of a verb that asks for something new; `advice`: what is said where the same is open already, with
        how `many` are."""
        done = await self._execute(verb, subject_id, inputs)
        doubles = [
            DoubleOut(id=one.id, state=one.state, state_label=_called(done, one.state), created_at=one.created_at)
            for one in done.doubles
        ]
        said = advice.format(many=how_many(len(doubles))) if doubles else None
        return AskedReceipt(**_said(done), doubles=doubles, advice=said)

    async def _execute(self, verb: Verb[Any, Any], subject_id: UUID | None, inputs: dict[str, Any]) -> Done:
        try:
            return await execute(self.house.database, verb, self.caller, self._key, subject_id, inputs)
        except TransitionRefused as refusal:
            raise await with_ways(refusal, Reader(self.house, self.caller)) from None
        except OrderNotFound as missing:
            if subject_id is None:
                raise
            raise await passed_on(missing, subject_id, Reader(self.house, self.caller)) from None


def _called(done: Done, state: str) -> str:
    """A state in Chinese, of what was done or of a double of it: the same state of the same sort is called the same."""
    return done.state_label if done.state_label and state == done.state else LABELS[state]


def _said(done: Done) -> dict[str, Any]:
    return {
        "id": done.id,
        "state": done.state,
        "state_label": _called(done, done.state),
        "version": done.version,
        "at": done.at,
    }


TheRun = Annotated[Run, Depends(Run.keyed)]
KeylessRun = Annotated[Run, Depends(Run.keyless)]


class Reader:
    """Reads as the caller: `async with reader() as connection:` sees what row-level security shows them. `order_id`: the order
    that the path names, if it does; of one that is theirs no more, the answer says so."""

    def __init__(self, house: House, caller: Caller, order_id: str | None = None) -> None:
        self.house = house
        self.caller = caller
        self.sealer = Sealer(house.vault)
        self._order_id = order_id

    @classmethod
    async def of(cls, request: Request, caller: TheCaller) -> Self:
        return cls(request.app.state.house, caller, request.path_params.get("order_id"))

    @asynccontextmanager
    async def __call__(self, *, one_snapshot: bool = False) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._reading(one_snapshot=one_snapshot) as connection:
                yield connection
        except OrderNotFound as missing:
            if self._order_id is None:
                raise
            raise await passed_on(missing, UUID(self._order_id), self._reading) from None

    def _reading(self, *, one_snapshot: bool = False) -> AbstractAsyncContextManager[AsyncConnection]:
        return self.house.database.reading(self.caller.person_id, self.caller.family, one_snapshot=one_snapshot)


TheReader = Annotated[Reader, Depends(Reader.of)]
