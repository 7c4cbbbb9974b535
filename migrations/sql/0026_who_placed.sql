-- Who placed a matter is said once, on the matter itself, for orders and cases alike: so it is a relation of the rules that costs
-- one comparison, and that nobody serves what they placed is a check of the row instead of a look at another. The staff who
-- placed it for a caller read it again for as long as they are on the staff there.

ALTER TABLE matter ADD COLUMN placed_by UUID;
ALTER TABLE matter DISABLE TRIGGER USER;
UPDATE matter m SET placed_by = coalesce(
  (SELECT d.placed_by FROM order_detail d WHERE d.matter_id = m.id),
  (SELECT d.placed_by FROM case_detail d WHERE d.matter_id = m.id),
  -- An assignment has the people of its case.
  (SELECT d.placed_by FROM assignment_detail a JOIN case_detail d ON d.matter_id = a.case_id WHERE a.matter_id = m.id),
  m.requester_id);
ALTER TABLE matter ENABLE TRIGGER USER;
ALTER TABLE matter ALTER COLUMN placed_by SET NOT NULL;
ALTER TABLE matter ADD FOREIGN KEY (placed_by) REFERENCES person (id);
ALTER TABLE matter DROP CONSTRAINT matter_not_own_server;
ALTER TABLE matter ADD CONSTRAINT matter_not_own_server CHECK (
  assignee_id <> requester_id AND assignee_id <> beneficiary_id AND assignee_id <> placed_by);
DROP TRIGGER not_served_by_who_placed ON matter;
DROP FUNCTION not_served_by_who_placed();
CREATE INDEX matter_placed ON matter (placed_by, created_at, id) WHERE placed_by <> requester_id;
CREATE TRIGGER matter_keeps_who_placed BEFORE UPDATE OF placed_by ON matter FOR EACH ROW
  WHEN (NEW.placed_by IS DISTINCT FROM OLD.placed_by) EXECUTE FUNCTION never_altered();

ALTER POLICY order_detail_insert ON order_detail WITH CHECK (app_sees(matter_id) IS NOT FALSE);
ALTER POLICY case_detail_insert ON case_detail WITH CHECK (app_sees(matter_id) IS NOT FALSE);
DROP TRIGGER order_keeps_who_placed ON order_detail;
ALTER TABLE order_detail DROP COLUMN placed_by;
ALTER TABLE case_detail DROP COLUMN placed_by;

