-- "Wang" and "wang" are one login name. Only the letters of ASCII are folded (COLLATE "C"), which are all that a login name holds: how
-- often somebody may guess is counted by the same letters. Where two names differ by case alone this stops with both of them, for an
-- administrator to rename one: nobody else can tell whose it was to be.

DROP INDEX person_login_name;
CREATE UNIQUE INDEX person_login_name ON person (lower(login_name COLLATE "C"));

CREATE OR REPLACE FUNCTION auth_person_by_login_name(p_name text)
RETURNS TABLE (person_id uuid, password_hash text, disabled boolean)
LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT p.id, p.password_hash, p.disabled_at IS NOT NULL FROM person p
     WHERE lower(p.login_name COLLATE "C") = lower(p_name COLLATE "C")
$$;
