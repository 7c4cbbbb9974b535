"""What a verb decides: plain data that the kernel writes in one statement.

Fluent to write, lists underneath, so a test compares values. One Change concerns one subject: a matter, or a record (a
service, a role, a policy), which has a version but no state machine.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from sqlmodel import SQLModel

from app.kernel.deadline_tables import DeadlinePause, PauseReason
from app.kernel.deadlines import Policy, Stretch, Timing
from app.kernel.doubles import Double
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.kernel.matter import Matter, TimedDeadline
from app.kernel.rules import Actor, Role, Rule


class Office(StrEnum):
    """Whom a matter that officers hold tells: the head of its seat, its unit, or the lead of its board (the SQL function
    told_of)."""

    SEAT = "seat"
    LEAD = "lead"
    UNIT = "unit"
    UNIT_HEAD = "unit_head"
    UNIT_DEPUTY = "unit_deputy"


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the outbox: a notice to a person or to the holders of a role, or a reaction that the worker runs.

    `to_role`: a Role, a Role from a level upward ('dispatcher@street'), or an Office. `place_id`: where it is about, when
    that is not the subject's own place.
    """

    topic: str
    to_person: UUID | None = None
    to_role: str | None = None
    payload: dict[str, Any] = field(default_factory=dict)
    place_id: UUID | None = None
    id: UUID = field(default_factory=new_id, compare=False)

    @property
    def sort(self) -> str:
        return "event" if self.to_person is None and self.to_role is None else "notice"


@dataclass(frozen=True, slots=True)
class Row:
    """A new row of a table of the room's own; columns that are left out get the model's default."""

    table: type[SQLModel]
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Patch:
    """New values for some columns of a detail row that exists, found by the table's primary key."""

    table: type[SQLModel]
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Retime:
    """New moments for the marks of a deadline that have not fired; one that was stopped runs again. `policy`: from now on they
    are those of another one, but for the first `kept`."""

    deadline: TimedDeadline
    timing: Timing
    workdays_id: UUID | None
    policy: Policy | None = None
    kept: int | None = None

    def row(self) -> dict[str, Any]:
        """As message 3 writes it: what has fired keeps its moment, and what was kept from another policy."""
        stay = max(self.deadline.fired, self.kept or 0, self.deadline.kept or 0)
        times = (*self.deadline.times[:stay], *self.timing.times()[stay:])
        pinned: dict[str, Any]
        if self.policy is None:
            pinned = {"extension_seconds": int((self.timing.budget - self.deadline.at_first).total_seconds())}
        else:
            pinned = {
                "policy_id": self.policy.id,
                "percents": self.timing.percents,
                "hours_id": self.policy.hours_id,
                "pausable": self.policy.pausable,
                "kept": self.kept,
            }
        return pinned | {
            "id": self.deadline.id,
            "due_at": times[self.timing.percents.index(100)],
            "times": times,
            "workdays_id": self.workdays_id,
            "budget_seconds": int(self.timing.budget.total_seconds()),
            "calendar_missing": bool(self.timing.calendar.missing_years(self.timing.started_at, max(times))),
        }


