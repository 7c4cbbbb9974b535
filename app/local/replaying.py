"""`linli replay`: what a draft of limits would have done, with a progress bar, on the owner's connection."""

from datetime import timedelta
from uuid import UUID

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import text

from app.api.replays import ReplayOut, replay_out
from app.domain.deadlines import drafts, repository
from app.domain.deadlines.errors import DraftNotFound
from app.domain.deadlines.replay import Drafted, Replay
from app.domain.deadlines.replaying import replaying
from app.kernel.database import Database
from app.kernel.ids import NOBODY
from app.kernel.time import CHINA
from app.local.faults import LocalFault
from app.settings import Settings

SHOWN = 20

# The wall is asked here too; whoever has the owner's connection looks with an administrator's eyes.
_AS_ADMINISTRATOR = text("""
SELECT set_config('app.actor', coalesce((
  SELECT h.person_id::text FROM holders_of(:place_id, 'administrator') h WHERE h.ordinal = 1), ''), true)""")


async def run(settings: Settings, draft_id: UUID, days: int, *, as_json: bool) -> None:
    """Replay the last days, and print the answer as `watchReplay` gives it or for people. Raises LocalFault for a draft that
    does not exist, or at whose place nobody is an administrator."""
    database = await Database.connect(settings.migration_url, size=1)
    try:
        said = await _replayed(database, draft_id, timedelta(days=days))
    except DraftNotFound:
        raise LocalFault(
            f"没有这份草稿，或它的地点没有管理员：{draft_id}",
            f"There is no such draft, or nobody administers its place: {draft_id}",
            "the id is that of draftDeadlinePolicy's receipt",
        ) from None
    finally:
        await database.close()
    if as_json:
        print(said.model_dump_json())  # noqa: T201 - the answer is the output
    else:
        _show(said)


async def _replayed(database: Database, draft_id: UUID, length: timedelta) -> ReplayOut:
    bars = Bars(SpinnerColumn(), *Bars.get_default_columns(), TimeElapsedColumn(), console=Console(stderr=True))
    async with database.reading(NOBODY, NOBODY, one_snapshot=True) as connection:
        row = await repository.get_draft(connection, draft_id)
        await connection.execute(_AS_ADMINISTRATOR, {"place_id": row["place_id"]})
        draft = Drafted(row["id"], row["matter_kind"], row["deadline_kind"], drafts.limits_of(row["limits"]))
        period = (row["now"] - length, row["now"])
        with bars:
            task = bars.add_task("重演 · replay", total=1.0)
            async for found in replaying(connection, draft, row["place_id"], period, row["now"], None):
                if isinstance(found, Replay):
                    return replay_out(period, found)
                told = f"重演 · replay {found.until_at.astimezone(CHINA):%Y-%m-%d}: {found.deadlines:,}"
                bars.update(task, completed=found.share, description=told)
    raise AssertionError("a replay ends with its answer")


def _show(said: ReplayOut) -> None:
    console = Console(highlight=False, soft_wrap=True)
    begin, end = (f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M}" for moment in (said.from_at, said.until_at))
    console.print(f"{begin} – {end}")
    table = Table(
        "",
        "时限 · deadlines",
        "错过 · missed",
        "其中不计 · excluded",
        "按草稿 · draft",
        "新错过 · newly",
        "不再错过 · no longer",
    )
    rows = [("合计 · total", said.total), *((place.place_name, place) for place in said.places[:SHOWN])]
    for name, one in rows:
        numbers = (
            one.deadlines,
            one.missed,
            one.excluded,
            one.missed_under_draft,
            one.newly_missed,
            one.no_longer_missed,
        )
        table.add_row(name, *map(str, numbers))
    console.print(table)
    left_out = len(said.places) + said.places_left_out - SHOWN
    if left_out > 0:
        console.print(f"另有 {left_out} 个地点，用 --json 查看 · more places with --json")
