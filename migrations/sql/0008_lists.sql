-- Lists people need, and who looked. What a person may find is asked inside the functions that find it, and everything that
-- they find is read through the policies again.

-- The record of hours: one row for each round that was served and delivered, never altered, and only what the history says.
CREATE TABLE service_record (
  matter_id UUID NOT NULL,
  round INTEGER NOT NULL,
  place_id UUID NOT NULL,
  person_id UUID NOT NULL,
  started_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
  minutes INTEGER NOT NULL,
  PRIMARY KEY (matter_id, round),
  CONSTRAINT service_record_minutes CHECK (started_at <= ended_at AND minutes = floor(extract(epoch FROM ended_at - started_at) / 60)),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  FOREIGN KEY(person_id) REFERENCES person (id)
);
CREATE INDEX service_record_person ON service_record (person_id, ended_at, matter_id);

CREATE FUNCTION hours_are_true() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  PERFORM 1 FROM public.history h WHERE h.matter_id = NEW.matter_id AND h.to_state = 'delivered'
     AND h.from_state = 'in_service' AND h.at = NEW.ended_at AND h.actor_id = NEW.person_id;
  IF NOT FOUND OR NEW.started_at IS DISTINCT FROM (
       SELECT max(h.at) FROM public.history h WHERE h.matter_id = NEW.matter_id AND h.to_state = 'in_service'
          AND h.from_state <> 'in_service' AND h.at <= NEW.ended_at) THEN
    RAISE EXCEPTION 'service_record %: not what the history says', NEW.matter_id USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $$;
-- After the statement: the history of the delivery is written by the same one.
CREATE TRIGGER hours_are_true AFTER INSERT ON service_record FOR EACH ROW EXECUTE FUNCTION hours_are_true();
CREATE TRIGGER hours_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON service_record EXECUTE FUNCTION never_altered();

