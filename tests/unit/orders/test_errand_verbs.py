"""Errands as values: authority, and papers that go out and come back (domain.md §3)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.domain.notifications.policy import sentence
from app.domain.orders import errand_errors, errands, errors, giving_back, outcomes
from app.domain.orders import service as orders
from app.domain.orders.evidence import Served
from app.domain.orders.facts import Returning, Starting
from app.domain.orders.kind_facts import Authority, Listed, PaperReceipt, papers_out, returns
from app.domain.orders.kind_tables import OrderAuthority, OrderPapers, Paper
from app.domain.orders.models import OrderState as S
from app.domain.orders.repository import Accepted, Led
from app.domain.services.models import Form
from app.kernel.change import Event, Patch
from app.kernel.errors import Refusal
from app.kernel.rules import Role
from app.kernel.time import CHINA, a_year_on
from tests.unit.orders.kinds import HOUR, of
from tests.unit.orders.promised import TEN, rows
from tests.unit.orders.test_dispatching import candidate
from tests.unit.orders.test_policy import FAMILY, NOON, OTHER, RESIDENT, VOLUNTEER, WHO

NOTHING_SHOWN = Starting(card_fits=False, reached=False)
UNREACHED = Returning(card_fits=False, reached=False)
CARD, PHOTOS, FORM_3 = Listed(1, Paper.ID_CARD, 1, "原件"), Listed(2, Paper.PHOTO, 2), Listed(3, Paper.FORM, 1)
GIVEN, BACK = PaperReceipt("handed_over", (CARD, PHOTOS)), PaperReceipt("returned", (PHOTOS,))

OWN, FORMER = "在外的材料见 listPapers", "先前的代办员手中还有材料"
WITHDRAWN, ANEW = "居民已收回授权", "居民重新授权"
AUTHORITY = Authority(UUID(int=31), VOLUNTEER, NOON + HOUR)


def test_authority_is_given_to_whoever_serves_and_takes_the_place_of_an_older_one() -> None:
    errand = of(Form.ERRAND, S.ACCEPTED, authority=AUTHORITY)
    change = errands.record_authority(errand, WHO["beneficiary"], NOON, text="办证", until_at=NOON + HOUR)
    assert change.patches == [Patch(OrderAuthority, {"id": AUTHORITY.id, "ended_at": NOON, "ended_by": FAMILY})]
    (row,) = rows(change, OrderAuthority)
    assert (row["agent_id"], row["given_by"], row["until_at"]) == (VOLUNTEER, FAMILY, NOON + HOUR)


@pytest.mark.parametrize(
    ("until", "taken"),
    [
        (NOON, False),
        (NOON + timedelta(seconds=1), True),
        (datetime(2027, 3, 2, 12, 0, 1, tzinfo=CHINA), True),
        (datetime(2027, 3, 2, 23, 59, 59, tzinfo=CHINA), True),
        (datetime(2027, 3, 3, tzinfo=CHINA), False),
    ],
)
def test_authority_ends_on_this_day_next_year_at_the_latest(until: datetime, taken: bool) -> None:
    errand = of(Form.ERRAND, S.ACCEPTED)
    try:
        errands.record_authority(errand, WHO["requester"], NOON, text="办证", until_at=until)
        said = None
    except (errand_errors.AuthorityOver, errand_errors.AuthorityTooLong) as refused:
        said = (refused.code, refused.detail)
    why = "authority-over" if until <= NOON else "authority-too-long"
    assert said == (None if taken else (why, "须在现在之后,最晚2027年3月2日(周二)23:59"))


@pytest.mark.parametrize(
    ("day", "last"),
    [
        ("2026-11-26T00:00:00+08:00", "2027-11-26T23:59:59+08:00"),
        ("2026-11-26T23:59:59+08:00", "2027-11-26T23:59:59+08:00"),
        ("2026-12-31T16:00:00+00:00", "2028-01-01T23:59:59+08:00"),
        ("2028-02-29T12:00:00+08:00", "2029-02-28T23:59:59+08:00"),
        ("2027-02-28T12:00:00+08:00", "2028-02-28T23:59:59+08:00"),
    ],
)
def test_a_year_ends_with_the_same_day(day: str, last: str) -> None:
    assert a_year_on(datetime.fromisoformat(day)) == datetime.fromisoformat(last)


def test_papers_start_an_errand_and_both_sides_have_the_receipt() -> None:
    errand = of(Form.ERRAND, S.ACCEPTED, authority=AUTHORITY, receipts=(GIVEN, BACK))
    papers = [{"kind": Paper.FORM, "copies": 1}, {"kind": Paper.DEED, "copies": 2, "note": "复印件"}]
    change = errands.hand_over_papers(
        errand, WHO["assignee"], NOON, facts=NOTHING_SHOWN, papers=papers, fits_after=(0,)
    )
    assert (change.state, change.starts) == (S.IN_SERVICE, ["finish"])
    (receipt,) = rows(change, OrderPapers)
    assert [line["no"] for line in receipt["papers"]] == [3, 4], "a number is given once in an order"
    titles = ["申请表 1 份", "房产证明 2 份"]
    assert [(e.to_person, e.payload) for e in change.events] == [
        (person, {"papers": titles}) for person in (RESIDENT, FAMILY, VOLUNTEER)
    ]
    assert change.remark == {"papers": 2}


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({}, errand_errors.NoAuthority),
        ({"authority": replace(AUTHORITY, agent_id=OTHER)}, errand_errors.NoAuthority),
        ({"authority": replace(AUTHORITY, until_at=NOON)}, errand_errors.NoAuthority),
    ],
)
def test_without_authority_that_is_theirs_and_in_force_nothing_begins(more: Any, refusal: type[Refusal]) -> None:
    errand = of(Form.ERRAND, S.ACCEPTED, **more)
    with pytest.raises(refusal):
        errands.hand_over_papers(errand, WHO["assignee"], NOON, facts=NOTHING_SHOWN, papers=[], fits_after=(0,))


def test_an_errand_is_not_started_without_its_papers_and_a_visit_not_with_papers() -> None:
    with pytest.raises(errand_errors.ErrandStartsWithPapers):
        orders.start(of(Form.ERRAND, S.ACCEPTED), WHO["assignee"], NOON, facts=NOTHING_SHOWN, fits_after=(0,))
    visit = of(Form.VISIT, S.ACCEPTED)
    with pytest.raises(errors.NotForThisService):
        errands.hand_over_papers(visit, WHO["assignee"], NOON, facts=NOTHING_SHOWN, papers=[], fits_after=(0,))


def test_who_has_not_the_skill_begins_neither_a_visit_nor_an_errand() -> None:
    unskilled = replace(NOTHING_SHOWN, candidate=replace(candidate(VOLUNTEER), skilled=False))
    with pytest.raises(errors.VolunteerNotQualified) as visit:
        orders.start(of(Form.VISIT, S.ACCEPTED), WHO["assignee"], NOON, facts=unskilled, fits_after=(0,))
    errand = of(Form.ERRAND, S.ACCEPTED, authority=AUTHORITY)
    with pytest.raises(errors.VolunteerNotQualified) as papers:
        errands.hand_over_papers(errand, WHO["assignee"], NOON, facts=unskilled, papers=[], fits_after=(0,))
    assert visit.value.detail == papers.value.detail
    assert papers.value.detail == "没有所需技能或证照已过期,请先退回订单(releaseOrder)"
    in_a_team = replace(unskilled, of_team=True)
    with pytest.raises(errors.VolunteerNotQualified) as of_team:
        orders.start(of(Form.VISIT, S.ACCEPTED), WHO["assignee"], NOON, facts=in_a_team, fits_after=(0,))
    assert of_team.value.detail == "没有所需技能或证照已过期,请先指派有这项技能的队员(assignMember)"


def test_only_an_errand_has_an_authority_to_take_back() -> None:
    with pytest.raises(errors.NotForThisService):
        errands.withdraw_authority(of(Form.SERVICE_DAY, S.ACCEPTED), WHO["requester"], NOON)


def test_a_wrong_code_is_counted_where_an_errand_starts_and_where_papers_come_back() -> None:
    errand = of(Form.ERRAND, S.ACCEPTED, authority=AUTHORITY)
    change = errands.hand_over_papers(errand, WHO["assignee"], NOON, facts=NOTHING_SHOWN, papers=[])
    assert (change.action, type(change.refusal), change.rows) == ("wrong_code", errors.StartCodeWrong, [])
    out = of(Form.ERRAND, S.IN_SERVICE, receipts=(GIVEN,))
    change = errands.return_papers(out, WHO["assignee"], NOON, facts=UNREACHED, papers=[1], returned=0)
    assert (change.action, type(change.refusal), change.rows) == (
        "wrong_return_code",
        errand_errors.ReturnCodeWrong,
        [],
    )
    assert change.patches[0].values["wrong_codes"] == 1


@pytest.mark.parametrize("state", [S.IN_SERVICE, S.SUBMITTED, S.CANCELLED, S.CONVERTED, S.REJECTED])
def test_papers_come_back_whatever_became_of_the_errand(state: S) -> None:
    out = of(Form.ERRAND, state, receipts=(GIVEN,))
    change = errands.return_papers(
        out, WHO["dispatcher"], NOON, facts=UNREACHED, papers=[2, 1, 1], returned=0, code_fits=True
    )
    (receipt,) = rows(change, OrderPapers)
    assert (change.state, [line["no"] for line in receipt["papers"]]) == (state, [1, 2])


def test_a_code_that_was_for_an_earlier_return_does_not_count() -> None:
    out = of(Form.ERRAND, S.IN_SERVICE, receipts=(GIVEN, BACK))
    change = errands.return_papers(out, WHO["assignee"], NOON, facts=UNREACHED, papers=[1], returned=0, code_fits=True)
    assert isinstance(change.refusal, errand_errors.ReturnCodeWrong)


@pytest.mark.parametrize("papers", [[2], [3], [1, 9]])
def test_only_what_is_out_comes_back(papers: list[int]) -> None:
    out = of(Form.ERRAND, S.IN_SERVICE, receipts=(GIVEN, BACK))
    with pytest.raises(errand_errors.PapersNotOut):
        errands.return_papers(out, WHO["assignee"], NOON, facts=UNREACHED, papers=papers, returned=1, code_fits=True)


@pytest.mark.parametrize(
    ("who", "facts", "given", "refusal"),
    [
        ("assignee", UNREACHED, {"unverified": True}, errors.NotReached),
        ("assignee", replace(UNREACHED, reached=True), {"unverified": True}, None),
        ("keeper", UNREACHED, {"unverified": True}, errors.NotReached),
        ("dispatcher", UNREACHED, {"unverified": True}, None),
        ("assignee", replace(UNREACHED, card_fits=True), {"card": b"x"}, None),
        ("dispatcher", UNREACHED, {"card": b"x"}, errand_errors.ReturnCodeWrong),
    ],
)
def test_papers_come_back_without_a_phone(
    who: str, facts: Returning, given: Any, refusal: type[Refusal] | None
) -> None:
    """By the card; or after the staff reached the resident, who are themselves believed unless they had the papers."""
    out = of(Form.ERRAND, S.IN_SERVICE, receipts=(GIVEN,))
    try:
        change = errands.return_papers(out, WHO[who], NOON, facts=facts, papers=[1, 2], returned=0, **given)
        found = type(change.refusal) if change.refusal else None
    except Refusal as refused:
        found = type(refused)
    assert found is refusal
    if found is None:
        (receipt,) = rows(change, OrderPapers)
        assert receipt["unverified"] is ("unverified" in given)


def test_staff_who_had_the_papers_are_not_believed_by_their_own_word() -> None:
    out = of(Form.ERRAND, S.CANCELLED, receipts=(GIVEN,))
    both = replace(WHO["dispatcher"], parts=frozenset({"keeper"}))
    with pytest.raises(errors.NotReached):
        errands.return_papers(out, both, NOON, facts=UNREACHED, papers=[1], returned=0, unverified=True)


@pytest.mark.parametrize(
    ("given", "reached", "refusal"),
    [
        ({"unverified": True}, False, errors.NotReached),
        ({"unverified": True}, True, None),
        ({"card": b"x"}, True, errors.StartCodeWrong),
    ],
)
def test_an_errand_begins_without_a_phone_as_any_service_does(
    given: Any, reached: bool, refusal: type[Refusal] | None
) -> None:
    errand = of(Form.ERRAND, S.ACCEPTED, authority=AUTHORITY)
    facts = replace(NOTHING_SHOWN, reached=reached)
    try:
        change = errands.hand_over_papers(errand, WHO["assignee"], NOON, facts=facts, papers=[], **given)
        found = type(change.refusal) if change.refusal else None
    except Refusal as refused:
        found = type(refused)
    assert found is refusal
    if found is None:
        assert change.remark == {"unverified": True, "papers": 0}
        assert rows(change, OrderPapers)[0]["unverified"]


@pytest.mark.parametrize(
    ("who", "channel", "said"),
    [
        ("clerk", "phone", True),
        ("clerk", None, False),
        ("requester", None, True),
        ("requester", "phone", False),
        ("beneficiary", None, True),
    ],
)
def test_who_passes_an_authority_on_says_how_it_was_given_and_nobody_else_does(
    who: str, channel: str | None, said: bool
) -> None:
    errand = of(Form.ERRAND, S.ACCEPTED)
    given = {"text": "办证", "until_at": NOON + HOUR, "channel": channel}
    if said:
        (row,) = rows(errands.record_authority(errand, WHO[who], NOON, **given), OrderAuthority)
        assert row["channel"] == channel
        return
    with pytest.raises(errand_errors.AuthorityChannel) as refused:
        errands.record_authority(errand, WHO[who], NOON, **given)
    assert refused.value.fields[0].pointer == "/body/channel"


def test_what_is_out_is_what_was_given_and_has_not_come_back() -> None:
    third = PaperReceipt("handed_over", (FORM_3,))
    assert papers_out([GIVEN, BACK, third]) == {1: CARD, 3: FORM_3}
    assert returns([GIVEN, BACK, third]) == 1


def test_nothing_is_delivered_and_nothing_ends_unseen_while_papers_are_out() -> None:
    out = of(Form.ERRAND, S.IN_SERVICE, receipts=(GIVEN,), authority=AUTHORITY)
    with pytest.raises(errand_errors.PapersOut):
        orders.deliver(out, WHO["assignee"], NOON, facts=Served(TEN, TEN), outcome="已办好")
    for ended in (
        outcomes.call_off(out, WHO["requester"], NOON, reason=outcomes.Abort.UNSAFE, text=None, facts=Led()),
        outcomes.abort(out, WHO["requester"], NOON, facts=Accepted(TEN), reason=outcomes.Abort.UNSAFE, text=None),
    ):
        assert Event("order.papers_out", to_role=Role.DISPATCHER) in ended.events


@pytest.mark.parametrize(
    ("signed_by", "withdrawn", "said"),
    [
        ((VOLUNTEER,), False, [OWN]),
        ((VOLUNTEER,), True, [WITHDRAWN, ANEW]),
        ((OTHER,), False, [FORMER]),
        ((OTHER,), True, [FORMER, ANEW]),
        ((VOLUNTEER, OTHER), False, [OWN, FORMER]),
    ],
)
def test_whoever_would_deliver_is_told_who_has_the_papers(
    signed_by: tuple[UUID, ...], withdrawn: bool, said: list[str]
) -> None:
    given = tuple(PaperReceipt("handed_over", (CARD,), who) for who in signed_by)
    back = (PaperReceipt("handed_over", (PHOTOS,), FAMILY), BACK)
    out = of(Form.ERRAND, S.IN_SERVICE, receipts=(*given, *back), authority=None if withdrawn else AUTHORITY)
    with pytest.raises(errand_errors.PapersOut) as refused:
        orders.deliver(out, WHO["assignee"], NOON, facts=Served(TEN, TEN), outcome="已办好")
    detail = refused.value.detail or ""
    assert [part for part in (OWN, WITHDRAWN, FORMER, ANEW) if part in detail] == said


def test_authority_ends_with_whoever_had_it() -> None:
    errand = of(Form.ERRAND, S.ACCEPTED, authority=AUTHORITY)
    change = giving_back.release(errand, WHO["assignee"], NOON, facts=Accepted(TEN), reason="生病")
    assert Patch(OrderAuthority, {"id": AUTHORITY.id, "ended_at": NOON, "ended_by": VOLUNTEER}) in change.patches


@pytest.mark.parametrize(
    ("topic", "papers", "said"),
    [
        ("order.papers_handed_over", [CARD.title, PHOTOS.title], "收据:已交给代办员 身份证件 1 份、照片 2 份"),
        ("order.papers_handed_over", [], "代办员已开始办理,无需材料"),
        ("order.papers_returned", [PHOTOS.title], "收据:已归还居民 照片 2 份"),
    ],
)
def test_a_receipt_lists_titles(topic: str, papers: list[str], said: str) -> None:
    assert sentence(topic, {"papers": papers}) == said
