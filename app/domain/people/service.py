"""The verbs of the people. Names, phones and addresses come sealed, passwords hashed: no secret passes through here."""

from datetime import datetime
from uuid import UUID

from app.domain.people import errors, policy
from app.domain.people.handing_back import WhyLeft, hand_back
from app.domain.people.models import Person, RoleGrant
from app.domain.people.moving import Joining
from app.domain.people.repository import (
    ACCOUNT,
    GRANT,
    GRANTING,
    HELD,
    PERSON,
    PLACED,
    SELF,
    VERSIONED,
    Account,
    Granting,
    Held,
    Placed,
    Versioned,
)
from app.domain.places.errors import PlaceNotFound
from app.domain.places.subject import PLACE
from app.kernel.change import Change
from app.kernel.errors import FieldFault, InvalidInput, NotAllowed
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Role, demand
from app.kernel.verbs import record

PHONE = {"person_phone_index": errors.PhoneTaken}


@record("person", "update", subject=SELF, facts=VERSIONED, conflicts=PHONE)
def update_me(
    me: Versioned,
    actor: Actor,
    now: datetime,
    *,
    name: bytes | None = None,
    phone: bytes | None = None,
    phone_index: bytes | None = None,
    address: bytes | None = None,
) -> Change:
    """New name, phone or address of oneself; what is None stays. Raises PhoneTaken, NothingToChange."""
    given = {"name_sealed": name, "phone_sealed": phone, "phone_index": phone_index, "address_sealed": address}
    values = {column: value for column, value in given.items() if value is not None}
    if not values:
        raise errors.NothingToChange
    return Change.record("person", me.id, "update", actor, now, place_id=None, version=me.version).patch(
        Person, id=me.id, version=me.version + 1, **values
    )


def joined(me: Joining, actor: Actor, now: datetime, *, place_id: UUID, address: bytes | None = None) -> Change:
    """The change by which somebody chooses the community where they live, or the estate in it; the home before ends, and with
    another community or estate the address there, which the receipt says (`address_cleared`). The verb stands in
    `teams/moving.py`. Raises NotACommunity."""
    if me.place_id is None or me.level not in policy.HOMES:
        raise errors.NotACommunity
    change = Change.record("person", me.id, "join", actor, now, place_id=place_id, version=me.version)
    moved = {"address_sealed": address} if address is not None or me.leaves else {}
    change.patch(Person, id=me.id, version=me.version + 1, **moved)
    change.say(address_cleared=me.addressed and moved == {"address_sealed": None})
    if me.home_place == place_id:
        return change
    if me.home_grant is not None and me.home_version is not None and me.home_starts_at is not None:
        change.patch(RoleGrant, id=me.home_grant, ends_at=max(now, me.home_starts_at), version=me.home_version + 1)
    return _grant(change, actor.id, place_id, Role.RESIDENT, now, None)


@record("person", "register", subject=PLACE, facts=PLACED, missing=PlaceNotFound, conflicts=PHONE)
def register_resident(
    place: Placed,
    actor: Actor,
    now: datetime,
    *,
    place_id: UUID,
    name: bytes,
    phone: bytes | None,
    phone_index: bytes | None,
    address: bytes,
) -> Change:
    """Register somebody without WeChat as a resident, by station staff; whoever has no phone, or shares one, is found by the id.
    Raises NotACommunity, PhoneTaken."""
    demand(policy.STAFF, actor)
    if place.level not in policy.HOMES:
        raise errors.NotACommunity
    person_id = new_id()
    change = Change.record("person", person_id, "register", actor, now, place_id=place_id).insert(
        Person,
        id=person_id,
        name_sealed=name,
        phone_sealed=phone,
        phone_index=phone_index,
        address_sealed=address,
        created_at=now,
    )
    return _grant(change, person_id, place_id, Role.RESIDENT, now, None)


