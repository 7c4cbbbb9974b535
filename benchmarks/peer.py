"""The peer: place and accept as the SQLModel and FastAPI tutorials teach it, on tables of its own.

A session for each request as a dependency, ORM objects, add, commit, refresh. It does less than Linli: no row-level
security, no triggers, no roles by place, no contact, no policy of limits; a repeated key is found by a look-up.
"""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID, uuid4

import jwt
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel
from sqlalchemy import DateTime
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

Moment = DateTime(timezone=True)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - as a tutorial would


class User(SQLModel, table=True):
    __tablename__ = "peer_user"
    id: UUID = Field(primary_key=True)
    place_id: UUID


class Order(SQLModel, table=True):
    __tablename__ = "peer_order"
    id: UUID = Field(default_factory=uuid4, primary_key=True)
    place_id: UUID = Field(index=True)
    requester_id: UUID = Field(foreign_key="peer_user.id", index=True)
    assignee_id: UUID | None = Field(default=None, foreign_key="peer_user.id", index=True)
    service_id: UUID
    note: str
    state: str
    version: int = 1
    created_at: datetime = Field(default_factory=_now, sa_type=Moment)


class History(SQLModel, table=True):
    __tablename__ = "peer_history"
    id: int | None = Field(default=None, primary_key=True)
    order_id: UUID = Field(foreign_key="peer_order.id", index=True)
    action: str
    actor_id: UUID
    at: datetime = Field(default_factory=_now, sa_type=Moment)


class Deadline(SQLModel, table=True):
    __tablename__ = "peer_deadline"
    id: int | None = Field(default=None, primary_key=True)
    order_id: UUID = Field(foreign_key="peer_order.id", index=True)
    kind: str
    due_at: datetime = Field(sa_type=Moment, index=True)
    stopped_at: datetime | None = Field(default=None, sa_type=Moment)


class Notice(SQLModel, table=True):
    __tablename__ = "peer_notice"
    id: int | None = Field(default=None, primary_key=True)
    order_id: UUID
    topic: str
    created_at: datetime = Field(default_factory=_now, sa_type=Moment)


class Idempotency(SQLModel, table=True):
    __tablename__ = "peer_idempotency"
    key: str = Field(primary_key=True)
    order_id: UUID


class PlaceOrder(BaseModel):
    service_id: UUID
    note: str


engine = create_async_engine(os.environ.get("PEER_URL", "postgresql+asyncpg://"), pool_size=20, max_overflow=0)
app = FastAPI()


async def get_session() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(engine) as session:
        yield session


SessionDep = Annotated[AsyncSession, Depends(get_session)]


async def current_user(session: SessionDep, authorization: Annotated[str, Header()]) -> User:
    claims = jwt.decode(authorization[7:], os.environ["PEER_SECRET"], algorithms=["HS256"], audience="linli")
    user = await session.get(User, UUID(claims["sub"]))
    if user is None:
        raise HTTPException(401)
    return user


CurrentUser = Annotated[User, Depends(current_user)]
IdempotencyKey = Annotated[str, Header()]


@app.post("/v1/orders")
async def place(body: PlaceOrder, session: SessionDep, user: CurrentUser, idempotency_key: IdempotencyKey) -> Order:
    repeated = await session.get(Idempotency, idempotency_key)
    if repeated is not None:
        return await session.get_one(Order, repeated.order_id)
    order = Order(
        place_id=user.place_id, requester_id=user.id, service_id=body.service_id, note=body.note, state="submitted"
    )
    session.add(order)
    await session.flush()
    session.add(History(order_id=order.id, action="place", actor_id=user.id))
    session.add(Deadline(order_id=order.id, kind="respond", due_at=_now() + timedelta(minutes=20)))
    session.add(Notice(order_id=order.id, topic="order.placed"))
    session.add(Idempotency(key=idempotency_key, order_id=order.id))
    await session.commit()
    await session.refresh(order)
    return order


@app.post("/v1/orders/{order_id}/accept")
async def accept(order_id: UUID, session: SessionDep, user: CurrentUser, idempotency_key: IdempotencyKey) -> Order:
    repeated = await session.get(Idempotency, idempotency_key)
    if repeated is not None:
        return await session.get_one(Order, repeated.order_id)
    order = (await session.exec(select(Order).where(Order.id == order_id).with_for_update())).one_or_none()
    if order is None:
        raise HTTPException(404)
    if order.state != "offered" or order.assignee_id != user.id:
        raise HTTPException(409)
    order.state = "accepted"
    order.version += 1
    session.add(order)
    live = await session.exec(select(Deadline).where(Deadline.order_id == order.id, Deadline.stopped_at == None))  # noqa: E711
    for deadline in live:
        deadline.stopped_at = _now()
        session.add(deadline)
    session.add(Deadline(order_id=order.id, kind="finish", due_at=_now() + timedelta(hours=4)))
    session.add(History(order_id=order.id, action="accept", actor_id=user.id))
    session.add(Notice(order_id=order.id, topic="order.accepted"))
    session.add(Idempotency(key=idempotency_key, order_id=order.id))
    await session.commit()
    await session.refresh(order)
    return order


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PEER_PORT"]), access_log=False, log_level="warning")
