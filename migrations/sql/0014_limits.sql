-- The last rules of the deadlines (domain.md §4): a miss is annulled by a reviewed exclusion alone.

-- A miss is a mark that is never altered; an exclusion hangs on it, of whatever kind its matter is. Two people make one.
CREATE TABLE exclusion (
  id UUID NOT NULL,
  deadline_id UUID NOT NULL,
  percent INTEGER DEFAULT 100 NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  reason TEXT NOT NULL,
  note TEXT NOT NULL,
  proposed_by UUID NOT NULL,
  proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  upheld BOOLEAN,
  decision TEXT,
  decided_by UUID,
  decided_at TIMESTAMP WITH TIME ZONE,
  version INTEGER NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT exclusion_of_a_miss CHECK (percent = 100),
  CONSTRAINT exclusion_reason CHECK (
    reason IN ('force_majeure', 'outage', 'system_fault', 'resident_put_off', 'recorded_wrongly')),
  CONSTRAINT exclusion_decided CHECK (num_nonnulls(upheld, decision, decided_by, decided_at) IN (0, 4)),
  CONSTRAINT exclusion_two_people CHECK (decided_by <> proposed_by),
  FOREIGN KEY(deadline_id, percent) REFERENCES mark (deadline_id, percent),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  FOREIGN KEY(proposed_by) REFERENCES person (id),
  FOREIGN KEY(decided_by) REFERENCES person (id)
);
-- One that waits or was upheld; what was refused may be proposed again.
CREATE UNIQUE INDEX exclusion_once ON exclusion (deadline_id) WHERE upheld IS DISTINCT FROM false;
CREATE INDEX exclusion_listed ON exclusion (place_id, proposed_at, id);
CREATE INDEX exclusion_matter ON exclusion (matter_id);

-- Does the actor hold one of these roles, live, at the street of a place or above it?
CREATE FUNCTION app_reaches_from_street(place uuid, wanted text[]) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now(); actor uuid := app_actor();
BEGIN
  RETURN EXISTS (SELECT 1 FROM place_ancestor a JOIN place p ON p.id = a.ancestor_id JOIN role_grant g ON g.place_id = p.id
                  WHERE a.place_id = place AND p.level NOT IN ('community', 'estate')
                    AND g.person_id = actor AND g.role = ANY (wanted)
                    AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at));
END $$;

