-- Whoever ends a role or a skill, moves or goes away leaves nobody in the dark; volunteers end their own role.

-- A role that has not begun when it is revoked never begins. Roles of officers that end by their date are noticed once, too; of
-- those that ended before this nobody is told any more.
UPDATE role_grant SET starts_at = handed_back_at, ends_at = handed_back_at
 WHERE starts_at = ends_at AND handed_back_at < starts_at;
UPDATE role_grant SET handed_back_at = ends_at WHERE role NOT IN ('resident', 'volunteer') AND ends_at <= app_now() AND handed_back_at IS NULL;
DROP INDEX role_grant_ending;
CREATE INDEX role_grant_ending ON role_grant (ends_at, id)
  WHERE role <> 'resident' AND ends_at IS NOT NULL AND handed_back_at IS NULL;

-- A volunteer ends the own role, at once, and does nothing else to it.
ALTER POLICY role_grant_update ON role_grant
  USING ((role IN ('resident', 'volunteer') AND person_id = app_actor())
         OR (role = 'volunteer' AND app_reaches(place_id, '{secretary,administrator}'))
         OR app_reaches(place_id, '{administrator}'))
  WITH CHECK ((role = 'resident' AND person_id = app_actor())
         OR (role = 'volunteer' AND person_id = app_actor() AND ends_at <= app_now())
         OR (role = 'volunteer' AND app_reaches(place_id, '{secretary,administrator}'))
         OR app_reaches(place_id, '{administrator}'));

-- What a role was stays: whose, where and which; it may begin earlier or end, and what has ended changes no more.
CREATE FUNCTION role_keeps_its_past() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF (NEW.id, NEW.person_id, NEW.place_id, NEW.role, NEW.granted_by)
     IS DISTINCT FROM (OLD.id, OLD.person_id, OLD.place_id, OLD.role, OLD.granted_by)
     OR NEW.starts_at > OLD.starts_at OR (OLD.starts_at <= public.app_now() AND NEW.starts_at <> OLD.starts_at) THEN
    RAISE EXCEPTION 'role_grant %: it cannot be altered so', OLD.id USING ERRCODE = '23514';
  END IF;
  -- Whoever ends it a second time came second: the door looks again, and says so.
  IF (OLD.ends_at <= public.app_now() AND NEW.ends_at IS DISTINCT FROM OLD.ends_at)
     OR (OLD.handed_back_at IS NOT NULL AND NEW.handed_back_at IS DISTINCT FROM OLD.handed_back_at) THEN
    RAISE EXCEPTION 'role_grant %: it has ended', OLD.id USING ERRCODE = '40001';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER role_keeps_its_past BEFORE UPDATE ON role_grant FOR EACH ROW WHEN (current_user = 'linli_app')
  EXECUTE FUNCTION role_keeps_its_past();
REVOKE ALL ON FUNCTION role_keeps_its_past() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION role_keeps_its_past() TO linli_app, linli_worker, linli_checker, linli_owner;

-- Of a move and an application at once the second sees the first, as with a consent (0052).
CREATE FUNCTION application_is_at_home() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  PERFORM 1 FROM person p WHERE p.id = NEW.person_id FOR NO KEY UPDATE;
  IF NOT person_lives(NEW.person_id, NEW.place_id) THEN
    UPDATE volunteer_application a SET withdrawn_at = app_now(), version = a.version + 1
     WHERE a.id = NEW.id AND a.withdrawn_at IS NULL AND a.decided_at IS NULL;
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER application_is_at_home AFTER INSERT ON volunteer_application DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION application_is_at_home();
GRANT UPDATE (withdrawn_at, version) ON volunteer_application TO linli_checker;
CREATE POLICY application_left_behind ON volunteer_application FOR UPDATE TO linli_checker USING (true) WITH CHECK (true);

-- As before, and for whoever resigns.
CREATE OR REPLACE FUNCTION led_teams(person uuid, losing uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  RETURN (
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'place_id', t.place_id) ORDER BY t.id), '[]')
      FROM team t JOIN role_grant lost ON lost.id = losing AND lost.person_id = t.lead_id
      JOIN place_ancestor b ON b.place_id = t.place_id AND b.ancestor_id = lost.place_id
     WHERE t.lead_id = led_teams.person AND t.disbanded_at IS NULL
       AND NOT EXISTS (
              SELECT 1 FROM role_grant g JOIN place_ancestor a ON a.ancestor_id = g.place_id AND a.place_id = t.place_id
               WHERE g.person_id = t.lead_id AND g.role = 'volunteer' AND g.id <> losing
                 AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at))
       AND (session_user = 'linli_worker' OR lost.person_id = app_actor()
            OR app_reaches(lost.place_id, '{administrator,secretary}')));
END $$;

-- Whether somebody has told name and phone: for who admits volunteers, who does not see the person yet; only a yes or no.
CREATE FUNCTION person_named(person uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (session_user <> 'linli_app' OR person = app_actor() OR app_holds('{administrator,secretary}'))
     AND EXISTS (SELECT 1 FROM person p WHERE p.id = person_named.person AND num_nonnulls(p.name_sealed, p.phone_sealed) = 2);
END $$;

-- The live orders of whoever has a recorded skill that want it: ids alone, for its owner and for who may end it. They are held
-- until the end of the transaction, so that of an end and a start at once the second finds the first. Volatile on purpose.
CREATE FUNCTION skill_orders(recorded uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE s skill;
BEGIN
  SELECT * INTO s FROM skill x WHERE x.id = recorded;
  IF s.id IS NULL OR session_user = 'linli_app' AND s.person_id IS DISTINCT FROM app_actor()
     AND NOT app_reaches(s.place_id, '{administrator,secretary,station_staff}') THEN
    RETURN '[]';
  END IF;
  PERFORM hold_volunteers(ARRAY[s.person_id]);
  RETURN (
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'place_id', m.place_id) ORDER BY m.id), '[]')
      FROM matter m JOIN order_detail d ON d.matter_id = m.id JOIN service v ON v.id = d.service_id
     WHERE m.kind = 'order' AND m.state IN ('offered', 'accepted', 'in_service') AND m.assignee_id = s.person_id
       AND v.skill = s.code);
