"""Only a token of ours, of this kind, for this audience, within its time, says who is calling."""

import base64
import hmac
import json
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import NotSignedIn
from app.kernel.tokens import AccessTokens, new_refresh_secret, parse_refresh_token

KEY = b"k" * 32
PERSON, FAMILY = uuid4(), uuid4()


@pytest.fixture
def tokens() -> AccessTokens:
    return AccessTokens(KEY, timedelta(minutes=30))


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {"sub": str(PERSON), "sid": str(FAMILY), "iat": now, "exp": now + 60, "aud": "linli", "typ": "access"}
    return {name: value for name, value in (good | changed).items() if value is not ...}


def raw(header: Any, body: Any, key: bytes = KEY) -> str:
    """A signed token of any shape, also of one that the library refuses to write."""
    parts = [
        base64.urlsafe_b64encode(part if isinstance(part, bytes) else json.dumps(part).encode()).rstrip(b"=")
        for part in (header, body)
    ]
    signature = hmac.digest(key, b".".join(parts), sha256)
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


HS256 = {"alg": "HS256", "typ": "JWT"}


def test_what_is_issued_is_read_again(tokens: AccessTokens) -> None:
    token = tokens.issue(PERSON, FAMILY)
    said = tokens.read(token.text)
    assert (said.person_id, said.family) == (PERSON, FAMILY)
    assert said.expires_at == token.expires_at.timestamp()
    assert timedelta(minutes=29) < token.expires_at - datetime.now(UTC) <= timedelta(minutes=30)
    assert token.text not in repr(token)
    assert AccessTokens(KEY.decode(), timedelta(1)).read(token.text) == said


def test_a_token_holds_nothing_but_ids_and_times(tokens: AccessTokens) -> None:
    said = jwt.decode(tokens.issue(PERSON, FAMILY).text, options={"verify_signature": False})
    assert set(said) == {"sub", "sid", "iat", "exp", "aud", "typ"}


@pytest.mark.parametrize("key", ["", "x" * 31, b"x" * 31])
def test_a_short_key_is_refused(key: str | bytes) -> None:
    with pytest.raises(ValueError, match="needs 32"):
        AccessTokens(key, timedelta(minutes=30))


OTHERS = "https://elsewhere.example/keys"
BAD = {
    "empty": "",
    "not a token": "abc",
    "dots": "..",
    "surrogate": "\ud800.a.b",
    "chinese": "令牌.令牌.令牌",
    "alg none": jwt.encode(claims(), "", algorithm="none"),
    "alg None signed": raw({"alg": "None"}, claims()),
    "alg HS384": jwt.encode(claims(), KEY * 2, algorithm="HS384"),
    "alg RS256 claimed": raw({"alg": "RS256", "typ": "JWT"}, claims()),
    "alg a number": raw({"alg": 256}, claims()),
    "alg missing": raw({"typ": "JWT"}, claims()),
    "another key": raw(HS256, claims(), b"o" * 32),
    "key of a kid path": raw({**HS256, "kid": "../../dev/null"}, claims(), b""),
    "kid a number": raw({**HS256, "kid": 7}, claims()),
    "jku and another key": raw({**HS256, "jku": OTHERS}, claims(), b"o" * 32),
    "crit": raw({**HS256, "crit": ["linli"]}, claims()),
    "unencoded payload": raw({**HS256, "b64": False}, claims()),
    "expired": raw(HS256, claims(exp=int(time.time()) - 1)),
    "exp now": raw(HS256, claims(exp=int(time.time()))),
    "exp a text": raw(HS256, claims(exp=str(int(time.time()) + 60))),
    "exp true": raw(HS256, claims(exp=True)),
    "exp a fraction": raw(HS256, claims(exp=time.time() + 60)),
    "exp endless": raw(HS256, claims(exp=float("inf"))),
    "exp NaN": raw(HS256, claims(exp=float("nan"))),
    "nbf ahead": raw(HS256, claims(nbf=int(time.time()) + 600)),
    "aud other": raw(HS256, claims(aud="elsewhere")),
    "aud many": raw(HS256, claims(aud=["linli", "elsewhere"])),
    "aud null": raw(HS256, claims(aud=None)),
    "typ refresh": raw(HS256, claims(typ="refresh")),
    "sub not an id": raw(HS256, claims(sub="1 OR 1=1")),
    "sub a number": raw(HS256, claims(sub=1)),
    "sub null": raw(HS256, claims(sub=None)),
    "sid a list": raw(HS256, claims(sid=[])),
    "sid a number": raw(HS256, claims(sid=5)),
    **{f"without {name}": raw(HS256, claims(**{name: ...})) for name in ("sub", "sid", "iat", "exp", "aud", "typ")},
    "claims a list": raw(HS256, []),
    "claims not json": raw(HS256, b"\xff{"),
    "header a list": raw([], claims()),
    "header nested deep": raw(b"[" * 700, claims(sub=...)),
    "claims nested deep": raw(HS256, b"[" * 600),
    "very long": raw(HS256, claims(more="x" * 5000)),
    "a refresh token": new_refresh_secret().text(FAMILY, 1),
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_every_fault_is_the_same_refusal(tokens: AccessTokens, text: str) -> None:
    for _ in range(2):
        with pytest.raises(NotSignedIn) as caught:
            tokens.read(text)
        assert caught.value.detail is None
    assert text not in tokens._known


def test_a_changed_letter_spoils_it(tokens: AccessTokens) -> None:
    text = tokens.issue(PERSON, FAMILY).text
    tokens.read(text)
    for place in range(0, len(text) - 1, 3):
        with pytest.raises(NotSignedIn):
            tokens.read(text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :])


