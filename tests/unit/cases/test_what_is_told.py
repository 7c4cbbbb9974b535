"""A limit's notice says of what it is: an order, a case or an assignment."""

from datetime import datetime
from typing import Any

import pytest

from app.domain.notifications.policy import About, sentence
from app.kernel.time import CHINA

OPENS = datetime(2026, 11, 27, 8, tzinfo=CHINA).isoformat()


@pytest.mark.parametrize(
    ("topic", "payload", "about", "said"),
    [
        ("deadline.mark", {"deadline": "respond", "percent": 80}, "case", "事项的响应时限即将到期(已用 80%),请尽快处理"),
        ("deadline.mark", {"deadline": "respond", "percent": 80}, "order", "订单的响应时限即将到期(已用 80%),请尽快处理"),
        (
            *("deadline.mark", {"deadline": "respond", "percent": 150, "to": "secretary", "holder": "x"}),
            *("order", "订单的响应时限已超过(已用 150%),现在由您负责,请处理"),
        ),
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
        (
            *("deadline.waits_for_opening", {"deadlines": ["sign", "report_in"], "calendar": "WORK", "opens_at": OPENS}),
            *("assignment", "现在不在工作时间,您单位的任务的签收、报到时限从11月27日(周五)08:00开始计时"),
        ),
    ],
)  # fmt: skip
def test_a_limit_names_what_it_is_of(topic: str, payload: dict[str, Any], about: str, said: str) -> None:
    assert sentence(topic, payload, about) == said


@pytest.mark.parametrize(
    ("topic", "payload", "said"),
    [
        ("extension.decided", {"granted": True}, "您申请的延期已获批准"),
        ("extension.decided", {"granted": False}, "您申请的延期未获批准,可查看原因"),
        ("whistle.decided", {"approved": True}, "您提请的吹哨已获批准"),
        ("whistle.decided", {"approved": False}, "您提请的吹哨未获批准,可查看原因"),
        ("whistle.decided", {}, "您提请的吹哨已有决定"),
        ("contest.decided", {"upheld": True}, "对一项任务的异议已裁定:成立,不归原单位办"),
        ("contest.decided", {"upheld": False}, "对一项任务的异议已裁定:不成立,由原单位继续办理"),
        ("order.dispute_decided", {"upheld": False}, "您对暂停的异议已裁定:不成立,可查看理由"),
        ("order.pause_judged", {"upheld": False}, "对您所作暂停的异议不成立,暂停照旧"),
        ("exclusion.proposed", {}, "有一次时限错过提请不计,请复核"),
        ("exclusion.proposed", {"callback": True}, "有一次回访提请不计,请复核"),
        ("exclusion.upheld", {"callback": True}, "您提请不计的回访已复核:同意不计"),
    ],
)
def test_a_decision_says_which_way_it_went_and_an_exclusion_of_what(
    topic: str, payload: dict[str, Any], said: str
) -> None:
    assert sentence(topic, payload, "case") == said


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (About(), ""),
        (About(service="陪同就医"), "陪同就医"),
        (About(service="陪同就医", meet_at=datetime(2026, 11, 30, 14, tzinfo=CHINA)), "陪同就医,11月30日(周一)14:00"),
        (About(category="路灯照明", place="东社区"), "路灯照明,东社区"),
        (About(category="路灯照明", place="东社区", words="路灯不亮"), "路灯照明,东社区:路灯不亮"),
        (About(representative="陈*", represented="王**"), "陈*为王**代下单"),
        (About(represented="王**"), "王**"),
        (
            About(category="路灯照明", place="东社区", words="东门外的路灯杆歪了,没有人来认领,三天了"),
            "路灯照明,东社区:东门外的路灯杆歪了,没有人来认…",
        ),
    ],
)
def test_a_notice_says_which_matter_it_is_about_as_far_as_its_reader_knows_it(known: About, said: str) -> None:
    assert str(known) == said
