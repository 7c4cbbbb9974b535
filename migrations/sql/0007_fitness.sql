-- Fitness: what is known of volunteers for one place, skill and moment (domain.md §3, 派单). The verdict and the order are
-- pure Python (app/domain/teams/fitness.py). There is no location in it but the places of roles.

-- What somebody served, newest last; and what they hold.
CREATE INDEX history_served ON history (actor_id, at) INCLUDE (matter_id) WHERE action = 'deliver';
CREATE INDEX matter_serving ON matter (assignee_id) WHERE kind = 'order' AND state IN ('offered', 'accepted', 'in_service');

-- These people's orders are counted, given or taken back by one transaction at a time, until its end. Whoever asks looks again
-- afterwards: functions that call it are volatile on purpose.
CREATE FUNCTION hold_volunteers(people uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('linli volunteer ' || x.id, 0))
     FROM (SELECT DISTINCT p.id FROM unnest(people) p(id) ORDER BY p.id) x;
END $$;

-- `people` NULL: every live volunteer at the place or above it, whom nobody holds meanwhile. To the application it answers who dispatches at the place, and
-- everybody about themselves and the members of a team that they lead; the worker asks about anybody.
CREATE FUNCTION volunteer_facts(place uuid, people uuid[], skill text, at timestamptz) RETURNS SETOF jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE
  here timestamp := timezone('Asia/Shanghai', at);
  midnight timestamptz := timezone('Asia/Shanghai', date_trunc('day', here));
  weekday int := extract(isodow FROM here)::int - 1;
  second int := extract(epoch FROM here::time)::int;
  minute int := extract(hour FROM here)::int * 60 + extract(minute FROM here)::int;
  ids uuid[];
BEGIN
  IF session_user = 'linli_app' AND NOT app_reaches(place, '{station_staff,dispatcher,secretary,administrator}')
     AND (people IS NULL OR EXISTS (
       SELECT 1 FROM unnest(people) x(id)
        WHERE x.id IS DISTINCT FROM app_actor() AND NOT EXISTS (
          SELECT 1 FROM team_member m JOIN team t ON t.id = m.team_id
           WHERE m.person_id = x.id AND m.live AND t.lead_id = app_actor() AND t.disbanded_at IS NULL))) THEN
    RETURN;
  END IF;
  IF people IS NULL THEN
    ids := ARRAY(SELECT DISTINCT g.person_id
                   FROM place_ancestor a JOIN role_grant g ON g.place_id = a.ancestor_id AND g.role = 'volunteer'
                   JOIN person p ON p.id = g.person_id
                  WHERE a.place_id = place AND p.disabled_at IS NULL
                    AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at));
  ELSE
    PERFORM hold_volunteers(people);
    ids := ARRAY(SELECT p.id FROM person p WHERE p.id = ANY (people));
  END IF;
  RETURN QUERY
  SELECT jsonb_build_object(
           'person_id', w.id,
           'in_area', people IS NULL OR coalesce((
              SELECT true FROM role_grant g JOIN place_ancestor a ON a.ancestor_id = g.place_id AND a.place_id = place
                JOIN person p ON p.id = g.person_id
               WHERE g.person_id = w.id AND g.role = 'volunteer' AND p.disabled_at IS NULL
                 AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at) LIMIT 1), false),
           'skilled', volunteer_facts.skill = '' OR EXISTS (
              SELECT 1 FROM skill s WHERE s.person_id = w.id AND s.code = volunteer_facts.skill AND s.ended_at IS NULL
                 AND (s.licence_until IS NULL OR s.licence_until >= here::date)),
           'on_duty', v.week IS NULL OR EXISTS (
              SELECT 1 FROM jsonb_array_elements(v.week -> weekday) s
               WHERE (s ->> 0)::int <= second AND second < (s ->> 1)::int),
           'quiet', coalesce(CASE WHEN v.quiet_from < v.quiet_until THEN minute >= v.quiet_from AND minute < v.quiet_until
                                  ELSE minute >= v.quiet_from OR minute < v.quiet_until END, false),
           'away', coalesce(v.away_until > at, false),
           'capacity', coalesce(v.daily_capacity, 3),
           'taken_today', held.orders + served.today,
           'recent', served.recent,
           'last_served_at', coalesce(served.last, (
              SELECT max(h.at) FROM history h
               WHERE h.actor_id = w.id AND h.action = 'deliver' AND h.at <= volunteer_facts.at)),
           'team_ids', (SELECT coalesce(jsonb_agg(t.id ORDER BY t.id), '[]')
                          FROM team_member m JOIN team t ON t.id = m.team_id AND t.disbanded_at IS NULL
                          JOIN place_ancestor a ON a.ancestor_id = t.place_id AND a.place_id = place
                         WHERE m.person_id = w.id AND m.live))
    FROM unnest(ids) w(id) LEFT JOIN volunteer_profile v ON v.person_id = w.id
   CROSS JOIN LATERAL (
     SELECT count(*) AS orders FROM matter m
      WHERE m.assignee_id = w.id AND m.state IN ('offered', 'accepted', 'in_service') AND m.kind = 'order') held
   CROSS JOIN LATERAL (
     -- An order that came back and is held again was counted there.
     SELECT count(*) AS recent, max(h.at) AS last, count(*) FILTER (WHERE h.at >= midnight AND NOT EXISTS (
              SELECT 1 FROM matter m WHERE m.id = h.matter_id AND m.assignee_id = w.id AND m.kind = 'order'
                 AND m.state IN ('offered', 'accepted', 'in_service'))) AS today
       FROM history h
      WHERE h.actor_id = w.id AND h.action = 'deliver' AND h.at <= volunteer_facts.at
        AND h.at > volunteer_facts.at - interval '28 days') served;
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION volunteer_facts(uuid, uuid[], text, timestamptz) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION volunteer_facts(uuid, uuid[], text, timestamptz), hold_volunteers(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION volunteer_facts(uuid, uuid[], text, timestamptz), hold_volunteers(uuid[])
  TO linli_app, linli_worker, linli_checker, linli_owner;
