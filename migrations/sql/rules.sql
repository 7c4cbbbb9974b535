-- The rules as data: legal moves and promised states (generated from the lifecycles; a test compares them), and the limits
-- that hold everywhere until a place publishes its own (domain.md §4; respond is the first of "2341", S3).

INSERT INTO allowed_transition (kind, from_state, to_state) VALUES
  ('order', '', 'submitted'),
  ('order', 'accepted', 'cancelled'),
  ('order', 'accepted', 'in_service'),
  ('order', 'delivered', 'rated'),
  ('order', 'in_service', 'delivered'),
  ('order', 'offered', 'accepted'),
  ('order', 'offered', 'cancelled'),
  ('order', 'offered', 'submitted'),
  ('order', 'submitted', 'accepted'),
  ('order', 'submitted', 'cancelled'),
  ('order', 'submitted', 'offered');

INSERT INTO promised_state (kind, state) VALUES
  ('order', 'accepted'),
  ('order', 'in_service'),
  ('order', 'offered'),
  ('order', 'submitted');

INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, version, calendar, budget_seconds, percents,
                             published_by, published_at) VALUES
  ('00000000-0000-7000-8000-000000000001', NULL, 'order', 'respond', 1, 'WALL', 1200, '{80,100,150}',
   '00000000-0000-0000-0000-000000000000', '2026-01-01T00:00:00+08:00'),
  ('00000000-0000-7000-8000-000000000002', NULL, 'order', 'offer', 1, 'WALL', 480, '{80,100}',
   '00000000-0000-0000-0000-000000000000', '2026-01-01T00:00:00+08:00'),
  ('00000000-0000-7000-8000-000000000003', NULL, 'order', 'finish', 1, 'WALL', 14400, '{80,100}',
   '00000000-0000-0000-0000-000000000000', '2026-01-01T00:00:00+08:00');

-- What each mark does. 80 % warns whoever must act; 100 % is the miss.
INSERT INTO policy_effect (policy_id, percent, primitive, target) VALUES
  ('00000000-0000-7000-8000-000000000001', 80, 'notify', 'dispatcher'),
  ('00000000-0000-7000-8000-000000000001', 100, 'notify', 'dispatcher'),
  ('00000000-0000-7000-8000-000000000001', 100, 'open_pool', ''),
  ('00000000-0000-7000-8000-000000000001', 150, 'set_holder', 'secretary'),
  ('00000000-0000-7000-8000-000000000001', 150, 'notify', 'secretary'),
  ('00000000-0000-7000-8000-000000000002', 80, 'notify', 'assignee'),
  ('00000000-0000-7000-8000-000000000002', 100, 'event', 'order.lapse'),
  ('00000000-0000-7000-8000-000000000003', 80, 'notify', 'assignee'),
  ('00000000-0000-7000-8000-000000000003', 100, 'notify', 'dispatcher');
