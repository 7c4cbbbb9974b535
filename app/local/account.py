"""Which account the servers run as, and which folders that account can reach.

PostgreSQL refuses to run as root, so root drops to the owner of the data, else to `postgres`, else to `nobody`;
anybody else keeps their own account. A folder below a closed one (a checkout in /root) is out of that account's
reach: binaries are then copied and data is kept elsewhere.
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.local.faults import LocalFault, not_permitted


@dataclass(frozen=True)
class Account:
    """The account of a server. `dropped` says that we are root and the server is not."""

    uid: int
    gid: int
    name: str
    dropped: bool

    def popen(self) -> dict[str, Any]:
        """The arguments of subprocess.Popen that start a process as this account, with no extra groups."""
        if not self.dropped:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Makes the account the owner of a path that we have just made."""
        if self.dropped:
            os.chown(path, self.uid, self.gid)

    def reaches(self, folder: Path) -> bool:
        """Whether the account may pass through every folder of the path (mode bits only)."""
        if not self.dropped:
            return True
        return all(self._passes(step) for step in (folder, *folder.parents) if step.exists())

    def _passes(self, folder: Path) -> bool:
        found = folder.stat()
        if found.st_uid == self.uid:
            return bool(found.st_mode & stat.S_IXUSR)
        if found.st_gid == self.gid:
            return bool(found.st_mode & stat.S_IXGRP)
        return bool(found.st_mode & stat.S_IXOTH)


def server_account(data: Path | None = None) -> Account:
    """The account for a server whose data lies in `data` (which need not exist yet).

    Raises LocalFault when the account has no entry in the user database, which initdb demands.
    """
    me = os.geteuid()
    if me != 0:
        try:
            entry = pwd.getpwuid(me)
        except KeyError:
            raise LocalFault(
                f"用户编号 {me} 没有登记在系统用户表中，PostgreSQL 无法以它启动。",
                f"User id {me} has no entry in the user database, and PostgreSQL cannot start as it.",
                f"useradd -u {me} linli，或指明已在运行的服务器（LINLI_DATABASE_URL 等）"
                " · or name servers that run already (LINLI_DATABASE_URL and its fellows)",
            ) from None
        return Account(me, entry.pw_gid, entry.pw_name, dropped=False)
    try:
        owner = data.stat().st_uid if data is not None and data.exists() else 0
    except PermissionError:
        raise not_permitted(data) from None
    for candidate in (owner, "postgres", "nobody"):
        try:
            entry = pwd.getpwuid(candidate) if isinstance(candidate, int) else pwd.getpwnam(candidate)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, entry.pw_name, dropped=True)
    raise LocalFault(
        "以 root 运行时需要 postgres 或 nobody 用户来启动数据库，本机两者都没有。",
        "Started as root, the database needs the account postgres or nobody, and this machine has neither.",
        "useradd --system postgres，或以普通用户启动 · or start Linli as an ordinary user",
    )


def clean_environment(**more: str) -> dict[str, str]:
    """The environment of a server: nothing of the caller's locale, PG* variables or libraries reaches it."""
    return {"PATH": os.environ.get("PATH", os.defpath), **more}
