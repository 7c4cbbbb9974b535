-- Whoever works at a place sees who holds an office above it, so that they know whom to call: no residents, and of the
-- volunteers those whom they may send, as before.
ALTER POLICY role_grant_read ON role_grant USING (
  person_id = app_actor() OR app_reaches(place_id, '{station_staff,dispatcher,secretary,administrator}')
  OR (role = 'volunteer' AND app_stands_below(place_id, '{administrator,dispatcher,secretary,station_staff}'))
  OR (role NOT IN ('resident', 'volunteer') AND (ends_at IS NULL OR ends_at > (SELECT app_now()))
      AND app_stands_below(place_id, '{administrator,dispatcher,secretary,station_staff}')));
