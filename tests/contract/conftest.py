"""The application without its servers: what a contract needs is in the code."""

from typing import Any

import pytest

from app.api.docs import mini_program_openapi
from app.main import create_app
from app.settings import Settings


@pytest.fixture(scope="session")
def document(settings: Settings) -> dict[str, Any]:
    """The whole contract, as administrators and the docs page see it."""
    return create_app(settings).openapi()


@pytest.fixture(scope="session")
def mini_program(settings: Settings) -> dict[str, Any]:
    """The mini-program's part."""
    return mini_program_openapi(create_app(settings))


@pytest.fixture(scope="session", params=["document", "mini_program"])
def either(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Both, one after the other."""
    return request.getfixturevalue(request.param)
