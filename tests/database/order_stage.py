"""The real order, on the real stage: a street of its own for each story, the real door, the real worker's functions.

A step is done to the plain model and to the database; afterwards the two are compared. What differs is told as a story.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from app.domain.cases import service as cases
from app.domain.orders import placing, service_days
from app.domain.orders.models import Calling
from app.kernel.command import Caller, Receipt, execute
from app.kernel.database import Database
from app.kernel.errors import Refusal
from app.kernel.ids import NOBODY, new_id
from app.kernel.rules import Role
from app.kernel.verbs import Verb
from app.workers.deadlines import sweep_once
from app.workers.outbox import react_once, relay_notices
from app.workers.reactions import REACTIONS
from tests.database.order_life import Life
from tests.database.order_model import Volunteer
from tests.database.order_steps import ABOUT, BESIDE, COMMANDS, PEOPLE, RESIDENTS, VOLUNTEERS, Known, Step
from tests.special import team_of
from tests.world import LONG_AGO, World, build, new_key

BIRTHS = {
    "place": ("王奶奶", "王奶奶", "visit", "place"),
    "place_for": ("女儿", "王奶奶", "visit", "place"),
    "for_caller": ("站点", "王奶奶", "visit", "place_for_caller"),
    "for_caller_by_dispatcher": ("派单员", "王奶奶", "visit", "place_for_caller"),
    "errand": ("王奶奶", "王奶奶", "errand", "place"),
    "errand_for": ("女儿", "王奶奶", "errand", "place"),
    "for_caller_errand": ("站点", "王奶奶", "errand", "place_for_caller"),
    "wish": ("王奶奶", "王奶奶", "wish", "wish"),
    "book": ("王奶奶", "王奶奶", "service_day", "book"),
}
"""Who presses the button, whom it serves, what is ordered, and the action of the lifecycle."""
COUNTED = {"wrong_code": "start-code-wrong", "wrong_return_code": "return-code-wrong"}
CLOSE = timedelta(seconds=8)
NEAR = timedelta(seconds=10)
"""What the clock of a loaded machine may have gone on between a step and its effect; marks are met no closer than that."""
MOMENTS = 20

_ORDER = """
SELECT m.*, d.failures, d.form FROM matter m JOIN order_detail d ON d.matter_id = m.id WHERE m.id = $1"""
_DEADLINES = """
SELECT d.id, d.kind, d.round, d.stopped_at IS NULL AS live, d.percents, d.times, d.fired,
       ARRAY(SELECT k.percent FROM mark k WHERE k.deadline_id = d.id ORDER BY 1) AS marks
  FROM deadline d WHERE d.matter_id = $1 ORDER BY d.started_at, d.kind"""
_TOLD = """
SELECT person_id, CASE topic WHEN 'deadline.mark' THEN payload::jsonb ->> 'deadline' || ' ' || (payload::jsonb ->> 'percent')
                             ELSE topic END AS topic
  FROM inbox_message WHERE person_id = ANY ($1::uuid[])"""
_PIN = "UPDATE clock_shift SET seconds = extract(epoch FROM $1::timestamptz - clock_timestamp())"


class Difference(AssertionError):
    """The model and the system disagree; the text is the story until then."""


@dataclass
class Stage:
    """One street, one order on it, its model, and the story so far."""

    world: World
    app: Database
    worker: Database
    model: Life
    names: dict[UUID, str]
    order: UUID = NOBODY
    team: UUID = NOBODY
    day: UUID = NOBODY
    representation: UUID = NOBODY
    story: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)

    @classmethod
    async def build(
        cls,
        owner_url: str,
        app: Database,
        worker: Database,
        now: datetime,
        birth: str,
        *,
        matcher: bool,
        plain: type[Life] = Life,
    ) -> "Stage":
        world = await build(owner_url)
        for name in PEOPLE:
            if name not in world.people:
                role = Role.RESIDENT if name in RESIDENTS else Role.STATION_STAFF if name == "站点" else Role.VOLUNTEER
                await world.person(name, role, world.east)
        await world.grant(world.people["女儿"], Role.VOLUNTEER, world.east)
        await world.owner.execute(
            "UPDATE role_grant SET place_id = $2 WHERE person_id = $1", world.people["西志愿者"], world.west
        )
        admin = world.people["管理员"]
        for name, v in VOLUNTEERS.items():
            quiet = v.quiet or (None, None)
            await world.owner.execute(
                "INSERT INTO volunteer_profile (id, person_id, daily_capacity, quiet_from, quiet_until, version)"
                " VALUES (gen_random_uuid(), $1, $2, $3, $4, 1) ON CONFLICT (person_id) DO UPDATE SET"
                " daily_capacity = excluded.daily_capacity, quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until",
                world.people[name], v.capacity, *quiet,
            )  # fmt: skip
        await world.owner.execute(
            "INSERT INTO skill (id, person_id, place_id, code, seen_by, seen_at, version)"
            " SELECT gen_random_uuid(), person_id, place_id, 'care', $2, $3, 1 FROM role_grant"
            "  WHERE role = 'volunteer' AND person_id = ANY ($1)",
            [world.people[name] for name, v in VOLUNTEERS.items() if v.skilled], admin, LONG_AGO,
        )  # fmt: skip
        representation = await world.owner.fetchval(
            "INSERT INTO representation (id, place_id, representative_id, representative_name_sealed, beneficiary_id,"
            " name_sealed, phone_sealed, phone_index, relation, named_at, consented_at, recorded_by, how, version)"
            " VALUES (gen_random_uuid(), $1, $2, '\\x01', $3, '\\x01', '\\x01', $4, 'family', $5, $5, $3, 'self', 1)"
            " RETURNING id",
            world.east, world.people["女儿"], world.people["王奶奶"], new_id().bytes, LONG_AGO,
        )  # fmt: skip
        if matcher:
            await world.owner.execute(
                "WITH p AS (INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, category, version, calendar,"
                " budget_seconds, later_round_percent, percents, published_by, published_at)"
                " SELECT gen_random_uuid(), $1, 'order', 'dispatch', '', 2, 'WALL', 180, 100, '{100}', $2, $3 RETURNING id)"
                " INSERT INTO policy_effect (policy_id, percent, primitive, target)"
                " SELECT id, 100, 'event', 'order.match' FROM p",
                world.street, admin, LONG_AGO,
            )  # fmt: skip
        who, whom, form, _ = BIRTHS[birth]
        requester = who if who in RESIDENTS else whom
        model = plain(
            now=now, requester=requester, beneficiary=whom, placed_by=who, form=form, matcher=matcher,
            people={name: Volunteer(v.area, v.skilled, v.capacity, v.quiet) for name, v in VOLUNTEERS.items()},
            ids=world.people, represents={"女儿"}, slot_at=now + timedelta(hours=6),
        )  # fmt: skip
        stage = cls(world, app, worker, model, {id_: name for name, id_ in world.people.items()})
        stage.representation = representation
        stage.team = UUID(await team_of(world, world.people["队长"]))
        for member in model.members[1:]:
            await world.owner.execute(
                "INSERT INTO team_member (id, team_id, place_id, person_id, live, added_by, joined_at, version)"
                " VALUES (gen_random_uuid(), $1, $2, $3, true, $4, $5, 1)",
                stage.team, world.east, world.people[member], admin, LONG_AGO,
            )  # fmt: skip
        wanted = await world.owner.fetchval(
            "INSERT INTO service (id, place_id, category, name, description, form, skill, published_by, created_at, version)"
            " VALUES (gen_random_uuid(), $1, '', $2, '服务', $2, 'care', $3, $4, 1) RETURNING id",
            world.street, form, admin, LONG_AGO,
        )  # fmt: skip
        await stage.born(birth, who, whom, wanted)
        return stage

    async def born(self, birth: str, who: str, whom: str, wanted: UUID) -> None:
        inputs: dict[str, Any] = {"service_id": wanted, "note": "请帮忙"}
        await self.world.owner.execute(_PIN, self.model.now)
        verb: Verb[Any, Any] = placing.place
        subject = None
        if birth == "book":
            slots = [service_days.Slot(self.model.slot_at, 30, 3)]
            opened = await self.ask(
                service_days.open_day,
                "书记",
                None,
                place_id=self.world.east,
                team_id=self.team,
                service_id=wanted,
                slots=slots,
            )
            self.day = opened.id
            slot = await self.world.owner.fetchval("SELECT id FROM service_slot WHERE day_id = $1", self.day)
            verb, inputs, subject = service_days.book, {"note": "请帮忙"}, slot
        elif birth.startswith("for_caller"):
            verb, inputs = (
                placing.place_for_caller,
                inputs | {"channel": Calling.PHONE, "person_id": self.world.people[whom]},
            )
        elif who != whom:
            verb, inputs = placing.place_for, inputs | {"beneficiary_id": self.world.people[whom]}
        self.order = (await self.ask(verb, who, subject, **inputs)).id
        self.model.born(birth)
        self.story.append(f"{self.model.now:%d %H:%M:%S} {who} · {birth} → {self.model.state}")
        self.done.add(BIRTHS[birth][3])
        await self.relay()
        await self.compare()

    async def ask(self, verb: Verb[Any, Any], who: str, subject: UUID | None, **inputs: Any) -> Receipt:
        caller: Caller = await self.world.caller(self.world.people[who])
        return await execute(self.app, verb, caller, new_key(), subject, inputs)

    # ---- steps -------------------------------------------------------------------------------------------------------------

    async def take(self, step: Step) -> None:
        """Do it to both, compare, and remember."""
        self._advance(timedelta(seconds=1))
        if step.action == "time":
            await self._pass(step.given["seconds"])
            return
        if step.action == "sleep":
            self._advance(timedelta(seconds=step.given["seconds"]))
            self.story.append(f"{self.model.now:%d %H:%M:%S} time passes, and the worker sleeps")
            return
        if self.model.on_edge(step.action, **step.given):
            return
        await self.world.owner.execute(_PIN, self.model.now)
        expected = self.model.judge(step.action, step.who, **step.given)
        wanted = expected or {COUNTED.get(step.action, "accepted")}
        try:
            await self._really(step)
            answer = "accepted"
        except Refusal as refusal:
            answer = refusal.code
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told as part of the story
            answer = repr(error)[:300]
        self.story.append(f"{self.model.now:%d %H:%M:%S} {step} → {answer}")
        if answer not in wanted:
            self._differs("the answer", " or ".join(sorted(wanted)), answer)
        if not expected:
            self.model.do(step.action, step.who, **step.given)
            self.done.add(step.action)
        if step.action in BESIDE and not step.given.get("asleep"):
            self._advance(timedelta(seconds=1))
            await self._work()
        else:
            await self.relay()
        await self.compare(step.who)

    async def _pass(self, seconds: float) -> None:
        """Time passes mark by mark, as a worker that never sleeps sees it; no further than `MOMENTS` of them."""
        until = self.model.now + timedelta(seconds=seconds)
        for _ in range(MOMENTS):
            moment = self.model.next_moment()
            if moment is None or moment > until:
                break
            self._advance(max(moment - self.model.now, timedelta(0)) + NEAR)
            await self._work()
            await self.compare()
        else:
            until = self.model.now
        self._advance(max(until - self.model.now, timedelta(0)))
        await self._work()
        await self.compare()

    def _advance(self, by: timedelta) -> None:
        """Never so close to a mark that a slow machine decides whether it was before or after."""
        self.model.now += by
        while moment := next((m for m in self.model.moments() if abs(m - self.model.now) < NEAR), None):
            self.model.now = moment + NEAR

    async def _work(self) -> None:
        """The worker does all that is due, as it does in the stories."""
        await self.world.owner.execute(_PIN, self.model.now)
        took = self.model.worker()
        self.done.update(took)
        busy = True
        while busy:
            async with self.worker.pool.acquire() as connection:
                busy = bool(await sweep_once(connection))
                busy |= bool(await relay_notices(connection))
            busy |= await react_once(self.worker, REACTIONS)
        self.story.append(f"{self.model.now:%d %H:%M:%S} worker → {', '.join(took) or '-'}; {self.model.state}")

    async def relay(self) -> None:
        async with self.worker.pool.acquire() as connection:
            await relay_notices(connection)

    async def _really(self, step: Step) -> None:
        m = self.model
        found = new_id()
        if step.action in ABOUT:
            about = await self.world.owner.fetchval(ABOUT[step.action], self.order, step.given.get("kind"))
            found = about or found
        known = Known(
            self.world.people,
            self.world.east,
            self.team,
            found,
            m.now,
            step.who,
            m.papers_out,
            m.returns,
            m.appointment,
            m.proposed and m.proposed[1],
            step.who not in m.theirs,
        )
        if step.action in BESIDE:
            verb, inputs = BESIDE[step.action]
            subject = {"cancel_day": self.day, "end_consent": self.representation}.get(step.action)
        else:
            of_an_errand = step.action == "wrong_code" and m.form == "errand"
            verb, inputs = COMMANDS["wrong_code of an errand" if of_an_errand else step.action]
            subject = self.order
        await self.ask(verb, step.who, subject, **inputs(known, step.given))

    # ---- the comparison ------------------------------------------------------------------------------------------------------

    def _differs(self, what: str, model: Any, system: Any) -> None:
        story = "\n".join(f"  {number:2}. {line}" for number, line in enumerate(self.story, 1))
        raise Difference(
            f"{what} differs after this story:\n{story}\n  the model says:  {model}\n  the system says: {system}"
        )

    async def compare(self, actor: str = "") -> None:
        row = await self.world.owner.fetchrow(_ORDER, self.order)
        assert row
        m = self.model
        system = {
            "state": row["state"], "round": row["round"], "failures": row["failures"], "open_pool": row["open_pool"],
            "assignee": self.names.get(row["assignee_id"]), "holder": self.names.get(row["holder_id"]),
            "team": row["team_id"] is not None,
        }  # fmt: skip
        model = {name: getattr(m, name) for name in system}
        if model != system:
            unlike = [name for name in model if model[name] != system[name]]
            self._differs(
                ", ".join(unlike), {name: model[name] for name in unlike}, {name: system[name] for name in unlike}
            )
        await self._compare_deadlines()
        await self._compare_told(actor)

    async def _compare_deadlines(self) -> None:
        rows = await self.world.owner.fetch(_DEADLINES, self.order)
        system = sorted((r["kind"], r["round"], r["live"], tuple(r["marks"])) for r in rows)
        model = sorted((p.kind, p.round, p.stopped is None, tuple(sorted(p.fired))) for p in self.model.promises)
        if model != system:
            only = [x for x in model if x not in system], [x for x in system if x not in model]
            self._differs("deadlines (kind, round, runs, marks that fired)", *(only if any(only) else (model, system)))
        runs = {r["kind"]: r for r in rows if r["live"]}
        for promise in self.model.promises:
            if promise.stopped is None:
                row = runs[promise.kind]
                for percent, at in list(zip(row["percents"], row["times"], strict=True))[row["fired"] :]:
                    if abs(at - promise.at(percent)) > CLOSE:
                        self._differs(f"when {promise.kind} {percent} % is due", promise.at(percent), at)
        if self.model.state in {"submitted", "offered", "accepted", "in_service"} and not runs:
            self._differs("what is live", "at least one deadline", "none")

    async def _compare_told(self, actor: str) -> None:
        """Everybody whom the domain wants told was told; nobody is told what they did themselves."""
        rows = await self.world.owner.fetch(_TOLD, list(self.names))
        heard = [(r["topic"], self.names[r["person_id"]]) for r in rows]
        for told in self.model.told:
            if told.who != actor:
                with suppress(ValueError):
                    heard.remove((told.topic, told.who or ""))
                    continue
                self._differs("who was told", f"{told.who} of {told.topic}", sorted(heard))
        self.model.told.clear()
        await self.world.owner.execute("DELETE FROM inbox_message WHERE person_id = ANY ($1::uuid[])", list(self.names))

    async def finish(self) -> None:
        """Ended by somebody who may, so that no later story wakes it up; also the case that was made of it. The limits of a
        hundred cases would pass with each story that lasts for weeks, and keep the worker busy while its clock goes on."""
        match self.model.state:
            case "submitted" | "offered" | "accepted":
                await self.take(Step("cancel", self.model.requester))
            case "in_service":
                await self.take(Step("call_off", self.model.requester))
            case "delivered":
                await self.take(Step("rate", self.model.requester, {"solved": "yes", "stars": 5, "reason": False}))
            case "converted":
                self._advance(timedelta(seconds=1))
                await self._work()
                made = await self.world.owner.fetchval(
                    "SELECT matter_id FROM case_detail WHERE order_id = $1", self.order
                )
                await self.ask(cases.withdraw, self.model.requester, made)

    async def end(self) -> None:
        await self.world.owner.close()


async def connect(app_url: str, worker_url: str) -> tuple[Database, Database]:
    return await Database.connect(app_url, size=2), await Database.connect(worker_url, size=2)


async def drain(owner_url: str, now: datetime, worker: Database) -> asyncpg.Connection:
    """The owner, with the clock at `now` and whatever other tests left behind done."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute(_PIN, now)
    busy = True
    while busy:
        async with worker.pool.acquire() as connection:
            busy = bool(await sweep_once(connection)) | bool(await relay_notices(connection))
        busy |= await react_once(worker, REACTIONS)
    return owner
