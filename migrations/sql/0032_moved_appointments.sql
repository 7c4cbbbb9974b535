-- A confirmed appointment is moved by a proposal that the other side confirms: until then it stands, so that of each order one
-- appointment may be confirmed and one proposed. What is moved stays one thing in a calendar: `first_id` is the appointment that
-- it all began with (NULL: this one).
ALTER TABLE appointment ADD COLUMN first_id UUID REFERENCES appointment (id);
CREATE UNIQUE INDEX appointment_of_each ON appointment (matter_id, (confirmed_at IS NULL)) WHERE ended_at IS NULL;
DROP INDEX appointment_open;
ALTER INDEX appointment_of_each RENAME TO appointment_open;

CREATE OR REPLACE FUNCTION appointment_keeps_its_past() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  IF (NEW.id, NEW.matter_id, NEW.place_id, NEW.meet_at, NEW.proposed_by, NEW.by_resident, NEW.proposed_at, NEW.first_id)
     IS DISTINCT FROM
     (OLD.id, OLD.matter_id, OLD.place_id, OLD.meet_at, OLD.proposed_by, OLD.by_resident, OLD.proposed_at, OLD.first_id)
     OR OLD.ended_at IS NOT NULL
     OR (OLD.confirmed_at IS NOT NULL
         AND (NEW.confirmed_by, NEW.confirmed_at) IS DISTINCT FROM (OLD.confirmed_by, OLD.confirmed_at))
     OR (OLD.confirmed_at IS NULL AND NEW.confirmed_by <> app_actor())
     -- Whoever serves has said themselves that it is moved: by proposing it, or by confirming it.
     OR (OLD.confirmed_at IS NULL AND NEW.confirmed_at IS NOT NULL AND OLD.first_id IS NOT NULL AND NOT EXISTS (
         SELECT 1 FROM matter m WHERE m.id = OLD.matter_id
            AND m.assignee_id = CASE WHEN OLD.by_resident THEN NEW.confirmed_by ELSE OLD.proposed_by END)) THEN
    RAISE EXCEPTION 'appointment %: it cannot be altered', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;

-- What it moves is a confirmed appointment of the same order; only the two sides do – whoever placed it for a caller
-- passes on what they say –, and no staff for them.
ALTER POLICY appointment_insert ON appointment WITH CHECK (
  (proposed_by = app_actor() AND confirmed_by IS NULL AND app_sees(matter_id) IS NOT FALSE
   OR confirmed_by = app_actor() AND NOT by_resident AND app_sees(matter_id) IS NULL)
  AND (first_id IS NULL OR EXISTS (SELECT 1 FROM appointment f JOIN matter m ON m.id = f.matter_id
       WHERE f.id = appointment.first_id AND app_actor() IN (m.requester_id, m.beneficiary_id, m.placed_by, m.assignee_id)
       AND f.matter_id = appointment.matter_id AND f.confirmed_at IS NOT NULL AND f.first_id IS NULL)));
