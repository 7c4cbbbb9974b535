"""What people read on the docs page: nothing that speaks to developers only, and for each id where it is copied from."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.api.docs import Tag, operations
from app.api.docs_order import IN_ORDER_OF_USE
from app.api.doing import OPERATIONS
from app.domain.cases.models import AssignmentState, CaseState
from app.domain.orders import appointment_errors as appointments
from app.domain.orders import errand_errors as errands
from app.domain.orders import errors as orders
from app.domain.orders import service_day_errors as service_days
from app.domain.orders.models import OrderState
from app.domain.orders.policy import LIFECYCLE as ORDERS
from app.domain.people.titles import office
from app.domain.representations import errors as representations
from app.domain.services import errors as services
from app.domain.teams import errors as teams
from app.kernel.errors import Kind, Refusal
from app.kernel.rules import Role, Via

CHINESE = re.compile(r"[\u4e00-\u9fff]")
AN_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
APP = Path(__file__).parents[2] / "app"
NAMED = re.compile(r"(?<![A-Za-z_.])[a-z]+(?:[A-Z][a-z]+)+(?![A-Za-z])")
"""As an operation is called in a sentence, also without a space before it."""
OPERATION_ID = re.compile(r"\b[a-z]+(?:[A-Z][a-z]+)+\b")


def described(part: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Each description of the document with its place in it; what examples hold is data."""
    if isinstance(part, dict):
        if isinstance(said := part.get("description"), str):
            yield where, said
        for key, value in part.items():
            if key not in ("example", "examples"):
                yield from described(value, f"{where}/{key}")
    elif isinstance(part, list):
        for number, value in enumerate(part):
            yield from described(value, f"{where}/{number}")


