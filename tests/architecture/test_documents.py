"""The documents say what is there: every file, symbol, test, target, setting, operation and word that they name exists."""

import ast
import io
import re
from functools import cache
from pathlib import Path

import pytest
from rich.console import Console

from app.api.docs import operations
from app.domain.exclusions.models import ExclusionReason, ExclusionState
from app.domain.notifications.models import Delivery
from app.domain.orders.kind_tables import Claimant, Paper
from app.domain.orders.models import Channel, OrderState, Solved, TakeBack
from app.domain.orders.policy import LIFECYCLE
from app.domain.places.models import EstateType, Level
from app.domain.services.models import Evidence, Form
from app.kernel.calendars import CalendarName
from app.kernel.deadline_tables import PauseReason, Primitive
from app.kernel.rules import Role, Via
from app.local.panel import WIDTH, Seeded, panel
from app.local.seed import Accounts, _actors
from app.main import VERBS, create_app
from app.settings import Settings

ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("adr/*.md"), *ROOT.glob("miniprogram_contract/*.md"), *ROOT.glob("app/**/*.md")]
)

FLOW = (
    "place; place_for_caller", "offer; match; open_pool", "decline; lapse", "claim", "accept; assign",
    "release; take_back; hand_back", "start", "abort; call_off", "deliver", "rate", "rework", "close unrated", "reject",
    "cancel", "convert",
)  # fmt: skip
"""The rows of domain.md §3, each with the actions that it needs."""

POINTS = tuple(range(1, 11))
"""The points of domain.md §4."""

FACTS = ("contact", "reply", "ask", "answer", "change_contact", "propose", "confirm", "write_plan", "miss_appointment",
         "pause", "resume", "dispute", "decide", "recategorise", "recalculate", "hand_over", "server_leaves",
         "to_beneficiary")  # fmt: skip
"""What is said and agreed on an order, and what follows from it: actions that are no rows of domain.md §3."""

LATER = re.compile(r"\((deadlines complete|cases)\)")


