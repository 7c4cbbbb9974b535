-- Cases and the whistle (domain.md §5): what a grid cannot solve goes up, units report in, and for every minute of a case it
-- is known who holds it and which limit governs.

ALTER TABLE role_grant DROP CONSTRAINT role_grant_role;
ALTER TABLE role_grant ADD CONSTRAINT role_grant_role CHECK (role IN ('resident', 'volunteer', 'station_staff', 'dispatcher', 'secretary', 'grid_worker', 'information_officer', 'branch_secretary', 'callback_officer', 'supervisor', 'arbiter', 'administrator')) NOT VALID;
ALTER TABLE role_grant VALIDATE CONSTRAINT role_grant_role;

CREATE TABLE unit (
  id UUID NOT NULL,
  place_id UUID NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  created_by UUID NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  closed_at TIMESTAMP WITH TIME ZONE,
  version INTEGER NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (id, place_id),
  CONSTRAINT unit_kind CHECK (kind IN ('department', 'station', 'partner')),
  FOREIGN KEY(place_id) REFERENCES place (id)
);
CREATE UNIQUE INDEX unit_once ON unit (place_id, name) WHERE closed_at IS NULL;
CREATE INDEX unit_place ON unit (place_id, created_at, id);

CREATE TABLE unit_member (
  id UUID NOT NULL,
  unit_id UUID NOT NULL,
  place_id UUID NOT NULL,
  person_id UUID NOT NULL,
  post TEXT NOT NULL,
  live BOOLEAN,
  added_by UUID NOT NULL,
  joined_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  ended_by UUID,
  version INTEGER NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(unit_id, place_id) REFERENCES unit (id, place_id),
  CONSTRAINT unit_member_once UNIQUE (unit_id, person_id, live),
  CONSTRAINT unit_member_post CHECK (post IN ('officer', 'head')),
  CONSTRAINT unit_member_live CHECK (live IS NOT FALSE AND (live IS NULL) = (ended_at IS NOT NULL)),
  CONSTRAINT unit_member_period CHECK (ended_at >= joined_at),
  FOREIGN KEY(person_id) REFERENCES person (id)
);
CREATE INDEX unit_member_person ON unit_member (person_id) WHERE live;

CREATE TABLE unit_deputy (
  id UUID NOT NULL,
  unit_id UUID NOT NULL,
  place_id UUID NOT NULL,
  absent_id UUID NOT NULL,
  deputy_id UUID NOT NULL,
  from_at TIMESTAMP WITH TIME ZONE NOT NULL,
  until_at TIMESTAMP WITH TIME ZONE NOT NULL,
  named_by UUID NOT NULL,
  named_at TIMESTAMP WITH TIME ZONE NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(unit_id, place_id) REFERENCES unit (id, place_id),
  CONSTRAINT unit_deputy_period CHECK (from_at < until_at),
  CONSTRAINT unit_deputy_other CHECK (deputy_id <> absent_id),
  FOREIGN KEY(absent_id) REFERENCES person (id),
  FOREIGN KEY(deputy_id) REFERENCES person (id)
);
CREATE INDEX unit_deputy_unit ON unit_deputy (unit_id, until_at);

CREATE TABLE responsibility (
  id UUID NOT NULL,
  unit_id UUID NOT NULL,
  place_id UUID NOT NULL,
  category TEXT NOT NULL,
  from_at TIMESTAMP WITH TIME ZONE NOT NULL,
  until_at TIMESTAMP WITH TIME ZONE,
  set_by UUID NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT responsibility_period CHECK (until_at >= from_at),
  FOREIGN KEY(unit_id) REFERENCES unit (id),
  FOREIGN KEY(place_id) REFERENCES place (id)
);
CREATE UNIQUE INDEX responsibility_once ON responsibility (place_id, category) WHERE until_at IS NULL;
CREATE INDEX responsibility_unit ON responsibility (unit_id);

CREATE TABLE case_category (
  id UUID NOT NULL,
  place_id UUID,
  code TEXT NOT NULL,
  estate_type TEXT DEFAULT '' NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  lane TEXT NOT NULL,
  emergency BOOLEAN NOT NULL,
  by_midnight BOOLEAN NOT NULL,
  evidence TEXT[] NOT NULL,
  unit_kind TEXT,
  published_by UUID NOT NULL,
  published_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT case_category_lane CHECK (lane IN ('small', 'big', 'hard')),
  CONSTRAINT case_category_unit_kind CHECK (unit_kind IN ('department', 'station', 'partner')),
  CONSTRAINT case_category_estate_type CHECK (estate_type IN ('', 'residential', 'transitional', 'old', 'work_unit')),
  FOREIGN KEY(place_id) REFERENCES place (id)
);
CREATE UNIQUE INDEX case_category_standard ON case_category (code, estate_type, version) WHERE place_id IS NULL;
CREATE UNIQUE INDEX case_category_version ON case_category (place_id, code, estate_type, version);

