"""Passwords are hashed off the event loop, two at a time, and no answer's time tells whether a name exists."""

import asyncio
import threading

import pytest
from argon2 import extract_parameters

from app.kernel.errors import Busy, InvalidInput
from app.kernel.passwords import Passwords, check_new_password, random_password

WEAK = Passwords(time_cost=1, memory_cost=8)


async def test_the_right_password_and_only_it_is_accepted() -> None:
    stored = await WEAK.hash_password("邻里 correct horse")
    assert stored.startswith("$argon2id$")
    assert await WEAK.verify_password(stored, "邻里 correct horse")
    assert not await WEAK.verify_password(stored, "邻里 correct horsf")
    assert not await WEAK.verify_password(stored, "")
    assert stored != await WEAK.hash_password("邻里 correct horse")


async def test_full_width_and_plain_digits_are_one_password() -> None:
    assert await WEAK.verify_password(await WEAK.hash_password("ｌｉｎｌｉ－１２３４５６"), "linli-123456")


@pytest.mark.parametrize("stored", [None, "", "plain", "$argon2id$v=19$m=8,t=1,p=1$broken", "$2b$12$abc", "\ud800"])
async def test_nobody_and_damaged_hashes_are_a_no(stored: str | None) -> None:
    assert not await WEAK.verify_password(stored, "whatever it is")


@pytest.mark.parametrize("plain", ["\ud800", "\0", "x" * 1_000_000, "👨‍👩‍👧‍👦"])
async def test_no_text_is_an_error(plain: str) -> None:
    assert not await WEAK.verify_password(await WEAK.hash_password("linli-123456"), plain)
    assert not await WEAK.verify_password(None, plain)


async def test_nobody_costs_as_much_as_somebody() -> None:
    """Whether there is such an account is not to be heard from how long the refusal takes: both are the same work."""
    real = Passwords(time_cost=2, memory_cost=4096)
    stored = await real.hash_password("linli-123456")
    assert not await real.verify_password(None, "wrong password")
    assert extract_parameters(real._nobody) == extract_parameters(stored)


async def test_two_run_at_once_and_a_flood_is_refused() -> None:
    passwords = Passwords(time_cost=1, memory_cost=8)
    gate, running, most = threading.Event(), 0, 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        gate.wait(10)
        with lock:
            running -= 1

    waiting = [asyncio.create_task(passwords._in_thread(work)) for _ in range(64)]
    await asyncio.sleep(0.05)
    with pytest.raises(Busy):
        await passwords.verify_password(None, "x")
    waiting[-1].cancel()
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert most == 2
    assert not await passwords.verify_password(None, "x")
    passwords.close()


@pytest.mark.parametrize(
    ("plain", "code"),
    [
        ("short", "password-too-short"),
        ("", "password-too-short"),
        ("x1y2z3a4b", "password-too-short"),
        ("abcdefg12" * 15, "password-too-long"),
        ("with\0nul-and-more", "password-unprintable"),
        ("lone\ud800surrogate", "password-unprintable"),
        ("zhangsan-2026", "password-has-login-name"),
        ("2026ＺｈａｎｇＳａｎ", "password-has-login-name"),
        ("1234567890", "password-too-common"),
        ("１２３４５６７８９０", "password-too-common"),
        ("Password123", "password-too-common"),
        ("aaaaaaaaaaaaa", "password-too-common"),
        ("abababababab", "password-too-common"),
    ],
)
def test_a_poor_password_is_refused_at_its_field(plain: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_new_password(plain, "zhangsan", pointer="/password")
    (fault,) = caught.value.fields
    assert (fault.pointer, fault.code) == ("/password", code)
    assert "密码" in fault.message
    assert plain == "" or plain not in fault.message


@pytest.mark.parametrize("plain", ["春风十里不如你呀对吗", "correct horse battery", "x" * 40 + "1234567", "K7!m-22-9q"])
def test_a_fair_password_is_taken(plain: str) -> None:
    check_new_password(plain, "zhangsan")


def test_a_short_login_name_may_occur_in_a_password() -> None:
    check_new_password("li-mountain-river", "li")


def test_random_passwords_are_readable_different_and_pass_the_rules() -> None:
    made = {random_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        check_new_password(password, "zhangsan")
        assert len(password) == 19
        assert not set(password) & set("0o1lIiO")
