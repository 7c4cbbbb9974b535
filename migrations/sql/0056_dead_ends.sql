-- Ways where there were none, for orders and who they are for: applications and a move, papers and who has them, ratings of who
-- has no log-in, who came, whom the resident does not want, the pool, contacts, and requests to a phone that is not proved.

-- A move withdraws the open applications of the old place. One that came between what the move saw and its commit
-- is withdrawn as the move commits; `application_is_at_home` (0055) refuses the one that commits after it.

CREATE FUNCTION applications_stay_behind() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  WITH gone AS (
    UPDATE volunteer_application a SET withdrawn_at = at, version = a.version + 1
     WHERE a.person_id = NEW.person_id AND a.withdrawn_at IS NULL AND a.decided_at IS NULL
       AND NOT person_lives(a.person_id, a.place_id)
    RETURNING a.id, a.place_id, a.version),
  kept AS (
    INSERT INTO audit (subject_id, version, kind, place_id, action, actor_id, at, note)
    SELECT g.id, g.version, 'volunteer_application', g.place_id, 'retract', NEW.person_id, at, '{}' FROM gone g)
  INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, place_id, to_person, to_role, payload, created_by, created_at,
                      retry_at, attempts)
  SELECT gen_random_uuid(), 'notice', t.topic, 'volunteer_application', g.id, g.place_id, t.to_person, t.to_role,
         '{"moved_away": true}', NEW.person_id, at, at, 0
    FROM gone g CROSS JOIN (VALUES ('volunteer.left_behind', NEW.person_id, NULL),
                                   ('volunteer.withdrawn', NULL, 'secretary')) t(topic, to_person, to_role);
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER applications_stay_behind AFTER INSERT ON role_grant DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.role = 'resident') EXECUTE FUNCTION applications_stay_behind();

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION applications_stay_behind() OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION applications_stay_behind() FROM PUBLIC;

-- Who signed a receipt for an errand's papers: for whom they belong to, who has to know where they are, and for the staff there.
CREATE FUNCTION paper_signer(receipt uuid) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT p.name_sealed FROM order_papers r JOIN matter m ON m.id = r.matter_id JOIN person p ON p.id = r.acted_by
           WHERE r.id = receipt AND app_sees(m.id) AND (app_actor() IN (m.requester_id, m.beneficiary_id, r.acted_by)
              OR app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}')));
END $$;

