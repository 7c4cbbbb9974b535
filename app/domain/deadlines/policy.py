"""What makes a policy sound. Pure."""

from collections.abc import Sequence

from app.domain.deadlines.models import Effect, MarkPlan
from app.kernel.errors import FieldFault
from app.kernel.rules import Role, Rules, reach
from app.kernel.tables import Primitive

PUBLISH: Rules = (reach(Role.ADMINISTRATOR),)

PEOPLE = frozenset({"assignee", "requester"})


POOLED = frozenset({("order", "respond"), ("order", "offer")})
"""Deadlines that run only while nobody has taken the matter; a later one must not open it to others (domain.md §4.7)."""


def faults_of(matter_kind: str, deadline_kind: str, marks: Sequence[MarkPlan]) -> tuple[FieldFault, ...]:
    """Why these marks do not make a policy: percents must rise, 100 must be among them, targets must fit their effect, and
    only a deadline that ends with the acceptance may open the pool."""
    faults = []
    percents = [mark.percent for mark in marks]
    if percents != sorted(set(percents)):
        faults.append(FieldFault("/body/marks", "marks-not-rising", "各节点的百分比须从小到大,不可重复"))
    if 100 not in percents:
        faults.append(FieldFault("/body/marks", "no-miss", "须有 100% 的节点"))
    for m, mark in enumerate(marks):
        for e, effect in enumerate(mark.effects):
            if effect.primitive is Primitive.OPEN_POOL and (matter_kind, deadline_kind) not in POOLED:
                faults.append(FieldFault(f"/body/marks/{m}/effects/{e}", "pool-too-late", "接单之后的时限不能开放抢单"))
            if not _fits(effect):
                faults.append(FieldFault(f"/body/marks/{m}/effects/{e}/target", "bad-target", "该动作的对象不正确"))
        if len(set(mark.effects)) != len(mark.effects):
            faults.append(FieldFault(f"/body/marks/{m}/effects", "effect-twice", "同一节点的动作不可重复"))
    return tuple(faults)


def _fits(effect: Effect) -> bool:
    match effect.primitive:
        case Primitive.OPEN_POOL:
            return effect.target == ""
        case Primitive.SET_HOLDER:
            return effect.target in set(Role) - {Role.RESIDENT, Role.VOLUNTEER}
        case Primitive.NOTIFY:
            return effect.target in PEOPLE or effect.target in set(Role) - {Role.RESIDENT, Role.VOLUNTEER}
        case Primitive.EVENT:
            return False  # what a room needs happens whatever an administrator publishes: it is carried over
