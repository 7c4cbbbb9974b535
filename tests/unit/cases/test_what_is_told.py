"""A limit's notice says of what it is: an order, a case or an assignment."""

from datetime import datetime
from typing import Any

import pytest

from app.domain.notifications.policy import sentence
from app.kernel.time import CHINA

OPENS = datetime(2026, 11, 27, 8, tzinfo=CHINA).isoformat()


@pytest.mark.parametrize(
    ("topic", "payload", "about", "said"),
    [
        ("deadline.mark", {"deadline": "respond", "percent": 80}, "case", "事项的响应时限即将到期(已用 80%),请尽快处理"),
        ("deadline.mark", {"deadline": "respond", "percent": 80}, "order", "订单的响应时限即将到期(已用 80%),请尽快处理"),
        ("deadline.mark", {"deadline": "sign", "percent": 100}, "assignment", "任务的签收时限已到期,请立即处理"),
        ("deadline.mark", {"deadline": "resolve_street", "percent": 150}, "case", "事项的街道办结时限已超过(150%),请您亲自负责"),
        (
            *("deadline.mark", {"deadline": "resolve_street", "percent": 100, "to": "requester"}),
            *("case", "您反映的事项街道办结时限已超过,社区正在催办"),
        ),
        (
            *("deadline.mark", {"deadline": "reply", "percent": 100, "to": "secretary"}),
            *("case", "事项的答复时限已过,请您在 15 分钟内亲自答复"),
        ),
        (
            *("deadline.mark", {"deadline": "triage", "percent": 100, "late": True}),
            *("case", "事项的分流时限已错过(100%),其后才得到处理"),
        ),
        (
            *("deadline.mark", {"deadline": "triage", "percent": 80, "late": True}),
            *("case", "事项已在分流时限内得到处理(用了 80% 以上)"),
        ),
        (
            *("deadline.waits_for_opening", {"deadlines": ["respond", "reply"], "calendar": "DUTY", "opens_at": OPENS}),
            *("case", "现在不在值守时间,您反映的事项的响应、答复时限从11月27日(周五)08:00开始计时"),
        ),
    ],
)  # fmt: skip
def test_a_limit_names_what_it_is_of(topic: str, payload: dict[str, Any], about: str, said: str) -> None:
    assert sentence(topic, payload, about) == said
