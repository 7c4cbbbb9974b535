"""Personal data at rest: names, phones and addresses are sealed, found by a blind index, and masked for most eyes.

A sealed value is one `bytea`, self-describing, so that keys can be changed without a flag day:

    1 byte    format, now 1
    1 byte    length of the key's id
    n bytes   the key's id, ASCII
    12 bytes  nonce, random for each sealing
    rest      AES-256-GCM ciphertext with its 16-byte tag

The head and the purpose (`person.phone`) are authenticated but not stored twice: a value that was copied from one
column to another, or whose head was altered, does not open. Binding to the *row* is not done here; a caller who needs
it puts the row's id into the purpose.

To change keys: put a new key first into the ring, restart, walk the rows with `needs_reseal` and `reseal`, and take the
old key out when none is left. The index key cannot be changed that way: every index would have to be computed anew.
Random nonces are sound for 2^32 sealings under one key, far more than a city has values.
"""

import base64
import binascii
import hmac
import os
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_FORMAT = 1
_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
_CODE_DIGITS = 6


class VaultError(Exception):
    """A sealed value cannot be opened. The message never holds the value, the ciphertext or a key."""


class UnknownKey(VaultError):
    """The value was sealed with a key that is not in the ring: a key was taken out too early."""


class Tampered(VaultError):
    """The value is cut, altered, sealed for another purpose, or was never a sealed value."""


class Vault:
    """Seals, opens and indexes text. Holds the keys; it prints none of them. Safe to share between tasks and threads.

    `keyring` maps a key's id to its 32 bytes, `current` names the one to seal with, `index_key` is 32 more bytes that
    are in no ring. Raises `ValueError` with a sentence that says what is wrong and quotes no key.
    """

    __slots__ = ("_ciphers", "_code_key", "_current", "_index_key")

    def __init__(self, keyring: Mapping[str, bytes], current: str, index_key: bytes) -> None:
        for key_id, key in keyring.items():
            if not _KEY_ID.fullmatch(key_id):
                raise ValueError(f"key id {key_id!r}: use 1 to 32 of A-Z a-z 0-9 . _ -")
            if len(key) != _KEY_BYTES:
                raise ValueError(f"key {key_id!r} has {len(key)} bytes, it needs {_KEY_BYTES}")
        if current not in keyring:
            raise ValueError(f"the current key {current!r} is not in the ring")
        if len(index_key) != _KEY_BYTES:
            raise ValueError(f"the index key has {len(index_key)} bytes, it needs {_KEY_BYTES}")
        if index_key in keyring.values():
            raise ValueError("the index key is also in the ring: use a key of its own")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keyring.items()}
        self._current = current
        # Two keys from one, so that an index never equals the source of a code, whatever the purposes are called.
        self._index_key = hmac.digest(index_key, b"linli blind index", sha256)
        self._code_key = hmac.digest(index_key, b"linli one-time code", sha256)

    @classmethod
    def from_text(cls, keyring_text: str, index_key_text: str) -> Self:
        """Build from settings: `id:base64,id2:base64`, the first is current; and one base64 key. Else `ValueError`."""
        ring: dict[str, bytes] = {}
        for number, entry in enumerate(keyring_text.split(","), start=1):
            key_id, colon, key_text = entry.strip().partition(":")
            if not colon:
                raise ValueError(f"entry {number} of the key ring is not written as id:base64")
            if key_id in ring:
                raise ValueError(f"the key ring names {key_id!r} twice")
            ring[key_id] = _key_from_text(key_text, f"key {key_id!r}")
        return cls(ring, next(iter(ring)), _key_from_text(index_key_text, "the index key"))

    def __repr__(self) -> str:
        return f"<Vault of {len(self._ciphers)} keys, current {self._current!r}>"

    def seal(self, purpose: str, plain: str) -> bytes:
        """Encrypt text for one purpose with the current key. The same text gives other bytes each time."""
        head = bytes((_FORMAT, len(self._current))) + self._current.encode("ascii")
        nonce = os.urandom(_NONCE_BYTES)
        return head + nonce + self._ciphers[self._current].encrypt(nonce, plain.encode(), _bound(head, purpose))

    def open(self, purpose: str, sealed: bytes) -> str:
        """Decrypt what was sealed for this purpose. Raises `UnknownKey` or `Tampered`."""
        sealed = bytes(sealed)
        key_id, head_end = _read_head(sealed)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise UnknownKey(f"sealed with key {key_id!r}, which is not in the ring")
        body = head_end + _NONCE_BYTES
        try:
            plain = cipher.decrypt(sealed[head_end:body], sealed[body:], _bound(sealed[:head_end], purpose))
        except InvalidTag:
            raise Tampered(f"does not open for the purpose {purpose!r}: altered, or sealed for another one") from None
        return plain.decode()

    def needs_reseal(self, sealed: bytes) -> bool:
        """Whether the value was sealed with another key than the current one. Raises `Tampered` when unreadable."""
        key_id, _ = _read_head(bytes(sealed))
        return key_id != self._current

    def reseal(self, purpose: str, sealed: bytes) -> bytes:
        """The same text under the current key. Raises as `open` does."""
        return self.seal(purpose, self.open(purpose, sealed))

    def index(self, purpose: str, plain: str) -> bytes:
        """A 32-byte blind index for exact look-up: equal for equal text and purpose, meaningless without the key.

        The caller brings the text into its one form first (a phone as digits): other spelling, other index.
        """
        return hmac.digest(self._index_key, _framed(purpose, plain), sha256)

    def code(self, purpose: str, subject: str) -> str:
        """The six-digit code of a subject, derived and never stored (开始码).

        `subject` names what the code is for and changes when a new code is wanted: `matter id:version of acceptance`.
        Six digits withstand guessing only together with a limit on tries, which is the caller's.
        """
        number = int.from_bytes(hmac.digest(self._code_key, _framed(purpose, subject), sha256))
        return str(number % 10**_CODE_DIGITS).zfill(_CODE_DIGITS)


