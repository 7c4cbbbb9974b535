-- What a neighbour from another community reads of a case that they joined, and from when to when a case is held.

-- Whether the actor reads all of a case: whoever reported it or for whom, who joined it and lives in its community, whose unit has
-- to do with it, and the officers there. Whoever joined from elsewhere reads how it stands, and nothing that others wrote.
CREATE FUNCTION app_sees_whole(subject uuid) RETURNS boolean
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
       OR (EXISTS (SELECT 1 FROM case_reporter r WHERE r.matter_id = m.id AND r.person_id = actor)
           AND EXISTS (SELECT 1 FROM place_ancestor lives JOIN role_grant g ON g.place_id = lives.place_id
                        WHERE lives.ancestor_id = d.community_id AND g.person_id = actor AND g.role = 'resident'
                          AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at)))));
END $$;

-- Finding cases (0018): whoever may not read what was written does not find by its words either.
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

-- Who holds a matter changes with the row that says so; the holds follow, one after another and without a gap. When it changed is
-- no more for whoever writes to say than who holds it: not before the present hold began, and not in the future.
CREATE OR REPLACE FUNCTION matter_is_held() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE
  holds text := (SELECT p.holder FROM promised_state p WHERE p.kind = NEW.kind AND p.state = NEW.state);
  in_unit uuid := CASE WHEN holds = 'unit' THEN NEW.unit_id END;
  was hold;
BEGIN
  SELECT * INTO was FROM hold h WHERE h.matter_id = NEW.id AND h.until_at IS NULL;
  IF NEW.changed_at > app_now() OR NEW.changed_at < was.from_at THEN
    RAISE EXCEPTION 'case %: it did not change at %', NEW.id, NEW.changed_at USING ERRCODE = '23514';
  END IF;
  IF (was.holder, was.seat_id, was.unit_id) IS NOT DISTINCT FROM (holds, CASE WHEN holds IS NOT NULL THEN NEW.seat_id END, in_unit) THEN
    RETURN NULL;
  END IF;
  UPDATE hold SET until_at = NEW.changed_at WHERE matter_id = NEW.id AND until_at IS NULL;
  IF holds IS NOT NULL THEN
    INSERT INTO hold (matter_id, version, place_id, holder, seat_id, unit_id, from_at)
    VALUES (NEW.id, NEW.version, NEW.place_id, holds, NEW.seat_id, in_unit, NEW.changed_at);
  END IF;
  RETURN NULL;
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION app_sees_whole(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION app_sees_whole(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_sees_whole(uuid) TO linli_app, linli_checker, linli_owner;
