"""Who proposes that a miss shall not count, who decides, who reads it. Pure."""

from app.kernel.rules import Role, Rules, reach

PROPOSE: Rules = (reach(Role.DISPATCHER, Role.SECRETARY),)
"""Of a miss; a call-back only the secretary, since what reporters said is not for who dispatches."""
PROPOSE_CALLBACK: Rules = (reach(Role.SECRETARY),)

REVIEWERS = (Role.SECRETARY, Role.ADMINISTRATOR)
DECIDE: Rules = (reach(*REVIEWERS),)
"""At the street or above it (domain.md §4.6: a reviewed exclusion); the verb asks for the level."""

READ: Rules = (reach(Role.DISPATCHER, Role.SECRETARY, Role.ADMINISTRATOR),)
"""And what was upheld, whoever sees what the matter is about."""
