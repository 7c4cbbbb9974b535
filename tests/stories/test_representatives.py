"""Somebody orders for somebody else: the phone is named, the consent recorded, the order placed, and the end of it."""

from typing import Any

import pytest

from tests.people import Someone, offered
from tests.special import service_of
from tests.stories.conftest import Later, Street
from tests.stories.orderwork import texts

DAY = 24 * 60 * 60


async def registered(street: Street, staff: Someone, community: str = "east") -> tuple[str, str]:
    """An old mother without WeChat, whom the station has registered: her id and her phone."""
    phone = f"135{staff.id.int % 10**8:08d}"
    body = {
        "place_id": str(getattr(street.world, community)),
        "name": "王妈妈",
        "phone": phone,
        "address": "1 号楼 102",
    }
    return (await staff.post("/v1/residents", body))["id"], phone


async def name(
    street: Street, who: Someone, phone: str, community: str = "east", relation: str = "family", called: str = "王妈妈"
) -> str:
    """`who` asks to order for whoever has the phone; answers the id of the representation."""
    place = str(getattr(street.world, community))
    body = {"place_id": place, "name": called, "phone": phone, "relation": relation}
    receipt = await who.post("/v1/beneficiaries", body)
    assert (receipt["state"], receipt["version"]) == ("pending", 1)
    return f"/v1/beneficiaries/{receipt['id']}"


def wish(street: Street, beneficiary: str) -> dict[str, Any]:
    return {"service_id": street.service_id, "note": "请陪妈妈去医院", "beneficiary_id": beneficiary}


async def only(someone: Someone, path: str, **query: Any) -> dict[str, Any]:
    (row,) = (await someone.get(path, **query))["items"]
    return row


async def test_a_daughter_orders_for_her_mother_whose_consent_the_station_heard(street: Street, later: Later) -> None:
    station = await street.with_role("站长", "station_staff")
    dispatcher = await street.with_role("张敏", "dispatcher")
    volunteer = await street.with_role("李强", "volunteer")
    daughter = await street.resident("陈芳", "west")
    mother, phone = await registered(street, station)
    asked = await name(street, daughter, phone)
    await later(0)
    assert "有居民请人代下单,请向本人核实并记录同意" in await texts(station)
    assert (await only(daughter, "/v1/beneficiaries"))["beneficiary_id"] is None
    assert await daughter.refused("/v1/orders", wish(street, mother)) == (404, "no-consent")

    waiting = await only(station, "/v1/representations", place_id=str(street.world.east), state="pending")
    assert (waiting["beneficiary_phone"], waiting["representative_name"]) == (phone, "陈芳")
    await station.post(f"{asked}/consent", {"how": "phone"})
    agreed = await only(daughter, "/v1/beneficiaries")
    assert (agreed["state"], agreed["how"], agreed["beneficiary_id"]) == ("consented", "phone", mother)
    assert agreed["beneficiary_phone"].count("*") == 4
    assert agreed["recorded_by"] == str(station.id)

    placed = (await daughter.post("/v1/orders", wish(street, mother)))["id"]
    order = f"/v1/orders/{placed}"
    page = await daughter.get(order)
    assert (page["place_name"], page["placed_as"], page["beneficiary_id"]) == ("东社区", "representative", mother)
    assert page["contact"] == {"name": "王妈妈", "phone": phone, "address": "1 号楼 102"}
    assert (await daughter.get(f"{order}/history"))["items"][0]["by"] == "representative"
    assert [row["id"] for row in (await daughter.get("/v1/orders/mine"))["items"]] == [placed]

    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    await volunteer.post(f"{order}/start", {"code": (await daughter.get(order))["start_code"]})
    await volunteer.post(f"{order}/deliver", {"outcome": "已陪同"})
    assert "rate" in offered(await daughter.get(order))
    await daughter.post(f"{order}/rate", {"solved": "yes", "stars": 5})
    assert (await dispatcher.get(order))["rating"]["by_representative"] is True


