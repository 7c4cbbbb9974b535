"""What people read in the document beside what each room says of its own fields: where an id is copied from, and what the words
of a list mean. In one place, so that no field is forgotten and nothing is said twice."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import NAMESPACE_OID, uuid5

from app.api.schema import meaning_of

CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
NAMES_AN_OPERATION: Final = re.compile(r"\b[a-z]+(?:[A-Z][a-z]+)+\b")

_AN_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PLACE: Final = "从 listPlaces(按名称查找)的 id 复制"
COPIED_FROM: Final[Mapping[str, str]] = {
    "application_id": "从 listVolunteerApplications 的 id 复制",
    "assignment_id": "从 listAssignments 的 id 复制;不在单位任职的,从 getBoard 的 seats 里的 id 复制",
    "beneficiary_id": "从 listMyBeneficiaries 的 beneficiary_id 复制",
    "callback_id": "从 listCallbacks 的 id 复制",
    "case_id": "从 listCases 的 id 复制,或从任务、回访、督办的 case_id 复制",
    "day_id": "从 listServiceDays 的 id 复制",
    "deadline_id": "订单的从 listDeadlines 的 id 复制,事项的从 listCaseDeadlines 的 id 复制",
    "draft_id": "从 listPolicyDrafts 的 id 复制",
    "exclusion_id": "从 listExclusions 的 id 复制",
    "grant_id": "从 listRoleHolders 的 id 复制",
    "message_id": "从 listInbox 的 id 复制",
    "order_id": "从 listMyOrders(居民)、listMyTasks(志愿者)、listPool 或 searchOrders 的 id 复制",
    "parent_id": _PLACE,
    "pause_id": "从 explainDeadline 的 pauses 里的 id 复制",
    "person_id": "从 listRoleHolders 的 person_id 复制",
    "place": _PLACE,
    "place_id": _PLACE,
    "promise_id": "从 getBoard 的 promises 里的 id 复制",
    "representation_id": "从 listMyBeneficiaries、listMyRepresentatives 或 listRepresentations 的 id 复制",
    "service_id": "从 listServices 的 id 复制",
    "skill_id": "从 listSkills 的 id 复制",
    "slot_id": "从 listServiceDays 的 slots 里的 id 复制",
    "team_id": "从 listTeams 的 id 复制",
    "term_id": "从 listRefusedTerms 的 id 复制",
    "unit_id": "从 listUnits 的 id 复制",
}
"""Where an id of a request comes from, by its name; a field whose text names an operation has said so itself."""


def say_what_is_meant(spec: dict[str, Any], asked: set[str]) -> None:
    """Completes the texts of the document. `asked`: the schemas that requests are made of.

    Of the docstrings none stays that speaks to developers: an enum tells what its words mean, if they have Chinese labels.
    """
    schemas = spec["components"]["schemas"]
    meant: dict[str, str] = {}
    for name, schema in schemas.items():
        if meaning := meaning_of(name, schema.get("enum", ())):
            schema["description"] = meant[name] = meaning
        elif not CHINESE.search(schema.get("description", "")):
            schema.pop("description", None)
    for name, field in _asked_for(spec, asked):
        parts = [field.get("description", "")]
        if "uuid" in str(field) and not NAMES_AN_OPERATION.search(parts[0]):
            parts += [COPIED_FROM[name]] if name in COPIED_FROM else []
        parts += [meant[enum] for enum in meant if _lists(field, enum) and not _told(parts[0], schemas[enum]["enum"])]
        field["description"] = ";".join(part for part in parts if part)


def apart(answer: Any) -> Any:
    """An example of an answer where no two fields of one object hold the same id, so that nobody copies the wrong one: whoever
    comes second gets an id made of its name."""
    if isinstance(answer, list):
        return [apart(one) for one in answer]
    if not isinstance(answer, dict):
        return answer
    shown: dict[str, Any] = {}
    for name, value in answer.items():
        repeated = isinstance(value, str) and _AN_ID.fullmatch(value) and value in shown.values()
        shown[name] = str(uuid5(NAMESPACE_OID, name)) if repeated else apart(value)
    return shown


def _asked_for(spec: dict[str, Any], asked: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each parameter and each field of a request, by its name."""
    for item in spec["paths"].values():
        for operation in item.values():
            yield from ((parameter["name"], parameter) for parameter in operation.get("parameters", ()))
    for name in asked:
        yield from spec["components"]["schemas"][name].get("properties", {}).items()


def _lists(field: dict[str, Any], enum: str) -> bool:
    """Whether the field takes words of this enum: one, or several."""
    return f"#/components/schemas/{enum}'" in str({key: part for key, part in field.items() if key != "description"})


def _told(text: str, words: list[str]) -> bool:
    """Whether a text lists these words already, all or those that may be used."""
    return any(re.search(rf"\b{re.escape(word)}\b", text, re.ASCII) for word in words)
