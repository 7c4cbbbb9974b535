"""The first administrator, made by the owner of the database, since nobody is there yet who could."""

from dataclasses import dataclass

import asyncpg
from pydantic_core import PydanticCustomError

from app.kernel.ids import NOBODY, new_id
from app.kernel.passwords import Passwords, check_new_password, random_password
from app.kernel.rules import Role
from app.kernel.text import LOGIN_NAME
from app.local.faults import LocalFault
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class FirstAdministrator:
    """The account. `password` is None when it existed before and was left as it is."""

    login_name: str
    password: str | None


async def create_first_administrator(settings: Settings, login_name: str, place_code: str | None) -> FirstAdministrator:
    """As `create_administrator`, with the password of the settings, on a connection of its own."""
    owner = await asyncpg.connect(settings.migration_url)
    try:
        return await create_administrator(owner, login_name, settings.admin_password or None, place_code)
    finally:
        await owner.close()


async def create_administrator(
    owner: asyncpg.Connection, login_name: str, password: str | None, place_code: str | None
) -> FirstAdministrator:
    """An administrator at the place with this code, or at every top of the tree; with a random password when none is given.

    Whoever has the login name already keeps their password. Raises LocalFault while there are no places, and for a login name
    that nobody could type; InvalidInput for a weak password.
    """
    try:
        LOGIN_NAME.read(login_name)
    except PydanticCustomError as fault:
        raise LocalFault(
            f"登录名{fault.message()}。", "A login name is 3 to 40 letters, digits and signs of ASCII.", "--login-name"
        ) from None
    places = await owner.fetch(
        "SELECT id FROM place WHERE code = $1 OR ($1::text IS NULL AND parent_id IS NULL)", place_code
    )
    if not places:
        raise LocalFault(
            "还没有这个地点。", "There is no such place yet.", "import the tree first: linli import-places FILE"
        )
    person_id = await owner.fetchval(
        'SELECT id FROM person WHERE lower(login_name COLLATE "C") = lower($1 COLLATE "C")', login_name
    )
    chosen = None
    if person_id is None:
        chosen = password or random_password()
        check_new_password(chosen, login_name)
        person_id = new_id()
        await owner.execute(
            "INSERT INTO person (id, login_name, password_hash, created_at, version) VALUES ($1, $2, $3, app_now(), 1)",
            person_id,
            login_name,
            await Passwords().hash_password(chosen),
        )
    for place in places:
        await owner.execute(
            "INSERT INTO role_grant (id, person_id, place_id, role, starts_at, granted_by, version)"
            " VALUES ($1, $2, $3, $4, app_now(), $5, 1) ON CONFLICT DO NOTHING",
            new_id(),
            person_id,
            place["id"],
            Role.ADMINISTRATOR.value,
            NOBODY,
        )
    return FirstAdministrator(login_name, chosen)