async def test_a_mother_consents_on_her_own_phone_and_sees_what_is_ordered_for_her(
    street: Street, later: Later
) -> None:
    mother, daughter = await street.resident("王妈妈"), await street.resident("陈芳", "west")
    asked = await name(street, daughter, (await mother.get("/v1/me"))["phone"])
    await later(0)
    assert "有人请求为您代下单,请确认是否同意;手机号还没有验证的,请先验证" in await texts(mother)
    assert (await mother.get("/v1/representatives"))["items"] == [], "anybody may type in a number"
    for deed in ("consent", "end"):
        unproved = await mother.ask("POST", f"{asked}/{deed}", {})
        assert (unproved.status_code, unproved.json()["code"]) == (404, "representation-not-found")
        assert "provePhone" in unproved.json()["detail"]
    await mother.prove_phone()
    who = await only(mother, "/v1/representatives")
    assert (who["state"], who["representative_name"], who["relation"]) == ("pending", "陈芳", "family")
    assert await daughter.refused(f"{asked}/consent", {}) == (403, "others-consent")
    await mother.post(f"{asked}/consent")
    assert (await only(mother, "/v1/representatives"))["how"] == "self"
    assert await mother.refused(f"{asked}/consent", {}) == (409, "already-consented")

    order = (await daughter.post("/v1/orders", wish(street, str(mother.id))))["id"]
    assert (await only(mother, "/v1/orders/mine"))["id"] == order
    page = await mother.get(f"/v1/orders/{order}")
    assert (page["placed_as"], page["contact"]["name"]) == ("representative", "王妈妈")
    assert "cancel" in offered(page)
    dispatcher, volunteer = await street.with_role("张敏", "dispatcher"), await street.with_role("李强", "volunteer")
    await dispatcher.post(f"/v1/orders/{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"/v1/orders/{order}/accept")
    for who in (mother, daughter):
        assert (await who.get(f"/v1/orders/{order}"))["volunteer"]["name"] == "李*", (
            "who opens the door knows who comes"
        )
    await mother.post(f"/v1/orders/{order}/cancel", {})
    await later(1)
    assert "订单已取消,可查看原因" in await texts(daughter)


async def test_an_ended_consent_orders_nothing_more_and_leaves_what_was_ordered(street: Street, later: Later) -> None:
    station = await street.with_role("站长", "station_staff")
    mother, daughter = await street.resident("王妈妈"), await street.resident("陈芳", "west")
    asked = await name(street, daughter, (await mother.get("/v1/me"))["phone"])
    await mother.prove_phone()
    await mother.post(f"{asked}/consent", {})
    order = (await daughter.post("/v1/orders", wish(street, str(mother.id))))["id"]
    await mother.post(f"{asked}/end")
    await later(0)
    ended = "一项代下单关系已经结束,已下的订单照常办理,由受益人自己跟进"
    assert ended in await texts(daughter)
    assert ended in await texts(station)
    assert await daughter.refused("/v1/orders", wish(street, str(mother.id))) == (404, "no-consent")
    assert (await mother.get(f"/v1/orders/{order}"))["state"] == "submitted"
    assert await daughter.refused(f"/v1/orders/{order}/cancel", {}) == (404, "order-not-found")
    assert await daughter.refused(f"{asked}/end") == (409, "representation-ended")


async def test_a_no_is_told_as_a_no_with_whose_it_is_and_is_not_asked_again_for_a_week(
    street: Street, later: Later
) -> None:
    station = await street.with_role("站长", "station_staff")
    mother, daughter = await street.resident("王妈妈"), await street.resident("陈芳", "west")
    phone = (await mother.get("/v1/me"))["phone"]
    asked = await name(street, daughter, phone)
    await mother.prove_phone()
    await later(0)
    for who, about in ((mother, "陈*为王**代下单"), (station, "陈*为王**代下单")):
        assert about in [message["about"] for message in (await who.get("/v1/inbox"))["items"]]
    await mother.post(f"{asked}/end")
    assert await mother.refused(f"{asked}/consent", {}) == (409, "representation-ended"), "she said no"
    await later(1)
    (told,) = (await daughter.get("/v1/inbox"))["items"]
    assert (told["text"], told["about"]) == ("您请求代下单,没有得到同意", "王**")
    assert not [text for text in await texts(station) if "已经结束" in text], "there had been nothing"

    body = {"place_id": str(street.world.east), "name": "王妈妈", "phone": phone, "relation": "family"}
    assert await daughter.refused("/v1/beneficiaries", body) == (409, "asked-too-soon")
    await later(7 * DAY - 60)
    assert await daughter.refused("/v1/beneficiaries", body) == (409, "asked-too-soon")
    await later(7 * DAY + 60)
    again = await name(street, daughter, phone)
    await daughter.post(f"{again}/end")
    await name(street, daughter, phone)


async def test_whether_a_phone_is_registered_is_not_told_by_the_wait_either(street: Street) -> None:
    """The station ends what was asked by a phone that nobody has: it is the same."""
    station, daughter = await street.with_role("站长", "station_staff"), await street.resident("陈芳", "west")
    _, known = await registered(street, station)
    for phone in (known, f"136{daughter.id.int % 10**8:08d}"):
        await station.post(f"{await name(street, daughter, phone)}/end")
        body = {"place_id": str(street.world.east), "name": "王妈妈", "phone": phone, "relation": "family"}
        assert await daughter.refused("/v1/beneficiaries", body) == (409, "asked-too-soon")


async def test_a_mother_without_a_phone_is_named_by_the_id_that_the_station_gave(street: Street, later: Later) -> None:
    station, daughter = await street.with_role("站长", "station_staff"), await street.resident("陈芳", "west")
    at_home = {"place_id": str(street.world.east), "name": "王妈妈", "address": "1 号楼 102"}
    mother = (await station.post("/v1/residents", at_home))["id"]
    naming = {"place_id": str(street.world.east), "name": "王妈妈", "relation": "family"}
    own = (await daughter.get("/v1/me"))["phone"]
    for oneself in ({"phone": own}, {"person_id": str(daughter.id)}):
        answer = await daughter.ask("POST", "/v1/beneficiaries", naming | oneself)
        assert answer.json()["code"] == "own-phone"
        assert "registerResident" in answer.json()["detail"]
    for neither_nor_both in ({}, {"phone": "13500000009", "person_id": mother}):
        answer = await daughter.ask("POST", "/v1/beneficiaries", naming | neither_nor_both)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "exactly-one")

    guessed = await daughter.post("/v1/beneficiaries", naming | {"person_id": str(street.world.west)})
    made = await daughter.post("/v1/beneficiaries", naming | {"person_id": mother})
    assert {**guessed, "id": "", "at": ""} == {**made, "id": "", "at": ""}, "a guess learns nothing"
    for person in (str(street.world.west), mother):
        answer = await daughter.refused("/v1/beneficiaries", naming | {"person_id": person})
        assert answer == (409, "already-named")
    rows = (await daughter.get("/v1/beneficiaries"))["items"]
    alike = [{**row, "id": "", "named_id": "", "named_at": ""} for row in rows]
    assert alike[0] == alike[1]
    wrong = f"/v1/beneficiaries/{guessed['id']}/consent"
    assert await station.refused(wrong, {"how": "in_person"}) == (409, "beneficiary-not-registered")

    waiting = (await station.get("/v1/representations", place_id=str(street.world.east)))["items"]
    assert (waiting[0]["named_id"], waiting[0]["beneficiary_phone"]) == (mother, None)
    await station.post(f"/v1/beneficiaries/{made['id']}/consent", {"how": "in_person"})
    contact = {"contact": {"phone": own}}
    order = await daughter.post("/v1/orders", wish(street, mother) | contact)
    assert (await daughter.get(f"/v1/orders/{order['id']}"))["contact"]["name"] == "王妈妈"
    await later(0)


