"""A moment that is refused beyond a limit names that limit where it is filled in."""

from typing import Any

import pytest

from app.domain.cases.setting_aside import REVIEW_WITHIN
from app.domain.deadlines.policy import MISSED_DAYS
from app.domain.deadlines.replay import LONGEST, USUAL
from app.domain.orders.appointments import BY_DAY, FARTHEST_APPOINTMENT
from app.domain.orders.service_days import FARTHEST_DAY

AHEAD = "晚于现在"


@pytest.mark.parametrize(
    ("body", "field", "limits"),
    [
        ("AppointmentIn", "meet_at", (AHEAD, f"{FARTHEST_APPOINTMENT.days} 天", BY_DAY)),
        ("AuthorityIn", "until_at", (AHEAD, "明年的今天")),
        ("AvailabilityIn", "away_until", (AHEAD,)),
        ("DeputyIn", "until_at", (AHEAD, "from_at")),
        ("EvidenceIn", "taken_at", ("接单之后", "现在之前")),
        ("GrantIn", "ends_at", (AHEAD, "开始时间")),
        ("HangIn", "review_at", (AHEAD, f"{REVIEW_WITHIN.days} 天")),
        ("MinutesIn", "held_at", ("不晚于现在",)),
        ("PauseIn", "until_at", (AHEAD, "最长暂停")),
        ("PauseServiceIn", "until_at", (AHEAD,)),
        ("PlanIn", "promised_at", (AHEAD, "明年的今天")),
        ("PromiseIn", "due_at", (AHEAD,)),
        ("ServiceDayIn", "slots", (f"{FARTHEST_DAY.days} 天", "不重叠")),
        ("SkillIn", "licence_until", ("不早于今天",)),
        ("SlotIn", "starts_at", (AHEAD, BY_DAY)),
    ],
)
def test_a_body_tells_until_when(document: dict[str, Any], body: str, field: str, limits: tuple[str, ...]) -> None:
    said = document["components"]["schemas"][body]["properties"][field]["description"]
    assert [limit for limit in limits if limit not in said] == []


def test_queries_tell_how_far_back(document: dict[str, Any]) -> None:
    queries = {
        (operation["operationId"], one["name"]): one.get("description", "")
        for path in document["paths"].values()
        for operation in path.values()
        for one in operation.get("parameters", ())
    }
    days = [said for (_, name), said in queries.items() if name == "missed_since"]
    assert days
    assert all(f"{MISSED_DAYS} 天" in said for said in days)
    replayed = " ".join(said for (_, name), said in queries.items() if name in ("from", "until"))
    assert f"{USUAL.days} 天" in replayed
    assert f"{LONGEST.days} 天" in replayed
