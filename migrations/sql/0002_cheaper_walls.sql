-- The same walls for less. A sub-select in a policy is a plan that each statement on each child table has to start, used or
-- not; a function keeps its plan. So whether a matter is seen is asked of one function, which answers NULL for one that does
-- not exist yet: an INSERT cannot look at a matter of its own statement, and the foreign key then leaves only that one.

CREATE FUNCTION app_sees(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT (matter.kind = 'order' AND (
     matter.requester_id = app_actor()
     OR matter.beneficiary_id = app_actor()
     OR matter.assignee_id = app_actor()
     OR app_reaches(matter.place_id, '{administrator,dispatcher,secretary}')
     OR (matter.open_pool AND app_reaches(matter.place_id, '{volunteer}'))))
  OR (matter.moved_by = app_actor() AND matter.moved_in = app_transaction()) FROM matter WHERE matter.id = subject);
END $$;

-- What it is about: what was opened to the pool and taken is for those whom it concerns.
CREATE FUNCTION app_sees_detail(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT (matter.kind = 'order' AND (
     matter.requester_id = app_actor()
     OR matter.beneficiary_id = app_actor()
     OR matter.assignee_id = app_actor()
     OR app_reaches(matter.place_id, '{administrator,dispatcher,secretary}')
     OR (matter.state IN ('offered', 'submitted') AND (matter.open_pool AND app_reaches(matter.place_id, '{volunteer}')))))
  OR (matter.moved_by = app_actor() AND matter.moved_in = app_transaction()) FROM matter WHERE matter.id = subject);
END $$;

-- The roles that the actor holds live at a place or above it.
CREATE FUNCTION app_roles(place uuid, at timestamptz) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN ARRAY(SELECT DISTINCT g.role FROM place_ancestor a JOIN role_grant g ON g.place_id = a.ancestor_id
                WHERE a.place_id = place AND g.person_id = app_actor()
                  AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at));
END $$;

DO $$
DECLARE t text;
        own text;
BEGIN
  FOREACH t IN ARRAY ARRAY['history', 'deadline', 'mark', 'order_detail', 'order_contact', 'rating'] LOOP
    IF t <> 'order_contact' THEN
      EXECUTE format('ALTER POLICY %I ON %I USING (app_sees_detail(matter_id))', t || '_read', t);
    END IF;
    own := CASE t WHEN 'history' THEN 'actor_id = app_actor() AND '
                  WHEN 'rating' THEN 'rater_id = app_actor() AND ' ELSE '' END;
    EXECUTE format('ALTER POLICY %I ON %I WITH CHECK (%sapp_sees(matter_id) IS NOT FALSE)', t || '_insert', t, own);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['deadline', 'order_detail', 'order_contact'] LOOP
    EXECUTE format('ALTER POLICY %I ON %I USING (app_sees(matter_id))', t || '_update', t);
  END LOOP;
END $$;
ALTER POLICY outbox_insert ON outbox WITH CHECK (
  created_by = app_actor() AND (subject_kind <> 'order' OR app_sees(subject_id) IS NOT FALSE));
DROP FUNCTION matter_is_new(uuid);

-- At commit: the living deadline is looked for first; only a matter without one is asked whether it needs one.
CREATE OR REPLACE FUNCTION matter_has_deadline() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE subject uuid;
BEGIN
  IF TG_TABLE_NAME = 'matter' THEN subject := NEW.id; ELSE subject := NEW.matter_id; END IF;
  PERFORM 1 FROM deadline d WHERE d.matter_id = subject AND d.stopped_at IS NULL LIMIT 1;
  IF NOT FOUND THEN
    PERFORM 1 FROM matter m JOIN promised_state p ON p.kind = m.kind AND p.state = m.state WHERE m.id = subject;
    IF FOUND THEN
      RAISE EXCEPTION 'matter %: no live deadline', subject USING ERRCODE = '23514';
    END IF;
  END IF;
  RETURN NULL;
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION app_sees(uuid) OWNER TO linli_checker;
ALTER FUNCTION app_sees_detail(uuid) OWNER TO linli_checker;
ALTER FUNCTION app_roles(uuid, timestamptz) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION app_sees(uuid), app_sees_detail(uuid), app_roles(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_sees(uuid), app_sees_detail(uuid), app_roles(uuid, timestamptz)
  TO linli_app, linli_worker, linli_checker, linli_owner;
