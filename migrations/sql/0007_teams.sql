-- Teams and skills (domain.md §3, 亮单): who belongs together, what each can do, when, and how one becomes a volunteer.

-- A team always has one lead, who is a live member: the foreign key asks with `led`, which is NULL once it is disbanded.
CREATE TABLE team (
  id UUID NOT NULL,
  place_id UUID NOT NULL,
  name TEXT NOT NULL,
  colour TEXT NOT NULL,
  lead_id UUID NOT NULL,
  led BOOLEAN,
  created_by UUID NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  disbanded_at TIMESTAMP WITH TIME ZONE,
  version INTEGER NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (id, place_id),
  CONSTRAINT team_colour CHECK (colour IN ('blue', 'white', 'green', 'red', 'orange')),
  CONSTRAINT team_led CHECK (led IS NOT FALSE AND (led IS NULL) = (disbanded_at IS NOT NULL)),
  FOREIGN KEY(place_id) REFERENCES place (id),
  FOREIGN KEY(lead_id) REFERENCES person (id)
);
CREATE INDEX team_place ON team (place_id, created_at, id);
CREATE INDEX team_lead ON team (lead_id) WHERE disbanded_at IS NULL;

CREATE TABLE team_member (
  id UUID NOT NULL,
  team_id UUID NOT NULL,
  place_id UUID NOT NULL,
  person_id UUID NOT NULL,
  live BOOLEAN,
  added_by UUID NOT NULL,
  joined_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  ended_by UUID,
  version INTEGER NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(team_id, place_id) REFERENCES team (id, place_id),
  CONSTRAINT team_member_once UNIQUE (team_id, person_id, live),
  CONSTRAINT team_member_live CHECK (live IS NOT FALSE AND (live IS NULL) = (ended_at IS NOT NULL)),
  CONSTRAINT team_member_period CHECK (ended_at >= joined_at),
  FOREIGN KEY(person_id) REFERENCES person (id)
);
CREATE INDEX team_member_person ON team_member (person_id) WHERE live;
ALTER TABLE team ADD CONSTRAINT team_lead_is_a_member
  FOREIGN KEY(id, lead_id, led) REFERENCES team_member (team_id, person_id, live);

CREATE TABLE skill (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  place_id UUID NOT NULL,
  code TEXT NOT NULL,
  licence_sealed BYTEA,
  licence_until DATE,
  seen_by UUID NOT NULL,
  seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  version INTEGER NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT skill_code CHECK (code <> ''),
  FOREIGN KEY(person_id) REFERENCES person (id),
  FOREIGN KEY(place_id) REFERENCES place (id)
);
CREATE UNIQUE INDEX skill_once ON skill (person_id, code) WHERE ended_at IS NULL;

CREATE TABLE volunteer_profile (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  week JSONB,
  quiet_from INTEGER,
  quiet_until INTEGER,
  daily_capacity INTEGER NOT NULL,
  away_until TIMESTAMP WITH TIME ZONE,
  version INTEGER NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT volunteer_profile_capacity CHECK (daily_capacity BETWEEN 1 AND 50),
  CONSTRAINT volunteer_profile_quiet CHECK (num_nonnulls(quiet_from, quiet_until) IN (0, 2)
    AND quiet_from BETWEEN 0 AND 1439 IS NOT FALSE AND quiet_until BETWEEN 0 AND 1439 IS NOT FALSE
    AND quiet_from <> quiet_until IS NOT FALSE),
  FOREIGN KEY(person_id) REFERENCES person (id)
);
CREATE UNIQUE INDEX volunteer_profile_person ON volunteer_profile (person_id);

CREATE TABLE volunteer_application (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  place_id UUID NOT NULL,
  text TEXT NOT NULL,
  skills TEXT[] NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE,
  decided_by UUID,
  approved BOOLEAN,
  reason TEXT,
  version INTEGER NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT volunteer_application_decided CHECK (num_nonnulls(decided_at, decided_by, approved) IN (0, 3)),
  CONSTRAINT volunteer_application_judge CHECK (decided_by <> person_id),
  FOREIGN KEY(person_id) REFERENCES person (id),
  FOREIGN KEY(place_id) REFERENCES place (id)
);
CREATE UNIQUE INDEX volunteer_application_open ON volunteer_application (person_id, place_id) WHERE decided_at IS NULL;
CREATE INDEX volunteer_application_place ON volunteer_application (place_id, created_at, id);

