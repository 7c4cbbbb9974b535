-- Whoever asks for more time reads whether it was asked for before (0027): to somebody who joined the case from another community,
-- and does not read what was decided on the way, each extension seemed to be the first.
ALTER POLICY case_extension_insert ON case_extension WITH CHECK (
  asked_by = app_actor() AND decided_by IS NULL AND app_sees_whole(matter_id));
