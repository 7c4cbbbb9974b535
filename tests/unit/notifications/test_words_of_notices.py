"""What notices say is for people: no name of an operation, and the point first, since WeChat shows 20 characters."""

import re
from datetime import UTC, datetime

import pytest

from app.domain.notifications import policy
from app.domain.notifications.order_words import CAME_BACK, DONE
from app.domain.notifications.policy import sentence
from app.domain.orders.models import TakeBack
from app.domain.orders.policy import LIFECYCLE
from app.kernel.rules import Via
from app.workers.deliveries import THING_LETTERS, content

SAID = [
    *(
        text
        for texts in (
            policy.TEXTS,
            policy.MOVED,
            policy.MOVED_AWAY,
            policy.BY_VOLUNTEER,
            policy.LEFT,
            policy.OPENED,
            policy.OF_CALLBACK,
        )
        for text in texts.values()
    ),
    *(text for _, yes, no in policy.DECIDED.values() for text in (yes, no)),
    *(text for texts in policy.RECEIPTS.values() for text in texts if text),
    *(text.format(it="您单位的任务") for text in policy.MISSES.values()),
    *(sentence(topic, {"why": why}) for topic, said in CAME_BACK.items() for why in said),
    *(sentence("order.passed_on", {"did": did}) for did in DONE),
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
        ("order.declined", {"opened": True}, "订单已开放抢单:这次派单被谢绝,已有两…"),
        ("order.lapsed", {"opened": True}, "订单已开放抢单:这次派单无人应答,已有…"),
        ("order.nobody_qualifies", {}, "订单已开放抢单:眼下没有合适的志愿者,…"),
        ("volunteer.skills_to_record", {"to_record": ["law"]}, "请登记新志愿者的技能:法律咨询(须看证…"),
        ("volunteer.refused", {}, "您的志愿者申请未通过,可查看理由"),
    ],
)
def test_wechat_shows_what_there_is_to_do(topic: str, payload: dict[str, object], shown: str) -> None:
    assert content(topic, "order", payload, datetime(2026, 11, 26, 8, tzinfo=UTC))["thing1"] == shown


BY_OFFICE = {"to": "dispatcher"}


@pytest.mark.parametrize(
    ("topic", "payload", "said"),
    [
        ("order.released", {"why": "volunteer"}, "志愿者退回了订单,社区会另行安排"),
        ("order.released", {"why": "volunteer", **BY_OFFICE}, "志愿者退回了订单,请另行派单"),
        ("order.released", {"why": "lead", "void": True}, "队长退回了订单,社区会另行安排;原来约定的时间不再算数"),
        ("order.released", {"why": "nobody_home"}, "志愿者来过,没有人应门,社区会另行安排"),
        ("order.released", {"why": "nobody_home", **BY_OFFICE}, "志愿者来过,没有人应门,请联系居民后另行派单"),
        ("order.released", {"why": "volunteer", "wish": True}, "志愿者退回了订单,微心愿已重新开放认领"),
        ("order.released", {"why": "left", "wish": True}, "原来的志愿者不再承接,微心愿已重新开放认领"),
        ("order.released", {"why": "resident_asks"}, "社区按您这一方的要求收回了订单,社区会另行安排"),
        ("order.released", {}, "志愿者退回了订单,社区会另行安排"),
        ("order.handed_back", BY_OFFICE, "原定的人不再承接,请另行派单"),
        ("order.taken_back", {"void": True}, "社区收回了您已接的订单,请不必再去;原来约定的时间不再算数"),
        ("order.taken_back", {"why": "replaced"}, "队长改请别的队员去做您承接的订单,请不必再去"),
        ("order.asked", {"by": "volunteer"}, "志愿者有问题要问您,等您回答"),
        ("order.asked", {}, "社区有问题要问您,等您回答"),
        ("order.passed_on", {"did": "cancel"}, "工作人员按居民所说取消了订单;不是您说的,请联系社区"),
    ],
)
def test_what_comes_back_says_who_sent_it_and_what_comes_next(
    topic: str, payload: dict[str, object], said: str
) -> None:
    assert sentence(topic, payload) == said


def test_whatever_reason_an_order_is_taken_back_for_has_its_words() -> None:
    assert {reason.value for reason in TakeBack} <= CAME_BACK["order.released"].keys()


def test_whatever_is_passed_on_while_an_order_is_under_way_has_its_words() -> None:
    spoken = {row.action for row in LIFECYCLE.transitions if any(rule.via is Via.DESK for rule in row.by)}
    assert spoken == DONE.keys()
