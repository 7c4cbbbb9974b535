"""What `linli up` prints when everything runs: where, who, and what to try next."""

from dataclasses import dataclass, field

from rich import box
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.settings import Settings


@dataclass(frozen=True)
class Actor:
    """Somebody to log in as. With a password: by user name (Authorize on the docs page); without: by WeChat code."""

    title: str
    login: str
    password: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Seeded:
    """What the seed made or found: who can log in, and how many places there are."""

    actors: tuple[Actor, ...] = ()
    places: int = 0
    street: str = ""
    extra: dict[str, str] = field(default_factory=dict)


def panel(settings: Settings, seeded: Seeded) -> Panel:
    """The panel, for rich's console.print."""
    base = base_url(settings)
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")

    def row(name: str, value: str) -> None:
        table.add_row(Text(name), Text(value))  # Text: no bracket of a password is taken for markup

    row("接口文档 · docs", f"{base}/docs")
    row("健康检查 · ready", f"{base}/v1/health/ready")
    row("微信替身 · stand-in", settings.wechat_url)
    row("数据目录 · data", str(settings.data))
    if seeded.street:
        row("演示街道 · street", f"{seeded.street}（{seeded.places} 个地点 · places）")
    for name, value in seeded.extra.items():
        row(name, value)
    row("", "")
    for actor in seeded.actors:
        how = f"{actor.login} / {actor.password}" if actor.password else f'js_code "{actor.login}"'
        row(actor.title, f"{how}  {actor.note}".rstrip())
    row("", "")
    row("怎样登录 · log in", "口令：文档页右上角 Authorize · passwords: Authorize on the docs page")
    row("", '微信 · WeChat: loginWithWechat, js_code "demo:<任意名字 · any name>"')
    row("接着试 · next", "make demo（另开终端演一遍 · plays it once, in another terminal）；README 五分钟导览 · tour")
    row("结束 · end", "Ctrl-C（数据保留 · data stay）")
    return Panel(table, title="邻里 Linli", box=box.ROUNDED, expand=False)


def base_url(settings: Settings) -> str:
    """The address at which this machine reaches the API."""
    host = settings.host
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 – compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
