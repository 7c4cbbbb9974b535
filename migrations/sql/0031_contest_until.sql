-- Until when a unit may say that an assignment is not theirs is pinned when it signs, as each limit is when it starts; so a page
-- offers it as long as it is possible, without a calendar. What was signed before: nobody loses the right by this.
ALTER TABLE assignment_detail ADD COLUMN contest_until timestamptz;
ALTER TABLE assignment_detail ADD CONSTRAINT assignment_contest_until CHECK (contest_until > signed_at);
UPDATE assignment_detail SET contest_until = signed_at + interval '3 days' WHERE signed_at IS NOT NULL AND NOT contested;
ALTER POLICY contest_insert ON contest WITH CHECK (
  contested_by = app_actor() AND decided_by IS NULL AND app_sees(matter_id) IS NOT FALSE AND EXISTS (
    SELECT 1 FROM assignment_detail a WHERE a.matter_id = contest.matter_id AND contest.contested_at < a.contest_until));
