"""The report for a terminal."""

from rich.console import Console

from app.kernel.time import CHINA
from app.simulation.case_terminal import show_cases
from app.simulation.figures import Report, Spread
from app.simulation.terminal_parts import in_columns, table

BAR = 24


def show(console: Console, report: Report) -> None:
    """Print it, eighty columns wide."""
    done, known = report.measured, report.measured.begins.astimezone(CHINA)
    console.rule(f"{known:%Y-%m-%d} {done.profile_zh} · {done.profile}, seed {done.seed}")
    most = max((number for _, _, number in report.outcomes), default=1)
    shown = table("订单 · orders", ("结果 · outcome", "left"), ("单", "right"), ("", "left"))
    for state, zh, number in report.outcomes:
        shown.add_row(f"{zh} {state}", str(number), "█" * round(BAR * number / most))
    console.print(shown)
    shown = table(
        "时限 · limits", ("", "left"), ("按时 met", "right"), ("迟 late", "right"), ("错过 missed", "right"),
        ("随单结束", "right"), ("各节点 · marks", "left"),
    )  # fmt: skip
    for row in report.limits:
        marks = " ".join(f"{percent}%×{times}" for kind, percent, times in report.marks if kind == row.kind)
        shown.add_row(
            f"{row.zh} {row.kind}", str(row.met), str(row.late), str(row.missed), str(row.dropped + row.running), marks
        )
    console.print(shown)
    console.print(
        in_columns("流转 · rows of the flow", [(f"{zh} {action}", times) for action, zh, times in report.rows])
    )
    shown = table("告知 · who was told", ("谁 · whom", "left"), ("什么 · what", "left"), ("次", "right"))
    for told in report.told[:12]:
        shown.add_row(told.whom, told.zh, str(told.times))
    if len(report.told) > 12:
        shown.add_row("…", f"另有 {len(report.told) - 12} 种，见网页 · more on the page", "")
    console.print(shown)
    _show_flow(console, report)
    console.print(f"接单 · to accept   {_spread(report.to_accept)}")
    console.print(f"完成 · to deliver  {_spread(report.to_deliver)}")
    fair = report.fairness
    served = [one.times for one in done.served]
    console.print(
        f"公平 · fairness    基尼 Gini {fair.gini:.2f}；{len(served)} 位志愿者，最多 {max(served, default=0)} 单，"
        f"最忙的四分之一做了 {fair.busiest:.0%}"
    )
    console.print(
        f"核对 · checks      不变式 {sum(not rows for *_, rows in done.invariants)}/{len(done.invariants)}；"
        f"节点 {len(done.fired)} 个重算，{len(report.faults)} 处不符；抢单 {done.races} 场，各一人得单"
    )
    show_cases(console, report.cases)
    refused = sum(done.refusals.values())
    console.print(
        f"           {done.requests} 次请求，{refused} 次被拒 · refused；{done.real_seconds:.0f} 秒 · seconds",
        style="dim",
    )
    unmet = (*report.unmet, *report.cases.unmet)
    if unmet and report.good:
        console.print(f"没有发生 · never happened: {'；'.join(unmet)}", style="yellow")
    for zh, missing in done.unkept:
        console.print(f"未如安排 · not as arranged: {zh}：{'，'.join(missing)}", style="yellow", markup=False)
    for sentence in report.wrong:
        console.print(f"✗ {sentence}", style="red", markup=False)
    console.print(
        "[green]✓ 全部成立 · all holds[/green]" if report.good else "[red]✗ 有不对的地方 · something is wrong[/red]"
    )


def _show_flow(console: Console, report: Report) -> None:
    offers = "；".join(
        f"{one.zh} {one.en} {one.times}" + (f"（{one.among:.0f} 人中 {one.fit:.0f} 人合适）" if one.among else "")
        for one in report.dispatch.offers
    )
    console.print(f"派单 · dispatched  {offers}")
    console.print("           " + "，".join(f"{zh} {times}" for zh, _, times in report.dispatch.outcomes))
    for row in report.rounds[1:]:
        console.print(
            f"返工 · round {row.round}     {row.orders} 单：解决 {row.solved}，部分 {row.partly}，"
            f"未解决 {row.unsolved}，未评 {row.unrated}"
        )
    console.print("特别 · kinds       " + "，".join(f"{zh} {times}" for zh, _, times in report.kinds))


def _spread(found: Spread) -> str:
    return (
        f"{found.count} 单；一半在 {minutes(found.middle)} 内，九成在 {minutes(found.nine_of_ten)} 内，"
        f"最长 {minutes(found.longest)}"
    )


def minutes(number: float) -> str:
    """Minutes as people say them."""
    return f"{number:.0f} 分钟" if number < 120 else f"{number / 60:.1f} 小时"