-- Had this person a part in the matter: whom it serves, who placed it, who has it, or did anything on it, as staff too? Of what
-- the caller sees.
CREATE FUNCTION had_part_in(subject uuid, person uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN EXISTS (SELECT 1 FROM matter m
                  WHERE m.id = subject AND person IN (m.requester_id, m.beneficiary_id, m.assignee_id, m.holder_id))
      OR EXISTS (SELECT 1 FROM history h WHERE h.matter_id = subject AND h.actor_id = person);
END $$;

-- It is decided once, by somebody who neither proposed it nor had a part in the matter, and otherwise never altered.
CREATE FUNCTION exclusion_is_decided_once() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF OLD.decided_at IS NOT NULL OR NEW.decided_at IS NULL
     OR (NEW.id, NEW.deadline_id, NEW.percent, NEW.matter_id, NEW.place_id, NEW.reason, NEW.note, NEW.proposed_by,
         NEW.proposed_at)
        IS DISTINCT FROM
        (OLD.id, OLD.deadline_id, OLD.percent, OLD.matter_id, OLD.place_id, OLD.reason, OLD.note, OLD.proposed_by,
         OLD.proposed_at)
     OR had_part_in(NEW.matter_id, NEW.decided_by) THEN
    RAISE EXCEPTION 'exclusion %: it cannot be altered so', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER exclusion_is_decided_once BEFORE UPDATE ON exclusion FOR EACH ROW
  EXECUTE FUNCTION exclusion_is_decided_once();
CREATE TRIGGER exclusion_never_deleted BEFORE DELETE OR TRUNCATE ON exclusion EXECUTE FUNCTION never_altered();

GRANT SELECT, INSERT, UPDATE ON exclusion TO linli_app;
GRANT SELECT ON exclusion TO linli_checker;
ALTER TABLE exclusion ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY exclusion_of_owner ON exclusion TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY exclusion_of_checker ON exclusion FOR SELECT TO linli_checker USING (true);
CREATE POLICY exclusion_of_worker ON exclusion TO linli_worker USING (true) WITH CHECK (true);
-- Read by who works there; what was upheld also by whoever sees what the matter is about.
CREATE POLICY exclusion_read ON exclusion FOR SELECT TO linli_app USING (
  app_reaches(place_id, '{administrator,dispatcher,secretary}') OR (upheld AND app_sees_detail(matter_id)));
CREATE POLICY exclusion_insert ON exclusion FOR INSERT TO linli_app WITH CHECK (
  proposed_by = app_actor() AND decided_at IS NULL AND app_reaches(place_id, '{dispatcher,secretary}')
  AND matter_id = (SELECT k.matter_id FROM mark k WHERE k.deadline_id = exclusion.deadline_id AND k.percent = 100));
CREATE POLICY exclusion_update ON exclusion FOR UPDATE TO linli_app
  USING (app_reaches(place_id, '{administrator,dispatcher,secretary}'))
  WITH CHECK (decided_by = app_actor() AND app_reaches_from_street(place_id, '{administrator,secretary}'));

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION app_reaches_from_street(uuid, text[]) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION app_reaches_from_street(uuid, text[]), had_part_in(uuid, uuid), exclusion_is_decided_once()
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_reaches_from_street(uuid, text[]), had_part_in(uuid, uuid), exclusion_is_decided_once()
  TO linli_app, linli_worker, linli_checker, linli_owner;

-- As in 0004_estates.sql, with the misses that do not count, told apart.
CREATE OR REPLACE FUNCTION replay_draft(
  draft uuid, since timestamptz, until timestamptz, at timestamptz, band bigint, opens bigint[], closes bigint[],
  shifts bigint[], budgets bigint[], later_budgets bigint[], places uuid[], groups int[], after_at timestamptz,
  after_id uuid, most int) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE
  d deadline_policy_draft;
  by_category boolean;
  by_type boolean;
  policies uuid[];
  answer jsonb;
BEGIN
  SELECT * INTO d FROM deadline_policy_draft x WHERE x.id = draft;
  IF d.id IS NULL OR NOT app_reaches(d.place_id, '{administrator}') THEN
    RETURN NULL;
  END IF;
  -- Where no category has limits of its own, no matter is asked for its category: the join falls away; so with the types.
  by_category := d.category <> '' OR EXISTS (
    SELECT FROM deadline_policy p
     WHERE p.matter_kind = d.matter_kind AND p.deadline_kind = d.deadline_kind AND p.category <> '');
  by_type := d.estate_type <> '' OR EXISTS (
    SELECT FROM deadline_policy p
     WHERE p.matter_kind = d.matter_kind AND p.deadline_kind = d.deadline_kind AND p.estate_type <> '');
  -- A deadline has the kind of matter of its policy. As a list, which is hashed, and not as a join, which the planner may
  -- take for one row.
  policies := ARRAY(SELECT p.id FROM deadline_policy p
                     WHERE p.matter_kind = d.matter_kind AND p.deadline_kind = d.deadline_kind);
  -- Planned with these values, not for any: a community and a province want different plans.
  EXECUTE $q$
WITH typed AS MATERIALIZED (
  SELECT DISTINCT ON (i.place_id) i.place_id, e.estate_type
    FROM place_ancestor i JOIN place_ancestor a ON a.place_id = i.place_id
    JOIN place e ON e.id = a.ancestor_id AND e.level = 'estate'
   WHERE $17 AND i.ancestor_id = $1 ORDER BY i.place_id, a.depth),
spot AS MATERIALIZED (
  SELECT s.place_id, coalesce(h.grp, 0) AS grp, coalesce(h.grp, 0) * $5 - (date_part('epoch', $2) * 1000000)::bigint AS base,
         $9[coalesce(h.grp, 0) + 1] AS budget, $10[coalesce(h.grp, 0) + 1] AS later_budget, n.taken
    FROM place_ancestor s LEFT JOIN typed t ON t.place_id = s.place_id
    LEFT JOIN (SELECT DISTINCT ON (a.place_id) a.place_id, own.grp
                 FROM unnest($11, $12) own(place_id, grp) JOIN place_ancestor a ON a.ancestor_id = own.place_id
                ORDER BY a.place_id, a.depth) h ON h.place_id = s.place_id
    LEFT JOIN (SELECT a.place_id, array_agg(DISTINCT p.category) AS taken
                 FROM deadline_policy p JOIN place_ancestor i ON i.place_id = p.place_id AND i.ancestor_id = $1
                 JOIN place_ancestor a ON a.ancestor_id = p.place_id LEFT JOIN typed o ON o.place_id = a.place_id
                WHERE p.matter_kind = $13 AND p.deadline_kind = $14 AND p.estate_type IN ('', o.estate_type)
                  AND (i.depth > 0 OR p.category <> '' AND $15 = ''
                       OR p.category = $15 AND p.estate_type <> '' AND $18 = '')
                GROUP BY a.place_id) n ON n.place_id = s.place_id
   WHERE s.ancestor_id = $1 AND ($18 = '' OR t.estate_type = $18)),
held AS MATERIALIZED (
  SELECT p.deadline_id AS id, range_agg(tstzrange(p.from_at, p.until_at)) AS stretches
    FROM deadline_pause p JOIN spot s ON s.place_id = p.place_id
   WHERE NOT p.annulled AND p.until_at > $2 GROUP BY p.deadline_id),
excluded AS MATERIALIZED (
  SELECT e.deadline_id AS id FROM exclusion e JOIN spot s ON s.place_id = e.place_id WHERE e.upheld),
judged AS MATERIALIZED (
  SELECT y.id, y.place_id, y.started_at, y.missed, y.reached, y.missed AND x.id IS NOT NULL AS excluded,
         CASE WHEN NOT y.reached THEN y.missed
              ELSE least(y.u, $7[y.j]) + $8[y.j] - least(y.f, $7[y.i]) - $8[y.i] - CASE WHEN h.id IS NULL THEN 0 ELSE (
                     SELECT coalesce(sum(least(b.u, $7[b.j]) + $8[b.j] - least(b.f, $7[b.i]) - $8[b.i]), 0)
                       FROM (SELECT k.f, k.u, width_bucket(k.f, $6) AS i, width_bucket(k.u, $6) AS j
                               FROM (SELECT y.base + (date_part('epoch', greatest(lower(r), y.begins)) * 1000000)::bigint AS f,
                                            y.base + (date_part('epoch', least(upper(r), y.ends)) * 1000000)::bigint AS u
                                       FROM unnest(h.stretches) r OFFSET 0) k WHERE k.f < k.u OFFSET 0) b) END >= y.budget
         END AS would
    FROM (
      SELECT x.*, width_bucket(x.f, $6) AS i, width_bucket(x.u, $6) AS j
        FROM (
          SELECT z.*, z.base + (date_part('epoch', z.begins) * 1000000)::bigint AS f,
                 z.base + (date_part('epoch', z.ends) * 1000000)::bigint AS u
            FROM (
              SELECT d.id, d.place_id, d.started_at, s.base, greatest($2, least(d.started_at, $4)) AS begins,
                     greatest($2, least(d.stopped_at, $4)) AS ends, d.due_at <= coalesce(d.stopped_at, $4) AS missed,
                     coalesce(CASE WHEN d.round > 1 THEN s.later_budget ELSE s.budget END, d.budget_seconds * 1000000::bigint)
                       AS budget,
                     ('' = ANY (s.taken) OR CASE WHEN $16 THEN m.category = ANY (s.taken) END)
                       IS NOT TRUE AS reached
                FROM deadline d JOIN spot s ON s.place_id = d.place_id
                LEFT JOIN matter m ON m.id = d.matter_id
               WHERE d.kind = $14 AND d.started_at >= $2 AND d.started_at < $3 AND d.policy_id = ANY ($22)
                 AND ($15 = '' OR m.category = $15)) z OFFSET 0) x OFFSET 0) y
    LEFT JOIN held h ON h.id = y.id LEFT JOIN excluded x ON x.id = y.id),
newly AS (
  SELECT j.id, j.started_at FROM judged j
   WHERE j.would AND NOT j.missed AND ($19 IS NULL OR (j.started_at, j.id) > ($19, $20))
   ORDER BY j.started_at, j.id LIMIT $21)
SELECT jsonb_build_object(
  'places', (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.newly DESC, c.place_id), '[]') FROM (
     SELECT j.place_id, p.name, count(*) AS deadlines, count(*) FILTER (WHERE j.missed) AS before,
            count(*) FILTER (WHERE j.would) AS under_draft, count(*) FILTER (WHERE j.would AND NOT j.missed) AS newly,
            count(*) FILTER (WHERE j.missed AND NOT j.would) AS no_longer, count(*) FILTER (WHERE NOT j.reached) AS unreached,
            count(*) FILTER (WHERE j.excluded) AS excluded
       FROM judged j JOIN place p ON p.id = j.place_id GROUP BY j.place_id, p.name) c),
  'newly', (SELECT coalesce(jsonb_agg(jsonb_build_object(
       'id', d.id, 'matter_id', d.matter_id, 'place_id', d.place_id, 'round', d.round, 'started_at', d.started_at,
       'stopped_at', d.stopped_at, 'due_at', d.due_at, 'budget_seconds', d.budget_seconds, 'group', s.grp,
       'pauses', (SELECT coalesce(jsonb_agg(jsonb_build_array(p.from_at, p.until_at)), '[]') FROM deadline_pause p
                   WHERE p.deadline_id = d.id AND NOT p.annulled)) ORDER BY n.started_at, n.id), '[]')
     FROM newly n JOIN deadline d ON d.id = n.id JOIN spot s ON s.place_id = d.place_id))
  $q$
  INTO answer
  USING d.place_id, since, until, at, band, opens, closes, shifts, budgets, later_budgets, places, groups, d.matter_kind,
        d.deadline_kind, d.category, by_category, by_type, d.estate_type, after_at, after_id, most, policies;
  RETURN answer;
