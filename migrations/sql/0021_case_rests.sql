-- Who handles, who judges and who calls back are three people: also where a case was merged into another one, where somebody
-- has left the unit that handled it, and for plain SQL. A neighbour is shown only what they can still join.

-- Whether the actor may call the reporters of a case back: an officer for it there, outside the offices that handled it and
-- every unit that had a seat on its board, who did nothing of it but call, and no reporter of it (domain.md §5: separation of
-- duty). What was merged into another case was handled there.
CREATE OR REPLACE FUNCTION may_call_back(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE actor uuid := app_actor();
        at timestamptz := app_now();
        cases uuid[] := ARRAY(SELECT subject UNION ALL SELECT d.merged_into FROM case_detail d
                               WHERE d.matter_id = subject AND d.merged_into IS NOT NULL);
        seats uuid[] := ARRAY(SELECT a.matter_id FROM assignment_detail a WHERE a.case_id = ANY (cases));
BEGIN
  RETURN coalesce((
    SELECT app_reaches(m.place_id, '{callback_officer}')
           AND actor NOT IN (m.requester_id, m.beneficiary_id)
           AND NOT EXISTS (SELECT 1 FROM case_reporter r WHERE r.matter_id = m.id AND r.person_id = actor)
           AND NOT EXISTS (SELECT 1 FROM case_duty d WHERE d.matter_id = ANY (cases) AND d.person_id = actor AND d.duty <> 'callback')
           AND NOT EXISTS (SELECT 1 FROM history h WHERE h.matter_id = ANY (cases || seats) AND h.actor_id = actor
                              AND h.action NOT IN ('record_callback', 'close', 'close_unreached', 'reopen', 'reopen_whistled'))
           AND NOT EXISTS (SELECT 1 FROM unit_member u JOIN matter x ON x.unit_id = u.unit_id
                            WHERE u.person_id = actor AND u.live AND x.id = ANY (cases || seats))
           AND NOT EXISTS (SELECT 1 FROM hold h JOIN role_grant g ON g.place_id = h.seat_id
                            WHERE h.matter_id = ANY (cases) AND h.holder = 'seat' AND g.person_id = actor
                              AND g.role IN ('dispatcher', 'grid_worker', 'secretary')
                              AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at))
      FROM matter m WHERE m.id = subject AND m.kind = 'case'), false);
END $$;

-- A case that comes to its call-back has one for each of its reporters; each is told, and where somebody has to call, the
-- officers are. One that was merged into another comes to its own, and what is said counts for whoever handled the other one.
CREATE OR REPLACE FUNCTION case_is_to_be_called_back() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE sampled boolean := case_is_sampled(NEW.id);
        about case_detail;
        handled matter := NEW;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.state = 'callback' THEN
      RETURN NULL;
    END IF;
  END IF;
  SELECT * INTO about FROM case_detail d WHERE d.matter_id = NEW.id;
  about.lane := coalesce(about.lane, (SELECT p.lane FROM case_detail p WHERE p.matter_id = about.merged_into));
  IF TG_OP = 'UPDATE' THEN
    IF OLD.state = 'merged' THEN
      SELECT * INTO handled FROM matter p WHERE p.id = about.merged_into;
    END IF;
  END IF;
  WITH asked AS (
    SELECT r.person_id, r.person_id = NEW.requester_id AND (about.reported_as IN ('representative', 'station') OR EXISTS (
             SELECT 1 FROM matter o LEFT JOIN history h ON h.matter_id = o.id AND h.version = 1
              WHERE o.id = about.order_id AND (o.requester_id <> o.beneficiary_id OR h.action = 'place_for_caller'))) AS careful
      FROM case_reporter r WHERE r.matter_id = NEW.id),
  wanted AS (
    SELECT a.*, CASE WHEN a.person_id = about.handler_id THEN 'own' WHEN a.careful THEN 'care'
                     WHEN about.lane IS DISTINCT FROM 'small' THEN 'weighty' WHEN sampled THEN 'sample' END AS reason
      FROM asked a),
  made AS (
    INSERT INTO callback (id, matter_id, place_id, round, reporter_id, seat_id, unit_id, category, careful,
                          call_reason, called_for_at, opened_at, state)
    SELECT gen_random_uuid(), NEW.id, NEW.place_id, NEW.round, w.person_id, handled.seat_id, handled.unit_id,
           NEW.category, w.careful, w.reason, CASE WHEN w.reason IS NOT NULL THEN NEW.changed_at END, NEW.changed_at, 'open'
      FROM wanted w RETURNING reporter_id, call_reason)
  INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, place_id, to_person, to_role, payload, created_by, created_at,
                      retry_at, attempts)
  SELECT gen_random_uuid(), 'notice', t.topic, NEW.kind, NEW.id, NEW.place_id, t.person, t.role, '{}', NEW.moved_by,
         NEW.changed_at, NEW.changed_at, 0
    FROM (SELECT 'case.please_answer' AS topic, m.reporter_id AS person, NULL AS role FROM made m
           WHERE m.call_reason IS DISTINCT FROM 'own'
          UNION ALL
          SELECT 'case.call_needed', NULL, 'callback_officer' WHERE EXISTS (SELECT 1 FROM wanted w WHERE w.reason IS NOT NULL)) t;
  RETURN NULL;