END $$;

-- Does the actor say that they are away? Asked with each acceptance, which a look at the table behind its walls would hold up.
CREATE FUNCTION app_is_away() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN EXISTS (SELECT 1 FROM volunteer_profile v WHERE v.person_id = app_actor() AND v.away_until > app_now());
END $$;

-- The sealed name of whoever is or was in a team: for its lead, who is told that they left, and for who works at its place.
CREATE FUNCTION member_name(member uuid) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT p.name_sealed FROM team_member m JOIN person p ON p.id = m.person_id
           WHERE m.id = member AND (app_leads(m.team_id, m.place_id)
              OR app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}')));
END $$;

-- A leave ends with the last role of a volunteer: whoever is admitted anew is here.
CREATE FUNCTION leave_is_over() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  UPDATE volunteer_profile v SET away_until = NULL
   WHERE v.person_id = NEW.person_id AND v.away_until IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM role_grant g
                      WHERE g.person_id = NEW.person_id AND g.role = 'volunteer' AND g.id <> NEW.id
                        AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at));
  RETURN NULL;
END $$;
CREATE TRIGGER leave_is_over AFTER INSERT ON role_grant
  FOR EACH ROW WHEN (NEW.role = 'volunteer') EXECUTE FUNCTION leave_is_over();
GRANT UPDATE (away_until) ON volunteer_profile TO linli_checker;
CREATE POLICY volunteer_profile_leave_ends ON volunteer_profile FOR UPDATE TO linli_checker
  USING (true) WITH CHECK (away_until IS NULL);

-- At one place a name is one living team. Where two went by the same name, the first keeps it and the later ones are numbered.
ALTER TABLE team DISABLE TRIGGER team_only_ends;
DO $$
DECLARE later record;
        number int;
BEGIN
  FOR later IN
    SELECT t.id, t.place_id, t.name FROM team t
     WHERE t.disbanded_at IS NULL AND EXISTS (
       SELECT 1 FROM team f WHERE f.place_id = t.place_id AND f.name = t.name AND f.disbanded_at IS NULL
          AND (f.created_at, f.id) < (t.created_at, t.id))
     ORDER BY t.created_at, t.id
  LOOP
    number := 2;
    WHILE EXISTS (SELECT 1 FROM team x WHERE x.place_id = later.place_id AND x.disbanded_at IS NULL
                     AND x.name = later.name || '(' || number || ')') LOOP
      number := number + 1;
    END LOOP;
    UPDATE team SET name = later.name || '(' || number || ')' WHERE id = later.id;
  END LOOP;
END $$;
ALTER TABLE team ENABLE TRIGGER team_only_ends;
CREATE UNIQUE INDEX team_one_of_a_name ON team (place_id, name) WHERE disbanded_at IS NULL;

-- Whoever lives in another community by now asks there; what was left open in the old one is withdrawn.
UPDATE volunteer_application a SET withdrawn_at = app_now(), version = a.version + 1
 WHERE a.decided_at IS NULL AND a.withdrawn_at IS NULL AND NOT EXISTS (
   SELECT 1 FROM role_grant g JOIN place_ancestor o ON o.place_id = g.place_id
     JOIN place c ON c.id = o.ancestor_id AND c.level = 'community'
     JOIN place_ancestor n ON n.ancestor_id = c.id AND n.place_id = a.place_id
    WHERE g.person_id = a.person_id AND g.role = 'resident' AND g.ends_at IS NULL);

-- The yes to an application is told as such.
UPDATE inbox_message SET topic = 'volunteer.approved' WHERE topic = 'volunteer.skills';
UPDATE outbox SET topic = 'volunteer.approved' WHERE topic = 'volunteer.skills';

-- Which service a message is about, for whom it was sent to: also when the order has passed on, which they see no more.
CREATE FUNCTION told_service(message uuid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT s.name FROM inbox_message m
            JOIN order_detail d ON d.matter_id = coalesce((m.payload ->> 'order_id')::uuid, m.subject_id)
            JOIN service s ON s.id = d.service_id
           WHERE m.id = message AND m.person_id = app_actor());
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION told_service(uuid) OWNER TO linli_checker;
ALTER FUNCTION app_is_away() OWNER TO linli_checker;
ALTER FUNCTION application_is_at_home() OWNER TO linli_checker;
ALTER FUNCTION person_named(uuid) OWNER TO linli_checker;
ALTER FUNCTION skill_orders(uuid) OWNER TO linli_checker;
ALTER FUNCTION member_name(uuid) OWNER TO linli_checker;
ALTER FUNCTION leave_is_over() OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION application_is_at_home(), app_is_away(), told_service(uuid), person_named(uuid), skill_orders(uuid),
  member_name(uuid), leave_is_over() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_is_away(), told_service(uuid), person_named(uuid), skill_orders(uuid), member_name(uuid), leave_is_over()
  TO linli_app, linli_worker, linli_checker, linli_owner;
