-- Whoever is admitted as a volunteer has at once what they said that they can do, where it takes no licence; and a draft of limits
-- is published once.

-- Which of the skills that an applicant named need no recording any more: they have them, wherever recorded, or lost them again
-- after they were admitted. For who decides on the application, who sees only those of the own place; for who records the rest;
-- and for the applicant. Nothing for others.
CREATE FUNCTION skills_of_applicant(application uuid) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN ARRAY(SELECT DISTINCT s.code FROM volunteer_application a JOIN skill s ON s.person_id = a.person_id AND s.code = ANY (a.skills)
                WHERE a.id = application AND (s.ended_at IS NULL OR s.ended_at >= a.decided_at)
                  AND (a.person_id = app_actor() OR app_reaches(a.place_id, '{administrator,secretary}')
                       OR (a.approved AND app_reaches(a.place_id, '{station_staff}')))
                ORDER BY s.code);
END $$;

-- Whoever records the skills of a new volunteer sees whose, until all are recorded.
ALTER POLICY volunteer_application_read ON volunteer_application USING (
  person_id = app_actor() OR app_reaches(place_id, '{administrator,secretary}')
  OR (approved AND app_reaches(place_id, '{administrator,secretary,station_staff}')
      AND person_holds(person_id, place_id, 'volunteer') AND NOT skills <@ skills_of_applicant(id)));

-- Of a volunteer; or, with the decision that makes them one, what they named when they applied. What takes a licence, with one.
ALTER POLICY skill_insert ON skill WITH CHECK (
  seen_by = app_actor() AND seen_by <> person_id AND app_reaches(place_id, '{administrator,secretary,station_staff}')
  AND (licence_sealed IS NOT NULL OR code <> ALL ('{counselling,driving,electrician,law,medicine,nursing}'))
  AND (person_holds(person_id, place_id, 'volunteer')
       OR EXISTS (SELECT 1 FROM volunteer_application a
                   WHERE a.person_id = skill.person_id AND a.place_id = skill.place_id AND a.decided_at IS NULL
                     AND skill.code = ANY (a.skills) AND skill.licence_sealed IS NULL)));

-- An applicant who has skills is a volunteer at commit: they come with the approval, and not before it.
CREATE FUNCTION skill_is_a_volunteers() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  IF NOT person_holds(NEW.person_id, NEW.place_id, 'volunteer') THEN
    RAISE EXCEPTION 'skill %: its owner does not volunteer there', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER skill_is_a_volunteers AFTER INSERT ON skill DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION skill_is_a_volunteers();

-- A draft that was published is used up: it says when, and by whom, and nothing else of it is ever altered.
ALTER TABLE deadline_policy_draft
  ADD COLUMN published_by UUID,
  ADD COLUMN published_at TIMESTAMP WITH TIME ZONE,
  ADD CONSTRAINT deadline_policy_draft_published CHECK (num_nonnulls(published_by, published_at) IN (0, 2));
DROP TRIGGER draft_never_altered ON deadline_policy_draft;
CREATE TRIGGER draft_never_lost BEFORE DELETE OR TRUNCATE ON deadline_policy_draft
  FOR EACH STATEMENT EXECUTE FUNCTION never_altered();
CREATE TRIGGER draft_is_published_once BEFORE UPDATE ON deadline_policy_draft
  FOR EACH ROW EXECUTE FUNCTION only_ends('published_at', 'published_by');
GRANT UPDATE (published_by, published_at) ON deadline_policy_draft TO linli_app;
CREATE POLICY deadline_policy_draft_update ON deadline_policy_draft FOR UPDATE TO linli_app
  USING (app_reaches(place_id, '{administrator}'))
  WITH CHECK (published_by = app_actor() AND app_reaches(place_id, '{administrator}'));

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION skills_of_applicant(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION skills_of_applicant(uuid), skill_is_a_volunteers() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION skills_of_applicant(uuid), skill_is_a_volunteers() TO linli_app, linli_worker, linli_checker, linli_owner;
