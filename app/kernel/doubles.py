"""Doubles (疑似重复): what somebody asks for while the same is still open. It is made all the same – one may need it twice –, and
the receipt names what is open already, so that whoever pressed twice takes one back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

NAMED = 3
"""So many are named at most, the newest first."""


@dataclass(frozen=True, slots=True)
class Double:
    """A matter that is open already, as it stood when the same was asked for again."""

    id: UUID
    state: str
    created_at: datetime


def how_many(named: int) -> str:
    """The number of what is open already, before its measure word; of what is cut short, at least that many."""
    return f"至少 {named} " if named == NAMED else f" {named} "


def doubles_of(kind: str, states: Iterable[str], same: str) -> str:
    """SQL giving jsonb: which matters `m` of a kind, for the person `subject.id`, are in one of the states, and what is `same`
    about them; as far as the actor sees them. What they asked for and what others did for them are two ways, each along its
    own index, the newest first, and no further than is named."""
    within = ", ".join(f"'{state}'" for state in states)
    own, others = (
        f"""(SELECT m.id, m.state, m.created_at FROM matter m
              WHERE {way} AND m.kind = '{kind}' AND m.state IN ({within}) AND {same}
              ORDER BY m.created_at DESC, m.id DESC LIMIT {NAMED})"""
        for way in (
            "m.requester_id = subject.id AND m.beneficiary_id = subject.id",
            "m.beneficiary_id = subject.id AND m.beneficiary_id <> m.requester_id",
        )
    )
    return f"""(SELECT coalesce(jsonb_agg(to_jsonb(x) ORDER BY x.created_at DESC, x.id DESC), '[]') FROM (
         SELECT * FROM ({own} UNION ALL {others}) y ORDER BY y.created_at DESC, y.id DESC LIMIT {NAMED}) x)"""
