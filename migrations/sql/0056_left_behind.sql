-- A move withdraws the open applications of the old place. One that came between what the move saw and its commit
-- is withdrawn as the move commits; `application_is_at_home` (0055) refuses the one that commits after it.

CREATE FUNCTION applications_stay_behind() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  UPDATE volunteer_application a SET withdrawn_at = app_now(), version = a.version + 1
   WHERE a.person_id = NEW.person_id AND a.withdrawn_at IS NULL AND a.decided_at IS NULL
     AND NOT person_lives(a.person_id, a.place_id);
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER applications_stay_behind AFTER INSERT ON role_grant DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.role = 'resident') EXECUTE FUNCTION applications_stay_behind();

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION applications_stay_behind() OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION applications_stay_behind() FROM PUBLIC;
