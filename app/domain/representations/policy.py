"""Who records a consent, who ends a representation, when one may ask again, and who issues a household card. Pure."""

from datetime import timedelta

from app.kernel.rules import Role, Rule, Rules, Via, reach

STAFF: Rules = (reach(Role.STATION_STAFF, Role.DISPATCHER, Role.SECRETARY, Role.ADMINISTRATOR),)
"""Hear or read a consent, issue cards, and see who represents whom at their place."""

CONSENT: Rules = (Rule(Via.BENEFICIARY), *STAFF)
"""Give or record a consent: never the representative."""

END: Rules = (Rule(Via.REPRESENTATIVE), *CONSENT)

AGAIN_AFTER = timedelta(days=7)
"""After a no, or an end by the other side or the staff, the same representative waits so long before they ask the same person
again: each time tells somebody old, who may not know how to be left alone. `representation_waits` holds it, too."""