async def test_whoever_is_named_by_id_consents_on_their_own_phone_too(street: Street, later: Later) -> None:
    mother, daughter = await street.resident("王妈妈"), await street.resident("陈芳", "west")
    naming = {"place_id": str(street.world.east), "name": "王妈妈", "person_id": str(mother.id), "relation": "family"}
    asked = f"/v1/beneficiaries/{(await daughter.post('/v1/beneficiaries', naming))['id']}"
    await later(0)
    assert "有人请求为您代下单,请确认是否同意;手机号还没有验证的,请先验证" in await texts(mother)
    assert (await only(mother, "/v1/representatives"))["representative_name"] == "陈芳"
    await mother.prove_phone()
    await mother.post(f"{asked}/consent")
    await daughter.post("/v1/orders", wish(street, str(mother.id)))


async def test_a_resident_who_is_asked_reads_what_they_can_do(street: Street) -> None:
    mother, daughter = await street.resident("王妈妈", "west"), await street.resident("陈芳", "west")
    asked = await name(street, daughter, (await mother.get("/v1/me"))["phone"])
    await mother.prove_phone()
    answer = await mother.ask("POST", f"{asked}/consent", {})
    assert answer.json()["code"] == "lives-elsewhere"
    assert "joinPlace" in answer.json()["detail"]
    await mother.post("/v1/me/community", {"place_id": str(street.world.east)})
    await mother.post(f"{asked}/consent", {})
    again = (await mother.ask("POST", f"{asked}/consent", {})).json()
    assert (again["code"], "代下单" in again["detail"], "您不必再做什么" in again["detail"]) == (
        "already-consented",
        False,
        True,
    )


