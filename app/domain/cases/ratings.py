"""How the two sides of a whistle rate each other when it has ended: the level that whistled rates what each unit did, and each
unit the whistle (双向评价; domain.md §5). Each is pure, as in `service.py`."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.cases import board_errors
from app.domain.cases.board import BOARD, Assignment
from app.domain.cases.board_policy import LIFECYCLE, LOW
from app.domain.cases.board_tables import UnitRating, WhistleRating
from app.kernel.change import Change
from app.kernel.errors import NotAllowed, ReasonWanted
from app.kernel.rules import Actor
from app.kernel.verbs import Facts


@dataclass(frozen=True, slots=True)
class Rating:
    """Whether what was whistled has ended – as far as the actor still sees the case: a unit that was released does not –, whether
    the unit was excused from it, and who has rated already."""

    ended: bool
    excused: bool
    unit_rated: bool
    whistle_rated: bool


RATING = Facts(
    """(SELECT jsonb_build_object(
          'ended', coalesce((SELECT m.state NOT IN ('whistled', 'result') FROM matter m WHERE m.id = a.case_id), true),
          'excused', a.excuse IS NOT NULL,
          'unit_rated', EXISTS (SELECT 1 FROM unit_rating r WHERE r.matter_id = subject.id),
          'whistle_rated', EXISTS (SELECT 1 FROM whistle_rating r WHERE r.matter_id = subject.id))
         FROM assignment_detail a WHERE a.matter_id = subject.id)""",
    Rating,
)


@BOARD.moves("rate_department", facts=RATING, read_by_others=("reason",))
def rate_department(
    assignment: Assignment, actor: Actor, now: datetime, *, facts: Rating, stars: int, reason: str | None = None
) -> Change:
    """The level that whistled rates what a unit did: 1–5 stars, once, with a reason when they are few.

    Raises:
        NotEnded. AlreadyRated. ReasonWanted. NotAllowed: one's own unit, or one that was excused and did nothing.
    """
    change = LIFECYCLE.move(assignment, "rate_department", actor, now)
    if actor.unit is not None or facts.excused:
        raise NotAllowed("由吹哨一方的人评价,不评价自己所在的单位;已免除的单位没有办理,不评价")
    _demand(facts.ended, rated=facts.unit_rated, explained=stars > LOW or bool(reason))
    return change.insert(UnitRating, **_about(assignment, actor, now), stars=stars, reason=reason)


@BOARD.moves("rate_whistler", facts=RATING, read_by_others=("reason",))
def rate_whistler(
    assignment: Assignment,
    actor: Actor,
    now: datetime,
    *,
    facts: Rating,
    valid: bool,
    stars: int,
    reason: str | None = None,
) -> Change:
    """A unit says whether the whistle that called it was valid, and rates it: once, with a reason when it was not, or the stars
    are few. Raises NotEnded, AlreadyRated, ReasonWanted."""
    change = LIFECYCLE.move(assignment, "rate_whistler", actor, now)
    _demand(facts.ended, rated=facts.whistle_rated, explained=(valid and stars > LOW) or bool(reason))
    return change.insert(WhistleRating, **_about(assignment, actor, now), valid=valid, stars=stars, reason=reason)


def _about(assignment: Assignment, actor: Actor, now: datetime) -> dict[str, object]:
    return {
        "matter_id": assignment.id,
        "place_id": assignment.place_id,
        "unit_id": assignment.unit_id,
        "seat_id": assignment.seat_id,
        "rated_by": actor.id,
        "rated_at": now,
    }


def _demand(ended: bool, *, rated: bool, explained: bool) -> None:
    if not ended:
        raise board_errors.NotEnded
    if rated:
        raise board_errors.AlreadyRated
    if not explained:
        raise ReasonWanted.said("评价较低或认为吹哨不当时请写明原因")


VERBS = (rate_department, rate_whistler)
