"""Thirty commands of mixed kinds at once on one case: where the case stands before, and who asks what (domain.md §5)."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.kernel.rules import Role
from tests.people import Someone
from tests.stories.boardwork import LAMP, RESULT, Unit, new_unit
from tests.stories.conftest import Street

RACERS = 30
YES = {"channel": "phone", "reached": True, "solved": True}
NO = {"channel": "visit", "reached": True, "solved": False}
MISSED = {"channel": "phone", "reached": False}

APT = {
    "reported": ("triage", "join", "withdraw", "contact", "reply", "terminate"),
    "handling": ("escalate", "propose", "result", "deliberate", "withdraw", "join", "answer supervision"),
    "at_street": ("escalate", "propose", "result", "hang", "deliberate", "withdraw", "answer supervision"),
    "proposed": ("approve", "refuse", "propose", "escalate", "result", "withdraw", "hang"),
    "whistled": (
        "sign", "report-in", "contest", "result", "extension", "extend", "promise", "excuse", "withdraw", "answer supervision",
    ),
    "contested": ("arbitrate", "result", "excuse", "sign", "begin", "finish", "withdraw"),
    "result": ("accept", "return", "result", "arbitrate", "begin", "finish", "terminate"),
    "callback": ("tap", "record", "accept", "result", "terminate"),
    "hung": ("wake", "withdraw", "join", "hang"),
    "deliberating": ("conclude", "withdraw", "deliberate", "join"),
}  # fmt: skip
"""What makes a race where a case stands."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One command: its kind, by which the answers are counted, and who sends it where."""

    kind: str
    who: Someone
    path: str
    body: dict[str, Any] | None = None


@dataclass
class Stage:
    """A case as it stands before the race, and what that is called; the lead's assignment, the other unit's, the call-back."""

    case: str
    name: str = ""
    task: str = ""
    beside: str = ""
    call: str = ""


