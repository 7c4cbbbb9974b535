"""Time in the plain model: deadlines begin, stop and fire (domain.md §4.4, §4.6, §4.7)."""

from datetime import datetime
from functools import partial
from operator import itemgetter

from tests.database.order_model import Model, Told
from tests.database.order_promises import EFFECTS, Promise, limit_of


class Timed(Model):
    """The model with its deadlines; what an event does is said by `order_life.py`."""

    # ---- deadlines ------------------------------------------------------------------------------------------------------

    def live(self, kind: str) -> Promise | None:
        return next((p for p in self.promises if p.kind == kind and p.stopped is None), None)

    def begin(self, *kinds: str) -> None:
        for kind in kinds:
            if not self.live(kind):
                seconds, limit = limit_of(kind, self.form, self.round)
                if kind == "dispatch" and not self.matcher:
                    seconds = 30 * 86400  # as tests/world.py publishes it: here people dispatch
                self.promises.append(Promise(kind, self.round, self.now, seconds, limit.percents, limit.pausable))

    def stop(self, *kinds: str, by: str = "") -> None:
        """A late stop writes the marks that it has passed and tells of them; what else they do is no longer wanted."""
        for kind in kinds:
            if promise := self.live(kind):
                for percent in promise.passed(self.now):
                    promise.fired.add(percent)
                    self.tell_of(promise, percent)
                promise.stopped, promise.stopped_by = self.now, by

    def stop_all(self) -> None:
        self.stop(*[p.kind for p in self.promises if p.stopped is None])

    def tell_of(self, promise: Promise, percent: int) -> None:
        for effect in EFFECTS[promise.kind, percent]:
            what, _, whom = effect.partition(" ")
            if what == "tell":
                self.tell(
                    f"{promise.kind} {percent}",
                    {"assignee": self.assignee, "requester": self.requester}.get(whom, whom),
                )

    def tell(self, topic: str, *whom: str | None) -> None:
        self.told += [Told(topic, who) for who in whom if who]

    # ---- time -----------------------------------------------------------------------------------------------------------------

    def moments(self) -> list[datetime]:
        return [p.at(m) for p in self.promises if not p.stopped for m in p.percents if m not in p.fired]

    def next_moment(self) -> datetime | None:
        return min(self.moments(), default=None)

    def worker(self) -> list[str]:
        """Sweep, relay and reactions, until nothing is due; answers the actions that it took. Marks that were overslept tell
        together; what they do is done in the order in which it was due, and so is what a leaver gives back: a miss acts as it
        would have when somebody had been awake (§4.6)."""
        took: list[str] = []
        if self.given_back:
            took.append(self.give_back())
        while (due := self._due()) or self.leavers:
            todo = [(at, partial(self.leave, who)) for at, who in self.leavers]
            self.leavers = []
            for promise, percent in due:
                promise.fired.add(percent)
                self.tell_of(promise, percent)
            if self.state != "in_service":
                for promise, percent in due:
                    for what, _, target in (e.partition(" ") for e in EFFECTS[promise.kind, percent]):
                        if what == "open":
                            self.open_pool = True
                        elif what == "hold":
                            self.holder = target
                        elif what == "begin":
                            self.begin(target)
                        elif what == "do" and (target != "match" or self.matcher):
                            todo.append((promise.at(percent), getattr(self, f"_event_{target}")))
            took += [event() for _, event in sorted(todo, key=itemgetter(0))]
        return [action for action in took if action]

    def _due(self) -> list[tuple[Promise, int]]:
        return [(p, percent) for p in self.promises if not p.stopped for percent in p.passed(self.now)]
