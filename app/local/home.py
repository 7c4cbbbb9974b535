"""The folder of one server: chosen so that its account can reach it, locked by one process; free ports; a log's end."""

import contextlib
import errno
import fcntl
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

from app.local.account import Account
from app.local.faults import disk_full, folder_in_use, not_permitted
from app.local.processes import record, still_running

THROWAWAY_PREFIX = "linli-throwaway-"
# Root's data that may not lie below a closed folder. Not /var/tmp: that is swept by age.
ELSEWHERE = Path("/var/lib")


def server_home(folder: Path, account: Account) -> Path:
    """Makes `folder` and answers where the servers' files go: in it, or – out of the account's reach – behind a link.

    The link `folder/servers` remembers the place, so removing the folder is a fresh start.
    """
    try:
        folder.mkdir(mode=0o711 if account.dropped else 0o700, parents=True, exist_ok=True)
        link = folder / "servers"
        if link.is_symlink() and link.exists():
            return link.resolve()
        if account.dropped and account.reaches(folder.parent):
            folder.chmod(folder.stat().st_mode | 0o011)
        if account.reaches(folder):
            if not os.access(folder, os.W_OK | os.X_OK):
                raise not_permitted(folder)
            return folder
        elsewhere = Path(tempfile.mkdtemp(prefix="linli-", dir=ELSEWHERE if os.access(ELSEWHERE, os.W_OK) else None))
        elsewhere.chmod(0o711)
        if link.is_symlink():
            link.unlink()
        link.symlink_to(elsewhere)
        return elsewhere
    except OSError as error:
        raise translated(error, folder) from error


def translated(error: OSError, where: Path) -> Exception:
    """The sentence for an operating system's error on a folder of ours."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(where)
    return not_permitted(where)


class FolderLock:
    """One process per folder: an exclusive lock that ends with the process, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def take(self) -> None:
        """Raises LocalFault when another process holds it."""
        if self._file is not None:
            return
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise translated(error, self.path.parent) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise folder_in_use(self.path.parent) from None
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def throwaway_folder() -> Path:
    """A folder for a server of a test; `maker.pid` lets a later run find it when its maker was killed."""
    folder = Path(tempfile.mkdtemp(prefix=THROWAWAY_PREFIX, dir="/var/tmp"))
    folder.chmod(0o711)
    record(os.getpid(), sys.argv, folder / "maker.pid")
    return folder


def abandoned_throwaways() -> list[Path]:
    """Throwaway folders of ours whose maker is gone: a test run that was killed."""
    found = []
    for folder in Path("/var/tmp").glob(f"{THROWAWAY_PREFIX}*"):  # noqa: S108
        with contextlib.suppress(OSError):
            mine = folder.lstat().st_uid == os.geteuid() and folder.is_dir() and not folder.is_symlink()
            maker = folder / "maker.pid"
            if mine and maker.exists() and still_running(maker, same_command=False) is None:
                found.append(folder)
    return found


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A port of 127.0.0.1 that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def tail(path: Path, begin: int = 0, characters: int = 4000) -> str:
    """The end of a log, from the byte `begin` on."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(begin, file.tell() - characters))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
