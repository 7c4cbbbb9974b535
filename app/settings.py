"""Every setting of Linli: one class, read from the environment (prefix LINLI_) by the roots alone.

`faults()` says in sentences what is unsafe; outside local mode no process starts while it says anything.
"""

import base64
import binascii
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

KEY_BYTES: Final = 32
SECRET_BYTES: Final = 32  # HS256 is as strong as its key; PyJWT only warns below this
PASSWORD_LETTERS: Final = 12
GUESSED: Final = frozenset(
    {"", "postgres", "password", "passwd", "secret", "admin", "linli", "changeme", "change-me", "change_me", "example"}
    | {"linli_owner", "linli_app", "linli_worker", "owner", "app", "worker", "root", "test", "demo"}
    | {"123456", "12345678", "123456789012", "admin123456", "password1234"}
)
OWNERS: Final = frozenset({"linli_owner", "postgres"})
WECHAT: Final = "https://api.weixin.qq.com"

Part = Literal["api", "worker", "migrate", "all"]


class Mode(StrEnum):
    """`local`: embedded servers, the stand-in for WeChat, demo logins. Anything else is production."""

    LOCAL = "local"
    PRODUCTION = "production"


def _postgres_url(url: str) -> str:
    """postgres:// is another spelling of postgresql://; a driver's name does not belong here."""
    if not url:
        return url
    scheme, _, rest = url.partition("://")
    if scheme not in ("postgresql", "postgres") or not rest:
        raise ValueError(
            "应为 postgresql://用户:密码@主机:端口/库 | expected postgresql://user:password@host:port/database"
        )
    urlsplit(url).port  # noqa: B018 – raises ValueError when host or port are malformed
    return f"postgresql://{rest}"


PostgresUrl = Annotated[str, AfterValidator(_postgres_url)]


