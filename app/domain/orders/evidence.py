"""What shows that an order was done (domain.md §3, deliver: evidence by category), and what is missing of it. Pure but for the
SQL that says what the service wants."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.domain.orders.facts import ACCEPTED_AT
from app.domain.services.models import Evidence
from app.kernel.errors import FieldFault
from app.kernel.verbs import Facts

PHONES_CLOCK = timedelta(minutes=5)
"""So far a phone's clock may go ahead of ours, or behind it."""


@dataclass(frozen=True, slots=True)
class Served:
    """When the service that runs was begun (now, where none was: then delivering is refused), when the order was last accepted,
    and what the service wants to be shown."""

    started_at: datetime
    accepted_at: datetime
    wanted: tuple[Evidence, ...] = ()


SERVED = Facts(
    f"""jsonb_build_object('started_at', coalesce((SELECT max(h.at) FROM history h WHERE h.matter_id = subject.id
         AND h.to_state = 'in_service' AND h.from_state <> 'in_service'), app_now()),
         'accepted_at', coalesce({ACCEPTED_AT}, app_now()),
         'wanted', coalesce((SELECT to_jsonb(s.evidence) FROM order_detail d JOIN service s ON s.id = d.service_id
                              WHERE d.matter_id = subject.id), '[]'))""",
    Served,
)


def missing(wanted: Iterable[Evidence], given: Iterable[Mapping[str, Any]]) -> tuple[FieldFault, ...]:
    """What the service wants and nobody gave, by name; empty: nothing."""
    shown = {one["kind"] for one in given}
    names = [kind.label for kind in wanted if kind not in shown]
    return (FieldFault("/body/evidence", "missing", "还须提交:" + "、".join(names)),) if names else ()


def faults(given: Sequence[Mapping[str, Any]], since: datetime, now: datetime) -> tuple[FieldFault, ...]:
    """What is wrong with what was given: a picture has a digest and was taken since this acceptance, so that what was shown in
    an earlier round, or by whoever had the order before, shows nothing now; a checklist has words alone."""
    found = []
    for number, one in enumerate(given):
        here = f"/body/evidence/{number}"
        pictured = one["kind"] != Evidence.CHECKLIST
        for name in ("sha256", "taken_at"):
            if pictured and one[name] is None:
                found.append(FieldFault(f"{here}/{name}", "missing", f"{one['kind'].label}须填写此项"))
            elif not pictured and one[name] is not None:
                found.append(FieldFault(f"{here}/{name}", "not-for-this", "核对清单只写文字"))
        if not pictured and one["text"] is None:
            found.append(FieldFault(f"{here}/text", "missing", "核对清单须写明核对了什么"))
        if (
            pictured
            and one["taken_at"] is not None
            and not since - PHONES_CLOCK <= one["taken_at"] <= now + PHONES_CLOCK
        ):
            found.append(FieldFault(f"{here}/taken_at", "not-then", "拍摄时间须在本次接单之后、现在之前"))
    return tuple(found)
