-- When a consent ends, what was asked for under it becomes the beneficiary's own (domain.md §1): whoever represented them neither
-- sees it nor acts on it any more. Who placed it, who reported it and who said what stay as they are.

-- As before, but that the worker gives a matter to whom it serves.
CREATE OR REPLACE FUNCTION matter_moves() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.version := 1;
  ELSE
    IF (NEW.id, NEW.kind, NEW.place_id, NEW.beneficiary_id, NEW.created_at)
       IS DISTINCT FROM (OLD.id, OLD.kind, OLD.place_id, OLD.beneficiary_id, OLD.created_at)
       OR (NEW.requester_id <> OLD.requester_id
           AND (NEW.requester_id <> NEW.beneficiary_id OR session_user = 'linli_app')) THEN
      RAISE EXCEPTION 'matter %: its identity cannot change', OLD.id USING ERRCODE = '23514';
    END IF;
    NEW.version := OLD.version + 1;
  END IF;
  NEW.moved_by := coalesce(app_actor(), '00000000-0000-0000-0000-000000000000');
  NEW.moved_in := pg_current_xact_id()::text::bigint;
  IF TG_OP = 'INSERT' OR NEW.state IS DISTINCT FROM OLD.state THEN
    PERFORM 1 FROM public.allowed_transition t
      WHERE t.kind = NEW.kind AND t.from_state = CASE TG_OP WHEN 'INSERT' THEN '' ELSE OLD.state END
        AND t.to_state = NEW.state;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'matter %: no such move to %', NEW.id, NEW.state USING ERRCODE = '23514';
    END IF;
  END IF;
  RETURN NEW;
END $$;

-- As before, but that a call-back goes with its case to whom that serves, settled or not; what was said stays.
CREATE OR REPLACE FUNCTION callback_runs_forward() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF NEW.reporter_id <> OLD.reporter_id AND session_user <> 'linli_app'
     AND to_jsonb(NEW) - 'reporter_id' = to_jsonb(OLD) - 'reporter_id'
     AND NEW.reporter_id = (SELECT m.beneficiary_id FROM public.matter m WHERE m.id = NEW.matter_id) THEN
    RETURN NEW;
  END IF;
  IF OLD.settled_at IS NOT NULL OR (OLD.call_reason IS NOT NULL AND NEW.call_reason IS DISTINCT FROM OLD.call_reason)
     OR (NEW.id, NEW.matter_id, NEW.place_id, NEW.round, NEW.reporter_id, NEW.seat_id, NEW.unit_id,
         NEW.category, NEW.careful, NEW.opened_at)
        IS DISTINCT FROM
        (OLD.id, OLD.matter_id, OLD.place_id, OLD.round, OLD.reporter_id, OLD.seat_id, OLD.unit_id,
         OLD.category, OLD.careful, OLD.opened_at) THEN
    RAISE EXCEPTION 'callback %: it cannot be altered so', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;

-- As before (0021); an order that somebody else placed for them needs care, whosever it is by now.
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
             SELECT 1 FROM matter o WHERE o.id = about.order_id AND o.placed_by <> o.beneficiary_id)) AS careful
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

-- What was asked for under a representation and is still the representative's: orders and cases, whatever has become of them. For
-- both sides and the staff there, who end it and hold it by then: what was placed until that moment is among them, so it looks
-- anew (VOLATILE).
CREATE FUNCTION represented_matters(representation uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'kind', m.kind) ORDER BY m.created_at, m.id), '[]')
            FROM representation r JOIN matter m ON m.requester_id = r.representative_id AND m.beneficiary_id = r.beneficiary_id
           WHERE r.id = representation AND m.kind IN ('order', 'case')
             AND (session_user <> 'linli_app' OR app_actor() IN (r.representative_id, r.beneficiary_id)
                  OR app_reaches(r.place_id, '{administrator,dispatcher,secretary,station_staff}')));
END $$;

-- Of consents that have ended already, for the worker to give back.
INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, place_id, payload, created_by, created_at, retry_at, attempts)
SELECT gen_random_uuid(), 'event', m.kind || '.to_beneficiary', m.kind, m.id, m.place_id,
       jsonb_build_object('matter_id', m.id, 'former_id', m.requester_id), '00000000-0000-0000-0000-000000000000', n.at, n.at, 0
  FROM matter m CROSS JOIN (SELECT app_now() AS at) n
 WHERE m.kind IN ('order', 'case') AND m.requester_id <> m.beneficiary_id AND NOT EXISTS (
   SELECT 1 FROM representation r WHERE r.representative_id = m.requester_id AND r.beneficiary_id = m.beneficiary_id
      AND r.consented_at IS NOT NULL AND r.ended_at IS NULL);

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION represented_matters(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION represented_matters(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION represented_matters(uuid) TO linli_app, linli_worker, linli_checker, linli_owner;
