-- Who said no is for those who dispatch, and for themselves; who was complained of is not for the latter; and whoever said it
-- reads their own words again.
ALTER POLICY order_refusal_read ON order_refusal USING (
  person_id = app_actor() AND reason <> 'complaint' OR refused_by = app_actor()
  OR app_reaches(place_id, '{administrator,dispatcher,secretary}'));
