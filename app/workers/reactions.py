"""Which verb answers which event. A room's sideways effects pass here, and nowhere else."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.domain.cases import board, callbacks, contests, converting, merging, setting_aside, supervision, whistles
from app.domain.cases import ended_consents as case_consents
from app.domain.cases import service as cases
from app.domain.orders import dispatching, ended_consents, giving_back, outcomes, promises, service_days, shifts, wishes
from app.domain.people.handing_back import WhyLeft
from app.kernel.verbs import Verb
from app.workers.outbox import Reaction


def _deadline(_row: Any, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"deadline_id": UUID(payload["deadline_id"])}


def _person(_row: Any, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "subject_id": UUID(payload["order_id"]),
        "person_id": UUID(payload["person_id"]),
        "version": payload.get("version"),
        "because": WhyLeft(payload.get("because", WhyLeft.ROLE)),
    }


def _reason(_row: Any, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"subject_id": UUID(payload["order_id"]), "reason": payload["reason"]}


def _assignment(_row: Any, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"subject_id": UUID(payload["assignment_id"])}


def _released(_row: Any, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"subject_id": UUID(payload["assignment_id"]), "leads": payload.get("leads", False)}


def _promised(_row: Any, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"subject_id": UUID(payload["assignment_id"]), **{name: payload[name] for name in ("text", "until", "by")}}


def _mark(_row: Any, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"deadline_id": UUID(payload["deadline_id"]), "percent": payload["percent"]}


RECALCULATIONS: Mapping[str, Verb[Any, Any]] = {
    verb.kind: verb for verb in (promises.recalculate, cases.recalculate, board.recalculate)
}
"""The verb of each kind of matter that computes its deadlines anew when the working days of a year come."""


def _new_lead(_row: Any, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"subject_id": UUID(payload["case_id"]), "unit_id": UUID(payload["unit_id"])}


def _asked_for(_row: Any, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"subject_id": UUID(payload["matter_id"]), "former_id": UUID(payload["former_id"])}


def _child(_row: Any, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"subject_id": UUID(payload["child_id"])}


REACTIONS: Mapping[str, tuple[Verb[Any, Any], Reaction]] = {
    "order.miss_appointment": (promises.miss_appointment, _deadline),
    "order.close_unrated": (outcomes.close_unrated, _deadline),
    "order.lapse": (dispatching.lapse, _deadline),
    "order.match": (dispatching.match, _deadline),
    "order.expire_claim": (wishes.expire_claim, _deadline),
    "order.cancel_day": (service_days.cancel_booked, _reason),
    "order.hand_back": (giving_back.hand_back, _person),
    "order.convert": (outcomes.convert_missed, _deadline),
    "case.open_converted": (converting.open_converted, lambda _row, _payload: {}),
    "case.follow": (merging.follow, _child),
    "case.let_go": (merging.unmerge, _child),
    "case.wake": (setting_aside.wake, _deadline),
    "case.alarm": (whistles.alarm, lambda _row, _payload: {}),
    "case.check_silence": (whistles.accept_result, _deadline),
    "case.replace_lead": (contests.replace_lead, _new_lead),
    "case.supervise": (supervision.supervise, _mark),
    "case.renew": (supervision.renew, lambda _row, _payload: {}),
    "case.need_call": (callbacks.need_call, _deadline),
    "assignment.release": (board.release, _released),
    "assignment.complete": (board.complete, _assignment),
    "assignment.reopen": (board.reopen, _assignment),
    "assignment.promise": (board.promise, _promised),
    "order.to_beneficiary": (ended_consents.to_beneficiary, _asked_for),
    "case.to_beneficiary": (case_consents.to_beneficiary, _asked_for),
    "order.hand_over": (
        shifts.hand_over,
        lambda _row, payload: {
            "subject_id": UUID(payload["order_id"]),
            "held_by": UUID(payload["held_by"]),
            "to": UUID(payload["to"]),
        },
    ),
}
