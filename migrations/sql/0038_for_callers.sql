-- A slot of a service day is booked for whom one represents, and by the staff for a caller; who placed it for a caller ends it as
-- the caller says (app/domain/orders/policy.py, PAPERS).

DO $$
DECLARE concerned text := '(SELECT true FROM matter m WHERE m.id = matter_id AND ('
  'm.requester_id = app_actor()'
  ' OR m.beneficiary_id = app_actor()'
  ' OR m.assignee_id = app_actor()'
  ' OR (m.team_id IS NOT NULL AND app_team(m.team_id) = ''lead'')'
  ' OR app_reaches(m.place_id, ''{administrator,dispatcher,secretary}'')'
  ' OR (m.placed_by = app_actor() AND app_reaches(m.place_id, ''{administrator,dispatcher,secretary,station_staff}''))))';
BEGIN
  EXECUTE 'ALTER POLICY order_authority_read ON order_authority USING (' || concerned || ')';
  EXECUTE 'ALTER POLICY order_papers_read ON order_papers USING (acted_by = app_actor() OR ' || concerned || ')';
  EXECUTE 'ALTER POLICY order_authority_update ON order_authority USING (' || concerned || ')';
  EXECUTE 'ALTER POLICY slot_booking_update ON slot_booking USING (' || concerned || ')';
END $$;

-- With the order that it makes, which the statement does not see yet.
ALTER POLICY slot_booking_insert ON slot_booking WITH CHECK (
  app_sees(matter_id) IS NULL AND (person_id = app_actor() OR (person_holds(person_id, place_id, 'resident') AND (
    person_represents(app_actor(), person_id)
    OR app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}')))));

-- Does the actor represent a resident of this place, or below?
CREATE FUNCTION app_represents_at(place uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  RETURN EXISTS (SELECT 1 FROM representation r
                   JOIN role_grant g ON g.person_id = r.beneficiary_id AND g.role = 'resident'
                    AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at)
                   JOIN place_ancestor a ON a.place_id = g.place_id AND a.ancestor_id = place
                  WHERE r.representative_id = app_actor() AND r.consented_at IS NOT NULL AND r.ended_at IS NULL);
END $$;
ALTER POLICY service_day_read ON service_day USING (app_belongs(place_id) OR app_represents_at(place_id));
ALTER POLICY service_slot_read ON service_slot USING (app_belongs(place_id) OR app_represents_at(place_id));

-- Who books for somebody need not see what they booked themselves: answered to whoever may book for them.
CREATE FUNCTION has_booked(day uuid, person uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN EXISTS (SELECT 1 FROM slot_booking b WHERE b.day_id = day AND b.person_id = person AND b.live)
     AND (person = app_actor() OR EXISTS (SELECT 1 FROM home_of(person, NULL)));
END $$;

-- Who leads a team, held until the end of the transaction (0015), and whether they represent somebody: whoever books for a person
-- who lives elsewhere sees neither.
CREATE FUNCTION hold_host(team uuid, person uuid) RETURNS TABLE (lead_id uuid, represents boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE lead uuid := hold_lead(team);
BEGIN
  RETURN QUERY SELECT lead, EXISTS (SELECT 1 FROM representation r WHERE r.representative_id = lead AND r.beneficiary_id = person
                                       AND r.consented_at IS NOT NULL AND r.ended_at IS NULL)
     AND (person = app_actor() OR EXISTS (SELECT 1 FROM home_of(person, NULL)));
END $$;
-- As before (0015), for whoever asks.
CREATE OR REPLACE FUNCTION leads(team uuid, person uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN coalesce(team_lead(leads.team) = person, false); END $$;

-- When a team's days of a service begin in a place, the cancelled left out. Whoever asks holds them: of two who open the same day
-- the second sees the first's.
CREATE FUNCTION hold_opening(team uuid, place uuid, service uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('linli service days of ' || team, 0));
  RETURN (SELECT coalesce(jsonb_agg(d.starts_at), '[]') FROM service_day d
           WHERE d.team_id = hold_opening.team AND d.place_id = hold_opening.place AND d.service_id = hold_opening.service
             AND d.cancelled_at IS NULL AND d.starts_at > app_now());
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION app_represents_at(uuid) OWNER TO linli_checker;
ALTER FUNCTION has_booked(uuid, uuid) OWNER TO linli_checker;
ALTER FUNCTION hold_host(uuid, uuid) OWNER TO linli_checker;
ALTER FUNCTION leads(uuid, uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION app_represents_at(uuid), has_booked(uuid, uuid), hold_host(uuid, uuid),
  hold_opening(uuid, uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_represents_at(uuid), has_booked(uuid, uuid), hold_host(uuid, uuid), leads(uuid, uuid), hold_opening(uuid, uuid, uuid)
  TO linli_app, linli_worker, linli_checker, linli_owner;

-- Has the actor papers of this errand that are still out? Whoever has, brings them back, whoever has the errand by now.
CREATE FUNCTION app_keeps_papers(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE actor uuid := app_actor();
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM order_papers given CROSS JOIN LATERAL jsonb_array_elements(given.papers) paper
     WHERE given.matter_id = subject AND given.acted_by = actor AND given.action = 'handed_over'
       AND NOT EXISTS (SELECT 1 FROM order_papers back WHERE back.matter_id = subject AND back.action = 'returned'
                          AND back.papers @> jsonb_build_array(jsonb_build_object('no', paper -> 'no'))));
END $$;
GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION app_keeps_papers(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION app_keeps_papers(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_keeps_papers(uuid) TO linli_app, linli_worker, linli_checker, linli_owner;

ALTER POLICY matter_read ON matter USING (
  (kind = 'order' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR assignee_id = app_actor()
     OR (team_id IS NOT NULL AND app_team(team_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,dispatcher,secretary}')
     OR (open_pool AND app_reaches(place_id, '{volunteer}'))
     OR (state IN ('accepted') AND app_reaches(place_id, '{station_staff}'))
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
     OR (state IN ('accepted') AND app_reaches(place_id, '{station_staff}'))
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
     OR (matter.state IN ('accepted') AND app_reaches(matter.place_id, '{station_staff}'))
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
     OR (matter.state IN ('accepted') AND app_reaches(matter.place_id, '{station_staff}'))
     OR (matter.placed_by = app_actor() AND app_reaches(matter.place_id, '{administrator,dispatcher,secretary,station_staff}'))
     OR app_keeps_papers(matter.id)))
  OR (matter.kind <> 'order' AND app_sees_official(matter))
  OR (matter.moved_by = app_actor() AND matter.moved_in = app_transaction());
END $$;

-- Who has papers sees the order: so a receipt for them is given by whoever serves the errand, and they are brought back by who has
-- them, whoever serves it by now, or the staff.
ALTER POLICY order_papers_insert ON order_papers WITH CHECK (
  acted_by = app_actor() AND app_sees(matter_id) IS NOT FALSE AND EXISTS (
    SELECT 1 FROM matter m JOIN order_detail d ON d.matter_id = m.id
     WHERE m.id = order_papers.matter_id AND d.form = 'errand' AND (
       m.assignee_id = app_actor() OR (action = 'returned' AND (
         app_keeps_papers(m.id) OR app_reaches(m.place_id, '{administrator,dispatcher,secretary}'))))));
