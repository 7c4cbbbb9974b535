"""The verbs of volunteers: becoming one, what they can do, and when. A licence's number comes sealed."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.domain.people.errors import AlreadyGranted, ApplicantUnnamed
from app.domain.people.handing_back import WhyLeft, hand_back
from app.domain.people.service import granted
from app.domain.places.errors import PlaceNotFound
from app.domain.places.subject import PLACE
from app.domain.teams import errors, policy
from app.domain.teams import skills as known
from app.domain.teams.models import DAILY_CAPACITY, Skill, VolunteerApplication, VolunteerProfile
from app.domain.teams.repository import (
    APPLICATION,
    APPLYING,
    DECIDING,
    HOME,
    PROFILE,
    SELF,
    SKILL,
    SKILLED,
    SKILLING,
    Applying,
    Deciding,
    LiveOrder,
    OpenApplication,
    Profile,
    Skilled,
    Skilling,
)
from app.kernel.calendars import Week, week_faults
from app.kernel.change import Change
from app.kernel.errors import FieldFault, NotAllowed, ReasonWanted
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Role, demand
from app.kernel.time import CHINA
from app.kernel.verbs import record


@record("volunteer_application", "apply", subject=HOME, facts=APPLYING,
        conflicts={"volunteer_application_open": errors.AlreadyApplied}, read_by_others=("text",))  # fmt: skip
def apply(me: Applying, actor: Actor, now: datetime, *, text: str, skills: Sequence[str]) -> Change:
    """Ask to be a volunteer where one lives. Raises ResidentsOnly, AlreadyVolunteer, AlreadyApplied,
    ApplicantUnnamed, UnknownSkill."""
    if me.place_id is None:
        raise errors.ResidentsOnly
    if me.volunteers:
        raise errors.AlreadyVolunteer
    if not me.named:
        raise ApplicantUnnamed
    if strange := known.unknown(skills, me.here):
        raise errors.UnknownSkill.at({f"/body/skills/{n}": skills[n] for n in strange}, brings=False)
    application_id = new_id()
    change = Change.record("volunteer_application", application_id, "apply", actor, now, place_id=me.place_id)
    return change.insert(
        VolunteerApplication,
        id=application_id,
        person_id=actor.id,
        place_id=me.place_id,
        text=text,
        skills=list(skills),
        created_at=now,
    ).tell_role(Role.SECRETARY, "volunteer.applied")


@record("volunteer_application", "decide", subject=APPLICATION, facts=DECIDING, missing=errors.ApplicationNotFound,
        conflicts={"role_grant_once": AlreadyGranted}, read_by_others=("reason",))  # fmt: skip
def decide(
    application: Deciding, actor: Actor, now: datetime, *, approve: bool, reason: str | None = None
) -> list[Change]:
    """Answer an application; approving grants the role of a volunteer at the place, and records the skills that they named and
    that take no licence. Of the others the station is told.

    Raises:
        AlreadyDecided, ApplicationWithdrawn, OwnApplication. AlreadyGranted: they are to volunteer from a later day on.
        ReasonWanted: a no without one. ApplicantUnnamed: nobody comes to a resident's door without name and phone.
    """
    demand(policy.CHIEF, actor)
    if actor.id == application.person_id:
        raise errors.OwnApplication
    _demand_open(application)
    ReasonWanted.demand(reason, agreed=approve, why="不同意时请写明原因,申请人会看到")
    if approve and not application.named:
        raise ApplicantUnnamed
    change = (
        Change.record(
            "volunteer_application",
            application.id,
            "approve" if approve else "refuse",
            actor,
            now,
            place_id=application.place_id,
            version=application.version,
        )
        .patch(
            VolunteerApplication,
            id=application.id,
            decided_at=now,
            decided_by=actor.id,
            approved=approve,
            reason=reason,
            version=application.version + 1,
        )
        .note(person_id=application.person_id)
    )
    if not approve:
        return [change.tell(application.person_id, "volunteer.refused")]
    by_word = known.by_word(application.skills, application.skilled)
    to_record = known.to_record(application.skills, application.skilled)
    change.tell(application.person_id, "volunteer.approved", recorded=by_word, to_record=to_record)
    if to_record:
        change.tell_role(Role.STATION_STAFF, "volunteer.skills_to_record", to_record=to_record)
    told = (_recorded(code, application.person_id, application.place_id, actor, now) for code in by_word)
    if application.volunteers:
        return [change, *told]
    return [change, granted(application.person_id, application.place_id, Role.VOLUNTEER, actor, now), *told]


@record("volunteer_application", "retract", subject=APPLICATION, facts=DECIDING, missing=errors.ApplicationNotFound)
def withdraw(application: Deciding, actor: Actor, now: datetime) -> Change:
    """Take back an application of one's own that nobody has answered. Raises AlreadyDecided, ApplicationWithdrawn.
    NotAllowed: it is somebody else's."""
    if actor.id != application.person_id:
        raise NotAllowed("由申请人本人撤回;不同意的,用 decideVolunteer 答复")
    _demand_open(application)
    return withdrawn(application, actor, now)


