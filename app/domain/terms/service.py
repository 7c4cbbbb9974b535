"""The verbs of the refused terms."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.domain.places.errors import PlaceNotFound
from app.domain.places.subject import PLACE
from app.domain.terms import errors, policy
from app.domain.terms.models import RefusedTerm
from app.domain.terms.repository import KEPT, KNOWN, TERM, Kept, Known
from app.kernel.change import Change
from app.kernel.errors import FieldFault
from app.kernel.ids import new_id
from app.kernel.rules import Actor, demand
from app.kernel.text import folded
from app.kernel.verbs import record


@record(
    "refused_term",
    "add",
    subject=PLACE,
    missing=PlaceNotFound,
    conflicts={"refused_term_once": errors.TermAlreadyRefused},
)
def add(_: None, actor: Actor, now: datetime, *, place_id: UUID, term: str, reason: str | None = None) -> Change:
    """Refuse a term in what others read, at a place and below it. Raises TermTooShort, TermAlreadyRefused."""
    demand(policy.KEEP, actor)
    if len(folded(term)) < policy.SHORTEST:
        raise errors.TermTooShort(fields=(_too_short("/body/term"),))
    term_id = new_id()
    change = Change.record("refused_term", term_id, "add", actor, now, place_id=place_id)
    return _insert(change, place_id, term, reason, term_id)


@record("refused_term", "remove", subject=TERM, facts=KEPT, missing=errors.TermNotFound)
def remove(kept: Kept, actor: Actor, now: datetime) -> Change:
    """A term is refused no longer; its row stays. Raises TermAlreadyRemoved."""
    demand(policy.KEEP, actor)
    if kept.ended_at is not None:
        raise errors.TermAlreadyRemoved
    change = Change.record("refused_term", kept.id, "remove", actor, now, place_id=kept.place_id, version=kept.version)
    return change.patch(RefusedTerm, id=kept.id, ended_by=actor.id, ended_at=now, version=kept.version + 1)


@record("refused_term", "import", subject=PLACE, facts=KNOWN, missing=PlaceNotFound)
def import_terms(
    known: Known, actor: Actor, now: datetime, *, place_id: UUID, terms: Sequence[str], reason: str | None = None
) -> Change:
    """Refuse many terms at once: all of them or none. What the place refuses already, or what the list repeats, is left
    out, so a list may be sent again; the audit keeps how many there were of each. Raises TermTooShort."""
    demand(policy.KEEP, actor)
    short = [number for number, term in enumerate(terms) if len(folded(term)) < policy.SHORTEST]
    if short:
        raise errors.TermTooShort(fields=tuple(_too_short(f"/body/terms/{number}") for number in short))
    distinct = {folded(term): term for term in reversed(terms)}
    new = [term for key, term in reversed(distinct.items()) if key not in known.folded]
    change = Change.record("refused_term", new_id(), "import", actor, now, place_id=place_id)
    for term in new:
        _insert(change, place_id, term, reason, new_id())
    return change.note(
        given=len(terms), added=len(new), already_there=len(distinct) - len(new), repeated=len(terms) - len(distinct)
    )


def _insert(change: Change, place_id: UUID, term: str, reason: str | None, term_id: UUID) -> Change:
    return change.insert(
        RefusedTerm,
        id=term_id,
        place_id=place_id,
        term=term,
        folded=folded(term),
        reason=reason,
        added_by=change.actor.id,
        added_at=change.at,
    )


def _too_short(pointer: str) -> FieldFault:
    return FieldFault(pointer, errors.TermTooShort.code, "去掉空格和标点后,至少要有两个字")


VERBS = (add, remove, import_terms)
