-- Who may touch which table, and which rows of it. Denied by default: a table without a policy for a role shows it nothing.
-- The owner's own data migrations need policies too, since row-level security is forced on it.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO linli_app, linli_worker, linli_checker;

-- Open to every process, without rows of anybody's: the rules themselves, the clock, the heart.
GRANT SELECT ON allowed_transition, promised_state, clock_shift, heartbeat, alembic_version
  TO linli_app, linli_worker, linli_checker;
GRANT INSERT, UPDATE ON heartbeat TO linli_worker;

-- The application. What it may do to a row says the policy; columns that it must never read are left out here.
GRANT SELECT, INSERT, UPDATE, DELETE ON place, place_ancestor TO linli_app;
GRANT SELECT (id, login_name, name_sealed, phone_sealed, phone_index, address_sealed, disabled_at, created_at, version),
      INSERT, UPDATE (login_name, password_hash, name_sealed, phone_sealed, phone_index, address_sealed, disabled_at, version)
  ON person TO linli_app;
GRANT SELECT, INSERT, UPDATE ON role_grant, service, matter, order_detail, order_contact, deadline TO linli_app;
GRANT SELECT, UPDATE ON inbox_message TO linli_app;
GRANT SELECT, INSERT ON history, audit, idempotency, mark, rating, deadline_policy, policy_effect TO linli_app;
GRANT INSERT ON outbox TO linli_app;

-- The worker: sweep, relay, reactions and jobs, through explicit policies.
GRANT SELECT ON place, place_ancestor, role_grant, service, deadline_policy, policy_effect TO linli_worker;
GRANT SELECT (id, openid, disabled_at) ON person TO linli_worker;
GRANT SELECT, INSERT, UPDATE ON matter, order_detail, deadline, inbox_message TO linli_worker;
GRANT SELECT, INSERT ON history, mark TO linli_worker;
GRANT SELECT, INSERT, DELETE ON idempotency TO linli_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO linli_worker;

-- The checker: whatever a SECURITY DEFINER function or the invariants look at.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO linli_checker;

DO $$
DECLARE t text;
BEGIN
  FOR t IN SELECT relname FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
              AND relname NOT IN ('allowed_transition', 'promised_state', 'clock_shift', 'heartbeat', 'alembic_version')
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_owner USING (true) WITH CHECK (true)', t || '_of_owner', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO linli_checker USING (true)', t || '_of_checker', t);
    IF t NOT IN ('session', 'refresh_token') THEN
      EXECUTE format('CREATE POLICY %I ON %I TO linli_worker USING (true) WITH CHECK (true)', t || '_of_worker', t);
    END IF;
  END LOOP;
END $$;

CREATE POLICY person_made_at_login ON person FOR INSERT TO linli_checker WITH CHECK (openid IS NOT NULL);

-- The tree, the services and the limits are nobody's secret; they are changed by those who look after the place.
CREATE POLICY place_read ON place FOR SELECT TO linli_app USING (true);
CREATE POLICY place_write ON place TO linli_app
  USING ((SELECT app_administers_tree())) WITH CHECK ((SELECT app_administers_tree()));
CREATE POLICY place_ancestor_read ON place_ancestor FOR SELECT TO linli_app USING (true);
CREATE POLICY place_ancestor_write ON place_ancestor TO linli_app
  USING ((SELECT app_administers_tree())) WITH CHECK ((SELECT app_administers_tree()));
CREATE POLICY service_read ON service FOR SELECT TO linli_app USING (true);
CREATE POLICY service_insert ON service FOR INSERT TO linli_app
  WITH CHECK (app_reaches(place_id, '{administrator,secretary}'));
CREATE POLICY service_update ON service FOR UPDATE TO linli_app
  USING (app_reaches(place_id, '{administrator,secretary}')) WITH CHECK (app_reaches(place_id, '{administrator,secretary}'));
CREATE POLICY deadline_policy_read ON deadline_policy FOR SELECT TO linli_app USING (true);
CREATE POLICY deadline_policy_insert ON deadline_policy FOR INSERT TO linli_app
  WITH CHECK (app_reaches(place_id, '{administrator}'));
