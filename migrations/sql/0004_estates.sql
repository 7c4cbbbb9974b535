-- Types of estates (domain.md §2, S3), homes in an estate, limits that differ by type, and how long pauses may last in all.

ALTER TABLE place
  ADD COLUMN estate_type TEXT,
  ADD CONSTRAINT place_estate_type CHECK (
    estate_type IS NULL OR (level = 'estate' AND estate_type IN ('residential', 'transitional', 'old', 'work_unit')));

-- '' is any type, as '' is any category. All pauses of a deadline together last at most so many percent of its budget.
ALTER TABLE deadline_policy
  ADD COLUMN estate_type TEXT DEFAULT '' NOT NULL,
  ADD COLUMN pause_total_percent INTEGER DEFAULT 200 NOT NULL,
  ADD CONSTRAINT deadline_policy_estate_type CHECK (
    estate_type IN ('', 'residential', 'transitional', 'old', 'work_unit')),
  ADD CONSTRAINT deadline_policy_pauses CHECK (pause_total_percent BETWEEN 1 AND 200);
DROP INDEX deadline_policy_version, deadline_policy_default;
CREATE UNIQUE INDEX deadline_policy_version
  ON deadline_policy (place_id, matter_kind, deadline_kind, category, estate_type, version);
CREATE UNIQUE INDEX deadline_policy_default ON deadline_policy (matter_kind, deadline_kind, category, estate_type, version)
  WHERE place_id IS NULL;
ALTER TABLE deadline_policy_draft
  ADD COLUMN estate_type TEXT DEFAULT '' NOT NULL,
  ADD CONSTRAINT deadline_policy_draft_estate_type CHECK (
    estate_type IN ('', 'residential', 'transitional', 'old', 'work_unit'));

-- A resident lives in a community or in an estate of one: a wider home would reach over all communities below it.
ALTER FUNCTION home_is_a_community() RENAME TO home_is_in_a_community;
ALTER TRIGGER home_is_a_community ON role_grant RENAME TO home_is_in_a_community;
CREATE OR REPLACE FUNCTION home_is_in_a_community() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  PERFORM 1 FROM public.place p WHERE p.id = NEW.place_id AND p.level IN ('community', 'estate');
  IF NOT FOUND THEN
    RAISE EXCEPTION 'role_grant %: a home is a community or an estate', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;

-- The policies that hold at a place for these kinds of deadline, with the hours and the working days that they run on: the
-- nearest place wins; at one place the one for the category and the type of the estate, then for the category, then for the
-- type, then the plain one. The estate is the nearest at or above the place.
CREATE OR REPLACE FUNCTION policies_in_force(place uuid, of_kind text, kinds text[], of_category text) RETURNS jsonb
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
                 ORDER BY coalesce(a.depth, 99), h.version DESC LIMIT 1) END,
             'workdays_id', CASE WHEN p.calendar = 'WORK' THEN (
                SELECT w.id FROM workday_set w WHERE w.published_at IS NOT NULL ORDER BY w.version DESC LIMIT 1) END))
      FROM unnest(kinds) k(kind) CROSS JOIN LATERAL (
        SELECT * FROM (
          SELECT p.*, a.depth FROM place_ancestor a JOIN deadline_policy p ON p.place_id = a.ancestor_id
           WHERE a.place_id = place AND p.matter_kind = of_kind AND p.deadline_kind = k.kind AND p.category IN ('', of_category)
             AND p.estate_type IN ('', of_type)
          UNION ALL
          SELECT p.*, 99 FROM deadline_policy p
           WHERE p.place_id IS NULL AND p.matter_kind = of_kind AND p.deadline_kind = k.kind
             AND p.category IN ('', of_category) AND p.estate_type IN ('', of_type)) near
        ORDER BY near.depth, near.category DESC, near.estate_type DESC, near.version DESC LIMIT 1) p);
END $$;

-- What a draft would have done to the deadlines that started in [since, until), as of `at`: the counts of each place, and
-- `most` of those that only the draft misses, after (after_at, after_id) by start. NULL: no such draft in the actor's care.
-- Whoever administers a place sees every matter below it, so the wall is asked once here, and not for each of a million rows.
--
-- Open time comes as segments of the draft's calendar, one run for each sort of hours (group 0 is the place's own), each in
-- a band of its own of `band` microseconds since `since`. A moment is a key in its place's band; a binary search finds the
-- last segment that opens at or before it, and least(key, closes) + shift is the open time since the band's beginning. All
-- are whole microseconds; a double holds each of them until 2106. `places` have hours of their own, of the group beside
-- them. `budgets` and `later_budgets` are in microseconds, one a group; NULL leaves a deadline the budget that it had.
--
-- The draft does not reach a deadline for which a nearer place has limits, or the draft's place has limits that come first: of
-- its category, or of its type of estate. Those stay as they were.
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
judged AS MATERIALIZED (
  SELECT y.id, y.place_id, y.started_at, y.missed, y.reached,
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
    LEFT JOIN held h ON h.id = y.id),
newly AS (
  SELECT j.id, j.started_at FROM judged j
   WHERE j.would AND NOT j.missed AND ($19 IS NULL OR (j.started_at, j.id) > ($19, $20))
   ORDER BY j.started_at, j.id LIMIT $21)
SELECT jsonb_build_object(
  'places', (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.newly DESC, c.place_id), '[]') FROM (
     SELECT j.place_id, p.name, count(*) AS deadlines, count(*) FILTER (WHERE j.missed) AS before,
            count(*) FILTER (WHERE j.would) AS under_draft, count(*) FILTER (WHERE j.would AND NOT j.missed) AS newly,
            count(*) FILTER (WHERE j.missed AND NOT j.would) AS no_longer, count(*) FILTER (WHERE NOT j.reached) AS unreached
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
