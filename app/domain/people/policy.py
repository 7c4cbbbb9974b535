"""Who may register whom, and who may grant which role. Pure."""

from app.kernel.rules import Role, Rules, reach

STAFF: Rules = (reach(Role.STATION_STAFF, Role.DISPATCHER, Role.SECRETARY, Role.ADMINISTRATOR),)
"""May register a resident who has no WeChat, and see who holds which role."""

ADMINISTRATOR: Rules = (reach(Role.ADMINISTRATOR),)

GRANTERS: dict[Role, Rules] = {
    Role.VOLUNTEER: (reach(Role.SECRETARY, Role.ADMINISTRATOR),),
    Role.STATION_STAFF: ADMINISTRATOR,
    Role.DISPATCHER: ADMINISTRATOR,
    Role.SECRETARY: ADMINISTRATOR,
    Role.ADMINISTRATOR: ADMINISTRATOR,
}
"""Who may grant and end a role. Nobody grants RESIDENT: a resident chooses, or is registered."""

GRANTING: Rules = (reach(Role.SECRETARY, Role.ADMINISTRATOR),)
