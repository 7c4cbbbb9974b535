"""What a step noted is shown as every answer is: moments with +08:00."""

import pytest

from app.api.notes_out import shown


@pytest.mark.parametrize("key", ["held_at", "due_at", "whatever_at"])
@pytest.mark.parametrize("moment", ["2026-11-26T21:00:00+00:00", "2026-11-26T21:00:00Z", "2026-11-27T05:00:00+08:00"])
def test_every_moment_of_a_note_has_the_zone_of_the_answers(key: str, moment: str) -> None:
    assert shown({key: moment}, None) == {key: "2026-11-27T05:00:00+08:00"}


@pytest.mark.parametrize("value", ["换好灯杆", "2026-11-26", "2026-11-26T21:00:00Z 前换好", 3, True, None, ["x"]])
def test_what_is_no_moment_stays(value: object) -> None:
    assert shown({"text": value}, None) == {"text": value}
