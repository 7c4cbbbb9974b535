"""What must always be true of what representatives asked for (domain.md §1), each as a SELECT that must answer no row."""

from app.kernel.invariants import Invariant

REPRESENTATIONS = (
    Invariant(
        "asked-for-by-consent",
        "代下单、代报的事项,现在仍有本人同意;同意结束的,已转由本人跟进",
        "whose order or case it is, is whom it serves, or whoever represents them by a consent in force, but for what the worker"
        " is about to give back",
        """SELECT m.id, m.kind, m.requester_id, m.beneficiary_id FROM matter m
            WHERE m.kind IN ('order', 'case') AND m.requester_id <> m.beneficiary_id
              AND NOT EXISTS (SELECT 1 FROM representation r
                               WHERE r.representative_id = m.requester_id AND r.beneficiary_id = m.beneficiary_id
                                 AND r.consented_at IS NOT NULL AND r.ended_at IS NULL)
              AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.sort = 'event' AND o.failed_at IS NULL
                                 AND o.topic = m.kind || '.to_beneficiary' AND o.payload ->> 'matter_id' = m.id::text)""",
    ),
    Invariant(
        "represented-where-they-live",
        "已同意的代下单关系,列在受益人现在居住的社区",
        "a representation that was consented to stands in the community where the beneficiary lives",
        """SELECT r.id, r.place_id, g.place_id AS home FROM representation r
             JOIN role_grant g ON g.person_id = r.beneficiary_id AND g.role = 'resident' AND g.ends_at IS NULL
            WHERE r.ended_at IS NULL AND NOT EXISTS (
              SELECT 1 FROM place_ancestor a WHERE a.place_id = g.place_id AND a.ancestor_id = r.place_id)""",
    ),
)