def section(title: str) -> str:
    found = re.search(rf"^### {re.escape(title)}.*?(?=^##)", ARCHITECTURE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[0]


def table(title: str) -> list[list[str]]:
    """The body of the section's table, cell by cell."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


FLOW_TABLE = table("§3 The five-order flow")
KIND_TABLE = table("Special kinds of order")
FACT_TABLE = table("What is said and agreed")
POINT_TABLE = table("§4 Deadlines")
TARGETS = re.findall(r"'(\w+@\w+)'", (ROOT / "migrations/sql/0003_rules.sql").read_text("utf-8"))
"""Roles from a level upward, that the standard limits tell."""

REFERENCES = sorted(set(re.findall(r"`([\w/.]+)::([\w-]+)`", ARCHITECTURE)))


@cache
def names_in(file: Path) -> frozenset[str]:
    """What a Python file defines: functions, classes, variables, at any depth."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return frozenset(found)


def test_every_row_of_the_flow_is_listed() -> None:
    assert [re.sub(r"[^\x00-\x7f]", "", row[0]).strip() for row in FLOW_TABLE] == list(FLOW)


def test_every_fact_is_listed() -> None:
    assert [row[0] for row in FACT_TABLE] == list(FACTS)


def test_every_point_on_deadlines_is_listed() -> None:
    assert [int(row[0].split()[0]) for row in POINT_TABLE] == list(POINTS)


@pytest.mark.parametrize("row", FLOW_TABLE + KIND_TABLE + FACT_TABLE + POINT_TABLE, ids=lambda row: row[0])
def test_a_row_has_code_and_a_test_or_is_later(row: list[str]) -> None:
    _, where, shown, later = row
    there = "::" in where and "::test_" in shown
    absent = (where, shown) == ("–", "–")
    assert there or absent, "code and a test that shows it, or a dash for each"
    assert there or LATER.search(later), "what is not there comes with a named step"
    assert not later or LATER.search(later), "what comes later is named by its step"


def test_what_the_flow_can_do_is_not_called_later() -> None:
    rows = [row[0] for row in FLOW_TABLE + KIND_TABLE + FACT_TABLE if "::" in row[1]]
    there = {part.strip().replace(" ", "_") for row in rows for part in re.sub(r"[^\x00-\x7f]", "", row).split(";")}
    assert there == {t.action for t in LIFECYCLE.transitions} - {"wrong_code"}


@pytest.mark.parametrize(("path", "symbol"), REFERENCES, ids=str)
def test_what_the_architecture_names_exists(path: str, symbol: str) -> None:
    file = ROOT / path
    assert file.is_file()
    if file.suffix == ".py" and "-" not in symbol:
        assert symbol in names_in(file)
    else:
        assert re.search(rf"\b{re.escape(symbol)}\b", file.read_text("utf-8"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_links_exist(document: Path) -> None:
    text = document.read_text("utf-8")
    linked = [link.split("#")[0] for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text)]
    assert all((document.parent / link).exists() for link in linked if link)
    named = re.findall(r"`((?:app|tests|migrations|scripts|miniprogram_contract)/[\w/.*-]+)(?:::[\w-]+)?`", text)
    invented = {path for path in named if "venues" in path or "*" in path}  # the example of a room to come
    assert [path for path in named if path not in invented and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_path_of_a_machine_stands_in_a_document(document: Path) -> None:
    assert not re.search(r"(?<![\w.~])/(home|root|tmp|work|Users|opt|srv)/", document.read_text("utf-8"))


@pytest.mark.parametrize("name", READMES)
def test_targets(name: str) -> None:
    text, makefile = (ROOT / name).read_text("utf-8"), (ROOT / "Makefile").read_text("utf-8")
    existing = set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))
    shown = set(re.findall(r"^([a-z0-9-]+):.*## ", makefile, re.MULTILINE))
    named = set(
        re.findall(r"\bmake ([a-z][a-z0-9-]+)", "\n".join(re.findall(r"`[^`\n]+`|^make .*$", text, re.MULTILINE)))
    )
    assert named <= existing, "every target that is named exists"
    assert shown <= named, "every target that make lists is explained"


def test_both_tours_run_the_same_commands() -> None:
    """Word for word, so that what was played from one holds for the other."""
    english, chinese = [
        re.findall(r"^```sh\n(.*?)^```", (ROOT / name).read_text("utf-8"), re.MULTILINE | re.DOTALL)[1:]
        for name in READMES
    ]
    assert len(english) > 10
    assert english == chinese


@pytest.mark.parametrize("name", READMES)
def test_settings(name: str) -> None:
    named = set(re.findall(r"`(LINLI_[A-Z_]+)`", (ROOT / name).read_text("utf-8")))
    assert named == {f"LINLI_{field.upper()}" for field in Settings.model_fields} | {"LINLI_PG_BIN"}


@pytest.mark.parametrize("name", READMES)
def test_the_panel_is_the_one_that_is_printed(name: str) -> None:
    """Pasted from a real start; passwords, the other ports and the number of places are the paste's own."""
    found = re.search(r"^```\n(╭.*╯)\n```$", (ROOT / name).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found
    pasted = found[1]
    said = {
        key: re.search(pattern, pasted)[1]
        for key, pattern in {
            "administrator": r"admin +admin +(\S+)",
            "officers": r" paidan002 {4}(\S+)",
            "standin": r"(http://127.0.0.1:\d+)/docs +│\n│ 指标",
            "api_metrics_port": r"API :(\d+)/metrics",
            "worker_metrics_port": r"worker :(\d+)/metrics",
            "places": r"\((\d+) 个地点",
        }.items()
    }
    actors = _actors(1, Accounts(said["administrator"], said["officers"]))
    seeded = Seeded(actors, int(said["places"]), street="神堂沟街道", community="西峪社区")
    ports = {name: said[name] for name in ("api_metrics_port", "worker_metrics_port")}
    local = Settings(
        mode="local", host="127.0.0.1", port=8000, data=Path.cwd() / ".linli", wechat_url=said["standin"], **ports
    )
    console = Console(width=WIDTH, file=io.StringIO(), color_system=None)
    with console.capture() as printed:
        console.print(panel(local, seeded))
    assert printed.get().strip() == pasted


def test_the_panel_names_somebody_of_every_role() -> None:
    """Whoever tries the product finds each actor's way in at one glance, by the word that getMe has for their role."""
    titles = {actor.title.partition(" ")[0] for actor in _actors(1, Accounts("?", "?"))}
    named = {role.label for role in Role}
    assert titles == {*named, "部门经办人", "街道书记", "区县书记", "代下单人", "队长", "队员"}


@pytest.fixture(scope="module")
def operation_ids(settings: Settings) -> set[str]:
    return {operation["operationId"] for _, _, operation in operations(create_app(settings).openapi())}


@pytest.mark.parametrize("name", [*READMES, "ARCHITECTURE.md", "miniprogram_contract/README.zh-CN.md"])
def test_operations(name: str, operation_ids: set[str]) -> None:
    named = set(re.findall(r"`([a-z]+[A-Z][A-Za-z]+)`", (ROOT / name).read_text("utf-8")))
    assert named
    assert named <= operation_ids


@pytest.mark.parametrize("decision", sorted(ROOT.glob("adr/*.md")), ids=lambda path: path.stem)
def test_decisions(decision: Path) -> None:
    assert f"](adr/{decision.name})" in ARCHITECTURE, "listed"
    headings = re.findall(r"^## (.+)$", decision.read_text("utf-8"), re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences", "Alternatives"]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(OrderState, id="states"),
        pytest.param(Role, id="roles"),
        pytest.param(Via, id="relations"),
        pytest.param(Level, id="levels"),
        pytest.param(EstateType, id="types of estates"),
        pytest.param(Primitive, id="effects"),
        pytest.param(TARGETS, id="roles from a level"),
        pytest.param(CalendarName, id="calendars"),
        pytest.param(PauseReason, id="pauses"),
        pytest.param(Channel, id="channels"),
        pytest.param(Solved, id="solved"),
        pytest.param(Form, id="forms"),
        pytest.param(Evidence, id="evidence"),
        pytest.param(TakeBack, id="taking back"),
        pytest.param(Claimant, id="claimants"),
        pytest.param(Paper, id="papers"),
        pytest.param(Delivery, id="deliveries"),
        pytest.param([*ExclusionReason, *ExclusionState], id="exclusions"),
        pytest.param([t.action for t in LIFECYCLE.transitions], id="moves"),
        pytest.param([verb.name for verb in VERBS], id="actions"),
        pytest.param([kind for t in LIFECYCLE.transitions for kind in t.starts + t.stops], id="deadlines"),
    ],
)
def test_every_word_of_the_code_stands_in_the_glossary(words: list[str]) -> None:
    glossary = (ROOT / "GLOSSARY.md").read_text("utf-8")
    assert [str(word) for word in words if f"`{word}`" not in glossary] == []


@pytest.mark.parametrize("word", [*OrderState, *Role, *Level, *EstateType])
def test_a_word_has_one_chinese_term(word: OrderState | Role | Level | EstateType) -> None:
    glossary = (ROOT / "GLOSSARY.md").read_text("utf-8")
    assert re.search(rf"`{word}`(?: \||) {word.label}", glossary)
