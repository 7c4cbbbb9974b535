-- Until when a unit may say that an assignment is not theirs is pinned when it signs, as each limit is when it starts; so a page
-- offers it as long as it is possible, without a calendar. What was signed before may be contested for ten days: the longest
-- holiday and the two hours after it, so that nobody loses the right by this.
ALTER TABLE assignment_detail ADD COLUMN contest_until timestamptz;
ALTER TABLE assignment_detail ADD CONSTRAINT assignment_contest_until CHECK (contest_until > signed_at);
UPDATE assignment_detail SET contest_until = signed_at + interval '10 days' WHERE signed_at IS NOT NULL AND NOT contested;
CREATE TRIGGER assignment_is_signed_once BEFORE UPDATE OF signed_at, contest_until, contested ON assignment_detail FOR EACH ROW
  WHEN (OLD.contested AND NOT NEW.contested OR OLD.signed_at IS NOT NULL
    AND (NEW.signed_at, NEW.contest_until) IS DISTINCT FROM (OLD.signed_at, OLD.contest_until))
  EXECUTE FUNCTION never_altered();
ALTER POLICY contest_insert ON contest WITH CHECK (
  contested_by = app_actor() AND decided_by IS NULL AND app_sees(matter_id) IS NOT FALSE AND EXISTS (
    SELECT 1 FROM assignment_detail a
     WHERE a.matter_id = contest.matter_id AND contest.contested_at < a.contest_until
       AND contest.contested_at > app_now() - interval '1 minute' AND contest.contested_at <= app_now()));

-- Whatever a case or an assignment becomes, its history says now, by whom and what it was: hold-times are counted by seat and unit.
CREATE FUNCTION move_is_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  IF NOT EXISTS (
    SELECT 1 FROM history h
     WHERE h.matter_id = NEW.id AND h.version = NEW.version AND h.to_state = NEW.state AND h.at = NEW.changed_at
       AND h.actor_id = NEW.moved_by AND (h.action = ANY (TG_ARGV) OR NEW.state <> OLD.state)) THEN
    RAISE EXCEPTION 'matter %: its history does not say how it came to version %', NEW.id, NEW.version USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER official_move_is_told AFTER UPDATE OF state, seat_id, unit_id ON matter DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW
  WHEN (NEW.kind <> 'order'
    AND (NEW.state, NEW.seat_id, NEW.unit_id) IS DISTINCT FROM (OLD.state, OLD.seat_id, OLD.unit_id))
  EXECUTE FUNCTION move_is_told('escalate', 'hand_down', 'replace_lead');
GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION move_is_told() OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION move_is_told() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION move_is_told() TO linli_app, linli_worker, linli_checker, linli_owner;
