"""What `linli up` prints when everything runs: where, who, and what to try next. 80 columns wide."""

from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.settings import Settings

WIDTH = 80
TITLES = 23
"""Cells of the longest title."""


@dataclass(frozen=True)
class Actor:
    """Somebody to log in as. With a password: by login name (Authorize on the docs page); without: by WeChat code."""

    title: str
    login: str
    password: str | None = None


@dataclass(frozen=True)
class Seeded:
    """What the seed made or found: who can log in and where they are, and how many places there are."""

    actors: tuple[Actor, ...] = ()
    places: int = 0
    street: str = ""
    community: str = ""


def panel(settings: Settings, seeded: Seeded) -> Panel:
    """The panel, for rich's console.print."""
    base = base_url(settings)
    standin = f"{settings.wechat_url}/docs" if settings.wechat_url.startswith("http://127.0.0.1:") else ""
    where = _rows(
        ("接口文档 · docs", f"{base}/docs"),
        ("健康检查 · health", f"{base}/v1/health/ready"),
        ("微信替身 · WeChat", standin or settings.wechat_url),
        ("指标 · metrics", _metrics(settings)),
        ("数据与日志 · data", _short(settings.data)),
    )
    parts: list[Table | Text] = [where]
    if seeded.actors:
        officers = [actor for actor in seeded.actors if actor.password]
        people = [actor for actor in seeded.actors if not actor.password]
        parts += [
            Text(f"\n谁 · who: {seeded.street}{seeded.community} ({seeded.places} 个地点 · places)", style="bold"),
            _rows(*((actor.title, f"{actor.login:<13}{actor.password}") for actor in officers), names=TITLES),
            Text("→ 文档页右上角 Authorize 填登录名和密码 · user name and password", style="dim"),
            _rows(*((actor.title, actor.login) for actor in people), names=TITLES),
            Text("→ loginWithWechat 的 code，demo: 后可换任意名字 · any name is a person", style="dim"),
            Text("→ provePhone 的 code 填 demo:手机号 · the number itself is its code", style="dim"),
        ]
    parts += [
        Text("\n接着试 · next", style="bold"),
        _rows(
            ("make demo", "另开终端演一遍 · plays an order, a limit, a whistle"),
            ("文档页 · docs", "管理员发布一项服务 publishService · publish a service"),
            ("", "部门经办人签收 signAssignment · an officer signs"),
            ("README.zh-CN.md", "五分钟导览 · the five-minute tour: README.md"),
            ("Ctrl-C", "结束，数据保留 · end; data stay"),
        ),
    ]
    return Panel(Group(*parts), title="邻里 Linli", box=box.ROUNDED, width=WIDTH)


def _rows(*rows: tuple[str, str], names: int = 20) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(width=names)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text(name), Text(value))  # Text: no bracket of a password is taken for markup
    return table


def _metrics(settings: Settings) -> str:
    """Where Prometheus asks; "–" where both are switched off."""
    named = (("API", settings.api_metrics_port), ("worker", settings.worker_metrics_port))
    shown = [f"{name} :{port}/metrics" for name, port in named if port]
    return f"{settings.metrics_host} {' · '.join(shown)}" if shown else "–"


def _short(folder: Path) -> str:
    """As seen from here where it is below, so that it stays on one line."""
    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_relative_to(here) else str(folder)


def base_url(settings: Settings) -> str:
    """The address at which this machine reaches the API."""
    host = settings.host
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 – compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