@record(
    "person",
    "create",
    subject=PLACE,
    facts=PLACED,
    missing=PlaceNotFound,
    conflicts={"person_login_name": errors.LoginNameTaken},
)
def create_officer(
    place: Placed,
    actor: Actor,
    now: datetime,
    *,
    place_id: UUID,
    login_name: str,
    password_hash: str,
    name: bytes,
    role: Role,
) -> Change:
    """An officer's account with a role at a place. Raises LoginNameTaken, NotAnOfficersRole."""
    demand(policy.ADMINISTRATOR, actor)
    if role in policy.NO_OFFICERS:
        fault = FieldFault("/body/role", errors.NotAnOfficersRole.code, policy.NO_OFFICERS[role])
        raise errors.NotAnOfficersRole(policy.NO_OFFICERS[role], fields=(fault,))
    person_id = new_id()
    change = Change.record("person", person_id, "create", actor, now, place_id=place.id).insert(
        Person, id=person_id, login_name=login_name, password_hash=password_hash, name_sealed=name, created_at=now
    )
    return _grant(change, person_id, place.id, role, now, None).note(role=role)


@record("person", "change_password", subject=SELF, facts=ACCOUNT)
def change_password(me: Account, actor: Actor, now: datetime, *, password_hash: str) -> Change:
    """A new password of one's own; every log-in ends. Raises NoPassword."""
    if me.login_name is None:
        raise errors.NoPassword
    return _with_password(me, "change_password", actor, now, password_hash)


@record("person", "reset_password", subject=PERSON, facts=ACCOUNT, missing=errors.PersonNotFound)
def reset_password(officer: Account, actor: Actor, now: datetime, *, password_hash: str) -> Change:
    """A new password for an officer, by who administers every place where they hold a role. Raises NoPassword, NotAllowed."""
    if not officer.administered:
        raise NotAllowed("由这位工作人员所有任职地点的管理员重设")
    if officer.login_name is None:
        raise errors.NoPassword
    return _with_password(officer, "reset_password", actor, now, password_hash)


