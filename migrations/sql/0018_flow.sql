-- What flows into cases and out of them: orders that become cases, neighbours who join, cases that merge, hang and are handed
-- down, and how they are found.

CREATE TABLE admission_list (
  id UUID NOT NULL,
  place_id UUID NOT NULL,
  version INTEGER NOT NULL,
  codes TEXT[] NOT NULL,
  published_by UUID NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT admission_list_version UNIQUE (place_id, version),
  FOREIGN KEY(place_id) REFERENCES place (id)
);
CREATE TRIGGER admission_list_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON admission_list
  EXECUTE FUNCTION never_altered();

CREATE TABLE case_hanging (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  owner TEXT NOT NULL,
  must_change TEXT NOT NULL,
  review_at TIMESTAMP WITH TIME ZONE NOT NULL,
  hung_by UUID NOT NULL,
  hung_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT case_hanging_review CHECK (hung_at < review_at),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id)
);
CREATE INDEX case_hanging_matter ON case_hanging (matter_id, hung_at);
CREATE TRIGGER case_hanging_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON case_hanging EXECUTE FUNCTION never_altered();

-- Found as orders are (0008): every character and every pair of neighbours is a token, beside the place.
CREATE TABLE case_search (
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  body TEXT NOT NULL,
  tokens TEXT[] NOT NULL,
  PRIMARY KEY (matter_id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id)
);
CREATE INDEX case_search_time ON case_search (created_at);
CREATE INDEX case_search_tokens ON case_search USING gin (tokens);
CREATE INDEX hold_place ON hold (place_id) WHERE until_at IS NULL;

-- The street of a place; at a place above one, itself.
CREATE FUNCTION street_of(place uuid) RETURNS uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$ SELECT coalesce((SELECT p.id FROM place_ancestor a JOIN place p ON p.id = a.ancestor_id
                     WHERE a.place_id = street_of.place AND p.level = 'street'), street_of.place) $$;

-- What a case is found by: its words, where it is, its category, and what was done.
CREATE FUNCTION case_is_found() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  INSERT INTO case_search (matter_id, place_id, created_at, body, tokens)
  SELECT m.id, m.place_id, m.created_at, f.form, search_grams(f.form) || ('p:' || m.place_id)
    FROM matter m JOIN case_category c ON c.id = NEW.category_id
    CROSS JOIN LATERAL search_form(concat_ws(' ', NEW.words, NEW.spot, c.name, NEW.outcome, NEW.answer)) f(form)
   WHERE m.id = NEW.matter_id
  ON CONFLICT (matter_id) DO UPDATE SET body = excluded.body, tokens = excluded.tokens;
  RETURN NULL;
END $$;
CREATE TRIGGER case_is_found AFTER INSERT OR UPDATE OF outcome, answer ON case_detail FOR EACH ROW
  EXECUTE FUNCTION case_is_found();

