"""A consent ends: what was ordered and reported under it goes on as the beneficiary's own, and the former representative has
nothing of it any more, over HTTP and by plain SQL."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import pytest

from app import invariants
from app.kernel.time import CHINA
from tests.people import Someone, offered
from tests.special import service_of
from tests.stories.casework import RESULT
from tests.stories.conftest import Later, Street
from tests.stories.orderwork import texts
from tests.stories.test_representatives import name, registered

pytestmark = pytest.mark.usefixtures("alone")

CASE = {"category": "lighting", "words": "楼道的灯不亮了"}


@pytest.fixture
async def plain(app_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Plain SQL in the role of the application."""
    connection = await asyncpg.connect(app_url)
    yield connection
    await connection.close()


INVARIANTS = {"asked-for-by-consent", "represented-with-consent", "reported-with-consent", "converted-once",
              "callback-of-each-reporter", "closed-by-its-reporters", "history-complete"}  # fmt: skip


async def demand_invariants(street: Street) -> None:
    """That what is true of orders and cases whose people change stays true."""
    broken = await invariants.check(street.world.owner)
    assert [str(one) for one in broken if one.invariant.name in INVARIANTS] == []


async def family(street: Street, relation: str = "family") -> tuple[Someone, Someone, str]:
    """A mother, and a daughter who may order for her: both, and the path of the representation."""
    mother, daughter = await street.resident("王妈妈"), await street.resident("陈芳", "west")
    return mother, daughter, await agree(street, mother, daughter)


async def agree(street: Street, mother: Someone, daughter: Someone) -> str:
    phone = (await mother.get("/v1/me"))["phone"]
    body = {"place_id": str(street.world.east), "name": "王妈妈", "phone": phone, "relation": "family"}
    path = f"/v1/beneficiaries/{(await daughter.post('/v1/beneficiaries', body))['id']}"
    await mother.prove_phone()
    await mother.post(f"{path}/consent", {})
    return path


async def order_for(street: Street, daughter: Someone, mother: Someone, service: str | None = None) -> str:
    body = {"service_id": service or street.service_id, "note": "请陪妈妈去医院", "beneficiary_id": str(mother.id)}
    return f"/v1/orders/{(await daughter.post('/v1/orders', body))['id']}"


async def accepted(street: Street, order: str) -> Someone:
    dispatcher, volunteer = [await street.with_role(*who) for who in (("张敏", "dispatcher"), ("李强", "volunteer"))]
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    return volunteer


async def rows_seen(plain: asyncpg.Connection, who: Someone, matter: str) -> dict[str, int]:
    """How many rows of a matter somebody reads by plain SQL, by table."""
    subject = matter.rpartition("/")[2]
    tables = await plain.fetch(
        "SELECT DISTINCT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'matter_id'"
        " AND has_table_privilege(c.oid, 'SELECT')"
    )
    transaction = plain.transaction()
    await transaction.start()
    await plain.execute(f"SET LOCAL app.actor = '{who.id}'")
    found = {"matter": await plain.fetchval("SELECT count(*) FROM matter WHERE id = $1", subject)}
    for table in tables:
        name = table["name"]
        found[name] = await plain.fetchval(f"SELECT count(*) FROM {name} WHERE matter_id = $1", subject)
    await transaction.rollback()
    return {name: count for name, count in found.items() if count}


