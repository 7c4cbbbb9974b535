"""The import of places on a real server: all of it or nothing, once, and the closure always true."""

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.places.errors import ImportHeaderWrong, ImportNotUtf8, ImportRefused, ImportRunning
from app.domain.places.importing import Phase, import_places
from app.domain.places.policy import Fault, ImportReport
from app.kernel.errors import NotAllowed
from app.kernel.rules import Role
from tests.world import World

ROOT = Path(__file__).parents[2]
_cities = itertools.count(1)

# What the closure must be, from the parents alone.
ORACLE = """
WITH RECURSIVE up (place_id, ancestor_id, depth) AS (
    SELECT id, id, 0 FROM place
    UNION ALL SELECT u.place_id, p.parent_id, u.depth + 1 FROM up u JOIN place p ON p.id = u.ancestor_id
               WHERE p.parent_id IS NOT NULL),
must AS (SELECT u.* FROM up u JOIN place p ON p.id = u.place_id WHERE p.code LIKE '98%'),
kept AS (SELECT a.place_id, a.ancestor_id, a.depth::int FROM place_ancestor a JOIN place p ON p.id = a.place_id
          WHERE p.code LIKE '98%')
SELECT count(*) FROM ((TABLE must EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE must)) wrong"""


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


@pytest.fixture
async def city(owner: asyncpg.Connection) -> str:
    """The code of a new city: tests share a database and the tree only grows."""
    return await new_city(owner)


async def new_city(owner: asyncpg.Connection) -> str:
    code = f"98{next(_cities):02d}"
    await run(owner, "98,,province,导入省", f"{code},98,city,城{code}")
    return code


def file(*lines: str) -> list[bytes]:
    return [b"code,parent_code,level,name\n", *(f"{line}\n".encode() for line in lines)]


async def run(connection: asyncpg.Connection, *lines: str, dry_run: bool = False) -> ImportReport:
    return await import_places(connection, file(*lines), dry_run=dry_run)


def small_tree(city: str) -> list[str]:
    """A district, a street, a community with two estates, two grids, a building with a unit."""
    street, home = f"{city}01001", f"{city}01001001"
    return [
        f"{city}01,{city},district,一区",
        f"{street},{city}01,street,一街道",
        f"{home},{street},community,一社区",
        f"{home}E1,{home},estate,东小区",
        f"{home}E2,{home},estate,西小区",
        f"{home}G1,{home}E1,grid,一网格",
        f"{home}G2,{home}E2,grid,二网格",
        f"{home}B1,{home}G1,building,一号楼",
        f"{home}U1,{home}B1,unit,一单元",
    ]


