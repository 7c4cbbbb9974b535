-- Who is asked to review an exclusion of a matter that the actor proposes: whoever may decide it (app/domain/exclusions/service.py) –
-- at the street or above it, neither the actor nor anybody who had a part in the matter –, of them the nearest secretaries, or
-- where there are none, the nearest administrators. Nobody for whoever may not propose it.
CREATE FUNCTION exclusion_reviewers(subject uuid) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  RETURN QUERY
  WITH may AS (
    SELECT g.person_id AS who, g.role <> 'secretary' AS stands_in, a.depth
      FROM matter m JOIN place_ancestor a ON a.place_id = m.place_id
      JOIN place p ON p.id = a.ancestor_id AND p.level NOT IN ('community', 'estate')
      JOIN role_grant g ON g.place_id = p.id AND g.role IN ('secretary', 'administrator')
      JOIN person u ON u.id = g.person_id AND u.disabled_at IS NULL
     WHERE m.id = subject AND app_reaches(m.place_id, '{dispatcher,secretary}')
       AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at)
       AND g.person_id <> app_actor() AND NOT had_part_in(subject, g.person_id))
  SELECT DISTINCT x.who FROM may x
    JOIN (SELECT n.stands_in, n.depth FROM may n ORDER BY n.stands_in, n.depth LIMIT 1) y
      ON y.stands_in = x.stands_in AND y.depth = x.depth;
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION exclusion_reviewers(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION exclusion_reviewers(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exclusion_reviewers(uuid) TO linli_app, linli_checker, linli_owner;
