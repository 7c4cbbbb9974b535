"""The report as one page that needs nothing else: no script, no outside address, readable on a phone."""

from collections import Counter
from html import escape
from typing import Final

from app.domain.orders.words import ACTIONS
from app.kernel.time import CHINA
from app.simulation import charts
from app.simulation.case_page import case_sections
from app.simulation.figures import BINS, EXEMPT, Report, Spread
from app.simulation.measuring import Measured
from app.simulation.page_parts import details, figure, heading, listed, table
from app.simulation.terminal import minutes

_CSS: Final = """
body { margin: 0 auto; max-width: 46rem; padding: 1rem; color: #222; background: #fafaf8;
  font: 16px/1.6 system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif }
h1 { font-size: 1.5rem; margin: .2rem 0 }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .4rem; border-top: 1px solid #ddd; padding-top: 1rem }
small, .en { color: #777; font-weight: normal; font-size: .85rem }
code { background: #eee; padding: .1em .3em; border-radius: 3px; overflow-wrap: anywhere }
.good { color: #2e7d5b } .bad { color: #c0392b }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .6rem; margin: 1rem 0 }
.tile, figure { background: #fff; border: 1px solid #e4e4e0; border-radius: 8px }
.tile { padding: .6rem .8rem } .tile b { display: block; font-size: 1.5rem }
figure { margin: .6rem 0; overflow: hidden } svg { display: block; width: 100%; height: auto }
table { border-collapse: collapse; width: 100%; margin: .6rem 0; font-size: .92rem; background: #fff }
th, td { padding: .3rem .5rem; border-bottom: 1px solid #eee; text-align: left; vertical-align: top }
th { font-weight: 600; color: #666; word-break: keep-all } td.n { white-space: nowrap }
.n { text-align: right !important; font-variant-numeric: tabular-nums }
details { margin: .6rem 0; overflow-x: auto } summary { cursor: pointer; color: #3467a8 }
ul { padding-left: 0; list-style: none }
@media (max-width: 30rem) { th, td { padding: .25rem .3rem; font-size: .82rem } }
"""

_HONEST: Final = (
    "同一个种子，同样的人作同样的决定：谁点什么单、何时点、谁守约、谁失约、谁评几星，都由种子决定，互不影响。"
    "不由种子决定的：编号；几毫秒的先后（两步之间时钟照走）；几人同时抢单时谁抢到，以及由此而来的后果。"
    "送到微信按真实时钟进行，模拟的一天不等它。"
)
_HONEST_EN: Final = (
    "The same seed makes the same decisions. Not decided by it: ids, milliseconds, who wins a race and what follows from "
    "that. Deliveries to WeChat go by the real clock."
)


def page(report: Report) -> str:
    """The whole page."""
    done = report.measured
    verdict = (
        '<span class="good">✓ 全部成立 <small>all holds</small></span>'
        if report.good
        else f'<span class="bad">✗ {len(report.wrong)} 处不对 <small>something is wrong</small></span>'
    )
    parts = [
        _head(done),
        f"<p>{verdict}</p>",
        listed("bad", report.wrong),
        _tiles(report),
        _orders(report),
        _dispatch(report),
        _rounds(report),
        _kinds(report),
        _limits(report),
        _rows(report),
        _told(report),
        _times(report),
        _fair(report),
        *case_sections(report.cases),
        _checks(report),
        heading("哪些由种子决定", "what the seed decides") + f"<p>{_HONEST}<br><span class=en>{_HONEST_EN}</span></p>",
    ]
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>邻里 · 模拟 {done.seed}</title><style>{_CSS}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _head(done: Measured) -> str:
    begins, ended, made = (moment.astimezone(CHINA) for moment in (done.begins, done.ended, done.made_at))
    return (
        f"<p><code>{escape(done.command)}</code><br><small>{made:%Y-%m-%d %H:%M} 生成 · made；"
        f"用时 {done.real_seconds:.0f} 秒 · seconds；{done.requests} 次请求 · requests</small></p>"
        "<h1>邻里 · 一条街的一天 <span class=en>a street lives a day</span></h1>"
        f"<p>{escape(done.profile_zh)}，从 {begins:%Y年%m月%d日 %H:%M} 到最后一件事了结（{ended:%m月%d日 %H:%M}），"
        f"种子 {done.seed} <span class=en>{done.profile}, seed {done.seed}</span></p>"
    )


