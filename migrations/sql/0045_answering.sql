-- An application that nobody has answered may be withdrawn; the station answers whoever rings about an order that is under way;
-- and who comes is shown to whomever it serves, until it is rated.

ALTER TABLE volunteer_application
  ADD COLUMN withdrawn_at TIMESTAMP WITH TIME ZONE,
  ADD CONSTRAINT volunteer_application_once CHECK (num_nonnulls(decided_at, withdrawn_at) <= 1);
DROP INDEX volunteer_application_open;
CREATE UNIQUE INDEX volunteer_application_open ON volunteer_application (person_id, place_id)
  WHERE decided_at IS NULL AND withdrawn_at IS NULL;
DROP TRIGGER volunteer_application_only_ends ON volunteer_application;
CREATE TRIGGER volunteer_application_is_decided_once BEFORE UPDATE ON volunteer_application
  FOR EACH ROW EXECUTE FUNCTION only_ends('decided_at', 'decided_by', 'approved', 'reason', 'withdrawn_at', 'version');
CREATE TRIGGER volunteer_application_is_withdrawn_once BEFORE UPDATE ON volunteer_application
  FOR EACH ROW EXECUTE FUNCTION only_ends('withdrawn_at', 'decided_at', 'decided_by', 'approved', 'reason', 'version');
-- Its owner takes it back, and decides nothing.
ALTER POLICY volunteer_application_update ON volunteer_application
  USING (person_id = app_actor() OR app_reaches(place_id, '{administrator,secretary}'))
  WITH CHECK ((person_id = app_actor() AND withdrawn_at IS NOT NULL)
    OR (decided_by = app_actor() AND app_reaches(place_id, '{administrator,secretary}')));
ALTER POLICY skill_insert ON skill WITH CHECK (
  seen_by = app_actor() AND seen_by <> person_id AND app_reaches(place_id, '{administrator,secretary,station_staff}')
  AND (licence_sealed IS NOT NULL OR code <> ALL ('{counselling,driving,electrician,law,medicine,nursing}'))
  AND (person_holds(person_id, place_id, 'volunteer')
       OR EXISTS (SELECT 1 FROM volunteer_application a
                   WHERE a.person_id = skill.person_id AND a.place_id = skill.place_id
                     AND a.decided_at IS NULL AND a.withdrawn_at IS NULL
                     AND skill.code = ANY (a.skills) AND skill.licence_sealed IS NULL)));

-- People: oneself; those with a role where one works; the volunteer whom one's order has, until it was said how it went: also to
-- whoever opens the door, when another asked for it.
ALTER POLICY person_read ON person USING (
  id = app_actor()
  OR (SELECT true FROM role_grant g WHERE g.person_id = person.id AND (g.ends_at IS NULL OR g.ends_at > (SELECT app_now()))
       LIMIT 1)
  OR (SELECT true FROM matter m WHERE m.assignee_id = person.id AND app_actor() IN (m.requester_id, m.beneficiary_id)
         AND m.state IN ('accepted', 'delivered', 'in_service') LIMIT 1));

ALTER POLICY matter_read ON matter USING (
  (kind = 'order' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR assignee_id = app_actor()
     OR (team_id IS NOT NULL AND app_team(team_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,dispatcher,secretary}')
     OR (open_pool AND app_reaches(place_id, '{volunteer}'))
     OR (state IN ('accepted', 'delivered', 'in_service', 'offered', 'submitted') AND app_reaches(place_id, '{station_staff}'))
     OR (placed_by = app_actor() AND app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}'))
     OR app_keeps_papers(id)))
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
     OR (state IN ('accepted', 'delivered', 'in_service', 'offered', 'submitted') AND app_reaches(place_id, '{station_staff}'))
     OR (placed_by = app_actor() AND app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}'))
     OR app_keeps_papers(id)))
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
     OR (matter.state IN ('accepted', 'delivered', 'in_service', 'offered', 'submitted') AND app_reaches(matter.place_id, '{station_staff}'))
     OR (matter.placed_by = app_actor() AND app_reaches(matter.place_id, '{administrator,dispatcher,secretary,station_staff}'))
     OR app_keeps_papers(matter.id)))
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
     OR (matter.state IN ('accepted', 'delivered', 'in_service', 'offered', 'submitted') AND app_reaches(matter.place_id, '{station_staff}'))
     OR (matter.placed_by = app_actor() AND app_reaches(matter.place_id, '{administrator,dispatcher,secretary,station_staff}'))
     OR app_keeps_papers(matter.id)))
  OR (matter.kind <> 'order' AND app_sees_official(matter))
  OR (matter.moved_by = app_actor() AND matter.moved_in = app_transaction());
END $$;
ALTER POLICY order_contact_read ON order_contact USING (
  (SELECT true FROM matter m WHERE m.id = matter_id AND (
     m.requester_id = app_actor()
     OR m.beneficiary_id = app_actor()
     OR (m.state IN ('accepted', 'in_service') AND m.assignee_id = app_actor())
     OR app_reaches(m.place_id, '{administrator,dispatcher,secretary}')
     OR (m.state IN ('accepted', 'delivered', 'in_service', 'offered', 'submitted') AND app_reaches(m.place_id, '{station_staff}'))
     OR (m.placed_by = app_actor() AND app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}'))
     OR app_keeps_papers(m.id))));

-- What the station finds is what it sees: the search of 0026 but for this one condition.
DO $$
DECLARE
  search text := pg_get_functiondef('find_orders(text,uuid,bytea,text[],uuid,uuid,timestamptz,timestamptz,boolean,timestamptz,uuid,integer)'::regprocedure);
  sought CONSTANT text := 'NOT phoning OR m.state = ''accepted''';
BEGIN
  ASSERT strpos(search, sought) > 0;
  EXECUTE replace(search, sought, 'NOT phoning OR m.state IN (''accepted'', ''delivered'', ''in_service'', ''offered'', ''submitted'')');
END $$;
