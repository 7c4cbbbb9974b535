"""Everything of `bad_input` over real HTTP, at the real API: never a 5xx, always a problem that says which field."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from tests.bad_input import BadRequest, bad_requests
from tests.contract.actors import Cast
from tests.contract.cases_cast import ONLY_OFFICE, ONLY_OFFICER
from tests.contract.wire import Answer, Wire

FLOOR = 3_800
AT_ONCE = 8

# Sent last: they say whose a phone is, and end the sender's log-in.
LAST = ("provePhone", "logout")
# A sound request that would need a secret of its own, would end the log-in of whoever sends it, or asks for what they are; and
# an application is withdrawn by whoever made it, who sends nothing here.
NEVER_SOUND = {"changePassword", "refreshToken", "startOrder", "importPlaces", "applyToVolunteer"} | {
    *("withdrawApplication", "provePhone"),
    *("handOverPapers", "returnPapers", "importResponsibilities"),
}
# They do not look at the sender; and a password costs its forty milliseconds.
PUBLIC = {"loginWithWechat", "loginWithPassword", "refreshToken", "getLiveness", "getReadiness"}
# What only an administrator, and what only a resident or volunteer, does.
ONLY_ADMINISTRATOR = {
    *(
        "createOfficer",
        "resetPassword",
        "registerResident",
        "findResidents",
        "grantRole",
        "revokeRole",
        "publishService",
    ),
    *(
        "publishDeadlinePolicy",
        "offerOrder",
        "pauseDeadline",
        "resumeDeadline",
        "decideDispute",
        "setDutyHours",
        "setStation",
    ),
    *("suggestVolunteers", "rejectOrder", "convertOrder", "takeBackOrder"),
    *("placeOrderForCaller", "giveConsent", "issueHouseholdCard", "getHouseholdCard"),
    *("importCalendar", "publishCalendar", "draftDeadlinePolicy", "compareDeadlinePolicies", "replayPolicy"),
    *("openServiceDay", "cancelServiceDay"),
    *("getThreeRates", "listRateCases", "getUnitFigures", "listUnitFigureCases", "getHoldTimes", "listHoldTimeCases"),
    *("addRefusedTerm", "importRefusedTerms", "removeRefusedTerm"),
    *("createTeam", "addTeamMember", "removeTeamMember", "setTeamLead", "disbandTeam", "addSkill", "endSkill"),
    *("decideVolunteer", "pauseService", "resumeService", "withdrawService", "watchReplay", "publishPolicyDraft"),
    *("exportOrders", "handOverShift", "recordExclusion", "decideExclusion", "recategoriseOrder"),
    *("recordCallback", "getReporterContact", "answerSupervision", "exportRates"),
    *ONLY_OFFICE,
    *("closeUnit", "endUnitMember", "arbitrateContest", "decideExtension", "excuseAssignment", "rateDepartment"),
    *("listCallbacks", "listAgenda", "listContests", "listCaseReporters"),
    *(
        "publishCategory",
        "publishAdmissionList",
        "reportCaseForCaller",
        "recordCaseContact",
        "replyToCase",
        "mergeCase",
    ),
    *("unmergeCase", "hangCase", "wakeCase", "deliberateCase", "concludeDeliberation", "handDownCase", "terminateCase"),
}
ONLY_RESIDENT = {"placeOrder", "acceptOrder", "claimOrder", "deliverOrder", "rateOrder", "cancelOrder", "markRead"} | {
    *("claimWish", "recordAuthority", "withdrawAuthority", "bookSlot"),
    *("confirmAppointment", "answerQuestion", "disputePause", "setAvailability"),
    *("declineOrder", "assignMember", "releaseOrder", "abortOrder", "reworkOrder"),
    *("registerBeneficiary", "endRepresentation", "answerCallback"),
    *ONLY_OFFICER,
    *("contestAssignment", "requestExtension", "finishPromise", "rateWhistler", "joinCase"),
    "setDeputy",  # said by the unit's head before the administrator says it again
}


@dataclass
class Answers:
    """What came back."""

    statuses: Counter[int] = field(default_factory=Counter)
    done: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def take(self, bad: BadRequest, answer: Answer) -> None:
        self.statuses[answer.status] += 1
        if answer.status < 300:
            self.done.add(bad.operation_id)
        if fault := fault_of(bad, answer):
            self.faults.append(f"{answer.status} {bad.operation_id}: {bad.description}: {fault}")


def fault_of(bad: BadRequest, answer: Answer) -> str | None:
    """What is wrong with an answer; None when it is right."""
    if answer.status >= 500:
        return "a fault of ours"
    if answer.status not in bad.expects:
        return f"expected {sorted(bad.expects)}"
    if answer.status < 400:
        return None
    if answer.headers["content-type"] != "application/problem+json":
        return answer.headers["content-type"]
    problem = answer.json()
    right = {
        "status": problem["status"] == answer.status,
        "code": re.fullmatch(r"[a-z0-9-]{3,40}", problem["code"]),
        "title": re.search("[\u4e00-\u9fffA-Za-z]", problem["title"]),
        "trace_id": re.fullmatch(r"[A-Za-z0-9._-]{8,64}", problem["trace_id"]),
        "errors": all(one["pointer"] and one["code"] and one["message"] for one in problem.get("errors", ())),
    }
    return next((f"{name}: {problem.get(name)!r}" for name, fits in right.items() if not fits), None)


@pytest.fixture(scope="module")
async def cast(owner_url: str, api_url: str) -> AsyncIterator[Cast]:
    made = await Cast.assemble(owner_url, api_url)
    yield made
    await made.world.owner.close()


@pytest.fixture(scope="module")
def requests(cast: Cast, document: dict[str, Any]) -> list[BadRequest]:
    made = list(bad_requests(cast.of_this_world(document)))
    return [bad for bad in made if bad.operation_id not in LAST] + [bad for bad in made if bad.operation_id in LAST]


async def send_all(api_url: str, requests: list[BadRequest], token: str | None) -> Answers:
    answers = Answers()
    signed_in = {"authorization": token} if token else {}
    waiting = iter(requests)

    async def sender() -> None:
        async with Wire(api_url) as wire:
            for bad in waiting:
                headers = {**signed_in, **bad.headers}
                if headers.get("Idempotency-Key") == "aaaaaaaa":  # the sound one: each request is a new intention
                    headers["Idempotency-Key"] = str(uuid4())
                answers.take(bad, await wire.ask(bad.method, bad.url, headers, bad.body))

    await asyncio.gather(*(sender() for _ in range(AT_ONCE)))
    return answers


def test_there_are_enough_of_them(requests: list[BadRequest], document: dict[str, Any]) -> None:
    assert len(requests) >= FLOOR
    operations = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    assert {bad.operation_id for bad in requests} == operations


@pytest.mark.parametrize("who", ["anonymous", "resident", "administrator"])
async def test_bad_input_is_refused_and_never_our_fault(
    who: str, api_url: str, cast: Cast, requests: list[BadRequest]
) -> None:
    sender = {"resident": cast.resident, "administrator": cast.administrator}.get(who)
    sent = [bad for bad in requests if sender is None or bad.operation_id not in PUBLIC]
    answers = await send_all(api_url, sent, sender and sender.http.headers["authorization"])
    assert answers.faults[:20] == []
    assert answers.statuses.total() == len(sent)
    if sender is None:
        assert answers.done == PUBLIC - NEVER_SOUND
        assert answers.statuses[401] >= FLOOR // 4
        return
    others = ONLY_ADMINISTRATOR if who == "resident" else ONLY_RESIDENT
    refused = {bad.operation_id for bad in sent} - answers.done
    assert refused - NEVER_SOUND - others == set(), "the sound request is refused too: nothing is shown then"
    assert answers.statuses[422] >= FLOOR // 2
    assert answers.statuses[200] >= FLOOR // 30


async def test_the_sender_is_still_whole(cast: Cast) -> None:
    """No partial effect: the orders' histories run without a gap, and nothing waits in the outbox half-written."""
    gaps = await cast.world.owner.fetchval(
        "SELECT count(*) FROM matter m WHERE m.version <> (SELECT count(*) FROM history h WHERE h.matter_id = m.id)"
        " AND NOT m.open_pool AND m.place_id = ANY ($1)",
        [cast.world.east, cast.world.west],
    )
    assert gaps == 0
