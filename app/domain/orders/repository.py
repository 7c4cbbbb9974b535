"""The SQL of orders: what the verbs have to know, and the lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator
from sqlalchemy import RowMapping, Select, and_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.orders.models import OrderContact, OrderDetail, OrderState, Rating
from app.domain.orders.policy import LIFECYCLE
from app.kernel.tables import Deadline, History, Mark, MatterRow
from app.kernel.verbs import Facts

Sealed = Annotated[bytes, BeforeValidator(lambda value: bytes.fromhex(value[2:]) if isinstance(value, str) else value)]
"""A bytea as jsonb shows it."""


@dataclass(frozen=True, slots=True)
class Detail:
    """The room's part of an order's snapshot."""

    service_id: UUID
    failures: int
    wrong_codes: int
    wrong_codes_since: datetime | None


DETAIL = Facts(
    """(SELECT jsonb_build_object('service_id', d.service_id, 'failures', d.failures, 'wrong_codes', d.wrong_codes,
                                  'wrong_codes_since', d.wrong_codes_since)
          FROM order_detail d WHERE d.matter_id = subject.id)""",
    Detail,
)

HOME = """
  SELECT p.id, g.place_id, p.name_sealed, p.phone_sealed, p.address_sealed
    FROM person p LEFT JOIN role_grant g ON g.person_id = p.id AND g.role = 'resident' AND g.ends_at IS NULL
   WHERE p.id = $1"""
"""Where the resident lives, and how to reach them."""


@dataclass(frozen=True, slots=True)
class Placing:
    """What placing an order has to know: the home, whether the service is offered there, the contact on file."""

    place_id: UUID | None
    offered: bool
    name_sealed: Sealed | None
    phone_sealed: Sealed | None
    address_sealed: Sealed | None


PLACING = Facts(
    """jsonb_build_object('place_id', subject.place_id, 'name_sealed', subject.name_sealed,
         'phone_sealed', subject.phone_sealed, 'address_sealed', subject.address_sealed,
         'offered', EXISTS (SELECT 1 FROM service s JOIN place_ancestor a ON a.ancestor_id = s.place_id
                             WHERE s.id = ($3::jsonb ->> 'service_id')::uuid AND s.withdrawn_at IS NULL
                               AND a.place_id = subject.place_id))""",
    Placing,
)


@dataclass(frozen=True, slots=True)
class Offering:
    """Whether the volunteer holds the role at the order's place or above it."""

    qualified: bool


OFFERING = Facts(
    """jsonb_build_object('qualified',
         person_holds(($3::jsonb ->> 'volunteer_id')::uuid, subject.place_id, 'volunteer'))""",
    Offering,
)

_matter = MatterRow.__table__  # type: ignore[attr-defined]
_detail = OrderDetail.__table__  # type: ignore[attr-defined]
_contact = OrderContact.__table__  # type: ignore[attr-defined]
_rating = Rating.__table__  # type: ignore[attr-defined]
_history = History.__table__  # type: ignore[attr-defined]
_deadline = Deadline.__table__  # type: ignore[attr-defined]
_mark = Mark.__table__  # type: ignore[attr-defined]
