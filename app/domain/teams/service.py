"""The verbs of the teams: who belongs together, and who leads."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from app.domain.people.handing_back import WhyLeft, hand_back
from app.domain.places.errors import PlaceNotFound
from app.domain.places.subject import PLACE
from app.domain.teams import errors, policy
from app.domain.teams.models import Colour, Team, TeamMember
from app.domain.teams.repository import (
    CREATING,
    DISBANDING,
    JOINING,
    LEADING,
    LEAVING,
    MEMBER,
    TEAM,
    Creating,
    Disbanding,
    Joining,
    Leading,
    Leaving,
)
from app.kernel.change import Change
from app.kernel.errors import FieldFault, InvalidInput, Refusal
from app.kernel.ids import new_id
from app.kernel.rules import Actor, demand, demand_lead
from app.kernel.verbs import record

ONCE: Mapping[str, type[Refusal]] = {"team_member_once": errors.AlreadyMember}


@record("team", "create", subject=PLACE, facts=CREATING, missing=PlaceNotFound,
        conflicts=dict.fromkeys(("team_one_of_a_name", "team_one_along_the_tree"), errors.TeamNameTaken),
        read_by_others=("name",))  # fmt: skip
def create(
    seen: Creating, actor: Actor, now: datetime, *, place_id: UUID, name: str, colour: Colour, lead_id: UUID
) -> Change:
    """A team that serves the place and all below it, with its lead as the first member. Raises NotAVolunteer. TeamNameTaken:
    also by one above or below, which serves there as well."""
    demand(policy.CHIEF, actor)
    if not seen.volunteers:
        raise errors.NotAVolunteer
    if seen.named:
        raise errors.TeamNameTaken
    team_id = new_id()
    change = (
        Change.record("team", team_id, "create", actor, now, place_id=place_id)
        .insert(
            Team,
            id=team_id,
            place_id=place_id,
            name=name,
            colour=colour,
            lead_id=lead_id,
            created_by=actor.id,
            created_at=now,
        )
        .tell(lead_id, "team.lead")
    )
    return _join(change, new_id(), team_id, place_id, lead_id, now)


@record("team_member", "add", subject=TEAM, facts=JOINING, missing=errors.TeamNotFound, conflicts=ONCE)
def add_member(
    team: Joining, actor: Actor, now: datetime, *, person_id: UUID | None = None, phone_index: bytes | None = None
) -> Change:
    """Take a volunteer of the place, or from above it, into the team; by its lead, or by who looks after the place.

    Raises:
        NotAllowed, TeamDisbanded, AlreadyMember. NotAVolunteer: also where there is no such person.
        InvalidInput: not exactly one of `person_id` and `phone_index`.
    """
    if team.disbanded:
        raise errors.TeamDisbanded
    demand_lead(team.lead_id, policy.CHIEF, actor)
    if (person_id is None) is (phone_index is None):
        raise InvalidInput(fields=(FieldFault("/body/person_id", "one-of-two", "人员编号与电话须填写其中一项"),))
    if team.person_id is None or not team.volunteers:
        # One answer for both: otherwise a lead could try out which phones are registered.
        raise errors.NotAVolunteer
    member_id = new_id()
    change = Change.record("team_member", member_id, "add", actor, now, place_id=team.place_id)
    change.tell(team.person_id, "team.joined", team_id=team.id).note(team_id=team.id, person_id=team.person_id)
    return _join(change, member_id, team.id, team.place_id, team.person_id, now)


@record(
    "team_member",
    "remove",
    subject=MEMBER,
    facts=LEAVING,
    missing=errors.MemberNotFound,
    conflicts={"team_lead_is_a_member": errors.LeadStays},
)
def remove_member(member: Leaving, actor: Actor, now: datetime, *, person_id: UUID) -> Change:
    """A member leaves, or is let go by the lead or who looks after the place; what they hold through the team is handed
    back. Raises LeadStays: also of who was named lead and leads no more, as long as nobody else was named."""
    if actor.id != person_id and not member.leads:
        demand_lead(member.lead_id, policy.CHIEF, actor)
    if member.lead_id == person_id:
        raise errors.LeadStays
    change = Change.record(
        "team_member", member.id, "remove", actor, now, place_id=member.place_id, version=member.version
    )
    _end(change, member.id, member.version, actor, now).note(team_id=member.team_id, person_id=person_id)
    told, topic = (member.lead_id, "team.left") if actor.id == person_id else (person_id, "team.removed")
    change.tell(told, topic, team_id=member.team_id)
    return hand_back(change, member.orders, WhyLeft.TEAM)


@record(
    "team",
    "set_lead",
    subject=TEAM,
    facts=LEADING,
    missing=errors.TeamNotFound,
    conflicts={"team_lead_is_a_member": errors.NotAMember},
)
def set_lead(team: Leading, actor: Actor, now: datetime, *, person_id: UUID) -> Change:
    """Another member, who volunteers there, leads from now on; said by the present lead, or by who looks after the
    place, of which the one before is told. What the team was offered through that one goes back to the community, to be offered
    anew. Raises TeamDisbanded, NotAMember, AlreadyLeads. NotAVolunteer: not there any more."""
    if team.disbanded:
        raise errors.TeamDisbanded
    demand_lead(team.lead_id, policy.CHIEF, actor)
    if not team.member:
        raise errors.NotAMember
    if not team.volunteers:
        raise errors.NotAVolunteer("此人还在队里,但已不是这里的志愿者,不能当队长")
    if person_id == team.lead_id:
        raise errors.AlreadyLeads
    change = (
        Change.record("team", team.id, "set_lead", actor, now, place_id=team.place_id, version=team.version)
        .patch(Team, id=team.id, lead_id=person_id, version=team.version + 1)
        .tell(person_id, "team.lead", team_id=team.id)
        .tell(None if actor.id == team.lead_id else team.lead_id, "team.lead_changed", team_id=team.id)
        .note(person_id=person_id)
    )
    offered = [one for one in team.orders if one.state == "offered" and one.person_id != person_id]
    return hand_back(change, offered, WhyLeft.LEAD)


@record("team", "disband", subject=TEAM, facts=DISBANDING, missing=errors.TeamNotFound)
def disband(team: Disbanding, actor: Actor, now: datetime) -> Change:
    """The team ends, and with it every membership; what its members hold through it is handed back. Raises TeamDisbanded,
    TeamHasServices."""
    demand(policy.CHIEF, actor)
    if team.disbanded:
        raise errors.TeamDisbanded
    if team.offers:
        raise errors.TeamHasServices
    change = Change.record("team", team.id, "disband", actor, now, place_id=team.place_id, version=team.version).patch(
        Team, id=team.id, disbanded_at=now, led=None, version=team.version + 1
    )
    for member in team.members:
        _end(change, member.id, member.version, actor, now).tell(member.person_id, "team.disbanded", team_id=team.id)
    return hand_back(change, team.orders, WhyLeft.DISBANDED)


def _join(change: Change, member_id: UUID, team_id: UUID, place_id: UUID, person_id: UUID, now: datetime) -> Change:
    return change.insert(
        TeamMember,
        id=member_id,
        team_id=team_id,
        place_id=place_id,
        person_id=person_id,
        added_by=change.actor.id,
        joined_at=now,
    )


def _end(change: Change, member_id: UUID, version: int, actor: Actor, now: datetime) -> Change:
    return change.patch(TeamMember, id=member_id, ended_at=now, ended_by=actor.id, live=None, version=version + 1)


VERBS = (create, add_member, remove_member, set_lead, disband)
