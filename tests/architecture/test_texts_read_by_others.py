"""Nobody forgets a text: what a verb takes in words is compared with the refused terms, or stands here with the reason."""

import inspect
import typing
from collections.abc import Sequence
from typing import Any

import pytest

from app.kernel.verbs import Verb
from app.main import VERBS

NOT_READ_BY_OTHERS = {
    # A code or one word of a list, no sentence of anybody's.
    ("order", "contact"): {"channel"},
    ("order", "record_authority"): {"channel"},
    ("order", "rate"): {"solved"},
    # Was compared when the service day was cancelled.
    ("order", "cancel_day"): {"reason"},
    ("service", "publish"): {"category", "skill"},
    ("skill", "add"): {"code"},
    ("volunteer_application", "apply"): {"skills"},
    ("calendar_hours", "set"): {"calendar"},
    # A code, a listed reason, or what the officers of the place say among themselves.
    ("case", "report"): {"category"},
    ("case", "report_for_caller"): {"category"},
    ("case", "solve_on_the_spot"): {"category", "evidence"},
    ("case", "contact"): {"channel"},
    ("case", "submit_result"): {"evidence"},
    ("deadline_policy", "publish"): {"matter_kind", "deadline_kind", "category", "estate_type"},
    ("deadline_policy_draft", "draft"): {"matter_kind", "deadline_kind", "category", "estate_type"},
    # Was compared when the promise was added; the rest are a moment and a word of a list.
    ("assignment", "promise"): {"text", "until", "by"},
    # The officer's own, for logging in.
    ("person", "create"): {"login_name", "password_hash"},
    ("person", "change_password"): {"password_hash"},
    ("person", "reset_password"): {"password_hash"},
    # Administrators write the list, for administrators and secretaries.
    ("refused_term", "add"): {"term", "reason"},
    ("refused_term", "import"): {"terms", "reason"},
    # A public number, read as a phone.
    ("station", "set"): {"phone"},
    # Codes and names of what stands in the register already.
    ("responsibility", "import"): {"lines"},
    ("responsibility", "set"): {"category"},
    # Codes of the catalogue, and kinds of evidence.
    ("case_category", "publish"): {"code", "estate_type", "evidence"},
    ("admission_list", "publish"): {"codes"},
    # The State Council's notice, by who administers the whole tree: no place has a list for it.
    ("workday_set", "import"): {"source", "days"},
}


def texts(verb: Verb[Any, Any]) -> set[str]:
    """The inputs that are text, or lists of texts."""
    hints = typing.get_type_hints(verb.decide)
    inputs = [p.name for p in inspect.signature(verb.decide).parameters.values() if p.kind is p.KEYWORD_ONLY]
    return {name for name in inputs if _is_text(hints[name])}


def _is_text(hint: Any) -> bool:
    return hint is str or any(_is_text(arm) for arm in typing.get_args(hint))


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: f"{verb.kind}.{verb.name}")
def test_a_text_is_compared_or_is_on_the_list(verb: Verb[Any, Any]) -> None:
    exempt = NOT_READ_BY_OTHERS.get((verb.kind, verb.name), set())
    compared = {path.partition("/")[0] for path in verb.read_by_others}
    assert compared | exempt == texts(verb)
    assert not compared & exempt


def test_the_list_names_verbs_that_exist() -> None:
    assert NOT_READ_BY_OTHERS.keys() <= {(verb.kind, verb.name) for verb in VERBS}


def test_texts_are_found_in_every_wrapping() -> None:
    for hint in (str, str | None, list[str], tuple[str, ...], Sequence[str], list[str] | None):
        assert _is_text(hint)
    for hint in (bytes, int, bool | None, list[int]):
        assert not _is_text(hint)
