-- Special kinds of order on the same machine (domain.md §3): micro-wishes, errands, service days.

ALTER TABLE order_detail
  ADD COLUMN form TEXT DEFAULT 'visit' NOT NULL,
  ADD COLUMN claimed_as TEXT,
  ADD COLUMN claimed_name TEXT,
  ADD CONSTRAINT order_detail_form CHECK (form IN ('visit', 'errand', 'wish', 'service_day')),
  ADD CONSTRAINT order_detail_claimed CHECK (
    claimed_as IN ('member', 'unit', 'group') IS NOT FALSE
    AND (claimed_name IS NOT NULL) = (claimed_as IN ('unit', 'group') IS TRUE));

-- Errands: what somebody may do in the resident's name, and the papers that went out and came back.
CREATE TABLE order_authority (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  agent_id UUID NOT NULL,
  text TEXT NOT NULL,
  until_at TIMESTAMP WITH TIME ZONE NOT NULL,
  given_by UUID NOT NULL,
  given_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  ended_by UUID,
  PRIMARY KEY (id),
  CONSTRAINT order_authority_period CHECK (until_at > given_at),
  CONSTRAINT order_authority_ended CHECK (num_nonnulls(ended_at, ended_by) IN (0, 2)),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  FOREIGN KEY(agent_id) REFERENCES person (id)
);
CREATE UNIQUE INDEX order_authority_live ON order_authority (matter_id) WHERE ended_at IS NULL;
CREATE TRIGGER order_authority_only_ends BEFORE UPDATE ON order_authority
  FOR EACH ROW EXECUTE FUNCTION only_ends('ended_at', 'ended_by');

CREATE TABLE order_papers (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  round INTEGER NOT NULL,
  action TEXT NOT NULL,
  papers JSONB NOT NULL,
  acted_by UUID NOT NULL,
  acted_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT order_papers_action CHECK (action IN ('handed_over', 'returned')),
  CONSTRAINT order_papers_listed CHECK (jsonb_typeof(papers) = 'array' AND (action = 'handed_over' OR papers <> '[]')),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id)
);
CREATE INDEX order_papers_matter ON order_papers (matter_id, acted_at);
CREATE TRIGGER papers_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON order_papers EXECUTE FUNCTION never_altered();

-- Service days: one team, many slots. A booking has a number of its slot's capacity; live ones share none.
CREATE TABLE service_day (
  id UUID NOT NULL,
  place_id UUID NOT NULL,
  team_id UUID NOT NULL,
  service_id UUID NOT NULL,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  opened_by UUID NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE NOT NULL,
  cancelled_at TIMESTAMP WITH TIME ZONE,
  cancelled_by UUID,
  reason TEXT,
  version INTEGER NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (id, place_id),
  CONSTRAINT service_day_cancelled CHECK (num_nonnulls(cancelled_at, cancelled_by, reason) IN (0, 3)),
  FOREIGN KEY(place_id) REFERENCES place (id),
  FOREIGN KEY(team_id) REFERENCES team (id),
  FOREIGN KEY(service_id) REFERENCES service (id)
);
CREATE INDEX service_day_place ON service_day (place_id, starts_at, id);
CREATE TRIGGER service_day_only_ends BEFORE UPDATE ON service_day
  FOR EACH ROW EXECUTE FUNCTION only_ends('cancelled_at', 'cancelled_by', 'reason', 'version');

CREATE TABLE service_slot (
  id UUID NOT NULL,
  day_id UUID NOT NULL,
  place_id UUID NOT NULL,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  minutes INTEGER NOT NULL,
  capacity INTEGER NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (id, day_id, capacity),
  CONSTRAINT service_slot_size CHECK (minutes BETWEEN 5 AND 720 AND capacity BETWEEN 1 AND 200),
  FOREIGN KEY(day_id, place_id) REFERENCES service_day (id, place_id)
);
CREATE INDEX service_slot_day ON service_slot (day_id, starts_at);
CREATE TRIGGER slot_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON service_slot EXECUTE FUNCTION never_altered();

CREATE TABLE slot_booking (
  id UUID NOT NULL,
  slot_id UUID NOT NULL,
  day_id UUID NOT NULL,
  capacity INTEGER NOT NULL,
  number INTEGER NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  person_id UUID NOT NULL,
  live BOOLEAN,
  booked_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  UNIQUE (matter_id),
  CONSTRAINT slot_booking_place UNIQUE (slot_id, number, live),
  CONSTRAINT slot_booking_once UNIQUE (day_id, person_id, live),
  CONSTRAINT slot_booking_number CHECK (number BETWEEN 1 AND capacity),
  CONSTRAINT slot_booking_live CHECK (live IS NOT FALSE AND (live IS NULL) = (ended_at IS NOT NULL)),
  FOREIGN KEY(slot_id, day_id, capacity) REFERENCES service_slot (id, day_id, capacity),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  FOREIGN KEY(person_id) REFERENCES person (id)
);
CREATE TRIGGER slot_booking_only_ends BEFORE UPDATE ON slot_booking
  FOR EACH ROW EXECUTE FUNCTION only_ends('ended_at', 'live');

