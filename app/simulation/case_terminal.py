"""The part of the terminal's report that is about cases."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Console

from app.simulation.case_figures import CasesReport, rate_of
from app.simulation.terminal_parts import in_columns, table


def show_cases(console: Console, cases: CasesReport) -> None:
    """Print it, eighty columns wide."""
    console.print(in_columns("事项 · cases", [(f"{zh} {state}", number) for state, zh, number in cases.outcomes]))
    shown = table(
        "事项的时限 · limits of cases", ("", "left"), ("按时 met", "right"), ("迟 late", "right"), ("错过 missed", "right"),
        ("转走", "right"), ("在走", "right"),
    )  # fmt: skip
    for row in cases.limits:
        numbers = (row.met, row.late, row.missed, row.dropped, row.running)
        shown.add_row(f"{row.zh} {row.kind}", *map(str, numbers))
    console.print(shown)
    rows = [(f"{zh} {key.partition(' ')[2]}", number) for key, zh, number in cases.rows]
    console.print(in_columns("第五节 · rows of §5", rows))
    _line(console, "吹哨 · whistles", (f"{zh} {yes} 准 {no} 不准" for zh, yes, no, _ in cases.whistles))
    _line(console, "督办等 · events", (f"{zh} {number}" for zh, _, number in cases.events))
    _line(
        console,
        "回访 · call-backs",
        (f"{zh} 解决 {yes} 未解决 {no} 未联系上 {none}" for zh, yes, no, none in cases.calls),
    )
    total = next((one for one in cases.rates.rates if one["key"] is None), None)
    if total is not None:
        names = (("response", "响应率"), ("solved", "解决率"), ("satisfied", "满意率"))
        _line(console, "三率 · three rates", (f"{zh} {rate_of(total[name])}" for name, zh in names))
    hours = [(str(one["label"]), one["seconds"] / 3600) for one in cases.rates.holds]
    _line(console, "负责时长 · held", (f"{label} {number:.0f} 小时" for label, number in hours))
    governing = Counter(one.governing for one in cases.still_open)
    _line(console, f"未结束 · open {len(cases.still_open)}", (f"{kind} {number}" for kind, number in governing.items()))
    _line(
        console,
        "核对 · checks",
        (f"{'✗' if one.broken else '✓'}{one.zh} {one.looked_at}" for one in cases.checks),
    )


def _line(console: Console, title: str, parts: Iterable[str]) -> None:
    console.print(f"{title}  " + "，".join(parts))
