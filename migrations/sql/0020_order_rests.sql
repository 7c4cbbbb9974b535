-- What orders still wanted: the station calls the resident, and the matcher holds whom it chooses.

-- The station's staff see what is accepted, and whom to call, so that they can record that they reached the resident before a
-- start without a code (domain.md §3).
ALTER POLICY matter_read ON matter USING (
  (kind = 'order' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR assignee_id = app_actor()
     OR (team_id IS NOT NULL AND app_team(team_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,dispatcher,secretary}')
     OR (open_pool AND app_reaches(place_id, '{volunteer}'))
     OR (state IN ('accepted') AND app_reaches(place_id, '{station_staff}'))))
  OR (kind = 'case' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR (unit_id IS NOT NULL AND app_unit(unit_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'reporter' = ANY (app_parts(id))
     OR 'seated' = ANY (app_parts(id))
     OR 'joiner' = ANY (app_parts(id))))
  OR (kind = 'assignment' AND (
     (unit_id IS NOT NULL AND app_unit(unit_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'seated' = ANY (app_parts(id))))
  OR (moved_by = app_actor() AND moved_in = app_transaction()));
ALTER POLICY matter_update ON matter USING (
  (kind = 'order' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR assignee_id = app_actor()
     OR (team_id IS NOT NULL AND app_team(team_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,dispatcher,secretary}')
     OR (open_pool AND app_reaches(place_id, '{volunteer}'))
     OR (state IN ('accepted') AND app_reaches(place_id, '{station_staff}'))))
  OR (kind = 'case' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR (unit_id IS NOT NULL AND app_unit(unit_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'reporter' = ANY (app_parts(id))
     OR 'seated' = ANY (app_parts(id))
     OR 'joiner' = ANY (app_parts(id))))
  OR (kind = 'assignment' AND (
     (unit_id IS NOT NULL AND app_unit(unit_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'seated' = ANY (app_parts(id)))));

CREATE OR REPLACE FUNCTION app_sees(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE matter record;
BEGIN
  SELECT m.id, m.kind, m.place_id, m.state, m.requester_id, m.beneficiary_id, m.assignee_id, m.team_id, m.unit_id, m.open_pool,
         m.moved_by, m.moved_in
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
     OR (matter.open_pool AND app_reaches(matter.place_id, '{volunteer}'))
     OR (matter.state IN ('accepted') AND app_reaches(matter.place_id, '{station_staff}'))))
  OR (matter.kind = 'case' AND (
     matter.requester_id = app_actor()
     OR matter.beneficiary_id = app_actor()
     OR (matter.unit_id IS NOT NULL AND app_unit(matter.unit_id) IS NOT NULL)
     OR app_reaches(matter.place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'reporter' = ANY (app_parts(matter.id))
     OR 'seated' = ANY (app_parts(matter.id))
     OR 'joiner' = ANY (app_parts(matter.id))))
  OR (matter.kind = 'assignment' AND (
     (matter.unit_id IS NOT NULL AND app_unit(matter.unit_id) IS NOT NULL)
     OR app_reaches(matter.place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'seated' = ANY (app_parts(matter.id))))
  OR (matter.moved_by = app_actor() AND matter.moved_in = app_transaction())) IS TRUE;
END $$;

CREATE OR REPLACE FUNCTION app_sees_detail(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE matter record;
BEGIN
  SELECT m.id, m.kind, m.place_id, m.state, m.requester_id, m.beneficiary_id, m.assignee_id, m.team_id, m.unit_id, m.open_pool,
         m.moved_by, m.moved_in
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
     OR (matter.state IN ('offered', 'submitted') AND (matter.open_pool AND app_reaches(matter.place_id, '{volunteer}')))
     OR (matter.state IN ('accepted') AND app_reaches(matter.place_id, '{station_staff}'))))
  OR (matter.kind = 'case' AND (
     matter.requester_id = app_actor()
     OR matter.beneficiary_id = app_actor()
     OR (matter.unit_id IS NOT NULL AND app_unit(matter.unit_id) IS NOT NULL)
     OR app_reaches(matter.place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'reporter' = ANY (app_parts(matter.id))
     OR 'seated' = ANY (app_parts(matter.id))
     OR 'joiner' = ANY (app_parts(matter.id))))
  OR (matter.kind = 'assignment' AND (
     (matter.unit_id IS NOT NULL AND app_unit(matter.unit_id) IS NOT NULL)
     OR app_reaches(matter.place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'seated' = ANY (app_parts(matter.id))))
  OR (matter.moved_by = app_actor() AND matter.moved_in = app_transaction());
END $$;

ALTER POLICY order_contact_read ON order_contact USING (
  (SELECT true FROM matter m WHERE m.id = matter_id AND (
     m.requester_id = app_actor()
     OR m.beneficiary_id = app_actor()
     OR (m.state IN ('accepted', 'in_service') AND m.assignee_id = app_actor())
     OR app_reaches(m.place_id, '{administrator,dispatcher,secretary}')
     OR (m.state IN ('accepted') AND app_reaches(m.place_id, '{station_staff}')))));

-- As before, and the station finds what it sees: by number, words or phone, what is accepted.
CREATE OR REPLACE FUNCTION find_orders(
  wanted text, wanted_id uuid, wanted_phone bytea, states text[], service uuid, at_place uuid, since timestamptz,
  until timestamptz, overdue boolean, after_at timestamptz, after_id uuid, most integer)
RETURNS TABLE (matter_id uuid, created_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off AS
$$
DECLARE
  now timestamptz := app_now();
  actor uuid := app_actor();
  staffed uuid[];
  phoning boolean;
  reached uuid[];
  near text[];
  words text[] := CASE WHEN search_form(wanted) <> '' THEN string_to_array(search_form(wanted), ' ') ELSE '{}' END;
  grams text[];
  patterns text[];
  among uuid[];
  own boolean := true;
  ends timestamptz := 'infinity';
  begins timestamptz := '-infinity';
  width interval := interval '1 hour';
  lowest timestamptz;
  enough integer := 0;
  found_now integer;
  searching boolean := wanted_id IS NULL AND wanted_phone IS NULL;
BEGIN
  IF actor IS NULL OR (searching AND words = '{}') THEN
    RETURN;
  END IF;
  SELECT coalesce(array_agg(g.place_id), '{}'), coalesce(bool_or(g.role = 'station_staff'), false) INTO staffed, phoning
    FROM role_grant g
   WHERE g.person_id = actor AND g.role IN ('station_staff', 'dispatcher', 'secretary', 'administrator')
     AND g.starts_at <= now AND (g.ends_at IS NULL OR g.ends_at > now);
  -- Of a few thousand places the ids are compared, of a few dozen their tokens help; a wider reach is asked row by row.
  reached := ARRAY(SELECT DISTINCT a.place_id FROM place_ancestor a WHERE a.ancestor_id = ANY (staffed) LIMIT 5001);
  near := CASE WHEN cardinality(reached) <= 64 THEN ARRAY(SELECT 'p:' || r FROM unnest(reached) r) END;
  IF cardinality(reached) > 5000 THEN
    reached := NULL;
  END IF;
  -- A word of one character is one token, a longer one its pairs, and of three and more it is looked for in the text again:
  -- it holds no sign that LIKE knows.
  grams := ARRAY(SELECT DISTINCT gram FROM unnest(words) word, unnest(search_grams(word)) gram
                  WHERE length(word) = 1 OR length(gram) = 2);
  patterns := ARRAY(SELECT '%' || word || '%' FROM unnest(words) word WHERE length(word) > 2);
  IF wanted_id IS NOT NULL THEN
    among := ARRAY[wanted_id];
  ELSIF wanted_phone IS NOT NULL THEN
    among := ARRAY(SELECT c.matter_id FROM order_contact c WHERE c.phone_index = wanted_phone);
  ELSE
    among := ARRAY(SELECT m.id FROM matter m WHERE m.requester_id = actor
                   UNION SELECT m.id FROM matter m WHERE m.beneficiary_id = actor AND m.beneficiary_id <> m.requester_id
                   UNION SELECT m.id FROM matter m WHERE m.assignee_id = actor);
  END IF;
  lowest := greatest(since, (SELECT min(s.created_at) FROM order_search s));
  LOOP
    RETURN QUERY
      SELECT m.id, m.created_at
        FROM order_search s JOIN matter m ON m.id = s.matter_id
       WHERE (among IS NULL OR s.matter_id = ANY (among)) AND s.tokens @> grams AND s.body LIKE ALL (patterns)
         AND (among IS NOT NULL OR near IS NULL OR s.tokens && near)
         AND s.created_at >= begins AND s.created_at < ends
         AND (since IS NULL OR s.created_at >= since) AND (until IS NULL OR s.created_at < until)
         AND (after_at IS NULL OR (m.created_at, m.id) < (after_at, after_id))
         AND (states IS NULL OR m.state = ANY (states))
         AND (service IS NULL OR EXISTS (SELECT 1 FROM order_detail d WHERE d.matter_id = m.id AND d.service_id = service))
         AND (at_place IS NULL OR EXISTS (SELECT 1 FROM place_ancestor a
                                           WHERE a.place_id = m.place_id AND a.ancestor_id = at_place))
         AND (NOT overdue OR EXISTS (SELECT 1 FROM deadline l
                                      WHERE l.matter_id = m.id AND l.stopped_at IS NULL AND l.due_at <= now))
         AND ((own AND (m.requester_id = actor OR m.beneficiary_id = actor
                        OR (m.assignee_id = actor AND (wanted_phone IS NULL OR m.state IN ('accepted', 'in_service')))))
              OR ((m.place_id = ANY (reached)
                   OR (reached IS NULL AND EXISTS (SELECT 1 FROM place_ancestor a
                                                    WHERE a.place_id = m.place_id AND a.ancestor_id = ANY (staffed))))
                  AND (NOT phoning OR m.state = 'accepted'
                       OR app_reaches(m.place_id, '{dispatcher,secretary,administrator}'))))
       ORDER BY m.created_at DESC, m.id DESC LIMIT most;
    IF own THEN
      EXIT WHEN NOT searching OR staffed = '{}' OR lowest IS NULL;
      -- From here on what lies at the actor's places.
      own := false;
      among := NULL;
      ends := least(after_at, until, now) + interval '1 second';
    ELSE
      GET DIAGNOSTICS found_now = ROW_COUNT;
      enough := enough + found_now;
      EXIT WHEN enough >= most OR begins <= lowest;
      ends := begins;
      width := width * 4;
    END IF;
    begins := ends - width;
  END LOOP;
END $$;

-- The matcher looks at every volunteer of a place and holds nobody; whom it has chosen is held here, as by everybody else who
-- gives somebody an order, and looked at once more, as `unfit` does (app/domain/teams/fitness.py). Who has taken another order
-- meanwhile, or left, is not given this one: the command runs again and chooses anew (domain.md §3).
CREATE FUNCTION matched_while_fit() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  PERFORM 1 FROM volunteer_facts(NEW.place_id, ARRAY[NEW.assignee_id], coalesce((
            SELECT s.skill FROM order_detail o JOIN service s ON s.id = o.service_id WHERE o.matter_id = NEW.id), ''),
            app_now()) f(v)
   WHERE (v -> 'in_area')::boolean AND (v -> 'skilled')::boolean AND (v -> 'on_duty')::boolean
     AND NOT (v -> 'quiet')::boolean AND NOT (v -> 'away')::boolean AND (v -> 'taken_today')::int < (v -> 'capacity')::int;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'matter %: whoever was chosen is not to be asked any more', NEW.id USING ERRCODE = '40001';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION matched_while_fit() FROM PUBLIC;
CREATE TRIGGER matched_while_fit BEFORE UPDATE OF assignee_id ON matter FOR EACH ROW
  WHEN (NEW.kind = 'order' AND NEW.state = 'offered' AND OLD.state = 'submitted' AND session_user = 'linli_worker')
  EXECUTE FUNCTION matched_while_fit();
