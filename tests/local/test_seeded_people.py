"""Whom a new data folder's street has for volunteers."""

from app.kernel.vault import mask_name, mask_phone
from app.local.seed import NAMES, TEAMS, VOLUNTEERS, resident_phone, volunteer_phone


def test_volunteers_are_told_apart_by_what_is_shown_of_them() -> None:
    everybody = [*VOLUNTEERS, *(member for _, _, members, *_ in TEAMS for member in members)]
    assert everybody == list(NAMES)
    assert len({mask_name(NAMES[one]) for one in everybody}) == len(everybody)
    residents = [resident_phone(number) for number in range(1, len(VOLUNTEERS) + 1)]
    phones = [mask_phone(phone) for phone in (*residents, *map(volunteer_phone, everybody))]
    assert len(set(phones)) == len(phones)