@dataclass
class Storm:
    """Everybody who may want something of a case, and what they were answered."""

    street: Street
    reporter: Someone
    neighbours: list[Someone]
    grid: Someone
    branch: Someone
    secretaries: list[Someone]
    chiefs: list[Someone]
    arbiters: list[Someone]
    callers: list[Someone]
    supervisor: Someone
    lead: Unit
    beside: Unit
    other: Unit
    chance: random.Random
    answers: Counter[tuple[str, int, str]] = field(default_factory=Counter)

    @classmethod
    async def of(cls, street: Street, seed: int) -> "Storm":
        def named(name: str, role: Role, place: str = "street") -> Awaitable[Someone]:
            return street.with_role(name, role, place)

        return cls(
            street,
            await street.resident("王秀英"),
            [await street.resident(f"邻居{n}") for n in range(3)],
            await named("网格员", Role.GRID_WORKER, "east"),
            await named("支部书记", Role.BRANCH_SECRETARY, "east"),
            [await named(f"社区书记{n}", Role.SECRETARY, "east") for n in range(2)],
            [await named(f"街道书记{n}", Role.SECRETARY) for n in range(2)],
            [await named(f"裁定人{n}", Role.ARBITER) for n in range(2)],
            [await named(f"回访员{n}", Role.CALLBACK_OFFICER) for n in range(2)],
            await named("督办员", Role.SUPERVISOR),
            await new_unit(street, "城管办"),
            await new_unit(street, "供电所", "station"),
            await new_unit(street, "水务站"),
            random.Random(seed),
        )

    # ── where a case stands before the race ─────────────────────────────────────────────────────────────────

    async def reported(self) -> Stage:
        return Stage(f"/v1/cases/{(await self.reporter.post('/v1/cases', LAMP))['id']}")

    async def handling(self) -> Stage:
        stage = await self.reported()
        await self.grid.post(f"{stage.case}/triage", {"lane": self.chance.choice(("small", "big", "hard"))})
        return stage

    async def at_street(self) -> Stage:
        stage = await self.handling()
        await self.secretaries[0].post(f"{stage.case}/escalate", {"reason": "无权限", "tried": "看过"})
        return stage

    async def proposed(self) -> Stage:
        stage = await self.handling()
        await self.grid.post(f"{stage.case}/whistle", self._whistle("routine"))
        return stage

    async def whistled(self) -> Stage:
        """At the community or at the street: there nobody is above who decides after two returns."""
        above = self.chance.random() < 0.5
        stage = await (self.at_street() if above else self.handling())
        kind = self.chance.choice(("routine", "hard", "emergency"))
        head = (self.chiefs if above else self.secretaries)[0]
        await head.post(f"{stage.case}/whistle", self._whistle(kind))
        if kind == "emergency":
            await self._until(f"SELECT state = 'whistled' FROM matter WHERE id = '{_id(stage.case)}'")
        else:
            await head.post(f"{stage.case}/whistle/decide", {"approved": True})
        tasks = await self.street.world.owner.fetch(
            "SELECT matter_id, leads FROM assignment_detail WHERE case_id = $1::uuid", _id(stage.case)
        )
        for row in tasks:
            setattr(stage, "task" if row["leads"] else "beside", f"/v1/assignments/{row['matter_id']}")
        return stage

    async def contested(self) -> Stage:
        stage = await self.whistled()
        await self.lead.officer.post(f"{stage.task}/sign")
        await self.lead.officer.post(f"{stage.task}/report-in")
        body = {"ground": "移交清单", "proposed_id": self.other.id}
        await self.lead.officer.post(f"{stage.task}/contest", body)
        return stage

    async def result(self) -> Stage:
        stage = await self.whistled()
        await self.lead.officer.post(f"{stage.task}/sign")
        await self.lead.officer.post(f"{stage.task}/report-in")
        await self.lead.officer.post(f"{stage.case}/result", RESULT)
        return stage

    async def callback(self) -> Stage:
        """Half of them of a unit, whose lead works again when somebody was not helped."""
        if self.chance.random() < 0.5:
            stage = await self.result()
            await self.chiefs[0].post(f"{stage.case}/check", {"accepted": True})
        else:
            stage = await self.handling()
            await self.grid.post(f"{stage.case}/result", RESULT)
        stage.call = str(
            await self.street.world.owner.fetchval(
                "SELECT id FROM callback WHERE matter_id = $1::uuid", _id(stage.case)
            )
        )
        return stage

    async def hung(self) -> Stage:
        stage = await self.at_street()
        body = {"owner": "建设办", "must_change": "立项", "review_at": await self._moment(timedelta(days=2))}
        await self.chiefs[0].post(f"{stage.case}/hang", body)
        return stage

    async def deliberating(self) -> Stage:
        stage = await self.reported()
        await self.grid.post(f"{stage.case}/triage", {"lane": "big"})
        await self.branch.post(f"{stage.case}/deliberate")
        return stage

    async def stage(self, number: int) -> Stage:
        """The case with this number, where it is raced: everywhere in turn."""
        name = list(APT)[number % len(APT)]
        made: Stage = await getattr(self, name)()
        made.name = name
        return made

    # ── what is asked of it ────────────────────────────────────────────────────────────────────────────────

    async def racers(self, stage: Stage) -> list[Asked]:
        """Thirty commands: two of three of the kinds that race where the case stands, the others of any kind at all."""
        made = await self._whatever(stage)
        apt = [asked for asked in made if asked.kind in APT[stage.name]]
        each = {kind: [asked for asked in apt if asked.kind == kind] for kind in sorted({asked.kind for asked in apt})}
        kinds = self.chance.choices(sorted(each), k=RACERS * 2 // 3)
        return [*(self.chance.choice(each[kind]) for kind in kinds), *self.chance.choices(made, k=RACERS - len(kinds))]

    async def _whatever(self, stage: Stage) -> list[Asked]:
        case, moment = stage.case, await self._moment(timedelta(days=2))
        secretaries, chiefs = self.secretaries, self.chiefs
        units = [*(person for unit in (self.lead, self.beside) for person in (unit.officer, unit.head))]
        found = [
            *(Asked("triage", who, f"{case}/triage", {"lane": "hard"}) for who in (self.grid, *secretaries)),
            *(Asked("join", who, f"{case}/join", {"words": "我家也是"}) for who in self.neighbours),
            Asked("withdraw", self.reporter, f"{case}/withdraw", {}),
            Asked("contact", self.grid, f"{case}/contact", {"channel": "phone", "text": "问清了"}),
            *(Asked("reply", who, f"{case}/reply", {"text": "已安排"}) for who in (self.grid, secretaries[0])),
            *(
                Asked("escalate", who, f"{case}/escalate", {"reason": "无权限", "tried": "看过"})
                for who in (self.grid, *secretaries)
            ),
            *(Asked("propose", who, f"{case}/whistle", self._whistle("hard")) for who in (self.grid, *secretaries, chiefs[1])),
            *(Asked("approve", who, f"{case}/whistle/decide", {"approved": True}) for who in (*secretaries, *chiefs)),
            Asked("refuse", secretaries[1], f"{case}/whistle/decide", {"approved": False, "reason": "不必"}),
            *(Asked("result", who, f"{case}/result", RESULT) for who in (self.grid, secretaries[1], *units[:2], self.other.head)),
            *(Asked("accept", who, f"{case}/check", {"accepted": True}) for who in (secretaries[0], *chiefs)),
            *(Asked("return", who, f"{case}/check", {"accepted": False, "reason": "没好"}) for who in (secretaries[1], *chiefs)),
            Asked("extension", self.lead.head, f"{case}/extension", {"hours": 2, "reason": "配件未到"}),
            *(Asked("extend", who, f"{case}/extension/decide", {"granted": True}) for who in chiefs),
            Asked("deliberate", self.branch, f"{case}/deliberate"),
            *(Asked("conclude", who, f"{case}/conclude", {"decision": "照办"}) for who in (self.branch, secretaries[0])),
            *(
                Asked("hang", who, f"{case}/hang", {"owner": "建设办", "must_change": "立项", "review_at": moment})
                for who in chiefs
            ),
            *(Asked("wake", who, f"{case}/wake") for who in chiefs),
            Asked("promise", self.lead.officer, f"{case}/board/promises",
                  {"unit_id": self.lead.id, "text": "换灯泡", "due_at": moment}),
            *(Asked("answer supervision", who, f"{case}/supervision/answer", {"text": "明天办结"})
              for who in (secretaries[0], chiefs[0], self.lead.head)),
            *(Asked("tap", self.reporter, f"{case}/callback", {"solved": yes}) for yes in (True, False)),
            Asked("terminate", self.supervisor, f"{case}/terminate", {"reason": "重复"}),
        ]  # fmt: skip
        for task, unit in ((stage.task, self.lead), (stage.beside, self.beside)):
            if not task:
                continue
            for who in (unit.officer, unit.head):
                found += [Asked(step, who, f"{task}/{step}") for step in ("sign", "report-in", "begin")]
                found.append(Asked("contest", who, f"{task}/contest", {"ground": "清单", "proposed_id": self.other.id}))
                found.append(Asked("finish", who, f"{task}/finish", {"outcome": "已办"}))
            for upheld, who in ((True, self.arbiters[0]), (False, self.arbiters[1]), (True, self.arbiters[1])):
                found.append(Asked("arbitrate", who, f"{task}/arbitrate", {"upheld": upheld, "decision": "照清单"}))
            found.append(Asked("excuse", secretaries[0], f"{task}/excuse", {"reason": "不需要"}))
        if stage.call:
            call = f"{case}/callbacks/{stage.call}"
            found += [Asked("record", who, call, said) for who in self.callers for said in (YES, NO, MISSED)]
        # Who ends a case for good does not take every race away from the others.
        rarely = ("withdraw", "terminate")
        return [asked for asked in found if asked.kind not in rarely or self.chance.random() < 0.3]

    async def race(self, asked: list[Asked]) -> None:
        """All of them leave in one moment, in an order of chance."""

        async def ask(one: Asked) -> None:
            answer = await one.who.ask("POST", one.path, one.body)
            code = "" if answer.status_code == 200 else answer.json()["code"]
            self.answers[one.kind, answer.status_code, code] += 1

        await asyncio.gather(*map(ask, self.chance.sample(asked, len(asked))))

    def _whistle(self, kind: str) -> dict[str, Any]:
        return {"kind": kind, "reason": "权属不清", "lead_id": self.lead.id, "co_ids": [self.beside.id]}

    async def _moment(self, ahead: timedelta) -> str:
        now: datetime = await self.street.world.owner.fetchval("SELECT app_now()")
        return (now + ahead).astimezone(UTC).isoformat()

    async def _until(self, query: str) -> None:
        while not await self.street.world.owner.fetchval(query):
            await asyncio.sleep(0.05)


def _id(path: str) -> str:
    return path.rpartition("/")[2]
