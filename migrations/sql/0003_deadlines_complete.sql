-- Deadlines complete (domain.md §4): calendars as data, budgets on them, pauses, followers, and what is said on an order.
-- Whoever reads a deadline can compute it again: it pins its policy, its hours and its working days.

-- Hours of a place by weekday, and the working days of the State Council's notices. Both are never altered: a new version
-- comes beside the old one, and what has started keeps the one that it started with.
CREATE TABLE calendar_hours (
  id UUID NOT NULL,
  place_id UUID,
  calendar TEXT NOT NULL,
  version INTEGER NOT NULL,
  week JSONB NOT NULL,
  published_by UUID NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT calendar_hours_calendar CHECK (calendar IN ('DUTY', 'WORK')),
  FOREIGN KEY(place_id) REFERENCES place (id)
);
CREATE UNIQUE INDEX calendar_hours_version ON calendar_hours (place_id, calendar, version);
CREATE UNIQUE INDEX calendar_hours_standard ON calendar_hours (calendar, version) WHERE place_id IS NULL;

CREATE TABLE workday_set (
  id UUID NOT NULL,
  version INTEGER NOT NULL,
  years INTEGER[] NOT NULL,
  days JSONB NOT NULL,
  source TEXT NOT NULL,
  imported_by UUID NOT NULL,
  imported_at TIMESTAMP WITH TIME ZONE NOT NULL,
  published_by UUID,
  published_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CONSTRAINT workday_set_published CHECK (num_nonnulls(published_by, published_at) IN (0, 2))
);
CREATE UNIQUE INDEX workday_set_version ON workday_set (version);

-- Policies: a calendar, a budget in seconds of it or in full working days, by category of the service ('' is any).
ALTER TABLE deadline_policy
  ADD COLUMN category TEXT DEFAULT '' NOT NULL,
  ADD COLUMN budget_days INTEGER,
  ADD COLUMN later_round_percent INTEGER DEFAULT 100 NOT NULL,
  ADD COLUMN pause_limit_seconds INTEGER,
  ALTER COLUMN budget_seconds DROP NOT NULL,
  DROP CONSTRAINT deadline_policy_calendar,
  DROP CONSTRAINT deadline_policy_budget,
  ADD CONSTRAINT deadline_policy_calendar CHECK (calendar IN ('WALL', 'DUTY', 'WORK')),
  ADD CONSTRAINT deadline_policy_budget CHECK (num_nonnulls(budget_seconds, budget_days) = 1
    AND budget_seconds BETWEEN 1 AND 31536000 IS NOT FALSE AND budget_days BETWEEN 1 AND 250 IS NOT FALSE
    AND (budget_days IS NULL OR calendar = 'WORK')),
  ADD CONSTRAINT deadline_policy_round CHECK (later_round_percent BETWEEN 1 AND 100),
  ADD CONSTRAINT deadline_policy_pause CHECK (pause_limit_seconds BETWEEN 1 AND 31536000);
DROP INDEX deadline_policy_version, deadline_policy_default;
CREATE UNIQUE INDEX deadline_policy_version ON deadline_policy (place_id, matter_kind, deadline_kind, category, version);
CREATE UNIQUE INDEX deadline_policy_default ON deadline_policy (matter_kind, deadline_kind, category, version)
  WHERE place_id IS NULL;

ALTER TABLE policy_effect
  DROP CONSTRAINT policy_effect_primitive,
  ADD CONSTRAINT policy_effect_primitive CHECK (
    primitive IN ('notify', 'set_holder', 'open_pool', 'start', 'event') AND (primitive = 'open_pool') = (target = ''));

-- What a matter is about, for choosing its limits: of an order, the category of its service.
ALTER TABLE service ADD COLUMN category TEXT DEFAULT '' NOT NULL;
ALTER TABLE matter ADD COLUMN category TEXT DEFAULT '' NOT NULL;

