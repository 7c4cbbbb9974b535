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

-- Who signed a receipt for an errand's papers: for whom they belong to, who has to know where they are, and for the staff there.
CREATE FUNCTION paper_signer(receipt uuid) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT p.name_sealed FROM order_papers r JOIN matter m ON m.id = r.matter_id JOIN person p ON p.id = r.acted_by
           WHERE r.id = receipt AND (app_actor() IN (m.requester_id, m.beneficiary_id, r.acted_by)
              OR app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}')));
END $$;

-- Whether anybody on the resident's side can log in, and rate: for who sees the order, only a yes or no.
CREATE FUNCTION side_logs_in(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN EXISTS (SELECT 1 FROM matter m JOIN person p ON p.id IN (m.requester_id, m.beneficiary_id)
                  WHERE m.id = subject AND p.disabled_at IS NULL AND num_nonnulls(p.openid, p.login_name) > 0);
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION paper_signer(uuid) OWNER TO linli_checker;
ALTER FUNCTION side_logs_in(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION paper_signer(uuid), side_logs_in(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION paper_signer(uuid), side_logs_in(uuid) TO linli_app, linli_worker, linli_checker, linli_owner;
