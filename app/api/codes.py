"""The codes that a resident's phone shows, derived and never stored (adr/0008)."""

from uuid import UUID

from app.domain.orders.facts import MOST_STARTS
from app.kernel.vault import Vault, same_code


def start_code(vault: Vault, order_id: UUID, volunteer_id: UUID, begun: int) -> str:
    """The six digits that this volunteer must be shown to start this order after so many starts: each service has a code of its
    own, for it proves that they stand at the door now. Nothing of it is stored."""
    return vault.code("order.start", f"{order_id}:{volunteer_id}:{min(begun, MOST_STARTS - 1)}")


def fits_after(vault: Vault, order_id: UUID, volunteer_id: UUID, given: str | None) -> list[int]:
    """After how many starts the code that was given would be the right one: how many there were is known where the order is
    loaded, and asking for it here would cost a transaction more."""
    codes = [start_code(vault, order_id, volunteer_id, begun) for begun in range(MOST_STARTS)] if given else []
    return [begun for begun, code in enumerate(codes) if same_code(given or "", code)]


def return_code(vault: Vault, order_id: UUID, returned: int) -> str:
    """The six digits that must be shown to give papers back after so many returns; each time others, so that who has seen
    one cannot give back the rest without the resident."""
    return vault.code("order.return", f"{order_id}:{returned}")
