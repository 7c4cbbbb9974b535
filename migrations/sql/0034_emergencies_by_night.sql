-- As in 0014_limits.sql; and emergencies run around the clock (domain.md §4.2), also what their reporters are promised: the limits
-- to respond, to reply and to triage, whatever calendar they name and wherever they and the category were published; a working day
-- is a day then.
CREATE FUNCTION is_emergency(place uuid, of_category text, of_type text, as_of timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$
  SELECT coalesce((
    SELECT c.emergency FROM case_category c
      LEFT JOIN place_ancestor a ON a.place_id = is_emergency.place AND a.ancestor_id = c.place_id
     WHERE c.code = of_category AND (c.place_id IS NULL OR a.place_id IS NOT NULL) AND c.estate_type IN ('', coalesce(of_type, ''))
     ORDER BY c.published_at <= as_of DESC, coalesce(a.depth, 99), c.estate_type DESC, c.version DESC LIMIT 1), false)
$$;
CREATE OR REPLACE FUNCTION policies_in_force(
  place uuid, of_kind text, kinds text[], of_category text, as_of timestamptz DEFAULT 'infinity') RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE
  of_type text := (SELECT e.estate_type FROM place_ancestor a JOIN place e ON e.id = a.ancestor_id
                    WHERE a.place_id = place AND e.level = 'estate' ORDER BY a.depth LIMIT 1);
  by_night text[] := CASE WHEN of_kind = 'case' AND is_emergency(place, of_category, of_type, as_of)
                          THEN '{respond,reply,triage}' ELSE '{}' END;
BEGIN
  RETURN (
    SELECT jsonb_agg(jsonb_build_object(
             'id', p.id, 'kind', k.kind, 'calendar', runs.on,
             'budget_seconds', CASE WHEN runs.on = 'WALL' THEN coalesce(p.budget_seconds, p.budget_days * 86400)
                                    ELSE p.budget_seconds END,
             'budget_days', CASE WHEN runs.on <> 'WALL' THEN p.budget_days END, 'later_round_percent', p.later_round_percent, 'percents', p.percents,
             'pausable', p.pause_limit_seconds IS NOT NULL,
             'hours_id', CASE WHEN runs.on <> 'WALL' THEN (
                SELECT h.id FROM calendar_hours h LEFT JOIN place_ancestor a ON a.ancestor_id = h.place_id AND a.place_id = place
                 WHERE h.calendar = p.calendar AND (h.place_id IS NULL OR a.place_id IS NOT NULL)
                 ORDER BY h.published_at <= as_of DESC, coalesce(a.depth, 99), h.version DESC LIMIT 1) END,
             'workdays_id', CASE WHEN runs.on = 'WORK' THEN (
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
        ORDER BY near.depth, near.category DESC, near.estate_type DESC, near.version DESC LIMIT 1) p
      CROSS JOIN LATERAL (
        SELECT CASE WHEN k.kind = ANY (by_night) THEN 'WALL' ELSE p.calendar END AS "on") runs);
END $$;
REVOKE ALL ON FUNCTION is_emergency(uuid, text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION is_emergency(uuid, text, text, timestamptz) TO linli_app, linli_worker, linli_checker, linli_owner;
