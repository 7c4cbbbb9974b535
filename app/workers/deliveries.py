"""Deliveries: push what is due in the inboxes outside, as subscription messages of WeChat.

Claim a batch under a lease and commit · send, one person's messages one after another · write what became of each at
once. Postgres holds the truth: whoever dies in between leaves a lease that ends, so a message is sent at most once more
for each such death (reliability I12); it says what and when, so that a copy does no harm.

Leases and retries go by the real clock: they are about WeChat's server, which knows nothing of a simulation.
"""

import asyncio
import time
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
import orjson
import structlog

from app.domain.notifications.models import Delivery
from app.domain.notifications.policy import About, sentence, shortened
from app.integrations.wechat import SendOutcome, WeChat
from app.kernel.crash import crash_point
from app.kernel.database import Database
from app.kernel.time import CHINA
from app.workers import metrics

BATCH: Final = 100
SENDERS: Final = 8
ATTEMPTS: Final = 12
LEASE: Final = timedelta(seconds=60)
SENDING_SECONDS: Final = 25.0
"""No message is begun later than this after its claim: one takes 20 seconds at most, and its outcome is written within
the lease even when the database has to be asked several times."""
RUN_SECONDS: Final = 25.0
WRITE_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 4.0)
THING_LETTERS: Final = 20
OF_NO_MATTER: Final = "详见小程序里的消息"
NOTHING: Final = About()

_log: Final = structlog.get_logger("deliveries")

# Which order or case a message is about leaves the house as far as no person is named by it: no words, no contact; and to whoever
# joined a case from another community the street alone.
_CLAIM: Final = """
WITH due AS (
  SELECT id FROM inbox_message WHERE delivery = 'due' AND retry_at <= (SELECT clock_timestamp())
   ORDER BY retry_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED),
claimed AS (
  UPDATE inbox_message m SET attempts = m.attempts + 1, retry_at = clock_timestamp() + $2
    FROM due, person p WHERE m.id = due.id AND p.id = m.person_id
  RETURNING m.id, m.person_id, m.topic, m.subject_kind, m.subject_id, m.payload, m.created_at, m.attempts,
            CASE WHEN p.disabled_at IS NULL THEN p.openid END AS openid)
SELECT m.*, s.name AS service, x.category, x.place
  FROM claimed m LEFT JOIN order_detail o ON o.matter_id = coalesce(
         (m.payload ->> 'order_id')::uuid, CASE m.subject_kind WHEN 'order' THEN m.subject_id END)
  LEFT JOIN service s ON s.id = o.service_id
  LEFT JOIN LATERAL (
    SELECT k.name AS category, p.name AS place
      FROM case_detail d JOIN matter c ON c.id = d.matter_id JOIN case_category k ON k.id = d.category_id
      JOIN place p ON p.id = CASE
             WHEN m.person_id NOT IN (c.requester_id, c.beneficiary_id) AND NOT person_lives(m.person_id, d.community_id)
                  AND EXISTS (SELECT 1 FROM case_reporter r WHERE r.matter_id = c.id AND r.person_id = m.person_id)
               THEN street_of(c.place_id) ELSE c.place_id END
     WHERE d.matter_id = coalesce((SELECT a.case_id FROM assignment_detail a WHERE a.matter_id = m.subject_id), m.subject_id)
    ) x ON m.subject_kind IN ('case', 'assignment')"""

_FINAL: Final = "UPDATE inbox_message SET delivery = $2 WHERE id = $1 AND delivery = 'due'"

# `attempts` tells whether the lease is still one's own.
_LATER: Final = """
UPDATE inbox_message
   SET delivery = CASE WHEN attempts >= $3 THEN 'failed' ELSE 'due' END,
       retry_at = clock_timestamp() + make_interval(secs => least(3600, 30 * 2 ^ (least(attempts, 12) - 1)))
 WHERE id = $1 AND attempts = $2 AND delivery = 'due'"""

_GIVE_BACK: Final = """
UPDATE inbox_message m SET attempts = m.attempts - 1, retry_at = clock_timestamp()
  FROM unnest($1::uuid[], $2::int[]) mine(id, attempts)
 WHERE m.id = mine.id AND m.attempts = mine.attempts AND m.delivery = 'due'"""

_BECOMES: Final[Mapping[SendOutcome, Delivery]] = {
    SendOutcome.SENT: Delivery.SENT,
    SendOutcome.REFUSED_BY_USER: Delivery.REFUSED,
    SendOutcome.BAD_RECIPIENT: Delivery.FAILED,
    SendOutcome.BAD_TEMPLATE: Delivery.FAILED,
}


