"""A year's notice from a file: each bad line is a sentence, and a good file becomes working days in an administrator's name."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import orjson
import pytest

from app.kernel.rules import Role
from app.local import workdays
from app.local.faults import LocalFault
from app.settings import Settings
from tests.world import World

GOOD = "day,works,name\n2033-01-03,0,元旦\n2033-01-08,1,调休\n"


@pytest.fixture
async def administrator(world: World) -> AsyncIterator[str]:
    """The login name of one at the top of the tree."""
    person, name = world.people["管理员"], f"top-{world.street.hex[-12:]}"
    await world.owner.execute("UPDATE person SET login_name = $2 WHERE id = $1", person, name)
    top = await world.owner.fetchval("SELECT id FROM place WHERE code = '99'")
    grant = await world.grant(person, Role.ADMINISTRATOR, top)
    yield name
    # It may be the last one there, and nobody ends that post.
    await world.owner.execute("DELETE FROM role_grant WHERE id = $1", grant)


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "2033.csv"
    file.write_bytes(text.encode(encoding))
    return file


async def imported(
    owner_url: str,
    file: Path,
    who: str,
    *,
    source: str | None = "国办发〔2032〕9 号",
    dry: bool = False,
    publish: bool = False,
) -> workdays.Imported:
    settings = Settings(migration_url=owner_url)
    return await workdays.run(settings, file, login_name=who, source=source, dry_run=dry, publish=publish)


async def sets(world: World) -> list[asyncpg.Record]:
    return await world.owner.fetch("SELECT * FROM workday_set WHERE 2033 = ANY (years) ORDER BY version")


async def test_a_notice_is_checked_imported_and_published_in_the_name_of_an_administrator(
    world: World, owner_url: str, administrator: str, tmp_path: Path
) -> None:
    file = written(tmp_path, GOOD, "utf-8-sig")
    dry = await imported(owner_url, file, administrator, dry=True)
    assert workdays.sentences(dry)[0].startswith("2033 年：放假 1 天，调休上班 1 天")
    assert await sets(world) == []

    draft = await imported(owner_url, file, administrator)
    (kept,) = await sets(world)
    assert (kept["id"], kept["published_at"]) == (draft.set_id, None)
    done = await imported(owner_url, file, administrator, publish=True)
    _, kept = await sets(world)
    assert (kept["id"], kept["published_by"]) == (done.set_id, world.people["管理员"])
    days = {day: said for day, said in orjson.loads(kept["days"]).items() if day.startswith("2033")}
    assert days == {"2033-01-03": {"works": False, "name": "元旦"}, "2033-01-08": {"works": True, "name": "调休"}}
    assert kept["source"] == "国办发〔2032〕9 号"
    actors = await world.owner.fetch(
        "SELECT actor_id, action FROM audit WHERE subject_id = $1 ORDER BY version", kept["id"]
    )
    assert [tuple(row) for row in actors] == [(world.people["管理员"], "import"), (world.people["管理员"], "publish")]
    live = await world.owner.fetchval(
        "SELECT count(*) FROM session WHERE person_id = $1 AND revoked_at IS NULL", world.people["管理员"]
    )
    assert live == 1, "the log-in of the import has ended"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("2033-02-30,0,春节", "第 3 行：day"),
        ("2033-1-4,0,元旦", "第 3 行：day"),
        ("2033-01-04,maybe,元旦", "第 3 行：works 应为 1（上班）或 0（放假）"),
        ("2033-01-04,0,", "第 3 行：name"),
        ("2033-01-04,0," + "元" * 21, "第 3 行：name"),
        ("2033-01-04,0", "第 3 行：应有 3 或 4 列，用英文逗号分隔"),
        ("2033-01-04,0,元旦,多,了", "第 3 行：应有 3 或 4 列，用英文逗号分隔"),
        ("2033-01-04,1,元旦", "第 3 行：2033-01-04 本来就是工作日,不必列出"),
        ("2033-01-08,0,元旦", "第 3 行：2033-01-08 本来就是休息日,不必列出"),
        ("2034-01-02,0,元旦", "第 3 行：2034-01-02 不在 2033 年"),
        ("2033-01-03,0,元旦", "第 3 行：2033-01-03 重复出现"),
    ],
)
async def test_a_bad_line_is_a_sentence_and_nothing_is_written(
    owner_url: str, tmp_path: Path, line: str, sentence: str
) -> None:
    file = written(tmp_path, f"day,works,name\n2033-01-03,0,元旦\n{line}\n")
    done = await imported(owner_url, file, "whoever")
    assert done.set_id is None
    assert len(done.notice.faults) == 1
    assert done.notice.faults[0].startswith(sentence)


async def test_the_source_comes_from_the_file_or_the_command(owner_url: str, tmp_path: Path) -> None:
    column = written(tmp_path, "source,day,works,name\n国办发,2033-01-03,0,元旦\n,2033-01-04,0,元旦\n")
    assert workdays.read(column, None).source == "国办发"
    assert workdays.read(column, "另一份").source == "另一份"
    assert workdays.read(column, None).faults == []
    without = workdays.read(written(tmp_path, GOOD), None)
    assert [fault[:4] for fault in without.faults] == ["没有出处"]
    two = written(tmp_path, "day,works,name,source\n2033-01-03,0,元旦,甲\n2033-01-04,0,元旦,乙\n")
    assert workdays.read(two, None).faults == ["source 一列只能有一个出处"]
    assert workdays.read(written(tmp_path, "day,works,name\n"), "甲").faults == ["文件里没有一天"]


async def test_a_file_that_is_no_such_csv_is_a_sentence(tmp_path: Path) -> None:
    for text, encoding, said in (
        (GOOD, "gbk", "no CSV in UTF-8"),
        (GOOD.replace("works", "working"), "utf-8", "The header should be"),
        ("", "utf-8", "The header should be"),
    ):
        with pytest.raises(LocalFault, match=said):
            workdays.read(written(tmp_path, text, encoding), None)


async def test_only_an_administrator_at_the_top_imports(
    world: World, owner_url: str, administrator: str, tmp_path: Path
) -> None:
    file = written(tmp_path, GOOD)
    secretary = f"sj-{world.street.hex[-12:]}"
    await world.owner.execute("UPDATE person SET login_name = $2 WHERE id = $1", world.people["书记"], secretary)
    before = len(await sets(world))
    for who, said in ((secretary, "not allowed|may not"), ("nobody-at-all", "Nobody has the login name")):
        with pytest.raises(LocalFault, match=f"(?i){said}"):
            await imported(owner_url, file, who)
    assert len(await sets(world)) == before
