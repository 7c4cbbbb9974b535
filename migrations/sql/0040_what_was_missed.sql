-- What was missed since a day is found by when it was due (listGoingLate, missed_since).
CREATE INDEX mark_missed ON mark (due_at) WHERE percent = 100;
