"""The SQL of an order's page beside its own columns: what shows that it was done, and what waits for whoever reads it."""

from app.domain.orders.policy import clerk, staff
from app.kernel.rules import to_sql

EVIDENCE = """(SELECT coalesce(jsonb_agg(jsonb_build_object('kind', e.kind, 'text', e.text, 'sha256', e.sha256,
                          'taken_at', e.taken_at, 'round', e.round) ORDER BY e.round, e.given_at, e.id), '[]')
                 FROM order_evidence e WHERE e.matter_id = matter.id)"""
"""What shows that it was done, as far as the reader may see it."""

DAY = """(SELECT concat_ws(' ', coalesce(p.name, ''), d.spot) FROM slot_booking b
           LEFT JOIN service_day d ON d.id = b.day_id LEFT JOIN place p ON p.id = d.place_id
          WHERE b.matter_id = a.matter_id AND b.booked_at = a.proposed_at)"""
"""Where one goes for an appointment `a` that is a slot of a service day: agreed on in the moment in which it was booked, never
moved. NULL: it is at home; '': it is on a day that the reader does not see."""

APPOINTMENTS = f"""(SELECT coalesce(jsonb_agg(jsonb_build_object('meet_at', a.meet_at, 'by_resident', a.by_resident,
                              'confirmed', a.confirmed_at IS NOT NULL, 'day', {DAY})), '[]')
                     FROM appointment a WHERE a.matter_id = matter.id AND a.ended_at IS NULL)"""
"""The time that both sides confirmed, and the one that waits for the other side."""

ROW = {
    "contact_name_sealed": "(SELECT c.name_sealed FROM order_contact c WHERE c.matter_id = matter.id)",
    "meet_at": """(SELECT a.meet_at FROM appointment a
                    WHERE a.matter_id = matter.id AND a.ended_at IS NULL AND a.confirmed_at IS NOT NULL)""",
    "offered_team": "CASE matter.state WHEN 'offered' THEN (SELECT t.name FROM team t WHERE t.id = matter.team_id) END",
    "offered_name_sealed": """CASE matter.state WHEN 'offered' THEN
         (SELECT p.name_sealed FROM person p WHERE p.id = matter.assignee_id) END""",
}
"""What tells one row of a list from the next, as far as row-level security shows it: whom it is for, when they meet,
and to whom it is offered."""

REWORK_REASON = """(SELECT h.note ->> 'reason' FROM history h
                     WHERE h.matter_id = matter.id AND h.action = 'rework' ORDER BY h.version DESC LIMIT 1)"""
"""What was missing in the round before: whoever comes again has to know it, though never who rated and how (a complaint about
attitude is not kept there)."""

CONVERT_REASON = (
    """(SELECT h.note ->> 'reason' FROM history h WHERE h.matter_id = matter.id AND h.action = 'convert')"""
)
"""Why the staff made a case of it; NULL: its plan was missed, or it is none."""

PLACED_THROUGH = "(SELECT h.through FROM history h WHERE h.matter_id = matter.id AND h.version = 1)"
"""As what it was placed: whose it is may have changed since then."""

SPEAKS_FOR_RESIDENT = f"""({to_sql((clerk,))} AND NOT {to_sql((staff,))})"""
"""The station is there for whoever rings; whoever dispatches as well is there for whoever serves (`appointments.py`)."""

SKILLED = """EXISTS (SELECT 1 FROM service s WHERE s.id = order_detail.service_id AND (s.skill = '' OR EXISTS (
            SELECT 1 FROM skill k WHERE k.person_id = app_actor() AND k.code = s.skill AND k.ended_at IS NULL
               AND (k.licence_until IS NULL OR k.licence_until >= (app_now() AT TIME ZONE 'Asia/Shanghai')::date))))"""
"""Whether the reader has the skill that the service wants (`volunteer_facts` in migrations/sql/0007_fitness.sql)."""

RECEIPTS = "CASE order_detail.form WHEN 'errand' THEN order_receipts_of(matter.id) END"

