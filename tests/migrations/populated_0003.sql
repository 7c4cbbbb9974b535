-- A community as it lived at revision 0003: an order in each state of that time, one that was given back, one whose response was
-- missed. Limits are on the wall, a day long, so that nothing falls due while a test runs.

INSERT INTO place (id, code, parent_id, level, name)
VALUES ('0c000000-0000-7000-8000-000000000001', '14', NULL, 'province', '试验省'),
       ('0c000000-0000-7000-8000-000000000002', '140100001', '0c000000-0000-7000-8000-000000000001', 'street', '试验街道'),
       ('0c000000-0000-7000-8000-000000000003', '140100001001', '0c000000-0000-7000-8000-000000000002', 'community', '试验社区');
INSERT INTO place_ancestor (place_id, ancestor_id, depth)
SELECT p.id, a.id, (SELECT count(*) FROM place b WHERE b.code > a.code AND b.code <= p.code)
  FROM place p JOIN place a ON a.code <= p.code;

INSERT INTO person (id, openid, name_sealed, phone_sealed, address_sealed, created_at, version)
SELECT ('0a000000-0000-7000-8000-00000000000' || n)::uuid, 'openid-' || n, '\x01', '\x01', '\x01', app_now(), 1
  FROM generate_series(1, 4) n;
INSERT INTO session (family, person_id, created_at)
SELECT id, id, clock_timestamp() FROM person;
INSERT INTO role_grant (id, person_id, place_id, role, starts_at, granted_by, version)
SELECT gen_random_uuid(), ('0a000000-0000-7000-8000-00000000000' || n)::uuid, '0c000000-0000-7000-8000-000000000003', role,
       app_now() - interval '30 days', '0a000000-0000-7000-8000-000000000004', 1
  FROM (VALUES (1, 'resident'), (2, 'volunteer'), (3, 'dispatcher'), (4, 'secretary')) r(n, role);
-- Somebody who volunteered until yesterday.
INSERT INTO role_grant (id, person_id, place_id, role, starts_at, ends_at, granted_by, version)
VALUES (gen_random_uuid(), '0a000000-0000-7000-8000-000000000001', '0c000000-0000-7000-8000-000000000003', 'volunteer',
        app_now() - interval '30 days', app_now() - interval '1 day', '0a000000-0000-7000-8000-000000000004', 1);

INSERT INTO service (id, place_id, name, description, published_by, created_at, version)
VALUES ('05000000-0000-7000-8000-000000000001', '0c000000-0000-7000-8000-000000000003', '陪同就医', '陪老人去医院',
        '0a000000-0000-7000-8000-000000000004', app_now() - interval '20 days', 1);
-- The same published again by mistake, and one that has the name which the second would get.
INSERT INTO service (id, place_id, name, description, published_by, created_at, version)
SELECT gen_random_uuid(), '0c000000-0000-7000-8000-000000000003', r.name, '陪老人去医院',
       '0a000000-0000-7000-8000-000000000004', app_now() - r.ago, 1
  FROM (VALUES ('陪同就医', interval '19 days'), ('陪同就医', interval '18 days'), ('陪同就医(2)', interval '17 days')) r(name, ago);

INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, version, calendar, budget_seconds, percents,
                             published_by, published_at)
SELECT gen_random_uuid(), '0c000000-0000-7000-8000-000000000003', 'order', kind, 1, 'WALL', 86400, '{80,100}',
       '0a000000-0000-7000-8000-000000000004', app_now() - interval '20 days'
  FROM unnest(ARRAY['respond', 'reply', 'coordinate', 'plan', 'offer', 'finish', 'rating']) kind;

-- An order that has gone this way; with a deadline that stopped in time, and one that runs while it is open or waits for a rating.
CREATE FUNCTION pg_temp.lived(number int, way text[], began timestamptz DEFAULT app_now() - interval '1 hour') RETURNS void
LANGUAGE plpgsql AS
$$
DECLARE
  subject uuid := ('0e000000-0000-7000-8000-0000000000' || lpad(number::text, 2, '0'))::uuid;
  resident uuid := '0a000000-0000-7000-8000-000000000001';
  volunteer uuid := '0a000000-0000-7000-8000-000000000002';
  here uuid := '0c000000-0000-7000-8000-000000000003';
  runs text[];
  step int;
  said text;
