-- Emergencies run around the clock (domain.md §4.2), also what their reporters are promised: the standard limits to respond, to
-- reply and to triage, of each category that the standard catalogue calls an emergency. A place publishes its own.
WITH urgent AS (
  SELECT c.code, row_number() OVER (ORDER BY c.code) AS n
    FROM (SELECT DISTINCT ON (k.code) k.code, k.emergency FROM case_category k
           WHERE k.place_id IS NULL AND k.estate_type = '' ORDER BY k.code, k.version DESC) c
   WHERE c.emergency),
own AS (
  SELECT ('00000000-0000-7000-8000-0000000034' || lpad((urgent.n * 3 + w.n)::text, 2, '0'))::uuid AS id, p.id AS like_id,
         w.kind, urgent.code, p.budget_seconds, p.later_round_percent, p.percents, p.published_by, p.published_at
    FROM urgent CROSS JOIN (VALUES (0, 'respond'), (1, 'reply'), (2, 'triage')) w(n, kind)
    CROSS JOIN LATERAL (
      SELECT * FROM deadline_policy d
       WHERE d.place_id IS NULL AND d.matter_kind = 'case' AND d.deadline_kind = w.kind AND d.category = ''
       ORDER BY d.version DESC LIMIT 1) p),
made AS (
  INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, category, version, calendar, budget_seconds,
                               later_round_percent, percents, published_by, published_at)
  SELECT id, NULL, 'case', kind, code, 1, 'WALL', budget_seconds, later_round_percent, percents, published_by, published_at
    FROM own)
INSERT INTO policy_effect (policy_id, percent, primitive, target)
SELECT own.id, e.percent, e.primitive, e.target FROM own JOIN policy_effect e ON e.policy_id = own.like_id;
