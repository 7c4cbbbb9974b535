-- A deadline that stops, or whose marks fire, is by far the commonest change of one, and changes nothing else: compared as a whole
-- row before the rules for what else may change are made ready. The rules are those of 0017_board.sql.
CREATE OR REPLACE FUNCTION deadline_runs_forward() RETURNS trigger LANGUAGE plpgsql AS
$$
DECLARE otherwise public.deadline := NEW;
BEGIN
  otherwise.stopped_at := OLD.stopped_at;
  otherwise.fired := OLD.fired;
  otherwise.next_at := OLD.next_at;
  IF OLD.stopped_at IS NULL AND NEW.fired >= OLD.fired AND otherwise IS NOT DISTINCT FROM OLD THEN
    RETURN NEW;
  END IF;
  IF NEW.fired < OLD.fired
     OR (OLD.stopped_at IS NOT NULL AND (NEW.stopped_at IS NOT NULL OR NEW.revision <> OLD.revision + 1))
     OR NEW.revision NOT IN (OLD.revision, OLD.revision + 1)
     OR (NEW.revision = OLD.revision
         AND (NEW.due_at, NEW.times, NEW.workdays_id, NEW.calendar_missing, NEW.policy_id)
             IS DISTINCT FROM (OLD.due_at, OLD.times, OLD.workdays_id, OLD.calendar_missing, OLD.policy_id))
     OR (NEW.id, NEW.matter_id, NEW.place_id, NEW.kind, NEW.round, NEW.started_at)
        IS DISTINCT FROM (OLD.id, OLD.matter_id, OLD.place_id, OLD.kind, OLD.round, OLD.started_at)
     OR (NEW.policy_id = OLD.policy_id
         AND (NEW.percents, NEW.hours_id, NEW.pausable, NEW.kept)
             IS DISTINCT FROM (OLD.percents, OLD.hours_id, OLD.pausable, OLD.kept))
     OR (NEW.policy_id = OLD.policy_id
         AND (NEW.budget_seconds, NEW.extension_seconds) IS DISTINCT FROM (OLD.budget_seconds, OLD.extension_seconds)
         AND (OLD.extension_seconds <> 0 OR OLD.stopped_at IS NOT NULL OR NEW.revision <> OLD.revision + 1
              OR NEW.extension_seconds <= 0 OR NEW.budget_seconds <> OLD.budget_seconds + NEW.extension_seconds))
     OR (NEW.policy_id <> OLD.policy_id
         AND (num_nonnulls(OLD.stopped_at, NEW.stopped_at) > 0 OR NEW.fired <> OLD.fired OR OLD.pausable AND NOT NEW.pausable
              OR NEW.extension_seconds <> OLD.extension_seconds
              OR coalesce(NEW.kept, -1) < OLD.fired
              OR (NEW.kept > OLD.fired AND coalesce(OLD.times[NEW.kept], 'infinity') > public.app_now())
              OR (NEW.percents[:NEW.kept], NEW.times[:NEW.kept])
                 IS DISTINCT FROM (OLD.percents[:NEW.kept], OLD.times[:NEW.kept]))) THEN
    RAISE EXCEPTION 'deadline %: it cannot be altered', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
