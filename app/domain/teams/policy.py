"""Who may do what about teams, skills and volunteers. Pure."""

from app.kernel.rules import Role, Rules, reach

CHIEF: Rules = (reach(Role.SECRETARY, Role.ADMINISTRATOR),)
"""Create and disband teams, name their leads, decide on volunteers."""

STAFF: Rules = (reach(Role.STATION_STAFF, Role.DISPATCHER, Role.SECRETARY, Role.ADMINISTRATOR),)
"""See the members, skills and hours of those who volunteer at their places."""

SEES_LICENCE: Rules = (reach(Role.STATION_STAFF, Role.SECRETARY, Role.ADMINISTRATOR),)
"""Record a skill after seeing the licence, if it takes one."""

RESIDENT: Rules = (reach(Role.RESIDENT),)
"""Apply to volunteer, at home."""

VOLUNTEER: Rules = (reach(Role.VOLUNTEER),)
"""Say when they serve."""