-- In some states a miss is recorded and told only (while somebody serves).
ALTER TABLE promised_state ADD COLUMN only_told BOOLEAN DEFAULT false NOT NULL;

-- Deadlines: the budget that was resolved at the start, on the hours and working days of that moment.
ALTER TABLE deadline
  ADD COLUMN budget_seconds INTEGER DEFAULT 0 NOT NULL,
  ADD COLUMN hours_id UUID,
  ADD COLUMN workdays_id UUID,
  ADD COLUMN calendar_missing BOOLEAN DEFAULT false NOT NULL,
  ADD COLUMN pausable BOOLEAN DEFAULT false NOT NULL,
  ADD COLUMN revision INTEGER DEFAULT 0 NOT NULL,
  ADD FOREIGN KEY(hours_id) REFERENCES calendar_hours (id),
  ADD FOREIGN KEY(workdays_id) REFERENCES workday_set (id);
ALTER TABLE deadline DISABLE TRIGGER deadline_runs_forward;
UPDATE deadline d SET budget_seconds = p.budget_seconds FROM deadline_policy p WHERE p.id = d.policy_id;
ALTER TABLE deadline ENABLE TRIGGER deadline_runs_forward;
ALTER TABLE deadline ADD UNIQUE (id, pausable);
CREATE INDEX deadline_unsure ON deadline (id) WHERE calendar_missing AND stopped_at IS NULL;

-- A stretch in which a deadline does not run: [from_at, until_at). A pause ends by itself at its limit; an earlier end moves
-- until_at. Only pausable kinds take one, since the foreign key asks; 'undone' is the gap between what stopped a deadline
-- and what undid that, and belongs to any kind.
CREATE TABLE deadline_pause (
  id UUID NOT NULL,
  deadline_id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  pausable BOOLEAN,
  reason TEXT NOT NULL,
  text TEXT,
  paused_by UUID NOT NULL,
  paused_as TEXT,
  from_at TIMESTAMP WITH TIME ZONE NOT NULL,
  until_at TIMESTAMP WITH TIME ZONE NOT NULL,
  limit_at TIMESTAMP WITH TIME ZONE NOT NULL,
  resumed_by UUID,
  disputed_at TIMESTAMP WITH TIME ZONE,
  dispute TEXT,
  decided_at TIMESTAMP WITH TIME ZONE,
  decided_by UUID,
  decision TEXT,
  annulled BOOLEAN DEFAULT false NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT deadline_pause_reason CHECK (reason IN ('question', 'force_majeure', 'undone') AND (reason = 'undone') = (pausable IS NULL)),
  CONSTRAINT deadline_pause_kind CHECK (pausable),
  CONSTRAINT deadline_pause_period CHECK (from_at <= until_at AND until_at <= limit_at),
  CONSTRAINT deadline_pause_judge CHECK (decided_by <> paused_by),
  CONSTRAINT deadline_pause_dispute CHECK (decided_at IS NULL OR disputed_at IS NOT NULL),
  FOREIGN KEY(deadline_id) REFERENCES deadline (id),
  FOREIGN KEY(deadline_id, pausable) REFERENCES deadline (id, pausable),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id)
);
CREATE INDEX deadline_pause_deadline ON deadline_pause (deadline_id);
CREATE INDEX deadline_pause_matter ON deadline_pause (matter_id);

-- What people say to each other on an order, and when they agree to meet.
CREATE TABLE order_post (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  round INTEGER NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  channel TEXT,
  answers UUID,
  owner_id UUID,
  steps TEXT[],
  promised_at TIMESTAMP WITH TIME ZONE,
  posted_by UUID NOT NULL,
  posted_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT order_post_kind CHECK (kind IN ('contact', 'reply', 'question', 'answer', 'plan')),
  CONSTRAINT order_post_contact CHECK ((kind = 'contact') = (channel IS NOT NULL)),
  CONSTRAINT order_post_answer CHECK ((kind = 'answer') = (answers IS NOT NULL)),
  CONSTRAINT order_post_plan CHECK (num_nonnulls(owner_id, steps, promised_at) = CASE kind WHEN 'plan' THEN 3 ELSE 0 END),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  FOREIGN KEY(answers) REFERENCES order_post (id),
  FOREIGN KEY(owner_id) REFERENCES person (id)
);
CREATE INDEX order_post_matter ON order_post (matter_id, posted_at);
CREATE UNIQUE INDEX order_post_answered ON order_post (answers);