class Settings(BaseSettings):
    """The settings, each with what it is for. URLs are kept as text; secrets do not show in the repr."""

    model_config = SettingsConfigDict(
        env_prefix="LINLI_", env_ignore_empty=True, extra="ignore", frozen=True, str_strip_whitespace=True
    )

    mode: Mode = Field(Mode.PRODUCTION, description="local | production; `make run` 与测试用 local")
    host: str = Field("127.0.0.1", description="API 监听地址 · address the API listens on")
    port: int = Field(8000, ge=1, le=65535, description="API 端口 · port of the API")
    data: Path = Field(Path(".linli"), description="内置服务的数据目录 · folder of the embedded servers (linli up)")
    database_url: PostgresUrl = Field("", repr=False, description="应用角色 · PostgreSQL as linli_app")
    worker_url: PostgresUrl = Field("", repr=False, description="工作进程角色 · PostgreSQL as linli_worker")
    migration_url: PostgresUrl = Field("", repr=False, description="库的所有者 · PostgreSQL as linli_owner (migrate)")
    redis_url: str = Field("", repr=False, description="Redis/Valkey · redis://:password@host:port/0")
    secret_key: str = Field("", repr=False, description="签发登录令牌的密钥 · signs tokens, at least 32 bytes")
    keyring: str = Field(
        "", repr=False, description="加密个人信息 · id:base64 of 32 bytes, comma between; first is current"
    )
    index_key: str = Field("", repr=False, description="盲索引密钥 · blind index of phones, base64 of 32 bytes")
    wechat_url: str = Field(WECHAT, description="微信接口 · WeChat's server (https)")
    wechat_appid: str = Field("", description="小程序 appid · the mini-program's id")
    wechat_secret: str = Field("", repr=False, description="小程序密钥 · the mini-program's secret")
    wechat_template: str = Field(
        "",
        description="订阅消息模板编号,须有字段 thing1 事由、time2 时间、thing3 哪个订单或事项;不填则不推送"
        " · template of the notices, with the keys thing1, time2, thing3; none: no push",
    )
    admin_password: str = Field("", repr=False, description="首位管理员密码 · first administrator (create-admin)")
    metrics_host: str = Field(
        "127.0.0.1", description="指标监听地址,勿对公网开放 · address of the metrics, never public"
    )
    api_metrics_port: int = Field(0, ge=0, le=65535, description="API 的指标端口,0 不开 · port of its metrics; 0: none")
    worker_metrics_port: int = Field(
        0, ge=0, le=65535, description="工作进程的指标端口,0 不开 · port of its metrics; 0: none"
    )
    crash_at: str = Field("", description="崩溃点，仅限 local · named crash point of the tests, local mode only")
    pool: int = Field(
        8, ge=2, le=100, description="API 进程的数据库连接数 · connections of an API process, twice: commands, reads"
    )
    access_minutes: int = Field(30, ge=1, le=1440, description="访问令牌分钟数 · life of an access token, minutes")
    refresh_days: int = Field(30, ge=1, le=365, description="刷新令牌天数 · life of a refresh token, days")

    # ── forms that other libraries want ──────────────────────────────────────────────────────────────────────

    @property
    def local(self) -> bool:
        return self.mode is Mode.LOCAL

    @property
    def keys(self) -> dict[str, bytes]:
        """The key ring in order, the current key first. Raises ValueError with a sentence when it is malformed."""
        return parsed_keyring(self.keyring)

    @property
    def index_key_bytes(self) -> bytes:
        """The key of the blind index. Raises ValueError with a sentence when it is malformed."""
        return parsed_key(self.index_key, "LINLI_INDEX_KEY")

    # ── what is wrong ────────────────────────────────────────────────────────────────────────────────────────

    def missing(self, part: Part = "all") -> list[str]:
        """A sentence for each setting without which this part cannot run at all, in any mode."""
        needed: dict[Part, tuple[str, ...]] = {
            "api": ("database_url", "redis_url", "secret_key", "keyring", "index_key"),
            "worker": ("worker_url", "redis_url"),
            "migrate": ("migration_url",),
        }
        names = (
            needed[part] if part in needed else tuple(dict.fromkeys(name for some in needed.values() for name in some))
        )
        found = [
            f"缺少 LINLI_{name.upper()}。 | LINLI_{name.upper()} is not set."
            for name in names
            if not getattr(self, name)
        ]
        if part != "migrate":
            found += self._malformed_keys()
        return found

    def faults(self, part: Part = "all") -> list[str]:
        """A sentence (Chinese | English) for each setting that is unsafe to serve people with; none in local mode."""
        if self.local:
            return []
        found = self.missing(part)
        found += self._database_faults(part)
        if part in ("api", "worker", "all"):
            found += self._wechat_faults() + self._redis_faults()
        if part in ("api", "all"):
            found += self._key_faults()  # the worker opens nothing that is sealed
        if self.crash_at:
            found.append("LINLI_CRASH_AT 只能用于 local 模式。 | LINLI_CRASH_AT is for local mode only.")
        if self.admin_password and (len(self.admin_password) < PASSWORD_LETTERS or _guessed(self.admin_password)):
            found.append(
                f"LINLI_ADMIN_PASSWORD 太弱，至少 {PASSWORD_LETTERS} 位且不能是常见密码。"
                f" | LINLI_ADMIN_PASSWORD is weak: at least {PASSWORD_LETTERS} characters, and no common one."
            )
        return found

    def _malformed_keys(self) -> list[str]:
        found = []
        tests: tuple[tuple[str, Callable[[], object]], ...] = (
            (self.keyring, lambda: self.keys),
            (self.index_key, lambda: self.index_key_bytes),
        )
        for value, parse in tests:
            try:
                if value:
                    parse()
            except ValueError as error:
                found.append(str(error))
        return found

    def _key_faults(self) -> list[str]:
        found = []
        if self.secret_key and len(self.secret_key.encode()) < SECRET_BYTES:
            found.append(
                f"LINLI_SECRET_KEY 太短，至少 {SECRET_BYTES} 字节。"
                f" | LINLI_SECRET_KEY is shorter than {SECRET_BYTES} bytes."
            )
        elif self.secret_key and (len(set(self.secret_key)) < 10 or "change" in self.secret_key.lower()):
            found.append(
                "LINLI_SECRET_KEY 不是随机值（openssl rand -base64 48）。"
                " | LINLI_SECRET_KEY is not random (openssl rand -base64 48)."
            )
        try:
            keys = list(self.keys.values()) if self.keyring else []
            index = [self.index_key_bytes] if self.index_key else []
        except ValueError:
            return found  # said already
        if any(len(set(key)) < 10 for key in keys + index):
            found.append(
                "LINLI_KEYRING 或 LINLI_INDEX_KEY 不是随机值（openssl rand -base64 32）。"
                " | LINLI_KEYRING or LINLI_INDEX_KEY is not random (openssl rand -base64 32)."
            )
        if any(key in keys for key in index) or len(set(keys)) < len(keys):
            found.append(
                "LINLI_KEYRING 与 LINLI_INDEX_KEY 中有相同的密钥。 | LINLI_KEYRING and LINLI_INDEX_KEY repeat a key."
            )
        return found

    def _database_faults(self, part: Part) -> list[str]:
        found = []
        app, worker, owner = (_user(url) for url in (self.database_url, self.worker_url, self.migration_url))
        for name, user in (("LINLI_DATABASE_URL", app), ("LINLI_WORKER_URL", worker)):
            if user and (user in OWNERS or user == owner):
                found.append(
                    f"{name} 不能使用库的所有者或超级用户（{user}）。"
                    f" | {name} must not log in as the owner or a superuser ({user})."
                )
        if app and app == worker:
            found.append(
                "LINLI_DATABASE_URL 与 LINLI_WORKER_URL 不能是同一个角色。"
                " | LINLI_DATABASE_URL and LINLI_WORKER_URL must be two roles."
            )
        used: dict[Part, tuple[str, ...]] = {"api": ("database",), "worker": ("worker",), "migrate": ("migration",)}
        for name in used.get(part, ("database", "worker", "migration")):
            url: str = getattr(self, f"{name}_url")
            if url and _guessed(_password(url), _user(url)):
                found.append(
                    f"LINLI_{name.upper()}_URL 的密码是空的或默认的。"
                    f" | LINLI_{name.upper()}_URL has no password or a default one."
                )
        return found

    def _redis_faults(self) -> list[str]:
        if not self.redis_url:
            return []
        if urlsplit(self.redis_url).scheme not in ("redis", "rediss"):
            return ["LINLI_REDIS_URL 应以 redis:// 开头。 | LINLI_REDIS_URL does not begin with redis:// or rediss://."]
        if _guessed(_password(self.redis_url)):
            return [
                "LINLI_REDIS_URL 的密码是空的或默认的。 | LINLI_REDIS_URL has no password or a default one.",
            ]
        return []

    def _wechat_faults(self) -> list[str]:
        found = []
        address = urlsplit(self.wechat_url)
        host = address.hostname or ""
        if address.scheme != "https":
            found.append(
                "LINLI_WECHAT_URL 必须是 https（本地替身只用于 local 模式）。"
                " | LINLI_WECHAT_URL must be https (the stand-in is for local mode only)."
            )
        elif host == "localhost" or host.startswith("127.") or host == "::1":
            found.append(
                "LINLI_WECHAT_URL 指向本机，不是微信。 | LINLI_WECHAT_URL points at this machine, not at WeChat."
            )
        if not self.wechat_appid or self.wechat_appid.startswith("demo"):
            found.append("缺少真实的 LINLI_WECHAT_APPID。 | LINLI_WECHAT_APPID is not set, or a demo's.")
        if not self.wechat_secret or _guessed(self.wechat_secret) or self.wechat_secret.startswith("demo"):
            found.append("缺少真实的 LINLI_WECHAT_SECRET。 | LINLI_WECHAT_SECRET is not set, or a demo's.")
        return found


def parsed_key(text: str, name: str) -> bytes:
    """32 bytes from base64. Raises ValueError with a sentence."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"{name} 应为 {KEY_BYTES} 字节的 base64。 | {name} is not the base64 of {KEY_BYTES} bytes.")
    return key


def parsed_keyring(text: str) -> dict[str, bytes]:
    """`id:base64,id2:base64` in order. Raises ValueError with a sentence."""
    keys: dict[str, bytes] = {}
    for entry in text.split(","):
        name, colon, key = entry.strip().partition(":")
        if not colon or not name or name in keys:
            raise ValueError(
                "LINLI_KEYRING 应为 编号:base64,编号:base64，编号不重复。 | LINLI_KEYRING is not id:base64,id:base64."
            )
        keys[name] = parsed_key(key, f"LINLI_KEYRING[{name}]")
    return keys


def _user(url: str) -> str:
    return unquote(urlsplit(url).username or "")


def _password(url: str) -> str:
    return unquote(urlsplit(url).password or "")


def _guessed(word: str, user: str = "") -> bool:
    return word.lower() in GUESSED or (bool(user) and word.lower() == user.lower())
