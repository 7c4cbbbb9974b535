-- A name is one living team, also of those above and below a place: they serve there as well. Of two made at once the second waits
-- for the first and is refused; those of one place are told apart by team_one_of_a_name already.
CREATE FUNCTION team_one_along_the_tree() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(NEW.name, 64));
  IF EXISTS (SELECT 1 FROM team t JOIN place_ancestor a
               ON (a.place_id, a.ancestor_id) IN ((NEW.place_id, t.place_id), (t.place_id, NEW.place_id))
              WHERE t.name = NEW.name AND t.disbanded_at IS NULL AND t.id <> NEW.id) THEN
    RAISE EXCEPTION 'a team above or below bears this name' USING ERRCODE = 'unique_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER team_one_along_the_tree AFTER INSERT ON team FOR EACH ROW EXECUTE FUNCTION team_one_along_the_tree();

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION team_one_along_the_tree() OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION team_one_along_the_tree() FROM PUBLIC;