@pytest.mark.parametrize("who", ["mother", "daughter", "station"])
async def test_whoever_ends_it_the_order_is_the_mothers_own_from_then_on(
    street: Street, later: Later, plain: asyncpg.Connection, who: str
) -> None:
    station = await street.with_role("站长", "station_staff")
    mother, daughter, asked = await family(street)
    order = await order_for(street, daughter, mother)
    volunteer = await accepted(street, order)
    assert {"matter", "order_contact"} <= (await rows_seen(plain, daughter, order)).keys()
    await {"mother": mother, "daughter": daughter, "station": station}[who].post(f"{asked}/end")
    await later(0)

    assert await rows_seen(plain, daughter, order) == {}
    for path in ("", "/history", "/posts", "/deadlines"):
        assert (await daughter.ask("GET", f"{order}{path}")).status_code == 404, path
    for deed, body in (("cancel", {}), ("rate", {"solved": "yes", "stars": 5})):
        assert await daughter.refused(f"{order}/{deed}", body) == (404, "order-not-found"), deed
    assert (await daughter.get("/v1/orders/mine"))["items"] == []
    assert "代下单关系已结束,这个订单现在由您自己跟进" in await texts(mother)
    page = await mother.get(order)
    assert (page["state"], page["placed_as"]) == ("accepted", "representative")
    assert {"cancel", "propose"} <= set(offered(page))
    await volunteer.post(f"{order}/start", {"code": page["start_code"]})
    await volunteer.post(f"{order}/deliver", {"outcome": "已陪同"})
    await mother.post(f"{order}/rate", {"solved": "yes", "stars": 5})
    assert (await mother.get(order))["rating"]["by_representative"] is False
    await demand_invariants(street)


async def test_also_what_has_ended_is_read_no_more_and_nobody_is_told_of_it(
    street: Street, later: Later, plain: asyncpg.Connection
) -> None:
    mother, daughter, asked = await family(street)
    order = await order_for(street, daughter, mother)
    volunteer = await accepted(street, order)
    await volunteer.post(f"{order}/start", {"code": (await daughter.get(order))["start_code"]})
    await volunteer.post(f"{order}/deliver", {"outcome": "已陪同"})
    await daughter.post(f"{order}/rate", {"solved": "yes", "stars": 4})
    await mother.post(f"{asked}/end")
    await later(0)
    assert await rows_seen(plain, daughter, order) == {}
    rating = (await mother.get(order))["rating"]
    assert (rating["by_representative"], rating["passed_on"]) == (True, False), "it was the daughter who rated"
    assert not [text for text in await texts(mother) if "自己跟进" in text and "订单" in text.partition("这个")[2]]


async def test_how_it_went_is_passed_on_for_who_has_no_login_and_nobody_else_to_say_so(
    street: Street, later: Later
) -> None:
    station, daughter = await street.with_role("站长", "station_staff"), await street.resident("陈芳")
    mother, phone = await registered(street, station)
    asked = await name(street, daughter, phone)
    await station.post(f"{asked}/consent", {"how": "phone"})
    body = {"service_id": street.service_id, "note": "请陪妈妈去医院", "beneficiary_id": mother}
    order = f"/v1/orders/{(await daughter.post('/v1/orders', body))['id']}"
    volunteer = await accepted(street, order)
    await volunteer.post(f"{order}/start", {"code": (await daughter.get(order))["start_code"]})
    await volunteer.post(f"{order}/deliver", {"outcome": "已陪同"})
    said = {"solved": "yes", "stars": 5}
    assert "rate" not in offered(await station.get(order))
    no = await station.ask("POST", f"{order}/rate", said)
    assert (no.status_code, no.json()["detail"]) == (403, "居民这一方能自己登录,请其本人评价或要求返工")
    await daughter.post(f"{asked}/end")
    await later(0)
    assert "请转告居民:代下单关系已结束,这个订单现在由您自己跟进" in await texts(station), "nobody else would"
    assert "rate" in offered(await station.get(order))
    await station.post(f"{order}/rate", said)
    rating = (await street.administrator.get(order))["rating"]
    assert (rating["by_representative"], rating["passed_on"]) == (False, True)


async def test_what_she_changed_herself_stays_in_the_order(street: Street, later: Later) -> None:
    mother, daughter, asked = await family(street)
    order = await order_for(street, daughter, mother)
    volunteer = await accepted(street, order)
    await mother.post(f"{order}/contact-details", {"phone": "13622223333", "address": "8 号楼 808"})
    before = (await volunteer.get(order))["contact"]
    await daughter.post(f"{asked}/end")
    await later(0)
    assert (await volunteer.get(order))["contact"] == before
    assert (await texts(volunteer)).count("订单的联系方式有更改,请再看订单") == 1, "when she changed it"


