"""Drafts of limits: the verb that keeps one, and how it differs from what is in force (domain.md §4.10)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from app.domain.deadlines.errors import DraftNotFound, DraftUsed
from app.domain.deadlines.models import DeadlinePolicyDraft, Effect, Limits, MarkPlan
from app.domain.deadlines.reading import said
from app.domain.deadlines.repository import DRAFT, DRAFTED, PUBLISHING, CarriedEvent, Drafted, Publishing
from app.domain.deadlines.service import demand_sound, publish
from app.domain.deadlines.spoken import duration
from app.domain.places.errors import PlaceNotFound
from app.domain.places.subject import PLACE
from app.kernel.change import Change
from app.kernel.deadline_tables import Primitive
from app.kernel.ids import new_id
from app.kernel.rules import Actor
from app.kernel.verbs import record

_LIMITS: Final = TypeAdapter(Limits)


@record("deadline_policy_draft", "draft", subject=PLACE, facts=PUBLISHING, missing=PlaceNotFound)
def draft(
    seen: Publishing,
    actor: Actor,
    now: datetime,
    *,
    place_id: UUID,
    matter_kind: str,
    deadline_kind: str,
    limits: Limits,
    category: str = "",
    estate_type: str = "",
) -> Change:
    """Keep limits as a draft. What may not be published may not be drafted; nothing runs by a draft.

    Raises:
        UnknownDeadline: no room starts such a deadline. PolicyInvalid: with the field of each fault.
    """
    demand_sound(seen, actor, matter_kind, deadline_kind, limits, category)
    limits = replace(limits, marks=tuple(replace(mark, effects=_own(mark.effects)) for mark in limits.marks))
    draft_id = new_id()
    return Change.record("deadline_policy_draft", draft_id, "draft", actor, now, place_id=place_id).insert(
        DeadlinePolicyDraft,
        id=draft_id,
        place_id=place_id,
        matter_kind=matter_kind,
        deadline_kind=deadline_kind,
        category=category,
        estate_type=estate_type,
        limits=asdict(limits),
        drafted_by=actor.id,
        drafted_at=now,
    )


@record("deadline_policy", "publish_draft", subject=DRAFT, facts=DRAFTED, missing=DraftNotFound)
def publish_draft(found: Drafted, actor: Actor, now: datetime) -> Change:
    """Publish the limits of a draft as they were kept: it is used up by that, stays, and may be compared. Raises DraftUsed, and
    as `service.publish`."""
    if found.published_at is not None:
        raise DraftUsed
    change = publish(
        found.seen,
        actor,
        now,
        place_id=found.place_id,
        matter_kind=found.matter_kind,
        deadline_kind=found.deadline_kind,
        limits=found.limits,
        category=found.category,
        estate_type=found.estate_type,
    )
    return change.patch(DeadlinePolicyDraft, id=found.id, published_by=actor.id, published_at=now)


def _own(effects: Iterable[Effect]) -> tuple[Effect, ...]:
    """The effects without the events that every policy carries: a draft is compared without them."""
    return tuple(effect for effect in effects if effect.primitive is not Primitive.EVENT)


def limits_of(stored: dict[str, Any]) -> Limits:
    """Limits as a draft keeps them."""
    return _LIMITS.validate_python(stored)


def limits_in_force(
    calendar: str,
    budget_seconds: int | None,
    budget_days: int | None,
    percents: Iterable[int],
    effects: Sequence[dict[str, Any]],
    pause_limit_seconds: int | None,
    later_round_percent: int,
    pause_total_percent: int,
) -> Limits:
    """Limits as they were published, without the events that every policy carries."""
    marks = [
        {"percent": percent, "effects": [e for e in effects if e["percent"] == percent and e["primitive"] != "event"]}
        for percent in percents
    ]
    return _LIMITS.validate_python(
        {
            "calendar": calendar,
            "budget_seconds": budget_seconds,
            "budget_days": budget_days,
            "marks": marks,
            "pause_limit_seconds": pause_limit_seconds,
            "later_round_percent": later_round_percent,
            "pause_total_percent": pause_total_percent,
        }
    )


class Part(StrEnum):
    """A part of limits that may differ."""

    CALENDAR = "calendar"
    BUDGET = "budget"
    MARK = "mark"
    EFFECT = "effect"
    PAUSE = "pause"
    LATER_ROUND = "later_round"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference, in words: what is in force, what the draft says (None: nothing), and a sentence."""

    part: Part
    before: str | None
    after: str | None
    sentence: str