CREATE POLICY policy_effect_read ON policy_effect FOR SELECT TO linli_app USING (true);
-- Effects come in the statement that publishes their policy, which it does not see yet; afterwards none is added.
CREATE POLICY policy_effect_insert ON policy_effect FOR INSERT TO linli_app
  WITH CHECK ((SELECT app_holds('{administrator}')) AND NOT EXISTS (SELECT 1 FROM deadline_policy p WHERE p.id = policy_id));

-- People: oneself; those with a role where one works; the volunteer who serves one's order, while it is live.
CREATE POLICY person_read ON person FOR SELECT TO linli_app USING (
  id = app_actor()
  OR (SELECT true FROM role_grant g WHERE g.person_id = person.id AND (g.ends_at IS NULL OR g.ends_at > (SELECT app_now()))
       LIMIT 1)
  OR (SELECT true FROM matter m WHERE m.assignee_id = person.id AND m.requester_id = app_actor()
         AND m.state IN ('accepted', 'in_service') LIMIT 1));
CREATE POLICY person_insert ON person FOR INSERT TO linli_app
  WITH CHECK (openid IS NULL AND (SELECT app_holds('{station_staff,dispatcher,secretary,administrator}')));
CREATE POLICY person_update ON person FOR UPDATE TO linli_app
  USING (id = app_actor() OR app_administers(id)) WITH CHECK (id = app_actor() OR app_administers(id));

CREATE POLICY role_grant_read ON role_grant FOR SELECT TO linli_app USING (
  person_id = app_actor() OR app_reaches(place_id, '{station_staff,dispatcher,secretary,administrator}'));
CREATE POLICY role_grant_insert ON role_grant FOR INSERT TO linli_app WITH CHECK (
  granted_by = app_actor()
  AND ((role = 'resident' AND (person_id = app_actor()
                               OR app_reaches(place_id, '{station_staff,dispatcher,secretary,administrator}')))
       OR (role = 'volunteer' AND app_reaches(place_id, '{secretary,administrator}'))
       OR app_reaches(place_id, '{administrator}')));
CREATE POLICY role_grant_update ON role_grant FOR UPDATE TO linli_app
  USING ((role = 'resident' AND person_id = app_actor())
         OR (role = 'volunteer' AND app_reaches(place_id, '{secretary,administrator}'))
         OR app_reaches(place_id, '{administrator}'));

-- Matters. The condition is generated from the rooms' rules of reading; a test compares it with theirs. Whoever moved a
-- matter still sees it inside that transaction, so that a verb may end its own actor's access.
CREATE POLICY matter_read ON matter FOR SELECT TO linli_app USING (
  (kind = 'order' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR assignee_id = app_actor()
     OR app_reaches(place_id, '{administrator,dispatcher,secretary}')
     OR (open_pool AND app_reaches(place_id, '{volunteer}'))))
  OR (moved_by = app_actor() AND moved_in = app_transaction()));
CREATE POLICY matter_insert ON matter FOR INSERT TO linli_app WITH CHECK (
  kind = 'order' AND requester_id = app_actor() AND app_reaches(place_id, '{resident}'));
CREATE POLICY matter_update ON matter FOR UPDATE TO linli_app
  USING (
  (kind = 'order' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR assignee_id = app_actor()
     OR app_reaches(place_id, '{administrator,dispatcher,secretary}')
     OR (open_pool AND app_reaches(place_id, '{volunteer}')))))
  WITH CHECK (moved_by = app_actor() AND moved_in = app_transaction());

-- Children of a matter are seen with it – but what was opened to the pool and taken is for those whom it concerns – and
-- written in one's own name. An INSERT cannot look at a matter of its own
-- statement, so it asks for a matter that one sees or for one that does not exist yet: the foreign key then leaves only
-- the matter that is inserted beside it, which has a policy of its own.
DO $$
DECLARE t text;
        own text;
