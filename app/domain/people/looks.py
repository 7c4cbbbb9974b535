"""Who looked at whose name and phone (查看记录): the record that orders and cases share."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.people.titles import office, title
from app.domain.places.models import Level
from app.kernel.errors import NotAllowed, NotFound
from app.kernel.pagination import Cursor
from app.kernel.rules import Role, Rules, Via, to_sql

_RELATIONS = {
    "assignee": "志愿者",
    "requester": "下单人",
    "beneficiary": "受益人",
    "other": "其他",
    Via.UNIT.value: Via.UNIT.label,
}


def through(capacity: str, level: str | None) -> str:
    """Through what somebody saw it: their relation to the matter or their unit, else their role at its place or above it, by the
    level at which they held it (None: not kept)."""
    if capacity in _RELATIONS:
        return _RELATIONS[capacity]
    return title(Role(capacity), Level(level)) if level else office(Role(capacity))


_LOOKS = """
SELECT m.id AS matter_id, {may} AS may, r.id, r.shown, r.capacity, r.level, r.viewer_id, r.viewer_name_sealed, r.shown_at
  FROM matter m LEFT JOIN LATERAL (
    SELECT * FROM reveal r WHERE r.matter_id = m.id
       AND (CAST(:at AS timestamptz) IS NULL OR (r.shown_at, r.id) < (CAST(:at AS timestamptz), CAST(:last AS uuid)))
     ORDER BY r.shown_at DESC, r.id DESC LIMIT :most) r ON true
 WHERE m.id = :matter_id AND m.kind = :kind ORDER BY r.shown_at DESC, r.id DESC"""


async def list_looks(
    connection: AsyncConnection,
    kind: str,
    matter_id: UUID,
    missing: type[NotFound],
    rules: Rules,
    after: Cursor | None,
    limit: int,
) -> Sequence[RowMapping]:
    """Who looked at the personal data of a matter of this kind, newest first, as far as the reader may know. Raises `missing`;
    NotAllowed: none of the rules allows the reader, and nobody looked at them."""
    asked = {"matter_id": matter_id, "kind": kind, "at": after and after.created_at, "last": after and after.id}
    query = text(_LOOKS.format(may=to_sql(rules, "m")))
    found = (await connection.execute(query, {**asked, "most": limit + 1})).mappings().all()
    if not found:
        raise missing
    looks = [row for row in found if row["id"] is not None]
    if not looks and not found[0]["may"]:
        raise NotAllowed(rules=rules, of=kind)
    return looks
