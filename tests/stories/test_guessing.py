"""Whoever guesses a password is held up; whoever knows it is not."""

import httpx

from tests.people import Someone
from tests.stories.conftest import PASSWORD, Street


async def test_the_eleventh_guess_is_refused_even_when_it_is_right(street: Street) -> None:
    officer = {"place_id": str(street.world.east), "name": "张敏", "role": "dispatcher"}
    login_name = f"guessed-{street.world.east.hex[-8:]}"
    await street.administrator.post("/v1/officers", {**officer, "login_name": login_name, "password": PASSWORD})
    await Someone.by_password(street.api_url, login_name, PASSWORD)
    async with httpx.AsyncClient(base_url=street.api_url) as http:
        form = {"username": login_name, "grant_type": "password"}
        for guess in range(10):
            # Another case is the same account.
            form["username"] = login_name.upper() if guess % 2 else login_name
            answer = await http.post("/v1/auth/password", data={**form, "password": "not-the-password"})
            assert (answer.status_code, answer.json()["code"]) == (401, "wrong-password")
        answer = await http.post("/v1/auth/password", data={**form, "password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (429, "too-many-attempts")
        assert answer.headers["retry-after"] == "300"
        other = {**form, "username": street.administrator.name, "password": PASSWORD}
        assert (await http.post("/v1/auth/password", data=other)).status_code == 200