async def test_whoever_proves_their_phone_after_it_was_named_is_told_of_each_request_once(
    street: Street, later: Later
) -> None:
    son, daughter = [await street.resident(who, "west") for who in ("王强", "陈芳")]
    mother = await street.resident("王妈妈")
    phone = f"137{mother.id.int % 10**8:08d}"
    for child in (son, daughter):
        await name(street, child, phone)
    ended = await street.resident("外人")
    await ended.post(f"{await name(street, ended, phone)}/end")
    await later(0)
    assert await texts(mother) == []
    assert (await mother.ask("PUT", "/v1/me", {"phone": phone})).status_code == 200
    await later(1)
    assert await texts(mother) == [], "anybody types in a number"
    for _ in range(2):
        await mother.prove_phone()
        await later(1)
    told = (await mother.get("/v1/inbox"))["items"]
    assert {message["text"] for message in told} == {"有人请求为您代下单,请确认是否同意;手机号还没有验证的,请先验证"}
    assert sorted(message["about"] for message in told) == ["王*为王**代下单", "陈*为王**代下单"]


async def test_a_representation_moves_along_with_the_beneficiary(street: Street) -> None:
    eastern = await street.with_role("东站长", "station_staff")
    western = await street.with_role("西站长", "station_staff", "west")
    mother, daughter, son = [await street.resident(who) for who in ("王妈妈", "陈芳", "王强")]
    phone = (await mother.get("/v1/me"))["phone"]
    asked, pending = await name(street, daughter, phone), await name(street, son, phone)
    await mother.prove_phone()
    await mother.post(f"{asked}/consent", {})
    await mother.post("/v1/me/community", {"place_id": str(street.world.west)})

    here = {"place_id": str(street.world.west)}
    assert (await only(western, "/v1/representations", **here))["beneficiary_phone"] == phone
    assert [row["place_name"] for row in (await mother.get("/v1/representatives"))["items"]] == ["东社区", "西社区"]
    there = await only(eastern, "/v1/representations", place_id=str(street.world.east))
    assert there["state"] == "pending", "what waits stays where it was asked for"
    assert await eastern.refused(f"{asked}/end") == (404, "representation-not-found")
    assert await western.refused(f"{pending}/end") == (404, "representation-not-found")
    await western.post(f"{asked}/end")


async def test_who_does_not_work_there_reads_no_whole_phone(street: Street) -> None:
    mother, daughter = await street.resident("王妈妈"), await street.resident("陈芳", "west")
    asked = await name(street, daughter, (await mother.get("/v1/me"))["phone"])
    await mother.prove_phone()
    await mother.post(f"{asked}/consent", {})
    for who in (daughter, mother):
        row = await only(who, "/v1/representations", place_id=str(street.world.east))
        assert row["beneficiary_phone"].count("*") == 4


async def test_a_name_tells_nobody_whether_a_phone_is_registered(street: Street) -> None:
    asker, mother = await street.resident("陈芳"), await street.resident("王妈妈")
    known = (await mother.get("/v1/me"))["phone"]
    unknown = f"136{asker.id.int % 10**8:08d}"
    for phone in (known, unknown):
        await name(street, asker, phone)
        body = {"place_id": str(street.world.east), "name": "王妈妈", "phone": phone, "relation": "family"}
        assert await asker.refused("/v1/beneficiaries", body) == (409, "already-named")
    rows = (await asker.get("/v1/beneficiaries"))["items"]
    alike = [{**row, "id": "", "beneficiary_phone": "", "named_at": ""} for row in rows]
    assert alike[0] == alike[1]
    own = {"place_id": str(street.world.east), "name": "我", "phone": (await asker.get("/v1/me"))["phone"]}
    assert await asker.refused("/v1/beneficiaries", {**own, "relation": "family"}) == (409, "own-phone")


