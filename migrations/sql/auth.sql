-- Log-in and refresh: what happens before there is an actor.
--
-- The application's role sees neither table; it calls the functions below, which belong to linli_checker. Whoever may
-- call them is trusted to have checked the WeChat code or the password: they are the lock, not the judge.
--
-- Stands on: the roles of roles.sql; table person(id, openid UNIQUE, login_name UNIQUE, password_hash, disabled_at,
-- created_at, version) with policies that let linli_checker SELECT and INSERT.
--
-- All times are the real clock's (clock_timestamp()), never the simulation's.
--
-- How a refresh token is exchanged (reliability I17):
--   * A log-in is a `session`; its tokens are numbered. Each exchange locks the session's row first, so that two
--     exchanges of one family never interleave; the conditional UPDATE of used_at is the one moment of use, and
--     PRIMARY KEY (family, seq) stands behind it.
--   * The first use gives a new token and retires every other unused one of the family.
--   * A second use within ten seconds of the first gives one more token: mini-programs repeat a request that was
--     interrupted, and two pages refresh at once. It retires nothing, since nobody knows which answer arrived.
--   * A second use later than that means that two parties hold the token: the whole family is revoked, in the same
--     transaction. A thief who was quick enough for the ten seconds is found as well: the next first use retires the
--     other branch, and that branch's next use is a late second use.
--   * A wrong secret for a known number changes nothing; a family is no secret (it stands in the access token), so
--     anybody could end anybody's log-in otherwise.

CREATE TABLE session (
    family     uuid        PRIMARY KEY,
    person_id  uuid        NOT NULL REFERENCES person (id),
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX session_live_of_person ON session (person_id) WHERE revoked_at IS NULL;

CREATE TABLE refresh_token (
    family     uuid        NOT NULL REFERENCES session (family) ON DELETE CASCADE,
    seq        integer     NOT NULL CHECK (seq > 0),
    token_hash bytea       NOT NULL CHECK (octet_length(token_hash) = 32),
    issued_at  timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > issued_at),
    used_at    timestamptz,
    PRIMARY KEY (family, seq)
);
CREATE INDEX refresh_token_expiry ON refresh_token (expires_at);

ALTER TABLE session       ENABLE ROW LEVEL SECURITY;
ALTER TABLE session       FORCE  ROW LEVEL SECURITY;
ALTER TABLE refresh_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE refresh_token FORCE  ROW LEVEL SECURITY;

REVOKE ALL ON session, refresh_token FROM PUBLIC;
REVOKE ALL ON session, refresh_token FROM linli_app, linli_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON session, refresh_token TO linli_checker;
GRANT SELECT (id, openid, login_name, password_hash, disabled_at),
      INSERT (id, openid, created_at, version) ON person TO linli_checker;

CREATE POLICY session_of_functions       ON session       TO linli_checker USING (true) WITH CHECK (true);
CREATE POLICY refresh_token_of_functions ON refresh_token TO linli_checker USING (true) WITH CHECK (true);


-- Who has this openid; a person is made when nobody has. Of two first log-ins at once both get the one person.
CREATE FUNCTION auth_person_by_openid(p_openid text, p_new_id uuid, p_at timestamptz)
RETURNS TABLE (person_id uuid, disabled boolean)
LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    -- Read first: an INSERT that meets a conflict leaves a dead row behind, and nearly every log-in is not the first.
    RETURN QUERY SELECT p.id, p.disabled_at IS NOT NULL FROM person p WHERE p.openid = p_openid;
    IF FOUND THEN
        RETURN;
    END IF;
    INSERT INTO person (id, openid, created_at, version) VALUES (p_new_id, p_openid, p_at, 1)
        ON CONFLICT (openid) DO NOTHING;
    -- A statement of its own, so that under READ COMMITTED it sees the row of whoever was first.
    RETURN QUERY SELECT p.id, p.disabled_at IS NOT NULL FROM person p WHERE p.openid = p_openid;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'auth_person_by_openid needs READ COMMITTED' USING ERRCODE = '40001';
    END IF;
END
$$;


-- Who logs in by this name; no row when nobody does. The hash goes to the application, which compares in a thread.
CREATE FUNCTION auth_person_by_login_name(p_name text)
RETURNS TABLE (person_id uuid, password_hash text, disabled boolean)
LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT p.id, p.password_hash, p.disabled_at IS NOT NULL FROM person p WHERE p.login_name = p_name
$$;


-- Begin a log-in with its token number 1. False, and nothing is written, when the person is unknown or disabled by now.
CREATE FUNCTION auth_session_open(p_family uuid, p_person_id uuid, p_token_hash bytea, p_expires_at timestamptz)
RETURNS boolean
LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    at timestamptz := clock_timestamp();
BEGIN
    INSERT INTO session (family, person_id, created_at)
        SELECT p_family, p.id, at FROM person p WHERE p.id = p_person_id AND p.disabled_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO refresh_token (family, seq, token_hash, issued_at, expires_at)
        VALUES (p_family, 1, p_token_hash, at, p_expires_at);
    RETURN true;
END
$$;


-- Exchange token (family, seq) for a new one whose secret hashes to p_new_hash. One row, always:
--   ok        new_seq is the new token's number
--   expired   too old; nothing is written
--   reused    used a second time, late: the family is revoked
--   disabled  the person is disabled: the family is revoked
--   unknown   no such token, another secret, or the family was revoked before (logout counts)
-- person_id is given whenever the secret was right, for the log; the client hears the same 401 for all but ok.
-- COMMIT whatever the outcome is: `reused` and `disabled` have written the revocation.
CREATE FUNCTION auth_session_rotate(
    p_family uuid, p_seq integer, p_token_hash bytea, p_new_hash bytea, p_new_expires timestamptz, p_now timestamptz)
