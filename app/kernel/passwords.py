"""Passwords of officers: argon2id, two at a time, in threads of their own.

The default cost (19 MiB, two passes, one lane) is the OWASP Password Storage recommendation for argon2id. More memory
would count twice here: two hashes run at once, and the process is to stay under 200 MiB.
"""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from app.kernel.errors import Busy, FieldFault, InvalidInput

T = TypeVar("T")

MIN_CHARACTERS = 10
MAX_CHARACTERS = 128
_MIN_DIFFERENT = 5
_AT_ONCE = 2
_WAITING_LIMIT = 64

# No letter or digit that is mistaken for another when it is read out or written down.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"

# Long enough to pass the length rule and tried first by everybody who guesses.
_COMMON = frozenset(
    """
    0123456789 1234567890 12345678901 123456789a 9876543210 0987654321 a123456789 aa12345678 aa123456789 abc1234567
    abc123456789 abcd123456 abcd1234567 abcde12345 abcdefghij admin12345 admin123456 administrator asdf123456
    asdfghjkl123 changeme123 dearbook123 iloveyou123 iloveyou520 letmein123 p@ssw0rd123 p@ssword123 passw0rd123
    password01 password12 password123 password1234 q1w2e3r4t5 q1w2e3r4t5y6 qazwsxedcrfv qq123456789 qwer123456
    qwer1234567 qwerty1234 qwerty12345 qwerty123456 qwertyuiop qwertyuiop123 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc
    1qazxsw23edc welcome123 woaini1314 woaini1314520 woaini520 woaini5201314 woaizhongguo wang123456 zhang123456
    zxcvbnm123 zxcvbnm123456 root123456 test123456 linli12345 linli123456
    """.split()  # noqa: SIM905  sixty words in a column are read more easily than sixty strings
)


class Passwords:
    """Hashes and checks passwords off the event loop. One instance for a process; `time_cost` passes over
    `memory_cost` KiB (tests lower both). Raises `Busy` when 64 are under way or waiting, so that a flood of logins
    becomes a flood of refusals and not a queue of minutes.
    """

    def __init__(self, *, time_cost: int = 2, memory_cost: int = 19 * 1024) -> None:
        self._hasher = PasswordHash((Argon2Hasher(time_cost=time_cost, memory_cost=memory_cost, parallelism=1),))
        self._threads = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="password")
        self._under_way = 0
        # Checked against when there is no such person, so that the answer takes as long as for one who exists.
        self._nobody = self._hasher.hash(secrets.token_bytes(16))

    async def hash_password(self, plain: str) -> str:
        """The argon2id hash to store, in PHC form. The rules for a new password are `check_new_password`."""
        return await self._in_thread(partial(self._hasher.hash, _canonical(plain)))

    async def verify_password(self, stored: str | None, plain: str) -> bool:
        """Whether `plain` is the password of `stored`. `None` (no such person, or one without a password) is no, after
        the same work; so are a damaged hash, and a text longer than any password may be.
        """
        return await self._in_thread(partial(self._check, stored, plain))

    def close(self) -> None:
        """Let the threads go at the end of the process; what is running ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _check(self, stored: str | None, plain: str) -> bool:
        if stored is not None and len(plain) <= MAX_CHARACTERS:
            try:
                return self._hasher.verify(_canonical(plain), stored)
            except UnknownHashError:
                pass
        self._hasher.verify(_canonical(plain[:MAX_CHARACTERS]), self._nobody)
        return False

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """The pool's two threads are the limit: also when a caller goes away and leaves its hash running."""
        if self._under_way >= _WAITING_LIMIT:
            raise Busy
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        self._under_way += 1
        future.add_done_callback(self._one_less)
        return await future

    def _one_less(self, _: object) -> None:
        self._under_way -= 1


def check_new_password(plain: str, login_name: str, *, pointer: str = "/new_password") -> None:
    """Refuse a password that is too short, too long, too common, or that holds the login name.

    Raises `InvalidInput` with one field fault at `pointer`. There is no rule about kinds of characters: such rules make
    passwords harder to remember, not to guess (NIST SP 800-63B).
    """
    fault = _fault(plain, login_name)
    if fault:
        raise InvalidInput(fields=(FieldFault(pointer, *fault),))


def random_password() -> str:
    """A password to be read out or written on paper: four groups of four, about 79 bits, e.g. `k7wm-p3xe-…`."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4))


def _fault(plain: str, login_name: str) -> tuple[str, str] | None:
    """The stable code and the Chinese message of the first rule that is broken."""
    if len(plain) < MIN_CHARACTERS:
        return "password-too-short", f"密码至少需要 {MIN_CHARACTERS} 个字符"
    if len(plain) > MAX_CHARACTERS:
        return "password-too-long", f"密码最多 {MAX_CHARACTERS} 个字符"
    if any(unicodedata.category(mark) in ("Cc", "Cs") for mark in plain):
        return "password-unprintable", "密码含有无法输入的字符"
    folded, name = _folded(plain), _folded(login_name)
    if folded == name or (len(name) >= 4 and name in folded):
        return "password-has-login-name", "密码不能包含登录名"
    if folded in _COMMON or len(set(folded)) < _MIN_DIFFERENT:
        return "password-too-common", "密码过于常见,请换一个不容易猜到的密码"
    return None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _canonical(plain: str) -> bytes:
    """One form for what looks alike: a keyboard may type full-width digits on one machine and plain ones on another."""
    return unicodedata.normalize("NFKC", plain).encode(errors="surrogatepass")
