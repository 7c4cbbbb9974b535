"""The loop of a simulated life: rest, hear, act, step. Knows nothing of servers and of people."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.simulation.agenda import Agenda


@dataclass(frozen=True, slots=True)
class Standing:
    """How the world stands when nothing in it is due: the simulated time, and the next mark's moment (None: there is none);
    `goes_on`: the world waits for a mark, even when nobody intends anything."""

    now: datetime
    next_mark: datetime | None
    goes_on: bool


class World(Protocol):
    """What is simulated: a clock that steps, and a worker that does what is due by it."""

    async def rest(self) -> Standing:
        """Wait until nothing is due at the present simulated time."""
        ...

    async def step(self, to: datetime) -> None:
        """Put the simulated clock to this moment; it never goes back."""
        ...


async def live(world: World, agenda: Agenda, hear: Callable[[Standing], Awaitable[None]]) -> datetime:
    """Until nobody intends anything and the world waits for no mark; answers the moment at which that was so.

    Before each deed and each step the world comes to rest, so a mark that is due at the moment of a deed fires first, and
    `hear` (who was told something, and intends what for that) misses nothing.
    """
    while True:
        standing = await world.rest()
        await hear(standing)
        deed = agenda.take(standing.now)
        if deed is not None:
            await deed()
            continue
        coming = [moment for moment in (agenda.next_at, standing.next_mark) if moment is not None]
        if not coming or not (len(agenda) or standing.goes_on):
            return standing.now
        await world.step(min(coming))
