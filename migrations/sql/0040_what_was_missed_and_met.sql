-- What was missed since a day is found by when it was due (listGoingLate, missed_since).
CREATE INDEX mark_missed ON mark (due_at) WHERE percent = 100;

-- Nobody is at two places at once: when somebody who has an order is to be elsewhere, within half an hour of a time (NULL: nowhere).
-- Who stands at a service day is there; its slots themselves, many at one time, are not asked. To the application it answers whoever
-- sees the order, about who has it, and the team's lead about its members.
CREATE FUNCTION meets_near(subject uuid, person uuid, meets timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  IF person IS NULL OR meets IS NULL OR session_user = 'linli_app' AND (app_sees(subject) IS NOT TRUE OR NOT EXISTS (
       SELECT 1 FROM matter m WHERE m.id = subject AND (m.assignee_id = person OR EXISTS (
         SELECT 1 FROM team t JOIN team_member y ON y.team_id = t.id AND y.live
          WHERE t.id = m.team_id AND t.lead_id = app_actor() AND y.person_id = person)))) THEN
    RETURN NULL;
  END IF;
  RETURN (
    SELECT a.meet_at FROM matter m JOIN appointment a ON a.matter_id = m.id AND a.ended_at IS NULL AND a.confirmed_at IS NOT NULL
     WHERE m.assignee_id = person AND m.kind = 'order' AND m.state = 'accepted' AND m.id <> subject
       AND a.meet_at > meets - interval '30 minutes' AND a.meet_at < meets + interval '30 minutes'
     ORDER BY a.meet_at LIMIT 1);
END $$;

-- The same, and they are held until the end of the transaction, so that of two confirmations at once the second finds the first.
-- Volatile, so that it looks again after it has waited.
CREATE FUNCTION appointment_near(subject uuid, person uuid, meets timestamptz) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  IF person IS NOT NULL AND meets IS NOT NULL THEN
    PERFORM hold_volunteers(ARRAY[person]);
  END IF;
  RETURN meets_near(subject, person, meets);
END $$;

CREATE FUNCTION appointment_is_the_only_one() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  IF appointment_near(NEW.matter_id, (SELECT m.assignee_id FROM matter m WHERE m.id = NEW.matter_id), NEW.meet_at) IS NOT NULL THEN
    RAISE EXCEPTION 'appointment %: they are somewhere else then', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER appointment_is_the_only_one BEFORE UPDATE ON appointment
  FOR EACH ROW WHEN (OLD.confirmed_at IS NULL AND NEW.confirmed_at IS NOT NULL) EXECUTE FUNCTION appointment_is_the_only_one();

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION appointment_near(uuid, uuid, timestamptz) OWNER TO linli_checker;
ALTER FUNCTION meets_near(uuid, uuid, timestamptz) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION appointment_near(uuid, uuid, timestamptz), meets_near(uuid, uuid, timestamptz), appointment_is_the_only_one() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION appointment_near(uuid, uuid, timestamptz), meets_near(uuid, uuid, timestamptz), appointment_is_the_only_one()
  TO linli_app, linli_worker, linli_checker, linli_owner;
