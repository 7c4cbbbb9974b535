"""Representations 代下单: who may order for somebody who cannot, with that person's recorded consent (domain.md §1); and the
household cards that stand in for a phone at the door.

representative ──names a phone──▶ pending ──consent, by whose phone it is or by the staff there──▶ consented
                                     └────────────── end, by either side or the staff ──────────────┴──▶ ended
"""