RETURNS TABLE (outcome text, person_id uuid, new_seq integer)
LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    retry_window CONSTANT interval := interval '10 seconds';
    owner        uuid;
    revoked      timestamptz;
    expires      timestamptz;
    used         timestamptz;
    first_use    boolean;
    following    integer;
BEGIN
    -- The lock comes before everything that is read: what follows sees what the exchange before us has committed.
    SELECT s.person_id, s.revoked_at INTO owner, revoked FROM session s WHERE s.family = p_family FOR NO KEY UPDATE;
    SELECT t.expires_at, t.used_at INTO expires, used
        FROM refresh_token t WHERE t.family = p_family AND t.seq = p_seq AND t.token_hash = p_token_hash;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'unknown', NULL::uuid, NULL::integer;
        RETURN;
    END IF;
    IF revoked IS NOT NULL THEN
        RETURN QUERY SELECT 'unknown', owner, NULL::integer;
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM person p WHERE p.id = owner AND p.disabled_at IS NOT NULL) THEN
        UPDATE session s SET revoked_at = p_now WHERE s.family = p_family;
        RETURN QUERY SELECT 'disabled', owner, NULL::integer;
        RETURN;
    END IF;
    IF expires <= p_now THEN
        RETURN QUERY SELECT 'expired', owner, NULL::integer;
        RETURN;
    END IF;

    UPDATE refresh_token t SET used_at = p_now WHERE t.family = p_family AND t.seq = p_seq AND t.used_at IS NULL;
    first_use := FOUND;
    IF NOT first_use AND p_now - used > retry_window THEN
        UPDATE session s SET revoked_at = p_now WHERE s.family = p_family;
        RETURN QUERY SELECT 'reused', owner, NULL::integer;
        RETURN;
    END IF;
    IF first_use THEN
        UPDATE refresh_token t SET used_at = p_now WHERE t.family = p_family AND t.used_at IS NULL;
    END IF;

    SELECT max(t.seq) + 1 INTO following FROM refresh_token t WHERE t.family = p_family;
    INSERT INTO refresh_token (family, seq, token_hash, issued_at, expires_at)
        VALUES (p_family, following, p_new_hash, p_now, p_new_expires);
    RETURN QUERY SELECT 'ok', owner, following;
END
$$;


-- Log out of one log-in. False when it is not this person's, or has ended already.
CREATE FUNCTION auth_session_close(p_family uuid, p_person_id uuid)
RETURNS boolean
LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    UPDATE session s SET revoked_at = clock_timestamp()
        WHERE s.family = p_family AND s.person_id = p_person_id AND s.revoked_at IS NULL;
    RETURN FOUND;
END
$$;


-- End all of a person's log-ins but one (NULL: all): after a changed or reset password, and when a person is disabled.
CREATE FUNCTION auth_session_close_all(p_person_id uuid, p_but uuid)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    closed integer;
BEGIN
    UPDATE session s SET revoked_at = clock_timestamp()
        WHERE s.person_id = p_person_id AND s.revoked_at IS NULL AND s.family IS DISTINCT FROM p_but;
    GET DIAGNOSTICS closed = ROW_COUNT;
    RETURN closed;
END
$$;


-- Forget log-ins whose every token expired before this moment. For the worker's daily work.
CREATE FUNCTION auth_session_forget(p_before timestamptz)
RETURNS integer
LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    forgotten integer;
BEGIN
    DELETE FROM session s
        WHERE s.created_at < p_before
          AND NOT EXISTS (SELECT FROM refresh_token t WHERE t.family = s.family AND t.expires_at >= p_before);
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    -- Within a family that lives on, old numbers are of no use either.
    DELETE FROM refresh_token t WHERE t.expires_at < p_before;
    RETURN forgotten;
END
$$;


REVOKE ALL ON FUNCTION
    auth_person_by_openid(text, uuid, timestamptz),
    auth_person_by_login_name(text),
    auth_session_open(uuid, uuid, bytea, timestamptz),
    auth_session_rotate(uuid, integer, bytea, bytea, timestamptz, timestamptz),
    auth_session_close(uuid, uuid),
    auth_session_close_all(uuid, uuid),
    auth_session_forget(timestamptz)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    auth_person_by_openid(text, uuid, timestamptz),
    auth_person_by_login_name(text),
    auth_session_open(uuid, uuid, bytea, timestamptz),
    auth_session_rotate(uuid, integer, bytea, bytea, timestamptz, timestamptz),
    auth_session_close(uuid, uuid),
    auth_session_close_all(uuid, uuid)
TO linli_app;
GRANT EXECUTE ON FUNCTION auth_session_forget(timestamptz) TO linli_worker;

-- To own something in a schema one must be allowed to create there; only for these lines.
GRANT USAGE ON SCHEMA public TO linli_checker;
GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION auth_person_by_openid(text, uuid, timestamptz) OWNER TO linli_checker;
ALTER FUNCTION auth_person_by_login_name(text) OWNER TO linli_checker;
ALTER FUNCTION auth_session_open(uuid, uuid, bytea, timestamptz) OWNER TO linli_checker;
ALTER FUNCTION auth_session_rotate(uuid, integer, bytea, bytea, timestamptz, timestamptz) OWNER TO linli_checker;
ALTER FUNCTION auth_session_close(uuid, uuid) OWNER TO linli_checker;
ALTER FUNCTION auth_session_close_all(uuid, uuid) OWNER TO linli_checker;
ALTER FUNCTION auth_session_forget(timestamptz) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
