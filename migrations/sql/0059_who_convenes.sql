-- Where no branch has a secretary in post, the party organisation of the level that handles the case convenes the meeting: its
-- secretary is told in their stead (domain.md §2, §5: the branch holds what is deliberated).
CREATE OR REPLACE FUNCTION told_of(subject uuid, place uuid, wanted text)
RETURNS TABLE (person_id uuid, nobody_in_post boolean, ordinal bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
        held matter;
BEGIN
  IF wanted NOT IN ('seat', 'lead', 'unit', 'unit_head', 'unit_deputy') THEN
    IF wanted <> 'branch_secretary' OR EXISTS (SELECT 1 FROM holders_of(place, wanted) h WHERE NOT h.nobody_in_post) THEN
      RETURN QUERY SELECT * FROM holders_of(place, wanted);
      RETURN;
    END IF;
    RETURN QUERY SELECT h.person_id, true, h.ordinal FROM matter m
      CROSS JOIN LATERAL holders_of(coalesce(m.seat_id, place), 'secretary') h WHERE m.id = subject;
    RETURN;
  END IF;
  SELECT * INTO held FROM matter m WHERE m.id = subject;
  IF wanted = 'seat' THEN
    RETURN QUERY SELECT * FROM holders_of(coalesce(held.seat_id, place), 'secretary');
    RETURN;
  END IF;
  IF wanted = 'lead' THEN
    held.unit_id := (SELECT c.unit_id FROM assignment_detail a JOIN matter c ON c.id = a.case_id WHERE a.matter_id = subject);
  END IF;
  RETURN QUERY
  WITH stands_in AS (
    SELECT d.deputy_id, d.absent_id FROM unit_deputy d
     WHERE d.unit_id = held.unit_id AND d.from_at <= at AND d.until_at > at),
  people AS (
    SELECT m.person_id AS who, m.post = 'head' OR EXISTS (
             SELECT 1 FROM stands_in s JOIN unit_member h ON h.unit_id = m.unit_id AND h.person_id = s.absent_id
              WHERE s.deputy_id = m.person_id AND h.live AND h.post = 'head') AS leads,
           EXISTS (SELECT 1 FROM stands_in s WHERE s.deputy_id = m.person_id) AS deputy, m.joined_at
      FROM unit_member m JOIN person p ON p.id = m.person_id
     WHERE m.unit_id = held.unit_id AND m.live AND p.disabled_at IS NULL)
  SELECT w.who, false, row_number() OVER (ORDER BY w.joined_at, w.who) FROM people w
   WHERE wanted IN ('unit', 'lead') OR (wanted = 'unit_head' AND w.leads)
      OR (wanted = 'unit_deputy' AND (w.deputy OR (w.leads AND NOT EXISTS (SELECT 1 FROM people d WHERE d.deputy))));
  IF NOT FOUND THEN
    RETURN QUERY SELECT h.person_id, true, h.ordinal FROM holders_of(place, 'administrator') h;
  END IF;
END $$;

-- Of which category the case of an assignment is, and where: also for a unit that sees the case no more, since an arbiter gave it to
-- another one, and that still reads what it was told and rates the whistle. Not what was reported, and not by whom.
CREATE FUNCTION assigned_case(wanted uuid) RETURNS TABLE (category text, place text)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN QUERY SELECT k.name, p.name FROM case_detail d JOIN case_category k ON k.id = d.category_id
                 JOIN matter m ON m.id = d.matter_id JOIN place p ON p.id = m.place_id
                WHERE d.matter_id = wanted AND EXISTS (
                  SELECT 1 FROM assignment_detail a JOIN matter t ON t.id = a.matter_id
                   WHERE a.case_id = wanted AND app_unit(t.unit_id) IS NOT NULL);
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION assigned_case(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION assigned_case(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assigned_case(uuid) TO linli_app, linli_checker, linli_owner;
