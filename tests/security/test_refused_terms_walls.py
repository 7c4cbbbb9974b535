"""What the application's role may do with refused terms, in plain SQL: read what holds where one works, and nothing else."""

import json
from uuid import UUID

import asyncpg
import pytest

from tests.security.conftest import AsPerson, new_id, refused
from tests.security.illegal import BROKEN, NO_RIGHT, NOTHING, TWICE, fill

TERM = (
    "INSERT INTO refused_term (id, place_id, term, folded, added_by, added_at, ended_by, ended_at, version)"
    " VALUES ('{new}', {place}, {word}, {word}, {by}, app_now(), {ended}, 1)"
)


def term(place: str = "'{east}'", word: str = "刷单", by: str = "app_actor()", ended: str = "NULL, NULL") -> str:
    return fill(TERM, place=place, word=f"'{word}'", by=by, ended=ended)


END = "UPDATE refused_term SET ended_by = app_actor(), ended_at = app_now()"

ILLEGAL: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # what is tried: (by whom, the statement, what Postgres may answer)
    "a term by the secretary": ("secretary", term(), (NO_RIGHT,)),
    "a term by a resident": ("resident", term(), (NO_RIGHT,)),
    "a term above the place that one administers": ("administrator", term("'{province}'"), (NO_RIGHT,)),
    "a term in somebody else's name": ("administrator", term(by="'{head}'"), (NO_RIGHT,)),
    "a term that comes ended": ("administrator", term(ended="app_actor(), app_now()"), (NO_RIGHT,)),
    "a term of one character": ("administrator", term(word="赌"), (BROKEN,)),
    "a term twice": ("administrator", term(word="加微信"), (TWICE,)),
    "a term removed by the secretary": ("secretary", END, NOTHING),
    "a term removed in somebody else's name": (
        "administrator", "UPDATE refused_term SET ended_by = '{head}', ended_at = app_now()", (NO_RIGHT,)),
    "a term reworded": ("administrator", f"{END}, term = 'x'", (BROKEN,)),
    "a term moved to another place": ("administrator", f"{END}, place_id = '{{street}}'", (BROKEN,)),
    "a term compared otherwise": ("administrator", f"{END}, folded = 'xx'", (BROKEN,)),
    "a term laid on somebody else": ("administrator", f"{END}, added_by = '{{head}}'", (BROKEN,)),
    "a term altered and not ended": (
        "administrator", "UPDATE refused_term SET version = 9", (NO_RIGHT, BROKEN)),
    "a term deleted": ("administrator", "DELETE FROM refused_term", (NO_RIGHT,)),
}  # fmt: skip


@pytest.mark.parametrize("what", ILLEGAL)
async def test_is_refused(what: str, as_person: AsPerson, ids: dict[str, UUID]) -> None:
    who, statement, answers = ILLEGAL[what]
    async with as_person(ids[who]) as connection:
        found = await refused(connection, statement.format_map({**ids, "new": new_id()}))
    assert found in answers


async def test_a_removed_term_stays_as_it_ended(as_person: AsPerson, ids: dict[str, UUID]) -> None:
    async with as_person(ids["administrator"]) as connection:
        assert await connection.execute(END) == "UPDATE 2"
        assert await refused(connection, f"{END} WHERE place_id = '{ids['east']}'") == BROKEN


async def test_not_even_the_owner_deletes_one(owner: asyncpg.Connection) -> None:
    assert await refused(owner, "DELETE FROM refused_term") == BROKEN


async def test_a_term_is_read_where_it_holds_and_not_beside_it(as_person: AsPerson, ids: dict[str, UUID]) -> None:
    reads = {}
    for who in ("administrator", "head", "secretary", "dispatcher", "volunteer", "station", "resident", "stranger"):
        async with as_person(ids["administrator"]) as connection:
            await connection.execute(term("'{street}'").format_map({**ids, "new": new_id()}))
            await connection.execute("SELECT set_config('app.actor', $1, true)", str(ids[who]))
            found = await connection.fetch("SELECT place_id FROM refused_term")
            reads[who] = {row["place_id"] for row in found}
    all_, here = {ids["street"], ids["east"], ids["west"]}, {ids["street"], ids["east"]}
    assert reads == {
        "administrator": all_, "head": all_, "secretary": here, "dispatcher": here, "volunteer": set(), "station": set(),
        "resident": set(), "stranger": set(),
    }  # fmt: skip


async def test_the_comparison_says_that_a_text_is_unfit_and_no_word_of_a_list(
    as_person: AsPerson, ids: dict[str, UUID]
) -> None:
    async with as_person(ids["resident"]) as connection:
        ask = "SELECT refused_terms($1, jsonb_build_object('note', $2::text, 'steps/0', 'x'))"
        unfit, fit = [await connection.fetchval(ask, ids["east"], text) for text in ("请加微信谢谢", "请加油")]
        nowhere = await connection.fetchval(ask, None, "请加微信谢谢")
    assert (fit, nowhere) == (None, None)
    assert set(json.loads(unfit)) == {"note"}
    assert "微信" not in unfit
