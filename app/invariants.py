"""Every invariant of the house: the kernel's, the rooms', and that each row of a matter stands where the matter stands."""

from collections.abc import Sequence

import asyncpg

from app.domain.cases.callback_invariants import CALLBACKS
from app.domain.cases.invariants import CASES
from app.domain.orders.invariants import ORDERS
from app.domain.people.invariants import PEOPLE_AND_PLACES
from app.domain.representations.invariants import REPRESENTATIONS
from app.kernel import invariants
from app.kernel.invariants import KERNEL, Broken, Invariant

_EVERYWHERE = (
    Invariant(
        "child-in-place",
        "事项的每条记录都与事项在同一地点",
        "no row of a matter stands in another place than the matter",
        """SELECT child.relation, child.matter_id, child.place_id FROM (
             SELECT 'history' AS relation, matter_id, place_id FROM history
             UNION ALL SELECT 'deadline', matter_id, place_id FROM deadline
             UNION ALL SELECT 'mark', matter_id, place_id FROM mark
             UNION ALL SELECT 'deadline_pause', matter_id, place_id FROM deadline_pause
             UNION ALL SELECT 'exclusion', matter_id, place_id FROM exclusion
             UNION ALL SELECT 'order_post', matter_id, place_id FROM order_post
             UNION ALL SELECT 'appointment', matter_id, place_id FROM appointment
             UNION ALL SELECT 'order_detail', matter_id, place_id FROM order_detail
             UNION ALL SELECT 'order_contact', matter_id, place_id FROM order_contact
             UNION ALL SELECT 'rating', matter_id, place_id FROM rating
             UNION ALL SELECT 'order_refusal', matter_id, place_id FROM order_refusal
             UNION ALL SELECT 'service_record', matter_id, place_id FROM service_record
             UNION ALL SELECT 'reveal', matter_id, place_id FROM reveal
             UNION ALL SELECT 'order_search', matter_id, place_id FROM order_search
             UNION ALL SELECT 'order_authority', matter_id, place_id FROM order_authority
             UNION ALL SELECT 'order_papers', matter_id, place_id FROM order_papers
             UNION ALL SELECT 'slot_booking', matter_id, place_id FROM slot_booking
             UNION ALL SELECT 'callback', matter_id, place_id FROM callback
             UNION ALL SELECT 'callback_try', matter_id, place_id FROM callback_try
             UNION ALL SELECT 'supervision', matter_id, place_id FROM supervision
             UNION ALL SELECT 'order_evidence', matter_id, place_id FROM order_evidence
             UNION ALL SELECT 'contest', matter_id, place_id FROM contest
             UNION ALL SELECT 'case_extension', matter_id, place_id FROM case_extension
             UNION ALL SELECT 'case_minutes', matter_id, place_id FROM case_minutes
             UNION ALL SELECT 'case_promise', matter_id, place_id FROM case_promise
             UNION ALL SELECT 'unit_rating', matter_id, place_id FROM unit_rating
             UNION ALL SELECT 'whistle_rating', matter_id, place_id FROM whistle_rating
             UNION ALL SELECT 'case_hanging', matter_id, place_id FROM case_hanging
             UNION ALL SELECT 'case_search', matter_id, place_id FROM case_search
             UNION ALL SELECT 'callback', matter_id, place_id FROM callback
             UNION ALL SELECT 'callback_try', matter_id, place_id FROM callback_try
             UNION ALL SELECT 'supervision', matter_id, place_id FROM supervision
             UNION ALL SELECT 'hold', matter_id, place_id FROM hold
             UNION ALL SELECT 'whistle', matter_id, place_id FROM whistle
             UNION ALL SELECT 'case_detail', matter_id, place_id FROM case_detail
             UNION ALL SELECT 'case_reporter', matter_id, place_id FROM case_reporter
             UNION ALL SELECT 'case_post', matter_id, place_id FROM case_post
             UNION ALL SELECT 'case_duty', matter_id, place_id FROM case_duty
             UNION ALL SELECT 'assignment_detail', matter_id, place_id FROM assignment_detail
             UNION ALL SELECT 'outbox', subject_id, place_id FROM outbox WHERE subject_kind IN ('order', 'case', 'assignment')
             UNION ALL SELECT 'inbox_message', subject_id, place_id FROM inbox_message
                        WHERE subject_kind = 'order') child
            WHERE NOT EXISTS (SELECT 1 FROM matter m WHERE m.id = child.matter_id AND m.place_id = child.place_id)""",
    ),
)

ALL: Sequence[Invariant] = (*KERNEL, *ORDERS, *CASES, *CALLBACKS, *REPRESENTATIONS, *PEOPLE_AND_PLACES, *_EVERYWHERE)


async def check(connection: asyncpg.Connection) -> list[Broken]:
    """Look at every invariant in one snapshot, as a role that sees every row (the owner); an empty list when all hold."""
    return await invariants.check(connection, ALL)


async def broken(connection: asyncpg.Connection) -> list[Broken]:
    """The invariants that do not hold in the transaction at hand."""
    return await invariants.broken(connection, ALL)