END $$;

-- Re-categorising (domain.md §4.5): a live deadline goes on under the policy for the new category that held when it started.
-- It keeps its start, its pauses, and the marks that have passed: the first `kept` are those of another policy.
ALTER TABLE deadline ADD COLUMN kept INTEGER;

-- As in 0004_estates.sql, also as of a moment: a policy that was published later acts on no deadline that had started.
DROP FUNCTION policies_in_force(uuid, text, text[], text);
CREATE FUNCTION policies_in_force(
  place uuid, of_kind text, kinds text[], of_category text, as_of timestamptz DEFAULT 'infinity') RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE
  of_type text := (SELECT e.estate_type FROM place_ancestor a JOIN place e ON e.id = a.ancestor_id
                    WHERE a.place_id = place AND e.level = 'estate' ORDER BY a.depth LIMIT 1);
BEGIN
  RETURN (
    SELECT jsonb_agg(jsonb_build_object(
             'id', p.id, 'kind', k.kind, 'calendar', p.calendar, 'budget_seconds', p.budget_seconds,
             'budget_days', p.budget_days, 'later_round_percent', p.later_round_percent, 'percents', p.percents,
             'pausable', p.pause_limit_seconds IS NOT NULL,
             'hours_id', CASE WHEN p.calendar <> 'WALL' THEN (
                SELECT h.id FROM calendar_hours h LEFT JOIN place_ancestor a ON a.ancestor_id = h.place_id AND a.place_id = place
                 WHERE h.calendar = p.calendar AND (h.place_id IS NULL OR a.place_id IS NOT NULL)
                 ORDER BY h.published_at <= as_of DESC, coalesce(a.depth, 99), h.version DESC LIMIT 1) END,
             'workdays_id', CASE WHEN p.calendar = 'WORK' THEN (
                SELECT w.id FROM workday_set w WHERE w.published_at IS NOT NULL ORDER BY w.version DESC LIMIT 1) END))
      FROM unnest(kinds) k(kind) CROSS JOIN LATERAL (
        SELECT * FROM (
          SELECT p.*, a.depth FROM place_ancestor a JOIN deadline_policy p ON p.place_id = a.ancestor_id
           WHERE a.place_id = place AND p.matter_kind = of_kind AND p.deadline_kind = k.kind AND p.category IN ('', of_category)
             AND p.estate_type IN ('', of_type) AND p.published_at <= as_of
          UNION ALL
          SELECT p.*, 99 FROM deadline_policy p
           WHERE p.place_id IS NULL AND p.matter_kind = of_kind AND p.deadline_kind = k.kind
             AND p.category IN ('', of_category) AND p.estate_type IN ('', of_type) AND p.published_at <= as_of) near
        ORDER BY near.depth, near.category DESC, near.estate_type DESC, near.version DESC LIMIT 1) p);
