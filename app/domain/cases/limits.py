"""Which limit governs a case: one begins, another takes its place with the time used, or a stopped one goes on (domain.md §4,
§5)."""

from datetime import datetime

from app.domain.cases import policy
from app.domain.cases.facts import Detail
from app.kernel.change import Change
from app.kernel.matter import Matter

Case = Matter[Detail]

MISSED = 100
"""From this percentage on a mark of a limit that governs the work is supervised."""


def govern(change: Change, case: Case, kind: str) -> None:
    """From now on `kind` governs the work on the case, from the day that it was received, or with the time that the present
    limit has used. A small matter is due at midnight. Of a renewal too the time used goes along, and no more than that: at the
    top, or on the agenda, the limit "renews each working day, visibly" (domain.md §5), so what counts is the day that runs. The
    limit that it replaced was missed, with its marks and cards, and is not missed a second time by a whistle that is blown
    afterwards."""
    running = next((d for d in case.timed if d.kind in policy.RESOLVES and d.stopped_at is None), None)
    if running is not None and running.kind == kind:
        return
    begins = case.detail.received_at
    if running is not None:
        begins = running.timing.as_of(change.at)
        change.stop(running.kind)
    until = policy.by_midnight(case.detail.received_at) if kind == "resolve_small" else None
    change.start(kind).anchor(kind, begins=begins, until=until)


def work_again(change: Change, case: Case) -> None:
    """The limit that the result had stopped goes on, with the time used. One whose every mark has fired says nothing any more:
    the case is renewed each working day instead (domain.md §5). What it was missed by is supervised now, if the result came
    between the mark and its event."""
    stopped = [d for d in case.timed if d.kind in policy.RESOLVES and d.stopped_at is not None]
    if stopped:
        last = max(stopped, key=lambda d: d.stopped_at or d.timing.started_at)
        if last.fired == len(last.times):
            change.start("renewal")
        else:
            change.go_on(last, last.stopped_at or change.at)
        for percent in last.timing.percents[: last.fired]:
            if percent >= MISSED:
                change.emit("case.supervise", deadline_id=str(last.id), percent=percent)


def next_round(change: Change, case: Case, since: datetime) -> None:
    """Unsolved: back to work in a new round, with the limit that governed before at its share for later rounds."""
    governed = case.detail.governed_by or "resolve_community"
    change.set(round=case.round + 1).start(governed)
    if governed in ("resolve_small", "milestone"):
        change.anchor(governed, until=policy.by_midnight(since))