@given(st.text(max_size=200))
def test_any_text_is_refused_and_nothing_else(text: str) -> None:
    with pytest.raises(NotSignedIn):
        AccessTokens(KEY, timedelta(minutes=30)).read(text)


def test_a_clock_that_is_a_little_behind_is_no_fault(tokens: AccessTokens) -> None:
    assert tokens.read(raw(HS256, claims(iat=int(time.time()) + 5))).person_id == PERSON


def test_a_remembered_token_expires_too() -> None:
    now = time.time()
    tokens = AccessTokens(KEY, timedelta(seconds=60), clock=lambda: now)
    text = tokens.issue(PERSON, FAMILY).text
    tokens.read(text)
    now += 59
    assert tokens.read(text).person_id == PERSON
    now += 1
    with pytest.raises(NotSignedIn):
        tokens.read(text)
    assert not tokens._known


def test_the_memory_of_good_tokens_is_bounded() -> None:
    tokens = AccessTokens(KEY, timedelta(minutes=30), remember=10)
    texts = [tokens.issue(uuid4(), FAMILY).text for _ in range(50)]
    for text in texts:
        tokens.read(text)
    assert list(tokens._known) == texts[-10:]
    assert tokens.read(texts[0]).family == FAMILY


@given(st.uuids(), st.integers(1, 2**31 - 1))
def test_a_refresh_token_comes_back_as_it_went(family: UUID, seq: int) -> None:
    secret = new_refresh_secret()
    text = secret.text(family, seq)
    assert len(text) == 70
    back = parse_refresh_token(text)
    assert (back.family, back.seq, back.token_hash) == (family, seq, secret.token_hash)
    assert len(secret.token_hash) == 32
    assert repr(secret) == "RefreshSecret()"


@given(
    st.text(max_size=100) | st.text("ABCabc019_-", min_size=68, max_size=72) | st.from_regex(r"[A-Za-z0-9_-]{70}\n?")
)
def test_any_other_text_is_refused_or_harmless(text: str) -> None:
    try:
        back = parse_refresh_token(text)
    except NotSignedIn:
        return
    assert len(text) == 70
    assert 1 <= back.seq < 2**31


@pytest.mark.parametrize("seq", [0, 2**31, 2**32 - 1])
def test_a_number_that_the_database_cannot_hold_is_refused(seq: int) -> None:
    with pytest.raises(NotSignedIn):
        parse_refresh_token(new_refresh_secret().text(FAMILY, seq))
