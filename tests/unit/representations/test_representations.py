"""Representations as values: who names whom, who consents, who ends it; and household cards."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.domain.people.errors import NotACommunity
from app.domain.places.errors import PlaceNotFound
from app.domain.places.models import Level
from app.domain.representations import errors, service
from app.domain.representations.models import How, Relation
from app.domain.representations.policy import AGAIN_AFTER
from app.domain.representations.repository import AskedFor, Carded, Naming, Represented
from app.kernel.change import Change, Event
from app.kernel.errors import InvalidInput, NotAllowed, Refusal
from app.kernel.rules import Actor, Role

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
DAUGHTER, MOTHER, OTHER, PLACE = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=8)

WHO = {
    "representative": Actor(DAUGHTER, frozenset(Role)),
    "beneficiary": Actor(MOTHER, frozenset({Role.RESIDENT})),
    "station": Actor(OTHER, frozenset({Role.STATION_STAFF})),
    "dispatcher": Actor(OTHER, frozenset({Role.DISPATCHER})),
    "secretary": Actor(OTHER, frozenset({Role.SECRETARY})),
    "administrator": Actor(OTHER, frozenset({Role.ADMINISTRATOR})),
    "volunteer": Actor(OTHER, frozenset({Role.VOLUNTEER})),
    "neighbour": Actor(OTHER, frozenset({Role.RESIDENT})),
}
STAFF = {"station", "dispatcher", "secretary", "administrator"}

NAMING = Naming(Level.COMMUNITY, b"daughter", oneself=False, person_id=MOTHER)
PENDING = Represented(UUID(int=9), PLACE, 1, DAUGHTER, None, None, None, MOTHER, lives_here=True)
CONSENTED = replace(PENDING, version=2, beneficiary_id=MOTHER, consented_at=NOON)
ENDED = replace(CONSENTED, version=3, ended_at=NOON)


def register(naming: Naming = NAMING, relation: Relation = Relation.FAMILY, who: str = "neighbour") -> Change:
    sealed = {"name": b"mother", "phone": b"phone", "phone_index": b"index"}
    return service.register(naming, WHO[who], NOON, place_id=PLACE, **sealed, relation=relation)


def outcome(asked: Represented, who: str, how: How | None = How.PHONE) -> str | type[Refusal]:
    try:
        return str(service.consent(asked, WHO[who], NOON, how=how, same_name=asked.person_id).patches[0].values["how"])
    except Refusal as refusal:
        return type(refusal)


def test_naming_somebody_answers_the_same_whoever_has_the_phone() -> None:
    known, unknown = register(), register(replace(NAMING, person_id=None))
    assert (known.state, known.version) == (unknown.state, unknown.version) == ("pending", 0)
    assert {**known.rows[0].values, "id": 0} == {**unknown.rows[0].values, "id": 0}
    assert "beneficiary_id" not in known.rows[0].values
    assert known.events == [Event("representation.asked", to_person=MOTHER), *unknown.events], "who has it is asked"


@pytest.mark.parametrize(
    ("naming", "refusal"),
    [
        (replace(NAMING, level=None), PlaceNotFound),
        (replace(NAMING, level=Level.STREET), NotACommunity),
        (replace(NAMING, oneself=True), errors.OwnPhone),
        (replace(NAMING, name_sealed=None), errors.OwnNameMissing),
    ],
)
def test_naming_is_refused(naming: Naming, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        register(naming)


def test_whoever_was_refused_asks_again_a_week_later() -> None:
    register(replace(NAMING, ended_at=NOON - AGAIN_AFTER))
    with pytest.raises(errors.AskedTooSoon) as refused:
        register(replace(NAMING, ended_at=NOON - AGAIN_AFTER + timedelta(minutes=1)))
    assert refused.value.detail is not None
    assert refused.value.detail.startswith("3月2日 12:01 之后")


def test_somebody_without_a_phone_is_named_by_id() -> None:
    change = service.register(
        NAMING, WHO["neighbour"], NOON, place_id=PLACE, name=b"mother", person_id=MOTHER, relation=Relation.FAMILY
    )
    values = change.rows[0].values
    assert (values["named_id"], values["phone_sealed"], values["phone_index"]) == (MOTHER, None, None)


@pytest.mark.parametrize("who", WHO)
def test_only_staff_name_as_staff(who: str) -> None:
    if who in STAFF or who == "representative":
        register(relation=Relation.STATION_STAFF, who=who)
    else:
        with pytest.raises(NotAllowed):
            register(relation=Relation.STATION_STAFF, who=who)


@pytest.mark.parametrize("who", WHO)
def test_who_consents(who: str) -> None:
    expected = {"representative": errors.OthersConsent, "beneficiary": "self", **dict.fromkeys(STAFF, "phone")}
    assert outcome(PENDING, who) == expected.get(who, NotAllowed)


@pytest.mark.parametrize("how", [None, How.SELF])
def test_the_staff_say_how_they_know(how: How | None) -> None:
    assert outcome(PENDING, "station", how) is InvalidInput
    assert outcome(PENDING, "beneficiary", how) == "self"


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        (CONSENTED, errors.AlreadyConsented),
        (ENDED, errors.RepresentationEnded),
        (replace(PENDING, person_id=None, lives_here=False), errors.BeneficiaryNotRegistered),
        (replace(PENDING, lives_here=False), errors.BeneficiaryNotRegistered),
    ],
)
def test_a_consent_is_refused(asked: Represented, refusal: type[Refusal]) -> None:
    assert outcome(asked, "station") is refusal


def test_whoever_is_asked_reads_what_they_can_do_and_not_what_is_for_the_staff() -> None:
    assert outcome(replace(PENDING, lives_here=False), "beneficiary") is errors.LivesElsewhere
    for who, said in (
        ("beneficiary", errors.AlreadyConsented.to_oneself),
        ("station", errors.AlreadyConsented.advice_zh),
    ):
        with pytest.raises(errors.AlreadyConsented) as refused:
            service.consent(CONSENTED, WHO[who], NOON, how=How.PHONE)
        assert refused.value.detail == said


@pytest.mark.parametrize("same_name", [None, OTHER])
def test_the_staff_check_a_name_that_is_not_the_one_on_file(same_name: UUID | None) -> None:
    """Also where somebody else had the phone by the time that the name was looked up."""
    for who in STAFF:
        with pytest.raises(errors.NameDiffers):
            service.consent(PENDING, WHO[who], NOON, how=How.PHONE, same_name=same_name)
        service.consent(PENDING, WHO[who], NOON, how=How.PHONE, same_name=same_name, name_checked=True)
    service.consent(PENDING, WHO["beneficiary"], NOON, same_name=same_name)


def test_both_sides_hear_of_a_consent_that_was_recorded() -> None:
    recorded = service.consent(PENDING, WHO["station"], NOON, how=How.IN_PERSON, same_name=MOTHER)
    topics = {e.to_person: e.topic for e in recorded.events}
    assert topics == {DAUGHTER: "representation.consented", MOTHER: "representation.recorded"}


@pytest.mark.parametrize("who", WHO)
def test_who_ends_it(who: str) -> None:
    if who in STAFF | {"representative", "beneficiary"}:
        change = service.end(CONSENTED, WHO[who], NOON)
        told = {event.to_person for event in change.events if event.to_person}
        assert told == {DAUGHTER, MOTHER} - {WHO[who].id}
        assert Event("representation.ended", to_role=Role.STATION_STAFF) in change.events
        with pytest.raises(errors.RepresentationEnded):
            service.end(ENDED, WHO[who], NOON)
    else:
        with pytest.raises(NotAllowed):
            service.end(CONSENTED, WHO[who], NOON)


def test_what_was_asked_for_is_given_to_the_beneficiary_one_by_one() -> None:
    order, case = AskedFor(UUID(int=11), "order"), AskedFor(UUID(int=12), "case")
    change = service.end(replace(CONSENTED, matters=(order, case)), WHO["beneficiary"], NOON)
    assert [event for event in change.events if event.sort == "event"] == [
        Event(f"{one.kind}.to_beneficiary", payload={"matter_id": one.id, "former_id": DAUGHTER})
        for one in (order, case)
    ]
    assert change.remark == {"matters": 2}


def test_whoever_was_asked_may_refuse() -> None:
    change = service.end(PENDING, WHO["beneficiary"], NOON)
    assert change.events == [Event("representation.refused", to_person=DAUGHTER)]


@pytest.mark.parametrize(("who", "told"), [("representative", []), ("station", [DAUGHTER])])
def test_whoever_asked_hears_the_no_of_others_and_nobody_else_hears_of_it(who: str, told: list[UUID]) -> None:
    assert [event.to_person for event in service.end(PENDING, WHO[who], NOON).events] == told


@pytest.mark.parametrize("who", WHO)
def test_who_issues_a_card(who: str) -> None:
    resident = Carded(MOTHER, PLACE, card_id=UUID(int=7))
    if who in STAFF or who == "representative":
        change = service.issue_card(resident, WHO[who], NOON, number=b"sealed", number_index=b"index")
        assert change.patches[0].values == {"id": UUID(int=7), "ended_at": NOON}, "the one before no longer holds"
        assert change.rows[0].values["person_id"] == MOTHER
    else:
        with pytest.raises(NotAllowed):
            service.issue_card(resident, WHO[who], NOON, number=b"sealed", number_index=b"index")
