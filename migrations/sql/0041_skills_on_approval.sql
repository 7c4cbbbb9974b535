-- Whoever is admitted as a volunteer has at once what they said that they can do, where it takes no licence; and a draft of limits
-- is published once.

-- Which of the skills that an applicant named they have already, recorded wherever: for who decides on the application, who
-- sees only those of the own place. Nothing for others.
CREATE FUNCTION skills_of_applicant(application uuid) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN ARRAY(SELECT s.code FROM volunteer_application a JOIN skill s ON s.person_id = a.person_id AND s.code = ANY (a.skills)
                WHERE a.id = application AND s.ended_at IS NULL AND app_reaches(a.place_id, '{administrator,secretary}')
                ORDER BY s.code);
END $$;

-- Of a volunteer; or, with the decision that makes them one, what they named when they applied.
ALTER POLICY skill_insert ON skill WITH CHECK (
  seen_by = app_actor() AND seen_by <> person_id AND app_reaches(place_id, '{administrator,secretary,station_staff}')
  AND (person_holds(person_id, place_id, 'volunteer')
       OR EXISTS (SELECT 1 FROM volunteer_application a
                   WHERE a.person_id = skill.person_id AND a.place_id = skill.place_id AND a.decided_at IS NULL
                     AND skill.code = ANY (a.skills) AND skill.licence_sealed IS NULL)));

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
REVOKE ALL ON FUNCTION skills_of_applicant(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION skills_of_applicant(uuid) TO linli_app, linli_worker, linli_checker, linli_owner;
