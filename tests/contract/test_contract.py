"""The contract: frozen, valid, complete, and as WeChat and the mini-program need it."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.api import (
    callers,
    census,
    deadlines,
    inbox,
    orders,
    people,
    places,
    representations,
    services,
    teams,
    volunteers,
)
from app.api.census import UndeclaredOperation, lacking_examples
from app.api.docs import dumped, operations
from app.main import ROOMS, create_app
from app.settings import Settings

FROZEN = Path(__file__).parents[2] / "miniprogram_contract" / "openapi.json"

OPERATIONS = frozenset(
    """
    loginWithWechat provePhone refreshToken logout loginWithPassword createOfficer changePassword resetPassword getMe updateMe
    joinPlace registerResident findResidents importPlaces listPlaces getPlace setStation
    grantRole revokeRole listRoleHolders publishService
    listServices placeOrder getOrder listMyOrders listMyTasks listPool offerOrder acceptOrder claimOrder startOrder
    deliverOrder rateOrder cancelOrder getOrderHistory listDeadlines getDeadlinePolicy publishDeadlinePolicy listInbox
    markRead getLiveness getReadiness
    recordContact replyToOrder askResident answerQuestion proposeAppointment confirmAppointment writePlan listOrderPosts
    explainDeadline pauseDeadline resumeDeadline disputePause decideDispute listGoingLate listEmptyPosts getCalendar
    changeContact
    claimWish recordAuthority withdrawAuthority handOverPapers returnPapers listPapers openServiceDay cancelServiceDay
    listServiceDays bookSlot
    placeOrderForCaller registerBeneficiary giveConsent endRepresentation listMyBeneficiaries listMyRepresentatives
    listRepresentations issueHouseholdCard getHouseholdCard
    importCalendar publishCalendar setDutyHours draftDeadlinePolicy compareDeadlinePolicies replayPolicy watchReplay
    listPolicyDrafts publishPolicyDraft
    suggestVolunteers declineOrder assignMember releaseOrder takeBackOrder abortOrder reworkOrder rejectOrder convertOrder
    addRefusedTerm importRefusedTerms removeRefusedTerm listRefusedTerms
    createTeam listTeams listMyTeams getTeam addTeamMember removeTeamMember setTeamLead disbandTeam addSkill listSkills
    listSkillCodes endSkill applyToVolunteer withdrawApplication listVolunteerApplications decideVolunteer
    setAvailability getAvailability pauseService resumeService withdrawService
    reportCase solveOnTheSpot listCases getCase getCaseHistory refuseCase triageCase withdrawCase escalateCase submitResult
    proposeWhistle checkResult listAssignments getAssignment signAssignment reportInAssignment beginAssignment
    createUnit listUnits getUnit closeUnit addUnitMember endUnitMember setDeputy setResponsibility importResponsibilities
    listResponsibilities getUnitRatings getWhistleRatings approveWhistle contestAssignment arbitrateContest requestExtension
    decideExtension finishAssignment excuseAssignment getBoard getBoardSheet addMinutes addPromise finishPromise
    rateDepartment rateWhistler
    listTeamWeek searchOrders exportOrders getMyHours listMyWeek getCalendarFeed listReveals handOverShift listShiftHandovers
    listCaseReporters listCaseReveals listCasePosts
    recordExclusion decideExclusion listExclusions recategoriseOrder
    listContests
    listCallbacks answerCallback getMyCallback recordCallback getReporterContact answerSupervision listSupervision listAgenda
    getThreeRates listRateCases getUnitFigures listUnitFigureCases getHoldTimes listHoldTimeCases listHolds exportRates
    listCategories publishCategory getAdmissionList publishAdmissionList suggestDuplicates joinCase searchCases
    listCaseDeadlines explainCaseDeadline reportCaseForCaller recordCaseContact replyToCase mergeCase unmergeCase hangCase
    wakeCase deliberateCase concludeDeliberation handDownCase terminateCase
    """.split()  # noqa: SIM905 - read like the issue's own list
)
PUBLIC = {"loginWithWechat", "loginWithPassword", "refreshToken", "getLiveness", "getReadiness"}
WITHOUT_KEY = {
    "loginWithWechat",
    "provePhone",
    "loginWithPassword",
    "refreshToken",
    "logout",
    "changePassword",
    "resetPassword",
}
NOT_FOR_THE_MINI_PROGRAM = {
    *(
        "loginWithPassword",
        "createOfficer",
        "changePassword",
        "resetPassword",
        "importPlaces",
        "setStation",
        "createUnit",
        "addUnitMember",
        "setResponsibility",
        "grantRole",
    ),
    *("listRoleHolders", "createTeam", "disbandTeam", "publishDeadlinePolicy", "getLiveness", "getReadiness"),
    *("importCalendar", "publishCalendar", "setDutyHours", "listEmptyPosts", "exportOrders", "exportRates"),
    *("draftDeadlinePolicy", "compareDeadlinePolicies", "replayPolicy", "watchReplay", "listPolicyDrafts"),
    "publishPolicyDraft",
    *("addRefusedTerm", "importRefusedTerms", "removeRefusedTerm", "listRefusedTerms"),
    *("createUnit", "closeUnit", "addUnitMember", "endUnitMember", "setResponsibility", "importResponsibilities"),
    *("publishCategory", "publishAdmissionList"),
}

CHINESE = re.compile("[\u4e00-\u9fff]")


def ids(document: dict[str, Any]) -> set[str]:
    return {operation["operationId"] for _, _, operation in operations(document)}


def fields(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every named value of the contract: (where, name, schema); fields of bodies, and parameters."""
    for schema_name, schema in document["components"]["schemas"].items():
        for name, field in schema.get("properties", {}).items():
            yield schema_name, name, field
    for _, _, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            yield operation["operationId"], parameter["name"], parameter["schema"]