async def below(owner: asyncpg.Connection, city: str) -> dict[str, tuple[str, str]]:
    """Code → (name, parent's code) of what lies under the city."""
    rows = await owner.fetch(
        "SELECT p.code, p.name, q.code FROM place p JOIN place q ON q.id = p.parent_id WHERE p.code LIKE $1 || '_%'",
        city,
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def closure_faults(owner: asyncpg.Connection) -> int:
    return await owner.fetchval(ORACLE)


async def test_a_file_is_imported_once_and_the_second_time_changes_nothing(owner, city):
    first = await run(owner, *small_tree(city))
    assert (first.written, first.lines, first.created.total, first.changes, first.unchanged) == (True, 9, 9, 9, 0)
    assert [place.code for place in first.created.items] == [line.split(",")[0] for line in small_tree(city)]
    stamps = await owner.fetch("SELECT id, xmin, updated_at FROM place WHERE code LIKE $1 || '%' ORDER BY 1", city)
    second = await run(owner, *small_tree(city))
    assert (second.changes, second.unchanged, second.absent_in_file.total) == (0, 9, 0)
    assert stamps == await owner.fetch(
        "SELECT id, xmin, updated_at FROM place WHERE code LIKE $1 || '%' ORDER BY 1", city
    )
    assert await closure_faults(owner) == 0


async def test_lines_may_stand_in_any_order(owner, city):
    report = await run(owner, *reversed(small_tree(city)))
    assert report.created.total == 9
    assert await closure_faults(owner) == 0


async def test_a_dry_run_reports_the_same_and_writes_nothing(owner, city):
    dry = await run(owner, *small_tree(city), dry_run=True)
    assert await below(owner, city) == {}
    wet = await run(owner, *small_tree(city))
    assert {**dry.as_json(), "dry_run": False, "written": True} == wet.as_json()
    json.dumps(wet.as_json())


async def test_renames_and_absences_are_reported_and_nothing_is_deleted(owner, city):
    await run(owner, *small_tree(city))
    lines = [line.replace("东小区", "朝阳小区") for line in small_tree(city) if "U1" not in line and "G2" not in line]
    report = await run(owner, *lines)
    assert [(place.old, place.new) for place in report.renamed.items] == [("东小区", "朝阳小区")]
    assert [place.code for place in report.absent_in_file.items] == [f"{city}01001001G2", f"{city}01001001U1"]
    assert (report.changes, report.unchanged, report.moved.total) == (1, 6, 0)
    assert len(await below(owner, city)) == 9


async def test_estates_get_types_keep_them_and_change_them(owner, city):
    """Five columns say the types; four say nothing of them."""
    home = f"{city}01001001"

    async def types() -> dict[str, str | None]:
        rows = await owner.fetch("SELECT code, estate_type FROM place WHERE code LIKE $1 || 'E%'", home)
        return {row[0].removeprefix(home): row[1] for row in rows}

    async def typed(*lines: str) -> ImportReport:
        head = b"code,parent_code,level,name,estate_type\n"
        return await import_places(owner, [head, *(f"{line}\n".encode() for line in lines)], dry_run=False)

    first = await typed(*(f"{line}," for line in small_tree(city)[:3]), f"{home}E1,{home},estate,东小区,old")
    assert (first.created.total, first.retyped.total, await types()) == (4, 0, {"E1": "old"})
    await run(owner, *small_tree(city))
    assert await types() == {"E1": "old", "E2": None}, "a file of four columns leaves them alone"
    report = await typed(f"{home}E1,{home},estate,东小区,residential", f"{home}E2,{home},estate,西小区,work_unit")
    assert [(entry.code.removeprefix(home), entry.old, entry.new) for entry in report.retyped.items] == [
        ("E1", "old", "residential"),
        ("E2", None, "work_unit"),
    ]
    assert (report.changes, report.unchanged) == (2, 0)
    assert await types() == {"E1": "residential", "E2": "work_unit"}
    emptied = await typed(f"{home}E1,{home},estate,东小区,residential", f"{home}E2,{home},estate,西苑,")
    assert (emptied.changes, emptied.unchanged, await types()) == (2, 1, {"E1": "residential", "E2": None})


async def test_the_database_knows_the_types_and_gives_one_to_estates_alone(owner, city):
    await run(owner, *small_tree(city))
    policy = (
        "INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, estate_type, version, calendar, budget_seconds,"
        " percents, published_by, published_at) SELECT gen_random_uuid(), id, 'order', 'respond', 'villa', 1, 'WALL', 1, '{100}',"
        " id, now() FROM place WHERE code = $1"
    )
    for code, statement in (
        (f"{city}01001001", "UPDATE place SET estate_type = 'old' WHERE code = $1"),
        (f"{city}01001001G1", "UPDATE place SET estate_type = 'old' WHERE code = $1"),
        (f"{city}01001001E1", "UPDATE place SET estate_type = 'villa' WHERE code = $1"),
        (f"{city}01001001E1", "UPDATE place SET estate_type = '' WHERE code = $1"),
        (f"{city}01001001E1", policy),
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await owner.execute(statement, code)


async def test_a_part_of_the_tree_is_imported_below_what_is_there_and_looks_at_nothing_else(owner, city):
    await run(owner, *small_tree(city))
    home = f"{city}01001001"
    report = await run(owner, f"{home}G2,{home}E2,grid,二网格", f"{home}B2,{home}G2,building,二号楼")
    assert (report.created.total, report.unchanged, report.absent_in_file.total) == (1, 1, 0)
    assert await closure_faults(owner) == 0


async def test_a_move_takes_the_whole_subtree_along_also_what_the_file_does_not_name(owner, city):
    await run(owner, *small_tree(city))
    home = f"{city}01001001"
    report = await run(owner, f"{home}G1,{home}E2,grid,一网格")
    assert [(m.code, m.old_parent, m.new_parent) for m in report.moved.items] == [
        (f"{home}G1", f"{home}E1", f"{home}E2")
    ]
    assert (report.changes, report.unchanged) == (1, 0)
    above = "SELECT q.code FROM place p JOIN place_ancestor a ON a.place_id = p.id JOIN place q ON q.id = a.ancestor_id"
    unit = await owner.fetch(f"{above} WHERE p.code = $1 ORDER BY depth", f"{home}U1")
    assert [row["code"] for row in unit][:5] == [f"{home}{tail}" for tail in ("U1", "B1", "G1", "E2", "")]
    assert await closure_faults(owner) == 0


async def test_moves_within_moves_and_new_places_under_moved_ones(owner, city):
    await run(owner, *small_tree(city))
    home = f"{city}01001001"
    report = await run(
        owner,
        f"{home}G1,{home},grid,一网格改",
        f"{home}B1,{home}G2,building,一号楼",
        f"{home}U2,{home}B1,unit,二单元",
        f"{home}G2,{home}E1,grid,二网格",
    )
    assert (report.moved.total, report.renamed.total, report.created.total, report.changes) == (3, 1, 1, 5)
    assert await closure_faults(owner) == 0


async def test_a_street_may_hang_on_its_city_and_later_move_under_a_district(owner, city):
    street = f"{city}01001"
    await run(owner, f"{street},{city},street,甲镇", f"{street}001,{street},community,甲村")
    report = await run(owner, f"{city}01,{city},district,新区", f"{street},{city}01,street,甲镇")
    assert (report.created.total, report.moved.total) == (1, 1)
    assert await closure_faults(owner) == 0


async def test_every_bad_line_is_named_and_nothing_is_written(owner, city):
    home = f"{city}01001001"
    lines = [
        *small_tree(city),  # lines 2–10
        f"{city}02,{city},district,",
        f"{city}02001,{city}02,street,父行有误而本行无误",
        f"{city}03001,{city}03,street,无上级",
        f"{home}G1,{home}E1,grid,重复",
        f"{home}G3,{home}B1,grid,上级太低",
        f"{home}G4,{home}G4,grid,自己的上级",
        f"{city}4,{city},district,短",
        f"{city}05,{city},planet,未知",
        "only,three,cells",
    ]
    with pytest.raises(ImportRefused) as refused:
        await run(owner, *lines)
    report = refused.value.report
    assert [(bad.line, bad.code, bad.fault) for bad in report.bad.items] == [
        (11, f"{city}02", Fault.NAME_EMPTY),
        (13, f"{city}03001", Fault.PARENT_MISSING),
        (14, f"{home}G1", Fault.CODE_REPEATED),
        (15, f"{home}G3", Fault.PARENT_LEVEL_WRONG),
        (16, f"{home}G4", Fault.PARENT_CODE_WRONG),
        (17, f"{city}4", Fault.CODE_WRONG),
        (18, f"{city}05", Fault.LEVEL_UNKNOWN),
        (19, "", Fault.COLUMNS_WRONG),
    ]
    assert (report.bad.total, report.lines, report.written, report.changes) == (8, 18, False, 0)
    assert all(bad.reason for bad in report.bad.items)
    assert await below(owner, city) == {}
    assert (await run(owner, *lines, dry_run=True)).bad == report.bad


async def test_a_place_keeps_its_level_and_its_parent_in_the_tree_is_looked_up(owner, city):
    await run(owner, *small_tree(city))
    home = f"{city}01001001"
    with pytest.raises(ImportRefused) as refused:
        await run(
            owner, f"{home}G1,{home}E1,microgrid,变级", f"{home}E3,{home}B1,estate,低", f"{home}X,{home}Y,unit,无"
        )
    assert [bad.fault for bad in refused.value.report.bad.items] == [
        Fault.LEVEL_CHANGED,
        Fault.PARENT_LEVEL_WRONG,
        Fault.PARENT_MISSING,
    ]


async def test_of_more_than_a_thousand_bad_lines_the_first_are_listed_and_all_are_counted(owner, city):
    lines = [
        f"{city}{n % 90 + 10}{n:03d},{city}{n % 90 + 10},street,孤儿" if n % 2 else f"{n},,city,x" for n in range(3000)
    ]
    report = await run(owner, *lines, dry_run=True)
    assert report.bad.total == 3000 - 1000 + 500 * 2
    assert [bad.line for bad in report.bad.items] == list(range(2, 1002))
    assert {bad.fault for bad in report.bad.items} == {Fault.PARENT_MISSING, Fault.CODE_WRONG}


async def test_a_file_that_cannot_be_read_leaves_the_connection_fit_for_use(owner, city):
    gbk = [line.decode().encode("gbk") for line in file(*small_tree(city))]
    with pytest.raises(ImportNotUtf8):
        await import_places(owner, gbk, dry_run=False)
    with pytest.raises(ImportHeaderWrong):
        await import_places(owner, [], dry_run=False)
    assert (await run(owner, *small_tree(city))).created.total == 9


async def test_a_source_that_breaks_off_leaves_nothing(owner, city):
    async def broken():
        for line in file(*small_tree(city)):
            yield line
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await import_places(owner, broken(), dry_run=False)
    assert await below(owner, city) == {}
    assert not owner.is_in_transaction()


@pytest.mark.parametrize("phase", Phase)
async def test_an_error_at_any_phase_leaves_nothing(owner, city, phase):
    def stop(now, done, total):
        if now is phase and done:
            raise RuntimeError(phase)

    with pytest.raises(RuntimeError):
        await import_places(owner, file(*small_tree(city)), dry_run=False, progress=stop)
    assert await below(owner, city) == {}
    assert (await run(owner, *small_tree(city))).created.total == 9
    assert await closure_faults(owner) == 0


KILLED = """
import asyncio, os, signal, sys
import asyncpg
from app.domain.places.importing import Phase, import_places

def die(phase, done, total):
    if phase is Phase.LINK and done:
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    connection = await asyncpg.connect(sys.argv[1])
    await import_places(connection, sys.stdin.buffer, dry_run=False, progress=die)

asyncio.run(main())
"""


async def test_a_kill_in_the_middle_leaves_nothing(owner, owner_url, city):
    command = [sys.executable, "-c", KILLED, owner_url]
    dead = await asyncio.to_thread(
        subprocess.run, command, input=b"".join(file(*small_tree(city))), cwd=ROOT, check=False, env=dict(os.environ)
    )
    assert dead.returncode == -signal.SIGKILL
    for _ in range(100):  # the server notices the closed connection within moments
        try:
            report = await run(owner, *small_tree(city))
            break
        except ImportRunning:
            await asyncio.sleep(0.1)
    assert report.created.total == 9
    assert await closure_faults(owner) == 0


async def test_of_two_at_once_the_second_is_refused_and_may_come_later(owner, owner_url, city):
    other = await asyncpg.connect(owner_url)
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def slowly():
        for line in file(*small_tree(city)):
            yield line
        reading.set()
        await go_on.wait()

    first = asyncio.create_task(import_places(owner, slowly(), dry_run=False))
    await reading.wait()
    with pytest.raises(ImportRunning):
        await run(other, *small_tree(city))
    with pytest.raises(ImportRunning):
        await run(other, *small_tree(city), dry_run=True)
    go_on.set()
    assert (await first).created.total == 9
    assert (await run(other, *small_tree(city))).changes == 0
    await other.close()


async def test_progress_names_the_phases_in_order_and_ends_each_with_all_of_it(owner, city):
    told = []
    await import_places(owner, file(*small_tree(city)), dry_run=False, progress=lambda *step: told.append(step))
    assert list(dict.fromkeys(phase for phase, _, _ in told)) == list(Phase)
    last = {phase: (done, total) for phase, done, total in told}
    assert set(last.values()) == {(9, 9)}


async def test_the_application_imports_for_an_administrator_inside_its_own_transaction(app_url, world: World, city):
    """As the API does it: the context of a person, in a transaction of the caller's; twice in the same one."""
    top = await world.owner.fetchval("SELECT id FROM place WHERE code = '98'")
    admin = await world.person("导入管理员", Role.ADMINISTRATOR, top)
    home = f"{city}01001001"
    app = await asyncpg.connect(app_url, command_timeout=10)
    async with app.transaction():
        await app.execute("SELECT set_config('app.actor', $1, true)", str(admin))
        assert (await run(app, *small_tree(city))).created.total == 9
        assert (await run(app, f"{home}G1,{home},grid,一网格")).moved.total == 1
        assert (await run(app, *small_tree(city), dry_run=True)).moved.total == 1
    assert len(await below(world.owner, city)) == 9
    assert await closure_faults(world.owner) == 0
    await app.close()


async def test_whom_row_level_security_keeps_off_the_tree_is_refused_and_not_told_a_fib(owner, app_url, city):
    await run(owner, *small_tree(city))
    app, home = await asyncpg.connect(app_url), f"{city}01001001"
    for line in (f"{home}U9,{home}B1,unit,新", f"{home}U1,{home}B1,unit,改名", f"{home}U1,{home}G1,unit,一单元"):
        with pytest.raises(NotAllowed):
            await run(app, line)
    assert len(await below(owner, city)) == 9
    assert await closure_faults(owner) == 0
    await app.close()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_after_any_imports_tree_and_closure_are_what_the_files_said(owner_url, data):
    """Three random files, each places below one community with random parents; the last word on each wins."""
    files = []
    for _ in range(3):
        picks = data.draw(
            st.lists(st.tuples(st.integers(0, 7), st.integers(0, 9), st.sampled_from("甲乙")), max_size=8)
        )
        files.append({number: (parent, name) for number, parent, name in picks})
    asyncio.run(_imports(owner_url, files))


# Numbers 0–7 have fixed levels; a parent is one that was named before and stands higher, else the community.
LEVELS = ("estate", "estate", "grid", "grid", "microgrid", "microgrid", "building", "unit")


async def _imports(owner_url, files):
    owner = await asyncpg.connect(owner_url)
    try:
        city = await new_city(owner)
        home, wanted = f"{city}01001001", {}
        await run(owner, *small_tree(city)[:3])
        for content in files:
            lines, known = [], set(wanted) | {f"{home}-{number}" for number in content}
            for number, (parent, name) in sorted(content.items()):
                higher = [f"{home}-{n}" for n, level in enumerate(LEVELS) if level != LEVELS[number] and n < number]
                choices = [home, *(code for code in higher if code in known)]
                code, above = f"{home}-{number}", choices[parent % len(choices)]
                lines.append(f"{code},{above},{LEVELS[number]},{name}")
                wanted[code] = (name, above)
            before = await below(owner, home)
            report = await run(owner, *lines)
            after = await below(owner, home)
            assert after == wanted
            assert report.created.total == len(after) - len(before)
            changed = [code for code in before if before[code] != after[code]]
            assert {entry.code for entry in (*report.renamed.items, *report.moved.items)} == set(changed)
            assert await closure_faults(owner) == 0
            assert (await run(owner, *lines)).changes == 0
    finally:
        await owner.close()
