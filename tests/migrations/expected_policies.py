"""What the policies and functions of row-level security say, from the rules of the rooms: by name its table, its command, whom it
lets see and what it lets write."""

from app.domain.cases import board_policy as board
from app.domain.cases import callback_policy as callbacks
from app.domain.cases import policy as cases
from app.domain.deadlines import policy as deadlines
from app.domain.exclusions import policy as exclusions
from app.domain.orders import policy as orders
from app.domain.people import policy as people
from app.domain.places import policy as places
from app.domain.representations import policy as representations
from app.domain.services import policy as services
from app.domain.teams import policy as teams
from app.domain.teams.skills import SKILLS
from app.domain.terms import policy as terms
from app.domain.units import policy as units
from app.kernel.rules import Role, Rules, reach, to_sql

ME = "app_actor()"
TREE = "(SELECT app_administers_tree())"
MOVED_JUST_NOW = f"moved_by = {ME} AND moved_in = app_transaction()"
PLACED = f"(SELECT true FROM matter m WHERE m.id = matter_id AND {orders.requester.to_sql('m')})"
RATED = (
    "EXISTS (SELECT 1 FROM service_record s"
    f" WHERE s.matter_id = rating.matter_id AND s.round = rating.round AND s.person_id = {ME})"
)
READ = f"(kind = 'order' AND {to_sql(orders.READ)}) OR (kind <> 'order' AND app_sees_official(matter))"
REPORTS = reach(*cases.resident.roles, *cases.watchers.roles)
PAPERS = f"(SELECT true FROM matter m WHERE m.id = matter_id AND {to_sql(orders.PAPERS, 'm')})"
BOARD = f"(SELECT true FROM matter m WHERE m.id = matter_id AND {to_sql(board.READ, 'm')})"
HOST = f"{to_sql(orders.OPEN_DAYS, 'service_day')} OR app_leads(team_id, place_id)"


def anywhere(rules: Rules) -> str:
    """Holding one of the roles at any place: for a person who has no place yet."""
    return " OR ".join(f"(SELECT app_holds('{{{','.join(sorted(rule.roles))}}}'))" for rule in rules)


def granting() -> str:
    g = "role_grant"
    own = f"person_id = {ME} OR {to_sql(people.STAFF, g)}"
    volunteer = to_sql(people.GRANTERS[Role.VOLUNTEER], g)
    return (
        f"(role = 'resident' AND ({own})) OR (role = 'volunteer' AND {volunteer}) OR {to_sql(people.ADMINISTRATOR, g)}"
    )


ENDING = (
    f"(role = 'volunteer' AND {to_sql(people.GRANTERS[Role.VOLUNTEER], 'role_grant')})"
    f" OR {to_sql(people.ADMINISTRATOR, 'role_grant')}"
)
WORKS_BELOW = "app_stands_below(place_id, '{administrator,dispatcher,secretary,station_staff}')"
OFFICELESS = ", ".join(f"'{role}'" for role in people.NO_OFFICERS)
# The decision that makes a volunteer of an applicant records what they named, without a licence.
NAMED_WHEN_APPLYING = (
    "EXISTS (SELECT 1 FROM volunteer_application a WHERE a.person_id = skill.person_id AND a.place_id = skill.place_id"
    " AND a.decided_at IS NULL AND a.withdrawn_at IS NULL AND skill.code = ANY (a.skills) AND skill.licence_sealed IS NULL)"
)
# Whoever records skills sees whose are still to be recorded.
STILL_TO_RECORD = (
    f"(approved AND {to_sql(teams.SEES_LICENCE, 'volunteer_application')}"
    " AND person_holds(person_id, place_id, 'volunteer') AND NOT skills <@ skills_of_applicant(id))"
)
LICENSED = [code for code, known in SKILLS.items() if known.licensed]
LEADS = "app_leads(team_id, place_id)"
PUBLISHING = f"{to_sql(services.PUBLISH, 'service')} OR {LEADS}"
REPRESENTED = (
    f"representative_id = {ME} OR beneficiary_id = {ME}"
    f" OR (beneficiary_id IS NULL AND (named_id = {ME}"
    f" OR phone_index = (SELECT p.phone_index FROM person p WHERE p.id = {ME} AND p.phone_proved_at IS NOT NULL)))"
    f" OR {to_sql(representations.STAFF, 'representation')}"
)

