"""Whoever handles a case looks up whom to contact, while it is open; each reporter reads who looked (domain.md §5)."""

from app.kernel.rules import Role
from tests.people import Someone
from tests.stories.boardwork import new_unit, whistled
from tests.stories.caselife import Neighbourhood
from tests.stories.conftest import Later, Street


async def looked(who: Someone, case: str) -> int:
    """How the look at a case's reporters is answered."""
    return (await who.ask("GET", f"{case}/reporters")).status_code


async def test_a_grid_worker_looks_up_whom_to_call_and_the_reporter_reads_who_looked(street: Street) -> None:
    life = await Neighbourhood.of(street)
    case = await life.reported()
    (reporter,) = (await life.grid.get(f"{case}/reporters"))["items"]
    assert (reporter["name"], reporter["joined"]) == ("王秀英", False)
    assert reporter["phone"] == f"139{life.resident.id.int % 10**8:08d}"
    assert reporter["how"].startswith("请给王秀英打电话")
    await life.grid.get(f"{case}/reporters")
    await life.grid.post(f"{case}/contact", {"channel": "phone", "text": "已电话问清位置"})
    (look,) = (await life.resident.get(f"{case}/reveals"))["items"]
    assert (look["name"], look["capacity_label"], look["shown_label"], look["by_me"]) == (
        "小*", "网格员", "上报人的姓名和联系方式", False,
    )  # fmt: skip
    assert [one["by_me"] for one in (await life.secretary.get(f"{case}/reveals"))["items"]] == [False]
    refused = (await life.grid.ask("GET", f"{case}/reveals")).json()
    assert (refused["status"], refused["detail"].endswith("当地及上级的书记、管理员办理")) == (403, True), (
        "only looks at themselves, and who answers for it"
    )


async def test_of_a_reporter_without_a_phone_the_address_is_shown_and_of_others_not(street: Street) -> None:
    life = await Neighbourhood.of(street)
    case = await life.reported()
    (shown,) = (await life.grid.get(f"{case}/reporters"))["items"]
    assert shown["address"] is None, "who has a phone is rung"
    forget = "UPDATE person SET phone_sealed = NULL, phone_index = NULL WHERE id = $1"
    await street.world.owner.execute(forget, life.resident.id)
    (shown,) = (await life.grid.get(f"{case}/reporters"))["items"]
    assert (shown["phone"], shown["address"]) == (None, "西峪东街 8 号院 2 号楼")
    assert shown["how"].startswith("王秀英没有登记电话:请按 address 上门")
    assert len((await life.resident.get(f"{case}/reveals"))["items"]) == 1, "the look is written down"
    await street.world.owner.execute("UPDATE person SET address_sealed = NULL WHERE id = $1", life.resident.id)
    (shown,) = (await life.grid.get(f"{case}/reporters"))["items"]
    assert shown["how"].startswith("王秀英没有登记电话和住址:请到反映的位置找")


async def test_who_neither_handles_nor_sees_it_is_shown_nobody(street: Street) -> None:
    life = await Neighbourhood.of(street)
    case = await life.reported()
    west = await street.with_role("西网格员", Role.GRID_WORKER, "west")
    branch = await street.with_role("支部书记", Role.BRANCH_SECRETARY)
    assert [await looked(who, case) for who in (life.resident, life.caller, branch, west)] == [403, 403, 403, 404]
    assert [await looked(who, case) for who in (life.secretary, life.chief)] == [200, 200]
    assert (await west.ask("GET", f"{case}/reveals")).status_code == 404
    refused = (await branch.ask("GET", f"{case}/reporters")).json()
    assert "网格员、派单员、书记" in refused["detail"]


async def test_who_joined_is_contacted_too_and_reads_looks_at_themselves_alone(street: Street) -> None:
    life = await Neighbourhood.of(street)
    neighbour, western = await street.resident("李大爷"), await street.resident("西居民", "west")
    case = await life.reported()
    for who in (neighbour, western):
        await who.post(f"{case}/join", {"words": "我们楼下也吵"})
    found = (await life.grid.get(f"{case}/reporters"))["items"]
    assert [(one["name"], one["joined"]) for one in found] == [("王秀英", False), ("李大爷", True), ("西居民", True)]
    for who in (life.resident, neighbour, western):
        assert len((await who.get(f"{case}/reveals"))["items"]) == 1, who.name
    assert len((await life.secretary.get(f"{case}/reveals"))["items"]) == 3
    away = await street.with_role("西网格员", Role.GRID_WORKER, "west")
    assert await looked(away, case) == 404, "where somebody who joined lives is not where it is handled"


async def test_when_it_is_over_nobody_is_shown_any_more_and_the_looks_stay(street: Street) -> None:
    life = await Neighbourhood.of(street)
    case = await life.reported()
    await life.grid.get(f"{case}/reporters")
    await life.resident.post(f"{case}/withdraw", {"reason": "自己解决了"})
    refused = await life.grid.ask("GET", f"{case}/reporters")
    assert (refused.status_code, refused.json()["detail"]) == (403, "事项已撤回,不再提供上报人的姓名和联系方式")
    assert len((await life.resident.get(f"{case}/reveals"))["items"]) == 1


async def test_a_lead_is_shown_the_reporter_and_co_units_and_who_was_let_go_are_not(
    street: Street, later: Later
) -> None:
    case = await whistled(street, co=True)
    assert case.co is not None
    (reporter,) = (await case.lead.officer.get(f"{case.path}/reporters"))["items"]
    assert reporter["name"] == "王奶奶"
    (look,) = (await case.reporter.get(f"{case.path}/reveals"))["items"]
    assert look["capacity_label"] == "办理单位"
    assert await looked(case.co.officer, case.path) == 403

    other = await new_unit(street, "住建办")
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    task = await case.lead.task()
    await case.lead.officer.post(f"{task}/sign")
    await case.lead.officer.post(f"{task}/contest", {"ground": "权责清单", "proposed_id": other.id})
    await arbiter.post(f"{task}/arbitrate", {"upheld": True, "decision": "归住建"})
    await later(1)
    assert [await looked(who, case.path) for who in (case.lead.officer, other.officer)] == [404, 200]


async def test_a_callers_look_is_read_as_one_of_the_case(street: Street) -> None:
    life = await Neighbourhood.of(street)
    case = await life.solved()
    await life.resident.post(f"{case}/callback", {"solved": False})
    (call,) = await life.calls()
    await life.caller.get(f"/v1/callbacks/{call['id']}/contact")
    (look,) = (await life.resident.get(f"{case}/reveals"))["items"]
    assert look["capacity_label"] == "回访员"
    as_order = await life.resident.ask("GET", f"{case.replace('cases', 'orders')}/reveals")
    assert as_order.json()["code"] == "order-not-found"
