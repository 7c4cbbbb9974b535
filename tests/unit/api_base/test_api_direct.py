"""Commands go straight to their verbs; what does not fit goes FastAPI's way and gets the same answers."""

from app.api import orders
from app.api.direct import Direct
from app.main import ROOMS


def test_every_command_under_a_key_goes_straight() -> None:
    keyed = [
        route
        for room in ROOMS
        for route in room.routes
        if any(p.alias == "Idempotency-Key" for d in route.dependant.dependencies for p in d.header_params)
    ]
    assert len(keyed) >= 16
    # An import streams its body, and reads it only after it knows the caller; another one reads its report afterwards.
    ordinary = {route.operation_id for route in keyed if Direct.of(route) is None}
    assert ordinary <= {"importPlaces", "importRefusedTerms", "importResponsibilities", "resetPassword"}


def test_readings_go_the_ordinary_way() -> None:
    assert all(Direct.of(route) is None for route in orders.api.routes if route.methods == {"GET"})
