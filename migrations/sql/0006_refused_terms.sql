-- Refused terms: texts that others read are compared with them, at a place and below it.

CREATE TABLE refused_term (
  id UUID NOT NULL,
  place_id UUID NOT NULL,
  term TEXT NOT NULL,
  folded TEXT NOT NULL,
  reason TEXT,
  added_by UUID NOT NULL,
  added_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ended_by UUID,
  ended_at TIMESTAMP WITH TIME ZONE,
  version INTEGER NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT refused_term_length CHECK (length(folded) >= 2),
  CONSTRAINT refused_term_end CHECK (num_nonnulls(ended_by, ended_at) IN (0, 2)),
  FOREIGN KEY(place_id) REFERENCES place (id),
  FOREIGN KEY(added_by) REFERENCES person (id),
  FOREIGN KEY(ended_by) REFERENCES person (id)
);
CREATE UNIQUE INDEX refused_term_once ON refused_term (place_id, folded) WHERE ended_at IS NULL;
CREATE INDEX refused_term_head ON refused_term ("left"(folded, 2), place_id) WHERE ended_at IS NULL;
CREATE INDEX refused_term_listed ON refused_term (place_id, added_at, id);

-- A term ends once, and is otherwise never altered.
CREATE FUNCTION term_only_ends() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL
     OR (NEW.id, NEW.place_id, NEW.term, NEW.folded, NEW.reason, NEW.added_by, NEW.added_at)
        IS DISTINCT FROM (OLD.id, OLD.place_id, OLD.term, OLD.folded, OLD.reason, OLD.added_by, OLD.added_at) THEN
    RAISE EXCEPTION 'refused term %: it cannot be altered', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER term_only_ends BEFORE UPDATE ON refused_term FOR EACH ROW EXECUTE FUNCTION term_only_ends();
CREATE TRIGGER term_never_deleted BEFORE DELETE OR TRUNCATE ON refused_term EXECUTE FUNCTION never_altered();

-- Which of the texts ({field: folded text}) hold a term that is refused at the place or above it: {field: id of one such
-- term}, NULL for none. A term is found by its first two characters, so as many pairs are looked up as the texts have, and
-- only terms that begin like a part of a text are searched for in it: the length of the list hardly counts.
CREATE FUNCTION refused_terms(place uuid, texts jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE
  places uuid[] := ARRAY(SELECT a.ancestor_id FROM place_ancestor a WHERE a.place_id = place);
  pairs text[] := ARRAY(SELECT DISTINCT c.one || lead(c.one) OVER (PARTITION BY t.key ORDER BY c.n)
                          FROM jsonb_each_text(texts) t(key, said), string_to_table(t.said, NULL) WITH ORDINALITY c(one, n));
BEGIN
  RETURN (
    SELECT jsonb_object_agg(t.key, r.id)
      FROM refused_term r JOIN jsonb_each_text(texts) t(key, said) ON strpos(t.said, r.folded) > 0
     WHERE r.ended_at IS NULL AND "left"(r.folded, 2) = ANY (pairs) AND r.place_id = ANY (places));
END $$;

-- Does the actor hold one of these roles, live, at a place below this one?
CREATE FUNCTION app_stands_below(place uuid, wanted text[]) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now(); actor uuid := app_actor();
BEGIN
  RETURN EXISTS (SELECT 1 FROM role_grant g JOIN place_ancestor a ON a.place_id = g.place_id
                  WHERE a.ancestor_id = place AND g.person_id = actor AND g.role = ANY (wanted)
                    AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at));
END $$;

GRANT SELECT, INSERT, UPDATE ON refused_term TO linli_app;
GRANT SELECT ON refused_term TO linli_checker;
ALTER TABLE refused_term ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY refused_term_of_owner ON refused_term TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY refused_term_of_checker ON refused_term FOR SELECT TO linli_checker USING (true);
CREATE POLICY refused_term_of_worker ON refused_term TO linli_worker USING (true) WITH CHECK (true);
-- Kept by the administrators of the place; read by them and the secretaries there, above it, and below it, where it holds.
CREATE POLICY refused_term_read ON refused_term FOR SELECT TO linli_app USING (
  app_reaches(place_id, '{administrator,secretary}') OR app_stands_below(place_id, '{administrator,secretary}'));
CREATE POLICY refused_term_insert ON refused_term FOR INSERT TO linli_app WITH CHECK (
  added_by = app_actor() AND ended_at IS NULL AND app_reaches(place_id, '{administrator}'));
CREATE POLICY refused_term_update ON refused_term FOR UPDATE TO linli_app
  USING (app_reaches(place_id, '{administrator}'))
  WITH CHECK (ended_by = app_actor() AND app_reaches(place_id, '{administrator}'));

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION refused_terms(uuid, jsonb) OWNER TO linli_checker;
ALTER FUNCTION app_stands_below(uuid, text[]) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION refused_terms(uuid, jsonb), app_stands_below(uuid, text[]), term_only_ends() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refused_terms(uuid, jsonb), app_stands_below(uuid, text[])
  TO linli_app, linli_worker, linli_checker, linli_owner;
GRANT EXECUTE ON FUNCTION term_only_ends() TO linli_app, linli_worker, linli_owner;
