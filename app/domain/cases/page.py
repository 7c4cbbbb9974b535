"""The SQL of what each action on a case or an assignment would find, so that a page offers its reader what would be accepted.
An action that is not named here is offered as the lifecycle says. They ask what the verbs ask of their facts."""

from app.domain.cases.facts import REPORTED_IN

_OFFICE = "{administrator,dispatcher,secretary}"
_HEADS = "{administrator,secretary}"
_OWN_LEVEL = f"(s.level = 'community' OR app_reaches(m.seat_id, '{_OFFICE}'))"
_ALONE = "jsonb_array_length(merged_into(m.id)) = 0"
_TO_DECIDE = (
    "EXISTS (SELECT 1 FROM whistle w WHERE w.matter_id = m.id AND w.decided_at IS NULL AND w.blown_at IS {} NULL)"
)
_DUTY = """NOT EXISTS (SELECT 1 FROM case_duty y WHERE y.matter_id = m.id AND y.person_id = app_actor() AND y.duty <> '{}')"""
_BOARD = "EXISTS (SELECT 1 FROM assignment_detail b WHERE b.case_id = m.id)"
_EXTENSION = "SELECT 1 FROM case_extension e WHERE e.matter_id = m.id"
_NOT_KEPT = "q.matter_id = m.id AND q.round = m.round AND q.kept_at IS NULL"
_HOLDS = (
    f"CASE WHEN m.state = 'whistled' THEN app_unit(m.unit_id) IS NOT NULL ELSE app_reaches(m.seat_id, '{_OFFICE}') END"
)

CASE_WAITS = f"""jsonb_build_object(
  'escalate', {_OWN_LEVEL} AND EXISTS (
     SELECT 1 FROM place_ancestor b JOIN place t ON t.id = b.ancestor_id
      WHERE b.place_id = m.seat_id AND b.depth > 0 AND t.level IN ('street', 'district')),
  'hand_down', s.level <> 'community', 'hang', s.level <> 'community', 'deliberate', coalesce(d.lane, 'big') = 'big',
  'withdraw', {_ALONE} AND NOT EXISTS (SELECT 1 FROM case_reporter r WHERE r.matter_id = m.id
     AND r.person_id NOT IN (m.requester_id, m.beneficiary_id)),
  'add_minutes', {_BOARD}, 'add_promise', {_BOARD},
  'merge', {_ALONE} AND NOT (d.emergency AND m.state = 'reported'), 'return_result', d.returns < 2,
  'propose_whistle', {_OWN_LEVEL} AND NOT EXISTS (
     SELECT 1 FROM whistle w WHERE w.matter_id = m.id AND w.decided_at IS NULL),
  'approve_whistle', {_TO_DECIDE.format("")}, 'refuse_whistle', {_TO_DECIDE.format("")},
  'confirm_whistle', {_TO_DECIDE.format("NOT")},
  'submit_result', {_OWN_LEVEL} AND {_DUTY.format("handler")}, 'submit_whistled', {_DUTY.format("handler")} AND EXISTS (
     SELECT 1 FROM assignment_detail a WHERE a.case_id = m.id AND a.leads AND a.whistle_id = d.whistle_id
        AND {REPORTED_IN.format(assignment="a.matter_id")}),
  'answer_callback', m.state = 'callback' AND EXISTS (
     SELECT 1 FROM callback k WHERE k.matter_id = m.id AND k.round = m.round AND k.state = 'open'
        AND (k.reporter_id = app_actor() OR (m.beneficiary_id = app_actor() AND k.reporter_id = m.requester_id))
        AND NOT EXISTS (SELECT 1 FROM callback_try t WHERE t.callback_id = k.id AND t.channel = 'self')),
  'record_callback', m.state = 'callback' AND may_call_back(m.id) AND {_DUTY.format("callback")} AND EXISTS (
     SELECT 1 FROM callback k WHERE k.matter_id = m.id AND k.round = m.round AND k.state = 'open'
        AND k.call_reason IS NOT NULL),
  'request_extension', {_HOLDS} AND NOT EXISTS ({_EXTENSION}) AND EXISTS (
     SELECT 1 FROM deadline g WHERE g.matter_id = m.id AND g.stopped_at IS NULL AND g.due_at > app_now()
        AND (g.kind LIKE 'resolve%' OR g.kind = 'milestone')),
  'decide_extension', EXISTS ({_EXTENSION} AND e.decided_at IS NULL AND e.asked_by <> app_actor())
     AND (app_reaches(s.parent_id, '{{supervisor}}')
          OR app_reaches(CASE WHEN m.state = 'whistled' THEN m.seat_id ELSE s.parent_id END, '{_HEADS}')),
  'finish_promise', EXISTS (
     SELECT 1 FROM case_promise q WHERE {_NOT_KEPT}
        AND (app_unit(q.unit_id) IS NOT NULL OR app_unit(m.unit_id) IS NOT NULL OR app_reaches(m.seat_id, '{_OFFICE}')))
     AND (m.state <> 'whistled' OR (SELECT count(*) FROM case_promise q WHERE {_NOT_KEPT}) > 1
          OR NOT EXISTS (SELECT 1 FROM whistle w WHERE w.id = d.whistle_id AND w.kind = 'hard')),
  'answer_supervision', (m.state <> 'whistled' OR app_unit(m.unit_id) IS NOT NULL) AND EXISTS (
     SELECT 1 FROM supervision v WHERE v.matter_id = m.id AND v.answered_at IS NULL),
  'terminate', app_actor() NOT IN (m.requester_id, m.beneficiary_id)
     AND NOT EXISTS (SELECT 1 FROM history h WHERE h.matter_id = m.id AND h.actor_id = app_actor())
     AND NOT EXISTS (SELECT 1 FROM case_duty y WHERE y.matter_id = m.id AND y.person_id = app_actor())
     AND NOT EXISTS (SELECT 1 FROM case_reporter r WHERE r.matter_id = m.id AND r.person_id = app_actor()))"""
