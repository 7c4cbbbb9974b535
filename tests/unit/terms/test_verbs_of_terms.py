"""The verbs of the refused terms, as values."""

from datetime import UTC, datetime

import pytest

from app.domain.terms import errors
from app.domain.terms import service as terms
from app.domain.terms.repository import Kept, Known
from app.kernel.errors import NotAllowed
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Role

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
PLACE = new_id()
ADMINISTRATOR = Actor(new_id(), frozenset({Role.ADMINISTRATOR}))


def test_a_term_is_kept_as_typed_and_as_compared() -> None:
    (row,) = terms.add(None, ADMINISTRATOR, NOON, place_id=PLACE, term="加 微 信", reason="广告").rows
    about = {name: row.values[name] for name in ("place_id", "term", "folded", "reason", "added_by", "added_at")}
    assert about == {
        "place_id": PLACE, "term": "加 微 信", "folded": "加微信", "reason": "广告", "added_by": ADMINISTRATOR.id,
        "added_at": NOON,
    }  # fmt: skip


@pytest.mark.parametrize("term", ["赌", "赌 ", "A.", "。。。", "1"])
def test_a_term_has_two_characters_at_least(term: str) -> None:
    with pytest.raises(errors.TermTooShort) as refused:
        terms.add(None, ADMINISTRATOR, NOON, place_id=PLACE, term=term)
    assert [fault.pointer for fault in refused.value.fields] == ["/body/term"]


def test_removing_ends_a_term_and_deletes_nothing() -> None:
    kept = Kept(new_id(), PLACE, 1, None)
    change = terms.remove(kept, ADMINISTRATOR, NOON)
    assert [patch.values for patch in change.patches] == [
        {"id": kept.id, "ended_by": ADMINISTRATOR.id, "ended_at": NOON, "version": 2}
    ]
    with pytest.raises(errors.TermAlreadyRemoved):
        terms.remove(Kept(kept.id, PLACE, 2, NOON), ADMINISTRATOR, NOON)


def test_an_import_adds_what_is_new_and_counts_the_rest() -> None:
    known = Known(frozenset({"赌球"}))
    given = ["刷单", "赌 球", "刷*单", "贷款秒批", "赌球"]
    change = terms.import_terms(known, ADMINISTRATOR, NOON, place_id=PLACE, terms=given)
    assert [row.values["term"] for row in change.rows] == ["刷单", "贷款秒批"]
    assert change.remark == {"given": 5, "added": 2, "already_there": 1, "repeated": 2}


def test_an_import_with_one_that_is_too_short_adds_none() -> None:
    with pytest.raises(errors.TermTooShort) as refused:
        terms.import_terms(Known(frozenset()), ADMINISTRATOR, NOON, place_id=PLACE, terms=["刷单", "赌", "a!"])
    assert [fault.pointer for fault in refused.value.fields] == ["/body/terms/1", "/body/terms/2"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_administrators_keep_the_list(role: Role) -> None:
    actor = Actor(new_id(), frozenset({role}))
    with pytest.raises(NotAllowed):
        terms.add(None, actor, NOON, place_id=PLACE, term="刷单")
    with pytest.raises(NotAllowed):
        terms.remove(Kept(new_id(), PLACE, 1, None), actor, NOON)
    with pytest.raises(NotAllowed):
        terms.import_terms(Known(frozenset()), actor, NOON, place_id=PLACE, terms=["刷单"])
