-- The joint board (domain.md §5): contests, extensions, minutes, promises, two-way rating; a limit may be given more time, once.

CREATE TABLE contest (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  ground TEXT NOT NULL,
  proposed_id UUID NOT NULL,
  contested_by UUID NOT NULL,
  contested_at TIMESTAMP WITH TIME ZONE NOT NULL,
  decided_by UUID,
  decided_at TIMESTAMP WITH TIME ZONE,
  upheld BOOLEAN,
  decision TEXT,
  unit_id UUID,
  PRIMARY KEY (id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT contest_once UNIQUE (matter_id),
  CONSTRAINT contest_decided CHECK (num_nonnulls(decided_by, decided_at, upheld, decision) IN (0, 4)),
  CONSTRAINT contest_goes_on CHECK ((unit_id IS NOT NULL) = coalesce(upheld, false)),
  CONSTRAINT contest_judge CHECK (decided_by <> contested_by),
  FOREIGN KEY(proposed_id) REFERENCES unit (id),
  FOREIGN KEY(unit_id) REFERENCES unit (id)
);

CREATE TABLE case_extension (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  round INTEGER NOT NULL,
  deadline_id UUID NOT NULL,
  seconds INTEGER NOT NULL,
  reason TEXT NOT NULL,
  asked_by UUID NOT NULL,
  asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  decided_by UUID,
  decided_at TIMESTAMP WITH TIME ZONE,
  granted BOOLEAN,
  decision TEXT,
  PRIMARY KEY (id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT case_extension_once UNIQUE (matter_id, round),
  CONSTRAINT case_extension_length CHECK (seconds > 0),
  CONSTRAINT case_extension_decided CHECK (num_nonnulls(decided_by, decided_at, granted) IN (0, 3)),
  CONSTRAINT case_extension_judge CHECK (decided_by <> asked_by),
  FOREIGN KEY(deadline_id) REFERENCES deadline (id)
);

CREATE TABLE case_minutes (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  round INTEGER NOT NULL,
  text TEXT NOT NULL,
  held_at TIMESTAMP WITH TIME ZONE NOT NULL,
  attended UUID[] NOT NULL,
  written_by UUID NOT NULL,
  written_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT case_minutes_past CHECK (held_at <= written_at)
);
CREATE INDEX case_minutes_matter ON case_minutes (matter_id, held_at);

CREATE TABLE case_promise (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  round INTEGER NOT NULL,
  unit_id UUID NOT NULL,
  text TEXT NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE NOT NULL,
  made_by UUID NOT NULL,
  made_at TIMESTAMP WITH TIME ZONE NOT NULL,
  kept_by UUID,
  kept_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT case_promise_ahead CHECK (made_at < due_at),
  CONSTRAINT case_promise_kept CHECK (num_nonnulls(kept_by, kept_at) IN (0, 2)),
  FOREIGN KEY(unit_id) REFERENCES unit (id)
);
CREATE INDEX case_promise_matter ON case_promise (matter_id, due_at);

CREATE TABLE unit_rating (
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  unit_id UUID NOT NULL,
  seat_id UUID NOT NULL,
  stars INTEGER NOT NULL,
  reason TEXT,
  rated_by UUID NOT NULL,
  rated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (matter_id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT unit_rating_stars CHECK (stars BETWEEN 1 AND 5 AND (stars > 2 OR reason IS NOT NULL)),
  FOREIGN KEY(unit_id) REFERENCES unit (id),
  FOREIGN KEY(seat_id) REFERENCES place (id)
);
CREATE INDEX unit_rating_unit ON unit_rating (unit_id);

CREATE TABLE whistle_rating (
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  unit_id UUID NOT NULL,
  seat_id UUID NOT NULL,
  valid BOOLEAN NOT NULL,
  stars INTEGER NOT NULL,
  reason TEXT,
  rated_by UUID NOT NULL,
  rated_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (matter_id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT whistle_rating_stars CHECK (stars BETWEEN 1 AND 5 AND (stars > 2 OR reason IS NOT NULL)),
  CONSTRAINT whistle_rating_valid CHECK (valid OR reason IS NOT NULL),
  FOREIGN KEY(unit_id) REFERENCES unit (id),
  FOREIGN KEY(seat_id) REFERENCES place (id)
);
CREATE INDEX whistle_rating_seat ON whistle_rating (seat_id);

CREATE TRIGGER case_minutes_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON case_minutes EXECUTE FUNCTION never_altered();
CREATE TRIGGER unit_rating_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON unit_rating EXECUTE FUNCTION never_altered();
CREATE TRIGGER whistle_rating_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON whistle_rating
  EXECUTE FUNCTION never_altered();

-- A running limit may be given more time, once, and at most as much again as it had.
ALTER TABLE deadline ADD COLUMN extension_seconds INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE deadline ADD CONSTRAINT deadline_extension
  CHECK (extension_seconds >= 0 AND extension_seconds * 2 <= budget_seconds) NOT VALID;
ALTER TABLE deadline VALIDATE CONSTRAINT deadline_extension;

CREATE OR REPLACE FUNCTION deadline_runs_forward() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF NEW.fired < OLD.fired
     OR (OLD.stopped_at IS NOT NULL AND (NEW.stopped_at IS NOT NULL OR NEW.revision <> OLD.revision + 1))
     OR NEW.revision NOT IN (OLD.revision, OLD.revision + 1)
     OR (NEW.revision = OLD.revision
         AND (NEW.due_at, NEW.times, NEW.workdays_id, NEW.calendar_missing, NEW.policy_id)
             IS DISTINCT FROM (OLD.due_at, OLD.times, OLD.workdays_id, OLD.calendar_missing, OLD.policy_id))
     OR (NEW.id, NEW.matter_id, NEW.place_id, NEW.kind, NEW.round, NEW.started_at)
        IS DISTINCT FROM (OLD.id, OLD.matter_id, OLD.place_id, OLD.kind, OLD.round, OLD.started_at)
     OR (NEW.policy_id = OLD.policy_id
         AND (NEW.percents, NEW.hours_id, NEW.pausable, NEW.kept)
             IS DISTINCT FROM (OLD.percents, OLD.hours_id, OLD.pausable, OLD.kept))
     OR (NEW.policy_id = OLD.policy_id
         AND (NEW.budget_seconds, NEW.extension_seconds) IS DISTINCT FROM (OLD.budget_seconds, OLD.extension_seconds)
         AND (OLD.extension_seconds <> 0 OR OLD.stopped_at IS NOT NULL OR NEW.revision <> OLD.revision + 1
              OR NEW.extension_seconds <= 0 OR NEW.budget_seconds <> OLD.budget_seconds + NEW.extension_seconds))
     OR (NEW.policy_id <> OLD.policy_id
         AND (num_nonnulls(OLD.stopped_at, NEW.stopped_at) > 0 OR NEW.fired <> OLD.fired OR OLD.pausable AND NOT NEW.pausable
              OR NEW.extension_seconds <> OLD.extension_seconds
              OR coalesce(NEW.kept, -1) < OLD.fired
              OR (NEW.kept > OLD.fired AND coalesce(OLD.times[NEW.kept], 'infinity') > public.app_now())
              OR (NEW.percents[:NEW.kept], NEW.times[:NEW.kept])
                 IS DISTINCT FROM (OLD.percents[:NEW.kept], OLD.times[:NEW.kept]))) THEN
    RAISE EXCEPTION 'deadline %: it cannot be altered', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;

-- Who works in a unit, with names, and who stands in for whom now: for those who work there, and who administers or leads
-- where it stands.
CREATE FUNCTION unit_roster(unit uuid)
RETURNS TABLE (member_id uuid, person_id uuid, name_sealed bytea, post text, joined_at timestamptz, stands_in_for uuid,
               stands_in_until timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  RETURN QUERY
  SELECT m.id, m.person_id, p.name_sealed, m.post, m.joined_at, d.absent_id, d.until_at
    FROM unit_member m JOIN person p ON p.id = m.person_id
    LEFT JOIN LATERAL (SELECT x.absent_id, x.until_at FROM unit_deputy x
                        WHERE x.unit_id = m.unit_id AND x.deputy_id = m.person_id AND x.from_at <= at AND x.until_at > at
                        ORDER BY x.until_at DESC LIMIT 1) d ON true
   WHERE m.unit_id = unit_roster.unit AND m.live
     AND (app_unit(m.unit_id) IS NOT NULL OR app_reaches(m.place_id, '{administrator,secretary,supervisor}'))
   ORDER BY m.joined_at, m.id;
END $$;

-- Who has a seat on the board of a case, by their assignments: those that live, and the lead's. Whoever sees the case may end it,
-- and so release units that they do not see.
CREATE FUNCTION seats_of(of_case uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  IF app_sees_detail(of_case) IS NOT TRUE AND app_actor() <> '00000000-0000-0000-0000-000000000000' THEN
    RETURN '{"assignments": []}';
  END IF;
  RETURN (SELECT jsonb_build_object(
            'assignments', coalesce(jsonb_agg(m.id) FILTER (WHERE m.state NOT IN ('done', 'excused')), '[]'),
            'lead_id', (array_agg(m.id) FILTER (WHERE a.leads AND a.whistle_id = d.whistle_id))[1],
            'lead_unit_id', (array_agg(m.unit_id) FILTER (WHERE a.leads AND a.whistle_id = d.whistle_id))[1],
            'lead_done', bool_or(m.state = 'done') FILTER (WHERE a.leads AND a.whistle_id = d.whistle_id))
            FROM assignment_detail a JOIN matter m ON m.id = a.matter_id JOIN case_detail d ON d.matter_id = a.case_id
           WHERE a.case_id = of_case);
END $$;

-- How units and whistles were rated, as sums, and what they come to from five on: nobody sees who said what of them.
CREATE FUNCTION unit_rated(unit uuid) RETURNS TABLE (rated bigint, stars numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN QUERY SELECT count(*), CASE WHEN count(*) >= 5 THEN round(avg(r.stars), 1) END FROM unit_rating r WHERE r.unit_id = unit_rated.unit;
END $$;

CREATE FUNCTION whistles_rated(seat uuid) RETURNS TABLE (rated bigint, valid bigint, stars numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN QUERY SELECT count(*), CASE WHEN count(*) >= 5 THEN count(*) FILTER (WHERE r.valid) END,
                      CASE WHEN count(*) >= 5 THEN round(avg(r.stars), 1) END
                 FROM whistle_rating r WHERE r.seat_id = whistles_rated.seat;
END $$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['contest', 'case_extension', 'case_minutes', 'case_promise', 'unit_rating', 'whistle_rating'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_owner USING (true) WITH CHECK (true)', t || '_of_owner', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO linli_checker USING (true)', t || '_of_checker', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_worker USING (true) WITH CHECK (true)', t || '_of_worker', t);
  END LOOP;
END $$;

-- What stands on the board is for the units and the officers; an extension is shown to the resident too.
CREATE POLICY contest_read ON contest FOR SELECT TO linli_app USING (app_sees_detail(matter_id));
CREATE POLICY contest_insert ON contest FOR INSERT TO linli_app WITH CHECK (
  contested_by = app_actor() AND decided_by IS NULL AND app_sees(matter_id) IS NOT FALSE);
CREATE POLICY contest_update ON contest FOR UPDATE TO linli_app USING (app_sees(matter_id)) WITH CHECK (decided_by = app_actor());
CREATE POLICY case_extension_read ON case_extension FOR SELECT TO linli_app USING (app_sees_detail(matter_id));
CREATE POLICY case_extension_insert ON case_extension FOR INSERT TO linli_app WITH CHECK (
  asked_by = app_actor() AND decided_by IS NULL AND app_sees(matter_id) IS NOT FALSE);
CREATE POLICY case_extension_update ON case_extension FOR UPDATE TO linli_app
  USING (app_sees(matter_id)) WITH CHECK (decided_by = app_actor());
CREATE POLICY case_minutes_read ON case_minutes FOR SELECT TO linli_app USING (
  (SELECT true FROM matter m WHERE m.id = matter_id AND ((m.unit_id IS NOT NULL AND app_unit(m.unit_id) IS NOT NULL) OR app_reaches(m.place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}') OR 'seated' = ANY (app_parts(m.id)))));
CREATE POLICY case_minutes_insert ON case_minutes FOR INSERT TO linli_app WITH CHECK (
  written_by = app_actor() AND app_sees(matter_id) IS NOT FALSE);
CREATE POLICY case_promise_read ON case_promise FOR SELECT TO linli_app USING (
  (SELECT true FROM matter m WHERE m.id = matter_id AND ((m.unit_id IS NOT NULL AND app_unit(m.unit_id) IS NOT NULL) OR app_reaches(m.place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}') OR 'seated' = ANY (app_parts(m.id)))));
CREATE POLICY case_promise_insert ON case_promise FOR INSERT TO linli_app WITH CHECK (
  made_by = app_actor() AND app_sees(matter_id) IS NOT FALSE);
CREATE POLICY case_promise_update ON case_promise FOR UPDATE TO linli_app
  USING (app_sees(matter_id)) WITH CHECK (kept_by = app_actor());
-- Ratings: whoever gave them, and supervision; the rated see sums.
CREATE POLICY unit_rating_read ON unit_rating FOR SELECT TO linli_app USING (
  app_unit(unit_id) IS NULL AND (app_reaches(seat_id, '{administrator,dispatcher,secretary}') OR app_reaches(place_id, '{supervisor}')));
CREATE POLICY unit_rating_insert ON unit_rating FOR INSERT TO linli_app WITH CHECK (
  rated_by = app_actor() AND app_reaches(seat_id, '{administrator,dispatcher,secretary}'));
CREATE POLICY whistle_rating_read ON whistle_rating FOR SELECT TO linli_app USING (
  app_unit(unit_id) IS NOT NULL OR app_reaches(place_id, '{supervisor}'));
CREATE POLICY whistle_rating_insert ON whistle_rating FOR INSERT TO linli_app WITH CHECK (
  rated_by = app_actor() AND app_unit(unit_id) IS NOT NULL);

GRANT SELECT, INSERT, UPDATE ON contest, case_extension, case_promise TO linli_app;
GRANT SELECT, INSERT ON case_minutes, unit_rating, whistle_rating TO linli_app;
GRANT SELECT ON contest, case_extension, case_promise, case_minutes, unit_rating, whistle_rating TO linli_worker, linli_checker;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION unit_roster(uuid) OWNER TO linli_checker;
ALTER FUNCTION seats_of(uuid) OWNER TO linli_checker;
ALTER FUNCTION unit_rated(uuid) OWNER TO linli_checker;
ALTER FUNCTION whistles_rated(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION unit_roster(uuid), seats_of(uuid), unit_rated(uuid), whistles_rated(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION unit_roster(uuid), unit_rated(uuid), whistles_rated(uuid) TO linli_app, linli_checker, linli_owner;
GRANT EXECUTE ON FUNCTION seats_of(uuid) TO linli_app, linli_worker, linli_checker, linli_owner;

-- A lead that submits the result has done its assignment, wherever it stood.
INSERT INTO allowed_transition (kind, from_state, to_state) VALUES
  ('assignment', 'sent', 'done'),
  ('assignment', 'signed', 'done');

-- How long a unit has, after it signed, to say that an assignment is not theirs: it is no deadline, and begins nothing.
INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, category, version, calendar, budget_seconds, percents,
                             published_by, published_at)
VALUES ('00000000-0000-7000-8000-000000001726', NULL, 'assignment', 'contest', '', 1, 'WORK', 7200, '{100}',
        '00000000-0000-0000-0000-000000000000', '2026-01-01T00:00:00+08:00');
