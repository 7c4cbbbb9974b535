"""Each effect of a policy is shown in Chinese beside its code, also what only its room can name."""

import pytest

from app.api.deadlines import labelled
from app.domain.deadlines.models import Effect
from app.domain.deadlines.reading import said
from app.kernel.calendars import CalendarName
from app.kernel.deadline_tables import Primitive


@pytest.mark.parametrize(
    ("primitive", "target", "label"),
    [
        (Primitive.NOTIFY, "dispatcher", "通知社区派单员"),
        (Primitive.NOTIFY, "secretary@street", "通知街道及以上的书记"),
        (Primitive.SET_HOLDER, "secretary", "移交社区书记负责"),
        (Primitive.OPEN_POOL, "", "开放抢单"),
        (Primitive.START, "reply_in_person", "开始书记答复时限"),
        (Primitive.EVENT, "order.lapse", "无人应答,退回社区"),
        (Primitive.EVENT, "case.supervise", "由上一级督办"),
        (Primitive.EVENT, "case.check_silence", "视为核验通过"),
    ],
)
def test_an_effect_is_named(primitive: Primitive, target: str, label: str) -> None:
    assert said(Effect(primitive, target)) == label


def test_what_limits_are_for_is_named() -> None:
    assert labelled("plan", "old", CalendarName.WORK) == {
        "deadline_kind": "plan", "deadline_kind_label": "方案", "estate_type": "old", "estate_type_label": "老旧型小区",
        "calendar": CalendarName.WORK, "calendar_label": "工作时间",
    }  # fmt: skip
    assert labelled("plan", "", CalendarName.WALL)["estate_type_label"] is None
