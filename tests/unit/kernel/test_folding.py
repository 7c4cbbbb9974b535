"""What is compared with the refused terms: a table of how people write around them, and of what stays different."""

import pytest

from app.kernel.text import folded


@pytest.mark.parametrize(
    "written",
    [
        "加微信",
        "加 微 信",
        "加\u3000微\t信",
        "加*微*信",
        "加。微,信!",
        "加-微_信",
        "加\n微\n信",
        "加\u200b微\u200c信\ufeff",
        "加\u2060微\u00ad信",
        "加❤微😀信",
        "加\u0336微\u0336信\u0336",  # struck through
        "加\u20dd微\ufe0f信",
        "加\u3164微\u2800信",  # letters that draw nothing
        "【加】(微)「信」",
        "㊉加微信".removeprefix("㊉"),
    ],
)
def test_nothing_between_the_characters_hides_a_term(written: str) -> None:
    assert folded(written) == "加微信"


@pytest.mark.parametrize("written", ["vx123", "VX123", "ＶＸ１２３", "ⓥⓧ①②③", "v x-1.2.3", "𝐕𝐗𝟏𝟐𝟑", "v̈x́123", "ᵛˣ¹²³"])
def test_width_case_accents_and_ornament_do_not_count(written: str) -> None:
    assert folded(written) == "vx123"


def test_radicals_and_enclosed_characters_are_the_characters() -> None:
    assert folded("⼈㊎㈱ Straße") == "人金株strasse"


@pytest.mark.parametrize("other", ["加薇信", "加威信", "加微", "賭球", "vх123"])  # the last х is Cyrillic
def test_what_only_looks_or_sounds_alike_is_another_term(other: str) -> None:
    assert folded(other) not in ("加微信", "赌球", "vx123")


@pytest.mark.parametrize("nothing", ["", " ", "*。!", "\u200b", "😀❤"])
def test_without_letters_and_digits_nothing_is_left(nothing: str) -> None:
    assert folded(nothing) == ""


def test_what_is_folded_stays_so() -> None:
    assert folded(folded("ﬃ ǅ İ ẞ 加 微")) == folded("ﬃ ǅ İ ẞ 加 微")
