"""Who keeps the units. Pure."""

from app.kernel.rules import Role, Rules, reach

KEEP: Rules = (reach(Role.ADMINISTRATOR),)
"""May create a unit at the place, say who works there, and what it answers for."""
