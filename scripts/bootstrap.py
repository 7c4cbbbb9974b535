# ruff: noqa: S603, T201, INP001 – a program of its own, which must also be read by the Python that is too old
"""Makes .venv from requirements.lock. Needs only python3; does nothing when the lock has not changed.

    python3 scripts/bootstrap.py [more.lock ...]

The way: a uv on PATH > a uv fetched by pip into .tools > python3 -m venv with pip. uv comes before venv because a bare
Debian has no ensurepip and calls its Python "externally managed"; `pip install --target` minds neither.
The project itself is not installed: a .pth file puts the checkout on the path, and .venv/bin/linli calls `app.cli`.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
TOOLS = ROOT / ".tools"
STAMP = VENV / "linli.stamp"
COMMAND = """#!/bin/sh
# Written by scripts/bootstrap.py: the command `linli` without installing the project.
exec "$(dirname -- "$0")/python" -m app.cli "$@"
"""


def stop(*lines: str) -> None:
    """One sentence and the mend."""
    for line in lines:
        print(line, file=sys.stderr)
    sys.exit(2)


def stamp(locks: list[Path]) -> str:
    """What the environment was made of: Python, place, locks."""
    return "\n".join([sys.version, str(ROOT), *(hashlib.sha256(lock.read_bytes()).hexdigest() for lock in locks)])


def runs(*command: object, quiet: bool = False) -> bool:
    """Whether a command succeeds; its output goes to the terminal unless it is quiet."""
    out = subprocess.DEVNULL if quiet else None
    try:
        return subprocess.call([str(part) for part in command], cwd=str(ROOT), stdout=out, stderr=out) == 0
    except OSError:
        return False


def find_uv() -> object:
    """A uv that works, or None."""
    mine = TOOLS / "bin" / "uv"
    for known in (shutil.which("uv"), mine):
        if known and runs(known, "--version", quiet=True):
            return known
    fetch = ["-m", "pip", "install", "--target", TOOLS, "--upgrade", "--require-hashes"]
    got = runs(sys.executable, *fetch, "-r", ROOT / "requirements-bootstrap.lock", quiet=True)
    return mine if got and runs(mine, "--version", quiet=True) else None


def make_with_uv(uv: object, locks: list[Path]) -> bool:
    """.venv by uv; behind a company's proxy only the system's certificates will do.

    One of the same Python is brought in step where it stands, so that what runs from it is not pulled from under.
    """
    same = f"import sys; sys.exit(sys.version != {sys.version!r})"
    if not runs(PYTHON, "-c", same, quiet=True) and not runs(
        uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV
    ):
        return False
    sync = ["pip", "sync", "--quiet", "--python", PYTHON, "--require-hashes", *locks]
    return runs(uv, *sync, quiet=True) or runs(uv, "--system-certs", *sync)


def make_with_pip(locks: list[Path]) -> bool:
    """.venv by python3 -m venv and its pip: slower, and nearly everywhere."""
    wanted = [part for lock in locks for part in ("-r", lock)]
    return runs(sys.executable, "-m", "venv", "--clear", VENV) and runs(
        PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", *wanted
    )


def main() -> None:
    """Makes the environment when it is missing or made of something else."""
    if sys.version_info < OLDEST:
        found = "{}.{}".format(*sys.version_info[:2])
        stop(
            "Python 版本过低（" + found + "），需要 3.11 或更高。",
            "This Python is " + found + "; Linli needs 3.11 or newer.",
            "→ make PYTHON3=/path/to/python3.11 …",
        )
    locks = [ROOT / "requirements.lock", *(ROOT / more for more in sys.argv[1:])]
    made_of = stamp(locks)
    there = STAMP.read_text(encoding="utf-8") if STAMP.exists() else ""
    # An environment with more in it (requirements-browser.lock) serves as well.
    if there.startswith(made_of) and runs(PYTHON, "-c", "", quiet=True):
        return
    print("正在准备 .venv（仅首次或依赖变化时）· making .venv (first time, or the lock has changed) …", flush=True)
    uv = find_uv()
    if not (uv is not None and make_with_uv(uv, locks)) and not make_with_pip(locks):
        stop(
            "无法建立 .venv，原因见上。",
            "Could not make .venv; the reason stands above.",
            "→ apt-get install python3-venv python3-pip (or put uv on PATH), check the network, and try again",
        )
    site = subprocess.check_output([str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    (Path(site.decode().strip()) / "linli.pth").write_text(str(ROOT) + "\n", encoding="utf-8")
    command = VENV / "bin" / "linli"
    command.write_text(COMMAND, encoding="utf-8")
    command.chmod(0o755)
    STAMP.write_text(made_of, encoding="utf-8")


if __name__ == "__main__":
    main()