-- The cases that the actor finds, the newest first: those of the places where they are officers, and those that they reported,
-- joined or work on. The way of find_orders (0008): first one's own, then the newest hour of one's places, then four times as
-- long before it, and so on until there are enough.
CREATE FUNCTION find_cases(
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
  staffed uuid[] := ARRAY(SELECT g.place_id FROM role_grant g
                           WHERE g.person_id = actor AND g.role = ANY ('{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
                             AND g.starts_at <= now AND (g.ends_at IS NULL OR g.ends_at > now));
  own uuid[] := ARRAY(SELECT m.id FROM matter m WHERE m.kind = 'case' AND m.requester_id = actor
                      UNION SELECT m.id FROM matter m WHERE m.kind = 'case' AND m.beneficiary_id = actor
                                                        AND m.beneficiary_id <> m.requester_id
                      UNION SELECT r.matter_id FROM case_reporter r WHERE r.person_id = actor
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

-- What a neighbour may be shown before they join: open cases of the category that say something alike. Of the actor's own
-- community also what was written; of another one of the same street only that it is there, and how it stands. Nothing to
-- whoever neither lives nor works at the place that they ask about.
CREATE FUNCTION similar_cases(at_place uuid, of_category text, said text, most integer)
RETURNS TABLE (case_id uuid, category_name text, state text, community_id uuid, street_id uuid, ours boolean, words text, spot text,
               created_at timestamptz, likeness real)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan AS
$$
DECLARE
  home uuid := (SELECT p.id FROM place_ancestor a JOIN place p ON p.id = a.ancestor_id
                 WHERE a.place_id = at_place AND p.level = 'community');
  street uuid := (SELECT p.id FROM place_ancestor a JOIN place p ON p.id = a.ancestor_id
                   WHERE a.place_id = at_place AND p.level = 'street');
  grams text[] := search_grams(search_form(said));
  pairs text[] := ARRAY(SELECT g FROM unnest(grams) g WHERE length(g) = 2);
BEGIN
  IF home IS NULL OR NOT app_reaches(at_place, '{administrator,branch_secretary,dispatcher,grid_worker,information_officer,resident,secretary,station_staff}') THEN
    RETURN;
  END IF;
  grams := CASE WHEN pairs <> '{}' THEN pairs ELSE grams END;
  RETURN QUERY
    SELECT c.id, c.name, c.state, c.community_id, street, c.community_id = home,
           CASE WHEN c.community_id = home THEN c.words END, CASE WHEN c.community_id = home THEN c.spot END,
           CASE WHEN c.community_id = home THEN c.created_at END, c.likeness
      FROM (SELECT m.id, m.state, m.created_at, d.community_id, d.words, d.spot,
                   k.name,
                   ((SELECT count(*) FROM unnest(grams) g WHERE g = ANY (t.tokens))::real / greatest(cardinality(grams), 1))::real
                     AS likeness
              FROM place_ancestor a JOIN hold h ON h.place_id = a.place_id AND h.until_at IS NULL
              JOIN matter m ON m.id = h.matter_id JOIN case_detail d ON d.matter_id = m.id
              JOIN case_category k ON k.id = d.category_id
             CROSS JOIN LATERAL search_grams(search_form(concat_ws(' ', d.words, d.spot))) t(tokens)
             WHERE a.ancestor_id = coalesce(street, home) AND m.kind = 'case' AND m.category = of_category) c
     WHERE c.likeness >= 0.2
     ORDER BY c.community_id = home DESC, c.likeness DESC, c.created_at DESC, c.id LIMIT most;
END $$;

-- The cases that are merged into one that the actor sees, also where they lie beyond the actor's own places.
CREATE FUNCTION merged_into(parent uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(d.matter_id ORDER BY d.matter_id), '[]')
            FROM case_detail d JOIN matter m ON m.id = d.matter_id
           WHERE d.merged_into = parent AND m.state = 'merged' AND (session_user <> 'linli_app' OR app_sees_detail(parent)));
END $$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['admission_list', 'case_hanging', 'case_search'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_owner USING (true) WITH CHECK (true)', t || '_of_owner', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_checker USING (true) WITH CHECK (true)', t || '_of_checker', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_worker USING (true) WITH CHECK (true)', t || '_of_worker', t);
  END LOOP;
END $$;
-- What communities admit is nobody's secret. It protects them, so it is the street's to say, and not their own.
CREATE POLICY admission_list_read ON admission_list FOR SELECT TO linli_app USING (true);
CREATE POLICY admission_list_insert ON admission_list FOR INSERT TO linli_app WITH CHECK (
  published_by = app_actor() AND app_reaches(street_of(place_id), '{administrator,secretary}'));
CREATE POLICY case_hanging_read ON case_hanging FOR SELECT TO linli_app USING (app_sees_detail(matter_id));
CREATE POLICY case_hanging_insert ON case_hanging FOR INSERT TO linli_app WITH CHECK (
  hung_by = app_actor() AND app_sees(matter_id) IS NOT FALSE);
GRANT SELECT, INSERT ON admission_list, case_hanging TO linli_app;
GRANT SELECT ON admission_list, case_hanging TO linli_worker;
GRANT SELECT ON admission_list, case_hanging, case_search TO linli_checker;
GRANT INSERT, UPDATE ON case_search TO linli_checker;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION case_is_found() OWNER TO linli_checker;
ALTER FUNCTION find_cases(text, uuid, text[], text, uuid, timestamptz, timestamptz, boolean, timestamptz, uuid, integer)
  OWNER TO linli_checker;
ALTER FUNCTION similar_cases(uuid, text, text, integer) OWNER TO linli_checker;
ALTER FUNCTION merged_into(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION case_is_found(), similar_cases(uuid, text, text, integer), merged_into(uuid), street_of(uuid),
  find_cases(text, uuid, text[], text, uuid, timestamptz, timestamptz, boolean, timestamptz, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_is_found(), merged_into(uuid), street_of(uuid)
  TO linli_app, linli_worker, linli_checker, linli_owner;
GRANT EXECUTE ON FUNCTION similar_cases(uuid, text, text, integer),
  find_cases(text, uuid, text[], text, uuid, timestamptz, timestamptz, boolean, timestamptz, uuid, integer)
  TO linli_app, linli_owner;

-- The rules as data, generated from the lifecycle: a case that was merged keeps the limit that its reporters were promised; a
-- miss of it is only told.
INSERT INTO allowed_transition (kind, from_state, to_state) VALUES ('case', 'merged', 'callback');
INSERT INTO promised_state (kind, state, governs, only_told) VALUES
  ('case', 'merged', '{resolve_small,resolve_community,resolve_street,resolve_district,resolve_emergency,resolve_routine,resolve_hard,milestone,renewal}', true);
