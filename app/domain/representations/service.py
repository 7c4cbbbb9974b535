"""The verbs of the representations (domain.md §1). Names and phones come sealed, a card's number sealed and as an index."""

from datetime import datetime
from uuid import UUID

from app.domain.people.errors import NotACommunity, PersonNotFound
from app.domain.places.errors import PlaceNotFound
from app.domain.places.models import Level
from app.domain.representations import errors, policy
from app.domain.representations.models import HouseholdCard, How, Relation, Representation
from app.domain.representations.repository import (
    CARDED,
    ENDING,
    NAMED,
    NAMING,
    REPRESENTATION,
    REPRESENTED,
    RESIDENT,
    Carded,
    Naming,
    Represented,
)
from app.kernel.change import Change
from app.kernel.errors import FieldFault, InvalidInput
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Role, demand
from app.kernel.verbs import record


@record(
    "representation",
    "pending",
    subject=NAMING,
    facts=NAMED,
    missing=PlaceNotFound,
    conflicts=dict.fromkeys(("representation_named", "representation_named_id"), errors.AlreadyNamed),
)
def register(
    naming: Naming,
    actor: Actor,
    now: datetime,
    *,
    place_id: UUID,
    name: bytes,
    phone: bytes | None = None,
    phone_index: bytes | None = None,
    person_id: UUID | None = None,
    relation: Relation,
) -> Change:
    """Name somebody to order for, by phone or, without one, by id. The answer is the same whether there is such a person or not;
    who it is, is asked.

    Raises:
        PlaceNotFound, NotACommunity, OwnPhone, AlreadyNamed. OwnNameMissing: the other side would not know who asks.
        AskedTooSoon: within AGAIN_AFTER of a no. NotAllowed: as station staff without the role there.
    """
    if naming.level is None:
        raise PlaceNotFound
    if naming.level is not Level.COMMUNITY:
        raise NotACommunity
    if relation is Relation.STATION_STAFF:
        demand(policy.STAFF, actor)
    if naming.oneself:
        raise errors.OwnPhone
    if naming.name_sealed is None:
        raise errors.OwnNameMissing
    if naming.ended_at is not None and now < naming.ended_at + policy.AGAIN_AFTER:
        raise errors.AskedTooSoon.until(naming.ended_at + policy.AGAIN_AFTER)
    change = Change.record("representation", new_id(), "pending", actor, now, place_id=place_id)
    return (
        change.insert(
            Representation,
            id=change.id,
            place_id=place_id,
            representative_id=actor.id,
            representative_name_sealed=naming.name_sealed,
            name_sealed=name,
            phone_sealed=phone,
            phone_index=phone_index,
            named_id=person_id,
            relation=relation,
            named_at=now,
        )
        .tell(naming.person_id, "representation.asked")
        .tell_role(Role.STATION_STAFF, "representation.pending")
    )


@record(
    "representation",
    "consent",
    subject=REPRESENTATION,
    facts=REPRESENTED,
    missing=errors.RepresentationNotFound,
    conflicts={"representation_pair": errors.AlreadyConsented},
)
def consent(
    asked: Represented,
    actor: Actor,
    now: datetime,
    *,
    how: How | None = None,
    same_name: UUID | None = None,
    name_checked: bool = False,
) -> Change:
    """Agree to be represented, on one's own phone; or, by the staff of the place, record that it was heard or read (`how`).
    `same_name`: who is on file under the very name that was typed; of anybody else the staff say that they checked it.

    Raises:
        OthersConsent: by the representative. NotAllowed: by anybody else. RepresentationEnded, AlreadyConsented.
        NameDiffers: by the staff, who did not check it.
        BeneficiaryNotRegistered: nobody who lives there was named. LivesElsewhere: the same, to that very person.
        InvalidInput: the staff do not say how.
    """
    if actor.id == asked.representative_id:
        raise errors.OthersConsent
    oneself = actor.id == asked.person_id
    if not oneself:
        demand(policy.STAFF, actor)
    _still_runs(asked)
    if asked.consented_at is not None:
        raise errors.AlreadyConsented(errors.AlreadyConsented.to_oneself if oneself else None)
    if oneself and not asked.lives_here:
        raise errors.LivesElsewhere
    if asked.person_id is None or not asked.lives_here:
        raise errors.BeneficiaryNotRegistered
    if not oneself and how in (None, How.SELF):
        fault = FieldFault("/body/how", "missing", "请填写如何得知本人同意:in_person、phone 或 written")
        raise InvalidInput(fields=(fault,))
    if not (oneself or name_checked or same_name == asked.person_id):
        raise errors.NameDiffers
    said = How.SELF if oneself else how
    return (
        _changed(asked, "consent", actor, now)
        .patch(
            Representation,
            id=asked.id,
            version=asked.version + 1,
            beneficiary_id=asked.person_id,
            consented_at=now,
            recorded_by=actor.id,
            how=said,
        )
        .tell(asked.representative_id, "representation.consented")
        .tell(None if oneself else asked.person_id, "representation.recorded")
        .note(how=said)
    )


@record("representation", "end", subject=REPRESENTATION, facts=ENDING, missing=errors.RepresentationNotFound)
def end(said: Represented, actor: Actor, now: datetime) -> Change:
    """End a representation, or refuse one that was asked for: by either side, or by the staff there. What was asked for under it
    goes on as the beneficiary's own, an event for each; both sides are told, and the station when there had been a consent. Where
    there had been none, whoever asked is told that the answer is no.

    Raises:
        NotAllowed, RepresentationEnded.
    """
    sides = {said.representative_id, said.beneficiary_id or said.person_id}
    if actor.id not in sides:
        demand(policy.STAFF, actor)
    _still_runs(said)
    change = _changed(said, "end", actor, now).patch(
        Representation, id=said.id, version=said.version + 1, ended_at=now, ended_by=actor.id
    )
    if said.consented_at is None:
        return change.tell(
            None if actor.id == said.representative_id else said.representative_id, "representation.refused"
        )
    for person in (said.representative_id, said.beneficiary_id):
        change.tell(None if person == actor.id else person, "representation.ended")
    change.tell_role(Role.STATION_STAFF, "representation.ended")
    for matter in said.matters:
        change.emit(f"{matter.kind}.to_beneficiary", matter_id=matter.id, former_id=said.representative_id)
    return change.note(matters=len(said.matters)) if said.matters else change


@record(
    "household_card",
    "issue",
    subject=RESIDENT,
    facts=CARDED,
    missing=PersonNotFound,
)
def issue_card(resident: Carded, actor: Actor, now: datetime, *, number: bytes, number_index: bytes) -> Change:
    """Give a resident a household card (住户卡); the one before no longer holds. Raises PersonNotFound, NotAllowed."""
    demand(policy.STAFF, actor)
    change = Change.record("household_card", new_id(), "issue", actor, now, place_id=resident.place_id)
    if resident.card_id is not None:
        change.patch(HouseholdCard, id=resident.card_id, ended_at=now).note(replaces=str(resident.card_id))
    return change.insert(
        HouseholdCard,
        id=change.id,
        person_id=resident.id,
        place_id=resident.place_id,
        number_sealed=number,
        number_index=number_index,
        issued_by=actor.id,
        issued_at=now,
    )


def _still_runs(said: Represented) -> None:
    if said.ended_at is not None:
        raise errors.RepresentationEnded


def _changed(said: Represented, action: str, actor: Actor, now: datetime) -> Change:
    return Change.record("representation", said.id, action, actor, now, place_id=said.place_id, version=said.version)


VERBS = (register, consent, end, issue_card)