async def test_the_beneficiary_is_registered_before_the_station_records_a_consent(street: Street) -> None:
    station, daughter = await street.with_role("站长", "station_staff"), await street.resident("陈芳")
    asked = await name(street, daughter, f"135{station.id.int % 10**8:08d}")
    assert await station.refused(f"{asked}/consent", {"how": "in_person"}) == (409, "beneficiary-not-registered")
    mother, _ = await registered(street, station)
    answer = await station.ask("POST", f"{asked}/consent", {})
    assert answer.json()["errors"][0]["pointer"] == "/body/how"
    await station.post(f"{asked}/consent", {"how": "in_person"})
    await daughter.post("/v1/orders", wish(street, mother))


async def test_the_station_checks_whose_the_phone_is_before_it_records_a_consent(street: Street) -> None:
    """A wrong number: whoever asked would order for somebody else, and read where they live."""
    station, daughter = await street.with_role("站长", "station_staff"), await street.resident("陈芳", "west")
    mother, phone = await registered(street, station)
    nobodys = f"136{station.id.int % 10**8:08d}"
    unknown, asked = [await name(street, daughter, number, called="吴老太") for number in (nobodys, phone)]
    here = {"place_id": str(street.world.east)}
    names = [
        (row["beneficiary_name"], row["name_on_file"])
        for row in (await station.get("/v1/representations", **here))["items"]
    ]
    assert names == [("吴老太", "王妈妈"), ("吴老太", None)]
    for path in ("/v1/beneficiaries", "/v1/representations"):
        rows = (await daughter.get(path, **(here if path.endswith("ions") else {})))["items"]
        assert [(row["beneficiary_name"], row["name_on_file"]) for row in rows] == [("吴老太", None)] * 2, path
    assert await daughter.refused(f"{asked}/consent", {"how": "phone"}) == (403, "others-consent")
    refused = await station.ask("POST", f"{asked}/consent", {"how": "phone"})
    assert (refused.status_code, refused.json()["code"], "王" in refused.text) == (409, "name-differs", False)
    checked = {"how": "phone", "name_checked": True}
    assert await station.refused(f"{unknown}/consent", checked) == (409, "beneficiary-not-registered")
    await station.post(f"{asked}/consent", checked)
    agreed = (await station.get("/v1/representations", **here, state="consented"))["items"][0]
    assert (agreed["beneficiary_name"], agreed["beneficiary_id"]) == ("王妈妈", mother)
    assert {row["beneficiary_name"] for row in (await daughter.get("/v1/beneficiaries"))["items"]} == {"吴老太"}
    await station.post(f"{asked}/end")


async def test_whoever_is_spoken_for_reads_as_whom_they_were_named_and_then_their_own_name(
    street: Street, later: Later
) -> None:
    station, daughter = await street.with_role("站长", "station_staff"), await street.resident("陈芳", "west")
    mother = await street.resident("王妈妈")
    asked = await name(street, daughter, (await mother.get("/v1/me"))["phone"], called="吴老太")
    await mother.prove_phone()
    row = await only(mother, "/v1/representatives")
    assert (row["beneficiary_name"], row["name_on_file"]) == ("吴老太", None)
    await station.post(f"{asked}/consent", {"how": "in_person", "name_checked": True})
    assert (await only(mother, "/v1/representatives"))["beneficiary_name"] == "王妈妈"
    await later(0)
    about = {message["topic"]: message["about"] for message in (await mother.get("/v1/inbox"))["items"]}
    assert about["representation.recorded"] == "陈*为王**代下单"
    about = {message["topic"]: message["about"] for message in (await daughter.get("/v1/inbox"))["items"]}
    assert about["representation.consented"] == "吴**", "the other side reads what it typed"


