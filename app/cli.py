"""The `linli` command. Each command is thin and imports what it needs when it runs, so that `--help` is quick.

Exit codes: 0 done, 1 failed or found something, 2 cannot start like this (one sentence says why, and the mend).
"""

# ruff: noqa: PLC0415 – each command imports what it needs, so that `--help` is quick

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn
from uuid import UUID

import typer

if TYPE_CHECKING:
    from app.settings import Part, Settings

ROOT = Path(__file__).resolve().parents[1]


def settings_table() -> str:
    """Every LINLI_ setting with its default: the epilog of --help."""
    from app.settings import Settings

    lines = ["设置（环境变量） · Settings, from the environment:"]
    for name, field in Settings.model_fields.items():
        default = f" [{field.default}]" if str(field.default) else ""
        lines.append(f"LINLI_{name.upper()}{default}: {field.description}")
    lines.append(
        "LINLI_PG_BIN: 另一套 PostgreSQL 程序的目录 · folder of another PostgreSQL's programs (linli up, tests)"
    )
    # Typer's rich help makes a paragraph of each block between empty lines.
    return "\n\n".join(line.replace("[", "\\[") for line in lines)


app = typer.Typer(
    name="linli",
    help="邻里：社区订单、事件与承诺的后端。 Linli: the backend of a neighbourhood's orders, cases and promises.",
    epilog=settings_table(),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


class SimulatedDay(StrEnum):
    """The profiles of `linli simulate`."""

    WEEKDAY = "weekday"
    HOLIDAY = "holiday"
    STORM = "storm"


def stop(*sentences: str) -> NoReturn:
    """Says why nothing can be done, and ends with exit code 2."""
    for sentence in sentences:
        typer.echo(sentence, err=True)
    raise typer.Exit(2)


def read_settings() -> "Settings":
    """The settings of this process; a malformed one is a sentence, not a traceback."""
    from pydantic import ValidationError

    from app.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        stop(*(f"LINLI_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()))


def safe_settings(part: "Part") -> "Settings":
    """The settings, or the end with a sentence for each one that is missing or unsafe."""
    settings = read_settings()
    faults = settings.missing(part) if settings.local else settings.faults(part)
    if faults:
        stop("设置不安全或不完整，拒绝启动。 | Refused to start: settings are unsafe or incomplete.", *faults)
    return settings


def tool_settings() -> "Settings":
    """As `safe_settings("migrate")`; where no database is named, the one of the `linli up` that runs beside."""
    from app.local.beside import with_running_system

    settings = with_running_system(read_settings())
    return settings if settings.local and settings.migration_url else safe_settings("migrate")


@contextmanager
def plain_faults() -> Iterator[None]:
    """A LocalFault is shown as its sentences and ends with exit code 2."""
    from app.local.faults import LocalFault

    try:
        yield
    except LocalFault as fault:
        stop(str(fault))


# ── the system ───────────────────────────────────────────────────────────────────────────────────────────────


@app.command(epilog=settings_table())
def up() -> None:
    """启动全部：数据库、缓存、微信替身、API、工作进程。 Start everything; Ctrl-C ends it all.

    已指定的服务直接使用，其余内置，数据在 LINLI_DATA。 What LINLI_DATABASE_URL + LINLI_WORKER_URL + LINLI_MIGRATION_URL,
    LINLI_REDIS_URL or LINLI_WECHAT_URL names is used as it is; the rest runs embedded, with its data in LINLI_DATA.
    """
    os.environ.setdefault("LINLI_MODE", "local")
    from app.local.up import run

    with plain_faults():
        run(read_settings())


@app.command()
def migrate() -> None:
    """升级数据库结构。 Bring the database's schema to the newest version (as LINLI_MIGRATION_URL)."""
    settings = safe_settings("migrate")
    from app.local import schema

    schema.migrate(settings)


@app.command()
def api() -> None:
    """运行 API。 Serve the API on LINLI_HOST:LINLI_PORT."""
    settings = safe_settings("api")
    from app.api.problems import trace_id
    from app.kernel import logging
    from app.main import create_app

    logging.configure(settings.local, trace_id)
    free_or_stop(settings.api_metrics_port, settings.metrics_host, "LINLI_API_METRICS_PORT")
    serve(create_app(settings), settings.host, settings.port)


@app.command()
def worker() -> None:
    """运行工作进程（时限、消息、任务）。 Run the worker: deadlines, relay, reactions, periodic jobs."""
    settings = safe_settings("worker")
    from app.workers.main import main

    free_or_stop(settings.worker_metrics_port, settings.metrics_host, "LINLI_WORKER_METRICS_PORT")

    asyncio.run(main(settings))


@app.command("wechat-standin")
def wechat_standin(
    port: Annotated[int, typer.Option(min=1, max=65535, help="监听端口 · port on 127.0.0.1")] = 8090,
) -> None:
    """运行微信服务器替身，仅限本地。 Run the stand-in for WeChat's server, for local use only."""
    if not read_settings().local:
        stop("微信替身只能在 local 模式运行。 | The stand-in for WeChat runs in local mode only (LINLI_MODE=local).")
    from app.integrations.wechat_standin import create_app

    serve(create_app(), "127.0.0.1", port)


# ── places, people, the demonstration, checks ────────────────────────────────────────────────────────────────


@app.command("import-places")
def import_places(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV:code,parent_code,level,name(UTF-8)")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只试算,不写入 · report only, write nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="报告用 JSON · the report as JSON")] = False,
) -> None:
    """导入地点。 Import the tree of places. Exit code 1 when a line is bad.

    可反复导入，没有变化就什么也不改；有一行有误，就一行也不写。 The same file again changes nothing; one bad line, and nothing
    is written.

    写入 LINLI_MIGRATION_URL 指定的库，否则写入正在运行的 linli up 的库。 Into the database of LINLI_MIGRATION_URL, else that of
    the linli up which runs from LINLI_DATA.
    """
    settings = tool_settings()
    from app.local.importing import run

    with plain_faults():
        if not asyncio.run(run(settings, file, dry_run=dry_run, as_json=as_json)):
            raise typer.Exit(1)


@app.command("import-workdays")
def import_workdays(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV:day,works,name[,source](UTF-8)")],
    login_name: Annotated[str, typer.Option(help="以哪位管理员的名义 · in whose name, an administrator")] = "admin",
    source: Annotated[str | None, typer.Option(help="出处,如通知的文号 · source, unless the file has it")] = None,
    publish: Annotated[bool, typer.Option("--publish", help="导入后立即公布 · bring it into force")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只检查,不写入 · check only, write nothing")] = False,
) -> None:
    """导入一年的放假安排。 Import a year's notice of days off and make-up days. Exit code 1 when a line is bad.

    只列与周一至周五不同的日子:works 为 1 是周末调休上班,0 是工作日放假。 Only days that differ from Monday to Friday: works 1
    is a weekend day that is worked, 0 a weekday that is off.
    """
    settings = tool_settings()
    from app.local import workdays

    with plain_faults():
        done = asyncio.run(
            workdays.run(settings, file, login_name=login_name, source=source, dry_run=dry_run, publish=publish)
        )
    for sentence in workdays.sentences(done):
        typer.echo(sentence, err=bool(done.notice.faults))
    if done.notice.faults:
        raise typer.Exit(1)


@app.command()
def replay(
    draft: Annotated[UUID, typer.Option(help="草稿编号 · id of a draft, from draftDeadlinePolicy's receipt")],
    days: Annotated[int, typer.Option(min=1, max=366, help="最近多少天 · so many days back")] = 90,
    as_json: Annotated[bool, typer.Option("--json", help="结果用 JSON · the answer as JSON")] = False,
) -> None:
    """按草稿重演最近的时限，显示进度。 Replay the last days under a draft of limits, with its progress; nothing is written.

    读 LINLI_MIGRATION_URL 指定的库，否则读正在运行的 linli up 的库。 From the database of LINLI_MIGRATION_URL, else that of
    the linli up which runs from LINLI_DATA.
    """
    settings = tool_settings()
    from app.local.replaying import run

    with plain_faults():
        asyncio.run(run(settings, draft, days, as_json=as_json))


@app.command("create-admin")
def create_admin(
    login_name: Annotated[str, typer.Option(help="登录名 · login name")] = "admin",
    place: Annotated[str | None, typer.Option(help="地点代码;不填为最上级 · code of the place, else the top")] = None,
) -> None:
    """新建首位管理员。 Create the first administrator; the password is LINLI_ADMIN_PASSWORD, or made and printed once."""
    settings = tool_settings()
    from app.kernel.errors import InvalidInput
    from app.local.first_admin import create_first_administrator

    with plain_faults():
        try:
            made = asyncio.run(create_first_administrator(settings, login_name, place))
        except InvalidInput as weak:
            stop(*(fault.message for fault in weak.fields))
    if made.password is None:
        typer.echo(f"{login_name}:账号已存在,密码未变。 | The account exists, its password is unchanged.")
    else:
        typer.echo(f"{login_name} / {made.password}")


@app.command()
def demo() -> None:
    """对正在运行的系统演一遍。 Play the thread once against the running system, over plain HTTP."""
    os.environ.setdefault("LINLI_MODE", "local")
    from app.local.demo import run

    with plain_faults():
        run(read_settings())


@app.command()
def simulate(
    days: Annotated[int, typer.Option(min=1, max=7, help="几天有人点单 · days on which people order")] = 1,
    seed: Annotated[int, typer.Option(help="种子，决定每个人的决定 · decides what everybody decides")] = 1,
    profile: Annotated[SimulatedDay, typer.Option(help="什么样的日子 · what sort of day")] = SimulatedDay.WEEKDAY,
    orders: Annotated[
        int | None, typer.Option(min=1, max=2000, help="一天几单，不填按日子 · orders a day, else the profile's")
    ] = None,
    cases: Annotated[
        int | None, typer.Option(min=1, max=2000, help="一天几件事，不填按日子 · cases a day, else the profile's")
    ] = None,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="有一行流转、一个节点没发生也算失败 · fail when a row or a mark never happened"),
    ] = False,
    folder: Annotated[Path, typer.Option(help="报告写到哪里 · folder of the report")] = Path("build"),
    sabotage: Annotated[Literal["mark", "governing"] | None, typer.Option(hidden=True)] = None,
) -> None:
    """模拟一条街的一天。 Let a street live a day on a database, an API and a worker of its own, and report.

    人人经 HTTP 行事，时钟跳到下一件事；最后出报告（终端和 build/simulation-种子.html），不对则退出码 1。 People act over HTTP,
    the clock steps to whatever comes next; a report in the terminal and as a page; exit code 1 when something is wrong.
    """
    os.environ.setdefault("LINLI_MODE", "local")
    try:
        from app.simulation.run import Wanted, run
    except ModuleNotFoundError as missing:
        stop(
            f"缺少模拟用的软件包：{missing.name}。",
            f"A package of the simulation is missing: {missing.name}.",
            "→ make venv, or install the extras `embedded` and `simulation`",
        )
    from app.local.supervisor import Ended
    from app.simulation.clock import Stuck
    from app.simulation.person import Unexpected

    said = f"linli simulate --days {days} --seed {seed} --profile {profile}"
    said += f" --orders {orders}" if orders else ""
    said += f" --cases {cases}" if cases else ""
    said += " --strict" if strict else ""
    with plain_faults():
        try:
            good = run(Wanted(days, seed, profile, orders, cases, strict, folder, sabotage, said))
        except (Unexpected, Stuck) as error:
            typer.echo(f"系统的回答不对：{error}\nThe system answered what it never should: {error}", err=True)
            raise typer.Exit(1) from error
        except Ended:
            typer.echo("已中断，全部结束。 | Interrupted, everything ended.", err=True)
            raise typer.Exit(130) from None
    if not good:
        raise typer.Exit(1)


@app.command()
def storm(
    seconds: Annotated[int, typer.Option(min=1, max=3600, help="多少秒 · for so many seconds")] = 300,
    rate: Annotated[int, typer.Option(min=1, max=1000, help="每秒几件 · reports a second")] = 28,
    seed: Annotated[int, typer.Option(help="种子 · decides who reports what")] = 1,
    folder: Annotated[Path, typer.Option(help="记录写到哪里 · folder of the client's log")] = Path("build"),
) -> None:
    """暴雨中的集中上报。 Reports by HTTP, one category sixteenfold, on a database, an API and a worker of its own.

    结束时核对：已确认的都已存储、各一次，不变式全部成立；否则退出码 1。 At the end acknowledged = stored, once, and every
    invariant holds; exit code 1 otherwise.
    """
    os.environ.setdefault("LINLI_MODE", "local")
    from app.local.supervisor import Ended
    from app.simulation.clock import Stuck
    from app.simulation.person import Unexpected
    from app.simulation.storm import Wanted, run

    with plain_faults():
        try:
            good = run(Wanted(seconds, rate, seed, folder))
        except (Unexpected, Stuck) as error:
            typer.echo(f"系统的回答不对：{error}\nThe system answered what it never should: {error}", err=True)
            raise typer.Exit(1) from error
        except Ended:
            typer.echo("已中断，全部结束。 | Interrupted, everything ended.", err=True)
            raise typer.Exit(130) from None
    if not good:
        raise typer.Exit(1)


@app.command()
def contract(
    check: Annotated[bool, typer.Option("--check", help="只比较,不写入 · compare only")] = False,
) -> None:
    """冻结小程序接口。 Write miniprogram_contract/openapi.json; with --check, exit 1 when it differs from the code."""
    from app.api.docs import dumped, mini_program_openapi
    from app.main import create_app

    file = ROOT / "miniprogram_contract" / "openapi.json"
    frozen = dumped(mini_program_openapi(create_app(read_settings())))
    if not check:
        file.write_text(frozen, "utf-8")
    elif not file.exists() or file.read_text("utf-8") != frozen:
        typer.echo(
            "接口与冻结的文件不同:make contract。 | The contract differs from the code: run make contract.", err=True
        )
        raise typer.Exit(1)
    typer.echo(f"{file.relative_to(ROOT)}: {frozen.count('operationId')} operations")


@app.command()
def check() -> None:
    """核对数据库中的所有不变式。 Check every invariant of the data; exit code 1 for a broken one."""
    settings = tool_settings()
    import asyncpg

    from app import invariants
    from app.kernel.invariants import Broken

    async def look() -> list[Broken]:
        connection = await asyncpg.connect(settings.migration_url)
        try:
            return await invariants.check(connection)
        finally:
            await connection.close()

    try:
        found = asyncio.run(look())
    except (OSError, asyncpg.PostgresError) as error:
        stop(
            f"LINLI_MIGRATION_URL 指向的数据库无法核对：{error}",
            f"The database of LINLI_MIGRATION_URL cannot be looked at: {error}",
        )
    for broken in found:
        typer.echo(str(broken), err=True)
    if found:
        raise typer.Exit(1)
    typer.echo(f"{len(invariants.ALL)} 项不变式全部成立 · all {len(invariants.ALL)} invariants hold")


def free_or_stop(port: int, host: str, setting: str) -> None:
    """Ends with a sentence where a port is taken; 0 is no port."""
    from app.local.home import port_is_free

    if port and not port_is_free(port, host):
        stop(
            f"端口 {host}:{port} 已被占用。",
            f"Port {host}:{port} is taken.",
            f"→ end what uses it (lsof -i :{port}), or set {setting} to another port",
        )


def serve(asgi: object, host: str, port: int) -> None:
    """Runs an ASGI application until SIGTERM or SIGINT; requests under way get ten seconds to end."""
    import uvicorn

    free_or_stop(port, host, "LINLI_PORT")
    config = uvicorn.Config(
        asgi,  # type: ignore[arg-type]  # uvicorn's own alias for ASGI is not exported
        host=host,
        port=port,
        proxy_headers=False,
        access_log=False,
        server_header=False,
        log_level="warning",
        log_config=None,
        timeout_graceful_shutdown=10,
    )
    uvicorn.Server(config).run()


def main() -> None:
    """Entry point of `linli` and of `python -m app.cli`."""
    app(prog_name="linli")


if __name__ == "__main__":
    main()
