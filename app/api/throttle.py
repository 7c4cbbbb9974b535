"""How often somebody may try: counted in Redis for all processes, and here as well, so that losing Redis leaves no gap."""

from contextlib import suppress
from typing import Final

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from app.kernel.errors import Kind, Refusal

WRONG_PASSWORDS: Final = parse("10 per 5 minutes")
"""Per login name. Somebody else can so keep an officer out for some minutes; guessing a password they cannot."""

PHONES: Final = parse("5 per 5 minutes")
"""Phones that somebody says are theirs, by person: the answer tells whether a number is registered, and nobody tries out many."""


class TooManyAttempts(Refusal):
    """Too many wrong passwords for this login name, or phones of this person."""

    kind = Kind.LIMITED
    code = "too-many-attempts"
    title_zh = "尝试次数过多,请五分钟后再试"
    title_en = "Too many attempts, try again in five minutes"
    retry_after = 300


class Throttle:
    """One instance for a process. `redis_url` as in the settings."""

    def __init__(self, redis_url: str) -> None:
        shared = RedisStorage(
            f"async+{redis_url}", implementation="redispy", socket_timeout=1.0, socket_connect_timeout=1.0
        )
        self._shared = MovingWindowRateLimiter(shared)
        self._own = MovingWindowRateLimiter(MemoryStorage())

    async def attempt(self, limit: RateLimitItem, *who: str) -> None:
        """Count one more attempt, here and in Redis, before it is made. Raises TooManyAttempts when none is left."""
        allowed = await self._own.hit(limit, *who)
        with suppress(RedisError, OSError):
            allowed = await self._shared.hit(limit, *who) and allowed
        if not allowed:
            raise TooManyAttempts

    async def forgive(self, limit: RateLimitItem, *who: str) -> None:
        """Forget the attempts: this one was right."""
        await self._own.clear(limit, *who)
        with suppress(RedisError, OSError):
            await self._shared.clear(limit, *who)
