"""The part of the page that is about cases."""

from collections.abc import Iterator
from html import escape

from app.kernel.time import CHINA
from app.simulation import charts
from app.simulation.case_figures import ACTIONS, EXEMPT, CasesReport, rate_of
from app.simulation.page_parts import details, figure, heading, table


def case_sections(cases: CasesReport) -> Iterator[str]:
    """Section by section."""
    yield _outcomes(cases)
    yield _limits(cases)
    yield _whistles(cases)
    yield _callbacks(cases)
    yield _holds(cases)
    yield _rows(cases)
    yield _checks(cases)


def _outcomes(cases: CasesReport) -> str:
    categories = table(
        ("类别 category", "事项 cases", "办结 closed", "未结束 open"),
        cases.categories,
    )
    still = table(
        ("类别", "状态", "主时限 governing", "到期 due"),
        (
            (one.category, one.state, one.governing, f"{one.due_at.astimezone(CHINA):%m-%d %H:%M}")
            for one in cases.still_open
        ),
    )
    return (
        heading("事项的结果", "cases by outcome")
        + figure(charts.bars([(zh, number) for _, zh, number in cases.outcomes]))
        + "<p>上报渠道："
        + escape("，".join(f"{zh} {number}" for zh, number in cases.sources))
        + f"。</p>{categories}"
        + details(
            f"{len(cases.still_open)} 件到最后还没有结束，各有一项主时限 · still open, each with what governs it", still
        )
    )


def _limits(cases: CasesReport) -> str:
    rows = cases.limits
    chart = charts.stacked(
        [row.zh for row in rows],
        [
            ("按时", charts.GREEN, [row.met for row in rows]),
            ("迟做", charts.AMBER, [row.late for row in rows]),
            ("错过", charts.RED, [row.missed for row in rows]),
            ("转走或在走", charts.GREY, [row.dropped + row.running for row in rows]),
        ],
    )
    numbers = table(
        ("时限", "按时 met", "迟做 late", "错过 missed", "转走 handed on", "在走 running", "节点 marks"),
        (
            (
                f"{row.zh} {row.kind}", row.met, row.late, row.missed, row.dropped, row.running,
                " ".join(f"{percent}%×{times}" for kind, percent, times in cases.marks if kind == row.kind),
            )
            for row in rows
        ),
    )  # fmt: skip
    return (
        heading("事项的各项时限", "each limit of cases and assignments")
        + "<p>“转走”是由另一项时限接着管：上报、吹哨、议事、挂账。</p>"
        + figure(chart)
        + details("数字 · figures", numbers)
    )


def _whistles(cases: CasesReport) -> str:
    whistles = table(("哨 whistle", "批准 approved", "不准 refused", "未决 open"), cases.whistles)
    units = table(
        ("单位 unit", "任务", "按时签收 signed", "按时报到 reported in", "不归它"),
        (
            (one["label"], one["assignments"], rate_of(one["signed"]), rate_of(one["reported_in"]), one["not_theirs"])
            for one in cases.rates.units
        ),
    )
    events = table(("", "", "次数"), cases.events)
    return heading("吹哨报到", "whistles: signed and reported in in time?") + whistles + units + events


def _callbacks(cases: CasesReport) -> str:
    calls = table(("渠道 channel", "解决 solved", "未解决 not", "未联系上 not reached"), cases.calls)
    rates = table(
        ("谁办理 by", "回访", "响应 response", "解决 solved", "满意 satisfied"),
        (
            (one["label"], one["callbacks"], *(rate_of(one[name]) for name in ("response", "solved", "satisfied")))
            for one in cases.rates.rates
        ),
    )
    return (
        heading("回访和三率", "call-backs and the three rates")
        + "<p>三率只出自回访，由系统给督办员的报表读出。 <span class=en>As the system tells the supervisor.</span></p>"
        + calls
        + rates
    )


def _holds(cases: CasesReport) -> str:
    bars = charts.bars(
        [(str(one["label"]), round(one["seconds"] / 3600, 1)) for one in cases.rates.holds], charts.AMBER
    )
    return (
        heading("谁负责了多久", "hold-time by unit, in hours")
        + "<p class=en>按钟表计，小时；到最后没有结束的也算到最后 · by the clock; what is open counts to the end</p>"
        + figure(bars)
    )


def _rows(cases: CasesReport) -> str:
    numbers = table(("动作", "", "次数"), ((zh, key, times) for key, zh, times in cases.rows))
    never = (
        f"<p class=bad>一次也没有发生 · never happened: {escape('；'.join(cases.unmet))}</p>"
        if cases.unmet
        else "<p class=good>第五节的每一行都发生过 <span class=en>every row of §5 happened</span></p>"
    )
    exempt = "、".join(f"{ACTIONS[key]} {key}" for key in sorted(EXEMPT))
    return (
        heading("第五节的每一行", "rows of §5 exercised")
        + never
        + f"<p><small>除 {exempt}：只在某年的工作日公布得晚时发生。</small></p>"
        + details("数字 · figures", numbers)
    )


def _checks(cases: CasesReport) -> str:
    lines = "".join(
        f'<li class="{"bad" if one.broken else "good"}">{"✗" if one.broken else "✓"} {escape(one.zh)} '
        f"<span class=en>{escape(one.en)}: {one.looked_at} {one.of}{f', {one.broken} broken' if one.broken else ''} "
        f"({', '.join(one.names)})</span></li>"
        for one in cases.checks
    )
    return heading("事项的核对", "checks of cases, each with how many were looked at") + f"<ul>{lines}</ul>"