-- A row of these says for good what it said, but for the named columns, and nothing after the first of them is set: its end.
-- Whoever ends it a second time came second: a failure to serialize, so that the door looks again and says what there is.
CREATE FUNCTION only_ends() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF to_jsonb(NEW) - TG_ARGV <> to_jsonb(OLD) - TG_ARGV THEN
    RAISE EXCEPTION '% %: it cannot be altered', TG_TABLE_NAME, OLD.id USING ERRCODE = '23514';
  END IF;
  IF to_jsonb(OLD) ->> TG_ARGV[0] IS NOT NULL THEN
    RAISE EXCEPTION '% %: it has ended', TG_TABLE_NAME, OLD.id USING ERRCODE = '40001';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER team_only_ends BEFORE UPDATE ON team
  FOR EACH ROW EXECUTE FUNCTION only_ends('disbanded_at', 'led', 'lead_id', 'version');
CREATE TRIGGER team_member_only_ends BEFORE UPDATE ON team_member
  FOR EACH ROW EXECUTE FUNCTION only_ends('ended_at', 'ended_by', 'live', 'version');
CREATE TRIGGER skill_only_ends BEFORE UPDATE ON skill FOR EACH ROW EXECUTE FUNCTION only_ends('ended_at', 'version');
CREATE TRIGGER volunteer_application_only_ends BEFORE UPDATE ON volunteer_application
  FOR EACH ROW EXECUTE FUNCTION only_ends('decided_at', 'decided_by', 'approved', 'reason', 'version');

-- Does the actor hold a role here, above, or below? Whoever lives or works in a team's area sees that it is there.
CREATE FUNCTION app_belongs(place uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM role_grant g
      JOIN place_ancestor a ON (a.place_id = g.place_id AND a.ancestor_id = place)
                            OR (a.place_id = place AND a.ancestor_id = g.place_id)
     WHERE g.person_id = app_actor() AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at));
END $$;