def content(topic: str, kind: str, payload: Mapping[str, Any], at: datetime, about: About = NOTHING) -> dict[str, str]:
    """The template's fields: `thing1`, what happened, and `thing3`, to which order or case, hold 20 characters, `time2` a Chinese
    date with hours and minutes. WeChat takes no message with an empty field."""
    there = at.astimezone(CHINA)
    return {
        "thing1": shortened(sentence(topic, payload, kind), THING_LETTERS),
        "time2": f"{there.year}年{there.month}月{there.day}日 {there:%H:%M}",
        "thing3": shortened(str(about) or OF_NO_MATTER, THING_LETTERS),
    }


async def claim(database: Database, limit: int = BATCH) -> list[asyncpg.Record]:
    """Up to `limit` due messages, each for one claimant until its lease ends; an attempt is counted with it."""
    return await database.call(_CLAIM, limit, LEASE)


class Deliveries:
    """Sends what is due. `template_id` None: there is no template yet, so everything waits."""

    def __init__(self, database: Database, wechat: WeChat, template_id: str | None) -> None:
        self._database = database
        self._wechat = wechat
        self._template_id = template_id
        self._stopping = False

    def stop(self) -> None:
        """Begin no further message; those under way come to their end."""
        self._stopping = True

    async def run(self) -> int:
        """Send until nothing is due, for half a minute at most; answers how many messages were tried."""
        if self._template_id is None:
            return 0
        became: Counter[str] = Counter()
        until = time.monotonic() + RUN_SECONDS
        while not self._stopping and time.monotonic() < until:
            batch = await self._batch(self._template_id)
            became += batch
            if not batch:
                break
        if became:
            _log.info("delivered", **became)
        return became.total()

    async def _batch(self, template_id: str) -> Counter[str]:
        until = time.monotonic() + SENDING_SECONDS
        people: defaultdict[Any, list[asyncpg.Record]] = defaultdict(list)
        for message in sorted(await claim(self._database), key=lambda message: message["created_at"]):
            people[message["person_id"]].append(message)
        crash_point("deliver", 1)
        became: Counter[str] = Counter()
        left: list[asyncpg.Record] = []
        waiting = deque(people.values())

        async def send_in_turn() -> None:
            # One person at a time: WeChat refuses messages that reach one user at once.
            while waiting:
                for message in waiting.popleft():
                    if self._stopping or time.monotonic() >= until:
                        left.append(message)
                    else:
                        outcome = await self._deliver(message, template_id)
                        became[outcome] += 1
                        metrics.DELIVERIES.labels(outcome).inc()

        async with asyncio.TaskGroup() as senders:
            for _ in range(min(SENDERS, len(people))):
                senders.create_task(send_in_turn())
        await self._give_back(left)
        return became

    async def _deliver(self, message: asyncpg.Record, template_id: str) -> str:
        """Send one message and write its outcome; answers the outcome."""
        if message["openid"] is None:  # disabled, or without WeChat by now
            await self._write(_FINAL, message["id"], Delivery.NONE)
            return Delivery.NONE
        try:
            payload = orjson.loads(message["payload"])
            about = About(service=message["service"], category=message["category"], place=message["place"])
            data = content(message["topic"], message["subject_kind"], payload, message["created_at"], about)
            outcome = await self._wechat.send_subscribe_message(message["openid"], template_id, data)
        except Exception:  # noqa: BLE001 - one bad message must not stop the others
            _log.exception("delivery failed", message=str(message["id"]), topic=message["topic"])
            outcome = SendOutcome.TRY_LATER
        crash_point("deliver", 2)
        if outcome is SendOutcome.TRY_LATER:
            await self._write(_LATER, message["id"], message["attempts"], ATTEMPTS)
        else:
            await self._write(_FINAL, message["id"], _BECOMES[outcome])
        crash_point("deliver", 3)
        return outcome.value

    async def _write(self, statement: str, *values: Any) -> None:
        """Try for a while: an outcome that is not written means that the message is sent again."""
        for pause in (*WRITE_PAUSES, None):
            try:
                await self._database.call(statement, *values)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                if pause is None:
                    _log.error("outcome not written", message=str(values[0]), problem=type(error).__name__)
                    return
                await asyncio.sleep(pause)
            else:
                return

    async def _give_back(self, left: Sequence[asyncpg.Record]) -> None:
        if left:
            ids, attempts = [message["id"] for message in left], [message["attempts"] for message in left]
            await self._database.call(_GIVE_BACK, ids, attempts)
