-- The same walls for less, once more. A function is entered, and each query in it started, anew with every call; a policy asks
-- for each row, the old and the new; a sub-select is started whether it is needed or not. So what every command has to know is
-- asked in one look, deadlines stop after one look at their matter, and what few orders have stands in functions that only
-- those orders call.

-- What a command has to know beside the row of its subject: the time after the lock, whether the log-in lives, the actor's roles
-- at the place or above it; and of a matter (NULL: the subject is none) its version in the statement's snapshot and, for whoever
-- sees what it is about, the deadlines that run. `app_roles` and `matter_snapshot` stay for the release before.
CREATE FUNCTION app_look(log_in uuid, place uuid, subject uuid,
                         OUT now timestamptz, OUT active boolean, OUT roles text[], OUT seen int, OUT live jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE actor uuid := app_actor();
BEGIN
  now := app_now();
  active := app_signed_in(actor, log_in);
  roles := ARRAY(SELECT g.role FROM place_ancestor a JOIN role_grant g ON g.place_id = a.ancestor_id
                  WHERE a.place_id = place AND g.person_id = actor
                    AND g.starts_at <= now AND (g.ends_at IS NULL OR g.ends_at > now));
  IF subject IS NULL THEN
    RETURN;
  END IF;
  IF session_user <> 'linli_app' OR app_sees_detail(subject) THEN
    SELECT m.version, (SELECT jsonb_agg(jsonb_build_object('id', d.id, 'kind', d.kind, 'next_at', d.next_at))
                         FROM deadline d WHERE d.matter_id = subject AND d.stopped_at IS NULL)
      INTO seen, live FROM matter m WHERE m.id = subject;
  ELSIF app_sees(subject) THEN
    seen := (SELECT m.version FROM matter m WHERE m.id = subject);
  END IF;
END $$;

-- Stops those of a matter's deadlines that are wanted and run, for whoever sees what the matter is about – as the policies of
-- `deadline` ask of each row before and after. A mark that was due before counts as fired: the caller writes it. Volatile, so it
-- sees what came after the caller's statement began: nothing is stopped quietly, or a matter whose mover has just lost the role
-- would move without its deadlines.
CREATE FUNCTION stop_deadlines(subject uuid, wanted uuid[], at timestamptz) RETURNS SETOF deadline ROWS 3
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  IF session_user = 'linli_app' AND app_sees_detail(subject) IS NOT TRUE THEN
    RAISE EXCEPTION 'matter %: its deadlines are not yours to stop', subject USING ERRCODE = '42501';
  END IF;
  RETURN QUERY
  UPDATE deadline d
     SET stopped_at = at,
         fired = CASE WHEN d.next_at <= at THEN (SELECT count(*)::int FROM unnest(d.times) t WHERE t <= at) ELSE d.fired END
   WHERE d.id = ANY (wanted) AND d.matter_id = subject AND d.stopped_at IS NULL
  RETURNING d.*;
END $$;
GRANT UPDATE (stopped_at, fired) ON deadline TO linli_checker;
CREATE POLICY deadline_stopped ON deadline FOR UPDATE TO linli_checker USING (true);

-- The row is fetched once and judged by expressions that stay ready for the whole transaction.
CREATE OR REPLACE FUNCTION app_sees(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE matter record;
BEGIN
  SELECT m.kind, m.place_id, m.requester_id, m.beneficiary_id, m.assignee_id, m.team_id, m.open_pool, m.moved_by, m.moved_in
    INTO matter FROM matter m WHERE m.id = subject;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  RETURN ((matter.kind = 'order' AND (
     matter.requester_id = app_actor()
     OR matter.beneficiary_id = app_actor()
     OR matter.assignee_id = app_actor()
     OR (matter.team_id IS NOT NULL AND app_team(matter.team_id) IS NOT NULL)
     OR app_reaches(matter.place_id, '{administrator,dispatcher,secretary}')
     OR (matter.open_pool AND app_reaches(matter.place_id, '{volunteer}'))))
  OR (matter.moved_by = app_actor() AND matter.moved_in = app_transaction())) IS TRUE;
END $$;

CREATE OR REPLACE FUNCTION app_sees_detail(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE matter record;
BEGIN
  SELECT m.kind, m.place_id, m.state, m.requester_id, m.beneficiary_id, m.assignee_id, m.team_id, m.open_pool, m.moved_by,
         m.moved_in
    INTO matter FROM matter m WHERE m.id = subject;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  RETURN (matter.kind = 'order' AND (
     matter.requester_id = app_actor()
     OR matter.beneficiary_id = app_actor()
     OR matter.assignee_id = app_actor()
     OR (matter.team_id IS NOT NULL AND app_team(matter.team_id) = 'lead')
     OR (matter.state IN ('offered') AND (matter.team_id IS NOT NULL AND app_team(matter.team_id) IS NOT NULL))
     OR app_reaches(matter.place_id, '{administrator,dispatcher,secretary}')
     OR (matter.state IN ('offered', 'submitted') AND (matter.open_pool AND app_reaches(matter.place_id, '{volunteer}')))))
  OR (matter.moved_by = app_actor() AND matter.moved_in = app_transaction());
END $$;

-- What few orders have, as their policies show it to the caller: an errand's authority and receipts, the place on a service
-- day, and the member of a team who takes what was offered to the team.
CREATE FUNCTION order_authority_of(subject uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT jsonb_build_object('id', y.id, 'agent_id', y.agent_id, 'until_at', y.until_at)
            FROM order_authority y WHERE y.matter_id = subject AND y.ended_at IS NULL);
END $$;
CREATE FUNCTION order_receipts_of(subject uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('action', r.action, 'papers', r.papers) ORDER BY r.acted_at, r.id), '[]')
            FROM order_papers r WHERE r.matter_id = subject);
END $$;
CREATE FUNCTION order_booking_of(subject uuid) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN (SELECT b.id FROM slot_booking b WHERE b.matter_id = subject AND b.live); END $$;
-- Volatile as `volunteer_facts` is, which holds the person first.
CREATE FUNCTION team_candidate(subject uuid, place uuid, team uuid, person uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  PERFORM 1 FROM team_member t WHERE t.team_id = team AND t.person_id = person AND t.live;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  RETURN (SELECT f.candidate
            FROM volunteer_facts(place, ARRAY[person], coalesce((
                   SELECT s.skill FROM order_detail o JOIN service s ON s.id = o.service_id WHERE o.matter_id = subject), ''),
                   app_now()) f(candidate) LIMIT 1);
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION app_look(uuid, uuid, uuid) OWNER TO linli_checker;
ALTER FUNCTION stop_deadlines(uuid, uuid[], timestamptz) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION app_look(uuid, uuid, uuid), stop_deadlines(uuid, uuid[], timestamptz), order_authority_of(uuid),
  order_receipts_of(uuid), order_booking_of(uuid), team_candidate(uuid, uuid, uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_look(uuid, uuid, uuid), stop_deadlines(uuid, uuid[], timestamptz), order_authority_of(uuid),
  order_receipts_of(uuid), order_booking_of(uuid), team_candidate(uuid, uuid, uuid, uuid)
  TO linli_app, linli_worker, linli_checker, linli_owner;