CREATE TABLE appointment (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  meet_at TIMESTAMP WITH TIME ZONE NOT NULL,
  proposed_by UUID NOT NULL,
  by_resident BOOLEAN NOT NULL,
  proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  confirmed_by UUID,
  confirmed_at TIMESTAMP WITH TIME ZONE,
  ended_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  CONSTRAINT appointment_confirmed CHECK (num_nonnulls(confirmed_by, confirmed_at) IN (0, 2)),
  CONSTRAINT appointment_two_sides CHECK (confirmed_by <> proposed_by),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id)
);
CREATE UNIQUE INDEX appointment_open ON appointment (matter_id) WHERE ended_at IS NULL;

-- Whether a matter is seen: true or false of one that exists – with nobody assigned the condition is NULL, which an INSERT
-- took for a matter that does not exist yet.
CREATE OR REPLACE FUNCTION app_sees(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT ((matter.kind = 'order' AND (
     matter.requester_id = app_actor()
     OR matter.beneficiary_id = app_actor()
     OR matter.assignee_id = app_actor()
     OR app_reaches(matter.place_id, '{administrator,dispatcher,secretary}')
     OR (matter.open_pool AND app_reaches(matter.place_id, '{volunteer}'))))
  OR (matter.moved_by = app_actor() AND matter.moved_in = app_transaction())) IS TRUE FROM matter WHERE matter.id = subject);
END $$;

-- Who is told: a role may name a level, 'secretary@street', from which the search upward begins.
CREATE OR REPLACE FUNCTION holders_of(place uuid, wanted text)
RETURNS TABLE (person_id uuid, nobody_in_post boolean, ordinal bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
        wanted_role text := split_part(wanted, '@', 1);
        lowest int := 0;
BEGIN
  IF position('@' IN wanted) > 0 THEN
    lowest := coalesce((SELECT a.depth FROM place_ancestor a JOIN place p ON p.id = a.ancestor_id
                         WHERE a.place_id = place AND p.level = split_part(wanted, '@', 2)), 0);
  END IF;
  RETURN QUERY
  WITH live AS (
    SELECT g.person_id AS holder, g.role <> wanted_role AS stands_in, a.depth, g.starts_at, g.id
      FROM place_ancestor a JOIN role_grant g ON g.place_id = a.ancestor_id JOIN person p ON p.id = g.person_id
     WHERE a.place_id = place AND a.depth >= lowest AND g.role IN (wanted_role, 'administrator') AND p.disabled_at IS NULL
       AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at)),
  nearest AS (SELECT * FROM live ORDER BY stands_in, depth LIMIT 1)
  SELECT l.holder, l.stands_in, row_number() OVER (ORDER BY l.starts_at, l.id)
    FROM live l JOIN nearest n ON n.stands_in = l.stands_in AND n.depth = l.depth;
END $$;

