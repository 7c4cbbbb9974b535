"""What a client was told against what is stored, report by report."""

import pytest

from app.simulation.storm import Difference, compare

TOLD = {"第 1 件": "a", "第 2 件": "b"}
BOTH = [("a", "第 1 件"), ("b", "第 2 件")]


@pytest.mark.parametrize(
    ("stored", "difference"),
    [
        (BOTH, Difference(0, 0, 0)),
        ([("b", "第 2 件")], Difference(missing=1, twice=0, unknown=0)),
        ([*BOTH, ("c", "第 2 件")], Difference(missing=0, twice=1, unknown=0)),
        ([("a", "第 1 件"), ("c", "第 2 件")], Difference(missing=1, twice=0, unknown=0)),
        ([*BOTH, ("c", "第 3 件")], Difference(missing=0, twice=0, unknown=1)),
        ([], Difference(missing=2, twice=0, unknown=0)),
    ],
)
def test_what_was_told_is_compared_with_what_is_stored(stored: list[tuple[str, str]], difference: Difference) -> None:
    assert compare(TOLD, stored) == difference