# What the actions that answer something would find: a question, an appointment that the other side proposed, pauses, an authority
# of the reader's; whether the order is somebody else's, who may be sent; and whether a further round is still the resident's to
# ask for.
WAITS = f"""(SELECT to_jsonb(w) FROM (
  SELECT EXISTS (SELECT 1 FROM order_post q WHERE q.matter_id = matter.id AND q.kind = 'question'
            AND NOT EXISTS (SELECT 1 FROM order_post a WHERE a.answers = q.id)) AS answer,
         t.movable AND (NOT t.agreed OR o.side) AND coalesce(n.meet_at > app_now() AND n.by_resident <> o.resident
            AND (NOT t.agreed OR n.by_resident OR n.proposed_by = matter.assignee_id)
            AND meets_near(matter.id, matter.assignee_id, n.meet_at) IS NULL, false) AS confirm,
         t.movable AND (NOT t.agreed OR o.side) AS propose,
         coalesce(p.resume, false) AS resume, coalesce(p.dispute, false) AS dispute, coalesce(p.decide, false) AS decide,
         EXISTS (SELECT 1 FROM order_authority y WHERE y.matter_id = matter.id AND y.ended_at IS NULL) AS withdraw_authority,
         EXISTS (SELECT 1 FROM order_authority y WHERE y.matter_id = matter.id AND y.ended_at IS NULL AND y.agent_id = app_actor()
            AND y.until_at > app_now()) AND v.skilled AS hand_over_papers,
         EXISTS (SELECT 1 FROM deadline d WHERE d.matter_id = matter.id AND d.round = matter.round AND d.stopped_at IS NULL
            AND d.pausable AND NOT EXISTS (SELECT 1 FROM deadline_pause s WHERE s.deadline_id = d.id AND NOT s.annulled
               AND s.from_at <= app_now() AND s.until_at > app_now())) AS pause,
         o.others AS offer, o.others AND NOT v.away AND (matter.assignee_id = app_actor() OR v.skilled) AS accept,
         o.others AND NOT v.away AND v.skilled AS claim, o.others AND NOT v.away AND v.skilled AS claim_wish,
         v.skilled AS start, o.others AS recategorise,
         o.theirs OR NOT side_logs_in(matter.id) AS rate,
         (matter.round <= 1 AND (o.theirs OR NOT side_logs_in(matter.id)))
            OR (app_actor() NOT IN (matter.requester_id, matter.beneficiary_id)
                AND app_reaches(matter.place_id, '{{administrator,secretary}}')) AS rework
    FROM (SELECT app_actor() NOT IN (matter.requester_id, matter.beneficiary_id, matter.placed_by)
                 AND NOT person_represents(app_actor(), matter.beneficiary_id) AS others,
                 app_actor() IN (matter.requester_id, matter.beneficiary_id, matter.placed_by) AS theirs,
                 app_actor() IN (matter.requester_id, matter.beneficiary_id, matter.placed_by) OR k.rings AS resident,
                 coalesce(app_actor() IN (matter.requester_id, matter.beneficiary_id, matter.placed_by, matter.assignee_id),
                          false) OR k.rings AS side
            FROM (SELECT {SPEAKS_FOR_RESIDENT} AS rings) k) o
   CROSS JOIN (SELECT app_is_away() AS away, {SKILLED} AS skilled) v
   CROSS JOIN (SELECT bool_or(s.reason <> 'undone' AND NOT s.annulled AND d.stopped_at IS NULL
                         AND s.from_at <= app_now() AND s.until_at > app_now()) AS resume,
                 bool_or(s.reason <> 'undone' AND s.disputed_at IS NULL) AS dispute,
                 bool_or(s.disputed_at IS NOT NULL AND s.decided_at IS NULL AND s.paused_by <> app_actor()) AS decide
            FROM deadline d JOIN deadline_pause s ON s.deadline_id = d.id
           WHERE d.matter_id = matter.id AND d.round = matter.round) p
   CROSS JOIN (SELECT count(a.confirmed_at) > 0 AS agreed, (order_detail.form <> 'service_day'
                         OR order_booking_of(matter.id) IS NULL)
                      AND NOT EXISTS (SELECT 1 FROM deadline d WHERE d.matter_id = matter.id AND d.kind = 'appointment'
                                         AND d.stopped_at IS NULL AND d.due_at <= app_now()) AS movable
                 FROM appointment a WHERE a.matter_id = matter.id AND a.ended_at IS NULL) t
    LEFT JOIN appointment n ON n.matter_id = matter.id AND n.ended_at IS NULL AND n.confirmed_at IS NULL) w)"""