-- The relation stands last: whoever is let in by another one is not asked for it.
ALTER POLICY matter_insert ON matter WITH CHECK (
  (kind = 'order' AND placed_by = app_actor() AND (
    (requester_id = app_actor() AND beneficiary_id = app_actor() AND app_reaches(place_id, '{resident}'))
    OR (person_holds(beneficiary_id, place_id, 'resident') AND (
         (requester_id = app_actor() AND person_represents(app_actor(), beneficiary_id))
         OR (requester_id = beneficiary_id
             AND app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}')))))
  AND (state <> 'accepted' OR leads(team_id, assignee_id)))
  OR (kind = 'case' AND placed_by = app_actor() AND (
    (requester_id = app_actor() AND beneficiary_id = app_actor()
     AND app_reaches(place_id, '{branch_secretary,grid_worker,information_officer,resident}'))
    OR (person_holds(beneficiary_id, place_id, 'resident') AND (
         (requester_id = app_actor() AND person_represents(app_actor(), beneficiary_id))
         OR (requester_id = beneficiary_id
             AND app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}')))))
  AND (state = 'reported' OR (state = 'callback' AND app_reaches(place_id, '{grid_worker}'))))
  OR (kind = 'assignment' AND state = 'sent'
      AND (app_reaches(seat_id, '{administrator,secretary}') OR app_reaches(place_id, '{arbiter}'))));
-- Who reads and moves a matter by it: 0029_ready_for_less.sql.
ALTER POLICY order_contact_read ON order_contact USING (
  (SELECT true FROM matter m WHERE m.id = matter_id AND (
     m.requester_id = app_actor()
     OR m.beneficiary_id = app_actor()
     OR (m.state IN ('accepted', 'in_service') AND m.assignee_id = app_actor())
     OR app_reaches(m.place_id, '{administrator,dispatcher,secretary}')
     OR (m.state IN ('accepted') AND app_reaches(m.place_id, '{station_staff}'))
     OR (m.placed_by = app_actor() AND app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}')))));

CREATE OR REPLACE FUNCTION app_sees_whole(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE actor uuid := app_actor();
        at timestamptz := app_now();
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM matter m JOIN case_detail d ON d.matter_id = m.id
     WHERE m.id = subject AND m.kind = 'case' AND (
       actor IN (m.requester_id, m.beneficiary_id)
       OR (m.unit_id IS NOT NULL AND app_unit(m.unit_id) IS NOT NULL)
       OR app_reaches(m.place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
       OR 'seated' = ANY (app_parts(m.id))
       OR (m.placed_by = app_actor() AND app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}'))
       OR (EXISTS (SELECT 1 FROM case_reporter r WHERE r.matter_id = m.id AND r.person_id = actor)
           AND EXISTS (SELECT 1 FROM place_ancestor lives JOIN role_grant g ON g.place_id = lives.place_id
                        WHERE lives.ancestor_id = d.community_id AND g.person_id = actor AND g.role = 'resident'
                          AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at)))));
END $$;

-- As before (0020), and the staff find what they placed, whatever has become of it.
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
                  AND (NOT phoning OR m.state = 'accepted' OR m.placed_by = actor
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

-- As before (0022), and the staff find what they reported for a caller.
CREATE OR REPLACE FUNCTION find_cases(
  wanted text, wanted_id uuid, states text[], of_category text, at_place uuid, since timestamptz, until timestamptz,
  overdue boolean, after_at timestamptz, after_id uuid, most integer)
RETURNS TABLE (matter_id uuid, created_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off AS
$$
DECLARE
  now timestamptz := app_now();
  actor uuid := app_actor();
  words text[] := CASE WHEN search_form(wanted) <> '' THEN string_to_array(search_form(wanted), ' ') ELSE '{}' END;
  by_words boolean := cardinality(words) > 0;
  staffed uuid[] := ARRAY(SELECT g.place_id FROM role_grant g
                           WHERE g.person_id = actor AND g.role = ANY ('{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
                             AND g.starts_at <= now AND (g.ends_at IS NULL OR g.ends_at > now));
  own uuid[] := ARRAY(SELECT m.id FROM matter m WHERE m.kind = 'case' AND m.requester_id = actor
                      UNION SELECT m.id FROM matter m WHERE m.kind = 'case' AND m.beneficiary_id = actor
                                                        AND m.beneficiary_id <> m.requester_id
                      UNION SELECT m.id FROM matter m WHERE m.kind = 'case' AND m.placed_by = actor AND m.placed_by <> m.requester_id
                                                        AND app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}')
                      UNION SELECT r.matter_id FROM case_reporter r WHERE r.person_id = actor
                                AND (NOT by_words OR app_sees_whole(r.matter_id))
                      UNION SELECT a.case_id FROM unit_member u JOIN matter m ON m.unit_id = u.unit_id AND m.kind = 'assignment'
                              JOIN assignment_detail a ON a.matter_id = m.id
                             WHERE u.person_id = actor AND u.live AND m.state <> 'excused');
  near text[];
  grams text[];
  patterns text[];
  among uuid[];
  ends timestamptz := 'infinity';
  begins timestamptz := '-infinity';
  width interval := interval '1 hour';
  lowest timestamptz := greatest(since, (SELECT min(s.created_at) FROM case_search s));
  enough integer := 0;
  found_now integer;
BEGIN
  IF actor IS NULL OR (wanted_id IS NULL AND words = '{}') THEN
    RETURN;
  END IF;
  -- Of a few dozen places the tokens help; a wider reach is asked row by row.
  near := ARRAY(SELECT 'p:' || a.place_id FROM place_ancestor a WHERE a.ancestor_id = ANY (staffed) LIMIT 65);
  near := CASE WHEN cardinality(near) <= 64 THEN near END;
  grams := ARRAY(SELECT DISTINCT gram FROM unnest(words) word, unnest(search_grams(word)) gram
                  WHERE length(word) = 1 OR length(gram) = 2);
  patterns := ARRAY(SELECT '%' || word || '%' FROM unnest(words) word WHERE length(word) > 2);
  among := CASE WHEN wanted_id IS NULL THEN own ELSE ARRAY[wanted_id] END;
  LOOP
    RETURN QUERY
      SELECT m.id, m.created_at
        FROM case_search s JOIN matter m ON m.id = s.matter_id
       WHERE (among IS NULL OR s.matter_id = ANY (among)) AND s.tokens @> grams AND s.body LIKE ALL (patterns)
         AND (among IS NOT NULL OR near IS NULL OR s.tokens && near)
         AND s.created_at >= begins AND s.created_at < ends
         AND (since IS NULL OR s.created_at >= since) AND (until IS NULL OR s.created_at < until)
         AND (after_at IS NULL OR (m.created_at, m.id) < (after_at, after_id))
         AND (states IS NULL OR m.state = ANY (states)) AND (of_category IS NULL OR m.category = of_category)
         AND (at_place IS NULL OR EXISTS (SELECT 1 FROM place_ancestor a
                                           WHERE a.place_id = m.place_id AND a.ancestor_id = at_place))
         AND (NOT overdue OR EXISTS (SELECT 1 FROM deadline l
                                      WHERE l.matter_id = m.id AND l.stopped_at IS NULL AND l.due_at <= now))
         AND (m.id = ANY (own) OR EXISTS (SELECT 1 FROM place_ancestor a
                                           WHERE a.place_id = m.place_id AND a.ancestor_id = ANY (staffed)))
       ORDER BY m.created_at DESC, m.id DESC LIMIT most;
    IF among IS NOT NULL THEN
      EXIT WHEN wanted_id IS NOT NULL OR staffed = '{}' OR lowest IS NULL;
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