-- Whether anybody on the resident's side can log in, and rate: only a yes or no, and that for who sees the order alone.
CREATE FUNCTION side_logs_in(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN app_sees(subject) IS NOT TRUE OR EXISTS (
                 SELECT 1 FROM matter m JOIN person p ON p.id IN (m.requester_id, m.beneficiary_id)
                  WHERE m.id = subject AND p.disabled_at IS NULL AND num_nonnulls(p.openid, p.login_name) > 0);
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION paper_signer(uuid) OWNER TO linli_checker;
ALTER FUNCTION side_logs_in(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION paper_signer(uuid), side_logs_in(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION paper_signer(uuid), side_logs_in(uuid) TO linli_app, linli_worker, linli_checker, linli_owner;

-- Papers may be lost: a receipt says so, and they come back no more. To the release before it is a return.
ALTER TABLE order_papers ADD COLUMN lost BOOLEAN NOT NULL DEFAULT false,
  ADD CONSTRAINT order_papers_lost CHECK (NOT lost OR action = 'returned');

-- Who has no log-in at all is told nothing: whoever writes notices has to know.
GRANT SELECT (login_name) ON person TO linli_worker;

-- Whom the resident does not want again: for good whom they complained of, and in this round whom they asked to replace.
CREATE OR REPLACE FUNCTION complained_of(subject uuid, person uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN EXISTS (SELECT 1 FROM order_refusal r JOIN matter m ON m.id = r.matter_id
                  WHERE r.matter_id = subject AND r.person_id = complained_of.person
                    AND (r.reason = 'complaint' OR (r.reason = 'taken_back' AND r.text = '居民要求换人' AND r.round = m.round)));
END $$;

-- The pool is what the actor could claim: not what they asked for themselves, or is for them.
CREATE OR REPLACE FUNCTION waiting_orders(
  states text[], service uuid, at_place uuid, since timestamptz, until timestamptz, overdue boolean, after_due timestamptz,
  after_id uuid, most integer)
RETURNS TABLE (matter_id uuid, due_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off AS
$$
DECLARE
  now timestamptz := app_now();
  actor uuid := app_actor();
BEGIN
  RETURN QUERY
    WITH reached AS MATERIALIZED (
      SELECT a.place_id, bool_or(g.role <> 'volunteer') AS all_of_it
        FROM role_grant g JOIN place_ancestor a ON a.ancestor_id = g.place_id
       WHERE g.person_id = actor AND g.role IN ('volunteer', 'dispatcher', 'secretary', 'administrator')
         AND g.starts_at <= now AND (g.ends_at IS NULL OR g.ends_at > now)
         AND (at_place IS NULL OR EXISTS (SELECT 1 FROM place_ancestor u
                                           WHERE u.place_id = a.place_id AND u.ancestor_id = at_place))
       GROUP BY a.place_id)
    SELECT w.matter_id, w.due_at FROM reached r CROSS JOIN LATERAL (
      SELECT l.matter_id, l.due_at FROM deadline l
       WHERE l.place_id = r.place_id AND l.stopped_at IS NULL AND (NOT overdue OR l.due_at <= now)
         AND (after_due IS NULL OR (l.due_at >= after_due AND (l.due_at, l.matter_id) > (after_due, after_id)))
         AND (SELECT m.state IN ('submitted', 'offered')
                     AND (r.all_of_it OR (m.open_pool AND actor NOT IN (m.requester_id, m.beneficiary_id)))
                     AND (states IS NULL OR m.state = ANY (states))
                     AND (since IS NULL OR m.created_at >= since) AND (until IS NULL OR m.created_at < until)
                FROM matter m WHERE m.id = l.matter_id)
         AND (SELECT count(*) = 0 FROM deadline e WHERE e.matter_id = l.matter_id AND e.stopped_at IS NULL
                 AND (e.due_at, e.id) < (l.due_at, l.id))
         AND (service IS NULL
              OR service = (SELECT d.service_id FROM order_detail d WHERE d.matter_id = l.matter_id))
       ORDER BY l.due_at, l.matter_id LIMIT most) w
     ORDER BY w.due_at, w.matter_id LIMIT most;
END $$;

-- Who came, by sealed name, also when it is over: for the resident's side and the team's lead, to whom nobody is named who was
-- merely asked; and for the staff there.
CREATE FUNCTION server_name(subject uuid) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT p.name_sealed FROM matter m JOIN person p ON p.id = m.assignee_id
           WHERE m.id = subject AND app_sees(m.id) AND (app_actor() = m.assignee_id
              OR app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}')
              OR ((app_actor() IN (m.requester_id, m.beneficiary_id) OR app_team(m.team_id) = 'lead')
                  AND (m.state IN ('accepted', 'in_service', 'delivered', 'rated', 'closed_unrated') OR EXISTS (
                    SELECT 1 FROM history h WHERE h.matter_id = m.id AND h.to_state = m.state
                       AND h.from_state IN ('accepted', 'in_service'))))));
END $$;
GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION server_name(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION server_name(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION server_name(uuid) TO linli_app, linli_worker, linli_checker, linli_owner;

-- As before (0052), and whether somebody else than who placed it has changed the contact since.
CREATE OR REPLACE FUNCTION contact_on_file(subject uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT jsonb_build_object(
            'own_phone', c.phone_index IS NOT DISTINCT FROM p.phone_index, 'name_sealed', p.name_sealed,
            'phone_sealed', p.phone_sealed, 'phone_index', p.phone_index,
            'address_sealed', CASE WHEN person_lives(p.id, m.place_id) THEN p.address_sealed END,
            'changed_by', (SELECT h.actor_id FROM history h WHERE h.matter_id = m.id AND h.action = 'change_contact'
                            ORDER BY h.version DESC LIMIT 1),
            'authority_of', (SELECT y.given_by FROM order_authority y WHERE y.matter_id = m.id AND y.ended_at IS NULL))
            FROM matter m JOIN person p ON p.id = m.beneficiary_id JOIN order_contact c ON c.matter_id = m.id
           WHERE m.id = subject);
END $$;

-- Whose phone was named reads and answers the request once they have proved that it is theirs: anybody types in a number.
ALTER POLICY representation_read ON representation USING (
  representative_id = app_actor() OR beneficiary_id = app_actor()
  OR (beneficiary_id IS NULL AND (named_id = app_actor()
      OR phone_index = (SELECT p.phone_index FROM person p WHERE p.id = app_actor() AND p.phone_proved_at IS NOT NULL)))
  OR app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}'));
ALTER POLICY representation_update ON representation USING (
  representative_id = app_actor() OR beneficiary_id = app_actor()
  OR (beneficiary_id IS NULL AND (named_id = app_actor()
      OR phone_index = (SELECT p.phone_index FROM person p WHERE p.id = app_actor() AND p.phone_proved_at IS NOT NULL)))
  OR app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}'));

-- Who signed for papers hears that they came back, whoever brought them.
CREATE OR REPLACE FUNCTION order_receipts_of(subject uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('action', r.action, 'papers', r.papers, 'acted_by', r.acted_by)
                                    ORDER BY r.acted_at, r.id), '[]')
            FROM order_papers r WHERE r.matter_id = subject);
END $$;

-- Whoever proves a phone that was named before is told of each request that waits, once (0052: whoever typed it in).
DROP TRIGGER asked_before_the_phone_was_known ON person;
CREATE TRIGGER asked_before_the_phone_was_known AFTER UPDATE OF phone_index, phone_proved_at ON person FOR EACH ROW
  WHEN (NEW.phone_proved_at IS NOT NULL AND NEW.phone_proved_at IS DISTINCT FROM OLD.phone_proved_at)
  EXECUTE FUNCTION asked_before_the_phone_was_known();