-- The lowest free number of a slot, 0 when there is none or the day is cancelled. Whoever asks holds the day until the end of
-- the transaction. Volatile on purpose, so that it looks again after it has waited.
CREATE FUNCTION next_place(slot uuid) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE of_day uuid; places integer;
BEGIN
  SELECT s.day_id, s.capacity INTO of_day, places FROM service_slot s WHERE s.id = slot;
  PERFORM pg_advisory_xact_lock(hashtextextended('linli service day ' || of_day, 0));
  PERFORM 1 FROM service_day d WHERE d.id = of_day AND d.cancelled_at IS NOT NULL;
  IF FOUND THEN
    RETURN 0;
  END IF;
  RETURN (SELECT coalesce(min(n), 0) FROM generate_series(1, places) n
           WHERE NOT EXISTS (SELECT 1 FROM slot_booking b WHERE b.slot_id = slot AND b.number = n AND b.live));
END $$;

-- How many places of a slot are taken; by whom is for those whom it concerns.
CREATE FUNCTION places_taken(slot uuid) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN (SELECT count(*) FROM slot_booking b WHERE b.slot_id = slot AND b.live); END $$;

-- Whether a day is cancelled, and the orders that are booked on it, as far as the actor sees them. Whoever asks holds the day,
-- as above.
CREATE FUNCTION hold_day(day uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('linli service day ' || day, 0));
  RETURN (SELECT jsonb_build_object('cancelled', d.cancelled_at IS NOT NULL, 'order_ids', (
             SELECT coalesce(jsonb_agg(b.matter_id), '[]') FROM slot_booking b WHERE b.day_id = d.id AND b.live))
            FROM service_day d WHERE d.id = day);
END $$;

