-- What was said on a case is read. How a reporter was reached is for whoever works on it and whose it is; whoever joined it reads
-- what was replied to all of them.
ALTER POLICY case_post_read ON case_post USING (
  app_sees_whole(matter_id) AND (kind <> 'contact' OR (SELECT true FROM matter m WHERE m.id = matter_id AND (
     m.requester_id = app_actor() OR m.beneficiary_id = app_actor()
     OR (m.unit_id IS NOT NULL AND app_unit(m.unit_id) IS NOT NULL)
     OR app_reaches(m.place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'seated' = ANY (app_parts(m.id))
     OR (m.placed_by = app_actor() AND app_reaches(m.place_id, '{administrator,dispatcher,secretary,station_staff}'))))));

-- A promise and its date are for the residents, as in story and history; minutes stay with units and officers (0017).
ALTER POLICY case_promise_read ON case_promise USING (app_sees_whole(matter_id));

-- Why a case came back: what its reporters said when it was not solved, for whoever works on it, without who said it – each of
-- several answers for themselves –; and for themselves.
CREATE FUNCTION unsolved_words(of_case uuid)
RETURNS TABLE (id uuid, round integer, words text, channel text, said_at timestamptz, by_me boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN QUERY
  SELECT t.id, c.round, t.words, t.channel, t.tried_at, t.tried_by = app_actor()
    FROM matter m JOIN callback c ON c.matter_id = m.id AND c.state IN ('unsolved', 'dropped')
    JOIN callback_try t ON t.callback_id = c.id AND NOT t.solved AND t.words IS NOT NULL
   WHERE m.id = of_case AND (
     ((m.unit_id IS NOT NULL AND app_unit(m.unit_id) IS NOT NULL)
     OR app_reaches(m.place_id, '{administrator,arbiter,branch_secretary,callback_officer,dispatcher,grid_worker,secretary,supervisor}')
     OR 'seated' = ANY (app_parts(m.id)))
     OR c.reporter_id = app_actor() OR (c.reporter_id = m.requester_id AND m.beneficiary_id = app_actor()));
END $$;

-- As before (0035), and of whoever has no phone the address: a visit needs one.
DROP FUNCTION reveal_reporters(uuid);
CREATE FUNCTION reveal_reporters(of_case uuid)
RETURNS TABLE (name_sealed bytea, phone_sealed bytea, address_sealed bytea, joined_at timestamptz, mine boolean)
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
  RETURN QUERY SELECT p.name_sealed, p.phone_sealed, CASE WHEN p.phone_sealed IS NULL THEN p.address_sealed END,
                      r.joined_at, r.person_id = actor
                 FROM case_reporter r JOIN person p ON p.id = r.person_id WHERE r.matter_id = asked.id ORDER BY r.joined_at, r.id;
END $$;

DROP FUNCTION reveal_reporter(uuid);
CREATE FUNCTION reveal_reporter(wanted uuid) RETURNS TABLE (name_sealed bytea, phone_sealed bytea, address_sealed bytea)
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
  RETURN QUERY SELECT p.name_sealed, p.phone_sealed, CASE WHEN p.phone_sealed IS NULL THEN p.address_sealed END
                 FROM person p WHERE p.id = asked.reporter_id;
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION unsolved_words(uuid) OWNER TO linli_checker;
ALTER FUNCTION reveal_reporters(uuid) OWNER TO linli_checker;
ALTER FUNCTION reveal_reporter(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION unsolved_words(uuid), reveal_reporters(uuid), reveal_reporter(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION unsolved_words(uuid), reveal_reporters(uuid) TO linli_app, linli_checker, linli_owner;
GRANT EXECUTE ON FUNCTION reveal_reporter(uuid) TO linli_app, linli_worker, linli_checker, linli_owner;