def kinds(schema: dict[str, Any]) -> set[tuple[str | None, str | None]]:
    """(type, format) of what a schema admits, null aside."""
    arms = schema.get("anyOf", [schema])
    return {(arm.get("type"), arm.get("format")) for arm in arms if arm.get("type") != "null"}


# ── what it holds ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_frozen_contract_is_the_codes(mini_program: dict[str, Any]) -> None:
    assert FROZEN.read_text("utf-8") == dumped(mini_program), "run make contract"


def test_the_operations_are_those_of_the_issue(settings: Settings, document: dict[str, Any]) -> None:
    assert len(OPERATIONS) == 217
    assert ids(document) == OPERATIONS
    assert set(census.census(create_app(settings))) == OPERATIONS


def test_the_mini_program_gets_its_part(mini_program: dict[str, Any]) -> None:
    assert ids(mini_program) == OPERATIONS - NOT_FOR_THE_MINI_PROGRAM
    assert "password" not in mini_program["components"]["securitySchemes"]


def test_it_is_valid_openapi(either: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(either).validate()


def test_it_names_no_outside_address(either: dict[str, Any]) -> None:
    assert "://" not in dumped(either)


# ── what each operation says ─────────────────────────────────────────────────────────────────────────────────────


def test_methods_are_those_that_wechat_can_send(either: dict[str, Any]) -> None:
    methods = {method for item in either["paths"].values() for method in item}
    assert methods <= {"get", "post", "put", "delete"}


def test_nothing_redirects(either: dict[str, Any]) -> None:
    statuses = {status for _, _, operation in operations(either) for status in operation["responses"]}
    assert {status[0] for status in statuses} <= {"2", "4", "5"}


def test_each_operation_says_in_chinese_what_it_does_for_whom(either: dict[str, Any]) -> None:
    for _, _, operation in operations(either):
        name = operation["operationId"]
        assert CHINESE.search(operation["summary"]), name
        assert operation["tags"], name
        assert set(operation["tags"]) <= {tag["name"] for tag in either["tags"]}, name
        for parameter in operation.get("parameters", ()):
            assert CHINESE.search(parameter.get("description", "")), f"{name}: {parameter['name']}"


def test_each_field_says_in_chinese_what_it_is(either: dict[str, Any]) -> None:
    silent = {
        f"{where}.{name}"
        for where, name, _ in fields(either)
        if where in either["components"]["schemas"]
        and not CHINESE.search(either["components"]["schemas"][where]["properties"][name].get("description", ""))
    }
    assert silent == set()


def test_each_operation_asks_for_a_log_in_but_these(document: dict[str, Any]) -> None:
    assert {o["operationId"] for _, _, o in operations(document) if o["security"] == []} == PUBLIC
    for _, _, operation in operations(document):
        if operation["operationId"] not in PUBLIC:
            assert {"bearer": []} in operation["security"]
            assert "401" in operation["responses"]


def test_each_operation_declares_how_it_says_no(either: dict[str, Any]) -> None:
    for _, _, operation in operations(either):
        refusals = {status: answer for status, answer in operation["responses"].items() if status[0] in "45"}
        assert any(status[0] == "4" for status in refusals), operation["operationId"]
        for status, answer in refusals.items():
            if operation["operationId"] == "getReadiness" and status == "503":
                continue  # tells what is missing
            assert list(answer["content"]) == ["application/problem+json"], (operation["operationId"], status)


def test_a_code_means_one_thing(document: dict[str, Any]) -> None:
    said: dict[str, set[tuple[str, str]]] = {}
    for _, _, operation in operations(document):
        for status, answer in operation["responses"].items():
            problems = answer.get("content", {}).get("application/problem+json", {}).get("examples", {})
            for code, example in problems.items():
                assert example["value"]["code"] == code
                assert str(example["value"]["status"]) == status
                said.setdefault(code, set()).add((status, example["value"]["title"]))
    assert {code: meanings for code, meanings in said.items() if len(meanings) > 1} == {}
    assert len(said) >= 25


def test_each_command_needs_an_idempotency_key(document: dict[str, Any]) -> None:
    with_key, commands = set(), set()
    for method, _, operation in operations(document):
        keys = [p for p in operation.get("parameters", ()) if p["name"] == "Idempotency-Key"]
        if method != "GET":
            commands.add(operation["operationId"])
        if keys:
            assert keys[0]["required"] is True
            assert keys[0]["in"] == "header"
            with_key.add(operation["operationId"])
    assert with_key == commands - WITHOUT_KEY
    assert commands >= WITHOUT_KEY


# ── shapes ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_ids_are_strings(either: dict[str, Any]) -> None:
    """A JSON number is a double: it would round them."""
    found = {
        (where, name): kinds(schema) for where, name, schema in fields(either) if name == "id" or name.endswith("_id")
    }
    assert {place: kind for place, kind in found.items() if not all(type_ == "string" for type_, _ in kind)} == {}
    assert len(found) >= 20


def test_times_are_rfc_3339(either: dict[str, Any]) -> None:
    found = {
        (where, name): kinds(schema) for where, name, schema in fields(either) if name == "at" or name.endswith("_at")
    }
    assert {place: kind for place, kind in found.items() if kind != {("string", "date-time")}} == {}
    assert len(found) >= 10


def test_requests_and_answers_have_no_fields_but_those_named(either: dict[str, Any]) -> None:
    objects = {n: s for n, s in either["components"]["schemas"].items() if s.get("type") == "object"}
    opened = {name for name, schema in objects.items() if schema.get("additionalProperties") is not False}
    assert {name for name in opened if not name.endswith("Page")} == set()


def test_names_of_schemas_read_well_in_the_clients_types(either: dict[str, Any]) -> None:
    assert [name for name in either["components"]["schemas"] if not re.fullmatch("[A-Z][A-Za-z]+", name)] == []
    assert "OrderRowPage" in either["components"]["schemas"]


def examples(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Each example of the document: (where, the schema it must fit, its value)."""
    for _, _, operation in operations(document):
        bodies = {"request": operation["requestBody"]} if "requestBody" in operation else {}
        bodies |= operation["responses"]
        for part, body in bodies.items():
            for media, content in body.get("content", {}).items():
                for name, example in content.get("examples", {}).items():
                    yield f"{operation['operationId']} {part} {media} {name}", content["schema"], example["value"]


def test_each_example_fits_its_schema(either: dict[str, Any]) -> None:
    wrong, count = [], 0
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    for where, schema, value in examples(either):
        whole = {**schema, "components": either["components"]}
        validator = jsonschema.Draft202012Validator(whole, format_checker=checker)
        wrong += [f"{where}: {error.message}" for error in validator.iter_errors(value)]
        count += 1
    assert wrong == []
    assert count >= 100


def test_a_call_back_is_not_prefilled_as_the_best_that_can_be(document: dict[str, Any]) -> None:
    """What somebody sends without reading it through settles nothing, and is good for no figure."""
    first = next(v for where, _, v in examples(document) if where.startswith("recordCallback request"))
    assert first["reached"] is False
    assert not first.keys() & {"solved", "satisfied", "contacted_in_time", "stars"}


def test_sabotage_a_wrong_example_is_noticed(document: dict[str, Any]) -> None:
    receipt = {"$ref": "#/components/schemas/Receipt", "components": document["components"]}
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    sound = {
        "id": "01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f80",
        "state": "x",
        "state_label": "好",
        "version": 1,
        "at": "2026-03-01T09:00:00+08:00",
    }
    for spoiled in ({}, {"at": "yesterday"}, {"id": 7}, {"id": "7"}, {"more": 1}):
        errors = list(
            jsonschema.Draft202012Validator(receipt, format_checker=checker).iter_errors({**sound, **spoiled})
        )
        assert bool(errors) is bool(spoiled), spoiled


def test_each_request_and_each_success_has_an_example(either: dict[str, Any]) -> None:
    assert lacking_examples(either) == []


# ── no operation without a rule ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "room",
    [callers, deadlines, inbox, orders, people, places, representations, services, teams, volunteers],
    ids=lambda room: room.__name__,
)
def test_a_room_that_forgets_one_rule_is_not_even_imported(room: Any) -> None:
    source = inspect.getsource(room)
    exec(compile(source, room.__name__, "exec"), {"__name__": room.__name__})  # noqa: S102 - sound as it stands
    rules = list(re.finditer(r'^ +(rule=|"rule": ).*,\n', source, re.MULTILINE))
    assert rules
    for rule in rules:
        without = source[: rule.start()] + source[rule.end() :]
        with pytest.raises(UndeclaredOperation, match="no rule"):
            exec(compile(without, room.__name__, "exec"), {"__name__": room.__name__})  # noqa: S102


def test_an_application_with_one_undeclared_route_does_not_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in ROOMS:
        with monkeypatch.context() as patched:
            patched.setattr(room.routes[0], "declared", None)
            with pytest.raises(UndeclaredOperation, match="came in past Api"):
                create_app(settings)
    create_app(settings)
