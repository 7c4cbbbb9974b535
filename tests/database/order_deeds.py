"""What happens to the plain model's order when an action is accepted (domain.md §3, §4)."""

from datetime import datetime, timedelta
from typing import Any

from tests.database.order_model import STAFF
from tests.database.order_promises import Pause, Promise
from tests.database.order_time import Timed

ENDED = {"rated", "closed_unrated", "cancelled", "rejected", "converted"}


class Deeds(Timed):
    """The model, as people act on it: `do` an action."""

    failures_before_pool = 2

    # ---- commands -------------------------------------------------------------------------------------------------------

    def born(self, how: str) -> None:
        """Placed, by whomever; a booking is accepted from the start, and its appointment is confirmed."""
        if how == "book":
            self.day = self.booked = self.team = True
            self.state, self.assignee, self.accepted_at = "accepted", self.lead, self.now
            self.appoint(self.slot_at)
            self.tell("order.booked", self.lead)
            return
        self.wait_for_the_community()
        self.open_pool = self.form == "wish"
        if not self.open_pool:
            self.tell("order.placed", "派单员")

    def wait_for_the_community(self) -> None:
        """From the moment an order is received: "2341"; and somebody is offered it within three minutes, unless it is open to
        whoever claims it in a name."""
        self.begin("respond", "reply", "coordinate", "plan")
        if self.form != "wish":
            self.begin("dispatch")

    def do(self, action: str, who: str, **given: Any) -> None:
        getattr(self, f"_do_{action}")(who, **given)

    def _do_offer(self, who: str, *, to: str) -> None:
        self.state, self.team, self.assignee = "offered", to == "team", self.lead if to == "team" else to
        self.stop("dispatch")
        self.begin("offer")
        self.tell("order.offered", self.assignee)

    def _do_decline(self, who: str) -> None:
        self.refused.add((who, self.team))
        self.declined.add((who, self.team))
        self._failed()
        self.tell("order.declined", "派单员")

    def _failed(self) -> None:
        """After two failures it opens to every qualified volunteer, and the duty officer is told at once."""
        self.failures += 1
        if self.failures >= self.failures_before_pool:
            self.open_pool = True
        self.stop("offer")
        self._let_go(dispatched=not self.open_pool)

    def _let_go(self, *, dispatched: bool = True) -> None:
        """The matcher offers no more what two failures opened to all: those who stay silent would be asked for ever."""
        self.state, self.assignee, self.team = "submitted", None, False
        if self.form != "wish" and dispatched:
            self.begin("dispatch")

    def _do_accept(self, who: str) -> None:
        self.state, self.assignee, self.accepted_at = "accepted", who, self.now
        self.reached = False
        self.stop("offer")
        self.stop("respond", by="acceptance")
        self.tell("order.accepted", self.requester)

    def _do_claim(self, who: str) -> None:
        offered_to = self.assignee
        self.team = False
        self.stop("dispatch")
        self._do_accept(who)
        if offered_to != who:
            self.tell("order.taken", offered_to)

    def _do_claim_wish(self, who: str) -> None:
        self.state, self.assignee, self.accepted_at = "accepted", who, self.now
        self.reached = False
        self.stop("respond", by="acceptance")
        self.begin("wish")
        self.tell("order.wish_claimed", self.requester)

    def _do_assign(self, who: str, *, to: str) -> None:
        self.tell("order.assigned", to)
        self.tell("order.taken_back", self.assignee)
        self.assignee = to

    def _do_release(self, who: str) -> None:
        if self.booked:
            self._end_booking("order.booking_let_go", "派单员")
            return
        self.refused.add((self.assignee, self.team))
        self._give_back()
        self.tell("order.released", "派单员")

    def _do_take_back(self, who: str, *, why: str = "no_answer") -> None:
        """As when it is given back, by the staff; whoever had it is told. Whom the resident wants no more is not offered it
        again."""
        if self.booked:
            self._end_booking("order.cancelled", self.assignee)
            return
        self.refused.add((self.assignee, self.team))
        if why == "resident_asks":
            self.declined.add((self.assignee, self.team))
            self.replaced.add(self.assignee)
        if self.state == "offered":
            self.tell("order.offer_taken_back", self.assignee)
            self.stop("offer")
            self._let_go(dispatched=not self.open_pool)
        else:
            self.tell("order.taken_back", self.assignee)
            self._give_back()

    def _give_back(self, *undone: str) -> None:
        """What this acceptance, appointment or plan had stopped goes on with the time used; whoever leads the team hears that it
        lost the order."""
        if self.team and self.assignee != self.lead:
            self.tell("order.team_lost", self.lead)
        self._undo(undone or ("acceptance", "appointment", "plan"))
        self._let_go()

    def _end_booking(self, topic: str, whom: str | None) -> str:
        """What is booked is a place with this team at this time: let go or missed, it ends (ours)."""
        self.tell(topic, whom)
        self.tell("order.booking_ended", self.requester)
        self.booked = False
        self._end("cancelled")
        return "end_booking"

    def _undo(self, undone: tuple[str, ...]) -> None:
        self.appointment = self.proposed = None
        self.authority = None
        self.stop("appointment", "wish", "finish")
        stopped = [p for p in self.promises if p.round == self.round and p.stopped and p.stopped >= self.accepted_at]
        for promise in stopped:
            if promise.stopped_by in undone and not self.live(promise.kind):
                for pause in promise.pauses:
                    if pause.sort == "question" and promise.stopped < pause.ends <= self.now:
                        pause.ends = max(pause.begins, promise.stopped)  # nothing waited for it any more
                promise.pauses.append(Pause(promise.stopped, self.now, "undone"))
                promise.stopped = None
                if promise.kind == "plan" and "plan" in undone:
                    self.stop("promise", "promise_late")

    def _do_start(self, who: str, *, how: str = "code") -> None:
        """Starting stops the appointment and begins a finish deadline."""
        self.state = "in_service"
        self.proposed = None
        self.stop("appointment", "wish")
        self.begin("finish")
        if self.form != "errand":
            self.tell("order.started", self.requester)

    def _do_hand_over_papers(self, who: str, **_: str) -> None:
        self.reached_about_papers = False
        self.papers += 1
        self.papers_out.append(self.papers)
        self.keepers.add(who)
        self._do_start(who)
        self.tell("order.papers_handed_over", *self.theirs, who)

    def _do_return_papers(self, who: str, **_: str) -> None:
        self.reached_about_papers = False
        self.tell("order.papers_returned", *self.theirs, who)
        self.papers_out = []
        self.keepers.clear()
        self.returns += 1

    def _do_record_authority(self, who: str) -> None:
        self.authority, self.authority_by = (self.assignee, self.now + timedelta(days=60)), who
        self.tell("order.authority_recorded", self.assignee)

    def _do_withdraw_authority(self, who: str) -> None:
        self.authority = None
        self.tell("order.authority_withdrawn", self.assignee)

    def _do_wrong_code(self, who: str) -> None:
        if self.wrong and self.now >= self.wrong[0] + timedelta(minutes=10):
            self.wrong.clear()
        self.wrong.append(self.now)

    _do_wrong_return_code = _do_wrong_code

    def _do_abort(self, who: str) -> None:
        self.refused.add((self.assignee, self.team))
        self.tell("order.aborted", "派单员")
        self._give_back()

    def _do_call_off(self, who: str) -> None:
        self._end("cancelled")

    def _end(self, state: str) -> None:
        self.state = state
        self.authority = None
        self.appointment = self.proposed = None
        self.stop_all()

    def _do_deliver(self, who: str) -> None:
        self.people[who].delivered.append(self.now)
        self.authority = None
        self.appointment = self.proposed = None
        self.stop_all()
        self.state = "delivered"
        self.begin("rating")
        self.tell("order.delivered", self.requester)

    def _do_rate(self, who: str, *, solved: str, stars: int, reason: bool) -> None:
        """Rated unsolved: one automatic round; the second needs the secretary."""
        self.rated_rounds.add(self.round)
        if who not in self.theirs:
            self._tell_caller()
        if solved == "no" and self.round == 1:
            self._begin_again(about_attitude=False)
            return
        self.tell("order.rated", self.assignee)
        self.state = "rated"
        self.stop_all()
        if solved == "no":
            self.tell("order.unsolved", "书记")
            self.tell("order.secretary_decides", self.requester)

    def _do_rework(self, who: str, *, about_attitude: bool) -> None:
        self._begin_again(about_attitude=about_attitude)

    def _begin_again(self, *, about_attitude: bool) -> None:
        """Round + 1, the same person and the same team first, unless the complaint is about attitude."""
        self.stop_all()
        self.round += 1
        self.wrong.clear()
        self.refused, self.declined, self.replaced = set(), set(), set()
        if about_attitude:
            self.complained.add((self.assignee, self.team))
        self.preferred = None if about_attitude else self.assignee
        self.team_before = self.team and not about_attitude
        if not about_attitude:
            self.tell("order.wanted_again", self.assignee)
        self.failures, self.paused = 0, {}
        self.booked = False
        self.open_pool = self.form == "wish"
        self._let_go()
        self.wait_for_the_community()
        self.tell("order.reworked", "派单员")

    def _do_reject(self, who: str) -> None:
        self._end("rejected")
        self.tell("order.rejected", self.requester)

    def _do_convert(self, who: str) -> None:
        self.tell("order.converted", "书记", self.requester)
        self.tell("order.converted_away", self.assignee)
        self._end("converted")

    def _do_cancel(self, who: str) -> None:
        self.tell("order.cancelled", self.assignee)
        if who not in self.theirs:
            self._tell_caller()
        found = self.state in {"offered", "accepted"} and self.form != "wish" and not self.booked
        if found and not self.papers_out and who != "派单员":
            self.tell("order.not_needed", "派单员")
        self._end("cancelled")

    # ---- what is said and agreed --------------------------------------------------------------------------------------------

    def _do_contact(self, who: str, *, channel: str) -> None:
        """A recorded contact by a person stops respond; when an acceptance had before, both have, and the contact stays."""
        called = (who in STAFF or self.phones(who)) and channel in {"phone", "visit"}
        self.reached |= called
        self.reached_about_papers |= called
        self.stop("respond", by="contact")
        self._settled_too("respond", by="contact")

    def _settled_too(self, kind: str, *, by: str) -> None:
        for promise in self.promises:
            if (
                promise.kind == kind
                and promise.round == self.round
                and promise.stopped
                and promise.stopped_by != "contact"
            ):
                promise.stopped_by = by

    def _do_reply(self, who: str) -> None:
        self.stop("reply", "reply_in_person", by="reply")
        self.tell("order.replied", self.requester)

    def _do_ask(self, who: str) -> None:
        """Coordinate and plan wait for the answer, together at most twice their budgets."""
        self.question = True
        for promise in (self.live("coordinate"), self.live("plan")):
            if promise and not promise.is_paused(self.now) and (left := promise.pause_left(self.now)) > 0:
                self._hold_up(promise, left, "question")
        self.tell("order.asked", self.requester)

    def _hold_up(self, promise: Promise, seconds: float, sort: str) -> None:
        promise.pauses.append(Pause(self.now, self.now + timedelta(seconds=seconds), sort))

    def _go_on(self, promise: Promise, *sorts: str) -> None:
        for pause in promise.pauses:
            if pause.sort in sorts and pause.begins <= self.now < pause.ends:
                pause.ends = self.now

    def _do_answer(self, who: str) -> None:
        """They pause only while a question that was really sent waits (§4.5), also those that have stopped meanwhile."""
        self.question = False
        for promise in self.promises:
            self._go_on(promise, "question")

    def _do_propose(self, who: str, *, hours: int | None) -> None:
        """What is confirmed stands beside it; who names its time again leaves it as it was."""
        if hours is None:
            self.proposed = None
            self._tell_sides("order.appointment_kept", who)
            return
        self.proposed = (who, self.now + timedelta(hours=hours))
        other = self.assignee if who in self.voices else self.requester
        self.tell("order.appointment_proposed", other)
        if who in self.voices - self.theirs:
            self._tell_caller()
        elif who not in self.theirs:
            self._tell_sides("order.appointment_pending", who, other)

    def _tell_sides(self, what: str, *but: str | None) -> None:
        """Whose time it is, as far as they did not say it themselves; of what was passed on, that it was."""
        if (self.voices - self.theirs) & {*but}:
            self.tell(what, self.assignee)
            self._tell_caller()
        else:
            self.tell(what, *({self.requester, self.assignee} - {*but}))

    def _tell_caller(self) -> None:
        self.tell("order.passed_on", *self.theirs)

    def _do_change_contact(self, who: str) -> None:
        if self.state in {"accepted", "in_service"}:
            self.tell("order.contact_changed", self.assignee)
        if who not in self.theirs:
            self._tell_caller()

    def _do_confirm(self, who: str, *, seen: bool = True) -> None:
        """A confirmed appointment stops coordinate and plan, and is a deadline of its own; the one that stood until then is
        moved, which is no miss."""
        assert self.proposed
        _, at = self.proposed
        self.stop("coordinate", "plan", by="appointment")
        self.stop("appointment")
        self.appoint(at)
        self._tell_sides("order.appointment_confirmed", who)

    def appoint(self, at: datetime) -> None:
        self.appointment, self.proposed = at, None
        self.begin("appointment")
        self.promises[-1].started = at

    def _do_write_plan(self, who: str, *, hours: int) -> None:
        """A plan with owner, steps and date stops plan; the promised date is a deadline of its own."""
        self.stop("plan", by="plan")
        self._settled_too("plan", by="plan")
        self.stop("promise", "promise_late")
        self.begin("promise")
        self.promises[-1].seconds = hours * 3600
        self.tell("order.planned", self.requester)

    def _do_pause(self, who: str, *, kind: str, seconds: int) -> None:
        promise = self.live(kind)
        assert promise
        self._hold_up(promise, seconds, "force_majeure")
        self.paused = {"by": who, "pause": promise.pauses[-1], "promise": promise, "disputed": False, "decided": False}
        self.tell("order.paused", self.requester)

    def _do_resume(self, who: str, *, kind: str) -> None:
        promise = self.live(kind)
        assert promise
        self._go_on(promise, "question", "force_majeure")
        self.tell("order.resumed", self.requester)

    def _do_dispute(self, who: str) -> None:
        self.paused["disputed"] = True
        self.paused["disputed_by"] = who

    def _do_decide(self, who: str, *, upheld: bool) -> None:
        """Upheld while the deadline runs, the pause counts for nothing (the domain is silent on one that has stopped)."""
        self.paused["decided"] = True
        if upheld and self.paused["promise"].stopped is None:
            self.paused["promise"].pauses.remove(self.paused["pause"])
            self.tell("order.pause_annulled", "派单员")
        self.tell("order.dispute_decided", self.paused["disputed_by"])
        self.tell("order.pause_judged", self.paused["by"])

    # ---- people ---------------------------------------------------------------------------------------------------------------

    def _do_away(self, who: str, **_: Any) -> None:
        """Going away, one gives back what one holds and has not begun."""
        v = self.people[who]
        v.away_until, v.quiet = self.now + timedelta(hours=30), None
        if self.assignee == who and self.state in {"offered", "accepted"}:
            self.leavers.append((self.now, who))
        elif self.assignee == who and self.state == "in_service":
            self.tell("order.server_leaves", "派单员")

    def _do_hand_over(self, who: str, *, to: str) -> None:
        if self.holder == who and self.state not in ENDED:
            self.holder = to

    def _do_end_consent(self, who: str) -> None:
        """What was ordered under it goes on as the beneficiary's own."""
        if self.requester in self.represents:
            self.given_back = True
        self.represents = set()

    def _do_cancel_day(self, who: str) -> None:
        self.day_cancelled = True
        if self.state == "accepted" and self.booked:
            self.tell("order.day_cancelled", self.requester)
            self._end("cancelled")