async def test_whoever_goes_on_hears_what_waits_and_what_the_former_stopped_meanwhile(
    street: Street, later: Later
) -> None:
    station, daughter = await street.with_role("站长", "station_staff"), await street.resident("陈芳")
    mother, phone = await registered(street, station)
    named = {"place_id": str(street.world.east), "name": "王妈妈", "phone": phone, "relation": "family"}
    asked = f"/v1/beneficiaries/{(await daughter.post('/v1/beneficiaries', named))['id']}"
    await station.post(f"{asked}/consent", {"how": "phone", "name_checked": True})
    wanted = {"service_id": street.service_id, "note": "请陪妈妈去医院", "beneficiary_id": mother}
    stopped, goes_on = [f"/v1/orders/{(await daughter.post('/v1/orders', wanted))['id']}" for _ in range(2)]
    volunteer = await accepted(street, goes_on)
    await volunteer.post(f"{goes_on}/questions", {"question": "哪家医院?"})
    await daughter.post(f"{asked}/end")
    await daughter.post(f"{stopped}/cancel", {})
    await later(0)
    inbox = (await station.get("/v1/inbox", limit=100))["items"]
    passed_on = [(one["subject_id"], one["topic"]) for one in inbox if one["text"].startswith("请转告居民")]
    assert passed_on.count((stopped.rsplit("/", 1)[1], "order.cancelled")) == 1, "the former was faster than the end"
    assert passed_on.count((goes_on.rsplit("/", 1)[1], "order.question_waits")) == 1


async def test_where_no_phone_of_hers_is_on_file_the_station_hears_whose_stands_there(
    street: Street, later: Later
) -> None:
    station, daughter = await street.with_role("站长", "station_staff"), await street.resident("陈芳")
    body = {"place_id": str(street.world.east), "name": "王妈妈", "address": "1 号楼 102"}
    mother = (await station.post("/v1/residents", body))["id"]
    named = {"place_id": str(street.world.east), "name": "王妈妈", "person_id": mother, "relation": "family"}
    asked = f"/v1/beneficiaries/{(await daughter.post('/v1/beneficiaries', named))['id']}"
    await station.post(f"{asked}/consent", {"how": "in_person"})
    wanted = {
        "service_id": street.service_id,
        "note": "买菜",
        "beneficiary_id": mother,
        "contact": {"phone": "13811112222"},
    }
    order = f"/v1/orders/{(await daughter.post('/v1/orders', wanted))['id']}"
    volunteer = await accepted(street, order)
    await station.post(f"{asked}/end")
    await later(0)
    assert any(text.startswith("请更改联系电话") for text in await texts(station))
    assert "订单的联系方式有更改,请再看订单" not in await texts(volunteer), "nothing has changed"


@pytest.mark.parametrize("who", ["station_staff", "dispatcher", "secretary"])
async def test_what_was_not_solved_begins_again_also_on_the_word_of_who_has_no_login(
    street: Street, later: Later, who: str
) -> None:
    station, heard_by = await street.with_role("站长", "station_staff"), await street.with_role("同事", who)
    _, phone = await registered(street, station)
    body = {"channel": "phone", "service_id": street.service_id, "note": "请修灯", "phone": phone}
    order = f"/v1/orders/{(await station.post('/v1/orders/for-caller', body))['id']}"
    volunteer = await accepted(street, order)
    await station.post(f"{order}/contact", {"channel": "phone", "text": "本人在家"})
    await volunteer.post(f"{order}/start", {"unverified": True})
    await volunteer.post(f"{order}/deliver", {"outcome": "已修好"})
    assert {"rate", "rework"} <= set(offered(await heard_by.get(order)))
    await heard_by.post(f"{order}/rate", {"solved": "no", "stars": 2, "reason": "又不亮了"})
    page = await station.get(order)
    assert (page["state"], page["round"]) == ("submitted", 2)
    assert (await station.get(f"{order}/history"))["items"][-1]["by"] == "desk"
    await later(0)
    assert "您做过的一单要再做一次;请您去的,会另行通知" in await texts(volunteer)


async def test_a_second_consent_takes_nothing_back_and_leaves_the_first_orders_to_the_mother(
    street: Street, later: Later, plain: asyncpg.Connection
) -> None:
    mother, daughter, asked = await family(street)
    first = await order_for(street, daughter, mother)
    await daughter.post(f"{asked}/end")
    await agree(street, mother, daughter)
    second = await order_for(street, daughter, mother)
    await later(0)
    assert await rows_seen(plain, daughter, first) == {}, "the worker came late, and is right all the same"
    assert (await daughter.get(second))["state"] == "submitted"
    await demand_invariants(street)