def withdrawn(
    application: Deciding | OpenApplication, actor: Actor, now: datetime, *, moved_away: bool = False
) -> Change:
    """The change that takes back an application, of which the secretary is told."""
    said: dict[str, Any] = {"moved_away": True} if moved_away else {}
    return (
        Change.record(
            "volunteer_application",
            application.id,
            "retract",
            actor,
            now,
            place_id=application.place_id,
            version=application.version,
        )
        .patch(VolunteerApplication, id=application.id, withdrawn_at=now, version=application.version + 1)
        .tell_role(Role.SECRETARY, "volunteer.withdrawn", **said)
    )


def _demand_open(application: Deciding) -> None:
    if application.withdrawn:
        raise errors.ApplicationWithdrawn
    if application.decided:
        raise errors.AlreadyDecided


@record("skill", "add", subject=PLACE, facts=SKILLING, missing=PlaceNotFound,
        conflicts={"skill_once": errors.AlreadySkilled})  # fmt: skip
def add_skill(
    seen: Skilling,
    actor: Actor,
    now: datetime,
    *,
    place_id: UUID,
    person_id: UUID,
    code: str,
    licence: bytes | None = None,
    licence_until: date | None = None,
    own_code: bool = False,
) -> Change:
    """Record what a volunteer can do, having seen the licence if it takes one. `licence_until` is its last day. `own_code`: the
    code is a new one of the place.

    Raises:
        UnknownSkill, OwnSkill, NotAVolunteer, LicenceExpired, AlreadySkilled. LicenceMissing: the skill takes one.
    """
    demand(policy.SEES_LICENCE, actor)
    if not own_code and known.unknown((code,), seen.here):
        raise errors.UnknownSkill.at({"/body/code": code}, brings=True)
    if actor.id == person_id:
        raise errors.OwnSkill
    if not seen.volunteers:
        raise errors.NotAVolunteer
    if licence_until is not None and licence_until < now.astimezone(CHINA).date():
        raise errors.LicenceExpired(fields=(FieldFault("/body/licence_until", "expired", "证照已经过期"),))
    if licence is None and known.takes_licence(code):
        why = f"{known.name_of(code)}须有证照:请填写证照编号"
        raise errors.LicenceMissing(why, fields=(FieldFault("/body/licence", errors.LicenceMissing.code, why),))
    change = _recorded(code, person_id, place_id, actor, now, licence=licence, licence_until=licence_until)
    return change.tell(person_id, "skill.recorded", code=code)


def _recorded(
    code: str,
    person_id: UUID,
    place_id: UUID,
    actor: Actor,
    now: datetime,
    *,
    licence: bytes | None = None,
    licence_until: date | None = None,
) -> Change:
    skill_id = new_id()
    return (
        Change.record("skill", skill_id, "add", actor, now, place_id=place_id)
        .insert(
            Skill,
            id=skill_id,
            person_id=person_id,
            place_id=place_id,
            code=code,
            licence_sealed=licence,
            licence_until=licence_until,
            seen_by=actor.id,
            seen_at=now,
        )
        .note(person_id=person_id, code=code)
    )