-- The policies that hold at a place for these kinds of deadline, with the hours and the working days that they run on: the
-- nearest place wins, and at one place the one for the category.
CREATE FUNCTION policies_in_force(place uuid, of_kind text, kinds text[], of_category text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (
    SELECT jsonb_agg(jsonb_build_object(
             'id', p.id, 'kind', k.kind, 'calendar', p.calendar, 'budget_seconds', p.budget_seconds,
             'budget_days', p.budget_days, 'later_round_percent', p.later_round_percent, 'percents', p.percents,
             'pausable', p.pause_limit_seconds IS NOT NULL,
             'hours_id', CASE WHEN p.calendar <> 'WALL' THEN (
                SELECT h.id FROM calendar_hours h LEFT JOIN place_ancestor a ON a.ancestor_id = h.place_id AND a.place_id = place
                 WHERE h.calendar = p.calendar AND (h.place_id IS NULL OR a.place_id IS NOT NULL)
                 ORDER BY coalesce(a.depth, 99), h.version DESC LIMIT 1) END,
             'workdays_id', CASE WHEN p.calendar = 'WORK' THEN (
                SELECT w.id FROM workday_set w WHERE w.published_at IS NOT NULL ORDER BY w.version DESC LIMIT 1) END))
      FROM unnest(kinds) k(kind) CROSS JOIN LATERAL (
        SELECT * FROM (
          SELECT p.*, a.depth FROM place_ancestor a JOIN deadline_policy p ON p.place_id = a.ancestor_id
           WHERE a.place_id = place AND p.matter_kind = of_kind AND p.deadline_kind = k.kind AND p.category IN ('', of_category)
          UNION ALL
          SELECT p.*, 99 FROM deadline_policy p
           WHERE p.place_id IS NULL AND p.matter_kind = of_kind AND p.deadline_kind = k.kind
             AND p.category IN ('', of_category)) near
        ORDER BY near.depth, near.category DESC, near.version DESC LIMIT 1) p);
END $$;

-- A deadline is pinned when it starts. Its times move only with its revision – a pause, an end of a pause, what stopped it is
-- undone, a calendar that came – and not its past: what has fired stays.
CREATE OR REPLACE FUNCTION deadline_runs_forward() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF NEW.fired < OLD.fired
     OR (OLD.stopped_at IS NOT NULL AND (NEW.stopped_at IS NOT NULL OR NEW.revision <> OLD.revision + 1))
     OR NEW.revision NOT IN (OLD.revision, OLD.revision + 1)
     OR (NEW.revision = OLD.revision
         AND (NEW.due_at, NEW.times, NEW.workdays_id, NEW.calendar_missing)
             IS DISTINCT FROM (OLD.due_at, OLD.times, OLD.workdays_id, OLD.calendar_missing))
     OR (NEW.id, NEW.matter_id, NEW.place_id, NEW.kind, NEW.round, NEW.policy_id, NEW.started_at, NEW.percents,
         NEW.budget_seconds, NEW.hours_id, NEW.pausable)
        IS DISTINCT FROM
        (OLD.id, OLD.matter_id, OLD.place_id, OLD.kind, OLD.round, OLD.policy_id, OLD.started_at, OLD.percents,
         OLD.budget_seconds, OLD.hours_id, OLD.pausable) THEN
    RAISE EXCEPTION 'deadline %: it cannot be altered', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;

-- A pause keeps who made it and when it began; it is ended, disputed and decided, each once and in one's own name, and only
-- the decision annuls it.
CREATE FUNCTION pause_keeps_its_past() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF (NEW.id, NEW.deadline_id, NEW.matter_id, NEW.place_id, NEW.pausable, NEW.reason, NEW.text, NEW.paused_by, NEW.paused_as,
      NEW.from_at, NEW.limit_at)
     IS DISTINCT FROM
     (OLD.id, OLD.deadline_id, OLD.matter_id, OLD.place_id, OLD.pausable, OLD.reason, OLD.text, OLD.paused_by, OLD.paused_as,
      OLD.from_at, OLD.limit_at)
     OR NEW.until_at > OLD.until_at
     OR (NEW.annulled <> OLD.annulled AND (OLD.decided_at IS NOT NULL OR NEW.decided_at IS NULL))
     OR num_nonnulls(NEW.decided_at, NEW.decided_by, NEW.decision) NOT IN (0, 3)
     OR (NEW.decided_by IS DISTINCT FROM OLD.decided_by AND NEW.decided_by <> app_actor())
     OR (NEW.resumed_by IS DISTINCT FROM OLD.resumed_by AND NEW.resumed_by <> app_actor())
     OR (OLD.disputed_at IS NOT NULL AND (NEW.disputed_at, NEW.dispute) IS DISTINCT FROM (OLD.disputed_at, OLD.dispute))
     OR (OLD.decided_at IS NOT NULL AND (NEW.decided_at, NEW.decided_by, NEW.decision)
                                        IS DISTINCT FROM (OLD.decided_at, OLD.decided_by, OLD.decision)) THEN
    RAISE EXCEPTION 'pause %: it cannot be altered', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER pause_keeps_its_past BEFORE UPDATE ON deadline_pause FOR EACH ROW EXECUTE FUNCTION pause_keeps_its_past();

-- An appointment keeps who proposed what; it is confirmed once, in one's own name, and ends once.
CREATE FUNCTION appointment_keeps_its_past() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF (NEW.id, NEW.matter_id, NEW.place_id, NEW.meet_at, NEW.proposed_by, NEW.by_resident, NEW.proposed_at)
     IS DISTINCT FROM
     (OLD.id, OLD.matter_id, OLD.place_id, OLD.meet_at, OLD.proposed_by, OLD.by_resident, OLD.proposed_at)
     OR OLD.ended_at IS NOT NULL
     OR (OLD.confirmed_at IS NOT NULL
         AND (NEW.confirmed_by, NEW.confirmed_at) IS DISTINCT FROM (OLD.confirmed_by, OLD.confirmed_at))
     OR (OLD.confirmed_at IS NULL AND NEW.confirmed_by <> app_actor()) THEN
    RAISE EXCEPTION 'appointment %: it cannot be altered', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER appointment_keeps_its_past BEFORE UPDATE ON appointment FOR EACH ROW
  EXECUTE FUNCTION appointment_keeps_its_past();

-- A set of working days is published once, as it was imported.
CREATE FUNCTION workdays_are_published_once() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF OLD.published_at IS NOT NULL
     OR (NEW.id, NEW.version, NEW.years, NEW.days, NEW.source, NEW.imported_by, NEW.imported_at)
        IS DISTINCT FROM (OLD.id, OLD.version, OLD.years, OLD.days, OLD.source, OLD.imported_by, OLD.imported_at) THEN
    RAISE EXCEPTION 'workdays %: they cannot be altered', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER workdays_are_published_once BEFORE UPDATE ON workday_set FOR EACH ROW
  EXECUTE FUNCTION workdays_are_published_once();
CREATE TRIGGER workdays_never_deleted BEFORE DELETE OR TRUNCATE ON workday_set EXECUTE FUNCTION never_altered();
CREATE TRIGGER hours_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON calendar_hours EXECUTE FUNCTION never_altered();
CREATE TRIGGER post_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON order_post EXECUTE FUNCTION never_altered();

-- The next version of the working days: whoever asks holds the counter until the end of the transaction. Volatile on purpose,
-- so that it looks again after it has waited.
CREATE FUNCTION next_workdays_version() RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('linli workdays'));
  RETURN (SELECT coalesce(max(s.version), 0) + 1 FROM workday_set s);
