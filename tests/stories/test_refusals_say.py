"""A refusal is where somebody who does not know the way finds it: who may, how it goes on, what is missing."""

from typing import Any

from app.kernel.rules import Role
from tests.people import Someone
from tests.stories.boardwork import whistled
from tests.stories.conftest import Later, Street


async def detail(someone: Someone, path: str, body: dict[str, Any] | None, status: int) -> str:
    """What the refusal of a command says beside its title."""
    answer = await someone.ask("POST", path, body)
    assert answer.status_code == status, answer.text
    return str(answer.json().get("detail"))