CREATE TABLE whistle (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  round INTEGER NOT NULL,
  kind TEXT NOT NULL,
  reason TEXT NOT NULL,
  seat_id UUID NOT NULL,
  lead_id UUID NOT NULL,
  co_ids UUID[] NOT NULL,
  proposed_by UUID NOT NULL,
  proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
  blown_at TIMESTAMP WITH TIME ZONE,
  decided_by UUID,
  decided_at TIMESTAMP WITH TIME ZONE,
  approved BOOLEAN,
  decision TEXT,
  PRIMARY KEY (id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT whistle_kind CHECK (kind IN ('emergency', 'routine', 'hard', 'call_up')),
  CONSTRAINT whistle_decided CHECK (num_nonnulls(decided_at, decided_by, approved) IN (0, 3)),
  CONSTRAINT whistle_one_lead CHECK (NOT lead_id = ANY (co_ids)),
  FOREIGN KEY(seat_id) REFERENCES place (id),
  FOREIGN KEY(lead_id) REFERENCES unit (id)
);
CREATE INDEX whistle_matter ON whistle (matter_id);
CREATE UNIQUE INDEX whistle_open ON whistle (matter_id) WHERE decided_at IS NULL;

CREATE TABLE case_detail (
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  community_id UUID NOT NULL,
  category_id UUID NOT NULL,
  words TEXT NOT NULL,
  spot TEXT,
  reported_as TEXT NOT NULL,
  placed_by UUID NOT NULL,
  order_id UUID,
  emergency BOOLEAN NOT NULL,
  lane TEXT,
  whistle_id UUID,
  returns INTEGER NOT NULL,
  handler_id UUID,
  outcome TEXT,
  answer TEXT,
  evidence JSONB DEFAULT '[]' NOT NULL,
  end_reason TEXT,
  elsewhere TEXT,
  merged_into UUID,
  PRIMARY KEY (matter_id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT case_detail_lane CHECK (lane IN ('small', 'big', 'hard')),
  CONSTRAINT case_detail_returns CHECK (returns >= 0),
  CONSTRAINT case_detail_not_itself CHECK (merged_into <> matter_id),
  FOREIGN KEY(community_id) REFERENCES place (id),
  FOREIGN KEY(category_id) REFERENCES case_category (id),
  FOREIGN KEY(placed_by) REFERENCES person (id),
  FOREIGN KEY(order_id) REFERENCES matter (id),
  FOREIGN KEY(handler_id) REFERENCES person (id),
  FOREIGN KEY(merged_into) REFERENCES matter (id)
);
CREATE INDEX case_detail_merged ON case_detail (merged_into) WHERE merged_into IS NOT NULL;
CREATE UNIQUE INDEX case_detail_order ON case_detail (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE case_reporter (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  person_id UUID NOT NULL,
  words TEXT,
  joined_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT case_reporter_once UNIQUE (matter_id, person_id),
  FOREIGN KEY(person_id) REFERENCES person (id)
);
CREATE INDEX case_reporter_person ON case_reporter (person_id, joined_at);

CREATE TABLE case_post (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  round INTEGER NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  channel TEXT,
  posted_by UUID NOT NULL,
  posted_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT case_post_kind CHECK (kind IN ('contact', 'reply')),
  CONSTRAINT case_post_contact CHECK ((kind = 'contact') = (channel IS NOT NULL))
);
CREATE INDEX case_post_matter ON case_post (matter_id, posted_at);

CREATE TABLE case_duty (
  matter_id UUID NOT NULL,
  person_id UUID NOT NULL,
  place_id UUID NOT NULL,
  duty TEXT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (matter_id, person_id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT case_duty_duty CHECK (duty IN ('handler', 'callback', 'arbiter')),
  FOREIGN KEY(person_id) REFERENCES person (id)
);

CREATE TABLE assignment_detail (
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  case_id UUID NOT NULL,
  whistle_id UUID NOT NULL,
  role TEXT NOT NULL,
  leads BOOLEAN,
  sent_by UUID NOT NULL,
  signed_at TIMESTAMP WITH TIME ZONE,
  officer_id UUID,
  contested BOOLEAN NOT NULL,
  outcome TEXT,
  excuse TEXT,
  PRIMARY KEY (matter_id),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  FOREIGN KEY(case_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT assignment_one_lead UNIQUE (whistle_id, leads),
  CONSTRAINT assignment_role CHECK (role IN ('lead', 'co')),
  CONSTRAINT assignment_leads CHECK (leads IS NOT FALSE AND (leads IS NULL OR role = 'lead')),
  FOREIGN KEY(whistle_id) REFERENCES whistle (id),
  FOREIGN KEY(officer_id) REFERENCES person (id)
);
CREATE INDEX assignment_case ON assignment_detail (case_id);

CREATE TABLE hold (
  matter_id UUID NOT NULL,
  version INTEGER NOT NULL,
  place_id UUID NOT NULL,
  holder TEXT NOT NULL,
  seat_id UUID NOT NULL,
  unit_id UUID,
  from_at TIMESTAMP WITH TIME ZONE NOT NULL,
  until_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (matter_id, version),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  CONSTRAINT hold_period CHECK (until_at >= from_at),
  FOREIGN KEY(seat_id) REFERENCES place (id),
  FOREIGN KEY(unit_id) REFERENCES unit (id)
);
CREATE UNIQUE INDEX hold_open ON hold (matter_id) WHERE until_at IS NULL;
CREATE INDEX hold_seat ON hold (seat_id, from_at) WHERE unit_id IS NULL;
CREATE INDEX hold_unit ON hold (unit_id, from_at) WHERE unit_id IS NOT NULL;

ALTER TABLE case_detail ADD CONSTRAINT case_detail_whistle FOREIGN KEY(whistle_id) REFERENCES whistle (id);
ALTER TABLE matter ADD COLUMN seat_id UUID, ADD COLUMN unit_id UUID;
ALTER TABLE matter ADD FOREIGN KEY(seat_id) REFERENCES place (id);
ALTER TABLE matter ADD FOREIGN KEY(unit_id) REFERENCES unit (id);
CREATE INDEX matter_seat ON matter (seat_id, created_at, id) WHERE seat_id IS NOT NULL;
CREATE INDEX matter_unit ON matter (unit_id, created_at, id) WHERE unit_id IS NOT NULL;
CREATE UNIQUE INDEX deadline_governs ON deadline (matter_id) WHERE stopped_at IS NULL AND kind IN ('triage', 'check', 'callback', 'deliberation', 'review', 'resolve_small', 'resolve_community', 'resolve_street', 'resolve_district', 'resolve_emergency', 'resolve_routine', 'resolve_hard', 'milestone', 'renewal');
ALTER TABLE promised_state ADD COLUMN governs TEXT[], ADD COLUMN holder TEXT;

CREATE TRIGGER case_category_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON case_category
  EXECUTE FUNCTION never_altered();
CREATE TRIGGER case_post_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON case_post EXECUTE FUNCTION never_altered();
CREATE TRIGGER case_duty_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON case_duty EXECUTE FUNCTION never_altered();

-- What the actor is in a unit that is open: 'head' – also who stands in for one now –, 'officer', or nothing.
CREATE FUNCTION app_unit(unit_id uuid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  RETURN (SELECT CASE WHEN m.post = 'head' OR EXISTS (
                   SELECT 1 FROM unit_deputy d JOIN unit_member h ON h.unit_id = d.unit_id AND h.person_id = d.absent_id
                    WHERE d.unit_id = m.unit_id AND d.deputy_id = m.person_id AND d.from_at <= at AND d.until_at > at
                      AND h.live AND h.post = 'head') THEN 'head' ELSE 'officer' END
            FROM unit_member m JOIN unit u ON u.id = m.unit_id
           WHERE m.unit_id = app_unit.unit_id AND m.person_id = app_actor() AND m.live AND u.closed_at IS NULL);
END $$;

-- The actor's parts in a case: whoever reported or joined it, and whoever works in a unit with a seat on its board. Of an
-- assignment: the seat on the board of its case. 'joiner': the command at hand says that it comes to this case, and the actor
-- lives in its street; nobody sees a case by that outside such a command.
CREATE FUNCTION app_parts(subject uuid) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE of_case uuid := coalesce((SELECT a.case_id FROM assignment_detail a WHERE a.matter_id = subject), subject);
BEGIN
  RETURN ARRAY(
    SELECT 'reporter' WHERE of_case = subject AND EXISTS (
      SELECT 1 FROM case_reporter r WHERE r.matter_id = subject AND r.person_id = app_actor())
    UNION ALL
    SELECT 'seated' WHERE EXISTS (
      SELECT 1 FROM assignment_detail a JOIN matter m ON m.id = a.matter_id
        JOIN unit_member u ON u.unit_id = m.unit_id AND u.person_id = app_actor() AND u.live
       WHERE a.case_id = of_case AND m.state <> 'excused')
    UNION ALL
    SELECT 'joiner' WHERE of_case = subject AND current_setting('app.joins', true) = subject::text AND EXISTS (
      SELECT 1 FROM matter m JOIN place_ancestor at ON at.place_id = m.place_id
        JOIN place near ON near.id = at.ancestor_id AND near.level IN ('street', 'community')
        JOIN place_ancestor lives ON lives.ancestor_id = near.id
        JOIN role_grant g ON g.place_id = lives.place_id AND g.person_id = app_actor() AND g.role = 'resident'
                         AND g.starts_at <= app_now() AND (g.ends_at IS NULL OR g.ends_at > app_now())
       WHERE m.id = subject AND m.kind = 'case'));
END $$;

-- Who is told of a matter: the holders of a role, as ever; 'seat' is the head of the place whose officers hold it, 'unit' all
-- who work in its unit, 'unit_head' its heads, 'unit_deputy' whoever stands in there now, at last its heads.
CREATE FUNCTION told_of(subject uuid, place uuid, wanted text)
RETURNS TABLE (person_id uuid, nobody_in_post boolean, ordinal bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
        held matter;
BEGIN
  IF wanted NOT IN ('seat', 'lead', 'unit', 'unit_head', 'unit_deputy') THEN
    RETURN QUERY SELECT * FROM holders_of(place, wanted);
    RETURN;
  END IF;
  SELECT * INTO held FROM matter m WHERE m.id = subject;
  IF wanted = 'seat' THEN
    RETURN QUERY SELECT * FROM holders_of(coalesce(held.seat_id, place), 'secretary');
    RETURN;
  END IF;
  IF wanted = 'lead' THEN
    held.unit_id := (SELECT c.unit_id FROM assignment_detail a JOIN matter c ON c.id = a.case_id WHERE a.matter_id = subject);
  END IF;
  RETURN QUERY
  WITH stands_in AS (
    SELECT d.deputy_id, d.absent_id FROM unit_deputy d
     WHERE d.unit_id = held.unit_id AND d.from_at <= at AND d.until_at > at),
  people AS (
    SELECT m.person_id AS who, m.post = 'head' OR EXISTS (
             SELECT 1 FROM stands_in s JOIN unit_member h ON h.unit_id = m.unit_id AND h.person_id = s.absent_id
              WHERE s.deputy_id = m.person_id AND h.live AND h.post = 'head') AS leads,
           EXISTS (SELECT 1 FROM stands_in s WHERE s.deputy_id = m.person_id) AS deputy, m.joined_at
      FROM unit_member m JOIN person p ON p.id = m.person_id
     WHERE m.unit_id = held.unit_id AND m.live AND p.disabled_at IS NULL)
  SELECT w.who, false, row_number() OVER (ORDER BY w.joined_at, w.who) FROM people w
   WHERE wanted IN ('unit', 'lead') OR (wanted = 'unit_head' AND w.leads)
      OR (wanted = 'unit_deputy' AND (w.deputy OR (w.leads AND NOT EXISTS (SELECT 1 FROM people d WHERE d.deputy))));
  IF NOT FOUND THEN
    RETURN QUERY SELECT h.person_id, true, h.ordinal FROM holders_of(place, 'administrator') h;
  END IF;
END $$;

-- At commit one limit governs a matter whose state asks for one, and it is one of that state's. That no second one runs, the
-- unique index says.
CREATE FUNCTION matter_is_governed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE subject uuid;
BEGIN
  IF TG_TABLE_NAME = 'matter' THEN subject := NEW.id; ELSE subject := NEW.matter_id; END IF;
  PERFORM 1 FROM matter m JOIN promised_state p ON p.kind = m.kind AND p.state = m.state
    WHERE m.id = subject AND p.governs IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM deadline d WHERE d.matter_id = m.id AND d.stopped_at IS NULL AND d.kind = ANY (p.governs));
  IF FOUND THEN
    RAISE EXCEPTION 'matter %: no limit governs it', subject USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER matter_is_governed AFTER INSERT OR UPDATE ON matter
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.seat_id IS NOT NULL) EXECUTE FUNCTION matter_is_governed();
CREATE CONSTRAINT TRIGGER deadline_leaves_governed AFTER UPDATE ON deadline
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (OLD.stopped_at IS NULL AND NEW.stopped_at IS NOT NULL AND NEW.kind IN ('triage', 'check', 'callback', 'deliberation', 'review', 'resolve_small', 'resolve_community', 'resolve_street', 'resolve_district', 'resolve_emergency', 'resolve_routine', 'resolve_hard', 'milestone', 'renewal'))
  EXECUTE FUNCTION matter_is_governed();

-- Who holds a matter changes with the row that says so; the holds follow, one after another and without a gap.
CREATE FUNCTION matter_is_held() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE
  holds text := (SELECT p.holder FROM promised_state p WHERE p.kind = NEW.kind AND p.state = NEW.state);
  in_unit uuid := CASE WHEN holds = 'unit' THEN NEW.unit_id END;
  was hold;
BEGIN
  SELECT * INTO was FROM hold h WHERE h.matter_id = NEW.id AND h.until_at IS NULL;
  IF (was.holder, was.seat_id, was.unit_id) IS NOT DISTINCT FROM (holds, CASE WHEN holds IS NOT NULL THEN NEW.seat_id END, in_unit) THEN
    RETURN NULL;
  END IF;
  UPDATE hold SET until_at = NEW.changed_at WHERE matter_id = NEW.id AND until_at IS NULL;
  IF holds IS NOT NULL THEN
    INSERT INTO hold (matter_id, version, place_id, holder, seat_id, unit_id, from_at)
    VALUES (NEW.id, NEW.version, NEW.place_id, holds, NEW.seat_id, in_unit, NEW.changed_at);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER matter_is_held AFTER INSERT OR UPDATE ON matter FOR EACH ROW
  WHEN (NEW.kind = 'case') EXECUTE FUNCTION matter_is_held();

ALTER POLICY matter_read ON matter USING (
  (kind = 'order' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR assignee_id = app_actor()
     OR (team_id IS NOT NULL AND app_team(team_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,dispatcher,secretary}')
     OR (open_pool AND app_reaches(place_id, '{volunteer}'))))
  OR (kind = 'case' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR (unit_id IS NOT NULL AND app_unit(unit_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'reporter' = ANY (app_parts(id))
     OR 'seated' = ANY (app_parts(id))
     OR 'joiner' = ANY (app_parts(id))))
  OR (kind = 'assignment' AND (
     (unit_id IS NOT NULL AND app_unit(unit_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'seated' = ANY (app_parts(id))))
  OR (moved_by = app_actor() AND moved_in = app_transaction()));
ALTER POLICY matter_update ON matter USING (
  (kind = 'order' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR assignee_id = app_actor()
     OR (team_id IS NOT NULL AND app_team(team_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,dispatcher,secretary}')
     OR (open_pool AND app_reaches(place_id, '{volunteer}'))))
  OR (kind = 'case' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR (unit_id IS NOT NULL AND app_unit(unit_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'reporter' = ANY (app_parts(id))
     OR 'seated' = ANY (app_parts(id))
     OR 'joiner' = ANY (app_parts(id))))
  OR (kind = 'assignment' AND (
     (unit_id IS NOT NULL AND app_unit(unit_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'seated' = ANY (app_parts(id)))));
ALTER POLICY matter_insert ON matter WITH CHECK (
  (kind = 'order' AND (
    (requester_id = app_actor() AND beneficiary_id = app_actor() AND app_reaches(place_id, '{resident}'))
    OR (person_holds(beneficiary_id, place_id, 'resident') AND (
         (requester_id = app_actor() AND person_represents(app_actor(), beneficiary_id))
         OR (requester_id = beneficiary_id
             AND app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}')))))
  AND (state <> 'accepted' OR leads(team_id, assignee_id)))
  OR (kind = 'case' AND (
    (requester_id = app_actor() AND beneficiary_id = app_actor()
     AND app_reaches(place_id, '{branch_secretary,grid_worker,information_officer,resident}'))
    OR (person_holds(beneficiary_id, place_id, 'resident') AND (
         (requester_id = app_actor() AND person_represents(app_actor(), beneficiary_id))
         OR (requester_id = beneficiary_id
             AND app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}')))))
  AND (state = 'reported' OR (state = 'callback' AND app_reaches(place_id, '{grid_worker}'))))
  OR (kind = 'assignment' AND state = 'sent'
      AND (app_reaches(seat_id, '{administrator,secretary}') OR app_reaches(place_id, '{arbiter}'))));

CREATE OR REPLACE FUNCTION app_sees(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE matter record;
BEGIN
  SELECT m.id, m.kind, m.place_id, m.requester_id, m.beneficiary_id, m.assignee_id, m.team_id, m.unit_id, m.open_pool, m.moved_by,
         m.moved_in
    INTO matter FROM matter m WHERE m.id = subject;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  RETURN ((matter.kind = 'order' AND (
     matter.requester_id = app_actor()
     OR matter.beneficiary_id = app_actor()
     OR matter.assignee_id = app_actor()
     OR (matter.team_id IS NOT NULL AND app_team(matter.team_id) IS NOT NULL)
     OR app_reaches(matter.place_id, '{administrator,dispatcher,secretary}')
     OR (matter.open_pool AND app_reaches(matter.place_id, '{volunteer}'))))
  OR (matter.kind = 'case' AND (
     matter.requester_id = app_actor()
     OR matter.beneficiary_id = app_actor()
     OR (matter.unit_id IS NOT NULL AND app_unit(matter.unit_id) IS NOT NULL)
     OR app_reaches(matter.place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'reporter' = ANY (app_parts(matter.id))
     OR 'seated' = ANY (app_parts(matter.id))
     OR 'joiner' = ANY (app_parts(matter.id))))
  OR (matter.kind = 'assignment' AND (
     (matter.unit_id IS NOT NULL AND app_unit(matter.unit_id) IS NOT NULL)
     OR app_reaches(matter.place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'seated' = ANY (app_parts(matter.id))))
  OR (matter.moved_by = app_actor() AND matter.moved_in = app_transaction())) IS TRUE;
END $$;

CREATE OR REPLACE FUNCTION app_sees_detail(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE matter record;
BEGIN
  SELECT m.id, m.kind, m.place_id, m.state, m.requester_id, m.beneficiary_id, m.assignee_id, m.team_id, m.unit_id, m.open_pool,
         m.moved_by, m.moved_in
    INTO matter FROM matter m WHERE m.id = subject;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  RETURN (matter.kind = 'order' AND (
     matter.requester_id = app_actor()
     OR matter.beneficiary_id = app_actor()
     OR matter.assignee_id = app_actor()
     OR (matter.team_id IS NOT NULL AND app_team(matter.team_id) = 'lead')
     OR (matter.state IN ('offered') AND (matter.team_id IS NOT NULL AND app_team(matter.team_id) IS NOT NULL))
     OR app_reaches(matter.place_id, '{administrator,dispatcher,secretary}')
     OR (matter.state IN ('offered', 'submitted') AND (matter.open_pool AND app_reaches(matter.place_id, '{volunteer}')))))
  OR (matter.kind = 'case' AND (
     matter.requester_id = app_actor()
     OR matter.beneficiary_id = app_actor()
     OR (matter.unit_id IS NOT NULL AND app_unit(matter.unit_id) IS NOT NULL)
     OR app_reaches(matter.place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'reporter' = ANY (app_parts(matter.id))
     OR 'seated' = ANY (app_parts(matter.id))
     OR 'joiner' = ANY (app_parts(matter.id))))
  OR (matter.kind = 'assignment' AND (
     (matter.unit_id IS NOT NULL AND app_unit(matter.unit_id) IS NOT NULL)
     OR app_reaches(matter.place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'seated' = ANY (app_parts(matter.id))))
  OR (matter.moved_by = app_actor() AND matter.moved_in = app_transaction());
END $$;

-- The receipts of reactions are nobody's to read.
ALTER POLICY idempotency_own ON idempotency
  USING (actor_id = app_actor() AND actor_id <> '00000000-0000-0000-0000-000000000000')
  WITH CHECK (actor_id = app_actor() AND actor_id <> '00000000-0000-0000-0000-000000000000');
ALTER POLICY outbox_insert ON outbox WITH CHECK (
  created_by = app_actor() AND (subject_kind NOT IN ('order', 'case', 'assignment') OR app_sees(subject_id) IS NOT FALSE));

ALTER TABLE unit ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY unit_of_owner ON unit TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY unit_of_checker ON unit FOR SELECT TO linli_checker USING (true);
CREATE POLICY unit_of_worker ON unit TO linli_worker USING (true) WITH CHECK (true);
ALTER TABLE unit_member ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY unit_member_of_owner ON unit_member TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY unit_member_of_checker ON unit_member FOR SELECT TO linli_checker USING (true);
CREATE POLICY unit_member_of_worker ON unit_member TO linli_worker USING (true) WITH CHECK (true);
ALTER TABLE unit_deputy ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY unit_deputy_of_owner ON unit_deputy TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY unit_deputy_of_checker ON unit_deputy FOR SELECT TO linli_checker USING (true);
CREATE POLICY unit_deputy_of_worker ON unit_deputy TO linli_worker USING (true) WITH CHECK (true);
ALTER TABLE responsibility ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY responsibility_of_owner ON responsibility TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY responsibility_of_checker ON responsibility FOR SELECT TO linli_checker USING (true);
CREATE POLICY responsibility_of_worker ON responsibility TO linli_worker USING (true) WITH CHECK (true);
ALTER TABLE case_category ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY case_category_of_owner ON case_category TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY case_category_of_checker ON case_category FOR SELECT TO linli_checker USING (true);
CREATE POLICY case_category_of_worker ON case_category TO linli_worker USING (true) WITH CHECK (true);
ALTER TABLE whistle ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY whistle_of_owner ON whistle TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY whistle_of_checker ON whistle FOR SELECT TO linli_checker USING (true);
CREATE POLICY whistle_of_worker ON whistle TO linli_worker USING (true) WITH CHECK (true);
ALTER TABLE case_detail ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY case_detail_of_owner ON case_detail TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY case_detail_of_checker ON case_detail FOR SELECT TO linli_checker USING (true);
CREATE POLICY case_detail_of_worker ON case_detail TO linli_worker USING (true) WITH CHECK (true);
ALTER TABLE case_reporter ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY case_reporter_of_owner ON case_reporter TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY case_reporter_of_checker ON case_reporter FOR SELECT TO linli_checker USING (true);
CREATE POLICY case_reporter_of_worker ON case_reporter TO linli_worker USING (true) WITH CHECK (true);
ALTER TABLE case_post ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY case_post_of_owner ON case_post TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY case_post_of_checker ON case_post FOR SELECT TO linli_checker USING (true);
CREATE POLICY case_post_of_worker ON case_post TO linli_worker USING (true) WITH CHECK (true);
ALTER TABLE case_duty ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY case_duty_of_owner ON case_duty TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY case_duty_of_checker ON case_duty FOR SELECT TO linli_checker USING (true);
CREATE POLICY case_duty_of_worker ON case_duty TO linli_worker USING (true) WITH CHECK (true);
ALTER TABLE assignment_detail ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY assignment_detail_of_owner ON assignment_detail TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY assignment_detail_of_checker ON assignment_detail FOR SELECT TO linli_checker USING (true);
CREATE POLICY assignment_detail_of_worker ON assignment_detail TO linli_worker USING (true) WITH CHECK (true);
ALTER TABLE hold ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY hold_of_owner ON hold TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY hold_of_checker ON hold TO linli_checker USING (true) WITH CHECK (true);
CREATE POLICY hold_of_worker ON hold TO linli_worker USING (true) WITH CHECK (true);
CREATE POLICY whistle_read ON whistle FOR SELECT TO linli_app USING (app_sees_detail(matter_id));
CREATE POLICY whistle_insert ON whistle FOR INSERT TO linli_app WITH CHECK (
  (proposed_by = app_actor() OR decided_by = app_actor()) AND app_sees(matter_id) IS NOT FALSE);
CREATE POLICY whistle_update ON whistle FOR UPDATE TO linli_app USING (app_sees(matter_id));
CREATE POLICY case_detail_read ON case_detail FOR SELECT TO linli_app USING (app_sees_detail(matter_id));
CREATE POLICY case_detail_insert ON case_detail FOR INSERT TO linli_app WITH CHECK (
  placed_by = app_actor() AND app_sees(matter_id) IS NOT FALSE);
CREATE POLICY case_detail_update ON case_detail FOR UPDATE TO linli_app USING (app_sees(matter_id));
CREATE POLICY case_reporter_read ON case_reporter FOR SELECT TO linli_app USING (app_sees_detail(matter_id));
CREATE POLICY case_reporter_insert ON case_reporter FOR INSERT TO linli_app WITH CHECK (
  (person_id = app_actor() OR app_sees(matter_id) IS NULL) AND app_sees(matter_id) IS NOT FALSE);
CREATE POLICY case_post_read ON case_post FOR SELECT TO linli_app USING (app_sees_detail(matter_id));
CREATE POLICY case_post_insert ON case_post FOR INSERT TO linli_app WITH CHECK (
  posted_by = app_actor() AND app_sees(matter_id) IS NOT FALSE);
CREATE POLICY case_duty_read ON case_duty FOR SELECT TO linli_app USING (app_sees_detail(matter_id));
CREATE POLICY case_duty_insert ON case_duty FOR INSERT TO linli_app WITH CHECK (
  person_id = app_actor() AND app_sees(matter_id) IS NOT FALSE);
CREATE POLICY assignment_detail_read ON assignment_detail FOR SELECT TO linli_app USING (app_sees_detail(matter_id));
CREATE POLICY assignment_detail_insert ON assignment_detail FOR INSERT TO linli_app WITH CHECK (
  sent_by = app_actor() AND app_sees(matter_id) IS NOT FALSE);
CREATE POLICY assignment_detail_update ON assignment_detail FOR UPDATE TO linli_app USING (app_sees(matter_id));
CREATE POLICY hold_read ON hold FOR SELECT TO linli_app USING (app_sees_detail(matter_id));

-- The catalogue and who answers for what are nobody's secret; who works where is for those who work there, and who administers.
CREATE POLICY unit_read ON unit FOR SELECT TO linli_app USING (true);
CREATE POLICY unit_insert ON unit FOR INSERT TO linli_app WITH CHECK (
  created_by = app_actor() AND app_reaches(place_id, '{administrator}'));
CREATE POLICY unit_update ON unit FOR UPDATE TO linli_app USING (app_reaches(place_id, '{administrator}'));
CREATE POLICY unit_member_read ON unit_member FOR SELECT TO linli_app USING (
  person_id = app_actor() OR app_unit(unit_id) IS NOT NULL OR app_reaches(place_id, '{administrator,secretary,supervisor}'));
CREATE POLICY unit_member_insert ON unit_member FOR INSERT TO linli_app WITH CHECK (
  added_by = app_actor() AND app_reaches(place_id, '{administrator}'));
CREATE POLICY unit_member_update ON unit_member FOR UPDATE TO linli_app USING (app_reaches(place_id, '{administrator}'))
  WITH CHECK (ended_by = app_actor());
CREATE POLICY unit_deputy_read ON unit_deputy FOR SELECT TO linli_app USING (
  app_unit(unit_id) IS NOT NULL OR app_reaches(place_id, '{administrator,secretary,supervisor}'));
CREATE POLICY unit_deputy_insert ON unit_deputy FOR INSERT TO linli_app WITH CHECK (
  named_by = app_actor() AND (absent_id = app_actor() OR app_unit(unit_id) = 'head' OR app_reaches(place_id, '{administrator}')));
CREATE POLICY unit_deputy_update ON unit_deputy FOR UPDATE TO linli_app USING (
  absent_id = app_actor() OR app_unit(unit_id) = 'head' OR app_reaches(place_id, '{administrator}'));
CREATE POLICY responsibility_read ON responsibility FOR SELECT TO linli_app USING (true);
CREATE POLICY responsibility_insert ON responsibility FOR INSERT TO linli_app WITH CHECK (
  set_by = app_actor() AND app_reaches(place_id, '{administrator}'));
CREATE POLICY responsibility_update ON responsibility FOR UPDATE TO linli_app USING (app_reaches(place_id, '{administrator}'));
CREATE POLICY case_category_read ON case_category FOR SELECT TO linli_app USING (true);
CREATE POLICY case_category_insert ON case_category FOR INSERT TO linli_app WITH CHECK (
  published_by = app_actor() AND app_reaches(place_id, '{administrator}'));

GRANT SELECT, INSERT, UPDATE ON unit, unit_member, unit_deputy, responsibility, whistle, case_detail, assignment_detail
  TO linli_app;
GRANT SELECT, INSERT ON case_category, case_reporter, case_post, case_duty TO linli_app;
GRANT SELECT ON hold TO linli_app;
GRANT SELECT ON unit, unit_member, unit_deputy, responsibility, case_category, hold TO linli_worker;
GRANT SELECT, INSERT, UPDATE ON whistle, case_detail, assignment_detail, case_reporter TO linli_worker;
GRANT SELECT, INSERT ON case_post, case_duty TO linli_worker;
GRANT SELECT ON unit, unit_member, unit_deputy, responsibility, case_category, case_reporter, case_post, case_duty, whistle,
  case_detail, assignment_detail TO linli_checker;
GRANT SELECT, INSERT, UPDATE ON hold TO linli_checker;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION app_unit(uuid) OWNER TO linli_checker;
ALTER FUNCTION app_parts(uuid) OWNER TO linli_checker;
ALTER FUNCTION told_of(uuid, uuid, text) OWNER TO linli_checker;
ALTER FUNCTION matter_is_governed() OWNER TO linli_checker;
ALTER FUNCTION matter_is_held() OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION app_unit(uuid), app_parts(uuid), told_of(uuid, uuid, text), matter_is_governed(), matter_is_held()
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_unit(uuid), app_parts(uuid), told_of(uuid, uuid, text), matter_is_governed(), matter_is_held()
  TO linli_app, linli_worker, linli_checker, linli_owner;

-- The rules as data, generated from the lifecycles.
INSERT INTO allowed_transition (kind, from_state, to_state) VALUES
  ('case', '', 'callback'),
  ('case', '', 'handling'),
  ('case', '', 'reported'),
  ('case', 'callback', 'closed'),
  ('case', 'callback', 'closed_unreached'),
  ('case', 'callback', 'handling'),
  ('case', 'callback', 'terminated'),
  ('case', 'callback', 'whistled'),
  ('case', 'deliberating', 'handling'),
  ('case', 'deliberating', 'terminated'),
  ('case', 'deliberating', 'withdrawn'),
  ('case', 'handling', 'callback'),
  ('case', 'handling', 'deliberating'),
  ('case', 'handling', 'hung'),
  ('case', 'handling', 'merged'),
  ('case', 'handling', 'terminated'),
  ('case', 'handling', 'whistled'),
  ('case', 'handling', 'withdrawn'),
  ('case', 'hung', 'handling'),
  ('case', 'hung', 'terminated'),
  ('case', 'hung', 'withdrawn'),
  ('case', 'merged', 'handling'),
  ('case', 'reported', 'handling'),
  ('case', 'reported', 'merged'),
  ('case', 'reported', 'not_accepted'),
  ('case', 'reported', 'terminated'),
  ('case', 'reported', 'whistled'),
  ('case', 'reported', 'withdrawn'),
  ('case', 'result', 'callback'),
  ('case', 'result', 'terminated'),
  ('case', 'result', 'whistled'),
  ('case', 'whistled', 'result'),
  ('case', 'whistled', 'terminated'),
  ('case', 'whistled', 'withdrawn'),
  ('assignment', '', 'sent'),
  ('assignment', 'contested', 'excused'),
  ('assignment', 'contested', 'reported_in'),
  ('assignment', 'contested', 'signed'),
  ('assignment', 'done', 'working'),
  ('assignment', 'reported_in', 'contested'),
  ('assignment', 'reported_in', 'done'),
  ('assignment', 'reported_in', 'excused'),
  ('assignment', 'reported_in', 'working'),
  ('assignment', 'sent', 'excused'),
  ('assignment', 'sent', 'signed'),
  ('assignment', 'signed', 'contested'),
  ('assignment', 'signed', 'excused'),
  ('assignment', 'signed', 'reported_in'),
  ('assignment', 'working', 'done'),
  ('assignment', 'working', 'excused');
INSERT INTO promised_state (kind, state, governs, holder) VALUES
  ('case', 'callback', '{callback}', 'callback'),
  ('case', 'deliberating', '{deliberation}', 'branch'),
  ('case', 'handling', '{resolve_small,resolve_community,resolve_street,resolve_district,resolve_emergency,resolve_routine,resolve_hard,milestone,renewal}', 'seat'),
  ('case', 'hung', '{review}', 'seat'),
  ('case', 'reported', '{triage}', 'seat'),
  ('case', 'result', '{check}', 'seat'),
  ('case', 'whistled', '{resolve_small,resolve_community,resolve_street,resolve_district,resolve_emergency,resolve_routine,resolve_hard,milestone,renewal}', 'unit');
INSERT INTO promised_state (kind, state) VALUES
  ('assignment', 'contested'),
  ('assignment', 'sent'),
  ('assignment', 'signed');
