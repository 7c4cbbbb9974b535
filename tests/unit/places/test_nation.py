"""The made-up nation has the real one's shape, and holds to the rules of the tree."""

from collections import Counter
from itertools import islice

from app.domain.places.importing import CsvReader
from app.local import nation


def test_the_nation_has_its_shape_and_no_bad_line():
    reader = CsvReader()
    levels, parents, seen = Counter(), Counter(), set()
    for piece in nation.lines():
        for _, _, code, parent, level, *_ in reader.feed(piece):
            assert not parent or parent in seen
            levels[level] += 1
            parents[parent] += 1
            seen.add(code)
    assert levels == {"province": 31, "city": 342, "district": 2_978, "street": 41_352, "community": 620_573}
    assert (reader.bad, len(seen)) == ([], 665_276)
    assert len(parents) == 1 + 31 + 342 + 2_978 + 41_352, "every place but a community has something below it"


def test_it_is_the_same_each_time():
    assert list(islice(nation.lines(), 5_000)) == list(islice(nation.lines(), 5_000))
