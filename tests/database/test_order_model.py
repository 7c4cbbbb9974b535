"""The order's life against a plain model (`order_model.py`, `order_life.py`): no difference, whatever everybody tries."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.domain.orders.policy import LIFECYCLE
from app.kernel.database import Database
from tests.database.order_deeds import ENDED
from tests.database.order_life import Life
from tests.database.order_model import CHINA
from tests.database.order_roads import ROADS, Road
from tests.database.order_stage import Difference, Stage, connect, drain
from tests.database.order_steps import Step, ways

SELDOM = {
    "recalculate": "the calendars change it, and here every limit is on the wall",
    "recategorise": "there is one service of each form here; tests/stories/test_another_service.py has others",
}
"""Actions that no story here can take, and why."""


@dataclass
class Theatre:
    """What the stages of the stories share, and which actions were taken on them."""

    owner_url: str
    runner: asyncio.Runner
    app: Database
    worker: Database
    opens_at: datetime
    played: Counter[str] = field(default_factory=Counter)

    def play(
        self,
        road: Road,
        more: Callable[[Stage], Awaitable[None]] | None = None,
        *,
        cut: int | None = None,
        matcher: bool | None = None,
        plain: type[Life] = Life,
    ) -> None:
        """The road, or its beginning, and then `more`; at last somebody ends the order."""
        self.runner.run(self._story(road, more, cut, road.matcher if matcher is None else matcher, plain))

    async def _story(
        self,
        road: Road,
        more: Callable[[Stage], Awaitable[None]] | None,
        cut: int | None,
        matcher: bool,
        plain: type[Life],
    ) -> None:
        build = Stage.build(
            self.owner_url, self.app, self.worker, self.opens_at, road.birth, matcher=matcher, plain=plain
        )
        stage = await build
        try:
            for step in road.steps[:cut]:
                await stage.take(step)
            if more:
                await more(stage)
            await stage.finish()
        finally:
            self.played.update(stage.done)
            await stage.end()


@pytest.fixture(scope="module")
def theatre(owner_url: str, app_url: str, worker_url: str) -> Iterator[Theatre]:
    """The clock of promises stands at ten in the morning of tomorrow when a story begins."""
    opens_at = datetime.now(CHINA).replace(hour=10, minute=0, second=0, microsecond=0) + timedelta(days=1)
    with asyncio.Runner() as runner:
        app, worker = runner.run(connect(app_url, worker_url))
        owner = runner.run(drain(owner_url, opens_at, worker))
        yield Theatre(owner_url, runner, app, worker, opens_at)
        runner.run(owner.execute("UPDATE clock_shift SET seconds = 0"))
        for opened in (owner, app, worker):
            runner.run(opened.close())


def test_the_roads_through_an_orders_life_take_every_action(theatre: Theatre) -> None:
    """A new row of the lifecycle wants a road here, and sentences in the model."""
    for road in ROADS.values():
        theatre.play(road)
    assert {row.action for row in LIFECYCLE.transitions} - theatre.played.keys() == SELDOM.keys()


TIMES = (60, 5 * 60, 12 * 60, 30 * 60, 3600, 6 * 3600, 26 * 3600, 4 * 86400)
AT_TIMES = {"cancel", "convert", "reject", "call_off", "away", "hand_over", "cancel_day", "end_consent"}
"""What ends a story, or is nearly always possible: chosen less often, so that the stories grow long."""
Pick = Callable[[Sequence[Any]], Any]


def at_random(pick: Pick, steps: int) -> Callable[[Stage], Awaitable[None]]:
    """A story told step by step: mostly what may be done now, sometimes anything by anybody, sometimes time passes."""

    async def tell(stage: Stage) -> None:
        for _ in range(pick(range(steps // 3, steps + 1))):
            if stage.model.state in ENDED and pick(range(3)):
                return
            chance = pick(range(10))
            if chance >= 8:
                await stage.take(Step(pick(("time", "time", "sleep")), "time", {"seconds": pick(TIMES)}))
                continue
            found: dict[str, list[Step]] = {}
            for step in ways(stage.model):
                if chance >= 7 or not stage.model.judge(step.action, step.who, **step.given):
                    found.setdefault(step.action, []).append(step)
            often = found.keys() - AT_TIMES if pick(range(6)) else found.keys()
            await stage.take(pick(found[pick(sorted(often or found))]))

    return tell


def tell_stories(theatre: Theatre, examples: int, steps: int, *, derandomize: bool = True) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=derandomize,
        database=None,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(st.data(), st.sampled_from(sorted(ROADS)), st.integers(0, 12), st.booleans())
    def story(data: st.DataObject, name: str, cut: int, matcher: bool) -> None:
        told = at_random(lambda options: data.draw(st.sampled_from(options)), steps)
        theatre.play(ROADS[name], told, cut=cut, matcher=matcher)

    story()


def test_a_plain_model_finds_no_difference(theatre: Theatre) -> None:
    tell_stories(theatre, examples=20, steps=15)


@pytest.mark.slow
def test_a_plain_model_finds_no_difference_in_many_more_stories(theatre: Theatre) -> None:
    """`--hypothesis-seed` chooses among them."""
    tell_stories(theatre, examples=1000, steps=40, derandomize=False)


class Patient(Life):
    """Opens to all after the third failure, not the second."""

    failures_before_pool = 3


class Forgetful(Life):
    """What an acceptance had stopped does not go on when it is given back."""

    def _give_back(self, *_: str) -> None:
        super()._give_back("nothing")


class Generous(Life):
    """Whoever declined is offered it again."""

    def _do_decline(self, who: str) -> None:
        super()._do_decline(who)
        self.declined.clear()


SPOILED = {
    Patient: ("open_pool", ROADS["two failures"]),
    Forgetful: ("deadlines", ROADS["two failures"]),
    Generous: ("the answer", ROADS["two failures"]),
}


@pytest.mark.parametrize("plain", SPOILED)
def test_a_spoiled_model_is_found_out(theatre: Theatre, plain: type[Life]) -> None:
    what, road = SPOILED[plain]
    with pytest.raises(Difference, match=f"^.*{what}.* differs? after this story"):
        theatre.play(road, plain=plain)
