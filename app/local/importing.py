"""`linli import-places`: the import with a progress bar and a report for a terminal."""

import json
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TimeElapsedColumn

from app.domain.places.errors import ImportRefused
from app.domain.places.importing import Phase, import_places
from app.domain.places.policy import ImportReport
from app.kernel.errors import Refusal
from app.local.faults import LocalFault
from app.settings import Settings

PHASES = {
    Phase.READ: "读取 · read",
    Phase.CHECK: "检查 · check",
    Phase.COMPARE: "比较 · compare",
    Phase.WRITE: "写入 · write",
    Phase.LINK: "连成树 · link",
}
SHOWN = 20


async def run(settings: Settings, file: Path, *, dry_run: bool, as_json: bool) -> bool:
    """Import `file` as the owner; answers whether every line was good. Raises LocalFault for a file that is no such CSV."""
    console = Console(stderr=True)
    owner = await asyncpg.connect(settings.migration_url)
    try:
        with Progress(SpinnerColumn(), *Progress.get_default_columns(), TimeElapsedColumn(), console=console) as bars:
            tasks: dict[Phase, TaskID] = {}

            def tell(phase: Phase, done: int, total: int | None) -> None:
                if phase not in tasks:
                    tasks[phase] = bars.add_task(PHASES[phase], total=total)
                bars.update(tasks[phase], completed=done, total=total)

            with file.open("rb") as lines:
                try:
                    report = await import_places(owner, lines, dry_run=dry_run, progress=tell)
                except ImportRefused as refused:
                    report = refused.report
    except Refusal as refusal:
        raise LocalFault(refusal.title_zh, refusal.title_en, refusal.detail or "") from refusal
    finally:
        await owner.close()
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False))  # noqa: T201 - the report is the output
    else:
        _show(report)
    return report.bad.total == 0


def _show(report: ImportReport) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if report.bad.total:
        console.print(f"[red]{report.bad.total} 行有误,一行也没有写入 · bad lines, nothing written[/red]")
        for line in report.bad.items[:SHOWN]:
            console.print(f"  第 {line.line} 行 {line.code}:{line.reason}({line.fault})", markup=False)
        return
    done = "试算，什么也没有写入 · dry run, nothing written" if report.dry_run else "完成 · done"
    console.print(f"{done}: {report.lines} 行 · lines", markup=False)
    for title, number in (
        ("新增 · created", report.created.total),
        ("改名 · renamed", report.renamed.total),
        ("换上级 · moved", report.moved.total),
        ("小区换类型 · estates of another type", report.retyped.total),
        ("不变 · unchanged", report.unchanged),
        ("文件中没有，仍保留 · absent in the file, kept", report.absent_in_file.total),
    ):
        console.print(f"{number:>10}  {title}", markup=False)
    for entry in report.renamed.items[:SHOWN]:
        console.print(f"  {entry.code}:{entry.old} → {entry.new}", markup=False)
    for change in report.retyped.items[:SHOWN]:
        old, new = (kind.label if kind else "无" for kind in (change.old, change.new))
        console.print(f"  {change.code}:{old} → {new}", markup=False)
