"""Coming in and going out: by WeChat, by refresh token, and not at all."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import jwt
import pytest

from app.kernel.ids import NOBODY, new_id
from app.kernel.tokens import AUDIENCE, AccessTokens, parse_refresh_token
from app.settings import Settings
from tests.people import Someone
from tests.stories.conftest import Street

NOT_SIGNED_IN = (401, "not-signed-in")


async def ask(api_url: str, method: str, path: str, token: str | None = None, **body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    async with httpx.AsyncClient(base_url=api_url, headers=headers, timeout=20) as http:
        return await http.request(method, path, json=body or None)


async def log_in(api_url: str, name: str) -> dict[str, Any]:
    answer = await ask(api_url, "POST", "/v1/auth/wechat", code=f"demo:{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refresh(api_url: str, token: str) -> httpx.Response:
    return await ask(api_url, "POST", "/v1/auth/refresh", refresh_token=token)


async def me(api_url: str, token: str) -> httpx.Response:
    return await ask(api_url, "GET", "/v1/me", token)


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# ── WeChat ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_one_name_is_one_person_and_another_is_another(api_url: str) -> None:
    first, again, other = [await Someone.by_wechat(api_url, name) for name in ("同一人", "同一人", "另一人")]
    assert first.id == again.id != other.id


async def test_a_new_person_is_nobody_yet(api_url: str) -> None:
    page = await (await Someone.by_wechat(api_url, f"新人{new_id()}")).get("/v1/me")
    assert {name: page[name] for name in ("name", "phone", "address", "community_id", "roles")} == {
        "name": None, "phone": None, "address": None, "community_id": None, "roles": [],
    }  # fmt: skip


@pytest.mark.parametrize("code", ["demo:", "081Kq4Ga1dPQpG0kHKGa1kHJKJ0Kq4GB", "demo"])
async def test_a_code_that_wechat_does_not_know_is_refused(api_url: str, code: str) -> None:
    assert said(await ask(api_url, "POST", "/v1/auth/wechat", code=code))[0] == 401


async def test_who_is_disabled_comes_in_no_more_and_is_out_at_once(street: Street) -> None:
    someone = await street.resident("停用者")
    tokens = await log_in(street.api_url, someone.name)
    await street.world.owner.execute("UPDATE person SET disabled_at = now() WHERE id = $1", someone.id)
    assert said(await someone.http.get("/v1/me")) == NOT_SIGNED_IN
    assert said(await someone.ask("PUT", "/v1/me", {"name": "某人"})) == NOT_SIGNED_IN
    assert said(await refresh(street.api_url, tokens["refresh_token"])) == NOT_SIGNED_IN
    again = await ask(street.api_url, "POST", "/v1/auth/wechat", code=f"demo:{someone.name}")
    assert said(again) == (403, "person-disabled")


# ── the access token ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.filterwarnings("ignore:The HMAC key")
async def test_forged_tokens_open_nothing(api_url: str, settings: Settings) -> None:
    tokens = await log_in(api_url, "持证人")
    real = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    key = (
        settings.secret_key.get_secret_value()
        if hasattr(settings.secret_key, "get_secret_value")
        else settings.secret_key
    )

    def signed(key: str = key, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **changes: Any) -> str:
        return jwt.encode({**real, **changes}, key, algorithm=algorithm, headers=headers)

    assert (await me(api_url, signed())).status_code == 200, "signed as ours, it is ours"
    header, claims, signature = tokens["access_token"].split(".")
    forged = {
        "garbage": "a.b.c",
        "another's key": signed("another key, long enough for HS256 as well"),
        "alg none": signed("", "none"),
        "its signature cut off": f"{header}.{claims}.",
        "another's signature": f"{header}.{claims}.{signature[::-1]}",
        "another algorithm": signed(algorithm="HS512"),
        "a key of the sender's": signed("k" * 32, headers={"kid": "../../dev/null"}),
        "another audience": signed(aud="another"),
        "several audiences": signed(aud=[AUDIENCE, "another"]),
        "another sort": signed(typ="refresh"),
        "expired": signed(exp=real["iat"] - 1),
        "without an end": jwt.encode({k: v for k, v in real.items() if k != "exp"}, key),
        "of another person": signed(sub=str(new_id())),
        "of the system": signed(sub=str(NOBODY), sid=str(new_id())),
        "of a log-in that is none": signed(sid=str(new_id())),
        "no id": signed(sub="王奶奶"),
        "the refresh token": tokens["refresh_token"],
    }
    for what, token in forged.items():
        assert said(await me(api_url, token)) == NOT_SIGNED_IN, what
    async with httpx.AsyncClient(base_url=api_url) as http:
        for scheme in ("Basic", "bearer:", tokens["access_token"]):
            answer = await http.get("/v1/me", headers={"Authorization": f"{scheme} {tokens['access_token']}"})
            assert said(answer) == NOT_SIGNED_IN


async def test_an_access_token_ends_by_itself(api_url: str, settings: Settings) -> None:
    tokens = await log_in(api_url, "迟到者")
    assert tokens["expires_in"] in (settings.access_minutes * 60, settings.access_minutes * 60 - 1)
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    person, family = UUID(claims["sub"]), UUID(claims["sid"])
    yesterday = AccessTokens(settings.secret_key, timedelta(minutes=30), clock=lambda: claims["iat"] - 1801)
    assert said(await me(api_url, yesterday.issue(person, family).text)) == NOT_SIGNED_IN


async def test_the_system_is_nobody_who_logs_in(api_url: str, settings: Settings) -> None:
    """Not even with our key."""
    forged = AccessTokens(settings.secret_key, timedelta(minutes=30)).issue(NOBODY, NOBODY).text
    for path in ("/v1/me", "/v1/orders/mine", "/v1/inbox"):
        assert said(await ask(api_url, "GET", path, forged)) == NOT_SIGNED_IN


# ── the refresh token ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def owner(owner_url: str) -> Any:
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


async def used_long_ago(owner: asyncpg.Connection, token: str) -> None:
    """As if eleven seconds had passed since the token was used."""
    found = parse_refresh_token(token)
    shift = "UPDATE refresh_token SET used_at = used_at - interval '11 seconds' WHERE family = $1 AND seq = $2"
    assert await owner.execute(shift, found.family, found.seq) == "UPDATE 1"


async def test_a_refresh_gives_a_new_pair_for_the_same_person(api_url: str) -> None:
    tokens = await log_in(api_url, "换证人")
    new = (await refresh(api_url, tokens["refresh_token"])).json()
    assert new["refresh_token"] != tokens["refresh_token"]
    first, second = [(await me(api_url, pair["access_token"])).json()["id"] for pair in (tokens, new)]
    assert first == second
    assert (await refresh(api_url, new["refresh_token"])).status_code == 200


async def test_a_repetition_within_seconds_is_answered_and_a_late_one_ends_the_log_in(
    api_url: str, owner: asyncpg.Connection
) -> None:
    tokens = await log_in(api_url, "被盗者")
    new = (await refresh(api_url, tokens["refresh_token"])).json()
    assert (await refresh(api_url, tokens["refresh_token"])).status_code == 200, "the answer may have been lost"
    await used_long_ago(owner, tokens["refresh_token"])
    assert said(await refresh(api_url, tokens["refresh_token"])) == NOT_SIGNED_IN
    assert said(await refresh(api_url, new["refresh_token"])) == NOT_SIGNED_IN, "the whole family is revoked"
    assert said(await me(api_url, new["access_token"])) == NOT_SIGNED_IN, "and acts at once"


async def test_a_guessed_secret_ends_nobodys_log_in(api_url: str) -> None:
    tokens = await log_in(api_url, "被猜者")
    real = tokens["refresh_token"]
    for guess in (real[:-2] + ("AA" if real[-2:] != "AA" else "BB"), "A" * 70, real[:-1], real + "A", "short"):
        assert said(await refresh(api_url, guess)) == NOT_SIGNED_IN
    assert said(await refresh(api_url, tokens["access_token"]))[0] in (401, 422)
    assert (await refresh(api_url, real)).status_code == 200


async def test_an_old_refresh_token_is_none(api_url: str, owner: asyncpg.Connection) -> None:
    tokens = await log_in(api_url, "久别者")
    found = parse_refresh_token(tokens["refresh_token"])
    old = "UPDATE refresh_token SET issued_at = now() - interval '31 days', expires_at = now() WHERE family = $1"
    await owner.execute(old, found.family)
    assert said(await refresh(api_url, tokens["refresh_token"])) == NOT_SIGNED_IN


async def test_a_log_out_ends_this_log_in_at_once_and_no_other(api_url: str) -> None:
    here, there = [await log_in(api_url, "两部手机") for _ in range(2)]
    assert (await ask(api_url, "POST", "/v1/auth/logout", here["access_token"])).json() == {"done": True}
    assert said(await me(api_url, here["access_token"])) == NOT_SIGNED_IN
    assert said(await refresh(api_url, here["refresh_token"])) == NOT_SIGNED_IN
    assert (await ask(api_url, "POST", "/v1/auth/logout", here["access_token"])).status_code == 200, "again is no fault"
    assert (await me(api_url, there["access_token"])).status_code == 200
