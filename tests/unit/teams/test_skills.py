"""Which skills a new volunteer has on their word, and which somebody records."""

import pytest

from app.domain.teams.skills import SKILLS, by_word, name_of, takes_licence, to_record, unknown


@pytest.mark.parametrize(
    ("named", "had", "at_once", "later"),
    [
        ((), (), (), ()),
        (("haircut",), (), ("haircut",), ()),
        (("law",), (), (), ("law",)),
        (("lute",), (), (), ("lute",)),  # nobody here knows it: denied by default
        (("sewing", "law", "sewing", "lute", "law"), (), ("sewing",), ("law", "lute")),
        (("sewing", "law", "haircut"), ("sewing", "law"), ("haircut",), ()),
    ],
)
def test_what_takes_no_licence_comes_at_once_and_nothing_twice(
    named: tuple[str, ...], had: tuple[str, ...], at_once: tuple[str, ...], later: tuple[str, ...]
) -> None:
    assert (by_word(named, had), to_record(named, had)) == (at_once, later)


def test_a_code_of_a_places_own_is_called_by_itself() -> None:
    assert (name_of("haircut"), name_of("lute")) == ("理发", "lute")
    assert [takes_licence(code) for code in ("haircut", "law", "lute")] == [False, True, None]


def test_codes_fit_the_fields_that_take_them_and_no_two_are_called_the_same() -> None:
    assert all(code.isascii() and len(code) <= 20 for code in SKILLS)
    assert len({skill.label for skill in SKILLS.values()}) == len(SKILLS)


def test_a_code_is_unknown_where_no_place_knows_it_and_none_uses_it_here() -> None:
    assert unknown(["haircut", "lute", "hair_cut"], {"lute"}) == (2,)
    assert unknown([], ()) == ()
