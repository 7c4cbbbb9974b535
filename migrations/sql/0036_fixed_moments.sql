-- A replay leaves alone what is due at a moment of its own, whatever the budget: a promise, a milestone, a review, the midnight of
-- a small matter; and an emergency, which runs around the clock whatever hours are drafted. As before in all else; no budget says
-- that it is one of these.
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
  hourly uuid[];
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
  -- What runs around the clock though its policy names hours is an emergency's, and stays as it was.
  hourly := ARRAY(SELECT p.id FROM deadline_policy p
                   WHERE d.matter_kind = 'case' AND p.matter_kind = 'case' AND p.deadline_kind = d.deadline_kind
                     AND p.calendar <> 'WALL');
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
         CASE WHEN NOT y.reached OR y.budget IS NULL THEN y.missed
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
                     CASE WHEN d.hours_id IS NULL AND d.policy_id = ANY ($23) THEN NULL
                          WHEN d.round > 1 THEN s.later_budget ELSE s.budget END AS budget,
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
       'stopped_at', d.stopped_at, 'due_at', d.due_at, 'group', s.grp,
       'pauses', (SELECT coalesce(jsonb_agg(jsonb_build_array(p.from_at, p.until_at)), '[]') FROM deadline_pause p
                   WHERE p.deadline_id = d.id AND NOT p.annulled)) ORDER BY n.started_at, n.id), '[]')
     FROM newly n JOIN deadline d ON d.id = n.id JOIN spot s ON s.place_id = d.place_id))
  $q$
  INTO answer
  USING d.place_id, since, until, at, band, opens, closes, shifts, budgets, later_budgets, places, groups, d.matter_kind,
        d.deadline_kind, d.category, by_category, by_type, d.estate_type, after_at, after_id, most, policies, hourly;
  RETURN answer;
END $$;
