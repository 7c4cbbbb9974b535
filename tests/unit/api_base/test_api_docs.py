"""The page without any outside address, and the document that is frozen."""

import json
import re
from collections.abc import AsyncIterator

import pytest
from httpx import ASGITransport, AsyncClient
from openapi_spec_validator import validate

from app.api.docs import Application, dumped, mini_program_openapi, operations
from tests.unit.api_base.sample import build


@pytest.fixture(scope="module")
def app() -> Application:
    return build()


@pytest.fixture
async def client(app: Application) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_the_page_refers_to_this_server_only(client: AsyncClient) -> None:
    page = (await client.get("/docs")).text
    parts = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(parts) == 4
    assert not re.search(r"(?:https?:)?//", page)
    assert "<script>" not in page
    for part in parts:
        assert (await client.get(f"/{part}")).status_code == 200
    settings = (await client.get("/docs-start.js")).text
    assert '"persistAuthorization": true' in settings
    assert '"docExpansion": "none"' in settings
    assert '"showExtensions": false' in settings  # x-rule and the like are for programs
    assert not re.search(r"(?:https?:)?//", settings)
    assert (await client.get("/openapi.json")).json()["info"]["title"] == "邻里 Linli"


async def test_the_address_alone_leads_to_the_page(client: AsyncClient) -> None:
    for method in ("GET", "HEAD"):
        answer = await client.request(method, "/")
        assert (answer.status_code, answer.headers["location"]) == (307, "docs")
    assert (await client.get("/", follow_redirects=True)).headers["content-type"].startswith("text/html")


def test_the_document_is_valid_and_complete(app: Application) -> None:
    spec = app.openapi()
    validate(spec)
    assert "HTTPValidationError" not in spec["components"]["schemas"]
    for _, _, operation in operations(spec):
        invalid = operation["responses"]["422"]["content"]
        assert list(invalid) == ["application/problem+json"]
        assert operation["security"] == (
            [] if operation["x-access"] == "public" else [{"bearer": []}, {"password": []}]
        )
        assert ("401" in operation["responses"]) == (operation["x-access"] != "public")
        assert operation["x-rule"]
        assert "English" not in operation.get("description", "")
    write = spec["paths"]["/v1/notes"]["post"]
    assert write["x-rule"] == "requester | subtree:dispatcher"
    assert {"201", "400", "401", "403", "409", "413", "415", "422", "503"} == set(write["responses"])
    assert write["requestBody"]["content"]["application/json"]["examples"]["default"]["value"]["title"] == "请帮忙"
    limit = next(p for p in spec["paths"]["/v1/notes"]["get"]["parameters"] if p["name"] == "limit")
    assert (limit["schema"]["minimum"], limit["schema"]["maximum"]) == (1, 100)
    upload = spec["paths"]["/v1/notes/import"]["post"]["requestBody"]["content"]
    assert list(upload) == ["text/csv"]


def test_the_mini_program_gets_its_operations_and_no_more(app: Application) -> None:
    spec = mini_program_openapi(app)
    validate(spec)
    ids = {operation["operationId"] for _, _, operation in operations(spec)}
    assert "dropNote" not in ids
    assert {"writeNote", "loginWithPassword"} <= ids
    assert set(spec["components"]["securitySchemes"]) == {"bearer"}
    text = dumped(spec)
    for name in spec["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in text
    assert "dropNote" in {operation["operationId"] for _, _, operation in operations(app.openapi())}


def test_the_same_contract_has_the_same_bytes(app: Application) -> None:
    text = dumped(mini_program_openapi(app))
    assert text == dumped(mini_program_openapi(build()))
    assert text.endswith("}\n")
    assert "小程序" in text
    assert json.loads(text)["openapi"].startswith("3.1")