END $$;
REVOKE ALL ON FUNCTION policies_in_force(uuid, text, text[], text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION policies_in_force(uuid, text, text[], text, timestamptz)
  TO linli_app, linli_worker, linli_checker, linli_owner;

-- As in 0003_deadlines_complete.sql; and its policy, with what is pinned from it, moves once with its revision while it runs.
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
         AND (NEW.percents, NEW.budget_seconds, NEW.hours_id, NEW.pausable, NEW.kept)
             IS DISTINCT FROM (OLD.percents, OLD.budget_seconds, OLD.hours_id, OLD.pausable, OLD.kept))
     OR (NEW.policy_id <> OLD.policy_id
         AND (num_nonnulls(OLD.stopped_at, NEW.stopped_at) > 0 OR NEW.fired <> OLD.fired OR OLD.pausable AND NOT NEW.pausable
              OR coalesce(NEW.kept, -1) < OLD.fired
              OR (NEW.kept > OLD.fired AND coalesce(OLD.times[NEW.kept], 'infinity') > public.app_now())
              OR (NEW.percents[:NEW.kept], NEW.times[:NEW.kept])
                 IS DISTINCT FROM (OLD.percents[:NEW.kept], OLD.times[:NEW.kept]))) THEN
    RAISE EXCEPTION 'deadline %: it cannot be altered', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;