END $$;
REVOKE ALL ON FUNCTION next_workdays_version() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION next_workdays_version() TO linli_app, linli_owner;

-- How many deadlines were computed without a notice for their year; readiness names them.
CREATE FUNCTION deadlines_unsure() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN (SELECT count(*) FROM deadline WHERE calendar_missing AND stopped_at IS NULL); END $$;

-- Whose they are.
GRANT SELECT, INSERT ON calendar_hours, order_post TO linli_app;
GRANT SELECT, INSERT, UPDATE ON workday_set, deadline_pause, appointment TO linli_app;
GRANT SELECT ON calendar_hours, workday_set, order_post, promised_state TO linli_worker;
GRANT SELECT, INSERT, UPDATE ON deadline_pause, appointment TO linli_worker;
GRANT SELECT ON calendar_hours, workday_set, deadline_pause, order_post, appointment TO linli_checker;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['calendar_hours', 'workday_set', 'deadline_pause', 'order_post', 'appointment'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_owner USING (true) WITH CHECK (true)', t || '_of_owner', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO linli_checker USING (true)', t || '_of_checker', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_worker USING (true) WITH CHECK (true)', t || '_of_worker', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['deadline_pause', 'order_post', 'appointment'] LOOP
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO linli_app USING (app_sees_detail(matter_id))', t || '_read', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['deadline_pause', 'appointment'] LOOP
    EXECUTE format('CREATE POLICY %I ON %I FOR UPDATE TO linli_app USING (app_sees(matter_id))', t || '_update', t);
  END LOOP;
END $$;
-- In one's own name, undecided, and not under one matter what belongs to another.
CREATE POLICY deadline_pause_insert ON deadline_pause FOR INSERT TO linli_app WITH CHECK (
  paused_by = app_actor() AND num_nonnulls(resumed_by, disputed_at, decided_at, decided_by, decision) = 0 AND NOT annulled
  AND app_sees(matter_id) IS NOT FALSE AND matter_id = (SELECT d.matter_id FROM deadline d WHERE d.id = deadline_id));
CREATE POLICY order_post_insert ON order_post FOR INSERT TO linli_app WITH CHECK (
  posted_by = app_actor() AND app_sees(matter_id) IS NOT FALSE
  AND (answers IS NULL OR matter_id = (SELECT q.matter_id FROM order_post q WHERE q.id = order_post.answers)));
CREATE POLICY appointment_insert ON appointment FOR INSERT TO linli_app WITH CHECK (
  proposed_by = app_actor() AND confirmed_by IS NULL AND app_sees(matter_id) IS NOT FALSE);
CREATE POLICY calendar_hours_read ON calendar_hours FOR SELECT TO linli_app USING (true);
CREATE POLICY calendar_hours_insert ON calendar_hours FOR INSERT TO linli_app
  WITH CHECK (app_reaches(place_id, '{administrator}'));
CREATE POLICY workday_set_read ON workday_set FOR SELECT TO linli_app USING (true);
CREATE POLICY workday_set_insert ON workday_set FOR INSERT TO linli_app WITH CHECK ((SELECT app_administers_tree()));
CREATE POLICY workday_set_update ON workday_set FOR UPDATE TO linli_app
  USING ((SELECT app_administers_tree())) WITH CHECK ((SELECT app_administers_tree()));

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION deadlines_unsure() OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION policies_in_force(uuid, text, text[], text), deadlines_unsure(), pause_keeps_its_past(),
  appointment_keeps_its_past(), workdays_are_published_once() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION policies_in_force(uuid, text, text[], text), deadlines_unsure(), pause_keeps_its_past(),
  appointment_keeps_its_past(), workdays_are_published_once() TO linli_app, linli_worker, linli_checker, linli_owner;

-- The rules as data. Moves first, generated from the lifecycle.
INSERT INTO allowed_transition (kind, from_state, to_state) VALUES
  ('order', 'accepted', 'submitted'),
  ('order', 'delivered', 'closed_unrated');
UPDATE promised_state SET only_told = true WHERE kind = 'order' AND state = 'in_service';

-- The standard hours (domain.md §4.2, ours): a station is staffed every day, holidays included; work has a lunch break.
INSERT INTO calendar_hours (id, place_id, calendar, version, week, published_by, published_at)
SELECT id::uuid, NULL, calendar, 1, jsonb_build_array(day, day, day, day, day, day, day),
       '00000000-0000-0000-0000-000000000000', '2026-01-01T00:00:00+08:00'
  FROM (VALUES ('00000000-0000-7000-8000-000000000101', 'DUTY', '[[28800, 72000]]'::jsonb),
               ('00000000-0000-7000-8000-000000000102', 'WORK', '[[32400, 43200], [48600, 63000]]')) h(id, calendar, day);