BEGIN
  FOREACH t IN ARRAY ARRAY['history', 'deadline', 'mark', 'order_detail', 'order_contact', 'rating'] LOOP
    IF t <> 'order_contact' THEN
      EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO linli_app USING ('
                     '(SELECT true FROM matter m WHERE m.id = matter_id AND (NOT m.open_pool OR m.kind = ''order'' AND ('
                     'm.requester_id = app_actor()'
                     ' OR m.beneficiary_id = app_actor()'
                     ' OR m.assignee_id = app_actor()'
                     ' OR app_reaches(m.place_id, ''{administrator,dispatcher,secretary}'')'
                     ' OR (m.state IN (''offered'', ''submitted'')'
                     ' AND (m.open_pool AND app_reaches(m.place_id, ''{volunteer}'')))))))', t || '_read', t);
    END IF;
    own := CASE t WHEN 'history' THEN 'actor_id = app_actor() AND '
                  WHEN 'rating' THEN 'rater_id = app_actor() AND ' ELSE '' END;
    EXECUTE format('CREATE POLICY %I ON %I FOR INSERT TO linli_app WITH CHECK ('
                   '%s(matter_is_new(matter_id) OR (SELECT true FROM matter m WHERE m.id = matter_id)))',
                   t || '_insert', t, own);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['deadline', 'order_detail', 'order_contact'] LOOP
    EXECUTE format('CREATE POLICY %I ON %I FOR UPDATE TO linli_app USING ('
                   '(SELECT true FROM matter m WHERE m.id = matter_id))', t || '_update', t);
  END LOOP;
END $$;
CREATE POLICY order_contact_read ON order_contact FOR SELECT TO linli_app USING (
  (SELECT true FROM matter m WHERE m.id = matter_id AND (
     m.requester_id = app_actor()
     OR m.beneficiary_id = app_actor()
     OR (m.state IN ('accepted', 'in_service') AND m.assignee_id = app_actor())
     OR app_reaches(m.place_id, '{administrator,dispatcher,secretary}'))));

CREATE POLICY audit_read ON audit FOR SELECT TO linli_app USING (
  actor_id = app_actor() OR app_reaches(place_id, '{administrator}'));
CREATE POLICY audit_insert ON audit FOR INSERT TO linli_app WITH CHECK (actor_id = app_actor());
CREATE POLICY idempotency_own ON idempotency TO linli_app
  USING (actor_id = app_actor()) WITH CHECK (actor_id = app_actor());
CREATE POLICY outbox_insert ON outbox FOR INSERT TO linli_app WITH CHECK (
  created_by = app_actor()
  AND (subject_kind <> 'order' OR matter_is_new(subject_id) OR (SELECT true FROM matter m WHERE m.id = subject_id)));
CREATE POLICY inbox_read ON inbox_message FOR SELECT TO linli_app USING (person_id = app_actor());
CREATE POLICY inbox_update ON inbox_message FOR UPDATE TO linli_app USING (person_id = app_actor());

-- Functions: everybody may ask the clock and the context; what looks past row-level security belongs to the checker.
GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION app_reaches(uuid, text[]) OWNER TO linli_checker;
ALTER FUNCTION app_holds(text[]) OWNER TO linli_checker;
ALTER FUNCTION app_administers_tree() OWNER TO linli_checker;
ALTER FUNCTION person_holds(uuid, uuid, text) OWNER TO linli_checker;
ALTER FUNCTION holders_of(uuid, text) OWNER TO linli_checker;
ALTER FUNCTION app_signed_in(uuid, uuid) OWNER TO linli_checker;
ALTER FUNCTION app_administers(uuid) OWNER TO linli_checker;
ALTER FUNCTION find_person(uuid, bytea) OWNER TO linli_checker;
ALTER FUNCTION matter_is_new(uuid) OWNER TO linli_checker;
ALTER FUNCTION person_leaves() OWNER TO linli_checker;
ALTER FUNCTION matter_has_deadline() OWNER TO linli_checker;
ALTER FUNCTION outbox_parked() OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
GRANT EXECUTE ON FUNCTION app_actor(), app_now(), app_transaction(), app_reaches(uuid, text[]), app_holds(text[]),
  app_administers_tree(), person_holds(uuid, uuid, text), holders_of(uuid, text), app_signed_in(uuid, uuid),
  app_administers(uuid), find_person(uuid, bytea), matter_is_new(uuid), outbox_parked(), home_is_a_community(), person_leaves(),
  matter_moves(), matter_has_deadline(), deadline_runs_forward(), never_altered()
  TO linli_app, linli_worker, linli_checker, linli_owner;
