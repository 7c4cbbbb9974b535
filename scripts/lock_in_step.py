# ruff: noqa: T201, INP001 – a program of its own
"""Whether the locks fit pyproject.toml: offline, in a second. Prints each fault; exit code 1 when there is one.

Every requirement must be pinned to a version that satisfies it, every pin must carry a hash, and no address may stand
in a lock (whose index is the installer's business).
"""

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {
    "requirements.lock": ("embedded", "dev", "simulation"),
    "requirements-production.lock": (),
    "requirements-browser.lock": ("browser",),
}
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)")
ADDRESS = re.compile(r"://|^\s*--(?:extra-)?index-url|^\s*--find-links|^\s*-[ief]\b")


def faults(project: dict[str, object], extras: tuple[str, ...], lock: str) -> list[str]:
    """A sentence for each way in which `lock` does not fit the project's dependencies with these extras."""
    table = project["project"]
    if not isinstance(table, dict):
        raise TypeError("pyproject.toml has no table [project]")
    wanted = list(table["dependencies"])
    for extra in extras:
        wanted += table["optional-dependencies"][extra]
    pinned: dict[str, list[Version]] = {}
    found = []
    lines = lock.splitlines()
    for number, line in enumerate(lines):
        if ADDRESS.search(line):
            found.append(f"line {number + 1} holds an address or an index option: {line.strip()}")
        pin = PIN.match(line)
        if pin is None:
            continue
        pinned.setdefault(canonicalize_name(pin[1]), []).append(Version(pin[2]))
        if number + 1 >= len(lines) or "--hash=sha256:" not in lines[number + 1]:
            found.append(f"{pin[1]}=={pin[2]} has no hash")
    for text in wanted:
        requirement = Requirement(text)
        versions = pinned.get(canonicalize_name(requirement.name), [])
        if not versions:
            found.append(f"{requirement.name} is wanted ({text}) and not locked")
        found += [
            f"{requirement.name} is locked at {version}, and {requirement.specifier} is wanted"
            for version in versions
            if not requirement.specifier.contains(version, prereleases=True)
        ]
    return found


def main() -> int:
    """Checks the locks of this checkout."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found = []
    for name, extras in LOCKS.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        found += [f"{name}: {fault}" for fault in faults(project, extras, text)]
    for fault in found:
        print(fault)
    if found:
        print("→ make lock")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
