"""The SQL of orders: what the verbs have to know, and the lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    RowMapping,
    ScalarSelect,
    Select,
    Text,
    and_,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain.orders.clocks import plan_clock, running_clocks, steps_of_order
from app.domain.orders.errors import OrderNotFound, WishIsClaimed
from app.domain.orders.facts import ACCEPTED_AT
from app.domain.orders.filters import Filters
from app.domain.orders.kind_facts import Authority, PaperReceipt
from app.domain.orders.matching import MATCHING
from app.domain.orders.models import OrderContact, OrderDetail, OrderState, Rating
from app.domain.orders.page import (
    APPOINTMENTS,
    CONVERT_REASON,
    EVIDENCE,
    KEPT_BY_READER,
    PLACED_THROUGH,
    RECEIPTS,
    REWORK_REASON,
    ROW,
    WAITS,
)
from app.domain.orders.policy import LIFECYCLE, OPEN, phoning, staff, station
from app.domain.orders.records import recorded
from app.domain.people.models import Person, RoleGrant
from app.domain.places.models import Place, PlaceAncestor
from app.domain.services.models import Form, Service
from app.domain.teams.models import Team, TeamMember
from app.kernel.database import rows
from app.kernel.deadline_tables import Deadline
from app.kernel.errors import NotAllowed, TransitionRefused
from app.kernel.pagination import Cursor
from app.kernel.rules import to_sql
from app.kernel.tables import History, MatterRow
from app.kernel.verbs import Facts


@dataclass(frozen=True, slots=True)
class OpenAppointment:
    """An appointment of the order that has not ended: proposed, or confirmed by the other side. `first_id`: of one that was
    moved, or would be, the appointment before all moves; `agreed_at`: when that one was confirmed."""

    id: UUID
    meet_at: datetime
    proposed_by: UUID
    by_resident: bool
    confirmed_at: datetime | None
    first_id: UUID | None = None
    agreed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """The room's part of an order's snapshot."""

    service_id: UUID
    failures: int
    wrong_codes: int
    wrong_codes_since: datetime | None
    appointments: tuple[OpenAppointment, ...] = ()
    form: Form = Form.VISIT
    authority: Authority | None = None
    receipts: tuple[PaperReceipt, ...] = ()
    booking_id: UUID | None = None
    unverified: bool = False

    @property
    def agreed(self) -> OpenAppointment | None:
        """The appointment that both sides have confirmed: it counts until another one takes its place."""
        return next((one for one in self.appointments if one.confirmed_at is not None), None)

    @property
    def proposed(self) -> OpenAppointment | None:
        """The time that waits for the other side."""
        return next((one for one in self.appointments if one.confirmed_at is None), None)


DETAIL = Facts(
    """(SELECT jsonb_build_object('service_id', d.service_id, 'failures', d.failures, 'wrong_codes', d.wrong_codes,
                                  'form', d.form,
                                  'authority', CASE d.form WHEN 'errand' THEN order_authority_of(subject.id) END,
                                  'receipts', CASE d.form WHEN 'errand' THEN order_receipts_of(subject.id) ELSE '[]' END,
                                  'booking_id', CASE d.form WHEN 'service_day' THEN order_booking_of(subject.id) END,
                                  'wrong_codes_since', d.wrong_codes_since, 'unverified', d.unverified,
                                  'appointments', (
                                     SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'meet_at', a.meet_at,
                                              'proposed_by', a.proposed_by, 'by_resident', a.by_resident,
                                              'confirmed_at', a.confirmed_at, 'first_id', a.first_id, 'agreed_at',
                                              coalesce((SELECT f.confirmed_at FROM appointment f WHERE f.id = a.first_id),
                                                       a.confirmed_at))), '[]')
                                       FROM appointment a WHERE a.matter_id = subject.id AND a.ended_at IS NULL))
          FROM order_detail d WHERE d.matter_id = subject.id)""",
    Detail,
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """When the order was last accepted or claimed; which questions of its round have been answered; whether a contact has been
    recorded since; and who leads the team that it was offered to."""

    accepted_at: datetime | None
    answered: tuple[str, ...] = ()
    contacted: bool = False
    lead_id: UUID | None = None


ACCEPTED = Facts(
    f"""jsonb_build_object('accepted_at', {ACCEPTED_AT}, 'lead_id', team_lead(subject.team_id),
         'answered', (SELECT coalesce(jsonb_agg(a.answers), '[]') FROM order_post a
         WHERE a.matter_id = subject.id AND a.round = subject.round AND a.kind = 'answer'),
         'contacted', EXISTS (SELECT 1 FROM order_post c
         WHERE c.matter_id = subject.id AND c.round = subject.round AND c.kind = 'contact' AND c.posted_at >= {ACCEPTED_AT}))""",
    Accepted,
)


@dataclass(frozen=True, slots=True)
class Left:
    """The same of an order whose holder has left; and whether somebody was given it, or took it, since they did."""

    accepted: Accepted
    taken_anew: bool


LEFT = Facts(
    f"""jsonb_build_object('accepted', {ACCEPTED.sql}, 'taken_anew', EXISTS (
         SELECT 1 FROM history h WHERE h.matter_id = subject.id AND h.version > ($3::jsonb ->> 'version')::int
            AND h.action IN ('offer', 'match', 'claim', 'claim_wish', 'assign')))""",
    Left,
)


@dataclass(frozen=True, slots=True)
class Led:
    """Who leads the team that it was offered to."""

    lead_id: UUID | None = None


LED = Facts("jsonb_build_object('lead_id', team_lead(subject.team_id))", Led)


@dataclass(frozen=True, slots=True)
class ServedSide:
    """Whether somebody on the resident's side, requester or beneficiary, can log in."""

    logs_in: bool