-- Does the actor lead this team, and does it serve this place?
CREATE FUNCTION app_leads(team uuid, place uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN EXISTS (SELECT 1 FROM team t JOIN place_ancestor a ON a.ancestor_id = t.place_id
                  WHERE t.id = app_leads.team AND t.lead_id = app_actor() AND t.disbanded_at IS NULL AND a.place_id = place);
END $$;

-- Has a member of this team a skill whose licence holds? Asked before the team publishes what it can do.
CREATE FUNCTION team_can(team uuid, wanted text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE today date := timezone('Asia/Shanghai', app_now())::date;
BEGIN
  RETURN EXISTS (SELECT 1 FROM team_member m JOIN skill s ON s.person_id = m.person_id
                  WHERE m.team_id = team AND m.live AND s.code = wanted AND s.ended_at IS NULL
                    AND (s.licence_until IS NULL OR s.licence_until >= today));
END $$;

-- Who is in a team: names to its members and to those who work at its place, phones to the lead and the latter. Both sealed.
CREATE FUNCTION team_roster(team uuid)
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

-- Whose they are.
GRANT SELECT, INSERT, UPDATE ON team, team_member, skill, volunteer_profile, volunteer_application TO linli_app;
GRANT SELECT ON team, team_member TO linli_worker;
GRANT SELECT ON team, team_member, skill, volunteer_profile, volunteer_application TO linli_checker;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['team', 'team_member', 'skill', 'volunteer_profile', 'volunteer_application'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_owner USING (true) WITH CHECK (true)', t || '_of_owner', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO linli_checker USING (true)', t || '_of_checker', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_worker USING (true) WITH CHECK (true)', t || '_of_worker', t);
  END LOOP;
END $$;

CREATE POLICY team_read ON team FOR SELECT TO linli_app USING (app_belongs(place_id));
CREATE POLICY team_insert ON team FOR INSERT TO linli_app WITH CHECK (
  created_by = app_actor() AND app_reaches(place_id, '{administrator,secretary}'));
-- The present lead hands over to another member, and does not disband.
CREATE POLICY team_update ON team FOR UPDATE TO linli_app
  USING (lead_id = app_actor() OR app_reaches(place_id, '{administrator,secretary}'))
  WITH CHECK (disbanded_at IS NULL OR app_reaches(place_id, '{administrator,secretary}'));

-- Members: oneself, who works at the place, the lead. The others' names a member learns by team_roster.
CREATE POLICY team_member_read ON team_member FOR SELECT TO linli_app USING (
  person_id = app_actor() OR app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}')
  OR app_leads(team_id, place_id) OR app_stands_below(place_id, '{administrator,dispatcher,secretary,station_staff}'));
-- Whoever may send a volunteer or a team of a wider place sees who they are.
ALTER POLICY role_grant_read ON role_grant USING (
  person_id = app_actor() OR app_reaches(place_id, '{station_staff,dispatcher,secretary,administrator}')
  OR (role = 'volunteer' AND app_stands_below(place_id, '{administrator,dispatcher,secretary,station_staff}')));
CREATE POLICY team_member_insert ON team_member FOR INSERT TO linli_app WITH CHECK (
  added_by = app_actor() AND person_holds(person_id, place_id, 'volunteer')
  AND (app_reaches(place_id, '{administrator,secretary}')
       OR app_leads(team_id, place_id)));
CREATE POLICY team_member_update ON team_member FOR UPDATE TO linli_app
  USING (person_id = app_actor() OR app_reaches(place_id, '{administrator,secretary}')
         OR app_leads(team_id, place_id))
  WITH CHECK (ended_by = app_actor());

CREATE POLICY skill_read ON skill FOR SELECT TO linli_app USING (
  person_id = app_actor() OR app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}'));
CREATE POLICY skill_insert ON skill FOR INSERT TO linli_app WITH CHECK (
  seen_by = app_actor() AND seen_by <> person_id AND app_reaches(place_id, '{administrator,secretary,station_staff}')
  AND person_holds(person_id, place_id, 'volunteer'));
CREATE POLICY skill_update ON skill FOR UPDATE TO linli_app
  USING (person_id = app_actor() OR app_reaches(place_id, '{administrator,secretary,station_staff}'));

-- Hours: one's own to say; seen by those who see that one volunteers.
CREATE POLICY volunteer_profile_read ON volunteer_profile FOR SELECT TO linli_app USING (
  person_id = app_actor()
  OR (SELECT true FROM role_grant g WHERE g.person_id = volunteer_profile.person_id AND g.role = 'volunteer'
         AND (g.ends_at IS NULL OR g.ends_at > (SELECT app_now())) LIMIT 1));
CREATE POLICY volunteer_profile_insert ON volunteer_profile FOR INSERT TO linli_app WITH CHECK (person_id = app_actor());
CREATE POLICY volunteer_profile_update ON volunteer_profile FOR UPDATE TO linli_app USING (person_id = app_actor());

CREATE POLICY volunteer_application_read ON volunteer_application FOR SELECT TO linli_app USING (
  person_id = app_actor() OR app_reaches(place_id, '{administrator,secretary}'));
CREATE POLICY volunteer_application_insert ON volunteer_application FOR INSERT TO linli_app WITH CHECK (
  person_id = app_actor() AND decided_at IS NULL AND app_reaches(place_id, '{resident}'));
CREATE POLICY volunteer_application_update ON volunteer_application FOR UPDATE TO linli_app
  USING (app_reaches(place_id, '{administrator,secretary}'))
  WITH CHECK (decided_by = app_actor() AND app_reaches(place_id, '{administrator,secretary}'));

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION app_belongs(uuid) OWNER TO linli_checker;
ALTER FUNCTION app_leads(uuid, uuid) OWNER TO linli_checker;
ALTER FUNCTION team_can(uuid, text) OWNER TO linli_checker;
ALTER FUNCTION team_roster(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION app_belongs(uuid), app_leads(uuid, uuid), team_can(uuid, text), team_roster(uuid), only_ends()
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_belongs(uuid), app_leads(uuid, uuid), team_can(uuid, text), team_roster(uuid), only_ends()
  TO linli_app, linli_worker, linli_checker, linli_owner;