-- Does this person lead a team that lives?
CREATE FUNCTION leads(team uuid, person uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN EXISTS (SELECT 1 FROM team t WHERE t.id = leads.team AND t.lead_id = person AND t.disbanded_at IS NULL); END $$;

-- Is there no such service day yet, for anybody?
CREATE FUNCTION day_is_new(day uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN NOT EXISTS (SELECT 1 FROM service_day d WHERE d.id = day); END $$;

-- Whose they are.
GRANT SELECT, INSERT, UPDATE ON order_authority, service_day, slot_booking TO linli_app;
GRANT SELECT, INSERT ON order_papers, service_slot TO linli_app;
GRANT SELECT, UPDATE ON order_authority, slot_booking TO linli_worker;
GRANT SELECT ON order_papers, service_day, service_slot TO linli_worker;
GRANT SELECT ON order_authority, order_papers, service_day, service_slot, slot_booking TO linli_checker;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['order_authority', 'order_papers', 'service_day', 'service_slot', 'slot_booking'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_owner USING (true) WITH CHECK (true)', t || '_of_owner', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO linli_checker USING (true)', t || '_of_checker', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_worker USING (true) WITH CHECK (true)', t || '_of_worker', t);
  END LOOP;
  -- Both sides and staff. Whoever gave a receipt keeps it: they must know what they hold.
  FOREACH t IN ARRAY ARRAY['order_authority', 'order_papers'] LOOP
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO linli_app USING ('
                   '%s(SELECT true FROM matter m WHERE m.id = matter_id AND ('
                   'm.requester_id = app_actor()'
                   ' OR m.beneficiary_id = app_actor()'
                   ' OR m.assignee_id = app_actor()'
                   ' OR (m.team_id IS NOT NULL AND app_team(m.team_id) = ''lead'')'
                   ' OR app_reaches(m.place_id, ''{administrator,dispatcher,secretary}''))))',
                   t || '_read', t, CASE t WHEN 'order_papers' THEN 'acted_by = app_actor() OR ' ELSE '' END);
  END LOOP;
END $$;
CREATE POLICY order_papers_insert ON order_papers FOR INSERT TO linli_app WITH CHECK (
  acted_by = app_actor() AND app_sees(matter_id) IS NOT FALSE);
-- Given by whom it is about, to whoever serves; ended by anybody who may move the order.
CREATE POLICY order_authority_insert ON order_authority FOR INSERT TO linli_app WITH CHECK (
  given_by = app_actor() AND ended_at IS NULL
  AND (SELECT true FROM matter m WHERE m.id = matter_id AND m.assignee_id = agent_id
          AND (m.requester_id = app_actor() OR m.beneficiary_id = app_actor())));
CREATE POLICY order_authority_update ON order_authority FOR UPDATE TO linli_app
  USING (app_sees(matter_id)) WITH CHECK (ended_by = app_actor());

CREATE POLICY service_day_read ON service_day FOR SELECT TO linli_app USING (app_belongs(place_id));
CREATE POLICY service_day_insert ON service_day FOR INSERT TO linli_app WITH CHECK (
  opened_by = app_actor() AND cancelled_at IS NULL
  AND (app_reaches(place_id, '{administrator,dispatcher,secretary}') OR app_leads(team_id, place_id)));
CREATE POLICY service_day_update ON service_day FOR UPDATE TO linli_app
  USING (app_reaches(place_id, '{administrator,dispatcher,secretary}') OR app_leads(team_id, place_id))
  WITH CHECK (cancelled_by = app_actor());
CREATE POLICY service_slot_read ON service_slot FOR SELECT TO linli_app USING (app_belongs(place_id));
-- Slots come in the statement that opens their day, which it does not see yet; afterwards none is added.
CREATE POLICY service_slot_insert ON service_slot FOR INSERT TO linli_app WITH CHECK (
  day_is_new(day_id));
CREATE POLICY slot_booking_read ON slot_booking FOR SELECT TO linli_app USING (app_sees_detail(matter_id));
-- With the order that it makes, which the statement does not see yet.
CREATE POLICY slot_booking_insert ON slot_booking FOR INSERT TO linli_app WITH CHECK (
  person_id = app_actor() AND app_sees(matter_id) IS NULL);
CREATE POLICY slot_booking_update ON slot_booking FOR UPDATE TO linli_app USING (app_sees(matter_id));

-- An order that is made as accepted is the lead's of a team. Whoever books confirms what the team has said.
ALTER POLICY matter_insert ON matter WITH CHECK (
  kind = 'order' AND (
    (requester_id = app_actor() AND beneficiary_id = app_actor() AND app_reaches(place_id, '{resident}'))
    OR (person_holds(beneficiary_id, place_id, 'resident') AND (
         (requester_id = app_actor() AND person_represents(app_actor(), beneficiary_id))
         OR (requester_id = beneficiary_id
             AND app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}')))))
  AND (state <> 'accepted' OR leads(team_id, assignee_id)));
ALTER POLICY appointment_insert ON appointment WITH CHECK (
  proposed_by = app_actor() AND confirmed_by IS NULL AND app_sees(matter_id) IS NOT FALSE
  OR confirmed_by = app_actor() AND NOT by_resident AND app_sees(matter_id) IS NULL);

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION next_place(uuid) OWNER TO linli_checker;
ALTER FUNCTION places_taken(uuid) OWNER TO linli_checker;
ALTER FUNCTION day_is_new(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION next_place(uuid), places_taken(uuid), hold_day(uuid), leads(uuid, uuid),
  day_is_new(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION next_place(uuid), places_taken(uuid), hold_day(uuid), leads(uuid, uuid), day_is_new(uuid)
  TO linli_app, linli_worker, linli_checker, linli_owner;

-- The rules as data. A booked order is made as accepted.
INSERT INTO allowed_transition (kind, from_state, to_state) VALUES ('order', '', 'accepted');

-- A claim lasts two weeks (ours). The limits of a wish have the marks and effects of the others, in days (ours).
INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, version, calendar, budget_seconds, percents,
                             published_by, published_at)
VALUES ('00000000-0000-7000-8000-000000000501', NULL, 'order', 'wish', 1, 'WALL', 1209600, '{80,100}',
        '00000000-0000-0000-0000-000000000000', '2026-01-01T00:00:00+08:00');
INSERT INTO policy_effect (policy_id, percent, primitive, target) VALUES
  ('00000000-0000-7000-8000-000000000501', 80, 'notify', 'assignee'),
  ('00000000-0000-7000-8000-000000000501', 100, 'event', 'order.expire_claim');

WITH wishes AS (
  SELECT ('00000000-0000-7000-8000-0000000005' || n)::uuid AS id, p.id AS like_id, p.deadline_kind, w.calendar, w.seconds,
         w.days, p.later_round_percent, p.pause_limit_seconds, p.percents
    FROM (VALUES (11, 'respond', 'WALL', 259200, NULL::int),
                 (12, 'reply', 'WORK', NULL, 1),
                 (13, 'coordinate', 'WALL', 604800, NULL),
                 (14, 'plan', 'WORK', NULL, 5)) w(n, kind, calendar, seconds, days)
    CROSS JOIN LATERAL (
      SELECT * FROM deadline_policy d
       WHERE d.place_id IS NULL AND d.matter_kind = 'order' AND d.deadline_kind = w.kind AND d.category = ''
       ORDER BY d.version DESC LIMIT 1) p),
made AS (
  INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, category, version, calendar, budget_seconds,
                               budget_days, later_round_percent, pause_limit_seconds, percents, published_by, published_at)
  SELECT id, NULL, 'order', deadline_kind, 'wish', 1, calendar, seconds, days, later_round_percent, pause_limit_seconds,
         percents, '00000000-0000-0000-0000-000000000000', '2026-01-01T00:00:00+08:00' FROM wishes)
INSERT INTO policy_effect (policy_id, percent, primitive, target)
SELECT w.id, e.percent, e.primitive, e.target FROM wishes w JOIN policy_effect e ON e.policy_id = w.like_id;
