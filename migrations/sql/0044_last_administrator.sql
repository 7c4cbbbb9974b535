-- A place is never left without an administrator: nobody could appoint another (domain.md §2). It asks whether this is the last
-- post that administers the place, or one above it, for as long as the post would have lasted; ends of such posts wait for
-- each other, so that of two at once the second finds the first. Volatile on purpose: it looks again after it has waited.
CREATE FUNCTION last_administrator(post uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE
  at timestamptz;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('linli administrators'));
  at := app_now();
  RETURN EXISTS (
    SELECT 1 FROM role_grant g
     WHERE g.id = post AND g.role = 'administrator' AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at)
       AND NOT EXISTS (
         SELECT 1 FROM place_ancestor a JOIN role_grant o ON o.place_id = a.ancestor_id JOIN person p ON p.id = o.person_id
          WHERE a.place_id = g.place_id AND o.id <> g.id AND o.role = 'administrator' AND p.disabled_at IS NULL
            AND o.starts_at <= at AND (o.ends_at IS NULL OR o.ends_at > at AND o.ends_at >= g.ends_at)));
END $$;

CREATE FUNCTION administrator_is_left() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  IF last_administrator(OLD.id) THEN
    RAISE EXCEPTION 'role %: nobody else administers the place', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER administrator_is_left BEFORE UPDATE ON role_grant
  FOR EACH ROW WHEN (OLD.role = 'administrator' AND NEW.ends_at IS NOT NULL AND NEW.ends_at IS DISTINCT FROM OLD.ends_at)
  EXECUTE FUNCTION administrator_is_left();

-- A look says at which level whoever looked holds the post through which they saw: of several the nearest, as it is now. Older looks
-- name the post alone.
ALTER TABLE reveal ADD COLUMN level TEXT;
CREATE FUNCTION reveal_has_its_level() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  NEW.level := (SELECT p.level FROM place_ancestor a JOIN role_grant g ON g.place_id = a.ancestor_id JOIN place p ON p.id = g.place_id
                 WHERE a.place_id = NEW.place_id AND g.person_id = NEW.viewer_id AND g.role = NEW.capacity
                   AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at)
                 ORDER BY a.depth LIMIT 1);
  RETURN NEW;
END $$;
CREATE TRIGGER reveal_has_its_level BEFORE INSERT ON reveal FOR EACH ROW EXECUTE FUNCTION reveal_has_its_level();

-- Dispatchers are asked why a text was refused.
ALTER POLICY refused_term_read ON refused_term USING (
  app_reaches(place_id, '{administrator,dispatcher,secretary}') OR app_stands_below(place_id, '{administrator,dispatcher,secretary}'));

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION last_administrator(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION last_administrator(uuid), administrator_is_left(), reveal_has_its_level() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION last_administrator(uuid), administrator_is_left(), reveal_has_its_level()
  TO linli_app, linli_worker, linli_checker, linli_owner;

-- Where exactly one goes on a service day; as its other columns, said once.
ALTER TABLE service_day ADD COLUMN spot TEXT;
