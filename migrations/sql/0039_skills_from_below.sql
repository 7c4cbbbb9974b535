-- Whoever may send a volunteer of a wider place sees what they can do, as they see that they volunteer: without, the list of their
-- skills was empty, which said that they had none.
ALTER POLICY skill_read ON skill USING (
  person_id = app_actor() OR app_reaches(place_id, '{administrator,dispatcher,secretary,station_staff}')
  OR app_stands_below(place_id, '{administrator,dispatcher,secretary,station_staff}'));
