"""What is expected, and the table."""

import json
import platform
import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.lateness import RATE, Lateness

LATEST = Path(__file__).resolve().parents[1] / "build" / "bench.json"
MEMORY_MIB = 200
LATE_MS = 50
BUSY = 0.08

EXPECTED = (
    ("place linli", "place messages", 0.40),
    ("accept linli", "accept messages", 0.45),
    ("place linli", "place bare", 0.25),
    ("accept linli", "accept bare", 0.25),
    ("sweep linli", "sweep by hand", 1 / 1.6),
)
"""(what, floor, at least this share of the floor's rate). The sweep may take 1.6 times as long as its floor."""

WORDS = {
    "linli": "Linli",
    "messages": "floor 1: the same messages by pgbench",
    "bare": "floor 2: by hand, one bare statement",
    "peer": "SQLModel tutorial idiom",
    "by hand": "floor: one statement by hand",
    "linli ×2": "Linli, two workers",
}


@dataclass(frozen=True)
class Sample:
    """One measurement: operations a second, latencies in ms, CPU ms an operation."""

    rate: float
    p50: float
    p99: float
    app_ms: float
    postgres_ms: float


@dataclass
class Series:
    """One contestant's measurements, one a round."""

    samples: list[Sample] = field(default_factory=list)

    def median(self, name: str) -> float:
        return statistics.median(getattr(sample, name) for sample in self.samples)


@dataclass(frozen=True)
class Ratio:
    """What two contestants' rates were to each other within the rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, one: Series, other: Series) -> "Ratio":
        each = [a.rate / b.rate for a, b in zip(one.samples, other.samples, strict=True)]
        return cls(statistics.median(each), min(each), max(each))

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f}–{self.most:.2f})"


@dataclass(frozen=True)
class Machine:
    """Where it was measured: version of Postgres, the share of the CPU that other programs took, seconds in all."""

    postgres: str
    others: float
    seconds: float


def show(
    series: Mapping[str, Series],
    memory: Mapping[str, float],
    lateness: Mapping[str, Lateness],
    machine: Machine,
) -> bool:
    """Print the table, keep it as JSON, and say whether all is as expected."""
    print(f"\n{platform.platform()}, {psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB")
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("fastapi", "uvicorn", "asyncpg", "sqlmodel", "pydantic")
    )
    print(
        f"PostgreSQL {machine.postgres} (fsync and synchronous_commit on), Python {platform.python_version()}, {packages}"
    )
    if machine.others > BUSY:
        print(f"OTHER PROGRAMS TOOK {machine.others:.0%} OF THE CPU: one process beside many loses most; measure again")
    print("32 connections; medians of the rounds, of ratios with min–max; CPU ms an operation: app + Postgres\n")
    print(f"{'':47}{'ops/s':>7}  {'÷ floor 1':18}{'÷ floor 2':18}{'p50 ms':>7}{'p99 ms':>8}  CPU ms")
    for name, measured in series.items():
        verb, _, who = name.partition(" ")
        ratios = [
            str(Ratio.of(measured, series[f"{verb} {floor}"])) if f"{verb} {floor}" in series else ""
            for floor in (("by hand", "none") if verb == "sweep" else ("messages", "bare"))
        ]
        print(
            f"{verb:7}{WORDS[who]:40}{measured.median('rate'):7.0f}  {ratios[0]:18}{ratios[1]:18}"
            f"{measured.median('p50'):7.1f}{measured.median('p99'):8.1f}"
            f"  {measured.median('app_ms'):.2f} + {measured.median('postgres_ms'):.2f}"
        )
    print()
    faults = []
    for what, floor, least in EXPECTED:
        ratio = Ratio.of(series[what], series[floor])
        if what.startswith("sweep"):
            said = f"{what}: {1 / ratio.median:.2f} × the time of {WORDS[floor.partition(' ')[2]]}, at most {1 / least:.2f}"
        else:
            said = f"{what}: {ratio} of {WORDS[floor.partition(' ')[2]]}, at least {least:.2f}"
        if ratio.median < least:
            faults.append(said)
        print(("too slow  " if ratio.median < least else "ok        ") + said)
    for name, mib in memory.items():
        if mib > MEMORY_MIB:
            faults.append(f"memory of {name}")
        print(
            f"{'too large ' if mib > MEMORY_MIB else 'ok        '}memory of {name}: {mib:.0f} MiB, at most {MEMORY_MIB}"
        )
    for name, late in lateness.items():
        said = (
            f"marks at {RATE} due a second, {name}: late by {late.p50:.1f} ms, p99 {late.p99:.1f}, most {late.most:.0f}"
        )
        if late.p99 > LATE_MS:
            faults.append(said)
        print(("too late  " if late.p99 > LATE_MS else "ok        ") + f"{said}; p99 at most {LATE_MS}")
    print(f"\n{machine.seconds:.0f} s in all; kept as {LATEST.relative_to(LATEST.parents[1])}")
    LATEST.parent.mkdir(exist_ok=True)
    kept = {name: [asdict(sample) for sample in one.samples] for name, one in series.items()}
    report = {
        "series": kept,
        "memory_mib": dict(memory),
        "late_ms": {name: asdict(late) for name, late in lateness.items()},
        "faults": faults,
        "machine": asdict(machine),
    }
    LATEST.write_text(json.dumps(report, indent=1))
    return not faults
