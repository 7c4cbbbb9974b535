"""Who may publish a service. Pure."""

from app.kernel.rules import Role, Rules, reach

PUBLISH: Rules = (reach(Role.SECRETARY, Role.ADMINISTRATOR),)
