"""Where one may live, who may register whom, and who may grant which role. Pure."""

from app.domain.places.models import Level
from app.kernel.rules import Role, Rules, reach

HOMES = frozenset({Level.COMMUNITY, Level.ESTATE})
"""A home is a community, or an estate in one: a wider home would reach over all communities below it."""

STAFF: Rules = (reach(Role.STATION_STAFF, Role.DISPATCHER, Role.SECRETARY, Role.ADMINISTRATOR),)
"""May register a resident who has no WeChat, and see who holds which role."""

ADMINISTRATOR: Rules = (reach(Role.ADMINISTRATOR),)

GRANTERS: dict[Role, Rules] = {
    Role.VOLUNTEER: (reach(Role.SECRETARY, Role.ADMINISTRATOR),),
    Role.STATION_STAFF: ADMINISTRATOR,
    Role.DISPATCHER: ADMINISTRATOR,
    Role.SECRETARY: ADMINISTRATOR,
    Role.GRID_WORKER: ADMINISTRATOR,
    Role.INFORMATION_OFFICER: ADMINISTRATOR,
    Role.BRANCH_SECRETARY: ADMINISTRATOR,
    Role.CALLBACK_OFFICER: ADMINISTRATOR,
    Role.SUPERVISOR: ADMINISTRATOR,
    Role.ARBITER: ADMINISTRATOR,
    Role.ADMINISTRATOR: ADMINISTRATOR,
}
"""Who may grant and end a role. Nobody grants RESIDENT: a resident chooses, or is registered."""

NO_OFFICERS = {
    Role.RESIDENT: "居民登录后用 joinPlace 选择社区;没有微信的,由站点用 registerResident 登记",
    Role.VOLUNTEER: "居民登录后用 applyToVolunteer 申请做志愿者,由书记用 decideVolunteer 同意;已登记的人也可以用 grantRole 授予",
}
"""Who gets no officer's account, with the operations that make one instead."""

RESIGNED = frozenset({Role.VOLUNTEER})
"""Which roles whoever holds one may end: nobody serves who does not want to."""

GRANTING: Rules = (reach(Role.SECRETARY, Role.ADMINISTRATOR),)
