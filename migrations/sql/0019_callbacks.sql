-- Supervision and the call-back (domain.md §5): a missed limit is supervised from above while its holder stays; and a case is
-- closed by what its reporters say, never by whoever handled it.

CREATE TABLE supervision (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  round INTEGER NOT NULL,
  deadline_id UUID NOT NULL,
  kind TEXT NOT NULL,
  percent INTEGER NOT NULL,
  step TEXT NOT NULL,
  seat_id UUID NOT NULL,
  held_seat_id UUID NOT NULL,
  held_unit_id UUID,
  raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
  answered_by UUID,
  answered_at TIMESTAMP WITH TIME ZONE,
  answer TEXT,
  PRIMARY KEY (id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT supervision_once UNIQUE (deadline_id, percent),
  CONSTRAINT supervision_step CHECK (step IN ('card', 'listed', 'agenda')),
  CONSTRAINT supervision_of_a_miss CHECK (percent >= 100),
  CONSTRAINT supervision_answered CHECK (num_nonnulls(answered_at, answered_by, answer) IN (0, 3)),
  FOREIGN KEY(deadline_id) REFERENCES deadline (id),
  FOREIGN KEY(seat_id) REFERENCES place (id),
  FOREIGN KEY(held_seat_id) REFERENCES place (id),
  FOREIGN KEY(held_unit_id) REFERENCES unit (id)
);
CREATE INDEX supervision_matter ON supervision (matter_id);
CREATE INDEX supervision_listed ON supervision (raised_at, id);

CREATE TABLE callback (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  round INTEGER NOT NULL,
  reporter_id UUID NOT NULL,
  seat_id UUID NOT NULL,
  unit_id UUID,
  category TEXT NOT NULL,
  careful BOOLEAN NOT NULL,
  call_reason TEXT,
  called_for_at TIMESTAMP WITH TIME ZONE,
  opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
  state TEXT NOT NULL,
  contacted_in_time BOOLEAN,
  solved BOOLEAN,
  satisfied BOOLEAN,
  stars INTEGER,
  words TEXT,
  settled_at TIMESTAMP WITH TIME ZONE,
  settled_by UUID,
  PRIMARY KEY (id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT callback_once UNIQUE (matter_id, round, reporter_id),
  CONSTRAINT callback_state CHECK (state IN ('open', 'solved', 'unsolved', 'unreached', 'dropped')),
  CONSTRAINT callback_reason CHECK (call_reason IN ('unanswered', 'refused', 'care', 'sample', 'weighty', 'own')),
  CONSTRAINT callback_called_for CHECK (num_nonnulls(call_reason, called_for_at) IN (0, 2)),
  CONSTRAINT callback_settled CHECK ((state = 'open') = (settled_at IS NULL)),
  CONSTRAINT callback_settled_by CHECK (num_nonnulls(settled_at, settled_by) IN (0, 2)),
  CONSTRAINT callback_solved CHECK (CASE state WHEN 'solved' THEN solved WHEN 'unsolved' THEN NOT solved ELSE solved IS NULL END),
  CONSTRAINT callback_stars CHECK (stars BETWEEN 1 AND 5),
  FOREIGN KEY(reporter_id) REFERENCES person (id),
  FOREIGN KEY(seat_id) REFERENCES place (id),
  FOREIGN KEY(unit_id) REFERENCES unit (id)
);
CREATE INDEX callback_waiting ON callback (place_id, called_for_at, id) WHERE settled_at IS NULL;
CREATE INDEX callback_opened ON callback (opened_at, id);
CREATE INDEX callback_reporter ON callback (reporter_id, opened_at);

CREATE TABLE callback_try (
  id UUID NOT NULL,
  callback_id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  channel TEXT NOT NULL,
  reached BOOLEAN NOT NULL,
  contacted_in_time BOOLEAN,
  solved BOOLEAN,
  satisfied BOOLEAN,
  stars INTEGER,
  words TEXT,
  tried_by UUID NOT NULL,
  tried_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT callback_try_channel CHECK (channel IN ('self', 'phone', 'visit', 'message')),
  CONSTRAINT callback_try_reached CHECK (reached = (solved IS NOT NULL)),
  CONSTRAINT callback_try_nothing_said CHECK (reached OR num_nonnulls(contacted_in_time, satisfied, stars) = 0),
  CONSTRAINT callback_try_own CHECK (reached OR channel <> 'self'),
  CONSTRAINT callback_try_stars CHECK (stars BETWEEN 1 AND 5),
  FOREIGN KEY(callback_id) REFERENCES callback (id)
);
CREATE INDEX callback_try_callback ON callback_try (callback_id, tried_at);
CREATE UNIQUE INDEX callback_try_self ON callback_try (callback_id) WHERE channel = 'self';
CREATE TRIGGER callback_try_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON callback_try
  EXECUTE FUNCTION never_altered();

-- Whether the actor may call the reporters of a case back: an officer for it there, outside every unit that had a seat on its
-- board, with no other duty in the case, and no reporter of it (domain.md §5: separation of duty).
CREATE FUNCTION may_call_back(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE actor uuid := app_actor();
BEGIN
  RETURN coalesce((
    SELECT app_reaches(m.place_id, '{callback_officer}')
           AND actor NOT IN (m.requester_id, m.beneficiary_id)
           AND NOT EXISTS (SELECT 1 FROM case_reporter r WHERE r.matter_id = m.id AND r.person_id = actor)
           AND NOT EXISTS (SELECT 1 FROM case_duty d WHERE d.matter_id = m.id AND d.person_id = actor AND d.duty <> 'callback')
           AND NOT EXISTS (
             SELECT 1 FROM unit_member u WHERE u.person_id = actor AND u.live AND (u.unit_id = m.unit_id OR EXISTS (
               SELECT 1 FROM assignment_detail a JOIN matter x ON x.id = a.matter_id
                WHERE a.case_id = m.id AND x.unit_id = u.unit_id)))
      FROM matter m WHERE m.id = subject AND m.kind = 'case'), false);
END $$;

-- How many of a case's reporters still wait to be asked in its round, but for one; only a number.
CREATE FUNCTION callbacks_open(subject uuid, but_for uuid) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT count(*) FROM callback c JOIN matter m ON m.id = c.matter_id AND m.round = c.round
           WHERE c.matter_id = subject AND c.id IS DISTINCT FROM but_for AND c.state = 'open');
END $$;

-- A share of the cases, always the same ones: 5 % of them are called whatever their reporters tapped (domain.md §5).
CREATE FUNCTION case_is_sampled(subject uuid) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT ('x' || right(md5(subject::text), 8))::bit(32)::bigint % 100 < 5 $$;

-- A case that comes to its call-back has one for each of its reporters; each is told, and where somebody has to call, the
-- officers are. One that was merged into another comes to its own.
CREATE FUNCTION case_is_to_be_called_back() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE sampled boolean := case_is_sampled(NEW.id);
        about case_detail;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.state = 'callback' THEN
      RETURN NULL;
    END IF;
  END IF;
  SELECT * INTO about FROM case_detail d WHERE d.matter_id = NEW.id;
  about.lane := coalesce(about.lane, (SELECT p.lane FROM case_detail p WHERE p.matter_id = about.merged_into));
  WITH asked AS (
    SELECT r.person_id, r.person_id = NEW.requester_id AND (about.reported_as IN ('representative', 'station') OR EXISTS (
             SELECT 1 FROM matter o LEFT JOIN history h ON h.matter_id = o.id AND h.version = 1
              WHERE o.id = about.order_id AND (o.requester_id <> o.beneficiary_id OR h.action = 'place_for_caller'))) AS careful
      FROM case_reporter r WHERE r.matter_id = NEW.id),
  wanted AS (
    SELECT a.*, CASE WHEN a.person_id = about.handler_id THEN 'own' WHEN a.careful THEN 'care'
                     WHEN about.lane IS DISTINCT FROM 'small' THEN 'weighty' WHEN sampled THEN 'sample' END AS reason
      FROM asked a),
  made AS (
    INSERT INTO callback (id, matter_id, place_id, round, reporter_id, seat_id, unit_id, category, careful,
                          call_reason, called_for_at, opened_at, state)
    SELECT gen_random_uuid(), NEW.id, NEW.place_id, NEW.round, w.person_id, NEW.seat_id, NEW.unit_id,
           NEW.category, w.careful, w.reason, CASE WHEN w.reason IS NOT NULL THEN NEW.changed_at END, NEW.changed_at, 'open'
      FROM wanted w RETURNING reporter_id, call_reason)
  INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, place_id, to_person, to_role, payload, created_by, created_at,
                      retry_at, attempts)
  SELECT gen_random_uuid(), 'notice', t.topic, NEW.kind, NEW.id, NEW.place_id, t.person, t.role, '{}', NEW.moved_by,
         NEW.changed_at, NEW.changed_at, 0
    FROM (SELECT 'case.please_answer' AS topic, m.reporter_id AS person, NULL AS role FROM made m
           WHERE m.call_reason IS DISTINCT FROM 'own'
          UNION ALL
          SELECT 'case.call_needed', NULL, 'callback_officer' WHERE EXISTS (SELECT 1 FROM wanted w WHERE w.reason IS NOT NULL)) t;
  RETURN NULL;
END $$;
CREATE TRIGGER case_is_to_be_called_back AFTER INSERT OR UPDATE ON matter FOR EACH ROW
  WHEN (NEW.kind = 'case' AND NEW.state = 'callback') EXECUTE FUNCTION case_is_to_be_called_back();

-- A case leaves its call-back by what its reporters said: closed when all are settled and none is unsolved, without a word of
-- anybody only when nobody was reached, and back to work only when one of them was not helped.
CREATE FUNCTION case_is_called_back() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE states text[] := ARRAY(SELECT c.state FROM callback c WHERE c.matter_id = NEW.id AND c.round = OLD.round);
BEGIN
  IF 'open' = ANY (states) OR NOT (CASE NEW.state
       WHEN 'closed' THEN 'solved' = ANY (states) AND NOT 'unsolved' = ANY (states)
       WHEN 'closed_unreached' THEN NOT 'solved' = ANY (states) AND NOT 'unsolved' = ANY (states)
       ELSE 'unsolved' = ANY (states) AND NEW.round = OLD.round + 1 END) THEN
    RAISE EXCEPTION 'case %: its call-backs do not say so', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER case_is_called_back AFTER UPDATE ON matter
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (OLD.kind = 'case' AND OLD.state = 'callback' AND NEW.state IN ('closed', 'closed_unreached', 'handling', 'whistled'))
  EXECUTE FUNCTION case_is_called_back();

-- A call-back is settled once; whom it asks and for what it counts never changes; a call that is wanted stays wanted.
CREATE FUNCTION callback_runs_forward() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF OLD.settled_at IS NOT NULL OR (OLD.call_reason IS NOT NULL AND NEW.call_reason IS DISTINCT FROM OLD.call_reason)
     OR (NEW.id, NEW.matter_id, NEW.place_id, NEW.round, NEW.reporter_id, NEW.seat_id, NEW.unit_id,
         NEW.category, NEW.careful, NEW.opened_at)
        IS DISTINCT FROM
        (OLD.id, OLD.matter_id, OLD.place_id, OLD.round, OLD.reporter_id, OLD.seat_id, OLD.unit_id,
         OLD.category, OLD.careful, OLD.opened_at) THEN
    RAISE EXCEPTION 'callback %: it cannot be altered so', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER callback_runs_forward BEFORE UPDATE ON callback FOR EACH ROW EXECUTE FUNCTION callback_runs_forward();
CREATE TRIGGER callback_never_deleted BEFORE DELETE OR TRUNCATE ON callback EXECUTE FUNCTION never_altered();

-- Supervision is answered once, and otherwise never altered.
CREATE FUNCTION supervision_is_answered_once() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF OLD.answered_at IS NOT NULL
     OR (NEW.id, NEW.matter_id, NEW.place_id, NEW.round, NEW.deadline_id, NEW.kind, NEW.percent, NEW.step, NEW.seat_id,
         NEW.held_seat_id, NEW.held_unit_id, NEW.raised_at)
        IS DISTINCT FROM
        (OLD.id, OLD.matter_id, OLD.place_id, OLD.round, OLD.deadline_id, OLD.kind, OLD.percent, OLD.step, OLD.seat_id,
         OLD.held_seat_id, OLD.held_unit_id, OLD.raised_at) THEN
    RAISE EXCEPTION 'supervision %: it cannot be altered so', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER supervision_is_answered_once BEFORE UPDATE ON supervision FOR EACH ROW
  EXECUTE FUNCTION supervision_is_answered_once();
CREATE TRIGGER supervision_never_deleted BEFORE DELETE OR TRUNCATE ON supervision EXECUTE FUNCTION never_altered();

-- The names of those whom the actor is to call; and, written down as a look at personal data, the name and phone of one.
CREATE FUNCTION callback_names(wanted uuid[]) RETURNS TABLE (callback_id uuid, name_sealed bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN QUERY SELECT c.id, p.name_sealed FROM callback c JOIN person p ON p.id = c.reporter_id
                WHERE c.id = ANY (wanted) AND app_reaches(c.place_id, '{callback_officer}');
END $$;

CREATE FUNCTION reveal_reporter(wanted uuid) RETURNS TABLE (name_sealed bytea, phone_sealed bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now(); actor uuid := app_actor(); asked callback;
BEGIN
  SELECT c.* INTO asked FROM callback c JOIN matter m ON m.id = c.matter_id
   WHERE c.id = wanted AND c.state = 'open' AND c.call_reason IS NOT NULL AND m.state = 'callback';
  IF asked.id IS NULL OR NOT may_call_back(asked.matter_id) THEN
    RETURN;
  END IF;
  INSERT INTO reveal (id, matter_id, place_id, viewer_id, subject_id, shown, capacity, viewer_name_sealed, hour_at, shown_at)
  SELECT gen_random_uuid(), asked.matter_id, asked.place_id, actor, asked.reporter_id, 'contact', 'callback_officer',
         p.name_sealed, date_trunc('hour', at), at
    FROM person p WHERE p.id = actor
  ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT p.name_sealed, p.phone_sealed FROM person p WHERE p.id = asked.reporter_id;
END $$;

-- Who sees what.
ALTER TABLE supervision ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY supervision_of_owner ON supervision TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY supervision_of_checker ON supervision FOR SELECT TO linli_checker USING (true);
CREATE POLICY supervision_of_worker ON supervision TO linli_worker USING (true) WITH CHECK (true);
CREATE POLICY supervision_read ON supervision FOR SELECT TO linli_app USING (app_sees_detail(matter_id));
-- Whoever holds the case answers: the office of its level, or the unit.
CREATE POLICY supervision_update ON supervision FOR UPDATE TO linli_app USING (app_sees(matter_id)) WITH CHECK (
  answered_by = app_actor() AND (SELECT true FROM matter m WHERE m.id = matter_id AND (
    app_reaches(m.seat_id, '{administrator,dispatcher,secretary}')
    OR (m.unit_id IS NOT NULL AND app_unit(m.unit_id) IS NOT NULL))));

ALTER TABLE callback ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY callback_of_owner ON callback TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY callback_of_checker ON callback TO linli_checker USING (true) WITH CHECK (true);
CREATE POLICY callback_of_worker ON callback TO linli_worker USING (true) WITH CHECK (true);
CREATE POLICY callback_read ON callback FOR SELECT TO linli_app USING (
  reporter_id = app_actor()
  OR app_reaches(place_id, '{administrator,callback_officer,secretary,supervisor}')
  OR (SELECT true FROM matter m WHERE m.id = matter_id AND m.requester_id = reporter_id AND m.beneficiary_id = app_actor()));
-- The reporter's own word settles it where nobody has to call; else an officer who may call, and nobody else.
CREATE POLICY callback_update ON callback FOR UPDATE TO linli_app USING (
  reporter_id = app_actor() OR may_call_back(matter_id)
  OR (SELECT true FROM matter m WHERE m.id = matter_id AND m.requester_id = reporter_id AND m.beneficiary_id = app_actor()))
  WITH CHECK (coalesce(settled_by, app_actor()) = app_actor()
              AND (state = 'open' OR call_reason IS NULL OR may_call_back(matter_id)));

ALTER TABLE callback_try ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY callback_try_of_owner ON callback_try TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY callback_try_of_checker ON callback_try FOR SELECT TO linli_checker USING (true);
CREATE POLICY callback_try_of_worker ON callback_try FOR SELECT TO linli_worker USING (true);
CREATE POLICY callback_try_read ON callback_try FOR SELECT TO linli_app USING (
  EXISTS (SELECT 1 FROM callback c WHERE c.id = callback_id));
CREATE POLICY callback_try_insert ON callback_try FOR INSERT TO linli_app WITH CHECK (
  tried_by = app_actor() AND EXISTS (
    SELECT 1 FROM callback c JOIN matter m ON m.id = c.matter_id
     WHERE c.id = callback_id AND c.matter_id = callback_try.matter_id AND c.state = 'open'
       AND CASE WHEN channel = 'self'
                THEN c.reporter_id = app_actor() OR (m.requester_id = c.reporter_id AND m.beneficiary_id = app_actor())
                ELSE may_call_back(c.matter_id) END));

-- Whoever reported a case sees supervision of it through the case; the officers' lists go by place.
GRANT SELECT, UPDATE ON supervision, callback TO linli_app;
GRANT SELECT, INSERT ON callback_try TO linli_app;
GRANT SELECT, INSERT, UPDATE ON supervision TO linli_worker;
GRANT SELECT, UPDATE ON callback TO linli_worker;
GRANT SELECT ON callback_try TO linli_worker;
GRANT SELECT ON supervision, callback_try TO linli_checker;
GRANT SELECT, INSERT ON callback TO linli_checker;
GRANT INSERT ON outbox, reveal TO linli_checker;
CREATE POLICY outbox_by_checker ON outbox FOR INSERT TO linli_checker WITH CHECK (true);

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION may_call_back(uuid) OWNER TO linli_checker;
ALTER FUNCTION callbacks_open(uuid, uuid) OWNER TO linli_checker;
ALTER FUNCTION case_is_to_be_called_back() OWNER TO linli_checker;
ALTER FUNCTION case_is_called_back() OWNER TO linli_checker;
ALTER FUNCTION callback_names(uuid[]) OWNER TO linli_checker;
ALTER FUNCTION reveal_reporter(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION may_call_back(uuid), callbacks_open(uuid, uuid), case_is_sampled(uuid), case_is_to_be_called_back(),
  case_is_called_back(), callback_runs_forward(), supervision_is_answered_once(), callback_names(uuid[]), reveal_reporter(uuid)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION may_call_back(uuid), callbacks_open(uuid, uuid), case_is_sampled(uuid), case_is_to_be_called_back(),
  case_is_called_back(), callback_runs_forward(), supervision_is_answered_once(), callback_names(uuid[]), reveal_reporter(uuid)
  TO linli_app, linli_worker, linli_checker, linli_owner;
