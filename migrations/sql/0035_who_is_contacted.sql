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
    AND matter.state IN ('callback', 'deliberating', 'handling', 'hung', 'merged', 'reported', 'result', 'whistled')
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

-- Whoever lives or works at a place, above it or below it asks about it: of an estate's residents many name its community.
CREATE FUNCTION may_ask_about(place uuid, wanted text[]) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN app_reaches(place, wanted) OR app_stands_below(place, wanted);
END $$;
REVOKE ALL ON FUNCTION may_ask_about(uuid, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION may_ask_about(uuid, text[]) TO linli_app, linli_checker, linli_owner;

-- What a neighbour may be shown before they join (0021): also to whoever names their community and lives in an estate of it.
CREATE OR REPLACE FUNCTION similar_cases(at_place uuid, of_category text, said text, most integer)
RETURNS TABLE (case_id uuid, category_name text, state text, community_id uuid, street_id uuid, ours boolean, words text, spot text,
               created_at timestamptz, likeness real)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
SET search_path = pg_catalog, public, pg_temp SET plan_cache_mode = force_custom_plan AS
$$
DECLARE
  home uuid := (SELECT p.id FROM place_ancestor a JOIN place p ON p.id = a.ancestor_id
                 WHERE a.place_id = at_place AND p.level = 'community');
  street uuid := (SELECT p.id FROM place_ancestor a JOIN place p ON p.id = a.ancestor_id
                   WHERE a.place_id = at_place AND p.level = 'street');
  grams text[] := search_grams(search_form(said));
  pairs text[] := ARRAY(SELECT g FROM unnest(grams) g WHERE length(g) = 2);
BEGIN
  IF home IS NULL OR NOT may_ask_about(at_place, '{administrator,branch_secretary,dispatcher,grid_worker,information_officer,resident,secretary,station_staff}') THEN
    RETURN;
  END IF;
  grams := CASE WHEN pairs <> '{}' THEN pairs ELSE grams END;
  RETURN QUERY
    SELECT c.id, c.name, c.state, c.community_id, street, c.community_id = home,
           CASE WHEN c.community_id = home THEN c.words END, CASE WHEN c.community_id = home THEN c.spot END,
           CASE WHEN c.community_id = home THEN c.created_at END, c.likeness
      FROM (SELECT m.id, m.state, m.created_at, d.community_id, d.words, d.spot,
                   k.name,
                   ((SELECT count(*) FROM unnest(grams) g WHERE g = ANY (t.tokens))::real / greatest(cardinality(grams), 1))::real
                     AS likeness
              FROM place_ancestor a JOIN hold h ON h.place_id = a.place_id AND h.until_at IS NULL
              JOIN matter m ON m.id = h.matter_id AND m.state <> 'callback' JOIN case_detail d ON d.matter_id = m.id
              JOIN case_category k ON k.id = d.category_id
             CROSS JOIN LATERAL search_grams(search_form(concat_ws(' ', d.words, d.spot))) t(tokens)
             WHERE a.ancestor_id = coalesce(street, home) AND m.kind = 'case' AND m.category = of_category) c
     WHERE c.likeness >= 0.2
     ORDER BY c.community_id = home DESC, c.likeness DESC, c.created_at DESC, c.id LIMIT most;
END $$;

-- A look at a reporter is written by what shows them, and by nobody else: not beforehand, not in another's name.
ALTER POLICY reveal_insert ON reveal WITH CHECK (
  viewer_id = app_actor() AND app_sees(matter_id) IS NOT FALSE AND shown <> 'reporter');