"""Of a case `m` with its detail `d` and its seat `s`."""

_UNTOUCHED = """NOT EXISTS (
     SELECT 1 FROM history h WHERE h.matter_id = d.case_id AND h.actor_id = app_actor() AND h.action <> 'reseat')
     AND NOT EXISTS (SELECT 1 FROM assignment_detail y JOIN history h ON h.matter_id = y.matter_id AND h.actor_id = app_actor()
                      WHERE y.case_id = d.case_id AND h.action NOT IN ('uphold', 'dismiss', 'dismiss_reported', 'send'))"""
_STILL_ASKED = """EXISTS (SELECT 1 FROM matter k WHERE k.id = d.case_id
     AND (k.state IN ('whistled', 'result')
      OR (k.state IN ('callback', 'closed', 'closed_unreached') AND d.role = 'lead')))"""
_WENT_UP = """EXISTS (SELECT 1 FROM deadline g WHERE g.matter_id = m.id AND g.kind = 'arbitration' AND g.stopped_at IS NULL
                 AND g.due_at <= app_now())
     AND NOT coalesce((SELECT app_reaches(t.id, '{arbiter}') FROM place_ancestor b JOIN place t ON t.id = b.ancestor_id
                        WHERE b.place_id = m.place_id AND t.level IN ('district', 'city', 'province')
                        ORDER BY b.depth LIMIT 1), true)"""
_ARBITER = f"""app_unit(m.unit_id) IS NULL AND NOT 'seated' = ANY (app_parts(m.id))
     AND {_DUTY.format("arbiter").replace("m.id", "d.case_id")} AND {_UNTOUCHED} AND {_STILL_ASKED} AND NOT ({_WENT_UP})"""
_CAME = REPORTED_IN.format(assignment="m.id")
_ENDED = """NOT EXISTS (SELECT 1 FROM matter k WHERE k.id = d.case_id AND k.state IN ('whistled', 'result'))"""

ASSIGNMENT_WAITS = f"""jsonb_build_object(
  'contest', NOT d.contested AND app_now() < d.contest_until AND NOT (m.category = 'emergency' AND m.state = 'signed'),
  'excuse', d.role <> 'lead', 'finish', d.role <> 'lead', 'uphold', {_ARBITER},
  'dismiss', {_ARBITER} AND NOT {_CAME}, 'dismiss_reported', {_ARBITER} AND {_CAME},
  'rate_department', {_ENDED} AND d.excuse IS NULL AND app_unit(m.unit_id) IS NULL
     AND NOT EXISTS (SELECT 1 FROM unit_rating r WHERE r.matter_id = m.id),
  'rate_whistler', {_ENDED} AND NOT EXISTS (SELECT 1 FROM whistle_rating r WHERE r.matter_id = m.id))"""
"""Of an assignment `m` with its detail `d`."""