-- Who saw whose name, phone and address: at most one row for a viewer, an order, what was shown, and an hour. The viewer's
-- name is kept as it was, sealed.
CREATE TABLE reveal (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  viewer_id UUID NOT NULL,
  subject_id UUID NOT NULL,
  shown TEXT NOT NULL,
  capacity TEXT NOT NULL,
  viewer_name_sealed BYTEA,
  hour_at TIMESTAMP WITH TIME ZONE NOT NULL,
  shown_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT reveal_shown CHECK (shown IN ('contact', 'volunteer')),
  CONSTRAINT reveal_of_another CHECK (viewer_id <> subject_id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  FOREIGN KEY(viewer_id) REFERENCES person (id),
  FOREIGN KEY(subject_id) REFERENCES person (id)
);
CREATE UNIQUE INDEX reveal_once_an_hour ON reveal (matter_id, viewer_id, shown, hour_at);
CREATE INDEX reveal_matter ON reveal (matter_id, shown_at, id);
CREATE TRIGGER reveal_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON reveal EXECUTE FUNCTION never_altered();

-- A shift that was handed over, with what was open then.
CREATE TABLE shift_handover (
  id UUID NOT NULL,
  place_id UUID NOT NULL,
  left_by UUID NOT NULL,
  taken_by UUID NOT NULL,
  note TEXT NOT NULL,
  open_orders JSONB NOT NULL,
  handed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT shift_handover_two CHECK (left_by <> taken_by),
  FOREIGN KEY(place_id) REFERENCES place (id),
  FOREIGN KEY(left_by) REFERENCES person (id),
  FOREIGN KEY(taken_by) REFERENCES person (id)
);
CREATE INDEX shift_handover_place ON shift_handover (place_id, handed_at, id);
CREATE TRIGGER handover_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON shift_handover EXECUTE FUNCTION never_altered();

-- What runs at a place, the next due first: the pool, what is going late, what is open.
CREATE INDEX deadline_running ON deadline (place_id, due_at, matter_id) WHERE stopped_at IS NULL;

ALTER TABLE order_contact ADD COLUMN phone_index BYTEA;
CREATE INDEX order_contact_phone ON order_contact (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX matter_served ON matter (beneficiary_id) WHERE beneficiary_id <> requester_id;

-- Search. Chinese has no spaces and its words are mostly of two characters, too short for trigrams: so every character and
-- every pair of neighbours is a token, in one array with an inverted index, beside the place.
CREATE TABLE order_search (
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  body TEXT NOT NULL,
  tokens TEXT[] NOT NULL,
  PRIMARY KEY (matter_id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id)
);
CREATE INDEX order_search_time ON order_search (created_at);

-- Text in the one form that is searched: full-width letters narrow, capitals small, whatever is no letter a space.
CREATE FUNCTION search_form(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT btrim(regexp_replace(lower(normalize(coalesce(said, ''), NFKC)),
                               '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f]+', ' ', 'g')) $$;

-- Its characters, and its pairs of neighbours.
CREATE FUNCTION search_grams(form text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$
  WITH letters AS (
    SELECT c, lead(c) OVER (ORDER BY n) AS d FROM unnest(string_to_array(form, NULL)) WITH ORDINALITY x(c, n))
  SELECT coalesce(array_agg(DISTINCT gram), '{}') FROM (
    SELECT c AS gram FROM letters WHERE c <> ' ' UNION ALL SELECT c || d FROM letters WHERE c <> ' ' AND d <> ' ') g
$$;

-- What an order is found by: its note, the service's name as it was ordered, and what was done.
CREATE FUNCTION order_is_found() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  INSERT INTO order_search (matter_id, place_id, created_at, body, tokens)
  SELECT m.id, m.place_id, m.created_at, f.form,
         search_grams(f.form) || ('p:' || m.place_id)
    FROM matter m JOIN service s ON s.id = NEW.service_id
    CROSS JOIN LATERAL search_form(concat_ws(' ', NEW.note, s.name, NEW.outcome)) f(form)
   WHERE m.id = NEW.matter_id
  ON CONFLICT (matter_id) DO UPDATE SET body = excluded.body, tokens = excluded.tokens;
  RETURN NULL;
END $$;
CREATE TRIGGER order_is_found AFTER INSERT OR UPDATE OF note, outcome ON order_detail FOR EACH ROW
  EXECUTE FUNCTION order_is_found();

-- The orders that the actor finds, the newest first: those of the places where they are staff, and those that they placed,
-- benefit from or serve; by the phone what they still serve, as they see it. Operators that are not leakproof use no index below row-level security, so the scope is asked here,
-- of live roles, and what comes back is read through the policies again. A frequent word would bring a fifth of all orders,
-- so the newest hour is looked at first, then four times as long before it, and so on until there are enough. Rows of one's own
-- may come twice.
CREATE FUNCTION find_orders(
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
  staffed := ARRAY(SELECT g.place_id FROM role_grant g
                    WHERE g.person_id = actor AND g.role IN ('dispatcher', 'secretary', 'administrator')
                      AND g.starts_at <= now AND (g.ends_at IS NULL OR g.ends_at > now));
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
         AND (m.place_id = ANY (reached)
              OR (own AND (m.requester_id = actor OR m.beneficiary_id = actor
                           OR (m.assignee_id = actor AND (wanted_phone IS NULL OR m.state IN ('accepted', 'in_service')))))
              OR (reached IS NULL AND EXISTS (SELECT 1 FROM place_ancestor a
                                               WHERE a.place_id = m.place_id AND a.ancestor_id = ANY (staffed))))
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

-- What waits for somebody, what is going late first: to staff all that their places have, to volunteers what is open. `due_at`
-- is the earliest of an order's live deadlines; it always has one. The scope is asked here, place by place along an index;
-- conditions are sub-selects and no joins, so that the index's order stays the way and a page its end.
CREATE FUNCTION waiting_orders(
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
         AND (SELECT m.state IN ('submitted', 'offered') AND (r.all_of_it OR m.open_pool)
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

-- How the actor was rated, as a whole: never which order, by whom or why, and nothing before there are five.
CREATE FUNCTION my_ratings() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (
    SELECT jsonb_build_object('count', count(*), 'average', round(avg(r.stars), 1),
             'solved', jsonb_build_object('yes', count(*) FILTER (WHERE r.solved = 'yes'),
               'partly', count(*) FILTER (WHERE r.solved = 'partly'), 'no', count(*) FILTER (WHERE r.solved = 'no')))
      FROM service_record s JOIN rating r ON r.matter_id = s.matter_id AND r.round = s.round
     WHERE s.person_id = app_actor() HAVING count(*) >= 5);
END $$;

-- Whose they are.
GRANT SELECT, INSERT ON service_record, reveal, shift_handover TO linli_app;
GRANT SELECT ON service_record, reveal, shift_handover TO linli_worker;
GRANT SELECT ON service_record, reveal, shift_handover, order_search TO linli_checker;
GRANT INSERT, UPDATE ON order_search TO linli_checker;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['service_record', 'reveal', 'shift_handover', 'order_search'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_owner USING (true) WITH CHECK (true)', t || '_of_owner', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_checker USING (true) WITH CHECK (true)', t || '_of_checker', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_worker USING (true) WITH CHECK (true)', t || '_of_worker', t);
  END LOOP;
END $$;
CREATE POLICY service_record_read ON service_record FOR SELECT TO linli_app USING (person_id = app_actor());
CREATE POLICY service_record_insert ON service_record FOR INSERT TO linli_app
  WITH CHECK (person_id = app_actor() AND app_sees(matter_id) IS NOT FALSE);
-- Whose data was shown, whoever placed the order, and who answers for the place.
CREATE POLICY reveal_read ON reveal FOR SELECT TO linli_app USING (
  subject_id = app_actor()
  OR (shown = 'contact' AND (SELECT true FROM matter m WHERE m.id = matter_id AND m.requester_id = app_actor()))
  OR app_reaches(place_id, '{administrator,secretary}'));
CREATE POLICY reveal_insert ON reveal FOR INSERT TO linli_app
  WITH CHECK (viewer_id = app_actor() AND app_sees(matter_id) IS NOT FALSE);
CREATE POLICY shift_handover_read ON shift_handover FOR SELECT TO linli_app
  USING (app_reaches(place_id, '{administrator,dispatcher,secretary}'));
CREATE POLICY shift_handover_insert ON shift_handover FOR INSERT TO linli_app
  WITH CHECK (left_by = app_actor() AND app_reaches(place_id, '{dispatcher,secretary}'));

-- Raters are not shown to the rated, whatever else they are at the place.
ALTER POLICY rating_read ON rating USING (
  (SELECT true FROM matter m WHERE m.id = matter_id AND (
     m.requester_id = app_actor()
     OR m.beneficiary_id = app_actor()
     OR app_reaches(m.place_id, '{administrator,dispatcher,secretary}')))
  AND NOT EXISTS (SELECT 1 FROM service_record s
                   WHERE s.matter_id = rating.matter_id AND s.round = rating.round AND s.person_id = app_actor()));

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION order_is_found() OWNER TO linli_checker;
ALTER FUNCTION find_orders(text, uuid, bytea, text[], uuid, uuid, timestamptz, timestamptz, boolean, timestamptz, uuid, integer)
  OWNER TO linli_checker;
ALTER FUNCTION waiting_orders(text[], uuid, uuid, timestamptz, timestamptz, boolean, timestamptz, uuid, integer)
  OWNER TO linli_checker;
ALTER FUNCTION my_ratings() OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION hours_are_true(), order_is_found(), search_form(text), search_grams(text),
  find_orders(text, uuid, bytea, text[], uuid, uuid, timestamptz, timestamptz, boolean, timestamptz, uuid, integer),
  waiting_orders(text[], uuid, uuid, timestamptz, timestamptz, boolean, timestamptz, uuid, integer), my_ratings() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hours_are_true(), order_is_found(), search_form(text), search_grams(text)
  TO linli_app, linli_worker, linli_checker, linli_owner;
GRANT EXECUTE ON FUNCTION
  find_orders(text, uuid, bytea, text[], uuid, uuid, timestamptz, timestamptz, boolean, timestamptz, uuid, integer),
  waiting_orders(text[], uuid, uuid, timestamptz, timestamptz, boolean, timestamptz, uuid, integer), my_ratings()
  TO linli_app, linli_owner;

-- What has been until now: hours from the history, and the words of every order; the index after them is made in one go.
INSERT INTO service_record (matter_id, round, place_id, person_id, started_at, ended_at, minutes)
SELECT s.*, floor(extract(epoch FROM s.ended_at - s.started_at) / 60)
  FROM (SELECT m.id, m.round, m.place_id, done.actor_id, (
                 SELECT max(b.at) FROM history b WHERE b.matter_id = m.id AND b.to_state = 'in_service'
                    AND b.from_state <> 'in_service' AND b.at <= done.at) AS started_at, done.at AS ended_at
          FROM matter m JOIN history done ON done.matter_id = m.id AND done.to_state = 'delivered'
                                         AND done.from_state = 'in_service'
         WHERE m.kind = 'order' AND m.round = 1) s;
INSERT INTO order_search (matter_id, place_id, created_at, body, tokens)
SELECT m.id, m.place_id, m.created_at, f.form, search_grams(f.form) || ('p:' || m.place_id)
  FROM matter m JOIN order_detail d ON d.matter_id = m.id JOIN service s ON s.id = d.service_id
  CROSS JOIN LATERAL search_form(concat_ws(' ', d.note, s.name, d.outcome)) f(form);
CREATE INDEX order_search_tokens ON order_search USING gin (tokens);
