"""Runs verbs for the seed, as the people of the street."""

from typing import Any
from uuid import UUID

from app.domain.people import errors
from app.domain.people import service as people
from app.domain.representations.errors import BeneficiaryNotRegistered
from app.domain.teams import volunteers
from app.integrations.wechat_standin import openid_of
from app.kernel.command import Caller, execute
from app.kernel.database import Database
from app.kernel.ids import new_id
from app.kernel.rules import Role
from app.kernel.vault import Vault
from app.kernel.verbs import Verb

ORDERS_A_DAY = 50
"""Of each volunteer here: the tour is played more often than somebody serves in a day."""


class Seeder:
    """Runs verbs as somebody, each in a log-in of its own that is not kept."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self.database = database
        self.vault = vault

    async def do(self, caller: Caller, verb: Verb[Any, Any], subject: UUID | None = None, **inputs: Any) -> UUID:
        """Run a verb; answers the id of what it made or moved. Raises its refusals."""
        return (await execute(self.database, verb, caller, None, subject, inputs)).id

    async def run(
        self, caller: Caller, verb: Verb[Any, Any], subject: UUID | None = None, **inputs: Any
    ) -> UUID | None:
        """As `do`; None for what is there already."""
        try:
            return await self.do(caller, verb, subject, **inputs)
        except (errors.AlreadyGranted, errors.LoginNameTaken, BeneficiaryNotRegistered):
            return None

    async def known(self, caller: Caller, table: str, place_id: UUID, word: str = "name") -> dict[str, UUID]:
        """What there is by name at a place."""
        async with self.database.reading(caller.person_id, caller.family) as connection:
            rows = await connection.exec_driver_sql(f"SELECT {word}, id FROM {table} WHERE place_id = $1", (place_id,))
            return {row[word]: row["id"] for row in rows.mappings()}

    async def caller(self, person_id: UUID) -> Caller:
        family = new_id()
        await self.database.call(
            "SELECT auth_session_open($1, $2, $3, clock_timestamp() + interval '10 minutes')",
            family,
            person_id,
            bytes(32),
        )
        return Caller(person_id, family)

    async def by_login(self, login_name: str) -> Caller:
        """Whoever has the login name, which somebody must have."""
        found = await self.database.call("SELECT * FROM auth_person_by_login_name($1)", login_name)
        return await self.caller(found[0]["person_id"])

    async def officer(
        self, admin: Caller, place_id: UUID, login_name: str, password_hash: str, name: str, role: Role
    ) -> None:
        """An officer's account with a role at a place, unless the login name is taken."""
        await self.run(
            admin,
            people.create_officer,
            place_id=place_id,
            login_name=login_name,
            password_hash=password_hash,
            name=self.vault.seal("name", name),
            role=role,
        )

    async def somebody(self, name: str) -> tuple[Caller, bool]:
        """The person behind `demo:<name>`, and whether this is the first time that they are seen."""
        new = new_id()
        row = (
            await self.database.call(
                "SELECT * FROM auth_person_by_openid($1, $2, clock_timestamp())", openid_of(name), new
            )
        )[0]
        return await self.caller(row["person_id"]), row["person_id"] == new

    async def introduce(self, caller: Caller, name: str, phone: str, address: str) -> None:
        await self.run(
            caller,
            people.update_me,
            name=self.vault.seal("name", name),
            phone=self.vault.seal("phone", phone),
            phone_index=self.vault.index("phone", phone),
            address=self.vault.seal("address", address),
        )

    async def admit(self, admin: Caller, caller: Caller, place_id: UUID, *, new: bool) -> None:
        """A volunteer of the place; what they said since of when they serve stays."""
        await self.run(admin, people.grant_role, place_id=place_id, role=Role.VOLUNTEER, person_id=caller.person_id)
        if new:
            await self.run(caller, volunteers.set_availability, daily_capacity=ORDERS_A_DAY)
