-- What cases still allowed, and whom to ask at the call-back.

-- The names of those whom the actor is to call (0019_callbacks.sql), and whether there is a phone to call them by.
DROP FUNCTION callback_names(uuid[]);
CREATE FUNCTION callback_names(wanted uuid[]) RETURNS TABLE (callback_id uuid, name_sealed bytea, has_phone boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN QUERY SELECT c.id, p.name_sealed, p.phone_sealed IS NOT NULL FROM callback c JOIN person p ON p.id = c.reporter_id
                WHERE c.id = ANY (wanted) AND app_reaches(c.place_id, '{callback_officer}');
END $$;

-- Who stands in for whom when is said once: what was said twice, word for word, said nothing the second time.
DELETE FROM unit_deputy d USING unit_deputy e
 WHERE (d.unit_id, d.absent_id, d.deputy_id, d.from_at, d.until_at) = (e.unit_id, e.absent_id, e.deputy_id, e.from_at, e.until_at)
   AND (d.named_at, d.id) > (e.named_at, e.id);
CREATE UNIQUE INDEX unit_deputy_once ON unit_deputy (unit_id, absent_id, deputy_id, from_at, until_at);

-- A result comes back at most twice in a round (domain.md §5); how often one came back before this rule says the history.
UPDATE case_detail SET returns = 2 WHERE returns > 2;
ALTER TABLE case_detail DROP CONSTRAINT case_detail_returns;
ALTER TABLE case_detail ADD CONSTRAINT case_detail_returns CHECK (returns BETWEEN 0 AND 2) NOT VALID;
ALTER TABLE case_detail VALIDATE CONSTRAINT case_detail_returns;

-- One extension of a case (domain.md §5), in whatever round. The case is locked, so that two at one moment see each other; what was
-- asked for in rounds before this rule stays as it was.
CREATE FUNCTION case_is_extended_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  PERFORM 1 FROM matter m WHERE m.id = NEW.matter_id FOR NO KEY UPDATE;
  IF EXISTS (SELECT 1 FROM case_extension e WHERE e.matter_id = NEW.matter_id) THEN
    RAISE EXCEPTION 'case %: it was given more time already', NEW.matter_id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER case_is_extended_once BEFORE INSERT ON case_extension FOR EACH ROW EXECUTE FUNCTION case_is_extended_once();

-- An assignment stays with the unit to which it was sent, and with the seat that sent it: another unit gets one of its own.
CREATE TRIGGER assignment_keeps_its_unit BEFORE UPDATE OF seat_id, unit_id ON matter FOR EACH ROW
  WHEN (NEW.kind = 'assignment' AND (NEW.seat_id IS DISTINCT FROM OLD.seat_id OR NEW.unit_id IS DISTINCT FROM OLD.unit_id))
  EXECUTE FUNCTION never_altered();

-- Whoever joined a case from another community reads how it stands (0022); what was written and decided on the way is for those who
-- read all of it.
ALTER POLICY case_post_read ON case_post USING (app_sees_whole(matter_id));
ALTER POLICY whistle_read ON whistle USING (app_sees_whole(matter_id));
ALTER POLICY case_extension_read ON case_extension USING (app_sees_whole(matter_id));
ALTER POLICY case_hanging_read ON case_hanging USING (app_sees_whole(matter_id));
ALTER POLICY supervision_read ON supervision USING (app_sees_whole(matter_id));

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION callback_names(uuid[]) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION callback_names(uuid[]), case_is_extended_once() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_is_extended_once() TO linli_app, linli_worker, linli_checker, linli_owner;
GRANT EXECUTE ON FUNCTION callback_names(uuid[]) TO linli_app, linli_worker, linli_checker, linli_owner;
