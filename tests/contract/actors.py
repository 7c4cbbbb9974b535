"""People, and things of theirs in every state, so that a sound request finds what it asks for."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from app.kernel.passwords import Passwords
from app.kernel.rules import Role
from tests.contract import cases_cast
from tests.contract.boards import Boards
from tests.people import Someone, by_day
from tests.special import service_of
from tests.world import World, build, tireless

PASSWORD = "tq4m-z8wk-2hvn-c6rb"


def phone_of(someone: Someone) -> str:
    return f"137{someone.id.int % 10**8:08d}"


@dataclass
class Cast:
    """Who sends: an administrator of the whole tree; a resident who is a volunteer too; and a neighbour with orders."""

    world: World
    administrator: Someone
    resident: Someone
    neighbour: Someone
    login_name: str
    ids: dict[str, str]
    api_url: str
    cases: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    boards: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    async def assemble(cls, owner_url: str, api_url: str) -> Self:
        world = await build(owner_url)
        admin, login_name = world.people["管理员"], f"top-{world.street.hex[-12:]}"
        top = await world.owner.fetchval("SELECT id FROM place WHERE code = '99'")
        await world.grant(admin, Role.ADMINISTRATOR, top)
        # The world's names are not sealed by this API's key.
        clear = "name_sealed = NULL, phone_sealed = NULL, address_sealed = NULL"
        await world.owner.execute(f"UPDATE person SET {clear} WHERE id = ANY ($1)", list(world.people.values()))
        await world.owner.execute(
            "UPDATE person SET login_name = $2, password_hash = $3 WHERE id = $1",
            admin,
            login_name,
            await Passwords().hash_password(PASSWORD),
        )
        administrator = await Someone.by_password(api_url, login_name, PASSWORD)
        resident, neighbour = [await cls._resident(api_url, world, name) for name in ("王秀英", "李大爷")]
        made = cls(world, administrator, resident, neighbour, login_name, {}, api_url)
        await made._furnish()
        made.boards = await Boards(world, administrator, resident, neighbour).furnish()
        return made

    @classmethod
    async def _resident(cls, api_url: str, world: World, name: str, community: str = "east") -> Someone:
        someone = await Someone.by_wechat(api_url, f"{name}@{world.street}")
        await someone.put("/v1/me", {"name": name, "phone": phone_of(someone), "address": "一号楼"})
        await someone.post("/v1/me/community", {"place_id": str(getattr(world, community))})
        return someone

    async def _furnish(self) -> None:
        east, me = str(self.world.east), str(self.resident.id)
        service = await self.administrator.post(
            "/v1/services", {"place_id": east, "name": "陪诊", "description": "陪诊"}
        )
        self.ids |= {"place_id": east, "place": east, "parent_id": str(self.world.street), "service_id": service["id"]}
        await self.administrator.post("/v1/roles", {"place_id": east, "role": "volunteer", "person_id": me})
        await tireless(self.world.owner, self.resident.id, self.neighbour.id)
        passing = {"place_id": east, "role": "station_staff", "person_id": str(self.neighbour.id)}
        grant = await self.administrator.post("/v1/roles", passing)
        officer = {"login_name": f"of-{east[-12:]}", "password": PASSWORD, "name": "张敏", "role": "dispatcher"}
        created = await self.administrator.post("/v1/officers", {"place_id": east, **officer})
        self.ids |= {"volunteer_id": me, "grant_id": grant["id"], "person_id": created["id"], "next_id": created["id"]}
        await self.world.grant(self.administrator.id, Role.DISPATCHER, self.world.east)
        for state in ("submitted", "offered", "claimed", "accepted", "in_service"):
            self.ids[state] = await self.order(self.neighbour, self.resident, state)
        self.ids["delivered"] = await self.order(self.resident, self.neighbour, "delivered")
        for name, reached in (
            ("declined", "offered"), ("released", "accepted"), ("taken back", "accepted"), ("aborted", "in_service"),
            ("rejected", "submitted"), ("converted", "submitted"), ("moved", "submitted"),
        ):  # fmt: skip
            self.ids[name] = await self.order(self.neighbour, self.resident, reached)
        self.ids["reworked"] = await self.order(self.resident, self.neighbour, "delivered")
        await self._team()
        self.ids["mine"] = await self.order(self.resident, self.neighbour, "submitted")
        await self._promise()
        await self._volunteer()
        await self._special_kinds()
        await self._represent()
        await self._call_back()
        self.cases = await cases_cast.furnish(self.world, self.administrator, self.resident, self.ids)
        await self._flow()
        self.ids["message_id"] = await self.world.owner.fetchval(
            "INSERT INTO inbox_message (id, outbox_id, person_id, topic, subject_kind, subject_id, payload, nobody_in_post,"
            " created_at, version, delivery, attempts, retry_at) VALUES (gen_random_uuid(), gen_random_uuid(), $1,"
            " 'order.placed', 'order', gen_random_uuid(), '{}', false, now(), 1, 'none', 0, now()) RETURNING id::text",
            self.resident.id,
        )

    async def _team(self) -> None:
        """A team that the resident leads, a member of which has taken an order."""
        made = await self.administrator.post(
            "/v1/teams",
            {"place_id": self.ids["place_id"], "name": "红马甲", "colour": "red", "lead_id": str(self.resident.id)},
        )
        member, other = [await self._resident(self.api_url, self.world, name) for name in ("赵明", "钱进")]
        for one in (member, other):
            grant = {"place_id": self.ids["place_id"], "role": "volunteer", "person_id": str(one.id)}
            await self.administrator.post("/v1/roles", grant)
            await self.resident.post(f"/v1/teams/{made['id']}/members", {"person_id": str(one.id)})
        self.ids["member_id"] = str(other.id)
        self.ids["teamed"] = await self.order(self.neighbour, self.resident, "submitted")
        path = f"/v1/orders/{self.ids['teamed']}"
        await self.administrator.post(f"{path}/offer", {"team_id": made["id"]})
        await member.post(f"{path}/accept")

    async def _promise(self) -> None:
        """Orders with a proposal, a question, pauses and a dispute; working days that wait to be published."""
        secretary = await Someone.by_wechat(self.api_url, f"刘书记@{self.world.street}")
        grant = {"place_id": self.ids["place_id"], "role": "secretary", "person_id": str(secretary.id)}
        await self.administrator.post("/v1/roles", grant)
        soon, meet_at = (
            (datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)).isoformat(),
            by_day(days=2).isoformat(),
        )
        proposed = self.ids["proposed"] = await self.order(self.neighbour, self.resident, "accepted")
        await self.neighbour.post(f"/v1/orders/{proposed}/appointment", {"meet_at": meet_at})
        asked = self.ids["asked"] = await self.order(self.resident, self.neighbour, "submitted")
        await self.administrator.post(f"/v1/orders/{asked}/questions", {"question": "上午方便吗?"})
        posts = (await self.resident.get(f"/v1/orders/{asked}/posts"))["items"]
        self.ids["question_id"] = posts[0]["id"]
        for name in ("plain", "paused", "resumed", "disputed"):
            order = self.ids[name] = await self.order(self.resident, self.neighbour, "submitted")
            found = (await self.resident.get(f"/v1/orders/{order}/deadlines"))["items"]
            plan = f"/v1/orders/{order}/deadlines/" + next(d["id"] for d in found if d["kind"] == "plan")
            self.ids[f"{name} deadline"] = plan.rpartition("/")[2]
            if name != "plain":
                await secretary.post(f"{plan}/pause", {"until_at": soon, "text": "暴雪"})
                self.ids[f"{name} pause"] = (await self.resident.get(plan))["pauses"][0]["id"]
        dispute = f"/v1/orders/{self.ids['disputed']}/pauses/{self.ids['disputed pause']}/dispute"
        await self.resident.post(dispute, {"text": "室内的事"})
        notice = {"year": 2031, "source": "试验", "days": [{"day": "2031-01-01", "works": False, "name": "元旦"}]}
        self.ids["calendar_id"] = (await self.administrator.post("/v1/calendars", notice))["id"]
        limit = {
            "place_id": self.ids["place_id"], "deadline_kind": "respond", "calendar": "DUTY", "budget_seconds": 900,
            "marks": [{"percent": 100, "effects": []}],
        }  # fmt: skip
        self.ids["draft_id"] = (await self.administrator.post("/v1/deadline-policies/drafts", limit))["id"]
        refused = {"place_id": str(self.world.west), "term": "加微信"}
        self.ids["term_id"] = (await self.administrator.post("/v1/refused-terms", refused))["id"]
        await self._miss(secretary)
        self.ids |= {"meet_at": meet_at, "promised_at": soon, "until_at": soon}

    async def _miss(self, secretary: Someone) -> None:
        """Orders whose response was missed: of one it is proposed that it shall not count."""
        for name in ("missed", "excluded"):
            self.ids[name] = await self.order(self.neighbour, self.resident, "submitted")
            self.ids[f"{name} deadline"] = await self.world.owner.fetchval(
                "WITH d AS (UPDATE deadline SET fired = 2 WHERE matter_id = $1 AND kind = 'respond' RETURNING *), k AS ("
                " INSERT INTO mark (deadline_id, percent, matter_id, place_id, due_at, fired_at)"
                " SELECT d.id, p, d.matter_id, d.place_id, d.due_at, d.due_at FROM d, unnest(d.percents[:2]) p)"
                " SELECT id::text FROM d",
                self.ids[name],
            )
        outage = {"deadline_id": self.ids["excluded deadline"], "reason": "outage", "note": "停电"}
        self.ids["exclusion_id"] = (await secretary.post("/v1/exclusions", outage))["id"]

    async def _volunteer(self) -> None:
        """Teams, a skill, an application, and services that go on, rest, and will be withdrawn; of people who do not send."""
        east, admin, third = self.ids["place_id"], self.administrator, str(self.world.people["小李"])
        fourth, lead = str(self.world.people["小赵"]), str(self.neighbour.id)
        for name in ("team", "disbanded team"):
            team = {"place_id": east, "name": f"红马甲 {name}", "colour": "red", "lead_id": lead}
            self.ids[f"{name}_id"] = (await admin.post("/v1/teams", team))["id"]
        for member in (third, str(self.resident.id)):
            await admin.post(f"/v1/teams/{self.ids['team_id']}/members", {"person_id": member})
        skill = {"place_id": east, "person_id": third, "code": "sewing"}
        self.ids["skill_id"] = (await admin.post("/v1/skills", skill))["id"]
        for name in ("pause", "resume", "withdraw", "another"):
            service = {"place_id": east, "name": name, "description": name}
            self.ids[f"{name} service"] = (await admin.post("/v1/services", service))["id"]
        await admin.post(f"/v1/services/{self.ids['resume service']}/pause", {})
        applicant = await self._resident(self.api_url, self.world, "陈阿姨")
        application = await applicant.post("/v1/volunteer-applications", {"text": "想帮忙", "skills": []})
        self.ids |= {"application_id": application["id"], "lead_id": third, "third": third, "fourth": fourth}

    async def _call_back(self) -> None:
        """Cases whose reporters are asked, and one that is supervised; handled by a grid worker who does not send. Whoever has
        an office in the east does not call there, but in the west."""
        grid = await Someone.by_wechat(self.api_url, f"网格员@{self.world.street}")
        western = await self._resident(self.api_url, self.world, "西居民", "west")
        for place in (self.world.east, self.world.west):
            await self.world.grant(grid.id, Role.GRID_WORKER, place)
        await self.world.grant(self.administrator.id, Role.CALLBACK_OFFICER, self.world.west)
        await self.world.grant(self.administrator.id, Role.SUPERVISOR, self.world.east)
        for name, reporter, lane in (
            ("tapped", self.resident, "small"), ("called", western, "big"), ("to call", western, "big"),
            ("supervised", self.neighbour, "big"),
        ):  # fmt: skip
            made = await reporter.post("/v1/cases", {"category": "noise", "words": "楼下吵"})
            case = f"/v1/cases/{made['id']}"
            self.ids[f"{name} case"] = made["id"]
            await grid.post(f"{case}/triage", {"lane": lane})
            if name == "supervised":
                await self.world.owner.execute(
                    "INSERT INTO supervision (id, matter_id, place_id, round, deadline_id, kind, percent, step, seat_id,"
                    " held_seat_id, raised_at) SELECT gen_random_uuid(), d.matter_id, d.place_id, 1, d.id, d.kind, 100, 'card',"
                    " $2, d.place_id, now() FROM deadline d WHERE d.matter_id = $1 AND d.kind = 'resolve_community'",
                    made["id"],
                    self.world.street,
                )
                continue
            result = {"outcome": "已劝止", "answer": "已劝止", "evidence": [{"kind": "note", "text": "去过"}]}
            await grid.post(f"{case}/result", result)
            found = "SELECT id::text FROM callback WHERE matter_id = $1"
            self.ids[f"{name} callback"] = await self.world.owner.fetchval(found, made["id"])

    async def _represent(self) -> None:
        """Two who ask to order for others: one waits for the consent, one for the end."""
        daughter = await self._resident(self.api_url, self.world, "陈芳")
        await self.resident.prove_phone()
        for name, beneficiary in (("asked for", self.neighbour), ("to end", self.resident)):
            naming = {
                "place_id": self.ids["place_id"],
                "name": (await beneficiary.get("/v1/me"))["name"],
                "phone": phone_of(beneficiary),
                "relation": "family",
            }
            self.ids[name] = (await daughter.post("/v1/beneficiaries", naming))["id"]
        await self.administrator.post(f"/v1/residents/{self.resident.id}/card")

    async def _special_kinds(self) -> None:
        """A wish that waits, errands that are accepted, service days to be booked and to be cancelled."""
        wish, errand, day = [
            await service_of(self.world, form, name)
            for form, name in (("wish", "微心愿"), ("errand", "代办"), ("service_day", "义诊日"))
        ]
        self.ids["wish"] = await self.order(self.neighbour, self.resident, "submitted", wish)
        self.ids["errand"] = await self.order(self.resident, self.neighbour, "accepted", errand)
        self.ids["authorised"] = await self.order(self.resident, self.neighbour, "accepted", errand)
        authority = {"text": "代办老年证", "until_at": (datetime.now(UTC) + timedelta(days=20)).isoformat()}
        await self.resident.post(f"/v1/orders/{self.ids['authorised']}/authority", authority)
        starts_at = (datetime.now(UTC) + timedelta(days=2)).replace(hour=2, minute=0)
        # The same day is opened once: the two that stand there, and the one that the operation opens.
        slots = [
            [{"starts_at": (starts_at + timedelta(hours=n)).isoformat(), "minutes": 30, "capacity": 5}]
            for n in range(3)
        ]
        self.ids["slots"] = slots[2]  # type: ignore[assignment]
        self.ids["day_service"] = day
        opening = {"place_id": self.ids["place_id"], "team_id": self.ids["team_id"], "service_id": day}
        days = [
            (await self.administrator.post("/v1/service-days", {**opening, "slots": each}))["id"] for each in slots[:2]
        ]
        self.ids["day_id"] = days[0]
        listed = (await self.resident.get("/v1/service-days", place_id=self.ids["place_id"]))["items"]
        self.ids["slot_id"] = next(one["slots"][0]["id"] for one in listed if one["id"] == days[1])

    async def _flow(self) -> None:
        """Cases that may be joined, merged, hung, deliberated, handed down and ended; and those that are already."""
        admin, soon = self.administrator, self.ids["until_at"]
        await self.world.grant(admin.id, Role.SUPERVISOR, self.world.east)
        for name in ("own case", "joinable", "parent case", "mergeable", "merged", "hangable", "hung", "big", "deliberating",
                     "above", "terminable"):  # fmt: skip
            reporter = self.resident if name == "own case" else self.neighbour
            made = await reporter.post("/v1/cases", {"category": "lighting", "words": f"路灯不亮 {name}"})
            self.ids[name], path = made["id"], f"/v1/cases/{made['id']}"
            if name in ("hangable", "hung", "big", "deliberating", "above"):
                await admin.post(f"{path}/triage", {"lane": "big"})
            if name in ("hangable", "hung", "above"):
                await admin.post(f"{path}/escalate", {"reason": "无权限", "tried": "已看现场"})
        await admin.post(f"/v1/cases/{self.ids['merged']}/merge", {"parent_id": self.ids["parent case"]})
        hanging = {"owner": "建设办", "must_change": "立项", "review_at": soon}
        await admin.post(f"/v1/cases/{self.ids['hung']}/hang", hanging)
        await admin.post(f"/v1/cases/{self.ids['deliberating']}/deliberate")
        limits = (await self.resident.get(f"/v1/cases/{self.ids['own case']}/deadlines"))["items"]
        self.ids |= {"own case deadline": limits[0]["id"], "review_at": soon}

    def _of_cases(self, operation_id: str) -> dict[str, str]:
        """Which case the operations on cases are about, and what else they name."""
        about = {
            "joinCase": "joinable", "mergeCase": "mergeable", "unmergeCase": "merged", "hangCase": "hangable",
            "wakeCase": "hung", "deliberateCase": "big", "concludeDeliberation": "deliberating", "handDownCase": "above",
            "terminateCase": "terminable", "recordCaseContact": "parent case", "replyToCase": "parent case",
            "listCaseReporters": "parent case",
        }.get(operation_id, "own case")  # fmt: skip
        more = {
            "mergeCase": {"parent_id": self.ids["parent case"]},
            "explainCaseDeadline": {"deadline_id": self.ids["own case deadline"]},
        }
        return {"case_id": self.ids[about], **more.get(operation_id, {})}

    async def order(self, resident: Someone, volunteer: Someone, state: str, service: str | None = None) -> str:
        """An order that has come so far; "claimed" is one that is open to all."""
        body = {"service_id": service or self.ids["service_id"], "note": "陪我去医院"}
        made = (await resident.post("/v1/orders", body))["id"]
        path = f"/v1/orders/{made}"
        if state == "claimed":
            await self.world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1", made)
        if state in ("submitted", "claimed"):
            return made
        if volunteer is self.neighbour and not await self._volunteers(volunteer):
            await self.world.grant(volunteer.id, Role.VOLUNTEER, self.world.east)
        await self.administrator.post(f"{path}/offer", {"volunteer_id": str(volunteer.id)})
        if state != "offered":
            await volunteer.post(f"{path}/accept")
        if state in ("in_service", "delivered"):
            await volunteer.post(f"{path}/start", {"code": (await resident.get(path))["start_code"]})
        if state == "delivered":
            await volunteer.post(f"{path}/deliver", {"outcome": "已陪同"})
        return made

    def _of_teams(self, operation_id: str) -> dict[str, str]:
        """Whom and what the operations on teams and services are about, where that differs from the others'."""
        ids, me = self.ids, str(self.resident.id)
        return {
            "addTeamMember": {"person_id": ids["fourth"]},
            "removeTeamMember": {"person_id": ids["third"]},
            "setTeamLead": {"person_id": me},
            "disbandTeam": {"team_id": ids["disbanded team_id"]},
            "addSkill": {"person_id": me},
            "listSkills": {"person_id": me},
            "getAvailability": {"person_id": me},
            "pauseService": {"service_id": ids["pause service"]},
            "resumeService": {"service_id": ids["resume service"]},
            "openServiceDay": {"service_id": ids["day_service"]},
            "withdrawService": {"service_id": ids["withdraw service"]},
        }.get(operation_id, {})

    async def _volunteers(self, person: Someone) -> bool:
        held = "SELECT count(*) FROM role_grant WHERE person_id = $1 AND role = 'volunteer'"
        return bool(await self.world.owner.fetchval(held, person.id))

    def of_this_world(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The contract with examples that exist: its sound requests then succeed."""
        orders = {
            "offerOrder": "submitted", "acceptOrder": "offered", "claimOrder": "claimed", "startOrder": "accepted",
            "deliverOrder": "in_service", "rateOrder": "delivered", "cancelOrder": "mine", "getOrder": "mine",
            "getOrderHistory": "mine", "listDeadlines": "mine", "recordContact": "accepted", "replyToOrder": "accepted",
            "askResident": "accepted", "writePlan": "accepted", "proposeAppointment": "accepted",
            "confirmAppointment": "proposed", "answerQuestion": "asked", "explainDeadline": "plain", "pauseDeadline": "plain",
            "changeContact": "plain",
            "claimWish": "wish", "recordAuthority": "errand", "listPapers": "errand", "handOverPapers": "errand",
            "returnPapers": "errand", "withdrawAuthority": "authorised",
            "resumeDeadline": "resumed", "disputePause": "paused", "decideDispute": "disputed",
            "suggestVolunteers": "submitted", "declineOrder": "declined", "assignMember": "teamed",
            "releaseOrder": "released", "takeBackOrder": "taken back", "abortOrder": "aborted", "reworkOrder": "reworked",
            "rejectOrder": "rejected", "convertOrder": "converted", "recordExclusion": "missed", "recategoriseOrder": "moved",
        }  # fmt: skip
        others = {
            "offerOrder": {"volunteer_id": self.ids["third"]},  # the resident may have said when they have no time
            "recategoriseOrder": {"service_id": self.ids["another service"]},
            "proposeAppointment": {"meet_at": by_day(days=5).isoformat()},  # they have another one by then
            "giveConsent": {"representation_id": self.ids["asked for"]},
            "endRepresentation": {"representation_id": self.ids["to end"]},
            **{name: {"person_id": str(self.resident.id)} for name in ("issueHouseholdCard", "getHouseholdCard")},
            "recordCallback": {"case_id": self.ids["called case"], "callback_id": self.ids["called callback"]},
            "getReporterContact": {"callback_id": self.ids["to call callback"]},
            "answerSupervision": {"case_id": self.ids["supervised case"]},
            **{n: {"case_id": self.ids["tapped case"]} for n in ("answerCallback", "getMyCallback", "listHolds")},
        }
        spec = copy.deepcopy(dict(document))
        for item in spec["paths"].values():
            for operation in item.values():
                about = orders.get(operation["operationId"], "mine")
                named = others.get(operation["operationId"], {})
                here = {**self.ids, "order_id": self.ids[about], **self._of_teams(operation["operationId"])}
                here |= {**self._of_cases(operation["operationId"]), **named}
                here |= self.cases.get(operation["operationId"], {})
                here |= self.boards.get(operation["operationId"], {})
                if "RefusedTerm" in operation["operationId"]:
                    here["place_id"] = str(self.world.west)  # whatever is refused there spoils no text of the others
                for part in ("deadline", "pause"):
                    if f"{about} {part}" in self.ids:
                        here[f"{part}_id"] = self.ids[f"{about} {part}"]
                for parameter in operation.get("parameters", ()):
                    if parameter["name"] in here:
                        parameter["schema"] = {**_plain(parameter["schema"]), "examples": [here[parameter["name"]]]}
                for content in operation.get("requestBody", {}).get("content", {}).values():
                    example = next(iter(content["examples"].values()))
                    if operation["operationId"] == "setAvailability":
                        example["value"]["daily_capacity"] = 50  # there is more than a day's work here
                    if operation["operationId"] == "updateMe":
                        del example["value"]["phone"]  # it is somebody's by the second time
                    if operation["operationId"] == "provePhone":
                        example["value"]["code"] = (
                            f"demo:{phone_of(self.resident)}"  # theirs already, but others would take it
                        )
                    if operation["operationId"] == "grantRole":
                        example["value"] |= {"phone": phone_of(self.neighbour), "role": "dispatcher"}
                    if operation["operationId"] in ("placeOrderForCaller", "reportCaseForCaller"):
                        example["value"] |= {"phone": phone_of(self.resident)}
                    if isinstance(example["value"], dict):
                        example["value"] |= {name: here[name] for name in example["value"].keys() & here.keys()}
        login = spec["paths"]["/v1/auth/password"]["post"]["requestBody"]["content"]
        login["application/x-www-form-urlencoded"]["examples"]["default"]["value"] |= {
            "username": self.login_name,
            "password": PASSWORD,
        }
        return spec


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """The arm of an id among "an id or null" and "an id or a code"."""
    return next((arm for arm in schema.get("anyOf", ()) if arm.get("format") == "uuid"), schema)
