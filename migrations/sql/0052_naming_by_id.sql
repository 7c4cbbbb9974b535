-- Whom a representative asks to order for is named by phone, or, without one, by the id that the station gave; whoever was refused
-- waits; a late registrant is told who asked; and what was consented to moves along with the beneficiary (domain.md §1).

-- No reference to a person: it would tell whoever guesses whether there is one.
ALTER TABLE representation
  ALTER COLUMN phone_sealed DROP NOT NULL,
  ALTER COLUMN phone_index DROP NOT NULL,
  ADD COLUMN named_id UUID,
  ADD CONSTRAINT representation_names_one CHECK (num_nonnulls(phone_index, named_id) = 1
                                                 AND num_nonnulls(phone_sealed, phone_index) IN (0, 2));
CREATE UNIQUE INDEX representation_named_id ON representation (representative_id, named_id) WHERE ended_at IS NULL;
CREATE INDEX representation_asked_id ON representation (named_id) WHERE beneficiary_id IS NULL;

-- As before (0010), but that whom it names may be named by id, and that it comes to stand in the community where the beneficiary
-- lives by now.
CREATE OR REPLACE FUNCTION representation_keeps_its_past() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  -- They moved a moment ago: whoever looks again is told so.
  IF OLD.consented_at IS NULL AND NEW.consented_at IS NOT NULL AND NOT person_lives(NEW.beneficiary_id, NEW.place_id) THEN
    RAISE EXCEPTION 'representation %: they live elsewhere', OLD.id USING ERRCODE = '40001';
  END IF;
  IF (NEW.id, NEW.representative_id, NEW.representative_name_sealed, NEW.name_sealed, NEW.phone_sealed,
      NEW.phone_index, NEW.named_id, NEW.relation, NEW.named_at)
     IS DISTINCT FROM
     (OLD.id, OLD.representative_id, OLD.representative_name_sealed, OLD.name_sealed, OLD.phone_sealed,
      OLD.phone_index, OLD.named_id, OLD.relation, OLD.named_at)
     OR (NEW.place_id <> OLD.place_id
         AND (OLD.consented_at IS NULL OR NOT person_lives(OLD.beneficiary_id, NEW.place_id)
              OR NOT EXISTS (SELECT 1 FROM place p WHERE p.id = NEW.place_id AND p.level = 'community')))
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
              OR NOT EXISTS (SELECT 1 FROM person p WHERE p.id = NEW.beneficiary_id
                                AND (p.id = NEW.named_id OR p.phone_index = NEW.phone_index
                                     AND (NEW.how <> 'self' OR p.phone_proved_at IS NOT NULL)))))
  THEN
    RAISE EXCEPTION 'representation %: it cannot be altered so', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;

-- Whoever was refused, or whose representation the other side or the staff ended, asks again a week later (AGAIN_AFTER), whether
-- anybody has the phone or not. It is asked with the eyes of whoever names: their own representations are all it is about.
CREATE FUNCTION representation_waits() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  PERFORM 1 FROM public.representation e
    WHERE e.representative_id = NEW.representative_id AND e.ended_by <> e.representative_id
      AND (e.phone_index = NEW.phone_index OR NEW.named_id IN (e.named_id, e.beneficiary_id))
      AND e.ended_at + interval '7 days' > NEW.named_at;
  IF FOUND THEN
    RAISE EXCEPTION 'representation %: asked again too soon', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER representation_waits BEFORE INSERT ON representation FOR EACH ROW EXECUTE FUNCTION representation_waits();

-- Whoever gives their phone after it was named is told of each that waits, once, as those are whose phone was known.
CREATE FUNCTION asked_before_the_phone_was_known() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  INSERT INTO public.outbox (id, sort, topic, subject_kind, subject_id, place_id, to_person, payload, created_by, created_at,
                             retry_at, attempts)
  SELECT gen_random_uuid(), 'notice', 'representation.asked', 'representation', r.id, r.place_id, NEW.id, '{}', NEW.id, n.at, n.at, 0
    FROM public.representation r CROSS JOIN (SELECT public.app_now() AS at) n
   WHERE r.phone_index = NEW.phone_index AND r.beneficiary_id IS NULL AND r.ended_at IS NULL AND r.representative_id <> NEW.id
     AND NOT EXISTS (SELECT 1 FROM public.inbox_message m WHERE m.person_id = NEW.id AND m.topic = 'representation.asked'
                        AND m.subject_id = r.id);
  RETURN NULL;
END $$;
CREATE TRIGGER asked_before_the_phone_was_known AFTER UPDATE OF phone_index ON person FOR EACH ROW
  WHEN (NEW.phone_index IS DISTINCT FROM OLD.phone_index) EXECUTE FUNCTION asked_before_the_phone_was_known();

