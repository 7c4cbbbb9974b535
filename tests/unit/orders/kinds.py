"""An order of each form as a value: what the tables of wishes, errands and service days share."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.domain.orders.facts import Placing
from app.domain.orders.models import OrderState as S
from app.domain.orders.repository import Detail
from app.domain.services.models import Form
from app.kernel.matter import Matter
from tests.unit.orders.test_policy import RESIDENT, an_order

HOME = Placing(RESIDENT, UUID(int=8), "", True, False, b"name", b"phone", b"address")
SERVICE, CLAIM = UUID(int=7), UUID(int=41)
HOUR = timedelta(hours=1)


def of(form: Form, state: S = S.SUBMITTED, **more: Any) -> Matter[Detail]:
    return replace(an_order(state), detail=Detail(SERVICE, 0, 0, None, form=form, **more))
