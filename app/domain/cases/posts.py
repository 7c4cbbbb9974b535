"""Whoever holds no post for a list, anywhere, is told so instead of being shown an empty one: denied by default."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.kernel.errors import NotAllowed
from app.kernel.rules import Role, Rules, Via

_HOLDS = text("""
SELECT app_works(:roles) OR (CAST(:units AS boolean) AND EXISTS (
         SELECT 1 FROM unit_member u WHERE u.person_id = app_actor() AND u.live))""")


async def demand_post(connection: AsyncConnection, rules: Rules) -> None:
    """The reader holds one of the roles of the rules somewhere; where a rule is through a unit, or works in one. Raises
    NotAllowed, which says who may."""
    roles = [role for role in Role if any(role in rule.roles for rule in rules)]
    units = any(rule.via is Via.UNIT for rule in rules)
    if not (await connection.execute(_HOLDS, {"roles": roles, "units": units})).scalar_one():
        who = [role.label for role in roles] + ["责任单位的人员"] * units
        raise NotAllowed(f"这里给{'、'.join(who)}查看;您现在没有这样的岗位")
