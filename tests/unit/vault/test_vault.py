"""What is sealed stays shut without the right key and the right purpose, and does open with both."""

import base64
import os

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.kernel.vault import Tampered, UnknownKey, Vault, VaultError, same_code

OLD, NEW, INDEX = (bytes([number]) * 32 for number in (1, 2, 3))
VAULT = Vault({"k2": NEW, "k1": OLD}, "k2", INDEX)
BEFORE = Vault({"k1": OLD}, "k1", INDEX)

plain_text = st.text(st.characters(codec="utf-8"), max_size=80)
purpose = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)


@given(purpose, plain_text)
@example("person.name", "𠮷田👨‍👩‍👧")
def test_what_is_sealed_opens_again(why: str, plain: str) -> None:
    sealed = VAULT.seal(why, plain)
    assert VAULT.open(why, sealed) == plain
    assert VAULT.open(why, memoryview(sealed)) == plain  # type: ignore[arg-type]  # some drivers give this for bytea


@given(plain_text, st.data())
def test_one_changed_byte_shuts_it(plain: str, data: st.DataObject) -> None:
    sealed = bytearray(VAULT.seal("person.phone", plain))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(VaultError):
        VAULT.open("person.phone", bytes(sealed))


@given(plain_text, st.integers(0, 60))
def test_a_cut_or_lengthened_value_is_tampered(plain: str, kept: int) -> None:
    sealed = VAULT.seal("person.phone", plain)
    assume(kept < len(sealed))
    with pytest.raises(Tampered):
        VAULT.open("person.phone", sealed[:kept])
    with pytest.raises(Tampered):
        VAULT.open("person.phone", sealed + b"\0")


@given(st.binary(max_size=80))
def test_any_bytes_are_refused_clearly(some: bytes) -> None:
    with pytest.raises(VaultError):
        VAULT.open("person.phone", some)


@given(purpose, purpose, plain_text)
@example("person.phone", "person.name", "")
def test_purposes_are_not_interchangeable(one: str, other: str, plain: str) -> None:
    assume(one != other)
    with pytest.raises(Tampered):
        VAULT.open(other, VAULT.seal(one, plain))
    assert VAULT.index(one, plain) != VAULT.index(other, plain)


def test_the_same_text_is_sealed_to_other_bytes_each_time() -> None:
    assert len({VAULT.seal("person.name", "王秀英") for _ in range(100)}) == 100


def test_another_key_under_the_same_id_does_not_open() -> None:
    with pytest.raises(Tampered):
        Vault({"k1": NEW}, "k1", INDEX).open("person.name", BEFORE.seal("person.name", "王秀英"))


def test_keys_are_changed_by_sealing_again() -> None:
    old = BEFORE.seal("person.name", "王秀英")
    assert VAULT.needs_reseal(old)
    assert VAULT.open("person.name", old) == "王秀英"

    new = VAULT.reseal("person.name", old)
    assert not VAULT.needs_reseal(new)
    assert VAULT.open("person.name", new) == "王秀英"

    with pytest.raises(UnknownKey, match="k2"):
        BEFORE.open("person.name", new)
    with pytest.raises(Tampered):
        VAULT.needs_reseal(b"")


@given(plain_text, plain_text)
def test_the_index_finds_equal_text_only(one: str, other: str) -> None:
    assert (VAULT.index("person.phone", one) == VAULT.index("person.phone", other)) is (one == other)
    assert len(VAULT.index("person.phone", one)) == 32


def test_the_index_outlives_a_change_of_keys_but_depends_on_its_own() -> None:
    assert BEFORE.index("p", "x") == VAULT.index("p", "x")
    assert Vault({"k1": OLD}, "k1", b"4" * 32).index("p", "x") != VAULT.index("p", "x")


def test_purpose_and_text_do_not_run_together() -> None:
    assert VAULT.index("a", "bc") != VAULT.index("ab", "c")
    assert VAULT.code("a", "bc") != VAULT.code("ab", "c")


@given(purpose, plain_text)
def test_a_code_is_six_digits_and_always_the_same(why: str, subject: str) -> None:
    code = VAULT.code(why, subject)
    assert len(code) == 6
    assert set(code) <= set("0123456789")
    assert BEFORE.code(why, subject) == code
    assert same_code(code, code)


def test_codes_of_neighbouring_subjects_spread_evenly() -> None:
    codes = [VAULT.code("order.start", f"0190-{number}:3") for number in range(2000)]
    assert len(set(codes)) > 1980
    assert all(130 < sum(code[0] == digit for code in codes) < 270 for digit in "0123456789")


@pytest.mark.parametrize("given_code", ["", "12345", "1234567", "123457", "１２３４５６", "\ud800", "一二三四五六"])
def test_another_code_is_not_the_same(given_code: str) -> None:
    assert same_code("123456", "123456")
    assert not same_code(given_code, "123456")


def test_the_settings_text_gives_ring_and_current_key() -> None:
    one, two, index = (base64.b64encode(key).decode() for key in (NEW, OLD, INDEX))
    vault = Vault.from_text(f"k2:{one}, k1:{two}", index)
    assert vault.open("p", VAULT.seal("p", "x")) == "x"
    assert vault.open("p", BEFORE.seal("p", "x")) == "x"
    assert vault.index("p", "x") == VAULT.index("p", "x")
    assert not vault.needs_reseal(vault.seal("p", "x"))


def test_the_url_safe_alphabet_is_understood() -> None:
    key = b"\xfb\xff" * 16
    text = base64.urlsafe_b64encode(key).decode()
    assert "_" in text
    assert (
        Vault.from_text(f"a:{text}", base64.b64encode(INDEX).decode()).open(
            "p", Vault({"a": key}, "a", INDEX).seal("p", "x")
        )
        == "x"
    )


GOOD = base64.b64encode(OLD).decode()
SHORT = base64.b64encode(OLD[:16]).decode()
OTHER = base64.b64encode(INDEX).decode()


@pytest.mark.parametrize(
    ("ring", "index", "says"),
    [
        ("", OTHER, "id:base64"),
        (GOOD, OTHER, "entry 1"),
        (f"a:{GOOD},", OTHER, "entry 2"),
        (f"a:{GOOD},a:{GOOD}", OTHER, "twice"),
        (f":{GOOD}", OTHER, "key id"),
        (f"{'a' * 33}:{GOOD}", OTHER, "key id"),
        (f"钥:{GOOD}", OTHER, "key id"),
        (f"a:{SHORT}", OTHER, "16 bytes"),
        ("a:", OTHER, "0 bytes"),
        ("a:secret!", OTHER, "not base64"),
        ("a:密钥", OTHER, "not base64"),
        (f"a:{GOOD}", "", "index key has 0"),
        (f"a:{GOOD}", SHORT, "index key has 16"),
        (f"a:{GOOD}", "%%%", "index key is not base64"),
        (f"a:{GOOD}", GOOD, "of its own"),
    ],
)
def test_unusable_settings_are_named_without_quoting_them(ring: str, index: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        Vault.from_text(ring, index)
    assert GOOD not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_current_key_outside_the_ring_is_refused() -> None:
    with pytest.raises(ValueError, match="not in the ring"):
        Vault({"k1": OLD}, "k2", INDEX)


def test_it_prints_no_key() -> None:
    key = os.urandom(32)
    shown = repr(Vault({"k1": key}, "k1", INDEX))
    assert repr(key)[2:8] not in shown
    assert "k1" in shown
    assert not hasattr(VAULT, "__dict__")