-- The category of a matter, and the policy of a deadline, change with the action that says so in its history alone; and the
-- policy is one for the kind and the category. Deferred, since one statement writes them all.
CREATE FUNCTION recategorised_openly() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE subject uuid;
BEGIN
  IF TG_TABLE_NAME = 'matter' THEN subject := NEW.id; ELSE subject := NEW.matter_id; END IF;
  IF NOT EXISTS (SELECT 1 FROM matter m JOIN history h ON h.matter_id = m.id AND h.version = m.version
                  WHERE m.id = subject AND m.moved_in = app_transaction() AND h.action = 'recategorise') THEN
    RAISE EXCEPTION 'matter %: re-categorised, and the history does not say so', subject USING ERRCODE = '23514';
  END IF;
  IF TG_TABLE_NAME = 'deadline' THEN
    PERFORM 1 FROM deadline_policy p JOIN matter m ON m.id = subject
      WHERE p.id = NEW.policy_id AND p.matter_kind = m.kind AND p.deadline_kind = NEW.kind AND p.category IN ('', m.category);
    IF NOT FOUND THEN
      RAISE EXCEPTION 'deadline %: not a policy for it', NEW.id USING ERRCODE = '23514';
    END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER matter_recategorised AFTER UPDATE ON matter DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (OLD.category IS DISTINCT FROM NEW.category) EXECUTE FUNCTION recategorised_openly();
CREATE CONSTRAINT TRIGGER deadline_recategorised AFTER UPDATE ON deadline DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (OLD.policy_id IS DISTINCT FROM NEW.policy_id) EXECUTE FUNCTION recategorised_openly();
GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION recategorised_openly() OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION recategorised_openly() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION recategorised_openly() TO linli_app, linli_worker, linli_checker, linli_owner;

-- What is found follows the service's name.
DROP TRIGGER order_is_found ON order_detail;
CREATE TRIGGER order_is_found AFTER INSERT OR UPDATE OF note, outcome, service_id ON order_detail FOR EACH ROW
  EXECUTE FUNCTION order_is_found();