def same_code(given: str, expected: str) -> bool:
    """Compare two codes in a time that does not tell how many leading digits were right."""
    return hmac.compare_digest(given.encode(errors="surrogatepass"), expected.encode(errors="surrogatepass"))


def mask_name(name: str) -> str:
    """`王秀英` → `王**`: the first character stays, at most two stars follow; a name of one character is all star."""
    name = name.strip()
    if len(name) < 2:
        return "*" * len(name)
    return name[0] + "*" * min(len(name) - 1, 2)


def mask_phone(phone: str) -> str:
    """`13812345678` → `138****5678`; a landline keeps area code and two digits; anything else at most two digits."""
    digits = "".join(mark for mark in phone if mark in "0123456789")
    if len(digits) == 13 and digits.startswith("861"):
        digits = digits[2:]
    if len(digits) == 11 and digits.startswith("1"):
        return f"{digits[:3]}****{digits[-4:]}"
    area = re.match(r"0(?:10|2\d|[3-9]\d\d)(?=\d{7,8}$)", digits)
    if area:
        code = area.group()
        return f"{code}-{'*' * (len(digits) - len(code) - 2)}{digits[-2:]}"
    return "****" + (digits[-2:] if len(digits) >= 7 else "")


def mask_licence(number: str) -> str:
    """`晋A20260301` → `晋*******01`: the first character and the last two; a short one is all star."""
    number = "".join(number.split())
    return number[0] + "*" * (len(number) - 3) + number[-2:] if len(number) > 5 else "*" * len(number)


def mask_address(address: str) -> str:
    """`神木市神堂沟街道锦苑小区3号楼501` → `神木市神堂沟***`: at most six characters and half of it, never a digit."""
    address = "".join(address.split())
    kept = address[: min(6, len(address) // 2)]
    upto = next((place for place, mark in enumerate(kept) if mark.isdigit()), len(kept))
    return kept[:upto] + "***" if address else ""


def _key_from_text(text: str, name: str) -> bytes:
    """Base64, in either alphabet. The key's text must not reach the message: it ends in a log."""
    try:
        return base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{name} is not base64") from None


def _read_head(sealed: bytes) -> tuple[str, int]:
    """The key's id and where the head ends."""
    if len(sealed) < 2 or sealed[0] != _FORMAT:
        raise Tampered("not a sealed value of a known format")
    head_end = 2 + sealed[1]
    key_id = sealed[2:head_end].decode("ascii", errors="replace")
    if not _KEY_ID.fullmatch(key_id) or len(sealed) < head_end + _NONCE_BYTES + _TAG_BYTES:
        raise Tampered("the head of the sealed value is damaged")
    return key_id, head_end


def _bound(head: bytes, purpose: str) -> bytes:
    """What is authenticated beside the ciphertext. The head tells its own length, so the two cannot run together."""
    return head + purpose.encode()


def _framed(purpose: str, text: str) -> bytes:
    """Purpose and text with the purpose's length before them: (`a`, `bc`) and (`ab`, `c`) stay different."""
    name = purpose.encode()
    return len(name).to_bytes(4) + name + text.encode()
