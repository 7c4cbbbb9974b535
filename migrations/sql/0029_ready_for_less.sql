-- What every statement on a matter has to make ready, needed or not: the text of its policies and the conditions of its triggers.
-- Orders are by far the most; what concerns cases alone is looked at when there is one (adr/0013).

-- Who sees a case or an assignment (app/domain/cases/policy.py, board_policy.py).
CREATE FUNCTION app_sees_official(matter public.matter) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (matter.kind = 'case' AND (
     matter.requester_id = app_actor()
     OR matter.beneficiary_id = app_actor()
     OR (matter.unit_id IS NOT NULL AND app_unit(matter.unit_id) IS NOT NULL)
     OR app_reaches(matter.place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'reporter' = ANY (app_parts(matter.id))
     OR 'seated' = ANY (app_parts(matter.id))
     OR 'joiner' = ANY (app_parts(matter.id))
     OR (matter.placed_by = app_actor() AND app_reaches(matter.place_id, '{administrator,dispatcher,secretary,station_staff}'))))
  OR (matter.kind = 'assignment' AND (
     (matter.unit_id IS NOT NULL AND app_unit(matter.unit_id) IS NOT NULL)
     OR app_reaches(matter.place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'seated' = ANY (app_parts(matter.id))));
END $$;

ALTER POLICY matter_read ON matter USING (
  (kind = 'order' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR assignee_id = app_actor()
     OR (team_id IS NOT NULL AND app_team(team_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,dispatcher,secretary}')
     OR (open_pool AND app_reaches(place_id, '{volunteer}'))
     OR (state IN ('accepted') AND app_reaches(place_id, '{station_staff}'))
     OR (placed_by = app_actor() AND app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}'))))
  OR (kind <> 'order' AND app_sees_official(matter))
  OR (moved_by = app_actor() AND moved_in = app_transaction()));
ALTER POLICY matter_update ON matter USING (
  (kind = 'order' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR assignee_id = app_actor()
     OR (team_id IS NOT NULL AND app_team(team_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,dispatcher,secretary}')
     OR (open_pool AND app_reaches(place_id, '{volunteer}'))
     OR (state IN ('accepted') AND app_reaches(place_id, '{station_staff}'))
     OR (placed_by = app_actor() AND app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}'))))
  OR (kind <> 'order' AND app_sees_official(matter)));

CREATE OR REPLACE FUNCTION app_sees(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE matter public.matter;
BEGIN
  SELECT * INTO matter FROM matter m WHERE m.id = subject;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  RETURN ((matter.kind = 'order' AND (
     matter.requester_id = app_actor()
     OR matter.beneficiary_id = app_actor()
     OR matter.assignee_id = app_actor()
     OR (matter.team_id IS NOT NULL AND app_team(matter.team_id) IS NOT NULL)
     OR app_reaches(matter.place_id, '{administrator,dispatcher,secretary}')
     OR (matter.open_pool AND app_reaches(matter.place_id, '{volunteer}'))
     OR (matter.state IN ('accepted') AND app_reaches(matter.place_id, '{station_staff}'))
     OR (matter.placed_by = app_actor() AND app_reaches(matter.place_id, '{administrator,dispatcher,secretary,station_staff}'))))
  OR (matter.kind <> 'order' AND app_sees_official(matter))
  OR (matter.moved_by = app_actor() AND matter.moved_in = app_transaction())) IS TRUE;
END $$;

CREATE OR REPLACE FUNCTION app_sees_detail(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE matter public.matter;
BEGIN
  SELECT * INTO matter FROM matter m WHERE m.id = subject;
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
     OR (matter.state IN ('offered', 'submitted') AND (matter.open_pool AND app_reaches(matter.place_id, '{volunteer}')))
     OR (matter.state IN ('accepted') AND app_reaches(matter.place_id, '{station_staff}'))
     OR (matter.placed_by = app_actor() AND app_reaches(matter.place_id, '{administrator,dispatcher,secretary,station_staff}'))))
  OR (matter.kind <> 'order' AND app_sees_official(matter))
  OR (matter.moved_by = app_actor() AND matter.moved_in = app_transaction());
END $$;

-- As before (0002), and a matter that a limit governs is still governed when one that governs has stopped.
CREATE OR REPLACE FUNCTION matter_has_deadline() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE subject uuid;
BEGIN
  IF TG_TABLE_NAME = 'matter' THEN subject := NEW.id; ELSE subject := NEW.matter_id; END IF;
  PERFORM 1 FROM deadline d WHERE d.matter_id = subject AND d.stopped_at IS NULL LIMIT 1;
  IF NOT FOUND THEN
    PERFORM 1 FROM matter m JOIN promised_state p ON p.kind = m.kind AND p.state = m.state WHERE m.id = subject;
    IF FOUND THEN
      RAISE EXCEPTION 'matter %: no live deadline', subject USING ERRCODE = '23514';
    END IF;
  END IF;
  IF NEW.kind = ANY ('{triage,check,callback,deliberation,review,resolve_small,resolve_community,resolve_street,resolve_district,resolve_emergency,resolve_routine,resolve_hard,milestone,renewal}') THEN
    PERFORM demand_governed(subject);
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER deadline_leaves_governed ON deadline;

CREATE FUNCTION demand_governed(subject uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  PERFORM 1 FROM matter m JOIN promised_state p ON p.kind = m.kind AND p.state = m.state
    WHERE m.id = subject AND p.governs IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM deadline d WHERE d.matter_id = m.id AND d.stopped_at IS NULL AND d.kind = ANY (p.governs));
  IF FOUND THEN
    RAISE EXCEPTION 'matter %: no limit governs it', subject USING ERRCODE = '23514';
  END IF;
END $$;
CREATE OR REPLACE FUNCTION matter_is_governed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  PERFORM demand_governed(NEW.id);
  RETURN NULL;
END $$;

DROP TRIGGER matter_recategorised ON matter;
CREATE CONSTRAINT TRIGGER matter_recategorised AFTER UPDATE OF category ON matter DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (OLD.category IS DISTINCT FROM NEW.category) EXECUTE FUNCTION recategorised_openly();
DROP TRIGGER deadline_recategorised ON deadline;
CREATE CONSTRAINT TRIGGER deadline_recategorised AFTER UPDATE OF policy_id ON deadline DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (OLD.policy_id IS DISTINCT FROM NEW.policy_id) EXECUTE FUNCTION recategorised_openly();

-- Only cases come to a call-back.
DROP TRIGGER case_is_to_be_called_back ON matter;
CREATE TRIGGER case_is_to_be_called_back AFTER INSERT OR UPDATE ON matter FOR EACH ROW
  WHEN (NEW.state = 'callback') EXECUTE FUNCTION case_is_to_be_called_back();
DROP TRIGGER case_is_called_back ON matter;
CREATE CONSTRAINT TRIGGER case_is_called_back AFTER UPDATE ON matter DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (OLD.state = 'callback') EXECUTE FUNCTION case_is_called_back();
-- As before (0019): terminated by the district, whatever its reporters say.
CREATE OR REPLACE FUNCTION case_is_called_back() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE states text[] := ARRAY(SELECT c.state FROM callback c WHERE c.matter_id = NEW.id AND c.round = OLD.round);
BEGIN
  IF NEW.state NOT IN ('callback', 'terminated') AND ('open' = ANY (states) OR NOT (CASE NEW.state
       WHEN 'closed' THEN 'solved' = ANY (states) AND NOT 'unsolved' = ANY (states)
       WHEN 'closed_unreached' THEN NOT 'solved' = ANY (states) AND NOT 'unsolved' = ANY (states)
       ELSE 'unsolved' = ANY (states) AND NEW.round = OLD.round + 1 END)) THEN
    RAISE EXCEPTION 'case %: its call-backs do not say so', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $$;

REVOKE ALL ON FUNCTION demand_governed(uuid), app_sees_official(public.matter) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION demand_governed(uuid) TO linli_checker;
GRANT EXECUTE ON FUNCTION app_sees_official(public.matter) TO linli_app, linli_worker, linli_checker, linli_owner;
