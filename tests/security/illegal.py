"""Statements that the tests of illegal SQL try, with blanks, and what Postgres answers."""

NO_RIGHT = "42501"  # insufficient_privilege: no grant, or row-level security
BROKEN = "23514"  # check_violation: a constraint or one of our triggers
TWICE = "23505"  # unique_violation
ABSENT = "23503"  # foreign_key_violation
COMPUTED = "428C9"  # generated_always
NOTHING = ("done: UPDATE 0", "done: DELETE 0")  # there is no such row for this actor

MATTER = (
    "INSERT INTO matter (id, kind, place_id, state, version, round, requester_id, beneficiary_id, placed_by, open_pool,"
    " moved_by, moved_in, created_at, changed_at) VALUES ('{new}', {kind}, {place}, {state}, 1, 1, {by}, {by}, {by}, false,"
    " {by}, 0, app_now(), app_now())"
)
HISTORY = (
    "INSERT INTO history (matter_id, version, place_id, action, to_state, actor_id, through, at, note)"
    " VALUES ({matter}, 99, {place}, 'cancel', 'cancelled', {by}, 'requester', app_now(), '{{}}')"
)
RATING = (
    "INSERT INTO rating (matter_id, round, place_id, rater_id, solved, stars, rated_at)"
    " VALUES ({matter}, 2, '{east}', {by}, 'yes', 5, app_now())"
)
GRANT = (
    "INSERT INTO role_grant (id, person_id, place_id, role, starts_at, granted_by, version)"
    " VALUES ('{new}', {whom}, {place}, {role}, app_now(), {by}, 1)"
)
PERSON = "INSERT INTO person (id, openid, created_at, version) VALUES ('{new}', {openid}, app_now(), 1)"
POLICY = (
    "INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, version, calendar, budget_seconds, percents,"
    " published_by, published_at) VALUES ('{new}', {place}, 'order', 'respond', 9, 'WALL', 1, '{{100}}', {by}, app_now())"
)
BUDGET = (
    "INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, version, calendar, budget_seconds, budget_days,"
    " percents, published_by, published_at) VALUES ('{new}', '{east}', 'order', 'plan', 9, {calendar}, {seconds}, {days},"
    " '{{100}}', app_actor(), app_now())"
)
EFFECT = "INSERT INTO policy_effect VALUES ({policy}, 100, 'notify', 'requester')"
SERVICE = (
    "INSERT INTO service (id, place_id, name, description, published_by, created_at, version)"
    " VALUES ('{new}', {place}, 'x', 'x', {by}, app_now(), 1)"
)
RECORD = (
    "INSERT INTO audit (subject_id, version, kind, place_id, action, actor_id, at, note)"
    " VALUES ('{new}', 1, 'service', '{east}', 'publish', {by}, app_now(), '{{}}')"
)
RECEIPT = (
    "INSERT INTO idempotency (actor_id, operation, key, fingerprint, receipt, created_at)"
    " VALUES ({by}, 'placeOrder', 'k', 'f', '{{}}', app_now())"
)
NOTICE = (
    "INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, to_person, payload, created_by, created_at, retry_at,"
    " attempts) VALUES ('{new}', 'notice', 'x', 'order', '{new}', '{resident}', '{{}}', {by}, app_now(), app_now(), 0)"
)
DEADLINE = (
    "INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired)"
    " SELECT '{new}', matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired FROM deadline"
)

NEW_DEADLINE = (
    "INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired)"
    " SELECT '{new}', {matter}, '{east}', 'x', 1, p.id, t.now, t.now + interval '1 day', '{{100}}',"
    " ARRAY[t.now + interval '1 day'], 0 FROM deadline_policy p, (SELECT app_now() AS now) t LIMIT 1"
)
PAUSE = (
    "INSERT INTO deadline_pause (id, deadline_id, matter_id, place_id, pausable, reason, text, paused_by, from_at, until_at,"
    " limit_at) VALUES ('{new}', {deadline}, {matter}, '{east}', {pausable}, {reason}, '台风', {by}, app_now(),"
    " app_now() + interval '1 hour', app_now() + interval '1 hour')"
)
DECISION = (
    "UPDATE deadline_pause SET disputed_at = app_now(), dispute = 'x', decided_at = app_now(), decided_by = {by},"
    " decision = 'x', annulled = true WHERE matter_id = '{running}'"
)
POST = (
    "INSERT INTO order_post (id, matter_id, place_id, round, kind, text, answers, posted_by, posted_at)"
    " VALUES ('{new}', {matter}, '{east}', 1, {kind}, 'x', {answers}, {by}, app_now())"
)
MEETING = (
    "INSERT INTO appointment (id, matter_id, place_id, meet_at, proposed_by, by_resident, proposed_at, confirmed_by,"
    " confirmed_at) VALUES ('{new}', {matter}, '{east}', app_now() + interval '1 hour', {by}, true, app_now(), {confirmed})"
)
MOVING = (
    "INSERT INTO appointment (id, matter_id, place_id, meet_at, proposed_by, by_resident, proposed_at, first_id)"
    " VALUES ('{new}', {matter}, '{east}', app_now() + interval '1 hour', app_actor(), true, app_now(), {first})"
)
MEET = "UPDATE appointment SET {what} WHERE matter_id = '{running}'"
HOURS = (
    "INSERT INTO calendar_hours (id, place_id, calendar, version, week, published_by, published_at)"
    " VALUES ('{new}', {place}, {calendar}, 9, '[]', app_actor(), app_now())"
)
DRAFT = (
    "INSERT INTO deadline_policy_draft (id, place_id, matter_kind, deadline_kind, category, limits, drafted_by, drafted_at)"
    " VALUES ('{new}', {place}, 'order', 'plan', '', '{{}}', app_actor(), app_now())"
)
USED = "UPDATE deadline_policy_draft SET published_by = {by}, published_at = app_now() WHERE place_id = '{east}'"
WORKDAYS = (
    "INSERT INTO workday_set (id, version, years, days, source, imported_by, imported_at)"
    " VALUES ('{new}', 9, '{{2027}}', '{{}}', 'x', app_actor(), app_now())"
)

DELAY = "UPDATE deadline SET due_at = due_at + interval '1 day', times[2] = times[2] + interval '1 day'"
PLACE = (
    "INSERT INTO place (id, code, parent_id, level, name)"
    " VALUES ('{new}', '990000000999', '{street}', 'community', 'x')"
)


def fill(template: str, **values: str) -> str:
    """Some of a template's blanks; the world's ids come later."""
    for name, value in values.items():
        template = template.replace("{" + name + "}", value)
    return template


ME, RUNNING, MISSED = "app_actor()", "'{running}'", "'{missed}'"
RESPOND, COORDINATE = "'{respond}'", "'{coordinate}'"
