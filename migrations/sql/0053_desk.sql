-- Whoever rings the station about what is under way is heard, whoever placed it (app/domain/orders/policy.py, desk): the staff there
-- read an errand's authority and receipts, record it and take it back as the resident says, and free a place that is cancelled.

DO $$
DECLARE concerned text := $concerned$(SELECT true FROM matter m WHERE m.id = matter_id AND (
     m.requester_id = app_actor()
     OR m.beneficiary_id = app_actor()
     OR m.assignee_id = app_actor()
     OR (m.team_id IS NOT NULL AND app_team(m.team_id) = 'lead')
     OR app_reaches(m.place_id, '{administrator,dispatcher,secretary}')
     OR (m.state IN ('accepted', 'delivered', 'in_service', 'offered', 'submitted') AND app_reaches(m.place_id, '{station_staff}'))
     OR (m.placed_by = app_actor() AND app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}'))))$concerned$;
BEGIN
  EXECUTE 'ALTER POLICY order_authority_read ON order_authority USING (' || concerned || ')';
  EXECUTE 'ALTER POLICY order_papers_read ON order_papers USING (acted_by = app_actor() OR ' || concerned || ')';
  EXECUTE 'ALTER POLICY order_authority_update ON order_authority USING (' || concerned || ')';
  EXECUTE 'ALTER POLICY slot_booking_update ON slot_booking USING (' || concerned || ')';
END $$;

ALTER POLICY order_authority_insert ON order_authority WITH CHECK (
  given_by = app_actor() AND ended_at IS NULL AND (SELECT true FROM matter m WHERE m.id = matter_id
    AND m.assignee_id = agent_id
    AND ((channel IS NULL AND (m.requester_id = app_actor() OR m.beneficiary_id = app_actor()))
      OR (channel IS NOT NULL AND ((m.placed_by = app_actor() AND app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}')) OR (m.state IN ('accepted', 'in_service', 'offered', 'submitted') AND (NOT (m.assignee_id IS NOT DISTINCT FROM app_actor() OR app_team(m.team_id) IS NOT NULL) AND app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}'))))))));

-- Whom to go to, and where, the resident's side changes while the order is under way: whoever merely sees it changes nothing, and
-- nobody the order that it belongs to.
ALTER POLICY order_contact_update ON order_contact USING (
  (SELECT true FROM matter m WHERE m.id = matter_id AND m.state IN ('accepted', 'in_service', 'offered', 'submitted') AND (
     m.requester_id = app_actor()
     OR m.beneficiary_id = app_actor()
     OR (m.placed_by = app_actor() AND app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}'))
     OR (m.state IN ('accepted', 'in_service', 'offered', 'submitted') AND (NOT (m.assignee_id IS NOT DISTINCT FROM app_actor() OR app_team(m.team_id) IS NOT NULL) AND app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}'))))));
REVOKE UPDATE ON order_contact FROM linli_app;
GRANT UPDATE (name_sealed, phone_sealed, phone_index, address_sealed) ON order_contact TO linli_app;

-- What two have agreed on the station moves as the resident says; who dispatches does so for neither side.
ALTER POLICY appointment_insert ON appointment WITH CHECK (
  (proposed_by = app_actor() AND confirmed_by IS NULL AND app_sees(matter_id) IS NOT FALSE
   OR confirmed_by = app_actor() AND NOT by_resident AND app_sees(matter_id) IS NULL)
  AND (first_id IS NULL OR EXISTS (SELECT 1 FROM appointment f JOIN matter m ON m.id = f.matter_id
       WHERE f.id = appointment.first_id
         AND (app_actor() IN (m.requester_id, m.beneficiary_id, m.placed_by, m.assignee_id)
           OR (appointment.by_resident AND (m.state IN ('accepted', 'in_service', 'offered', 'submitted')
             AND (NOT (m.assignee_id IS NOT DISTINCT FROM app_actor() OR app_team(m.team_id) IS NOT NULL) AND app_reaches(m.place_id, '{station_staff}')))))
         AND f.matter_id = appointment.matter_id AND f.confirmed_at IS NOT NULL AND f.first_id IS NULL)));
