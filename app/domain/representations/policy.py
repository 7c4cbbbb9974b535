"""Who records a consent, who ends a representation, and who issues a household card. Pure."""

from app.kernel.rules import Role, Rule, Rules, Via, reach

STAFF: Rules = (reach(Role.STATION_STAFF, Role.DISPATCHER, Role.SECRETARY, Role.ADMINISTRATOR),)
"""Hear or read a consent, issue cards, and see who represents whom at their place."""

CONSENT: Rules = (Rule(Via.BENEFICIARY), *STAFF)
"""Give or record a consent: never the representative."""

END: Rules = (Rule(Via.REPRESENTATIVE), *CONSENT)