async def test_a_case_that_was_reported_for_her_is_hers_and_so_is_its_call_back(
    street: Street, later: Later, plain: asyncpg.Connection
) -> None:
    grid = await street.with_role("网格员", "grid_worker")
    mother, daughter, asked = await family(street)
    made = await daughter.post("/v1/cases", {**CASE, "beneficiary_id": str(mother.id)})
    case = f"/v1/cases/{made['id']}"
    await later(0)
    assert "您的代下单人为您反映了一件事,可查看事项" in await texts(mother)
    assert await mother.refused(f"{case}/join", {"words": "我也是"}) == (409, "already-joined")
    await grid.post(f"{case}/triage", {"lane": "small"})
    await grid.post(f"{case}/result", RESULT)
    await later(0)
    history = (await mother.get(f"{case}/history"))["items"]
    assert (history[0]["action"], history[0]["by_label"]) == ("report", "代为上报的人")
    await mother.post(f"{asked}/end")
    await later(0)
    assert await rows_seen(plain, daughter, case) == {}
    assert (await daughter.ask("GET", case)).status_code == 404
    assert "代下单关系已结束,这个事项现在由您自己跟进" in await texts(mother)
    (call,) = (await mother.get(f"{case}/callback"))["items"]
    assert call["state"] == "open"
    await mother.post(f"{case}/callback", {"solved": True, "satisfied": True})
    await demand_invariants(street)


async def test_an_order_that_becomes_a_case_as_the_consent_ends_is_the_mothers_case(
    street: Street, later: Later, plain: asyncpg.Connection
) -> None:
    dispatcher = await street.with_role("张敏", "dispatcher")
    mother, daughter, asked = await family(street)
    order = await order_for(street, daughter, mother)
    await dispatcher.post(f"{order}/convert", {"reason": "不是一次能解决的"})
    await mother.post(f"{asked}/end")
    await later(0)
    case = f"/v1/cases/{(await mother.get(order))['case_id']}"
    assert await rows_seen(plain, daughter, case) == {}
    await demand_invariants(street)


async def test_the_daughters_phone_leaves_the_order_and_the_authority_says_who_wrote_it(
    street: Street, later: Later
) -> None:
    mother, daughter, asked = await family(street)
    errand = await service_of(street.world, "errand", "代办老年证", "errand")
    contact = {"name": "陈芳", "phone": (await daughter.get("/v1/me"))["phone"], "address": "西院 3 号"}
    body = {"service_id": errand, "note": "代办", "beneficiary_id": str(mother.id), "contact": contact}
    order = f"/v1/orders/{(await daughter.post('/v1/orders', body))['id']}"
    volunteer = await accepted(street, order)
    assert (await volunteer.get(order))["contact"] == contact
    until_at = (datetime.now(CHINA) + timedelta(days=5)).isoformat()
    await daughter.post(f"{order}/authority", {"text": "代我办老年证", "until_at": until_at})
    await mother.post(f"{asked}/end")
    await later(0)

    her_own = await mother.get("/v1/me")
    assert (await volunteer.get(order))["contact"] == {name: her_own[name] for name in contact}
    assert "订单的联系方式有更改,请再看订单" in await texts(volunteer)
    assert "原代下单人为您写下的授权仍然有效;不同意的,可以收回" in await texts(mother)
    for who in (mother, volunteer):
        (authority,) = (await who.get(f"{order}/papers"))["authorities"]
        assert (authority["by"], authority["by_label"], authority["ended_at"]) == ("representative", "代下单人", None)
    await mother.post(f"{order}/authority/withdraw")
    await mother.post(f"{order}/authority", {"text": "代我办老年证", "until_at": until_at})
    assert [one["by"] for one in (await mother.get(f"{order}/papers"))["authorities"]] == ["representative", "resident"]
    await demand_invariants(street)


