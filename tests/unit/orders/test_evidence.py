"""What shows that an order was done: what a service wants, what is missing, and what cannot be (domain.md §3, deliver)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.domain.orders import errors
from app.domain.orders import service as orders
from app.domain.orders.evidence import Served
from app.domain.orders.models import OrderState as S
from app.domain.orders.record_models import OrderEvidence
from app.domain.services.models import Evidence
from tests.unit.orders.promised import rows
from tests.unit.orders.test_policy import NOON, VOLUNTEER, WHO, an_order

ACCEPTED = NOON - timedelta(hours=3)
DIGEST = "0f" * 32


def shown(kind: Evidence, **more: Any) -> dict[str, Any]:
    sound = {"text": "药名已核对"} if kind is Evidence.CHECKLIST else {"sha256": DIGEST, "taken_at": NOON}
    return {"kind": kind, "text": None, "sha256": None, "taken_at": None, **sound, **more}


def deliver(wanted: tuple[Evidence, ...], *given: dict[str, Any]) -> Any:
    serving = replace(an_order(S.IN_SERVICE), created_at=ACCEPTED - timedelta(days=2))
    served = Served(NOON - timedelta(hours=1), ACCEPTED, wanted)
    return orders.deliver(serving, WHO["assignee"], NOON, facts=served, outcome="做好了", evidence=given)


def test_what_a_service_wants_to_be_shown_is_kept_with_the_round() -> None:
    change = deliver((Evidence.PHOTO,), shown(Evidence.PHOTO), shown(Evidence.CHECKLIST))
    kept = [
        (row["kind"], row["sha256"], row["text"], row["round"], row["given_by"]) for row in rows(change, OrderEvidence)
    ]
    assert kept == [("photo", DIGEST, None, 1, VOLUNTEER), ("checklist", None, "药名已核对", 1, VOLUNTEER)]


def test_a_service_that_wants_nothing_is_delivered_with_words_alone() -> None:
    assert rows(deliver(()), OrderEvidence) == []


def test_what_is_missing_is_named() -> None:
    with pytest.raises(errors.EvidenceMissing) as caught:
        deliver((Evidence.PHOTO, Evidence.RECEIPT, Evidence.CHECKLIST), shown(Evidence.RECEIPT))
    assert [(fault.pointer, fault.message) for fault in caught.value.fields] == [
        ("/body/evidence", "还须提交:现场照片、核对清单")
    ]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (shown(Evidence.PHOTO, sha256=None), "sha256"),
        (shown(Evidence.RECEIPT, taken_at=None), "taken_at"),
        (shown(Evidence.PHOTO, taken_at=ACCEPTED - timedelta(minutes=6)), "taken_at"),
        (shown(Evidence.PHOTO, taken_at=NOON + timedelta(minutes=6)), "taken_at"),
        (shown(Evidence.CHECKLIST, text=None), "text"),
        (shown(Evidence.CHECKLIST, sha256=DIGEST), "sha256"),
    ],
    ids=[
        "no digest",
        "no moment",
        "older than the acceptance",
        "in the future",
        "an empty checklist",
        "a checklist with a picture",
    ],
)
def test_what_cannot_be_evidence(given: dict[str, Any], field: str) -> None:
    with pytest.raises(errors.EvidenceInvalid) as caught:
        deliver((), shown(Evidence.PHOTO), given)
    assert [fault.pointer for fault in caught.value.fields] == [f"/body/evidence/1/{field}"]


@pytest.mark.parametrize("taken_at", [ACCEPTED - timedelta(minutes=5), NOON + timedelta(minutes=5)])
def test_a_phones_clock_may_be_off_a_little(taken_at: datetime) -> None:
    assert deliver((), shown(Evidence.PHOTO, taken_at=taken_at)).state == S.DELIVERED
