"""Who keeps the refused terms, who reads them, and how short one may be. Pure."""

from app.kernel.rules import Role, Rules, reach

KEEP: Rules = (reach(Role.ADMINISTRATOR),)

READERS = (Role.DISPATCHER, Role.SECRETARY, Role.ADMINISTRATOR)
READ: Rules = (reach(*READERS),)
"""At the term's place or above it. Those below read it too, since it holds where they work: whoever is asked why a text was
refused can say so."""

SHORTEST = 2
"""A single character would refuse too much, and the index finds a term by its first two."""