@record("skill", "end", subject=SKILL, facts=SKILLED, missing=errors.SkillNotFound)
def end_skill(skill: Skilled, actor: Actor, now: datetime) -> Change:
    """A skill counts no longer: said by its owner, or by who may record one; of orders that they have and now cannot begin the
    dispatchers are told. Raises SkillNotFound for one that has ended."""
    if actor.id != skill.person_id:
        demand(policy.SEES_LICENCE, actor)
    if skill.ended:
        raise errors.SkillNotFound
    change = Change.record("skill", skill.id, "end", actor, now, place_id=skill.place_id, version=skill.version)
    change.patch(Skill, id=skill.id, ended_at=now, version=skill.version + 1)
    change.tell(
        skill.person_id if actor.id != skill.person_id else None,
        "skill.ended",
        code=skill.code,
        orders=len(skill.orders),
    )
    return _of_orders(change, skill.orders, "order.server_unskilled")


@record("volunteer_profile", "set", subject=SELF, facts=PROFILE)
def set_availability(
    me: Profile,
    actor: Actor,
    now: datetime,
    *,
    week: Week | None = None,
    quiet_from: int | None = None,
    quiet_until: int | None = None,
    daily_capacity: int = DAILY_CAPACITY,
    away_until: datetime | None = None,
    hand_back_orders: bool = False,
) -> Change:
    """Say when one serves: what is not given is as if never said. Quiet hours are minutes of the day, `[from, until)`, across
    midnight when they end before they begin. `hand_back_orders`: going away, one gives back what has not begun; otherwise the
    dispatcher is told of the appointments that lie in the leave.

    Raises:
        NotAllowed: is no volunteer anywhere. AvailabilityInvalid: a week with faults, half of the quiet hours, or both
        the same, an end of being away that has passed, handing back without being away.
    """
    if not me.volunteers:
        raise NotAllowed("由志愿者本人办理;想做志愿者,请先用 applyToVolunteer 报名")
    away = away_until is not None and away_until > now
    if faults := _faults(week, quiet_from, quiet_until, away_until, away=away, hands_back=hand_back_orders):
        raise errors.AvailabilityInvalid(fields=faults)
    values = {
        "week": None if week is None else [[list(shift) for shift in day] for day in week],
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
        "daily_capacity": daily_capacity,
        "away_until": away_until,
    }
    profile_id = me.id or new_id()
    change = Change.record("volunteer_profile", profile_id, "set", actor, now, place_id=None, version=me.version)
    if me.id is None:
        change.insert(VolunteerProfile, id=profile_id, person_id=actor.id, **values)
    else:
        change.patch(VolunteerProfile, id=profile_id, version=me.version + 1, **values)
    if hand_back_orders:
        return hand_back(change, me.orders, WhyLeft.AWAY)
    return _of_orders(change, me.missed, "order.server_away")


def _of_orders(change: Change, orders: Sequence[LiveOrder], topic: str) -> Change:
    """The dispatcher of each order's place is told which it is."""
    for order in orders:
        change.tell_role(Role.DISPATCHER, topic, place_id=order.place_id, order_id=order.id)
    return change


def _faults(
    week: Week | None,
    quiet_from: int | None,
    quiet_until: int | None,
    away_until: datetime | None,
    *,
    away: bool,
    hands_back: bool,
) -> tuple[FieldFault, ...]:
    faults = [FieldFault("/body/week", "week-invalid", fault) for fault in (() if week is None else week_faults(week))]
    if (quiet_from is None) is not (quiet_until is None) or (quiet_from is not None and quiet_from == quiet_until):
        faults.append(FieldFault("/body/quiet_until", "quiet-invalid", "免打扰时段须有开始和结束,且不能相同"))
    if away_until is not None and not away:
        faults.append(FieldFault("/body/away_until", "past", "离开到何时须在将来"))
    if hands_back and not away:
        faults.append(FieldFault("/body/hand_back", "not-away", "填写离开到何时,才能退回手上的订单"))
    return tuple(faults)


VERBS = (apply, decide, withdraw, add_skill, end_skill, set_availability)
