-- Whoever handles a case contacts its reporters, and so looks up who they are; each reporter reads who looked at them. Of several
-- reporters each look counts, not only the first of the hour.
ALTER TABLE reveal DROP CONSTRAINT reveal_shown;
ALTER TABLE reveal ADD CONSTRAINT reveal_shown CHECK (shown IN ('contact', 'volunteer', 'reporter'));
DROP INDEX reveal_once_an_hour;
CREATE UNIQUE INDEX reveal_once_an_hour ON reveal (matter_id, viewer_id, subject_id, shown, hour_at);

-- Who may contact the reporters of a case now (app/domain/cases/policy.py: the row `contact`).
CREATE FUNCTION may_contact(matter public.matter) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN matter.kind = 'case'
    AND matter.state IN ('callback', 'deliberating', 'handling', 'hung', 'reported', 'result', 'whistled')
    AND (app_reaches(matter.seat_id, '{administrator,dispatcher,secretary}')
     OR (matter.unit_id IS NOT NULL AND app_unit(matter.unit_id) IS NOT NULL)
     OR app_reaches(matter.place_id, '{administrator,dispatcher,grid_worker,secretary}'));
END $$;

-- Name and phone of everybody who reported or joined a case, written down as a look at each; nothing for who may not contact them.
-- Through what: the unit that leads it, else the nearest post.
CREATE FUNCTION reveal_reporters(of_case uuid)
RETURNS TABLE (name_sealed bytea, phone_sealed bytea, joined_at timestamptz, mine boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now(); actor uuid := app_actor(); asked public.matter; through text;
BEGIN
  SELECT * INTO asked FROM matter m WHERE m.id = of_case;
  IF may_contact(asked) IS NOT TRUE THEN
    RETURN;
  END IF;
  through := CASE WHEN asked.unit_id IS NOT NULL AND app_unit(asked.unit_id) IS NOT NULL THEN 'unit' ELSE (
    SELECT post.role FROM unnest('{grid_worker,dispatcher,secretary,administrator}'::text[]) WITH ORDINALITY post(role, rank)
     WHERE app_reaches(asked.place_id, ARRAY[post.role]) OR (post.role <> 'grid_worker' AND app_reaches(asked.seat_id, ARRAY[post.role]))
     ORDER BY post.rank LIMIT 1) END;
  INSERT INTO reveal (id, matter_id, place_id, viewer_id, subject_id, shown, capacity, viewer_name_sealed, hour_at, shown_at)
  SELECT gen_random_uuid(), asked.id, asked.place_id, actor, r.person_id, 'reporter', through, p.name_sealed,
         date_trunc('hour', at), at
    FROM case_reporter r CROSS JOIN person p WHERE r.matter_id = asked.id AND p.id = actor AND r.person_id <> actor
  ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT p.name_sealed, p.phone_sealed, r.joined_at, r.person_id = actor
                 FROM case_reporter r JOIN person p ON p.id = r.person_id WHERE r.matter_id = asked.id ORDER BY r.joined_at, r.id;
END $$;

-- As before (0019), and what is shown is a reporter's: whoever reported first reads nothing of looks at those who joined.
CREATE OR REPLACE FUNCTION reveal_reporter(wanted uuid) RETURNS TABLE (name_sealed bytea, phone_sealed bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now(); actor uuid := app_actor(); asked callback;
BEGIN
  SELECT c.* INTO asked FROM callback c JOIN matter m ON m.id = c.matter_id
   WHERE c.id = wanted AND c.state = 'open' AND c.call_reason IS NOT NULL AND m.state = 'callback';
  IF asked.id IS NULL OR NOT may_call_back(asked.matter_id) THEN
    RETURN;
  END IF;
  INSERT INTO reveal (id, matter_id, place_id, viewer_id, subject_id, shown, capacity, viewer_name_sealed, hour_at, shown_at)
  SELECT gen_random_uuid(), asked.matter_id, asked.place_id, actor, asked.reporter_id, 'reporter', 'callback_officer',
         p.name_sealed, date_trunc('hour', at), at
    FROM person p WHERE p.id = actor
  ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT p.name_sealed, p.phone_sealed FROM person p WHERE p.id = asked.reporter_id;
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION reveal_reporters(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION may_contact(public.matter), reveal_reporters(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION may_contact(public.matter) TO linli_checker, linli_owner;
GRANT EXECUTE ON FUNCTION reveal_reporters(uuid) TO linli_app, linli_checker, linli_owner;
