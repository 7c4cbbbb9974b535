"""Outside local mode each unsafe setting is one sentence; in local mode none is."""

import base64
from typing import Any

import pytest
from pydantic import ValidationError

from app.kernel.database import sqlalchemy_form
from app.settings import Settings

KEY_A = base64.b64encode(bytes(range(32))).decode()
KEY_B = base64.b64encode(bytes(range(32, 64))).decode()
KEY_C = base64.b64encode(bytes(range(64, 96))).decode()
SAFE: dict[str, Any] = {
    "mode": "production",
    "database_url": "postgresql://linli_app:4fd1c0ffee@db/linli",
    "worker_url": "postgresql://linli_worker:5fd1c0ffee@db/linli",
    "migration_url": "postgresql://linli_owner:6fd1c0ffee@db/linli",
    "redis_url": "redis://:7fd1c0ffee@cache:6379/0",
    "secret_key": "q8Z1nVb3xK5mT7wY9cR2dF4gH6jL0pSaUeIoXzCv",
    "keyring": f"2:{KEY_A},1:{KEY_B}",
    "index_key": KEY_C,
    "wechat_appid": "wx0123456789abcdef",
    "wechat_secret": "0123456789abcdef0123456789abcdef",
}

UNSAFE: list[tuple[dict[str, Any], str]] = [
    ({"secret_key": ""}, "LINLI_SECRET_KEY is not set"),
    ({"secret_key": "short"}, "shorter than 32 bytes"),
    ({"secret_key": "a" * 64}, "LINLI_SECRET_KEY is not random"),
    ({"secret_key": "please-change-me-please-change-me-0123456789"}, "LINLI_SECRET_KEY is not random"),
    ({"keyring": ""}, "LINLI_KEYRING is not set"),
    ({"keyring": "1"}, "LINLI_KEYRING is not id:base64"),
    ({"keyring": f"1:{KEY_A},1:{KEY_B}"}, "LINLI_KEYRING is not id:base64"),
    ({"keyring": "1:" + base64.b64encode(b"x" * 16).decode()}, "LINLI_KEYRING[1] is not the base64 of 32 bytes"),
    ({"keyring": "1:" + base64.b64encode(b"x" * 32).decode()}, "is not random"),
    ({"keyring": f"1:{KEY_A},2:{KEY_A}"}, "repeat a key"),
    ({"index_key": ""}, "LINLI_INDEX_KEY is not set"),
    ({"index_key": "&&&"}, "LINLI_INDEX_KEY is not the base64 of 32 bytes"),
    ({"index_key": KEY_A}, "repeat a key"),
    ({"database_url": ""}, "LINLI_DATABASE_URL is not set"),
    (
        {"database_url": "postgresql://linli_owner:4fd1c0ffee@db/linli"},
        "LINLI_DATABASE_URL must not log in as the owner",
    ),
    ({"database_url": "postgresql://postgres:4fd1c0ffee@db/linli"}, "LINLI_DATABASE_URL must not log in as the owner"),
    ({"database_url": "postgresql://linli_worker:4fd1c0ffee@db/linli"}, "must be two roles"),
    ({"worker_url": "postgresql://linli_owner:4fd1c0ffee@db/linli"}, "LINLI_WORKER_URL must not log in as the owner"),
    ({"database_url": "postgresql://linli_app@db/linli"}, "LINLI_DATABASE_URL has no password"),
    ({"database_url": "postgresql://linli_app:linli_app@db/linli"}, "LINLI_DATABASE_URL has no password"),
    ({"worker_url": "postgresql://linli_worker:change-me@db/linli"}, "LINLI_WORKER_URL has no password"),
    ({"migration_url": "postgresql://linli_owner:postgres@db/linli"}, "LINLI_MIGRATION_URL has no password"),
    ({"redis_url": "redis://cache:6379/0"}, "LINLI_REDIS_URL has no password"),
    ({"redis_url": "http://cache"}, "LINLI_REDIS_URL does not begin"),
    ({"wechat_url": "http://api.weixin.qq.com"}, "LINLI_WECHAT_URL must be https"),
    ({"wechat_url": "https://127.0.0.1:8090"}, "LINLI_WECHAT_URL points at this machine"),
    ({"wechat_appid": ""}, "LINLI_WECHAT_APPID is not set"),
    ({"wechat_secret": "change-me"}, "LINLI_WECHAT_SECRET is not set"),
    ({"crash_at": "place.after-commit"}, "LINLI_CRASH_AT is for local mode only"),
    ({"admin_password": "admin"}, "LINLI_ADMIN_PASSWORD is weak"),
]


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"LINLI_{name.upper()}", raising=False)


def test_safe_settings_have_no_fault() -> None:
    assert Settings(**SAFE).faults() == []


@pytest.mark.parametrize(("change", "sentence"), UNSAFE, ids=lambda value: str(value)[:50])
def test_an_unsafe_setting_is_one_sentence_in_two_languages(change: dict[str, Any], sentence: str) -> None:
    faults = Settings(**{**SAFE, **change}).faults()
    matching = [fault for fault in faults if sentence in fault]
    assert len(matching) == 1, faults
    assert " | " in matching[0]
    assert any("\u4e00" <= letter <= "\u9fff" for letter in matching[0])


@pytest.mark.parametrize(("change", "_sentence"), UNSAFE, ids=lambda value: str(value)[:50])
def test_local_mode_calls_nothing_unsafe(change: dict[str, Any], _sentence: str) -> None:
    assert Settings(**{**SAFE, **change, "mode": "local"}).faults() == []


def test_production_is_the_default() -> None:
    assert not Settings().local
    assert len(Settings().faults()) >= 9


def test_each_process_is_asked_for_what_it_needs() -> None:
    migrate = Settings(mode="production", migration_url=SAFE["migration_url"])
    assert migrate.faults("migrate") == []
    without_worker = Settings(**{**SAFE, "worker_url": "", "migration_url": ""})
    assert without_worker.faults("api") == []
    assert [fault.split(" | ")[1] for fault in without_worker.faults("worker")] == ["LINLI_WORKER_URL is not set."]


def test_secrets_do_not_show() -> None:
    shown = repr(Settings(**SAFE, admin_password="Tr0ub4dor-and-3"))
    for secret in ("c0ffee", SAFE["secret_key"], KEY_A, KEY_C, SAFE["wechat_secret"], "Tr0ub4dor"):
        assert secret not in shown


def test_keys_keep_their_order() -> None:
    settings = Settings(**SAFE)
    assert list(settings.keys) == ["2", "1"]
    assert settings.index_key_bytes == bytes(range(64, 96))


def test_url_forms() -> None:
    assert Settings(database_url="postgres://a:b@h:1/d").database_url == "postgresql://a:b@h:1/d"
    assert sqlalchemy_form("postgresql://a:p%40w@h:1/d?sslmode=require") == (
        "postgresql+asyncpg://a:p%40w@h:1/d?ssl=require"
    )
    for wrong in ("mysql://a:b@h/d", "postgresql+asyncpg://a:b@h/d", "h:5432", "postgresql://a:b@h:port/d"):
        with pytest.raises(ValidationError):
            Settings(database_url=wrong)
