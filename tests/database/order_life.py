"""What the worker does with the plain model's order when time passes (domain.md §3, §4)."""

from datetime import timedelta
from typing import Any

from tests.database.order_deeds import ENDED, Deeds


class Life(Deeds):
    """The model, alive: `do` an action, or let the `worker` do what is due."""

    def leave(self, who: str) -> str:
        """Whoever left gives back what has not begun; what they began meanwhile stays theirs, and the dispatcher is told."""
        if self.assignee != who or self.state not in {"offered", "accepted", "in_service"}:
            return ""
        if self.state == "in_service":
            self.tell("order.server_leaves", "派单员")
            return "server_leaves"
        if self.booked:
            return self._end_booking("order.booking_let_go", "派单员")
        if self.state == "accepted":
            self._give_back()
        else:
            self.stop("offer")
            self._let_go()
        self.tell("order.handed_back", "派单员")
        return "hand_back"

    def give_back(self) -> str:
        """To whom it serves, who is told where there is something to follow."""
        self.given_back = False
        former, self.requester = self.requester, self.beneficiary
        if self.state not in ENDED or self.papers_out:
            self.tell("order.yours_now", self.beneficiary)
            if self.question and self.state not in {*ENDED, "delivered"}:
                self.tell("order.question_waits", self.beneficiary)
            if self.proposed and self.proposed[0] not in {former, *self.voices} and self.proposed[1] > self.now:
                self.tell("order.time_waits", self.beneficiary)
            if self.authority and self.authority[1] > self.now and self.authority_by == former:
                self.tell("order.authority_stands", self.beneficiary)
        return "to_beneficiary"

    def _event_lapse(self) -> str:
        """A lapse is no decline."""
        if self.state != "offered":
            return ""
        self.tell("order.offer_lapsed", self.assignee)
        self._failed()
        self.tell("order.lapsed", "派单员")
        return "lapse"

    def _event_convert(self) -> str:
        """A missed plan makes a case of it; a wish stays one (its limits are its own)."""
        if self.form == "wish" or self.state not in {"submitted", "offered", "accepted"} or not self.live("plan"):
            return ""
        self._do_convert("")
        return "convert"

    def _event_match(self) -> str:
        """The matcher by itself when nobody did for 3 minutes; when nobody qualifies, it opens."""
        if self.state != "submitted":
            return ""
        fit = [
            v
            for v in self.people
            if self.fit(v) and v not in self.own_people and all(v != who for who, _ in self.refused | self.complained)
        ]
        if not fit:
            self.open_pool = True
            self.stop("dispatch")
            self.tell("order.nobody_qualifies", "派单员")
            return "open_pool"
        self._do_offer("system", to=self.preferred if self.preferred in fit else min(fit, key=self._share))
        return "match"

    def _share(self, who: str) -> tuple[Any, ...]:
        """Who is of the team of the round before, who served least in 28 days, who has most left of the day, who has not served
        for longest, then by id."""
        v = self.people[who]
        recent = [at for at in v.delivered if at > self.now - timedelta(days=28)]
        last = max(v.delivered).timestamp() if v.delivered else 0
        of_team = self.team_before and who in self.members
        return not of_team, len(recent), self.taken(who) - v.capacity, last, self.ids[who]

    def _event_miss_appointment(self) -> str:
        """Not started 15 minutes after the appointment: re-offered, dispatcher told."""
        if self.state != "accepted":
            return ""
        server = self.assignee
        if self.booked:
            return self._end_booking("order.cancelled", server)
        self.refused.add((server, self.team))
        self._give_back("acceptance", "appointment")
        self.tell("order.appointment_missed", server)
        return "miss_appointment"

    def _event_expire_claim(self) -> str:
        if self.state != "accepted":
            return ""
        self.tell("order.claim_expired", self.assignee)
        self._give_back()
        return "expire_claim"

    def _event_close_unrated(self) -> str:
        if self.state != "delivered":
            return ""
        self._end("closed_unrated")
        return "close_unrated"
