-- Does the actor hold one of these roles, live, anywhere? Of their own grants, which they see. Whoever holds none is refused because
-- of that, whatever there is to be found; whoever does is told of what lies elsewhere that there is no such thing.
CREATE FUNCTION app_works(wanted text[]) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now(); actor uuid := app_actor();
BEGIN
  RETURN EXISTS (SELECT 1 FROM role_grant g WHERE g.person_id = actor AND g.role = ANY (wanted)
                    AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at));
END $$;

REVOKE ALL ON FUNCTION app_works(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_works(text[]) TO linli_app, linli_worker, linli_checker, linli_owner;
