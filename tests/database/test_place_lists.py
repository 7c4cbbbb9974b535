"""Look-ups and lists of places, as the application reads them."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.domain.places import repository as places
from app.domain.places.errors import PlaceNotFound
from app.domain.places.importing import import_places
from app.domain.places.models import EstateType, Level
from app.kernel.ids import new_id

HOME = "970101001001"
TREE = f"""code,parent_code,level,name,estate_type
97,,province,列表省,
9701,97,city,甲市,
970101,9701,district,一区,
970101001,970101,street,一街道,
{HOME},970101001,community,柳巷社区,
970101001002,970101001,community,100%_社区,
{HOME}-e2,{HOME},estate,柳园,old
{HOME}-e1,{HOME},estate,桃园,
{HOME}-g1,{HOME}-e1,grid,柳网格,
9702,97,city,乙市,
970201001,9702,street,柳镇,
"""


@pytest.fixture(scope="module")
async def tree(owner_url: str) -> dict[str, UUID]:
    owner = await asyncpg.connect(owner_url)
    await import_places(owner, [TREE.encode()], dry_run=False)
    rows = await owner.fetch("SELECT code, id FROM place WHERE code LIKE '97%'")
    await owner.close()
    return {row["code"]: row["id"] for row in rows}


@pytest.fixture
async def app(app_url: str, tree: dict[str, UUID]) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(app_url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


def codes(rows: list[places.PlaceRow]) -> list[str]:
    return [row.code for row in rows]


async def test_a_place_is_found_by_id_or_code(app, tree):
    by_code = await places.get_place(app, HOME)
    assert by_code == await places.get_place(app, tree[HOME])
    assert by_code == places.PlaceRow(tree[HOME], HOME, tree["970101001"], Level.COMMUNITY, "柳巷社区", None)


async def test_estates_of_a_type_are_found_below_a_place(app, tree):
    for parent in ("97", "9701", "970101001", HOME, None):
        found = await places.list_places(app, parent=parent and tree[parent], estate_type=EstateType.OLD, search="柳")
        assert (codes(found), {row.estate_type for row in found}) == ([f"{HOME}-e2"], {EstateType.OLD})
    assert await places.list_places(app, parent=tree["97"], estate_type=EstateType.WORK_UNIT) == []
    assert await places.list_places(app, parent=tree["9702"], estate_type=EstateType.OLD) == []


@pytest.mark.parametrize("key", [new_id(), "9", "", "97%", "九七"])
async def test_another_is_not_found(app, key):
    with pytest.raises(PlaceNotFound):
        await places.get_place(app, key)


async def test_without_a_filter_the_direct_children_are_listed_by_code(app, tree):
    assert codes(await places.list_places(app, parent=tree["97"])) == ["9701", "9702"]
    assert codes(await places.list_places(app, parent=tree[HOME])) == [f"{HOME}-e1", f"{HOME}-e2"]
    assert "97" in codes(await places.list_places(app))
    assert await places.list_places(app, parent=new_id()) == []


async def test_with_a_level_or_a_search_everything_below_is_listed(app, tree):
    assert codes(await places.list_places(app, parent=tree["97"], level=Level.STREET)) == ["970101001", "970201001"]
    found = await places.list_places(app, parent=tree["97"], search="柳")
    assert codes(found) == [HOME, f"{HOME}-e2", f"{HOME}-g1", "970201001"]
    assert codes(await places.list_places(app, parent=tree[HOME], search="柳")) == [f"{HOME}-e2", f"{HOME}-g1"]
    assert codes(await places.list_places(app, parent=tree[f"{HOME}-e1"], search="柳")) == [f"{HOME}-g1"]
    assert codes(await places.list_places(app, search="柳", level=Level.GRID)) == [f"{HOME}-g1"]
    assert codes(await places.list_places(app, parent=tree[HOME], level=Level.COMMUNITY)) == []


@pytest.mark.parametrize("search", ["%", "_", "100%_", "%_"])
async def test_a_search_takes_each_sign_for_itself(app, tree, search):
    assert codes(await places.list_places(app, parent=tree["97"], search=search)) == ["970101001002"]


async def test_pages_join_without_a_gap_or_a_repetition(app, tree):
    whole = await places.list_places(app, parent=tree["97"], search="柳")
    pages, after = [], None
    while page := await places.list_places(app, parent=tree["97"], search="柳", after=after, limit=3):
        pages += page
        after = page[-1].code
    assert pages == whole


async def test_ancestors_go_from_the_province_to_the_parent(app, tree):
    chain = await places.ancestors(app, tree[f"{HOME}-g1"])
    assert codes(chain) == ["97", "9701", "970101", "970101001", HOME, f"{HOME}-e1"]
    assert await places.ancestors(app, tree["97"]) == []


async def test_children_are_counted(app, tree):
    wanted = {tree["97"]: 2, tree["970101001"]: 2, tree[f"{HOME}-g1"]: 0}
    assert await places.children_counts(app, list(wanted)) == wanted
    assert await places.children_counts(app, []) == {}
