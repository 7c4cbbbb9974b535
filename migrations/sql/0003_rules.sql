-- The standard limits until a place publishes its own (domain.md §4; the first four are "2341", S3; what a miss does is ours).

INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, version, calendar, budget_seconds, budget_days,
                             later_round_percent, pause_limit_seconds, percents, published_by, published_at)
SELECT ('00000000-0000-7000-8000-0000000003' || lpad(n::text, 2, '0'))::uuid, NULL, 'order', kind, version, calendar, seconds,
       days, later, pause, percents::int[], '00000000-0000-0000-0000-000000000000', '2026-01-01T00:00:00+08:00'
  FROM (VALUES (1, 'respond', 2, 'DUTY', 1200, NULL::int, 100, NULL::int, '{80,100,150}'),
               (2, 'reply', 1, 'DUTY', 1800, NULL, 100, NULL, '{80,100}'),
               (3, 'reply_in_person', 1, 'DUTY', 900, NULL, 100, NULL, '{80,100}'),
               (4, 'coordinate', 1, 'DUTY', 14400, NULL, 50, 259200, '{80,100}'),
               (5, 'plan', 1, 'WORK', NULL, 1, 50, 259200, '{80,100}'),
               (6, 'offer', 2, 'DUTY', 480, NULL, 100, NULL, '{80,100}'),
               (7, 'appointment', 1, 'WALL', 900, NULL, 100, NULL, '{80,100}'),
               (8, 'promise', 1, 'WALL', 86400, NULL, 100, NULL, '{80,100}'),
               (9, 'promise_late', 1, 'DUTY', 3600, NULL, 100, NULL, '{100}'),
               (10, 'finish', 2, 'DUTY', 14400, NULL, 100, NULL, '{80,100}'),
               (11, 'rating', 1, 'WALL', 432000, NULL, 100, NULL, '{60,100,140}'))
       p(n, kind, version, calendar, seconds, days, later, pause, percents);

INSERT INTO policy_effect (policy_id, percent, primitive, target)
SELECT p.id, e.percent, e.primitive, e.target
  FROM (VALUES ('respond', 80, 'notify', 'dispatcher'),
               ('respond', 100, 'notify', 'dispatcher'),
               ('respond', 100, 'open_pool', ''),
               ('respond', 150, 'set_holder', 'secretary'),
               ('respond', 150, 'notify', 'secretary'),
               ('reply', 80, 'notify', 'dispatcher'),
               ('reply', 100, 'notify', 'secretary'),
               ('reply', 100, 'start', 'reply_in_person'),
               ('reply_in_person', 80, 'notify', 'secretary'),
               ('reply_in_person', 100, 'notify', 'secretary@street'),
               ('coordinate', 80, 'notify', 'dispatcher'),
               ('coordinate', 100, 'notify', 'dispatcher'),
               ('coordinate', 100, 'notify', 'secretary@street'),
               ('plan', 80, 'notify', 'dispatcher'),
               ('plan', 100, 'set_holder', 'secretary'),
               ('plan', 100, 'notify', 'secretary'),
               ('plan', 100, 'notify', 'secretary@street'),
               ('offer', 80, 'notify', 'assignee'),
               ('offer', 100, 'event', 'order.lapse'),
               ('appointment', 80, 'notify', 'assignee'),
               ('appointment', 100, 'notify', 'dispatcher'),
               ('appointment', 100, 'notify', 'requester'),
               ('appointment', 100, 'event', 'order.miss_appointment'),
               ('promise', 80, 'notify', 'assignee'),
               ('promise', 100, 'notify', 'dispatcher'),
               ('promise', 100, 'start', 'promise_late'),
               ('promise_late', 100, 'set_holder', 'secretary'),
               ('promise_late', 100, 'notify', 'secretary'),
               ('finish', 80, 'notify', 'assignee'),
               ('finish', 100, 'notify', 'dispatcher'),
               ('rating', 60, 'notify', 'requester'),
               ('rating', 100, 'notify', 'dispatcher'),
               ('rating', 140, 'event', 'order.close_unrated')) e(kind, percent, primitive, target)
  JOIN deadline_policy p ON p.deadline_kind = e.kind AND p.place_id IS NULL AND p.matter_kind = 'order'
   AND p.id::text LIKE '00000000-0000-7000-8000-0000000003%';

-- Orders from before this release that wait have a limit to respond alone; accepting would leave them without any. They get
-- a day around the clock to be coordinated.
INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired,
                      budget_seconds, pausable)
SELECT gen_random_uuid(), m.id, m.place_id, 'coordinate', m.round, p.id, now.at, now.at + interval '1 day', p.percents,
       ARRAY[now.at + interval '1 day' * 0.8, now.at + interval '1 day'], 0, 86400, true
  FROM (SELECT app_now() AS at) now, matter m, deadline_policy p
 WHERE m.kind = 'order' AND m.state IN ('submitted', 'offered') AND p.deadline_kind = 'coordinate' AND p.place_id IS NULL;