SERVED_SIDE = Facts("jsonb_build_object('logs_in', side_logs_in(subject.id))", ServedSide)


@dataclass(frozen=True, slots=True)
class Called:
    """Whether anybody reached the resident since the round's delivery."""

    called: bool


CALLED = Facts(
    """jsonb_build_object('called', EXISTS (
         SELECT 1 FROM order_post q WHERE q.matter_id = subject.id AND q.round = subject.round AND q.kind = 'contact'
            AND q.posted_at >= (SELECT max(h.at) FROM history h WHERE h.matter_id = subject.id AND h.action = 'deliver')))""",
    Called,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether a question with this id waits for its answer."""

    waits: bool


ASKED = Facts(
    """jsonb_build_object('waits', EXISTS (
         SELECT 1 FROM order_post q WHERE q.id = ($3::jsonb ->> 'question_id')::uuid AND q.matter_id = subject.id
            AND q.kind = 'question' AND NOT EXISTS (SELECT 1 FROM order_post a WHERE a.answers = q.id)))""",
    Asked,
)


def shown_orders() -> Select[*tuple[Any, ...]]:
    """An order as lists and pages show it: everything that row-level security lets the reader see, null where it does not."""
    m, d, s, p = MatterRow, OrderDetail, Service, Place
    next_due, what_is_due = (
        select(col(column))
        .where(col(Deadline.matter_id) == col(m.id), col(Deadline.stopped_at).is_(None))
        .order_by(col(Deadline.due_at), col(Deadline.id))
        .limit(1)
        .scalar_subquery()
        for column in (Deadline.due_at, Deadline.kind)
    )
    return (
        select(
            *(
                col(column)
                for column in (m.id, m.category, m.state, m.version, m.round, m.created_at, m.changed_at, m.open_pool)
            ),
            *(
                col(column)
                for column in (m.requester_id, m.beneficiary_id, m.assignee_id, m.team_id, m.seat_id, m.unit_id)
            ),
            *(col(column) for column in (m.holder_id, m.placed_by, m.place_id)),
            *(
                col(column)
                for column in (d.note, d.outcome, d.cancel_reason, d.reject_reason, d.other_help, d.service_id)
            ),
            *(col(column) for column in (d.form, d.claimed_as, d.claimed_name)),
            col(s.name).label("service_name"),
            col(p.name).label("place_name"),
            next_due.label("due_at"),
            what_is_due.label("due_kind"),
        )
        .join(d, col(d.matter_id) == col(m.id))
        .join(s, col(s.id) == col(d.service_id))
        .join(p, col(p.id) == col(m.place_id))
        .where(col(m.kind) == LIFECYCLE.kind)
    )


def listed_orders() -> Select[*tuple[Any, ...]]:
    """The same with what tells one row of a list from the next."""
    return shown_orders().add_columns(*(literal_column(sql).label(name) for name, sql in ROW.items()))


def _page(query: Select[*tuple[Any, ...]], after: Cursor | None, limit: int) -> Select[*tuple[Any, ...]]:
    key = (col(MatterRow.created_at), col(MatterRow.id))
    if after is not None:
        query = query.where(tuple_(*key) < tuple_(literal(after.created_at), literal(after.id)))
    return query.order_by(*(column.desc() for column in key)).limit(limit + 1)


async def list_mine(
    connection: AsyncConnection, actor_id: UUID, filters: Filters, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The orders that are the actor's own, and those that serve them, newest first."""
    m = MatterRow
    for_me = and_(col(m.beneficiary_id) == actor_id, col(m.beneficiary_id) != col(m.requester_id))
    query = filters.narrow(listed_orders().where(or_(col(m.requester_id) == actor_id, for_me)))
    return await rows(connection, _page(query, after, limit))


async def list_placed(
    connection: AsyncConnection, actor_id: UUID, filters: Filters, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The orders that the actor placed for callers, where they are still on the staff, newest first."""
    m = MatterRow
    for_callers = and_(col(m.placed_by) == actor_id, col(m.placed_by) != col(m.requester_id))
    return await rows(connection, _page(filters.narrow(listed_orders().where(for_callers)), after, limit))


async def list_tasks(
    connection: AsyncConnection, actor_id: UUID, filters: Filters, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The orders that are offered to the actor or to their team, served by them, or theirs to hold after a miss, newest first:
    those under way where no one state is asked for. And whatever became of it, those of which they have papers to bring back."""
    t = TeamMember
    teams = select(col(t.team_id)).where(col(t.person_id) == actor_id, col(t.live).is_(True))
    to_team = and_(col(MatterRow.state) == OrderState.OFFERED.value, col(MatterRow.team_id).in_(teams))
    theirs = or_(col(MatterRow.assignee_id) == actor_id, col(MatterRow.holder_id) == actor_id, to_team)
    if not filters.states:
        theirs = and_(theirs, col(MatterRow.state).in_(OPEN))
    query = filters.narrow(listed_orders().where(or_(theirs, literal_column(KEPT_BY_READER, Boolean))))
    return await rows(connection, _page(query, after, limit))


async def get_order(connection: AsyncConnection, order_id: UUID) -> RowMapping:
    """One order with contact, rating and volunteer as far as the reader may see them; the look is recorded. Raises
    OrderNotFound."""
    c, r, each = OrderContact, Rating, aliased(Rating)
    # What was wrong is why a further round began: until that is rated too, it is what is read.
    last_rated = select(func.max(each.round)).where(col(each.matter_id) == col(MatterRow.id)).scalar_subquery()
    query = (
        listed_orders()
        .add_columns(
            *(col(column) for column in (c.name_sealed, c.phone_sealed, c.address_sealed)),
            *(col(column) for column in (r.solved, r.stars, r.reason, r.rated_at, r.by_representative)),
            col(r.rater_id).not_in((col(MatterRow.requester_id), col(MatterRow.beneficiary_id))).label("by_another"),
            (col(r.rater_id) == col(MatterRow.placed_by)).label("by_placer"),
            col(r.round).label("rated_round"),
            col(OrderDetail.unverified),
            func.server_name(col(MatterRow.id)).label("volunteer_name_sealed"),
            _server_phone().label("volunteer_phone_sealed"),
            col(Team.name).label("team_name"),
            func.app_team(col(MatterRow.team_id)).label("team"),
            _roles().label("roles"),
            literal_column(RECEIPTS).label("receipts"),
            col(Service.evidence).label("evidence_wanted"),
            literal_column(EVIDENCE).label("evidence"),
            literal_column(APPOINTMENTS).label("appointments"),
            literal_column(WAITS).label("waits"),
            literal_column(REWORK_REASON).label("rework_reason"),
            literal_column(CONVERT_REASON).label("convert_reason"),
            literal_column(PLACED_THROUGH).label("placed_through"),
            literal_column("(SELECT k.matter_id FROM case_detail k WHERE k.order_id = matter.id)").label("case_id"),
            running_clocks().label("clocks"),
            steps_of_order(),
            plan_clock().label("plan_clock"),
            func.app_now().label("now"),
        )
        .outerjoin(c, col(c.matter_id) == col(MatterRow.id))
        .outerjoin(r, and_(col(r.matter_id) == col(MatterRow.id), col(r.round) == last_rated))
        .outerjoin(Person, col(Person.id) == col(MatterRow.assignee_id))
        .outerjoin(Team, col(Team.id) == col(MatterRow.team_id))
        .where(col(MatterRow.id) == order_id)
    )
    row = (await connection.execute(recorded(query))).mappings().one_or_none()
    if row is None:
        raise OrderNotFound
    return row


def _server_phone() -> ColumnElement[bytes | None]:
    """The sealed phone of whoever serves, as far as row-level security shows it: to the resident's side until it was said how it
    went, also where they have another order of theirs."""
    shown = or_(
        col(MatterRow.state).in_((OrderState.ACCEPTED, OrderState.IN_SERVICE, OrderState.DELIVERED)),
        func.app_reaches(col(MatterRow.place_id), [role.value for role in sorted(staff.roles)]),
    )
    return case((shown, col(Person.phone_sealed)))


_CONTACT = text("""
SELECT (SELECT c.name_sealed FROM order_contact c WHERE c.matter_id = :order_id) AS name_sealed,
       (SELECT c.phone_sealed FROM order_contact c WHERE c.matter_id = :order_id) AS phone_sealed,
       (SELECT c.address_sealed FROM order_contact c WHERE c.matter_id = :order_id) AS address_sealed""")


async def get_contact(connection: AsyncConnection, order_id: UUID) -> RowMapping:
    """The sealed contact of an order; null where the reader does not see it."""
    return (await connection.execute(_CONTACT, {"order_id": order_id})).mappings().one()


_WAITS = text(f"""
SELECT order_detail.form, {RECEIPTS} AS receipts, {WAITS} AS waits
  FROM matter JOIN order_detail ON order_detail.matter_id = matter.id WHERE matter.id = :order_id""")


async def get_waits(connection: AsyncConnection, order_id: UUID) -> RowMapping:
    """What waits for the reader of an order, and nothing else of it. Raises OrderNotFound."""
    row = (await connection.execute(_WAITS, {"order_id": order_id})).mappings().one_or_none()
    if row is None:
        raise OrderNotFound
    return row


_SEES = text("SELECT EXISTS (SELECT 1 FROM order_detail d WHERE d.matter_id = :order_id)")


async def sees(connection: AsyncConnection, order_id: UUID) -> bool:
    """Whether the reader sees what an order is about, even where they do not see what they asked for of it."""
    return bool((await connection.execute(_SEES, {"order_id": order_id})).scalar_one())


_WAS_LET_GO = text("""
SELECT EXISTS (SELECT 1 FROM order_refusal r
                WHERE r.matter_id = :order_id AND r.person_id = app_actor() AND r.reason <> 'complaint')""")


async def was_let_go(connection: AsyncConnection, order_id: UUID) -> bool:
    """Whether the reader once declined an order or gave it back, or it was taken back from them."""
    return bool((await connection.execute(_WAS_LET_GO, {"order_id": order_id})).scalar_one())


async def works_at_station(connection: AsyncConnection) -> bool:
    """Whether the reader works at a station, of whichever place."""
    return bool((await connection.execute(select(func.app_holds([role.value for role in phoning.roles])))).scalar_one())


_MATCHING = text(f"""
SELECT subject.requester_id, subject.beneficiary_id, subject.placed_by, subject.state, {MATCHING.sql} AS found,
       (SELECT d.form FROM order_detail d WHERE d.matter_id = subject.id) AS form
  FROM matter subject WHERE subject.id = :order_id AND {to_sql((staff,), "subject")}""")


async def get_matching(
    connection: AsyncConnection, order_id: UUID
) -> tuple[set[UUID], Any, dict[UUID, RowMapping], dict[UUID, RowMapping]]:
    """Who could be offered an order: whom it serves, what the matcher looks at, the people with name and phone sealed, and the
    teams that they are in. For those who dispatch at its place; raises NotAllowed for others who see it, else OrderNotFound.
    WishIsClaimed. TransitionRefused: it has been done, or has ended."""
    row = (await connection.execute(_MATCHING, {"order_id": order_id})).mappings().one_or_none()
    if row is None:
        await get_waits(connection, order_id)
        raise NotAllowed(rules=(staff,), of=LIFECYCLE.kind)
    if row["form"] == Form.WISH:
        raise WishIsClaimed
    if row["state"] not in OPEN:
        raise TransitionRefused(f"现在是『{OrderState(row['state']).said(row['form'])}』,不再派单")
    ids = [UUID(one["person_id"]) for one in row["found"]["candidates"]]
    people = select(col(Person.id), col(Person.name_sealed), col(Person.phone_sealed)).where(col(Person.id).in_(ids))
    theirs = {UUID(team) for one in row["found"]["candidates"] for team in one["team_ids"]}
    teams = select(col(Team.id), col(Team.name), col(Team.colour)).where(col(Team.id).in_(theirs))
    return (
        {row["requester_id"], row["beneficiary_id"], row["placed_by"]},
        row["found"],
        {found["id"]: found for found in await rows(connection, people)},
        {found["id"]: found for found in await rows(connection, teams)},
    )


def _roles() -> ScalarSelect[Any]:
    """The reader's live roles at the order's place or above it; row-level security shows the reader's own grants."""
    g, a = RoleGrant, PlaceAncestor
    return (
        select(func.coalesce(func.array_agg(col(g.role).distinct()), text("'{}'")))
        .join(a, col(a.ancestor_id) == col(g.place_id))
        .where(
            col(a.place_id) == col(MatterRow.place_id),
            col(g.person_id) == func.app_actor(),
            col(g.starts_at) <= func.app_now(),
            or_(col(g.ends_at).is_(None), col(g.ends_at) > func.app_now()),
        )
        .scalar_subquery()
    )


_AGREED = """(SELECT a.meet_at FROM appointment a
                WHERE a.matter_id = history.matter_id AND CASE history.action WHEN 'propose' THEN a.proposed_at
                        WHEN 'confirm' THEN a.confirmed_at END = history.at LIMIT 1)"""


_HIDDEN = f"""array_remove(ARRAY[
  CASE WHEN NOT EXISTS (SELECT 1 FROM rating r WHERE r.matter_id = matter.id) THEN 'unsolved' END,
  CASE WHEN app_actor() NOT IN (matter.requester_id, matter.beneficiary_id, matter.placed_by, history.actor_id)
        AND (matter.assignee_id IS DISTINCT FROM app_actor() OR matter.state = '{OrderState.OFFERED}')
        AND NOT app_reaches(matter.place_id, '{{{",".join(sorted(station.roles))}}}') THEN 'outcome' END], NULL)"""
"""What the note of a step keeps from the reader: how somebody rated, from whoever does not read ratings; what was done in a home,
from who may only take the order (the pool, the team that was asked)."""


async def list_history(connection: AsyncConnection, order_id: UUID) -> Sequence[RowMapping]:
    """Every change of an order, oldest first; of one that proposed or confirmed a time, which. `hidden`: what of its note is not
    the reader's. Raises OrderNotFound."""
    steps: Select[*tuple[Any, ...]] = select(
        History.__table__,  # type: ignore[attr-defined]
        literal_column(_AGREED).label("agreed_on"),
        literal_column(_HIDDEN, ARRAY(Text)).label("hidden"),
        (col(History.actor_id) != col(MatterRow.beneficiary_id)).label("for_another"),
        select(col(OrderDetail.form))
        .where(col(OrderDetail.matter_id) == col(MatterRow.id))
        .scalar_subquery()
        .label("form"),
    ).join(MatterRow, col(MatterRow.id) == col(History.matter_id))
    query = steps.where(col(History.matter_id) == order_id).order_by(col(History.version))
    found = await rows(connection, query)
    if not found:
        raise OrderNotFound
    return found
