"""Who may be offered an order, and who first: the matcher's choice, pure, with the reason that people read (domain.md §3)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.domain.orders.errors import VolunteerNotQualified
from app.domain.teams.fitness import Candidate, Unfit, explain, rank, unfit
from app.kernel.verbs import Facts

_OF_SERVICE = "(SELECT s.{} FROM order_detail o JOIN service s ON s.id = o.service_id WHERE o.matter_id = subject.id)"
_REFUSED = """(SELECT coalesce(jsonb_agg(DISTINCT r.person_id), '[]') FROM order_refusal r
                WHERE r.matter_id = subject.id AND (r.round = subject.round OR r.reason = 'complaint'))"""


def candidates(people: str) -> str:
    """SQL: what is known of these people (an expression of uuid[]; NULL: every volunteer of the place) as candidates."""
    return f"""(SELECT coalesce(json_agg(f.candidate), '[]')
                  FROM volunteer_facts(subject.place_id, {people}, coalesce({_OF_SERVICE.format("skill")}, ''), app_now())
                       f(candidate))"""


@dataclass(frozen=True, slots=True)
class Matching:
    """Everybody who could be offered an order; who will not be asked, in this round, or at all after a complaint; and whom to
    ask first: the person and the team of the round before (unless the resident complained of them), then `team_id`, whose
    service it is; `skill` is what it takes."""

    candidates: tuple[Candidate, ...]
    refused: frozenset[UUID]
    representatives: frozenset[UUID] = frozenset()
    preferred_id: UUID | None = None
    preferred_team_id: UUID | None = None
    team_id: UUID | None = None
    skill: str = ""


MATCHING = Facts(
    f"""jsonb_build_object('candidates', {candidates("NULL::uuid[]")}, 'refused', {_REFUSED},
          'representatives', representatives_of(subject.id),
          'preferred_id', (SELECT o.preferred_id FROM order_detail o WHERE o.matter_id = subject.id),
          'preferred_team_id', (SELECT o.preferred_team_id FROM order_detail o WHERE o.matter_id = subject.id
             AND NOT EXISTS (SELECT 1 FROM order_refusal r WHERE r.matter_id = subject.id AND r.reason = 'complaint'
                                AND r.team_id = o.preferred_team_id)),
          'team_id', {_OF_SERVICE.format("team_id")}, 'skill', coalesce({_OF_SERVICE.format("skill")}, ''))""",
    Matching,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One who may be offered the order, with the sentence that says why."""

    candidate: Candidate
    why: str


def choices(own: Iterable[UUID], found: Matching) -> list[Choice]:
    """Who may be offered an order, best first: who served the round before, the members of the team that had it then, those of
    the team whose service it is, then fair shares. `own`: whom it serves, and who placed it."""
    out = {*own, *found.refused, *found.representatives}
    fit = [one for one in found.candidates if one.person_id not in out and not unfit(one)]

    def first(one: Candidate) -> tuple[bool, bool, bool]:
        same_team = found.preferred_team_id in one.team_ids
        return one.person_id != found.preferred_id, not same_team, found.team_id not in one.team_ids

    def why(one: Candidate) -> str:
        asked_first = "上一轮由其服务," if one.person_id == found.preferred_id else ""
        if not asked_first and found.preferred_team_id in one.team_ids:
            asked_first = "上一轮由其队伍服务,"
        of_team = "属于提供这项服务的队伍," if found.team_id in one.team_ids else ""
        return asked_first + of_team + explain(one, fit, found.skill)

    return [Choice(one, why(one)) for one in sorted(rank(fit), key=first)]


OWN_SIDE = "下单人这一方,或其代下单人"
NOT_AGAIN = "系统不再派这一单:已谢绝、退回或被收回,或居民不要"


def left_out(own: Iterable[UUID], found: Matching) -> dict[str, int]:
    """Why the others are not asked, in words, each under the first of their reasons; the most frequent first."""
    own = {*own, *found.representatives}

    def why(one: Candidate) -> str | None:
        if one.person_id in own:
            return OWN_SIDE
        if one.person_id in found.refused:
            return NOT_AGAIN
        return next((reason.label for reason in unfit(one)), None)

    reasons = Counter(reason for one in found.candidates if (reason := why(one)))
    return dict(reasons.most_common())


def demand_fit(found: Iterable[Candidate], *, but_for: frozenset[Unfit] = frozenset()) -> None:
    """That somebody whom it is offered to may serve it; `but_for` what does not count here.

    Raises:
        VolunteerNotQualified: nobody of them, with the reasons of the first; or nobody is there to be asked.
    """
    reasons = [[reason for reason in unfit(one) if reason not in but_for] for one in found]
    if not any(not reason for reason in reasons):
        raise VolunteerNotQualified("、".join(reason.label for reason in reasons[0]) if reasons else "没有可以承接的人")
