-- Those who cannot order themselves (domain.md §1): representatives with a recorded consent, callers, household cards; and
-- who placed an order, since nobody serves what they placed.

CREATE TABLE representation (
  id UUID NOT NULL,
  place_id UUID NOT NULL,
  representative_id UUID NOT NULL,
  representative_name_sealed BYTEA NOT NULL,
  beneficiary_id UUID,
  name_sealed BYTEA NOT NULL,
  phone_sealed BYTEA NOT NULL,
  phone_index BYTEA NOT NULL,
  relation TEXT NOT NULL,
  named_at TIMESTAMP WITH TIME ZONE NOT NULL,
  consented_at TIMESTAMP WITH TIME ZONE,
  recorded_by UUID,
  how TEXT,
  ended_at TIMESTAMP WITH TIME ZONE,
  ended_by UUID,
  version INTEGER NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT representation_relation CHECK (relation IN ('family', 'neighbour', 'station_staff')),
  CONSTRAINT representation_how CHECK (how IN ('self', 'in_person', 'phone', 'written')),
  CONSTRAINT representation_of_another CHECK (beneficiary_id <> representative_id),
  CONSTRAINT representation_consent CHECK (num_nonnulls(beneficiary_id, consented_at, recorded_by, how) IN (0, 4)),
  CONSTRAINT representation_said_by_another CHECK (recorded_by <> representative_id),
  CONSTRAINT representation_said_by_oneself CHECK ((how = 'self') = (recorded_by = beneficiary_id)),
  CONSTRAINT representation_end CHECK (num_nonnulls(ended_at, ended_by) IN (0, 2)),
  FOREIGN KEY(place_id) REFERENCES place (id),
  FOREIGN KEY(representative_id) REFERENCES person (id),
  FOREIGN KEY(beneficiary_id) REFERENCES person (id),
  FOREIGN KEY(recorded_by) REFERENCES person (id),
  FOREIGN KEY(ended_by) REFERENCES person (id)
);
CREATE UNIQUE INDEX representation_pair ON representation (representative_id, beneficiary_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX representation_named ON representation (representative_id, phone_index) WHERE ended_at IS NULL;
CREATE INDEX representation_mine ON representation (representative_id, named_at, id);
CREATE INDEX representation_about ON representation (beneficiary_id, named_at, id);
CREATE INDEX representation_asked ON representation (phone_index) WHERE beneficiary_id IS NULL;
CREATE INDEX representation_place ON representation (place_id, named_at, id);

CREATE TABLE household_card (
  id UUID NOT NULL,
  person_id UUID NOT NULL,
  place_id UUID NOT NULL,
  number_sealed BYTEA NOT NULL,
  number_index BYTEA NOT NULL,
  issued_by UUID NOT NULL,
  issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (id),
  FOREIGN KEY(person_id) REFERENCES person (id),
  FOREIGN KEY(place_id) REFERENCES place (id),
  FOREIGN KEY(issued_by) REFERENCES person (id)
);
CREATE UNIQUE INDEX household_card_live ON household_card (person_id, place_id) WHERE ended_at IS NULL;

-- Who placed an order; whether it was started without code and card; and who rated.
ALTER TABLE order_detail
  ADD COLUMN placed_by UUID,
  ADD COLUMN unverified BOOLEAN DEFAULT false NOT NULL,
  ADD FOREIGN KEY(placed_by) REFERENCES person (id);
UPDATE order_detail d SET placed_by = coalesce(
  (SELECT h.actor_id FROM history h WHERE h.matter_id = d.matter_id AND h.version = 1),
  (SELECT m.requester_id FROM matter m WHERE m.id = d.matter_id));
ALTER TABLE order_detail ALTER COLUMN placed_by SET NOT NULL;
ALTER TABLE rating ADD COLUMN by_representative BOOLEAN DEFAULT false NOT NULL;
CREATE INDEX matter_for ON matter (beneficiary_id, created_at, id) WHERE beneficiary_id <> requester_id;

-- Does somebody act for a person, by a consent that is recorded and has not ended? Answered to the application where it acts
-- for one of the two, or for the lead of the former.
CREATE FUNCTION person_represents(representative uuid, person uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN EXISTS (SELECT 1 FROM representation r WHERE r.representative_id = representative AND r.beneficiary_id = person
                    AND r.consented_at IS NOT NULL AND r.ended_at IS NULL)
     AND (session_user <> 'linli_app' OR app_actor() IN (representative, person)
          OR EXISTS (SELECT 1 FROM team_member m JOIN team t ON t.id = m.team_id
                      WHERE m.person_id = representative AND m.live AND t.lead_id = app_actor() AND t.disbanded_at IS NULL));
END $$;

-- Who represents whom an order serves: not asked to serve them. For those who dispatch at its place; the worker asks about any.
CREATE FUNCTION representatives_of(subject uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(r.representative_id), '[]')
            FROM matter m JOIN representation r ON r.beneficiary_id = m.beneficiary_id
           WHERE m.id = subject AND r.consented_at IS NOT NULL AND r.ended_at IS NULL
             AND (session_user <> 'linli_app' OR app_reaches(m.place_id, '{administrator,dispatcher,secretary}')));
END $$;

-- Does this person live at the place? Who lives in an estate lives in its community.
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

-- The home and the contact of a resident, by id or by the blind index of the phone: for the staff there, and for who acts
-- for the resident. Nobody else learns whether there is such a person.
CREATE FUNCTION home_of(wanted uuid, phone bytea)
RETURNS TABLE (person_id uuid, place_id uuid, name_sealed bytea, phone_sealed bytea, phone_index bytea, address_sealed bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN QUERY
  SELECT p.id, g.place_id, p.name_sealed, p.phone_sealed, p.phone_index, p.address_sealed
    FROM person p JOIN role_grant g ON g.person_id = p.id AND g.role = 'resident' AND g.ends_at IS NULL
   WHERE (p.id = wanted OR p.phone_index = phone) AND p.disabled_at IS NULL
     AND (person_represents(app_actor(), p.id)
          OR app_reaches(g.place_id, '{administrator,dispatcher,secretary,station_staff}'));
END $$;

-- Is this the resident's household card of this community?
CREATE FUNCTION card_fits(person uuid, place uuid, number bytea) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN EXISTS (SELECT 1 FROM household_card c WHERE c.person_id = person AND c.place_id = place
                    AND c.number_index = number AND c.ended_at IS NULL);
END $$;

-- A representation keeps who named whom. Consent is recorded once, in one's own name: by whose phone was named, who lives
-- there, or by the staff there who heard or read it. It ends once.
CREATE FUNCTION representation_keeps_its_past() RETURNS trigger
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
CREATE TRIGGER representation_keeps_its_past BEFORE UPDATE ON representation FOR EACH ROW
  EXECUTE FUNCTION representation_keeps_its_past();
CREATE TRIGGER representation_never_deleted BEFORE DELETE OR TRUNCATE ON representation EXECUTE FUNCTION never_altered();

-- A card ends once, and nothing else of it changes.
CREATE FUNCTION card_keeps_its_past() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF (NEW.id, NEW.person_id, NEW.place_id, NEW.number_sealed, NEW.number_index, NEW.issued_by, NEW.issued_at)
     IS DISTINCT FROM
     (OLD.id, OLD.person_id, OLD.place_id, OLD.number_sealed, OLD.number_index, OLD.issued_by, OLD.issued_at)
     OR OLD.ended_at IS NOT NULL THEN
    RAISE EXCEPTION 'household card %: it cannot be altered', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER card_keeps_its_past BEFORE UPDATE ON household_card FOR EACH ROW EXECUTE FUNCTION card_keeps_its_past();
CREATE TRIGGER card_never_deleted BEFORE DELETE OR TRUNCATE ON household_card EXECUTE FUNCTION never_altered();

-- Who placed an order stays, and does not serve it. Asked only when somebody is assigned.
CREATE TRIGGER order_keeps_who_placed BEFORE UPDATE OF placed_by ON order_detail FOR EACH ROW
  WHEN (NEW.placed_by IS DISTINCT FROM OLD.placed_by) EXECUTE FUNCTION never_altered();
CREATE FUNCTION not_served_by_who_placed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  PERFORM 1 FROM order_detail d WHERE d.matter_id = NEW.id AND d.placed_by = NEW.assignee_id;
  IF FOUND THEN
    RAISE EXCEPTION 'matter %: nobody serves what they placed', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER not_served_by_who_placed BEFORE UPDATE OF assignee_id ON matter FOR EACH ROW
  WHEN (NEW.assignee_id IS DISTINCT FROM OLD.assignee_id AND NEW.assignee_id IS NOT NULL)
  EXECUTE FUNCTION not_served_by_who_placed();

GRANT SELECT, INSERT, UPDATE ON representation, household_card TO linli_app;
GRANT SELECT ON representation, household_card TO linli_checker;
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['representation', 'household_card'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_owner USING (true) WITH CHECK (true)', t || '_of_owner', t);
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO linli_checker USING (true)', t || '_of_checker', t);
    EXECUTE format('CREATE POLICY %I ON %I TO linli_worker USING (true) WITH CHECK (true)', t || '_of_worker', t);
  END LOOP;
END $$;

-- A representation is seen by both sides and by the staff of the place; before the consent, the one side is whoever has the
-- phone that was named.
CREATE POLICY representation_read ON representation FOR SELECT TO linli_app USING (
  representative_id = app_actor() OR beneficiary_id = app_actor()
  OR (beneficiary_id IS NULL AND phone_index = (SELECT p.phone_index FROM person p WHERE p.id = app_actor()))
  OR app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}'));
CREATE POLICY representation_insert ON representation FOR INSERT TO linli_app WITH CHECK (
  representative_id = app_actor() AND num_nonnulls(beneficiary_id, consented_at, recorded_by, how, ended_at, ended_by) = 0);
CREATE POLICY representation_update ON representation FOR UPDATE TO linli_app USING (
  representative_id = app_actor() OR beneficiary_id = app_actor()
  OR (beneficiary_id IS NULL AND phone_index = (SELECT p.phone_index FROM person p WHERE p.id = app_actor()))
  OR app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}'));

CREATE POLICY household_card_read ON household_card FOR SELECT TO linli_app USING (
  app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}'));
CREATE POLICY household_card_insert ON household_card FOR INSERT TO linli_app WITH CHECK (
  issued_by = app_actor() AND ended_at IS NULL AND person_holds(person_id, place_id, 'resident')
  AND app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}'));
CREATE POLICY household_card_update ON household_card FOR UPDATE TO linli_app USING (
  app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}'));

-- An order is placed at the beneficiary's home: by oneself, by who acts for them, or by the staff there for a caller.
ALTER POLICY matter_insert ON matter WITH CHECK (
  kind = 'order' AND (
    (requester_id = app_actor() AND beneficiary_id = app_actor() AND app_reaches(place_id, '{resident}'))
    OR (person_holds(beneficiary_id, place_id, 'resident') AND (
         (requester_id = app_actor() AND person_represents(app_actor(), beneficiary_id))
         OR (requester_id = beneficiary_id
             AND app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}'))))));
ALTER POLICY order_detail_insert ON order_detail WITH CHECK (
  placed_by = app_actor() AND app_sees(matter_id) IS NOT FALSE);
ALTER POLICY rating_insert ON rating WITH CHECK (
  rater_id = app_actor() AND app_sees(matter_id) IS NOT FALSE
  AND by_representative = (SELECT m.beneficiary_id <> app_actor() FROM matter m WHERE m.id = matter_id));

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION person_represents(uuid, uuid) OWNER TO linli_checker;
ALTER FUNCTION representatives_of(uuid) OWNER TO linli_checker;
ALTER FUNCTION person_lives(uuid, uuid) OWNER TO linli_checker;
ALTER FUNCTION home_of(uuid, bytea) OWNER TO linli_checker;
ALTER FUNCTION card_fits(uuid, uuid, bytea) OWNER TO linli_checker;
ALTER FUNCTION representation_keeps_its_past() OWNER TO linli_checker;
ALTER FUNCTION not_served_by_who_placed() OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION person_represents(uuid, uuid), representatives_of(uuid), person_lives(uuid, uuid), home_of(uuid, bytea),
  card_fits(uuid, uuid, bytea), representation_keeps_its_past(), card_keeps_its_past(), not_served_by_who_placed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION person_represents(uuid, uuid), representatives_of(uuid), person_lives(uuid, uuid), home_of(uuid, bytea),
  card_fits(uuid, uuid, bytea), representation_keeps_its_past(), card_keeps_its_past(), not_served_by_who_placed()
  TO linli_app, linli_worker, linli_checker, linli_owner;
