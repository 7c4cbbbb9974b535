-- An errand for a caller without a phone: whoever placed it passes the authority on, and says how it was given; papers go out and
-- come back on the word of the staff who reached the resident. Who passed a rating on reads it again.

ALTER TABLE order_authority
  ADD COLUMN channel TEXT,
  ADD CONSTRAINT order_authority_channel CHECK (channel IN ('phone', 'walk_in') IS NOT FALSE);
ALTER TABLE order_papers ADD COLUMN unverified BOOLEAN NOT NULL DEFAULT false;

-- Given to whoever serves: by whom it is about, or by who placed it for a caller, and then it says how the caller gave it.
ALTER POLICY order_authority_insert ON order_authority WITH CHECK (
  given_by = app_actor() AND ended_at IS NULL
  AND (SELECT true FROM matter m WHERE m.id = matter_id AND m.assignee_id = agent_id
          AND ((channel IS NULL AND (m.requester_id = app_actor() OR m.beneficiary_id = app_actor()))
            OR (channel IS NOT NULL
                AND (m.placed_by = app_actor() AND app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}'))))));

-- Raters are not shown to the rated, whatever else they are at the place.
ALTER POLICY rating_read ON rating USING (
  (SELECT true FROM matter m WHERE m.id = matter_id AND (
     m.requester_id = app_actor()
     OR m.beneficiary_id = app_actor()
     OR app_reaches(m.place_id, '{administrator,dispatcher,secretary}')
     OR (m.placed_by = app_actor() AND app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}'))))
  AND NOT EXISTS (SELECT 1 FROM service_record s
                   WHERE s.matter_id = rating.matter_id AND s.round = rating.round AND s.person_id = app_actor()));