def differences(in_force: Limits, drafted: Limits, carried: Sequence[CarriedEvent] = ()) -> tuple[Difference, ...]:
    """How a draft differs from what is in force. `carried`: the events that publishing adds to whatever is drafted."""
    return (
        *_changed(Part.CALENDAR, "日历", in_force.calendar.label, drafted.calendar.label),
        *_changed(Part.BUDGET, "时限", _budget(in_force), _budget(drafted)),
        *_marks(in_force.marks, drafted.marks, {event.percent for event in carried}),
        *_pause(in_force, drafted),
        *_changed(
            Part.LATER_ROUND,
            "返工轮次",
            f"时限的 {in_force.later_round_percent}%",
            f"时限的 {drafted.later_round_percent}%",
        ),
    )


def _changed(part: Part, name: str, before: str, after: str) -> Iterator[Difference]:
    if before != after:
        yield Difference(part, before.strip(), after.strip(), f"{name}由{before}改为{after}")


def _budget(limits: Limits) -> str:
    if limits.budget_days is not None:
        return f" {limits.budget_days} 个工作日"
    return _span(limits.budget_seconds or 0)


def _span(seconds: int) -> str:
    return " " + duration(timedelta(seconds=seconds)).strip()


def _pause(in_force: Limits, drafted: Limits) -> Iterator[Difference]:
    before, after = in_force.pause_limit_seconds, drafted.pause_limit_seconds
    if before != after:
        yield _one_pause(before, after)
    if after is not None:
        totals = (f"时限的 {limits.pause_total_percent}%" for limits in (in_force, drafted))
        yield from _changed(Part.PAUSE, "全部暂停合计最长", *totals)


def _one_pause(before: int | None, after: int | None) -> Difference:
    was, will = (None if limit is None else f"一次最长{_span(limit)}" for limit in (before, after))
    if was is None:
        sentence = f"改为可以暂停,{will}"
    elif will is None:
        sentence = "改为不可暂停"
    else:
        sentence = f"一次暂停最长由{_span(before or 0)}改为{_span(after or 0)}"
    return Difference(Part.PAUSE, was or "不可暂停", will or "不可暂停", sentence)


def _marks(before: Sequence[MarkPlan], after: Sequence[MarkPlan], carried: set[int]) -> Iterator[Difference]:
    was = {mark.percent: set(mark.effects) for mark in before}
    will: dict[int, set[Effect]] = {percent: set() for percent in carried}
    will |= {mark.percent: set(mark.effects) for mark in after}
    for percent in sorted(was.keys() | will.keys()):
        old, new = was.get(percent), will.get(percent)
        if old is None:
            yield Difference(Part.MARK, None, f"{percent}%", f"增加 {percent}% 的节点{_listed(new)}")
        elif new is None:
            yield Difference(Part.MARK, f"{percent}%", None, f"取消 {percent}% 的节点{_listed(old)}")
        else:
            for effect in _sorted(old - new):
                deed = said(effect)
                yield Difference(Part.EFFECT, f"{percent}% {deed}", None, f"{percent}% 时不再{deed}")
            for effect in _sorted(new - old):
                deed = said(effect)
                yield Difference(Part.EFFECT, None, f"{percent}% {deed}", f"{percent}% 时增加:{deed}")


def _listed(effects: Iterable[Effect] | None) -> str:
    deeds = "、".join(said(effect) for effect in _sorted(effects or ()))
    return f"({deeds})" if deeds else ""


def _sorted(effects: Iterable[Effect]) -> list[Effect]:
    return sorted(effects, key=lambda effect: (effect.primitive, effect.target))


VERBS = (draft, publish_draft)