BEGIN
  INSERT INTO matter (id, kind, place_id, state, version, round, requester_id, beneficiary_id, open_pool, moved_by, moved_in,
                      created_at, changed_at)
  VALUES (subject, 'order', here, 'submitted', 1, 1, resident, resident, false, resident, 0, began, began);
  INSERT INTO order_detail (matter_id, place_id, service_id, note, failures, wrong_codes)
  VALUES (subject, here, '05000000-0000-7000-8000-000000000001', '周三上午想请人陪我去医院取药', 0, 0);
  INSERT INTO order_contact VALUES (subject, here, '\x01', '\x01', '\x01');
  INSERT INTO history (matter_id, version, place_id, action, from_state, to_state, actor_id, through, at, note)
  VALUES (subject, 1, here, 'place', NULL, 'submitted', resident, 'subtree', began, '{}');
  FOR step IN 2..cardinality(way) LOOP
    said := CASE way[step] WHEN 'offered' THEN 'offer' WHEN 'accepted' THEN 'accept' WHEN 'in_service' THEN 'start'
              WHEN 'delivered' THEN 'deliver' WHEN 'rated' THEN 'rate' WHEN 'closed_unrated' THEN 'close_unrated'
              WHEN 'cancelled' THEN 'cancel' ELSE 'release' END;
    UPDATE matter SET state = way[step], changed_at = began + make_interval(mins => step),
                      assignee_id = CASE WHEN way[step] IN ('submitted', 'cancelled') THEN NULL ELSE volunteer END
     WHERE id = subject;
    INSERT INTO history (matter_id, version, place_id, action, from_state, to_state, actor_id, through, at, note)
    VALUES (subject, step, here, said, way[step - 1], way[step],
            CASE said WHEN 'rate' THEN resident WHEN 'cancel' THEN resident WHEN 'offer' THEN '0a000000-0000-7000-8000-000000000003'
                 ELSE volunteer END,
            'assignee', began + make_interval(mins => step), '{}');
    IF said = 'deliver' THEN
      UPDATE order_detail SET outcome = '已陪同取药' WHERE matter_id = subject;
    ELSIF said = 'rate' THEN
      INSERT INTO rating VALUES (subject, 1, here, resident, 'yes', 5, NULL, began + make_interval(mins => step));
    END IF;
  END LOOP;
  runs := CASE way[cardinality(way)]
            WHEN 'submitted' THEN '{respond,coordinate}' WHEN 'offered' THEN '{respond,coordinate,offer}'
            WHEN 'accepted' THEN '{coordinate}' WHEN 'in_service' THEN '{coordinate,finish}'
            WHEN 'delivered' THEN '{rating}' ELSE '{}' END;
  INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired,
                        stopped_at, budget_seconds)
  SELECT gen_random_uuid(), subject, here, p.deadline_kind, 1, p.id, began, began + interval '86400 seconds', p.percents,
         ARRAY[began + interval '69120 seconds', began + interval '86400 seconds'], 0,
         CASE WHEN p.deadline_kind <> ALL (runs) THEN began + interval '2 minutes' END, 86400
    FROM deadline_policy p WHERE p.place_id = here AND p.deadline_kind = ANY (runs || '{reply}');
END $$;

SELECT pg_temp.lived(1, '{submitted}');
SELECT pg_temp.lived(2, '{submitted,offered}');
SELECT pg_temp.lived(3, '{submitted,offered,accepted}');
SELECT pg_temp.lived(4, '{submitted,offered,accepted,in_service}');
SELECT pg_temp.lived(5, '{submitted,offered,accepted,in_service,delivered}');
SELECT pg_temp.lived(6, '{submitted,offered,accepted,in_service,delivered,rated}');
SELECT pg_temp.lived(7, '{submitted,offered,accepted,in_service,delivered,closed_unrated}');
SELECT pg_temp.lived(8, '{submitted,cancelled}');
SELECT pg_temp.lived(9, '{submitted,offered,accepted,submitted,offered}');

-- Two days ago, and nobody came: the mark stands, and the order is open to all.
SELECT pg_temp.lived(10, '{submitted}', app_now() - interval '2 days');
UPDATE matter SET open_pool = true WHERE id = '0e000000-0000-7000-8000-000000000010';
INSERT INTO history (matter_id, version, place_id, action, from_state, to_state, actor_id, through, at, note)
VALUES ('0e000000-0000-7000-8000-000000000010', 2, '0c000000-0000-7000-8000-000000000003', 'mark', 'submitted', 'submitted',
        '00000000-0000-0000-0000-000000000000', 'system', app_now() - interval '1 day', '{}');
UPDATE deadline SET fired = 2 WHERE matter_id = '0e000000-0000-7000-8000-000000000010' AND kind = 'respond';
INSERT INTO mark (deadline_id, percent, matter_id, place_id, due_at, fired_at)
SELECT d.id, p.percent, d.matter_id, d.place_id, p.at, p.at
  FROM deadline d CROSS JOIN LATERAL unnest(d.percents, d.times) p(percent, at)
 WHERE d.matter_id = '0e000000-0000-7000-8000-000000000010' AND d.kind = 'respond';
