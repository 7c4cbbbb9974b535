-- Who lives in an estate lives in its community, also for a consent. And whoever may send a volunteer or a team of a wider
-- place sees who they are: those who dispatch below it see its volunteers, its teams and their members, as their own.

CREATE FUNCTION person_lives(person uuid, place uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  RETURN EXISTS (SELECT 1 FROM role_grant g JOIN place_ancestor a ON a.place_id = g.place_id
                   JOIN person p ON p.id = g.person_id
                  WHERE g.person_id = person AND g.role = 'resident' AND a.ancestor_id = place AND p.disabled_at IS NULL
                    AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at));
END $$;

CREATE OR REPLACE FUNCTION representation_keeps_its_past() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  IF (NEW.id, NEW.place_id, NEW.representative_id, NEW.representative_name_sealed, NEW.name_sealed, NEW.phone_sealed,
      NEW.phone_index, NEW.relation, NEW.named_at)
     IS DISTINCT FROM
     (OLD.id, OLD.place_id, OLD.representative_id, OLD.representative_name_sealed, OLD.name_sealed, OLD.phone_sealed,
      OLD.phone_index, OLD.relation, OLD.named_at)
     OR NEW.version <> OLD.version + 1
     OR OLD.ended_at IS NOT NULL
     OR NEW.ended_by <> app_actor()
     OR (OLD.consented_at IS NOT NULL
         AND (NEW.beneficiary_id, NEW.consented_at, NEW.recorded_by, NEW.how)
             IS DISTINCT FROM (OLD.beneficiary_id, OLD.consented_at, OLD.recorded_by, OLD.how))
     OR (OLD.consented_at IS NULL AND NEW.consented_at IS NOT NULL
         AND (NEW.recorded_by <> app_actor()
              OR NOT (NEW.recorded_by = NEW.beneficiary_id
                      OR app_reaches(NEW.place_id, '{administrator,dispatcher,secretary,station_staff}'))
              OR NOT person_lives(NEW.beneficiary_id, NEW.place_id)
              OR NOT EXISTS (SELECT 1 FROM person p WHERE p.id = NEW.beneficiary_id AND p.phone_index = NEW.phone_index)))
  THEN
    RAISE EXCEPTION 'representation %: it cannot be altered so', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;

ALTER POLICY role_grant_read ON role_grant USING (
  person_id = app_actor() OR app_reaches(place_id, '{station_staff,dispatcher,secretary,administrator}')
  OR (role = 'volunteer' AND app_stands_below(place_id, '{administrator,dispatcher,secretary,station_staff}')));
ALTER POLICY team_member_read ON team_member USING (
  person_id = app_actor() OR app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}')
  OR app_leads(team_id, place_id) OR app_stands_below(place_id, '{administrator,dispatcher,secretary,station_staff}'));

CREATE OR REPLACE FUNCTION team_roster(team uuid)
RETURNS TABLE (person_id uuid, name_sealed bytea, phone_sealed bytea, joined_at timestamptz, skills text[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE
  t team;
  by_phone boolean;
BEGIN
  SELECT * INTO t FROM team x WHERE x.id = team_roster.team;
  by_phone := app_leads(t.id, t.place_id)
              OR app_reaches(t.place_id, '{administrator,dispatcher,secretary,station_staff}')
              OR app_stands_below(t.place_id, '{administrator,dispatcher,secretary,station_staff}');
  IF NOT by_phone AND NOT EXISTS (SELECT 1 FROM team_member m
                                   WHERE m.team_id = t.id AND m.person_id = app_actor() AND m.live) THEN
    RETURN;
  END IF;
  RETURN QUERY
  SELECT m.person_id, p.name_sealed, CASE WHEN by_phone THEN p.phone_sealed END, m.joined_at,
         ARRAY(SELECT s.code FROM skill s WHERE s.person_id = m.person_id AND s.ended_at IS NULL ORDER BY s.code)
    FROM team_member m JOIN person p ON p.id = m.person_id
   WHERE m.team_id = t.id AND m.live ORDER BY m.joined_at, m.id;
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION person_lives(uuid, uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION person_lives(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION person_lives(uuid, uuid) TO linli_app, linli_worker, linli_checker, linli_owner;
