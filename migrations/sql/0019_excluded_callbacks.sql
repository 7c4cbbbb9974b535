-- What was said in a call-back may be excluded as a miss is: proposed by one, decided by another, and shown beside the rates
-- (domain.md §5).
ALTER TABLE exclusion ADD COLUMN callback_id UUID, ALTER COLUMN deadline_id DROP NOT NULL;
ALTER TABLE exclusion ADD FOREIGN KEY (callback_id) REFERENCES callback (id);
ALTER TABLE exclusion ADD CONSTRAINT exclusion_of_one CHECK (num_nonnulls(deadline_id, callback_id) = 1) NOT VALID;
ALTER TABLE exclusion VALIDATE CONSTRAINT exclusion_of_one;
CREATE UNIQUE INDEX exclusion_once_callback ON exclusion (callback_id) WHERE upheld IS DISTINCT FROM false;

CREATE OR REPLACE FUNCTION exclusion_is_decided_once() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF OLD.decided_at IS NOT NULL OR NEW.decided_at IS NULL
     OR (NEW.id, NEW.deadline_id, NEW.callback_id, NEW.percent, NEW.matter_id, NEW.place_id, NEW.reason, NEW.note,
         NEW.proposed_by, NEW.proposed_at)
        IS DISTINCT FROM
        (OLD.id, OLD.deadline_id, OLD.callback_id, OLD.percent, OLD.matter_id, OLD.place_id, OLD.reason, OLD.note,
         OLD.proposed_by, OLD.proposed_at)
     OR had_part_in(NEW.matter_id, NEW.decided_by) THEN
    RAISE EXCEPTION 'exclusion %: it cannot be altered so', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;

ALTER POLICY exclusion_insert ON exclusion WITH CHECK (
  proposed_by = app_actor() AND decided_at IS NULL AND app_reaches(place_id, '{dispatcher,secretary}')
  AND matter_id = coalesce(
    (SELECT k.matter_id FROM mark k WHERE k.deadline_id = exclusion.deadline_id AND k.percent = 100),
    (SELECT c.matter_id FROM callback c WHERE c.id = exclusion.callback_id AND c.settled_at IS NOT NULL)));