async def test_what_is_not_on_file_stays_in_the_order(street: Street, later: Later) -> None:
    station = await street.with_role("站长", "station_staff")
    daughter = await street.resident("陈芳", "west")
    registered = {"place_id": str(street.world.east), "name": "王妈妈", "address": "1 号楼 102"}
    mother = (await station.post("/v1/residents", registered))["id"]
    naming = {"place_id": str(street.world.east), "name": "王妈妈", "person_id": mother, "relation": "family"}
    asked = f"/v1/beneficiaries/{(await daughter.post('/v1/beneficiaries', naming))['id']}"
    await station.post(f"{asked}/consent", {"how": "in_person"})
    phone = (await daughter.get("/v1/me"))["phone"]
    contact = {"name": "陈芳", "phone": phone, "address": "西院 3 号"}
    body = {"service_id": street.service_id, "note": "买菜", "beneficiary_id": mother, "contact": contact}
    order = f"/v1/orders/{(await daughter.post('/v1/orders', body))['id']}"
    volunteer = await accepted(street, order)
    await station.post(f"{asked}/end")
    await later(0)
    assert (await volunteer.get(order))["contact"] == {"name": "王妈妈", "phone": phone, "address": "1 号楼 102"}


async def test_she_hears_what_is_done_about_what_was_ordered_for_her_and_nobody_hears_it_twice(
    street: Street, later: Later
) -> None:
    mother, daughter, _ = await family(street)
    errand = await service_of(street.world, "errand", "代办老年证", "errand")
    order = await order_for(street, daughter, mother, errand)
    await later(0)
    assert (await texts(mother))[0] == "您的代下单人为您下了单,可查看订单"
    volunteer = await accepted(street, order)
    now = datetime.now(CHINA)
    until_at = (now + timedelta(days=5)).isoformat()
    await daughter.post(f"{order}/authority", {"text": "代我办老年证", "until_at": until_at})
    meet_at = (now + timedelta(days=2)).replace(hour=10, minute=0, second=0, microsecond=0).isoformat()
    await volunteer.post(f"{order}/appointment", {"meet_at": meet_at})
    await daughter.post(f"{order}/appointment/confirm", {"meet_at": meet_at})
    await daughter.post(f"{order}/authority/withdraw")
    await daughter.post(f"{order}/cancel", {})
    await later(0)
    heard = await texts(mother)
    for told in (
        "您的订单已有志愿者接单",
        "您这一方写下了帮办代办的授权;不同意的,可以收回",
        "您的订单有了提议的上门时间,由您的代下单人与对方商定",
        "上门的时间已确认",
        "您这一方收回了帮办代办的授权",
        "订单已取消,可查看原因",
    ):
        assert len([text for text in heard if text.startswith(told)]) == 1, told
    assert len([text for text in await texts(daughter) if text.startswith("您的订单已有志愿者接单")]) == 1
    steps = {row["action"]: row["by_label"] for row in (await mother.get(f"{order}/history"))["items"]}
    assert (steps["place"], steps["confirm"], steps["cancel"]) == ("代下单人", "代下单人", "代下单人")


async def test_who_asks_for_themselves_hears_each_thing_once(street: Street, later: Later) -> None:
    mother = await street.resident("王妈妈")
    body = {"service_id": street.service_id, "note": "x"}
    order = f"/v1/orders/{(await mother.post('/v1/orders', body))['id']}"
    await accepted(street, order)
    await later(0)
    assert len([text for text in await texts(mother) if text.startswith("您的订单已有志愿者接单")]) == 1
    assert (await mother.get(f"{order}/history"))["items"][0]["by_label"] == "下单人"


async def test_the_application_gives_nobody_another_requester(street: Street, plain: asyncpg.Connection) -> None:
    mother, daughter, _ = await family(street)
    order = await order_for(street, daughter, mother)
    for who in (mother, daughter):
        transaction = plain.transaction()
        await transaction.start()
        await plain.execute(f"SET LOCAL app.actor = '{who.id}'")
        with pytest.raises(asyncpg.CheckViolationError):
            await plain.execute(
                "UPDATE matter SET requester_id = beneficiary_id WHERE id = $1", order.rpartition("/")[2]
            )
        await transaction.rollback()