def _tiles(report: Report) -> str:
    done = report.measured
    ended = {state: number for state, _, number in report.outcomes}
    respond = next((row for row in report.limits if row.kind == "respond"), None)
    decided = respond.met + respond.late + respond.missed if respond else 0
    kept = f"{respond.met / decided:.0%}" if respond and decided else "–"
    holding = sum(not rows for *_, rows in done.invariants)
    tiles = (
        (str(len(done.orders)), "订单", "orders"),
        (str(report.cases.cases), "事项", "cases"),
        (str(ended.get("rated", 0) + ended.get("closed_unrated", 0)), "已办完", "served to the end"),
        (kept, "响应按时", "responded in time"),
        (minutes(report.to_accept.middle), "接单用时（一半）", "to accept, the middle"),
        (f"{holding}/{len(done.invariants)}", "不变式", "invariants"),
        (str(len(done.fired)), f"节点，{len(report.faults)} 处不符", "marks reckoned again"),
    )
    body = "".join(f"<div class=tile><b>{big}</b>{zh}<br><span class=en>{en}</span></div>" for big, zh, en in tiles)
    return f"<div class=tiles>{body}</div>"


def _orders(report: Report) -> str:
    return heading("订单的结果", "orders by outcome") + figure(
        charts.bars([(zh, number) for _, zh, number in report.outcomes])
    )


def _dispatch(report: Report) -> str:
    rows = [
        (
            f"{one.zh} {one.en}",
            one.times,
            f"{one.among:.0f} 人中 {one.fit:.0f} 人合适" if one.among else "–",
        )
        for one in report.dispatch.offers
    ]
    return (
        heading("谁派的单", "who dispatched, and what became of it")
        + "<p>派单员三分钟没有派出，就由系统按同样的规则派。合适的人数取中间值。"
        "<br><span class=en>When nobody dispatches within three minutes the matcher does, by the same rules. Numbers of "
        "fit volunteers are the middle of what each saw.</span></p>"
        + table(("谁派 by whom", "次数", "合适 fit"), rows)
        + figure(charts.bars([(zh, times) for zh, _, times in report.dispatch.outcomes]))
    )


def _rounds(report: Report) -> str:
    rounds = table(
        ("第几轮 round", "单 orders", "解决 solved", "部分", "未解决 no", "未评 unrated"),
        ((row.round, row.orders, row.solved, row.partly, row.unsolved, row.unrated) for row in report.rounds),
    )
    return (
        heading("返工与中止", "rounds, and why it ended otherwise")
        + "<p>首次评“未解决”自动再来一轮，第三轮由书记决定。 "
        "<span class=en>A first “no” begins a second round; a third is the secretary’s to begin.</span></p>"
        + rounds
        + table(("如何结束 how", "原因 reason", "次数"), report.reasons)
    )


def _kinds(report: Report) -> str:
    return heading("各种特别的单", "the special kinds") + table(
        ("", "", "次数"), ((zh, en, times) for zh, en, times in report.kinds)
    )


def _limits(report: Report) -> str:
    rows = report.limits
    chart = charts.stacked(
        [row.zh for row in rows],
        [
            ("按时", charts.GREEN, [row.met for row in rows]),
            ("迟做", charts.AMBER, [row.late for row in rows]),
            ("错过", charts.RED, [row.missed for row in rows]),
            ("随单结束", charts.GREY, [row.dropped + row.running for row in rows]),
        ],
    )
    numbers = table(
        ("时限", "按时 met", "迟做 late", "错过 missed", "随单结束 dropped", "在走 running", "节点 marks"),
        (
            (
                f"{row.zh} {row.kind}", row.met, row.late, row.missed, row.dropped, row.running,
                " ".join(f"{percent}%×{times}" for kind, percent, times in report.marks if kind == row.kind),
            )
            for row in rows
        ),
    )  # fmt: skip
    return (
        heading("每项时限", "each limit: met, late, missed")
        + "<p>“迟做”是过了时限才做到，“错过”是始终没有做到；两者都记一次错过。</p>"
        + figure(chart)
        + details("数字 · figures", numbers)
    )