REPRESENTED_THERE = (
    "(SELECT true FROM matter m WHERE m.id = matter_id AND m.requester_id = reporter_id AND"
    f" {cases.beneficiary.to_sql('m')})"
)

EXPECTED = {
    # policy: (table, command, USING, WITH CHECK)
    "matter_read": ("matter", "SELECT", f"{READ} OR ({MOVED_JUST_NOW})", None),
    "matter_update": ("matter", "UPDATE", READ, MOVED_JUST_NOW),
    "matter_insert": (
        "matter",
        "INSERT",
        None,
        (
            f"(kind = 'order' AND placed_by = {ME}"
            f" AND ((requester_id = {ME} AND beneficiary_id = {ME} AND {to_sql((orders.resident,))})"
            f" OR (person_holds(beneficiary_id, place_id, 'resident') AND ({to_sql((orders.representative,))}"
            f" OR (requester_id = beneficiary_id AND {to_sql(orders.LIFECYCLE['place_for_caller'].by)}))))"
            " AND (state <> 'accepted' OR leads(team_id, assignee_id)))"
            f" OR (kind = 'case' AND placed_by = {ME}"
            f" AND ((requester_id = {ME} AND beneficiary_id = {ME} AND {to_sql((REPORTS,))})"
            f" OR (person_holds(beneficiary_id, place_id, 'resident') AND ({to_sql((cases.representative,))}"
            f" OR (requester_id = beneficiary_id AND {to_sql((cases.station,))}))))"
            f" AND (state = 'reported' OR (state = 'callback' AND {to_sql((cases.grid_worker,))})))"
            f" OR (kind = 'assignment' AND state = 'sent' AND ({to_sql((cases.head,))} OR {to_sql((board.arbiter,))}))"
        ),
    ),
    **{
        f"{child}_read": (child, "SELECT", "app_sees_detail(matter_id)", None)
        for child in ("case_detail", "case_reporter", "case_duty", "assignment_detail", "hold")
    },
    **{
        f"{child}_read": (child, "SELECT", "app_sees_whole(matter_id)", None)
        for child in ("whistle", "case_promise", "case_extension", "case_hanging", "supervision")
    },
    "case_post_read": (
        "case_post",
        "SELECT",
        (
            "app_sees_whole(matter_id) AND (kind <> 'contact' OR (SELECT true FROM matter m"
            f" WHERE m.id = matter_id AND {to_sql(cases.CONTACTS, 'm')}))"
        ),
        None,
    ),
    **{
        f"{child}_insert": (child, "INSERT", None, f"{by} = {ME} AND app_sees(matter_id) IS NOT FALSE")
        for child, by in (*(("case_post", "posted_by"), ("case_duty", "person_id"), ("assignment_detail", "sent_by")),)
    },
    **{
        f"{child}_insert": (child, "INSERT", None, "app_sees(matter_id) IS NOT FALSE")
        for child in ("order_detail", "case_detail")
    },
    **{
        f"{child}_update": (child, "UPDATE", "app_sees(matter_id)", None)
        for child in ("whistle", "case_detail", "assignment_detail")
    },
    "unit_insert": ("unit", "INSERT", None, f"created_by = {ME} AND {to_sql(units.KEEP, 'unit')}"),
    "unit_update": ("unit", "UPDATE", to_sql(units.KEEP, "unit"), None),
    "unit_member_insert": ("unit_member", "INSERT", None, f"added_by = {ME} AND {to_sql(units.KEEP, 'unit_member')}"),
    "unit_member_update": ("unit_member", "UPDATE", to_sql(units.KEEP, "unit_member"), f"ended_by = {ME}"),
    "responsibility_insert": (
        "responsibility",
        "INSERT",
        None,
        f"set_by = {ME} AND {to_sql(units.KEEP, 'responsibility')}",
    ),
    "responsibility_update": ("responsibility", "UPDATE", to_sql(units.KEEP, "responsibility"), None),
    "order_authority_read": ("order_authority", "SELECT", PAPERS, None),
    "order_authority_insert": (
        "order_authority",
        "INSERT",
        None,
        (
            f"given_by = {ME} AND ended_at IS NULL AND (SELECT true FROM matter m WHERE m.id = matter_id"
            " AND m.assignee_id = agent_id"
            f" AND ((channel IS NULL AND {to_sql(orders.served, 'm')})"
            f" OR (channel IS NOT NULL AND {to_sql((orders.placer, orders.desk), 'm')})))"
        ),
    ),
    "order_papers_read": ("order_papers", "SELECT", f"acted_by = {ME} OR {PAPERS}", None),
    "service_day_update": ("service_day", "UPDATE", HOST, f"cancelled_by = {ME}"),
    "service_day_insert": (
        "service_day",
        "INSERT",
        None,
        f"opened_by = {ME} AND cancelled_at IS NULL AND ({HOST})",
    ),
    "slot_booking_read": ("slot_booking", "SELECT", "app_sees_detail(matter_id)", None),
    "slot_booking_update": ("slot_booking", "UPDATE", PAPERS, "live IS NULL"),
    "order_authority_update": ("order_authority", "UPDATE", PAPERS, f"ended_by = {ME}"),
    "order_evidence_read": (
        "order_evidence",
        "SELECT",
        f"given_by = {ME} OR (SELECT true FROM matter m WHERE m.id = matter_id AND {to_sql(orders.EVIDENCE, 'm')})",
        None,
    ),
    "order_evidence_insert": (
        "order_evidence",
        "INSERT",
        None,
        f"given_by = {ME} AND (SELECT true FROM matter m WHERE m.id = matter_id AND m.assignee_id = {ME})",
    ),
    "order_contact_read": (
        "order_contact",
        "SELECT",
        f"(SELECT true FROM matter m WHERE m.id = matter_id AND {to_sql(orders.CONTACT, 'm')})",
        None,
    ),
    **{
        f"{child}_read": (child, "SELECT", "app_sees_detail(matter_id)", None)
        for child in (
            *("history", "deadline", "mark", "order_detail"),
            *("deadline_pause", "order_post", "appointment"),
        )
    },
    **{
        f"{child}_update": (child, "UPDATE", "app_sees(matter_id)", "true" if child == "deadline" else None)
        for child in ("deadline", "order_detail", "deadline_pause", "appointment")
    },
    "appointment_insert": (
        "appointment",
        "INSERT",
        None,
        (
            f"(proposed_by = {ME} AND confirmed_by IS NULL AND app_sees(matter_id) IS NOT FALSE"
            f" OR confirmed_by = {ME} AND NOT by_resident AND app_sees(matter_id) IS NULL)"
            " AND (first_id IS NULL OR EXISTS (SELECT 1 FROM appointment f JOIN matter m ON m.id = f.matter_id"
            f" WHERE f.id = appointment.first_id AND ({ME} IN (m.requester_id, m.beneficiary_id, m.placed_by, m.assignee_id)"
            f" OR (appointment.by_resident AND {orders.clerk.to_sql('m')}))"
            " AND f.matter_id = appointment.matter_id AND f.confirmed_at IS NOT NULL AND f.first_id IS NULL))"
        ),
    ),
    "order_contact_update": (
        "order_contact",
        "UPDATE",
        (
            "(SELECT true FROM matter m WHERE m.id = matter_id AND"
            f" m.state IN ({', '.join(f'{chr(39)}{state}{chr(39)}' for state in sorted(orders.OPEN))})"
            f" AND {to_sql(orders.voices, 'm')})"
        ),
        None,
    ),
    "rating_read": (
        "rating",
        "SELECT",
        f"(SELECT true FROM matter m WHERE m.id = matter_id AND {to_sql(orders.RATING, 'm')}) AND NOT {RATED}",
        None,
    ),
    "service_record_read": ("service_record", "SELECT", f"person_id = {ME}", None),
    "service_record_insert": (
        "service_record",
        "INSERT",
        None,
        f"person_id = {ME} AND app_sees(matter_id) IS NOT FALSE",
    ),
    "reveal_read": (
        "reveal",
        "SELECT",
        f"subject_id = {ME} OR (shown = 'contact' AND {PLACED}) OR {orders.chief.to_sql('reveal')}",
        None,
    ),
    "reveal_insert": (
        "reveal",
        "INSERT",
        None,
        f"viewer_id = {ME} AND app_sees(matter_id) IS NOT FALSE AND shown <> 'reporter'",
    ),
    "shift_handover_read": ("shift_handover", "SELECT", orders.staff.to_sql("shift_handover"), None),
    "shift_handover_insert": (
        "shift_handover",
        "INSERT",
        None,
        f"left_by = {ME} AND {orders.SHIFT.to_sql('shift_handover')}",
    ),
    "service_insert": ("service", "INSERT", None, f"published_by = {ME} AND ({PUBLISHING})"),
    "service_update": ("service", "UPDATE", PUBLISHING, PUBLISHING),
    "team_read": ("team", "SELECT", "app_belongs(place_id)", None),
    "team_insert": ("team", "INSERT", None, f"created_by = {ME} AND {to_sql(teams.CHIEF, 'team')}"),
    "team_update": (
        "team",
        "UPDATE",
        f"app_leads(id, place_id) OR {to_sql(teams.CHIEF, 'team')}",
        f"disbanded_at IS NULL OR {to_sql(teams.CHIEF, 'team')}",
    ),
    "team_member_read": (
        "team_member",
        "SELECT",
        f"person_id = {ME} OR {to_sql(teams.STAFF, 'team_member')} OR {LEADS} OR {WORKS_BELOW}",
        None,
    ),
    "team_member_insert": (
        "team_member",
        "INSERT",
        None,
        (
            f"added_by = {ME} AND person_holds(person_id, place_id, 'volunteer')"
            f" AND ({to_sql(teams.CHIEF, 'team_member')} OR {LEADS})"
        ),
    ),
    "team_member_update": (
        "team_member",
        "UPDATE",
        f"person_id = {ME} OR {to_sql(teams.CHIEF, 'team_member')} OR {LEADS}",
        f"ended_by = {ME}",
    ),
    "skill_read": (
        "skill",
        "SELECT",
        f"person_id = {ME} OR {to_sql(teams.STAFF, 'skill')} OR {WORKS_BELOW}",
        None,
    ),
    "skill_insert": (
        "skill",
        "INSERT",
        None,
        (
            f"seen_by = {ME} AND seen_by <> person_id AND {to_sql(teams.SEES_LICENCE, 'skill')}"
            f" AND (licence_sealed IS NOT NULL OR code <> ALL ('{{{','.join(sorted(LICENSED))}}}'))"
            f" AND (person_holds(person_id, place_id, 'volunteer') OR {NAMED_WHEN_APPLYING})"
        ),
    ),
    "skill_update": ("skill", "UPDATE", f"person_id = {ME} OR {to_sql(teams.SEES_LICENCE, 'skill')}", None),
    "volunteer_profile_insert": ("volunteer_profile", "INSERT", None, f"person_id = {ME}"),
    "volunteer_profile_update": ("volunteer_profile", "UPDATE", f"person_id = {ME}", None),
    "volunteer_application_read": (
        "volunteer_application",
        "SELECT",
        f"person_id = {ME} OR {to_sql(teams.CHIEF, 'volunteer_application')} OR {STILL_TO_RECORD}",
        None,
    ),
    "volunteer_application_insert": (
        "volunteer_application",
        "INSERT",
        None,
        f"person_id = {ME} AND decided_at IS NULL AND {to_sql(teams.RESIDENT, 'volunteer_application')}",
    ),
    "volunteer_application_update": (
        "volunteer_application",
        "UPDATE",
        f"person_id = {ME} OR {to_sql(teams.CHIEF, 'volunteer_application')}",
        (
            f"(person_id = {ME} AND withdrawn_at IS NOT NULL)"
            f" OR (decided_by = {ME} AND {to_sql(teams.CHIEF, 'volunteer_application')})"
        ),
    ),
    "deadline_policy_insert": ("deadline_policy", "INSERT", None, to_sql(deadlines.PUBLISH, "deadline_policy")),
    "deadline_policy_draft_read": (
        "deadline_policy_draft",
        "SELECT",
        to_sql(deadlines.PUBLISH, "deadline_policy_draft"),
        None,
    ),
    "deadline_policy_draft_update": (
        "deadline_policy_draft",
        "UPDATE",
        to_sql(deadlines.PUBLISH, "deadline_policy_draft"),
        f"published_by = {ME} AND {to_sql(deadlines.PUBLISH, 'deadline_policy_draft')}",
    ),
    "deadline_policy_draft_insert": (
        "deadline_policy_draft",
        "INSERT",
        None,
        to_sql(deadlines.PUBLISH, "deadline_policy_draft"),
    ),
    "refused_term_read": (
        "refused_term",
        "SELECT",
        f"{to_sql(terms.READ, 'refused_term')} OR app_stands_below(place_id, '{{{','.join(sorted(terms.READERS))}}}')",
        None,
    ),
    "refused_term_insert": (
        "refused_term",
        "INSERT",
        None,
        f"added_by = {ME} AND ended_at IS NULL AND {to_sql(terms.KEEP, 'refused_term')}",
    ),
    "refused_term_update": (
        "refused_term",
        "UPDATE",
        to_sql(terms.KEEP, "refused_term"),
        f"ended_by = {ME} AND {to_sql(terms.KEEP, 'refused_term')}",
    ),
    "exclusion_read": (
        "exclusion",
        "SELECT",
        f"{to_sql(exclusions.READ, 'exclusion')} OR (upheld AND app_sees_detail(matter_id))",
        None,
    ),
    "exclusion_insert": (
        "exclusion",
        "INSERT",
        None,
        (
            f"proposed_by = {ME} AND decided_at IS NULL AND {to_sql(exclusions.PROPOSE, 'exclusion')} AND matter_id ="
            " coalesce((SELECT k.matter_id FROM mark k WHERE k.deadline_id = exclusion.deadline_id AND k.percent = 100),"
            " (SELECT c.matter_id FROM callback c WHERE c.id = exclusion.callback_id AND c.settled_at IS NOT NULL))"
        ),
    ),
    "exclusion_update": (
        "exclusion",
        "UPDATE",
        to_sql(exclusions.READ, "exclusion"),
        f"decided_by = {ME} AND app_reaches_from_street(place_id, '{{{','.join(sorted(exclusions.REVIEWERS))}}}')",
    ),
    "supervision_update": (
        "supervision",
        "UPDATE",
        "app_sees(matter_id)",
        (
            f"answered_by = {ME} AND (SELECT true FROM matter m WHERE m.id = matter_id AND"
            f" ({cases.office.to_sql('m')} OR {cases.lead.to_sql('m')}))"
        ),
    ),
    "callback_read": (
        "callback",
        "SELECT",
        f"reporter_id = {ME} OR {callbacks.READ.to_sql('callback')} OR {REPRESENTED_THERE}",
        None,
    ),
    "callback_update": (
        "callback",
        "UPDATE",
        f"reporter_id = {ME} OR may_call_back(matter_id) OR {REPRESENTED_THERE}",
        f"coalesce(settled_by, {ME}) = {ME} AND (state = 'open' OR call_reason IS NULL OR may_call_back(matter_id))",
    ),
    "callback_try_read": (
        "callback_try",
        "SELECT",
        "EXISTS (SELECT 1 FROM callback c WHERE c.id = callback_id)",
        None,
    ),
    "callback_try_insert": (
        "callback_try",
        "INSERT",
        None,
        (
            f"tried_by = {ME} AND EXISTS (SELECT 1 FROM callback c JOIN matter m ON m.id = c.matter_id"
            " WHERE c.id = callback_id AND c.matter_id = callback_try.matter_id AND c.state = 'open'"
            f" AND CASE WHEN channel = 'self' THEN c.reporter_id = {ME}"
            f" OR (m.requester_id = c.reporter_id AND m.beneficiary_id = {ME}) ELSE may_call_back(c.matter_id) END)"
        ),
    ),
    "calendar_hours_read": ("calendar_hours", "SELECT", "true", None),
    "calendar_hours_insert": ("calendar_hours", "INSERT", None, to_sql(deadlines.PUBLISH, "calendar_hours")),
    "station_read": ("station", "SELECT", "true", None),
    "station_insert": ("station", "INSERT", None, f"set_by = {ME} AND {to_sql(places.CHIEF, 'station')}"),
    "workday_set_read": ("workday_set", "SELECT", "true", None),
    "workday_set_insert": ("workday_set", "INSERT", None, TREE),
    "workday_set_update": ("workday_set", "UPDATE", TREE, TREE),
    "role_grant_read": (
        "role_grant",
        "SELECT",
        (
            f"person_id = {ME} OR {to_sql(people.STAFF, 'role_grant')} OR (role = 'volunteer' AND {WORKS_BELOW})"
            f" OR (role NOT IN ({OFFICELESS}) AND (ends_at IS NULL OR ends_at > (SELECT app_now())) AND {WORKS_BELOW})"
        ),
        None,
    ),
    "role_grant_insert": ("role_grant", "INSERT", None, f"granted_by = {ME} AND ({granting()})"),
    # A resident leaves, a volunteer ends the own role and does nothing else to it.
    "role_grant_update": (
        "role_grant",
        "UPDATE",
        f"(role IN ('resident', 'volunteer') AND person_id = {ME}) OR {ENDING}",
        (
            f"(role = 'resident' AND person_id = {ME}) OR (role = 'volunteer' AND person_id = {ME} AND ends_at <= app_now())"
            f" OR {ENDING}"
        ),
    ),
    "representation_read": ("representation", "SELECT", REPRESENTED, None),
    "representation_update": ("representation", "UPDATE", REPRESENTED, None),
    "household_card_read": ("household_card", "SELECT", to_sql(representations.STAFF, "household_card"), None),
    "household_card_update": ("household_card", "UPDATE", to_sql(representations.STAFF, "household_card"), None),
    "household_card_insert": (
        "household_card",
        "INSERT",
        None,
        (
            f"issued_by = {ME} AND ended_at IS NULL AND person_holds(person_id, place_id, 'resident')"
            f" AND {to_sql(representations.STAFF, 'household_card')}"
        ),
    ),
    "contest_read": ("contest", "SELECT", "app_sees_detail(matter_id)", None),
    "contest_update": ("contest", "UPDATE", "app_sees(matter_id)", f"decided_by = {ME}"),
    "case_extension_insert": (
        "case_extension",
        "INSERT",
        None,
        f"asked_by = {ME} AND decided_by IS NULL AND app_sees_whole(matter_id)",
    ),
    "case_extension_update": ("case_extension", "UPDATE", "app_sees(matter_id)", f"decided_by = {ME}"),
    "case_minutes_read": ("case_minutes", "SELECT", BOARD, None),
    "case_promise_update": ("case_promise", "UPDATE", "app_sees(matter_id)", f"kept_by = {ME}"),
    "unit_rating_insert": ("unit_rating", "INSERT", None, f"rated_by = {ME} AND {board.office.to_sql('unit_rating')}"),
    "whistle_rating_insert": ("whistle_rating", "INSERT", None, f"rated_by = {ME} AND app_unit(unit_id) IS NOT NULL"),
    "person_insert": ("person", "INSERT", None, f"openid IS NULL AND ({anywhere(people.STAFF)})"),
}


FUNCTIONS = {
    # Whether the matter with this id is seen, and what it is about; NULL for one that does not exist yet.
    "app_sees": f"({READ} OR ({MOVED_JUST_NOW})) IS TRUE",
    "app_sees_detail": (
        f"(kind = 'order' AND {to_sql(orders.DETAIL)}) OR (kind <> 'order' AND app_sees_official(matter)) OR ({MOVED_JUST_NOW})"
    ),
}
OFFICIAL = f"(kind = 'case' AND {to_sql(cases.READ)}) OR (kind = 'assignment' AND {to_sql(board.READ)})"
