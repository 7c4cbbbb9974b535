"""Whom to call: who holds an office at a place and above it, called by the level of their place."""

from uuid import UUID

from app.kernel.rules import Role
from tests.people import Someone
from tests.stories.conftest import Street


async def called(who: object, **query: str) -> dict[str, tuple[str, str]]:
    items = (await who.get("/v1/roles", limit="100", **query))["items"]  # type: ignore[attr-defined]
    return {row["person_id"]: (row["role_label"], row["place_name"]) for row in items}


async def test_a_community_secretary_finds_who_holds_an_office_above_and_no_resident_there(street: Street) -> None:
    # The world's names are not sealed by this API's key.
    people = list(street.world.people.values())
    await street.world.owner.execute(
        "UPDATE person SET name_sealed = NULL, phone_sealed = NULL WHERE id = ANY ($1)", people
    )
    secretary = await street.with_role("刘书记", Role.SECRETARY)
    chief = await street.with_role("赵街道", Role.SECRETARY, "street")
    above = await street.with_role("钱督办", Role.SUPERVISOR, "street")
    volunteer = await street.with_role("街道志愿者", Role.VOLUNTEER, "street")
    beside = await street.with_role("西书记", Role.SECRETARY, "west")
    east = str(street.world.east)

    found = await called(secretary, place_id=east)
    (street_name,) = {name for label, name in found.values() if label == "街道书记"}
    assert found[str(chief.id)] == ("街道书记", street_name)
    assert found[str(above.id)] == ("督办员", street_name)
    assert found[str(secretary.id)][0] == "社区书记"
    assert found[str(secretary.id)][1] != street_name
    assert {str(volunteer.id), str(beside.id)}.isdisjoint(found)

    only = await called(secretary, place_id=east, role="secretary")
    assert {label for label, _ in only.values()} == {"社区书记", "街道书记"}
    shown = (await secretary.get("/v1/roles", place_id=east, role="secretary"))["items"]
    row = next(row for row in shown if row["person_id"] == str(chief.id))
    assert (row["name"], row["phone"], row["login_name"]) == ("赵**", None, None), (
        "who it is, and nothing to log in with"
    )
    own = next(row for row in shown if row["person_id"] == str(secretary.id))
    assert "****" in own["phone"]

    # Who works elsewhere, or nowhere, is told nothing of it.
    for stranger in (beside, volunteer, await street.resident("王秀英")):
        assert set(await called(stranger, place_id=east)) <= {str(stranger.id)}
    # An office that has ended is no longer whom to call.
    held = next(row["id"] for row in shown if row["person_id"] == str(chief.id))
    await street.administrator.post(f"/v1/roles/{held}/revoke")
    assert str(chief.id) not in await called(secretary, place_id=east)
    assert str(chief.id) not in await called(secretary, place_id=east, ended="true"), "that is the street's to see"


async def test_asking_for_the_street_itself_shows_no_more_of_its_officers_than_before(street: Street) -> None:
    people = list(street.world.people.values())
    await street.world.owner.execute(
        "UPDATE person SET name_sealed = NULL, phone_sealed = NULL WHERE id = ANY ($1)", people
    )
    login = f"jd{street.world.street.hex[-8:]}"
    body = {"place_id": str(street.world.street), "login_name": login, "password": "a-long-enough-pass-phrase"}
    await street.administrator.post("/v1/officers", {**body, "name": "赵大主任", "role": "dispatcher"})
    chief = await street.with_role("王大书记", Role.SECRETARY, "street")

    async def seen_by(someone: Someone, place: UUID) -> list[tuple[str, str | None, bool]]:
        rows = (await someone.get("/v1/roles", place_id=str(place), limit="100"))["items"]
        return sorted(
            (row["name"], row["login_name"], row["phone"] is not None)
            for row in rows
            if row["person_id"] == str(chief.id) or (row["name"] or "").startswith("赵")
        )

    for role in (Role.DISPATCHER, Role.STATION_STAFF, Role.SECRETARY, Role.ADMINISTRATOR):
        someone = await street.with_role("东同事", role)
        for place in (street.world.street, street.world.east):
            assert await seen_by(someone, place) == [("王**", None, False), ("赵**", None, False)], role
    for someone in (chief, street.administrator):
        for place in (street.world.street, street.world.east):
            assert await seen_by(someone, place) == [("王大书记", None, True), ("赵大主任", login, False)]


async def test_ones_own_come_before_those_above_page_by_page(street: Street) -> None:
    people = list(street.world.people.values())
    await street.world.owner.execute(
        "UPDATE person SET name_sealed = NULL, phone_sealed = NULL WHERE id = ANY ($1)", people
    )
    above = [await street.with_role(f"街道{n}", Role.SUPERVISOR, "street") for n in "甲乙"]
    secretary = await street.with_role("刘书记", Role.SECRETARY)
    whole = (await secretary.get("/v1/roles", place_id=str(street.world.east), limit="100"))["items"]
    places = [row["place_name"] for row in whole]
    own = places.count(places[0])
    assert str(secretary.id) in {row["person_id"] for row in whole[:own]}
    assert set(places[own:]).isdisjoint(places[:own]), "who came later to one's own place stands before those above"
    assert {str(one.id) for one in above} <= {row["person_id"] for row in whole[own:]}
    found, cursor = [], {}
    while cursor is not None:
        page = await secretary.get("/v1/roles", place_id=str(street.world.east), limit="1", **cursor)
        found += page["items"]
        cursor = page["next_cursor"] and {"cursor": page["next_cursor"]}
    assert found == whole, "nobody twice, nobody left out"


async def test_one_is_called_by_the_level_of_ones_place(street: Street) -> None:
    for place, called_so in (("east", "社区书记"), ("street", "街道书记")):
        someone = await street.with_role(f"{place}书记", Role.SECRETARY, place)
        assert [role["role_label"] for role in (await someone.get("/v1/me"))["roles"]] == [called_so]