@dataclass(slots=True)
class Change:
    """One change of one subject. `version` is the one that was seen; the stored one will be `version + 1`."""

    kind: str
    id: UUID
    place_id: UUID | None
    version: int
    action: str
    actor: Actor
    through: str
    at: datetime
    state: str
    state_label: str | None = None
    from_state: str | None = None
    matter: Matter[Any] | None = None
    columns: dict[str, Any] = field(default_factory=dict)
    starts: list[str] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    retimes: list[Retime] = field(default_factory=list)
    anchors: dict[str, tuple[datetime | None, datetime | None]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    patches: list[Patch] = field(default_factory=list)
    remark: dict[str, Any] = field(default_factory=dict)
    refusal: Refusal | None = None
    waits: Office | None = None
    doubles: tuple[Double, ...] = ()
    said: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, matter: Matter[Any], action: str, target: str, label: str, actor: Actor, rule: Rule, now: datetime
    ) -> Self:
        """The change of a matter to the state `target`, which people call `label`; rooms reach it through their Lifecycle."""
        return cls(
            kind=matter.kind,
            id=matter.id,
            place_id=matter.place_id,
            version=matter.version,
            action=action,
            actor=actor,
            through=str(rule.via),
            at=now,
            state=target,
            state_label=label,
            from_state=matter.state if matter.version else None,
            matter=matter,
        )

    @classmethod
    def record(
        cls,
        kind: str,
        subject_id: UUID,
        action: str,
        actor: Actor,
        now: datetime,
        *,
        place_id: UUID | None,
        version: int = 0,
    ) -> Self:
        """The change of a record: its rows and patches, and a line in the audit."""
        return cls(
            kind=kind,
            id=subject_id,
            place_id=place_id,
            version=version,
            action=action,
            actor=actor,
            through="record",
            at=now,
            state=action,
        )

    def set(self, **columns: Any) -> Self:
        """New values for the matter's own columns: requester_id, assignee_id, team_id, seat_id, unit_id, holder_id, open_pool,
        round."""
        self.columns.update(columns)
        return self

    def start(self, *kinds: str) -> Self:
        """Start deadlines; budget, calendar and marks come from the policy that holds at the place now."""
        self.starts.extend(kinds)
        return self

    def anchor(self, kind: str, *, begins: datetime | None = None, until: datetime | None = None) -> Self:
        """A deadline that this change starts begins at another moment than now, or is due at a promised one."""
        self.anchors[kind] = (begins, until)
        return self

    def retime(self, deadline: TimedDeadline, timing: Timing, workdays_id: UUID | None = None) -> Self:
        """Compute the moments of a deadline anew: after a pause, its end, an extension, or a calendar that came."""
        self.retimes.append(Retime(deadline, timing, workdays_id or deadline.workdays_id))
        return self

    def go_on(self, deadline: TimedDeadline, since: datetime, pauses: Iterable[Stretch] | None = None) -> Self:
        """A deadline that was stopped at `since` runs again with the time used: the stretch until now does not count.
        `pauses`: its others, where they are not as stored."""
        stretches = [(p.from_at, p.until_at) for p in deadline.pauses if not p.annulled] if pauses is None else pauses
        return self.insert(
            DeadlinePause,
            deadline_id=deadline.id,
            matter_id=self.id,
            place_id=self.place_id,
            reason=PauseReason.UNDONE.value,
            paused_by=self.actor.id,
            from_at=since,
            until_at=self.at,
            limit_at=self.at,
        ).retime(deadline, deadline.timing.with_pauses((*stretches, (since, self.at))))

    def follow(self, deadline: TimedDeadline, timing: Timing, policy: Policy, kept: int) -> Self:
        """A live deadline goes on under another policy, with the timing that this one has taken over, its first `kept` marks
        as they are."""
        self.retimes.append(Retime(deadline, timing, policy.workdays_id, policy, kept))
        return self

    def waits_for_opening(self, office: Office) -> Self:
        """Where the limits that start begin later, since nobody works now, this office is told so, and not the requester."""
        self.waits = office
        return self

    def stop(self, *kinds: str) -> Self:
        """Stop the live deadlines of these kinds."""
        self.stops.extend(kinds)
        return self

    def tell(self, person: UUID | None, topic: str, **payload: Any) -> Self:
        """A notice to one person; to nobody it is dropped."""
        if person is not None:
            self.events.append(Event(topic, to_person=person, payload=payload))
        return self

    def tell_served(self, topic: str, **payload: Any) -> Self:
        """A notice to whoever asked for the matter and to whom it serves: one, where they are one."""
        if self.matter is not None:
            for person in dict.fromkeys((self.matter.requester_id, self.matter.beneficiary_id)):
                self.tell(person, topic, **payload)
        return self

    def tell_others(self, topic: str, **payload: Any) -> Self:
        """A notice to both sides of the matter – who asked for it, whom it serves, who serves – but for whoever does this."""
        if self.matter is not None:
            sides = (self.matter.requester_id, self.matter.beneficiary_id, self.matter.assignee_id)
            for person in dict.fromkeys(sides):
                self.tell(None if person == self.actor.id else person, topic, **payload)
        return self

    def tell_role(
        self, role: Role, topic: str, *, place_id: UUID | None = None, level: str | None = None, **payload: Any
    ) -> Self:
        """A notice to whoever holds `role` at the nearest place upward – of the subject, or of another place that it is
        about; from `level` on, if one is named –, at last the administrator."""
        told = role if level is None else f"{role}@{level}"
        self.events.append(Event(topic, to_role=told, payload=payload, place_id=place_id))
        return self

    def tell_office(self, office: Office, topic: str, **payload: Any) -> Self:
        """A notice to whoever heads the matter's seat, or works in its unit."""
        self.events.append(Event(topic, to_role=office, payload=payload))
        return self

    def emit(self, topic: str, **payload: Any) -> Self:
        """An event that a reaction of the worker answers, in a transaction of its own."""
        self.events.append(Event(topic, payload=payload))
        return self

    def insert(self, table: type[SQLModel], **values: Any) -> Self:
        """A row of the room's own tables, written with the change."""
        self.rows.append(Row(table, values))
        return self

    def patch(self, table: type[SQLModel], **values: Any) -> Self:
        """New column values, the primary key among them, for a row of the room's own tables."""
        self.patches.append(Patch(table, values))
        return self

    def note(self, **values: Any) -> Self:
        """What the history keeps of this change beside action and states; never personal data."""
        self.remark.update(values)
        return self

    def besides(self, doubles: tuple[Double, ...]) -> Self:
        """The receipt names the same that is open already."""
        self.doubles = doubles
        return self

    def say(self, **values: Any) -> Self:
        """What the receipt says of its own operation beside subject and state; never personal data."""
        self.said.update(values)
        return self

    def refuse(self, refusal: Refusal) -> Self:
        """Store this change and then answer with the refusal (a wrong code that is counted)."""
        self.refusal = refusal
        return self
