"""A plain model of an order's life, to be held against domain.md §3 and §4, sentence by sentence.

It is written from the domain's text and GLOSSARY.md, shares nothing with `app`, and knows no SQL: an order is a handful of
fields, and time is seconds on a wall. What an action does stands in `Model.<action>`, what speaks against it in `judge`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone
from typing import Any

from tests.database.order_promises import Promise

CHINA = timezone(timedelta(hours=8))
NEVER = datetime.max.replace(tzinfo=CHINA)
STAFF = {"派单员", "书记", "管理员"}
CHIEFS = {"书记", "管理员"}
BEFORE_SERVICE = {"submitted", "offered", "accepted"}
OPEN = BEFORE_SERVICE | {"in_service"}

MATTERS = {
    "offer": {"submitted"}, "decline": {"offered"}, "accept": {"offered"}, "claim": {"submitted", "offered"},
    "claim_wish": {"submitted"}, "assign": {"accepted"}, "release": {"accepted"}, "take_back": {"offered", "accepted"},
    "start": {"accepted"}, "wrong_code": {"accepted"}, "hand_over_papers": {"accepted"},
    "abort": {"in_service"}, "call_off": {"in_service"},
    "deliver": {"in_service"}, "rate": {"delivered"}, "rework": {"delivered", "rated"}, "reject": {"submitted"},
    "cancel": BEFORE_SERVICE, "convert": BEFORE_SERVICE, "propose": {"accepted"}, "confirm": {"accepted"},
    "contact": OPEN | {"delivered"}, "reply": OPEN, "ask": OPEN, "answer": OPEN, "write_plan": OPEN, "pause": OPEN,
    "resume": OPEN, "dispute": OPEN, "decide": OPEN, "record_authority": {"accepted", "in_service"},
    "withdraw_authority": {"accepted", "in_service"}, "change_contact": OPEN,
    "return_papers": OPEN | {"cancelled", "rejected", "converted"},
    "wrong_return_code": OPEN | {"cancelled", "rejected", "converted"},
}  # fmt: skip
"""From which states an action is taken (§3's table; what is said and agreed: while it is open)."""


@dataclass
class Volunteer:
    """What is known of a volunteer: where they serve, what they can do, and when (§3, 派单)."""

    area: str = "east"
    skilled: bool = True
    capacity: int = 3
    quiet: tuple[int, int] | None = None
    away_until: datetime | None = None
    delivered: list[datetime] = field(default_factory=list)


@dataclass
class Told:
    topic: str
    who: str | None


@dataclass
class Model:
    """One order, and who may do what to it now. `people` are volunteers by name; `ids` break ties as the glossary says."""

    now: datetime
    requester: str
    beneficiary: str
    placed_by: str
    form: str
    matcher: bool
    people: dict[str, Volunteer]
    ids: dict[str, Any]
    represents: set[str]
    lead: str = "队长"
    members: tuple[str, ...] = ("队长", "队员", "生手")
    state: str = "submitted"
    round: int = 1
    assignee: str | None = None
    team: bool = False
    open_pool: bool = False
    holder: str | None = None
    failures: int = 0
    preferred: str | None = None
    team_before: bool = False
    refused: set[tuple[str, bool]] = field(default_factory=set)
    declined: set[tuple[str, bool]] = field(default_factory=set)
    complained: set[tuple[str, bool]] = field(default_factory=set)
    replaced: set[str | None] = field(default_factory=set)
    promises: list[Promise] = field(default_factory=list)
    appointment: datetime | None = None
    proposed: tuple[str, datetime] | None = None
    reached: bool = False
    reached_about_papers: bool = False
    question: bool = False
    accepted_at: datetime = NEVER
    authority: tuple[str | None, datetime] | None = None
    authority_by: str | None = None
    papers_out: list[int] = field(default_factory=list)
    papers: int = 0
    keepers: set[str] = field(default_factory=set)
    returns: int = 0
    paused: dict[str, Any] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    booked: bool = False
    day_cancelled: bool = False
    rated_rounds: set[int] = field(default_factory=set)
    wrong: list[datetime] = field(default_factory=list)
    leavers: list[tuple[datetime, str]] = field(default_factory=list)
    given_back: bool = False
    day: bool = False
    slot_at: datetime = NEVER

    # ---- who sees, who may ------------------------------------------------------------------------------------------

    @property
    def theirs(self) -> set[str]:
        return {self.requester, self.beneficiary}

    @property
    def own_people(self) -> set[str]:
        """Who never serves it: whoever placed it, benefits from it, or represents whom it serves (§1)."""
        return self.theirs | {self.placed_by} | self.represents

    @property
    def voices(self) -> set[str]:
        """Who speaks for the resident's side: whose it is, and whoever passes on what they say: who placed it for a caller, and
        while it is open the station, where anybody rings."""
        return self.theirs | self.passes_on | ({"站点"} if self.state in OPEN else set())

    @property
    def passes_on(self) -> set[str]:
        """The staff who placed it for a caller; no representative, who is the requester or nobody to it."""
        return {self.placed_by} & (STAFF | {"站点"})

    def in_area(self, who: str) -> bool:
        return who in self.people and self.people[who].area == "east"

    def belongs(self, who: str) -> bool:
        """Has a role here, and so sees what is held here."""
        return who not in {"西居民", "西派单员", "西志愿者"}

    def sees(self, who: str) -> bool:
        """Theirs, whoever placed it for them, whoever has it, the team that it is offered to, who dispatches here; what is open,
        every volunteer here; and whoever has papers of it that are out."""
        return (
            who in self.theirs
            or who in self.passes_on
            or who in STAFF
            or who == self.assignee
            or (self.team and who in self.members)
            or (self.open_pool and self.in_area(who))
            or self.phones(who)
            or who in self.keepers
        )

    def phones(self, who: str) -> bool:
        """The station's staff answer whoever rings until it was rated, and call the resident before a start without a code (§3,
        start)."""
        return who == "站点" and self.state in {*OPEN, "delivered"}

    def may(self, action: str, who: str) -> bool:  # noqa: PLR0911 - one line for each answer
        """§3's column "who", and the glossary's for what is said and agreed."""
        serving = {self.assignee} - {None}
        match action:
            case "offer" | "reject" | "convert" | "resume" | "take_back":
                return who in STAFF
            case "pause" | "decide":
                return who in CHIEFS
            case "decline" | "start" | "wrong_code" | "hand_over_papers" | "deliver":
                return who in serving
            case "accept":
                return who in serving or (self.team and who in self.members)
            case "claim" | "claim_wish":
                return self.open_pool and self.in_area(who)
            case "assign":
                return self.team and who == self.lead
            case "release":
                return who in serving or (self.team and who == self.lead)
            case "abort" | "call_off":
                return who in serving | self.voices | STAFF
            case "cancel" | "answer" | "record_authority" | "withdraw_authority" | "change_contact":
                return who in self.voices | STAFF
            case "rate":
                return who in self.theirs | self.passes_on
            case "dispute":
                return who in self.theirs
            case "rework":
                return who in CHIEFS or (self.state != "rated" and who in self.theirs | self.passes_on)
            case "propose" | "confirm":
                return who in STAFF | serving | {self.requester} | (self.voices - self.theirs)
            case "return_papers" | "wrong_return_code":
                return who in STAFF | serving | self.keepers
            case "contact":
                asked = serving if self.state in {"accepted", "in_service", "delivered"} else set()
                return who in STAFF | asked or self.phones(who)
            case _:
                return who in STAFF | serving

    def fit(self, who: str, *, asked: bool = True) -> bool:
        """Qualified and in area, below the day's capacity; who is asked (not: who takes it unasked) is also on duty."""
        if not self.in_area(who):
            return False
        v = self.people[who]
        if not v.skilled or self.taken(who) >= v.capacity:
            return False
        if not asked:
            return True
        local = self.now.astimezone(CHINA)
        minute = local.hour * 60 + local.minute
        quiet = False
        if v.quiet:
            begins, ends = v.quiet
            quiet = begins <= minute < ends if begins < ends else minute >= begins or minute < ends
        return not quiet and not self.away(who)

    def away(self, who: str) -> bool:
        """They have said so, and neither are asked nor take anything until then."""
        until = self.people[who].away_until
        return bool(until and until > self.now)

    def taken(self, who: str, *, but_this: bool = False) -> int:
        """The orders that they hold, or finished today."""
        if self.assignee == who and self.state in {"offered", "accepted", "in_service"}:
            return 0 if but_this else 1
        today = self.now.astimezone(CHINA).date()
        return sum(at.astimezone(CHINA).date() == today for at in self.people[who].delivered)

    # ---- what speaks against an action --------------------------------------------------------------------------------

    def judge(self, action: str, who: str, **given: Any) -> set[str]:
        """The codes of the refusals that fit; none: it is accepted."""
        if action in {"away", "hand_over", "cancel_day", "end_consent", "time", "sleep"}:
            return set(getattr(self, f"_judge_{action}")(who, **given))
        if not self.sees(who):
            return {"order-not-found"}
        if self.state not in MATTERS[action]:
            return {"transition-refused"} | (
                {"not-allowed"} if action == "rework" or not self.may(action, who) else set()
            )
        if not self.may(action, who):
            return {"not-allowed"}
        return set(getattr(self, f"_judge_{action}", lambda _, **__: ())(who, **given))

    def _judge_away(self, who: str, **_: Any) -> Iterable[str]:
        return () if who in self.people else ("not-allowed",)

    def _judge_hand_over(self, who: str, *, to: str) -> Iterable[str]:
        """Whoever empties the pool hands over at the end of a shift (§1: dispatcher, secretary)."""
        if who not in {"派单员", "书记"}:
            yield "not-allowed"
        elif to == who or to not in {"派单员", "书记"}:
            yield "not-on-duty"

    def _judge_end_consent(self, who: str) -> Iterable[str]:
        """Either side, and the staff there who record it (§1); once."""
        if who not in {"女儿", "王奶奶", "站点"} | STAFF:
            yield "representation-not-found"
        elif not self.represents:
            yield "representation-ended"

    def _judge_cancel_day(self, who: str) -> Iterable[str]:
        if not self.day:
            yield "service-day-not-found"
        elif who not in STAFF | {self.lead}:
            yield "not-allowed"
            if not self.belongs(who):
                yield "service-day-not-found"
        elif self.day_cancelled or self.slot_at <= self.now:
            yield "day-over"

    def _judge_offer(self, who: str, *, to: str) -> Iterable[str]:
        """Qualified, in area, on duty, not in quiet hours, below capacity; whoever declined is not offered it again in the round,
        and whoever was complained of not at all."""
        if self.form == "wish":
            yield "wish-is-claimed"
        if who in self.own_people:
            yield "own-order"
        if to == "team":
            asked = [m for m in self.members if m not in self.own_people and self.fit(m) and not self.unwelcome(m)]
            refused = any(t for _, t in self.declined)
            complained = any(t for _, t in self.complained) or self.unwelcome(self.lead)
            if not asked:
                yield "team-not-qualified"
        else:
            refused = any(who == to for who, _ in self.declined)
            complained = self.unwelcome(to)
            if to in self.own_people:
                yield "own-order"
            if not self.fit(to):
                yield "volunteer-not-qualified"
        if refused:
            yield "already-refused"
        if complained:
            yield "complained-of"

    def _judge_accept(self, who: str) -> Iterable[str]:
        """The offered volunteer; for a team its lead or a qualified member."""
        if who in self.own_people:
            yield "own-order"
        if (
            not self.in_area(who)
            or (who != self.assignee and not self.fit(who))
            or self.kept_away(who)
            or self.away(who)
        ):
            yield "volunteer-not-qualified"

    def unwelcome(self, who: str) -> bool:
        """The resident complained of them: on this order they do not come again."""
        return any(who == name for name, _ in self.complained)

    def kept_away(self, who: str) -> bool:
        """Nor, in this round, whom the resident asked to replace."""
        return self.unwelcome(who) or who in self.replaced

    def _judge_take_back(self, who: str, *, why: str = "no_answer") -> Iterable[str]:
        """What has a confirmed appointment comes back by itself when nobody begins; unless one of the two sides has said so."""
        if self.appointment and why == "no_answer":
            yield "appointment-stands"

    def _judge_abort(self, who: str) -> Iterable[str]:
        """A place on a service day is given to nobody else."""
        if self.booked:
            yield "booking-ends"

    def _judge_claim(self, who: str) -> Iterable[str]:
        if self.form == "wish":
            yield "wish-is-claimed"
        yield from self._judge_taking(who)

    def _judge_claim_wish(self, who: str) -> Iterable[str]:
        if self.form != "wish":
            yield "not-for-this-service"
        yield from self._judge_taking(who)

    def _judge_taking(self, who: str) -> Iterable[str]:
        if who in self.own_people:
            yield "own-order"
        v = self.people[who]
        if not v.skilled or self.taken(who, but_this=True) >= v.capacity or self.kept_away(who) or self.away(who):
            yield "volunteer-not-qualified"

    def _judge_assign(self, who: str, *, to: str) -> Iterable[str]:
        if to in self.own_people:
            yield "own-order"
        if to == self.assignee:
            yield "already-assigned"
        if to not in self.members:
            yield "not-of-the-team"
        if not self.fit(to) or self.kept_away(to):
            yield "volunteer-not-qualified"

    def _judge_start(self, who: str, *, how: str) -> Iterable[str]:
        """A one-time code or a card; without either, after a call by station staff. Errands start with the papers."""
        if self.form == "errand":
            yield "errand-starts-with-papers"
        elif how == "unverified" and not self.reached:
            yield "not-reached"
        elif how != "unverified" and self.door_is_closed:
            yield "start-code-locked"

    @property
    def door_is_closed(self) -> bool:
        """Five wrong codes within ten minutes close it until ten minutes after the first (domain.md §3)."""
        return len(self.wrong) >= 5 and self.now < self.wrong[0] + timedelta(minutes=10)

    def _judge_hand_over_papers(self, who: str, *, how: str = "code") -> Iterable[str]:
        """As a start; the authority comes first."""
        if self.form != "errand":
            yield "not-for-this-service"
        elif not self.authority or self.authority[0] != who or self.authority[1] <= self.now:
            yield "no-authority"
        elif how == "unverified":
            if not self.reached:
                yield "not-reached"
        elif self.door_is_closed:
            yield "start-code-locked"

    def _judge_return_papers(self, who: str, *, how: str = "code") -> Iterable[str]:
        """Without a code the staff bring them back, or have called since papers last changed hands."""
        if self.form != "errand":
            yield "not-for-this-service"
        elif not self.papers_out:
            yield "papers-not-out"
        elif how == "unverified":
            if who not in STAFF and not self.reached_about_papers:
                yield "not-reached"
        elif self.door_is_closed:
            yield "start-code-locked"

    def _judge_record_authority(self, who: str) -> Iterable[str]:
        if self.form != "errand":
            yield "not-for-this-service"

    def _judge_withdraw_authority(self, who: str) -> Iterable[str]:
        if self.form != "errand":
            yield "not-for-this-service"
        elif not self.authority:
            yield "no-authority"

    def _judge_wrong_code(self, who: str) -> Iterable[str]:
        return self._judge_hand_over_papers(who) if self.form == "errand" else self._judge_start(who, how="code")

    _judge_wrong_return_code = _judge_return_papers

    def _judge_deliver(self, who: str) -> Iterable[str]:
        """In the resident's name nothing is done without an authority, and papers come back first."""
        if self.papers_out:
            yield "papers-out"
        if self.form == "errand" and not self.authority:
            yield "no-authority"

    def _judge_rate(self, who: str, *, solved: str, stars: int, reason: bool) -> Iterable[str]:
        """A reason when low."""
        if not reason and (solved == "no" or stars <= 2):
            yield "reason-missing"

    def _judge_rework(self, who: str, **_: Any) -> Iterable[str]:
        """One automatic round, the second needs the secretary."""
        if self.round >= 2 and who not in CHIEFS:
            yield "second-rework"

    def _judge_propose(self, who: str, *, hours: int | None) -> Iterable[str]:
        """Another time may be proposed while one stands, and has not been missed; a slot is booked as it is. Who names the time
        that stands says no to another one (`hours` None)."""
        yield from self._judge_agreeing(who)
        if hours is None and (not self.appointment or self.appointment <= self.now):
            yield "appointment-too-early"
        elif hours is None and not self.proposed:
            yield "appointment-stands"
        if hours is not None and not self.by_day(self.now + timedelta(hours=hours)):
            yield "appointment-at-night"

    @staticmethod
    def by_day(at: datetime) -> bool:
        """Nobody is visited by night (ours)."""
        return time(7) <= at.astimezone(CHINA).time() <= time(21)

    def _judge_agreeing(self, who: str) -> Iterable[str]:
        """Both sides confirm a time (§3): nobody else moves what they agreed on."""
        if self.appointment and who not in self.voices | {self.assignee}:
            yield "agreed-by-two"
        missed = self.live("appointment")
        if missed and missed.at(100) <= self.now:
            yield "appointment-missed"
        if self.booked:
            yield "slot-not-movable"

    def _judge_confirm(self, who: str, *, seen: bool = True) -> Iterable[str]:
        """Both sides confirm a time, and the one that they have seen; whoever is not sent any more has proposed in vain."""
        by = self.proposed and self.proposed[0]
        if (
            not self.proposed
            or (self.proposed[0] in self.voices) == (who in self.voices)
            or self.proposed[1] <= self.now
            or (self.appointment and by not in self.voices | {self.assignee})
        ):
            yield "no-appointment"
        elif not seen:
            yield "another-time"
        yield from self._judge_agreeing(who)

    def _judge_answer(self, who: str) -> Iterable[str]:
        if not self.question:
            yield "question-not-found"

    def _judge_pause(self, who: str, *, kind: str, seconds: int) -> Iterable[str]:
        """Respond and reply never pause. All pauses together are at most twice the budget."""
        promise = self.live(kind)
        if promise is None:
            yield "nothing-to-pause"
            yield "deadline-not-found"
        elif not promise.pausable or promise.is_paused(self.now):
            yield "nothing-to-pause"
        elif seconds > promise.pause_left(self.now):
            yield "paused-too-long"

    def on_edge(self, action: str, **given: Any) -> bool:
        """Whether milliseconds decide: a pause exactly as long as may be. Such a step is not taken."""
        promise = self.live(given["kind"]) if action == "pause" else None
        return promise is not None and abs(given["seconds"] - promise.pause_left(self.now)) < 10

    def _judge_resume(self, who: str, *, kind: str) -> Iterable[str]:
        promise = self.live(kind)
        if promise is None or not promise.is_paused(self.now):
            yield "nothing-to-pause"
            yield "pause-not-found"
            yield "deadline-not-found"

    def _judge_dispute(self, who: str) -> Iterable[str]:
        if not self.paused:
            yield "pause-not-found"
        elif self.paused["disputed"]:
            yield "already-disputed"

    def _judge_decide(self, who: str, **_: Any) -> Iterable[str]:
        if not self.paused:
            yield "pause-not-found"
            return
        if not self.paused["disputed"] or self.paused["decided"]:
            yield "not-disputed"
        if self.paused["by"] == who:
            yield "own-pause"