def _rows(report: Report) -> str:
    numbers = table(("动作", "", "次数"), ((zh, action, times) for action, zh, times in report.rows))
    never = (
        f"<p class=bad>一次也没有发生 · never happened: {escape('；'.join(report.unmet))}</p>"
        if report.unmet
        else "<p class=good>流转表的每一行、规则的每个节点都发生过 <span class=en>every row and every mark happened</span></p>"
    )
    exempt = "、".join(f"{ACTIONS[action]} {action}" for action in sorted(EXEMPT))
    except_for = (
        f"<p><small>除 {exempt}：只在某年的工作日公布得晚时发生。 <span class=en>Except this: it happens when the working "
        "days of a year come late.</span></small></p>"
    )
    unkept = table(("安排", "没有发生 not shown"), ((zh, "，".join(missing)) for zh, missing in report.measured.unkept))
    return (
        heading("流转表的每一行", "every row of the flow")
        + never
        + except_for
        + details("数字 · figures", numbers)
        + details(f"{len(report.measured.unkept)} 件没有照安排发生 · not as arranged", unkept)
    )


def _told(report: Report) -> str:
    by_whom: Counter[str] = Counter()
    for row in report.told:
        by_whom[row.whom] += row.times
    numbers = table(
        ("谁", "什么", "次数", "岗位无人代收"),
        ((row.whom, row.zh, row.times, row.stood_in) for row in report.told),
    )
    return (
        heading("告知了谁", "who was told")
        + figure(charts.bars(by_whom.most_common()))
        + details("逐条 · each message", numbers)
    )


def _times(report: Report) -> str:
    def one(zh: str, en: str, found: Spread) -> str:
        bounds = [minutes(bound) for bound in BINS]
        labels = [f"<{bounds[0]}", *(f"–{bound}" for bound in bounds[1:]), f">{bounds[-1]}"]
        short = [label.replace(" 分钟", "分").replace(" 小时", "时").replace(".0", "") for label in labels]
        return (
            f"<h3>{zh} <span class=en>{en}</span></h3><p>{found.count} 单；一半在 {minutes(found.middle)} 内，"
            f"九成在 {minutes(found.nine_of_ten)} 内，最长 {minutes(found.longest)}。</p>"
            + figure(charts.columns(short, found.bins))
        )

    return (
        heading("用时", "times to accept and to deliver")
        + "<p class=en>按钟表计，夜里也算在内 · by the clock, nights included</p>"
        + one("从点单到第一次接单", "from placing to the first acceptance", report.to_accept)
        + one("从接单到完成", "from acceptance to delivery", report.to_deliver)
    )


def _fair(report: Report) -> str:
    fair, served = report.fairness, sorted(report.measured.served, key=lambda one: (-one.times, one.name))
    meaning = (
        f"按各人一天能接几单来衡量，基尼系数 {fair.gini:.2f}：0 是人人按余量做得一样多，1 是一个人全包。"
        f"最忙的四分之一志愿者完成了 {fair.busiest:.0%} 的订单。"
    )
    english = (
        f"Weighed by how many orders each takes a day, Gini {fair.gini:.2f}: 0 means that everybody does their share, 1 that "
        f"one does all. The busiest quarter of the volunteers delivered {fair.busiest:.0%} of the orders."
    )
    bars = charts.bars([(f"{one.name}（{one.character}，{one.capacity}）", one.times) for one in served], charts.GREEN)
    return (
        heading("每位志愿者的单数：公平吗", "load per volunteer: is it fair?")
        + f"<p>{meaning}<br><span class=en>{english}</span></p>"
        + figure(charts.curve(fair.lorenz))
        + details("每个人（性格，一天几单） · everybody", figure(bars))
    )


def _checks(report: Report) -> str:
    done = report.measured
    holds = "".join(
        f'<li class="{"bad" if rows else "good"}">{"✗" if rows else "✓"} {escape(zh)} '
        f"<span class=en>{escape(en)}{f' ({rows})' if rows else ''}</span></li>"
        for _, zh, en, rows in done.invariants
    )
    refusals = table(
        ("操作", "原因代码", "次数"), ((deed, code, times) for (deed, code), times in done.refusals.most_common())
    )
    deliveries = "，".join(f"{word} {times}" for word, times in sorted(done.deliveries.items()))
    return (
        heading("核对", "checks")
        + f"<p>另算一遍：{len(done.limits)} 项时限的 {len(done.fired)} 个节点，{len(report.faults)} 处不符 "
        f"<span class=en>every mark reckoned again, {len(report.faults)} differ</span>。抢单 {done.races} 场有多人同时点，"
        f"多人得单 {done.crowded_races} 场。推送微信：{deliveries}。</p><ul>{holds}</ul>"
        + details("被拒绝的操作 · refusals, all foreseen", refusals)
    )
