"""Proof of who is calling: a short-lived access token (JWT), and a refresh token that is used once.

Both live by the real clock, never by the simulation's.

An access token carries no name, role or phone, only who (`sub`) and which log-in (`sid`, the refresh family): roles
are read live with each command. There is one key and one algorithm, so a header's `alg` or `kid` is never believed;
when the key changes, clients get 401 and refresh, which needs no key.

A refresh token is opaque: base64url of 16 bytes family, 4 bytes number within the family, 32 random bytes. The database
keeps only the SHA-256 of the random part, and it gives out the numbers; `migrations/sql/auth.sql` tells how a token is
exchanged, why a retry within ten seconds is answered, and what a later second use does.
"""

import base64
import binascii
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import jwt

from app.kernel.errors import NotSignedIn
from app.kernel.ids import NOBODY

ALGORITHM = "HS256"
AUDIENCE = "linli"
ACCESS = "access"
MIN_KEY_BYTES = 32

# A real token has some 330 characters. Longer ones are not even parsed: nested brackets can exhaust the JSON parser.
_MAX_CHARACTERS = 1024
_REQUIRED = ["sub", "sid", "iat", "exp", "aud", "typ"]
_SECRET_BYTES = 32
_REFRESH_TEXT = re.compile(r"[A-Za-z0-9_-]{70}")
_MAX_SEQ = 2**31 - 1


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a valid access token says: who calls, by which log-in, and until when (seconds since 1970, UTC)."""

    person_id: UUID
    family: UUID
    expires_at: int


@dataclass(frozen=True, slots=True)
class AccessToken:
    text: str = field(repr=False)
    expires_at: datetime


class AccessTokens:
    """Issues and reads access tokens. One instance for a process.

    Checking a signature takes 42 µs, finding the text in a dictionary 0.3 µs; so the last `remember` tokens that were
    found good are kept until they expire. Raises `ValueError` for a key under 32 bytes (RFC 7518 §3.2): the library
    would only warn.
    """

    def __init__(
        self,
        key: str | bytes,
        lifetime: timedelta,
        *,
        remember: int = 4096,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._key = key.encode() if isinstance(key, str) else key
        if len(self._key) < MIN_KEY_BYTES:
            raise ValueError(f"the key of the access tokens has {len(self._key)} bytes, it needs {MIN_KEY_BYTES}")
        self._lifetime = int(lifetime.total_seconds())
        self._remember = remember
        self._clock = clock
        self._known: dict[str, AccessClaims] = {}

    def issue(self, person_id: UUID, family: UUID) -> AccessToken:
        """A token for this person and log-in, good from now for the lifetime."""
        now = int(self._clock())
        expires = now + self._lifetime
        claims = {
            "sub": str(person_id),
            "sid": str(family),
            "iat": now,
            "exp": expires,
            "aud": AUDIENCE,
            "typ": ACCESS,
        }
        text = jwt.encode(claims, self._key, algorithm=ALGORITHM)
        return AccessToken(text, datetime.fromtimestamp(expires, UTC))

    def read(self, text: str) -> AccessClaims:
        """The claims of a good token. Every fault is the same `NotSignedIn`: a caller learns nothing by trying."""
        claims = self._known.get(text)
        if claims is None:
            claims = self._verified(text)
            if len(self._known) >= self._remember:
                del self._known[next(iter(self._known))]
            self._known[text] = claims
        if claims.expires_at <= self._clock():
            self._known.pop(text, None)
            raise NotSignedIn
        return claims

    def _verified(self, text: str) -> AccessClaims:
        if len(text) > _MAX_CHARACTERS:
            raise NotSignedIn
        try:
            said = jwt.decode(
                text,
                self._key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                # Another host's clock may be a second ahead; a token "from the future" is no danger, `exp` is checked.
                options={"require": _REQUIRED, "verify_iat": False},
            )
            if said["typ"] != ACCESS or said["aud"] != AUDIENCE or type(said["exp"]) is not int:
                raise NotSignedIn
            claims = AccessClaims(UUID(said["sub"]), UUID(said["sid"]), said["exp"])
            if NOBODY in (claims.person_id, claims.family):  # the system acts without a log-in, and only inside
                raise NotSignedIn
            return claims
        # The last three: claims of a wrong type or size, and a header that is nested brackets.
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
            raise NotSignedIn from None


@dataclass(frozen=True, slots=True)
class RefreshSecret:
    """The random part of a refresh token before the database has given it a number."""

    secret: bytes = field(repr=False)

    @property
    def token_hash(self) -> bytes:
        """What the database keeps."""
        return sha256(self.secret).digest()

    def text(self, family: UUID, seq: int) -> str:
        """The token as the client keeps it: 70 characters of base64url."""
        return base64.urlsafe_b64encode(family.bytes + seq.to_bytes(4) + self.secret).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token as it came back. That it has this form says nothing about whether it is good."""

    family: UUID
    seq: int
    token_hash: bytes


def new_refresh_secret() -> RefreshSecret:
    return RefreshSecret(secrets.token_bytes(_SECRET_BYTES))


def parse_refresh_token(text: str) -> RefreshToken:
    """Take a token apart. Raises `NotSignedIn` for anything that this system cannot have given out."""
    if not _REFRESH_TEXT.fullmatch(text):
        raise NotSignedIn
    try:
        raw = base64.urlsafe_b64decode(text + "==")
    except (binascii.Error, ValueError):
        raise NotSignedIn from None
    seq = int.from_bytes(raw[16:20])
    if not 1 <= seq <= _MAX_SEQ:
        raise NotSignedIn
    return RefreshToken(UUID(bytes=raw[:16]), seq, sha256(raw[20:]).digest())
