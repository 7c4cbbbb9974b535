"""What notices say is for people: no name of an operation, and the point first, since WeChat shows 20 characters."""

import re
from datetime import UTC, datetime

import pytest

from app.domain.notifications import policy
from app.domain.notifications.policy import sentence
from app.workers.deliveries import THING_LETTERS, content

SAID = [
    *(
        text
        for texts in (policy.TEXTS, policy.MOVED, policy.MOVED_AWAY, policy.LEFT, policy.OPENED, policy.OF_CALLBACK)
        for text in texts.values()
    ),
    *(text for _, yes, no in policy.DECIDED.values() for text in (yes, no)),
    *(text for texts in policy.RECEIPTS.values() for text in texts if text),
    *(text.format(it="您单位的任务") for text in policy.MISSES.values()),
    sentence("role.ended", {"role": "volunteer", "handed_back": 2, "serving": 1}),
    sentence("skill.ended", {"code": "nursing", "orders": 1}),
    sentence("volunteer.approved", {"recorded": ["haircut"], "to_record": ["law", "lute"]}),
    sentence("volunteer.skills_to_record", {"to_record": ["law", "lute"]}),
]


@pytest.mark.parametrize("text", SAID)
def test_a_notice_names_no_operation(text: str) -> None:
    assert not re.search("[a-z][A-Z]", text)


@pytest.mark.parametrize("text", SAID)
def test_the_first_clause_of_a_notice_is_not_cut(text: str) -> None:
    assert len(text) <= THING_LETTERS or len(re.split("[,;:?。(]", text)[0]) < THING_LETTERS


@pytest.mark.parametrize(
    ("topic", "payload", "shown"),
    [
        ("order.declined", {"opened": True}, "订单已开放抢单:又一次派单被谢绝,两次…"),
        ("order.lapsed", {"opened": True}, "订单已开放抢单:又一次派单无人应答,两…"),
        ("order.nobody_qualifies", {}, "订单已开放抢单:眼下没有合适的志愿者,…"),
        ("volunteer.skills_to_record", {"to_record": ["law"]}, "请登记新志愿者的技能:法律咨询(须看证…"),
        ("volunteer.refused", {}, "您的志愿者申请未通过,可查看理由"),
    ],
)
def test_wechat_shows_what_there_is_to_do(topic: str, payload: dict[str, object], shown: str) -> None:
    assert content(topic, "order", payload, datetime(2026, 11, 26, 8, tzinfo=UTC))["thing1"] == shown
