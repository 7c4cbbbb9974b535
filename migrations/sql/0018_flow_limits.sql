-- What a miss does, and what the catalogue says, until a place publishes its own (domain.md §4.7, §5; S3's five service rules:
-- rubbish the same day, illegal buildings removed, safety, parking in order, repairs in time; the figures are ours).

-- The plan of an order is missed: a case opens at the community, its secretary holds it, the street is told. Wishes stay wishes.
WITH missed AS (
  SELECT * FROM deadline_policy p
   WHERE p.place_id IS NULL AND p.matter_kind = 'order' AND p.deadline_kind = 'plan' AND p.category = ''
   ORDER BY p.version DESC LIMIT 1),
made AS (
  INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, category, version, calendar, budget_seconds,
                               budget_days, later_round_percent, pause_limit_seconds, percents, published_by, published_at)
  SELECT '00000000-0000-7000-8000-000000001800'::uuid, NULL::uuid, matter_kind, deadline_kind, category, version + 1, calendar,
         budget_seconds, budget_days, later_round_percent, pause_limit_seconds, percents, published_by, published_at
    FROM missed)
INSERT INTO policy_effect (policy_id, percent, primitive, target)
SELECT '00000000-0000-7000-8000-000000001800'::uuid, e.percent, e.primitive, e.target
  FROM missed JOIN policy_effect e ON e.policy_id = missed.id
UNION ALL SELECT '00000000-0000-7000-8000-000000001800'::uuid, 100, 'event', 'order.convert' FROM missed;

-- What hangs is looked at again, by hand or when its review is due: then it goes on by itself.
INSERT INTO policy_effect (policy_id, percent, primitive, target)
SELECT p.id, 100, 'event', 'case.wake' FROM deadline_policy p
 WHERE p.place_id IS NULL AND p.matter_kind = 'case' AND p.deadline_kind = 'review';

-- Limits of their own: repairs and parking at the community within one working day.
WITH own AS (
  SELECT ('00000000-0000-7000-8000-00000000181' || w.n)::uuid AS id, p.id AS like_id, p.deadline_kind, w.category,
         p.later_round_percent, p.percents, p.published_by, p.published_at
    FROM (VALUES (1, 'repair'), (2, 'parking')) w(n, category)
    CROSS JOIN LATERAL (
      SELECT * FROM deadline_policy d
       WHERE d.place_id IS NULL AND d.matter_kind = 'case' AND d.deadline_kind = 'resolve_community' AND d.category = ''
       ORDER BY d.version DESC LIMIT 1) p),
made AS (
  INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, category, version, calendar, budget_days,
                               later_round_percent, percents, published_by, published_at)
  SELECT id, NULL, 'case', deadline_kind, category, 1, 'WORK', 1, later_round_percent, percents, published_by, published_at
    FROM own)
INSERT INTO policy_effect (policy_id, percent, primitive, target)
SELECT own.id, e.percent, e.primitive, e.target FROM own JOIN policy_effect e ON e.policy_id = own.like_id;

-- A small matter is not left overnight, whatever it is about; a place that sees it otherwise publishes its own.
INSERT INTO case_category (id, place_id, code, version, name, lane, emergency, by_midnight, evidence, unit_kind, published_by,
                           published_at)
SELECT ('00000000-0000-7000-8000-0000000018' || lpad((20 + row_number() OVER (ORDER BY c.code))::text, 2, '0'))::uuid, NULL,
       c.code, c.version + 1, c.name, c.lane, c.emergency, true, c.evidence, c.unit_kind, c.published_by, c.published_at
  FROM case_category c WHERE c.place_id IS NULL AND NOT c.by_midnight;
INSERT INTO case_category (id, place_id, code, version, name, lane, emergency, by_midnight, evidence, unit_kind, published_by,
                           published_at)
VALUES ('00000000-0000-7000-8000-000000001840', NULL, 'parking', 1, '停车秩序', 'small', false, true, '{photo}', 'station',
        '00000000-0000-0000-0000-000000000000', '2026-01-01T00:00:00+08:00');