@record(
    "role",
    "grant",
    subject=PLACE,
    facts=GRANTING,
    missing=PlaceNotFound,
    conflicts={"role_grant_once": errors.AlreadyGranted},
)
def grant_role(
    place: Granting,
    actor: Actor,
    now: datetime,
    *,
    place_id: UUID,
    role: Role,
    person_id: UUID | None = None,
    phone_index: bytes | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Change:
    """Give somebody a role at a place in [starts_at, ends_at).

    Raises:
        RoleNotGrantable, NotAllowed, PersonNotFound, AlreadyGranted. InvalidInput: not exactly one of `person_id` and
        `phone_index`, an empty period, or one that is over. ApplicantUnnamed: a volunteer tells name and phone first.
    """
    if role not in policy.GRANTERS:
        raise errors.RoleNotGrantable
    demand(policy.GRANTERS[role], actor)
    if (person_id is None) is (phone_index is None):
        raise InvalidInput(fields=(FieldFault("/body/person_id", "one-of-two", "人员编号与电话须填写其中一项"),))
    if ends_at is not None and ends_at <= now:
        raise InvalidInput(fields=(FieldFault("/body/ends_at", "past", "结束时间已经过去"),))
    if ends_at is not None and ends_at <= (starts_at or now):
        raise InvalidInput(fields=(FieldFault("/body/ends_at", "period-empty", "结束时间须晚于开始时间"),))
    if place.person_id is None:
        raise errors.PersonNotFound
    if place.held:
        raise errors.AlreadyGranted
    if role is Role.VOLUNTEER and not place.named:
        raise errors.ApplicantUnnamed
    return granted(place.person_id, place.id, role, actor, now, starts_at, ends_at)


def granted(
    person_id: UUID,
    place_id: UUID,
    role: Role,
    actor: Actor,
    now: datetime,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Change:
    """The change that gives somebody a role; whoever asks for it has asked whether the actor may."""
    change = Change.record("role", new_id(), "grant", actor, now, place_id=place_id)
    when = {"from": starts_at if starts_at and starts_at > now else None, "until": ends_at}
    return (
        _grant(change, person_id, place_id, role, starts_at or now, ends_at, change.id)
        .tell(person_id, "role.granted", role=role, **{name: at.isoformat() for name, at in when.items() if at})
        .note(role=role, person_id=person_id)
    )


@record("role", "revoke", subject=GRANT, facts=HELD, missing=errors.GrantNotFound)
def revoke_role(held: Held, actor: Actor, now: datetime) -> Change:
    """End a role now: it acts with the person's next command, and a volunteer's orders are handed back; who leads by it leads no
    more. One that has not begun never begins. Volunteers end their own, and who dispatches there is told, if it had begun.

    Raises:
        NotAllowed: neither who grants it, nor a volunteer of their own. AlreadyEnded. LastAdministrator: nobody else would
            administer the place.
    """
    own = actor.id == held.person_id
    if not (own and held.role in policy.RESIGNED):
        if own and held.role is Role.RESIDENT:
            raise NotAllowed("居民身份不单独结束:搬家的,用 joinPlace 选择新的社区")
        demand(policy.GRANTERS.get(held.role, policy.ADMINISTRATOR), actor)
    if held.ends_at is not None and held.ends_at <= now:
        raise errors.AlreadyEnded
    if held.last_administrator:
        raise errors.LastAdministrator
    change = Change.record("role", held.id, "revoke", actor, now, place_id=held.place_id, version=held.version)
    change.patch(
        RoleGrant,
        id=held.id,
        starts_at=min(now, held.starts_at),
        ends_at=now,
        handed_back_at=now,
        version=held.version + 1,
    ).note(role=held.role)
    began = held.starts_at <= now
    if own and held.role is Role.VOLUNTEER and not held.remains and began:
        for role in (Role.DISPATCHER, Role.SECRETARY):
            change.tell_role(role, "role.resigned", person_id=held.person_id)
    return _leave(change, held, None if own else "role.ended", **({} if began else {"never_began": True}))


@record("role", "lapse", subject=GRANT, facts=HELD, missing=errors.GrantNotFound)
def lapse_role(held: Held, actor: Actor, now: datetime) -> Change:
    """A role has ended by its date: its holder is told, and what a volunteer held by it is handed back, as when somebody ends it.
    Once. Raises NotAllowed: the system's to do. AlreadyEnded: not over yet, or done."""
    if not actor.is_system:
        raise NotAllowed
    if held.ends_at is None or held.ends_at > now or held.handed_back_at is not None:
        raise errors.AlreadyEnded
    change = (
        Change.record("role", held.id, "lapse", actor, now, place_id=held.place_id, version=held.version)
        .patch(RoleGrant, id=held.id, handed_back_at=now, version=held.version + 1)
        .note(role=held.role)
    )
    return _leave(change, held, None if held.remains else "role.lapsed")


def _leave(change: Change, held: Held, topic: str | None, **how: bool) -> Change:
    """Whoever loses the role is told so (None: did it, or nothing ended for them), holds nothing by it, and leads no team by it:
    the secretary names another lead."""
    if topic is not None:
        serving = sum(order.state == "in_service" for order in held.orders)
        remains = {"remains": True} if held.remains else {}
        change.tell(
            held.person_id,
            topic,
            role=held.role,
            serving=serving,
            handed_back=len(held.orders) - serving,
            **remains,
            **how,
        )
    for team in held.teams:
        change.tell_role(Role.SECRETARY, "team.without_lead", place_id=team.place_id, team_id=team.id)
    return hand_back(change, held.orders, WhyLeft.ROLE)


def _grant(
    change: Change,
    person_id: UUID,
    place_id: UUID,
    role: Role,
    starts_at: datetime,
    ends_at: datetime | None,
    grant_id: UUID | None = None,
) -> Change:
    return change.insert(
        RoleGrant,
        id=grant_id or new_id(),
        person_id=person_id,
        place_id=place_id,
        role=role,
        starts_at=starts_at,
        ends_at=ends_at,
        granted_by=change.actor.id,
    )


def _with_password(account: Account, action: str, actor: Actor, now: datetime, password_hash: str) -> Change:
    return Change.record("person", account.id, action, actor, now, place_id=None, version=account.version).patch(
        Person, id=account.id, version=account.version + 1, password_hash=password_hash
    )


VERBS = (
    update_me, register_resident, create_officer, change_password, reset_password, grant_role, revoke_role,
    lapse_role,
)  # fmt: skip
