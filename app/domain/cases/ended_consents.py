"""What becomes of a case when the consent ends under which it was reported for somebody (domain.md §1). Pure, as `service.py`."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.cases.callback_tables import Callback
from app.domain.cases.limits import Case
from app.domain.cases.models import CaseReporter
from app.domain.cases.policy import LIFECYCLE, UNENDED
from app.domain.cases.service import CASES
from app.kernel.change import Change
from app.kernel.errors import TransitionRefused
from app.kernel.rules import Actor
from app.kernel.verbs import Facts


@dataclass(frozen=True, slots=True)
class Asked:
    """As what the representative is among the reporters of a case, and what they were asked in its call-backs."""

    reporter_id: UUID | None
    callback_ids: tuple[UUID, ...]


ASKED = Facts(
    """(SELECT jsonb_build_object(
         'reporter_id', (SELECT r.id FROM case_reporter r WHERE r.matter_id = subject.id AND r.person_id = f.id),
         'callback_ids', (SELECT coalesce(jsonb_agg(c.id), '[]') FROM callback c
                           WHERE c.matter_id = subject.id AND c.reporter_id = f.id))
          FROM (VALUES (($3::jsonb ->> 'former_id')::uuid)) f(id))""",
    Asked,
)


@CASES.moves("to_beneficiary", facts=ASKED)
def to_beneficiary(case: Case, actor: Actor, now: datetime, *, facts: Asked, former_id: UUID) -> Change:
    """Whoever reported it for somebody represents them no more: it is the beneficiary's own from now on, whatever has become of
    it, and it is they who are called back; who joined it themselves is asked as that. Once, and for good. Raises
    TransitionRefused: it is theirs already."""
    if case.requester_id != former_id or former_id == case.beneficiary_id:
        raise TransitionRefused
    change = LIFECYCLE.move(case, "to_beneficiary", actor, now).set(requester_id=case.beneficiary_id)
    if facts.reporter_id is not None and case.beneficiary_id not in case.detail.reporters:
        change.patch(CaseReporter, id=facts.reporter_id, person_id=case.beneficiary_id)
        for callback_id in facts.callback_ids:
            change.patch(Callback, id=callback_id, reporter_id=case.beneficiary_id)
    if case.state in UNENDED:
        change.tell(case.beneficiary_id, "case.yours_now")
    return change


VERBS = (to_beneficiary,)
