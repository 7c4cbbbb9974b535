"""What takes its time: a case that hangs until something changes (挂账), and one that is deliberated (大事议办). Its limit waits,
and goes on with the time used (domain.md §5)."""

from datetime import datetime, timedelta
from uuid import UUID

from app.domain.cases import errors
from app.domain.cases.flow_tables import CaseHanging
from app.domain.cases.limits import Case, work_again
from app.domain.cases.models import CaseDetail, Lane
from app.domain.cases.policy import LIFECYCLE
from app.domain.cases.service import CASES, tell_reporters
from app.domain.places.models import Level
from app.kernel.change import Change, Office
from app.kernel.errors import FieldFault, TransitionRefused
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Role

REVIEW_WITHIN = timedelta(days=30)
"""What hangs is looked at again after so long at most (domain.md §5)."""


@CASES.moves("hang", read_by_others=("owner", "must_change"))
def hang(case: Case, actor: Actor, now: datetime, *, owner: str, must_change: str, review_at: datetime) -> Change:
    """Let a case hang: who looks after it, what must change, and when it is looked at again; whoever signs holds it. Raises
    OnlyFromStreet, ReviewTooFar."""
    change = LIFECYCLE.move(case, "hang", actor, now)
    if case.detail.level == Level.COMMUNITY:
        raise errors.OnlyFromStreet
    if not now < review_at <= now + REVIEW_WITHIN:
        raise errors.ReviewTooFar(
            fields=(FieldFault("/body/review_at", "review-too-far", errors.ReviewTooFar.title_zh),)
        )
    about = {"id": new_id(), "matter_id": case.id, "place_id": case.place_id, "hung_by": actor.id, "hung_at": now}
    change.insert(CaseHanging, **about, owner=owner, must_change=must_change, review_at=review_at)
    change.set(holder_id=actor.id).anchor("review", until=review_at)
    change.note(owner=owner, must_change=must_change, review_at=review_at.isoformat())
    return tell_reporters(change, case, "case.hung")


@CASES.moves("wake")
def wake(case: Case, actor: Actor, now: datetime, *, deadline_id: UUID | None = None) -> Change:
    """Go on with what hung, by hand or when its review is due (`deadline_id`). Raises TransitionRefused: that review is over."""
    change = LIFECYCLE.move(case, "wake", actor, now)
    if deadline_id is not None and all(deadline.id != deadline_id for deadline in case.live):
        raise TransitionRefused
    work_again(change, case)
    change.set(holder_id=None).tell_office(Office.SEAT, "case.woken")
    return tell_reporters(change, case, "case.goes_on")


@CASES.moves("deliberate")
def deliberate(case: Case, actor: Actor, now: datetime) -> Change:
    """Bring a big matter before the four-party meeting (domain.md §7); the branch holds it until it has decided. Raises
    NotBig."""
    change = LIFECYCLE.move(case, "deliberate", actor, now)
    if case.detail.lane not in (Lane.BIG, None):
        raise errors.NotBig
    if case.detail.lane is None:
        change.patch(CaseDetail, matter_id=case.id, lane=Lane.BIG.value)
    return tell_reporters(change.tell_role(Role.BRANCH_SECRETARY, "case.to_deliberate"), case, "case.deliberated")


@CASES.moves("conclude", read_by_others=("decision",))
def conclude(case: Case, actor: Actor, now: datetime, *, decision: str) -> Change:
    """Say what was decided; the level that had it goes on with it."""
    change = LIFECYCLE.move(case, "conclude", actor, now).note(decision=decision)
    work_again(change, case)
    return tell_reporters(change.tell_office(Office.SEAT, "case.concluded"), case, "case.decided")


VERBS = (hang, wake, deliberate, conclude)
