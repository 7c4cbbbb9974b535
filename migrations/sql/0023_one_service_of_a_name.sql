-- At one place a name is one service that can be ordered. Where two went by the same name, the first keeps it and the later ones
-- are numbered: 陪诊, 陪诊(2), 陪诊(3); whoever answers for the place withdraws what was published by mistake.

ALTER TABLE service DISABLE TRIGGER service_only_ends;
DO $$
DECLARE later record;
        number int;
BEGIN
  FOR later IN
    SELECT s.id, s.place_id, s.name FROM service s
     WHERE s.withdrawn_at IS NULL AND EXISTS (
       SELECT 1 FROM service f WHERE f.place_id = s.place_id AND f.name = s.name AND f.withdrawn_at IS NULL
          AND (f.created_at, f.id) < (s.created_at, s.id))
     ORDER BY s.created_at, s.id
  LOOP
    number := 2;
    WHILE EXISTS (SELECT 1 FROM service t WHERE t.place_id = later.place_id AND t.withdrawn_at IS NULL
                     AND t.name = later.name || '(' || number || ')') LOOP
      number := number + 1;
    END LOOP;
    UPDATE service SET name = later.name || '(' || number || ')' WHERE id = later.id;
  END LOOP;
END $$;
ALTER TABLE service ENABLE TRIGGER service_only_ends;

CREATE UNIQUE INDEX service_one_of_a_name ON service (place_id, name) WHERE withdrawn_at IS NULL;