def asked(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each value that a request may hold: (where, name, what the document says of it)."""
    for _, _, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            yield operation["operationId"], parameter["name"], parameter
        for content in operation.get("requestBody", {}).get("content", {}).values():
            if reference := content["schema"].get("$ref"):
                fields = document["components"]["schemas"][reference.rsplit("/", 1)[1]]["properties"]
                yield from ((operation["operationId"], name, field) for name, field in fields.items())


def group(document: dict[str, Any], tag: Tag) -> list[str]:
    """The operations under a heading of the page, from the top."""
    return [operation["operationId"] for _, _, operation in operations(document) if tag in operation["tags"]]


@pytest.mark.parametrize(
    ("tag", "in_this_order"),
    [
        (Tag.RESIDENT, "loginWithWechat placeOrder listMyOrders getOrder rateOrder reportCase listCases getCase"),
        (Tag.OFFICER, "listAssignments signAssignment reportInAssignment getCase listCaseDeadlines submitResult"),
        (Tag.STREET, "listCases getCase getCaseHistory approveWhistle checkResult hangCase"),
        (Tag.INDEPENDENT, "listCallbacks getCase getReporterContact recordCallback terminateCase"),
    ],
)
def test_a_heading_has_what_its_people_need_in_the_order_of_use(
    document: dict[str, Any], tag: Tag, in_this_order: str
) -> None:
    wanted = in_this_order.split()
    assert [one for one in group(document, tag) if one in wanted] == wanted
    assert group(document, tag)[0] == wanted[0]


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Each object of an example."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(part)


def answers(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each example of a success."""
    for _, _, operation in operations(document):
        for status, answer in operation["responses"].items():
            for content in answer.get("content", {}).values() if status.startswith("2") else ():
                yield from ((operation["operationId"], one["value"]) for one in content.get("examples", {}).values())


def test_no_two_fields_of_an_example_answer_hold_the_same_id(document: dict[str, Any]) -> None:
    wrong, count = set(), 0
    for operation_id, value in answers(document):
        for one in objects(value):
            ids = [part for part in one.values() if isinstance(part, str) and AN_ID.fullmatch(part)]
            count += len(ids)
            if len(set(ids)) < len(ids):
                wrong.add(operation_id)
    assert wrong == set()
    assert count >= 200


@pytest.mark.parametrize(
    ("operation_id", "schema", "after", "told"),
    [
        ("getCase", "CaseOut", "state_label", "story"),
        ("explainDeadline", "ExplanationOut", "kind_label", "sentences"),
        ("explainCaseDeadline", "ExplanationOut", "kind_label", "sentences"),
    ],
)
def test_what_is_written_for_people_comes_early(
    document: dict[str, Any], operation_id: str, schema: str, after: str, told: str
) -> None:
    example = next(value for name, value in answers(document) if name == operation_id)
    for names in (list(example), list(document["components"]["schemas"][schema]["properties"])):
        assert names[names.index(after) + 1] == told


def test_the_station_finds_what_it_does_for_callers(document: dict[str, Any]) -> None:
    """Whatever the rules of orders let the station's staff do stands under their heading."""
    theirs = {
        OPERATIONS["order", row.action]
        for row in ORDERS.transitions
        if ("order", row.action) in OPERATIONS
        and any(rule.via is Via.PLACER or Role.STATION_STAFF in rule.roles for rule in row.by)
    }
    assert theirs - set(group(document, Tag.STATION)) == set()
    assert {
        "answerQuestion",
        "confirmAppointment",
        "rateOrder",
        "recordContact",
        "recordAuthority",
        "abortOrder",
    } <= theirs


def test_nobody_finds_what_is_not_theirs(document: dict[str, Any]) -> None:
    assert "terminateCase" not in group(document, Tag.OFFICER)
    assert "publishService" not in group(document, Tag.VOLUNTEER)


def test_the_order_of_use_names_operations_that_are_there(document: dict[str, Any]) -> None:
    known = {operation["operationId"] for _, _, operation in operations(document)}
    assert set(IN_ORDER_OF_USE) <= known
    assert len(set(IN_ORDER_OF_USE)) == len(IN_ORDER_OF_USE)


def test_no_description_speaks_to_developers_only(either: dict[str, Any]) -> None:
    found = dict(described(either))
    assert {where: said for where, said in found.items() if not CHINESE.search(said)} == {}
    assert len(found) >= 1000


def test_each_id_of_a_request_says_where_it_is_copied_from(document: dict[str, Any]) -> None:
    known = {operation["operationId"] for _, _, operation in operations(document)}
    ids = {(where, name): part["description"] for where, name, part in asked(document) if "uuid" in str(part)}
    assert {place: said for place, said in ids.items() if not known & set(OPERATION_ID.findall(said))} == {}
    assert len(ids) >= 200


def test_whatever_operation_a_text_names_is_there(document: dict[str, Any]) -> None:
    known = {operation["operationId"] for _, _, operation in operations(document)}
    named = {name for _, said in described(document) for name in OPERATION_ID.findall(said)}
    assert named - known == {"iCalendar"}
    assert len(named) >= 20


def chinese(path: Path) -> Iterator[str]:
    """Each Chinese text in a file of the application, what is filled in left out."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        said = "".join(one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str))
        if CHINESE.search(said):
            yield said


def test_whatever_operation_a_sentence_of_the_application_names_is_there(document: dict[str, Any]) -> None:
    """Advice, refusals, messages: wherever in the sources they stand."""
    known = {operation["operationId"] for _, _, operation in operations(document)}
    named = {
        (name, path.relative_to(APP).as_posix())
        for path in APP.rglob("*.py")
        for said in chinese(path)
        for name in NAMED.findall(said)
    }
    assert {(name, path) for name, path in named if name not in known} == {("iCalendar", "api/records.py")}
    assert len({name for name, _ in named}) >= 80


@pytest.mark.parametrize(
    ("operation_id", "states"),
    [("listAssignments", AssignmentState), ("listCases", CaseState), ("listMyOrders", OrderState)],
)
def test_a_filter_says_what_its_words_mean(document: dict[str, Any], operation_id: str, states: Any) -> None:
    (said,) = [p["description"] for where, name, p in asked(document) if (where, name) == (operation_id, "state")]
    assert all(f"{state.value} {state.label}" in said for state in states)


def test_no_list_of_words_goes_unexplained(document: dict[str, Any]) -> None:
    """Of the words that a request may hold some stand in the text beside it."""
    schemas = document["components"]["schemas"]
    lists = {
        (where, name): (schemas[reference].get("enum", [""]), part["description"])
        for where, name, part in asked(document)
        for reference in re.findall(r"#/components/schemas/(\w+)'", str(part.get("schema", part)))
    }
    assert {place for place, (words, said) in lists.items() if not any(word in said for word in words)} == set()
    assert sum(words != [""] for words, _ in lists.values()) >= 30


def test_every_role_finds_itself_on_the_page(document: dict[str, Any]) -> None:
    """A heading of its own, or a name in one; whoever acts is told where to begin."""
    said = "".join(f"{tag['name']}{tag['description']}" for tag in document["tags"])
    assert {role for role in Role if office(role) not in said} == set()
    for named in ("队长", "代人点单", "单位的经办人和负责人", "书记", "区县"):
        assert named in said
    assert {"deliberateCase", "concludeDeliberation"} <= set(group(document, Tag.BRANCH))


ENGINEERING = re.compile(
    r"幂等|分片|哈希|缓存|游标|字段|枚举|事务|并发|接口|参数|序列|编码|校验|异步|回调|负载|整份替换|再来一轮"
)
EXPLAINED = ("一轮", "令牌", "响应", "答复", "协调", "方案", "抢单池", "附议")


def test_residents_and_volunteers_read_words_of_every_day(document: dict[str, Any]) -> None:
    theirs = {Tag.LOGIN, Tag.RESIDENT, Tag.VOLUNTEER, Tag.EVERYBODY}
    told = {
        operation["operationId"]: f"{operation['summary']} {operation.get('description', '')}"
        for _, _, operation in operations(document)
        if theirs & set(operation["tags"])
    }
    assert {name: said for name, said in told.items() if ENGINEERING.search(said)} == {}
    assert len(told) >= 70
    # What is a word of this neighbourhood is explained once, at the head of the page.
    explained = document["info"]["description"].partition("文中常见的词")[2]
    assert [word for word in EXPLAINED if word not in explained] == []


ADVISING = (orders, appointments, errands, service_days, services, teams, representations)


@pytest.mark.parametrize(
    "refusal",
    [
        each
        for room in ADVISING
        for each in vars(room).values()
        if isinstance(each, type) and each.__module__ == room.__name__ and getattr(each, "kind", None) is Kind.CONFLICT
    ],
    ids=lambda refusal: refusal.code,
)
def test_a_conflict_says_what_can_be_done_instead_with_operations_that_exist(
    document: dict[str, Any], refusal: type[Refusal]
) -> None:
    said = refusal().detail
    assert said
    assert said != refusal.title_zh
    known = {operation["operationId"] for _, _, operation in operations(document)}
    assert {name for name in OPERATION_ID.findall(said) if name not in known} == set()


def test_each_code_of_a_skill_says_where_it_is_copied_from(document: dict[str, Any]) -> None:
    fields = {
        (where, name): field["description"]
        for where, name, field in asked(document)
        if name in ("skill", "skills") or (where, name) == ("addSkill", "code")
    }
    assert {where for where, _ in fields} == {"addSkill", "applyToVolunteer", "publishService", "listServices"}
    assert {said for said in fields.values() if "从 listSkillCodes 的 code 复制" not in said} == set()
