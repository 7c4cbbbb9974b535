"""The docs page as officers meet it: in a real browser, with no network but this server's."""

import re
import uuid

import pytest

from app.api.docs import Tag
from app.local.seed import STREET
from app.local.seed_cases import OFFICER
from tests.browser.docs_page import DocsPage
from tests.running import Up

pytestmark = pytest.mark.browser

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_the_page_groups_operations_by_actor_with_chinese_summaries(docs: DocsPage) -> None:
    tags = docs.tags()
    assert list(tags) == [tag.value for tag in Tag]
    assert all(CHINESE.search(description) for description in tags.values())
    docs.picture("1-docs")
    summaries = {tag: docs.summaries(tag) for tag in tags}
    docs.picture("2-operations", whole=True)
    assert len({operation for group in summaries.values() for operation in group}) >= 39
    for group in summaries.values():
        assert group
        assert all(CHINESE.search(summary) for summary in group.values())
    # The page itself, its parts and the document: all from here.
    assert {url.removeprefix(docs.url) for url in docs.asked} >= {"/docs", "/docs-start.js", "/openapi.json"}


def test_an_administrator_authorizes_and_publishes_a_service(docs: DocsPage, up: Up) -> None:
    said = docs.authorize_with_password("admin", up.accounts()["administrator"])
    assert "Authorized" in said
    docs.picture("3-authorized")
    docs.close_dialogue()

    status, places = docs.try_out(Tag.EVERYBODY, "listPlaces", {"level": "street", "search": "神堂沟"})
    assert status == 200
    assert [place["code"] for place in places["items"]] == [STREET]
    status, street = docs.try_out(Tag.EVERYBODY, "getPlace", {"place": STREET})
    assert (status, street["id"]) == (200, places["items"][0]["id"])
    docs.picture_of("getPlace", "4-get-place")

    name = f"磨剪子 {uuid.uuid4().hex[:6]}"
    service = {"place_id": street["id"], "name": name, "description": "上门磨剪子、磨菜刀,每月一次"}
    status, receipt = docs.try_out(Tag.ADMINISTRATOR, "publishService", {"Idempotency-Key": str(uuid.uuid4())}, service)
    docs.picture_of("publishService", "5-published")
    assert status == 200
    assert receipt["version"] == 1

    status, services = docs.try_out(Tag.RESIDENT, "listServices", {"place_id": street["id"], "search": name})
    docs.picture_of("listServices", "6-listed")
    assert status == 200
    assert [(one["id"], one["name"]) for one in services["items"]] == [(receipt["id"], name)]


def test_the_key_of_the_example_serves_more_than_once(docs: DocsPage, up: Up) -> None:
    docs.authorize_with_password("admin", up.accounts()["administrator"])
    docs.close_dialogue()
    _, street = docs.try_out(Tag.EVERYBODY, "getPlace", {"place": STREET})
    made = []
    for name in ("修雨伞", "修拉链"):
        service = {"place_id": street["id"], "name": name, "description": "小修小补"}
        status, receipt = docs.try_out(Tag.ADMINISTRATOR, "publishService", body=service)
        assert status == 200, receipt
        made.append(receipt["id"])
    assert len(set(made)) == 2


def test_a_log_in_outlives_a_reload(docs: DocsPage, up: Up) -> None:
    docs.authorize_with_password("paidan002", up.accounts()["officers"])
    docs.close_dialogue()
    assert docs.authorized()
    docs.open()
    assert docs.authorized()
    status, me = docs.try_out(Tag.EVERYBODY, "getMe")
    assert status == 200
    assert [role["role"] for role in me["roles"]] == ["dispatcher"]


def test_a_wrong_password_says_so(docs: DocsPage) -> None:
    said = docs.authorize_with_password("admin", "not-the-password")
    docs.picture("7-wrong-password")
    assert "Authorized" not in said
    assert "登录名或密码不正确" in said
    # The browser itself reports the 401 on its console.
    assert all("401" in complaint for complaint in docs.complaints)
    docs.complaints.clear()


def test_a_resident_logs_in_by_the_example_and_its_token(docs: DocsPage) -> None:
    status, tokens = docs.try_out(Tag.LOGIN, "loginWithWechat", body={"code": "demo:李大爷"})
    assert status == 200
    docs.authorize_with_token(tokens["access_token"])
    status, me = docs.try_out(Tag.EVERYBODY, "getMe")
    docs.picture_of("getMe", "8-resident")
    assert (status, me["name"]) == (200, "李大爷")


def test_the_page_itself_speaks_chinese(docs: DocsPage) -> None:
    """Its own words too, before and after a try; what is sent and answered stays as it is."""
    status, _ = docs.try_out(Tag.LOGIN, "loginWithWechat", body={"code": "demo:李大爷"})
    assert status == 200
    docs.picture_of("loginWithWechat", "10-words")
    shown = docs.page.locator(".opblock.is-open").first.inner_text()
    for word in ("参数", "取消 Cancel", "执行 Execute", "清空 Clear", "服务器的回答", "回答的内容", "状态码", "示例"):
        assert word in shown, word
    for word in (
        "Parameters",
        "Responses",
        "Server response",
        "Response body",
        "Details",
        "Example Value",
        "Media type",
    ):
        assert word not in shown, word
    assert "Controls" not in shown
    assert "写入请求头Accept。" in shown.replace(" ", "")
    docs.unfold(Tag.EVERYBODY, "listPlaces")
    docs.picture_of("listPlaces", "11-places")
    asked = docs.page.locator(".opblock.is-open[id$='-listPlaces'] .parameters-container").inner_text()
    for word in ("(地址后)", "文字", "整数", "(编号)", "默认值", "可选值"):
        assert word in asked, word
    for word in ("(query)", "string", "integer", "null", "uuid", "Default value", "Available values"):
        assert word not in asked, word
    assert "parent_id" in asked, "the names of fields stay"
    docs.unfold(Tag.EVERYBODY, "getPlace")
    docs.picture_of("getPlace", "12-required")
    marked = docs.page.locator(".parameter__name.required").first
    after = "element => getComputedStyle(element, '::after').content"
    assert marked.evaluate(after) == '"必填"'
    assert "(地址里)" in docs.page.locator("tr[data-param-name='place']").inner_text()
    assert "登录 Authorize" in docs.page.locator(".auth-wrapper").inner_text()
    assert docs.page.locator(".operation-filter-input").get_attribute("placeholder") == "按分组筛选"


def test_the_page_fits_a_phone(docs: DocsPage) -> None:
    docs.page.set_viewport_size({"width": 390, "height": 844})
    docs.summaries(Tag.DISPATCHER)
    docs.picture("9-phone")
    assert docs.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_department_officer_signs_and_reports_in(docs: DocsPage, up: Up) -> None:
    """With the address and a password, and nothing else."""
    docs.authorize_with_password(OFFICER, up.accounts()["officers"])
    docs.close_dialogue()
    status, waiting = docs.try_out(Tag.OFFICER, "listAssignments")
    docs.picture_of("listAssignments", "9-assignments")
    assert status == 200
    (task,) = waiting["items"]
    assert (task["state"], task["actions"][0]["operation"]) == ("sent", "signAssignment")
    for operation_id, state in (("signAssignment", "signed"), ("reportInAssignment", "reported_in")):
        status, receipt = docs.try_out(Tag.OFFICER, operation_id, {"assignment_id": task["id"]})
        docs.picture_of(operation_id, f"9-{state}")
        assert (status, receipt.get("state")) == (200, state), receipt