-- Who may order for somebody is known, and ended, where that person lives: it moves along with them, once consented to. What
-- waits for the consent stays where it was asked for.
CREATE FUNCTION representation_moves_along() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  UPDATE public.representation r SET place_id = c.id, version = r.version + 1
    FROM public.place_ancestor a JOIN public.place c ON c.id = a.ancestor_id AND c.level = 'community'
   WHERE a.place_id = NEW.place_id AND r.beneficiary_id = NEW.person_id AND r.ended_at IS NULL AND r.place_id <> c.id;
  RETURN NULL;
END $$;
CREATE TRIGGER representation_moves_along AFTER INSERT ON role_grant FOR EACH ROW WHEN (NEW.role = 'resident')
  EXECUTE FUNCTION representation_moves_along();

-- Of a move and a consent at once the second sees the first: at commit, when whoever moves has been waited for.
CREATE FUNCTION representation_is_at_home() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  PERFORM 1 FROM person p WHERE p.id = NEW.beneficiary_id FOR NO KEY UPDATE;
  UPDATE representation r SET place_id = c.id, version = r.version + 1
    FROM role_grant g JOIN place_ancestor a ON a.place_id = g.place_id JOIN place c ON c.id = a.ancestor_id AND c.level = 'community'
   WHERE r.id = NEW.id AND g.person_id = r.beneficiary_id AND g.role = 'resident' AND g.ends_at IS NULL AND r.ended_at IS NULL
     AND r.place_id <> c.id;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER representation_is_at_home AFTER UPDATE ON representation DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (OLD.consented_at IS NULL AND NEW.consented_at IS NOT NULL) EXECUTE FUNCTION representation_is_at_home();
GRANT UPDATE (place_id, version) ON representation TO linli_checker;
CREATE POLICY representation_moved ON representation FOR UPDATE TO linli_checker USING (true) WITH CHECK (true);
GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION representation_is_at_home() OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION representation_is_at_home() FROM PUBLIC;

-- Those whose beneficiary has moved already.
UPDATE representation r SET place_id = c.id, version = r.version + 1
  FROM role_grant g JOIN place_ancestor a ON a.place_id = g.place_id
  JOIN place c ON c.id = a.ancestor_id AND c.level = 'community'
 WHERE g.person_id = r.beneficiary_id AND g.role = 'resident' AND g.ends_at IS NULL AND r.ended_at IS NULL
   AND r.place_id <> c.id AND person_lives(r.beneficiary_id, c.id);

-- What is on file of whom an order serves, sealed, beside whether the phone of its contact is theirs; and who gave the authority
-- that has not ended. For the worker alone, who gives the order to them when the consent ends.
CREATE FUNCTION contact_on_file(subject uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT jsonb_build_object(
            'own_phone', c.phone_index IS NOT DISTINCT FROM p.phone_index, 'name_sealed', p.name_sealed,
            'phone_sealed', p.phone_sealed, 'phone_index', p.phone_index,
            'address_sealed', CASE WHEN person_lives(p.id, m.place_id) THEN p.address_sealed END,
            'authority_of', (SELECT y.given_by FROM order_authority y WHERE y.matter_id = m.id AND y.ended_at IS NULL))
            FROM matter m JOIN person p ON p.id = m.beneficiary_id JOIN order_contact c ON c.matter_id = m.id
           WHERE m.id = subject);
END $$;

-- As before (0010), but that whoever is asked may have been named by id.
ALTER POLICY representation_read ON representation USING (
  representative_id = app_actor() OR beneficiary_id = app_actor()
  OR (beneficiary_id IS NULL AND (named_id = app_actor()
      OR phone_index = (SELECT p.phone_index FROM person p WHERE p.id = app_actor())))
  OR app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}'));
ALTER POLICY representation_update ON representation USING (
  representative_id = app_actor() OR beneficiary_id = app_actor()
  OR (beneficiary_id IS NULL AND (named_id = app_actor()
      OR phone_index = (SELECT p.phone_index FROM person p WHERE p.id = app_actor())))
  OR app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}'));

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION contact_on_file(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION representation_waits(), asked_before_the_phone_was_known(), representation_moves_along(),
  contact_on_file(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_on_file(uuid) TO linli_worker, linli_checker, linli_owner;
-- The worker still reads no contact: it writes one over.
GRANT SELECT (matter_id), UPDATE (name_sealed, phone_sealed, phone_index, address_sealed) ON order_contact TO linli_worker;
GRANT EXECUTE ON FUNCTION representation_waits(), asked_before_the_phone_was_known(), representation_moves_along()
  TO linli_app, linli_worker, linli_checker, linli_owner;