END $$;

-- What a neighbour may be shown before they join (0018): only what nobody has been called back for yet.
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
  IF home IS NULL OR NOT app_reaches(at_place, '{administrator,branch_secretary,dispatcher,grid_worker,information_officer,resident,secretary,station_staff}') THEN
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

-- Whoever handled, called or judged has that duty in the case when the change ends; the primary key of case_duty lets nobody
-- have two.
CREATE FUNCTION case_hand_has_its_duty() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE of_case uuid := NEW.matter_id; hand uuid; wanted text;
BEGIN
  CASE TG_TABLE_NAME
    WHEN 'case_detail' THEN hand := NEW.handler_id; wanted := 'handler';
    WHEN 'callback_try' THEN hand := NEW.tried_by; wanted := 'callback';
    ELSE hand := NEW.decided_by; wanted := 'arbiter';
      of_case := (SELECT a.case_id FROM assignment_detail a WHERE a.matter_id = NEW.matter_id);
  END CASE;
  IF NOT EXISTS (SELECT 1 FROM case_duty d WHERE d.matter_id = of_case AND d.person_id = hand AND d.duty = wanted) THEN
    RAISE EXCEPTION 'case %: % has not the duty of the %', of_case, hand, wanted USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER case_handler_has_its_duty AFTER INSERT OR UPDATE OF handler_id ON case_detail
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.handler_id IS NOT NULL) EXECUTE FUNCTION case_hand_has_its_duty();
CREATE CONSTRAINT TRIGGER callback_try_has_its_duty AFTER INSERT ON callback_try
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.channel <> 'self') EXECUTE FUNCTION case_hand_has_its_duty();
CREATE CONSTRAINT TRIGGER contest_has_its_duty AFTER INSERT OR UPDATE ON contest
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.decided_by IS NOT NULL) EXECUTE FUNCTION case_hand_has_its_duty();

-- A whistle that has a lead keeps one: it is replaced, and never only taken away. What a unit holds names the unit.
CREATE FUNCTION whistle_keeps_its_lead() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM assignment_detail a WHERE a.whistle_id = NEW.whistle_id AND a.leads) THEN
    RAISE EXCEPTION 'whistle %: nobody leads it', NEW.whistle_id USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER whistle_keeps_its_lead AFTER UPDATE OF leads ON assignment_detail
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.leads AND NEW.leads IS NULL) EXECUTE FUNCTION whistle_keeps_its_lead();
ALTER TABLE hold ADD CONSTRAINT hold_of_unit CHECK ((holder = 'unit') = (unit_id IS NOT NULL)) NOT VALID;
ALTER TABLE hold VALIDATE CONSTRAINT hold_of_unit;

-- Who holds what a case was merged into, for whoever sees the case and perhaps not the other one: an office or a unit, no more.
CREATE FUNCTION held_with(child uuid) RETURNS TABLE (holder text, from_at timestamptz, seat_name text, unit_name text)
LANGUAGE plpgsql STABLE STRICT SECURITY DEFINER ROWS 1 SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN QUERY
    SELECT h.holder, h.from_at, s.name, u.name
      FROM case_detail d JOIN matter m ON m.id = d.matter_id AND m.state = 'merged'
      JOIN hold h ON h.matter_id = d.merged_into AND h.until_at IS NULL
      JOIN place s ON s.id = h.seat_id LEFT JOIN unit u ON u.id = h.unit_id
     WHERE d.matter_id = child AND app_sees_detail(child);
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION held_with(uuid) OWNER TO linli_checker;
ALTER FUNCTION whistle_keeps_its_lead() OWNER TO linli_checker;
ALTER FUNCTION case_hand_has_its_duty() OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION case_hand_has_its_duty(), whistle_keeps_its_lead(), held_with(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION case_hand_has_its_duty(), whistle_keeps_its_lead() TO linli_app, linli_worker, linli_checker, linli_owner;
GRANT EXECUTE ON FUNCTION held_with(uuid) TO linli_app, linli_checker, linli_owner;
