"""By what a list of orders is narrowed, the same for every list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func
from sqlmodel import col

from app.domain.orders.models import OrderDetail, OrderState
from app.domain.places.models import PlaceAncestor
from app.kernel.deadline_tables import Deadline
from app.kernel.tables import MatterRow


@dataclass(frozen=True, slots=True)
class Filters:
    """`states`: any of them (empty: all). `since`, `until`: placed in [since, until). `place_id`: at that place or below it.
    `overdue`: a live deadline is past its due moment. What is None does not narrow."""

    states: tuple[OrderState, ...] = ()
    service_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    place_id: UUID | None = None
    overdue: bool = False

    def narrow(self, query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        """`query` over matter and order_detail, with only those that fit."""
        m = MatterRow
        if self.states:
            query = query.where(col(m.state).in_(self.states))
        if self.service_id is not None:
            query = query.where(col(OrderDetail.service_id) == self.service_id)
        if self.since is not None:
            query = query.where(col(m.created_at) >= self.since)
        if self.until is not None:
            query = query.where(col(m.created_at) < self.until)
        if self.place_id is not None:
            a = PlaceAncestor
            below = exists().where(col(a.place_id) == col(m.place_id), col(a.ancestor_id) == self.place_id)
            query = query.where(below)
        if self.overdue:
            d = Deadline
            late = exists().where(
                col(d.matter_id) == col(m.id), col(d.stopped_at).is_(None), col(d.due_at) <= func.app_now()
            )
            query = query.where(late)
        return query

    def values(self) -> dict[str, Any]:
        """As the functions of the database take them."""
        return {
            "states": list(self.states) or None,
            "service": self.service_id,
            "place": self.place_id,
            "since": self.since,
            "until": self.until,
            "overdue": self.overdue,
        }