async def test_a_name_on_file_is_for_the_officers_where_that_person_lives(street: Street) -> None:
    eastern, western = [await street.with_role(f"{at}站长", "station_staff", at) for at in ("east", "west")]
    daughter = await street.resident("陈芳")
    _, phone = await registered(street, western, "west")
    asked = await name(street, daughter, phone)
    row = await only(eastern, "/v1/representations", place_id=str(street.world.east))
    assert (row["beneficiary_name"], row["name_on_file"]) == ("王妈妈", None)
    assert await eastern.refused(f"{asked}/consent", {"how": "phone"}) == (409, "beneficiary-not-registered")
    sons = await name(street, eastern, (await registered(street, eastern))[1], called="王 妈妈")
    row = (await eastern.get("/v1/representations", place_id=str(street.world.east)))["items"][0]
    assert row["name_on_file"] is None, "nor for whoever asks, whatever else they are"
    other = await street.with_role("东派单员", "dispatcher")
    await other.post(f"{sons}/consent", {"how": "phone"})


async def test_staff_of_a_neighbour_community_neither_see_nor_record(street: Street) -> None:
    eastern = await street.with_role("东站长", "station_staff")
    western = await street.with_role("西站长", "station_staff", "west")
    daughter, stranger = await street.resident("陈芳"), await street.resident("外人")
    _, phone = await registered(street, eastern)
    asked = await name(street, daughter, phone)
    for someone in (western, stranger):
        assert await someone.refused(f"{asked}/consent", {"how": "phone"}) == (404, "representation-not-found")
        assert await someone.refused(f"{asked}/end") == (404, "representation-not-found")
        assert (await someone.get("/v1/representations", place_id=str(street.world.east)))["items"] == []
    # Whom the neighbours registered is no resident here.
    _, elsewhere = await registered(street, western, "west")
    wrong = await name(street, daughter, elsewhere)
    assert await eastern.refused(f"{wrong}/consent", {"how": "phone"}) == (409, "beneficiary-not-registered")


async def test_who_represents_a_resident_serves_no_order_of_theirs(street: Street) -> None:
    station = await street.with_role("站长", "station_staff")
    dispatcher = await street.with_role("张敏", "dispatcher")
    neighbour = await street.with_role("李强", "volunteer")
    mother = await street.resident("王妈妈")
    asked = await name(street, neighbour, (await mother.get("/v1/me"))["phone"], relation="neighbour")
    order = (await mother.post("/v1/orders", {"service_id": street.service_id, "note": "x"}))["id"]
    await dispatcher.post(f"/v1/orders/{order}/offer", {"volunteer_id": str(neighbour.id)})
    await station.post(f"{asked}/consent", {"how": "written"})
    assert await neighbour.refused(f"/v1/orders/{order}/accept") == (409, "own-order")
    second = (await mother.post("/v1/orders", {"service_id": street.service_id, "note": "y"}))["id"]
    offer = {"volunteer_id": str(neighbour.id)}
    assert await dispatcher.refused(f"/v1/orders/{second}/offer", offer) == (409, "own-order")
    await street.world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1", second)
    assert await neighbour.refused(f"/v1/orders/{second}/claim") == (409, "own-order")


async def test_who_represents_a_resident_moves_no_order_of_theirs_to_another_service(street: Street) -> None:
    station = await street.with_role("站长", "station_staff")
    son, other = [await street.with_role(who, "dispatcher") for who in ("王强", "张敏")]
    mother = await street.resident("王妈妈")
    asked = await name(street, son, (await mother.get("/v1/me"))["phone"])
    await station.post(f"{asked}/consent", {"how": "written"})
    order = (await mother.post("/v1/orders", {"service_id": street.service_id, "note": "x"}))["id"]
    repair = {"service_id": await service_of(street.world, "visit", "水电维修", "repair")}
    assert await son.refused(f"/v1/orders/{order}/recategorise", repair) == (409, "own-order")
    await other.post(f"/v1/orders/{order}/recategorise", repair)


@pytest.mark.parametrize("role", ["resident", "volunteer"])
async def test_only_staff_name_themselves_as_staff(street: Street, role: str) -> None:
    someone = await street.resident("甲") if role == "resident" else await street.with_role("乙", role)
    body = {"place_id": str(street.world.east), "name": "王妈妈", "phone": "13500000001", "relation": "station_staff"}
    assert await someone.refused("/v1/beneficiaries", body) == (403, "not-allowed")
