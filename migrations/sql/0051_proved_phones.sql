-- Whose phone it is, by WeChat's word: it goes to whoever proves that it is theirs, and with it what the station registered under it
-- for somebody who had no WeChat then.

GRANT UPDATE (openid, phone_sealed, phone_index, disabled_at, version) ON person TO linli_checker;
GRANT UPDATE (ends_at, version) ON role_grant TO linli_checker;
GRANT INSERT ON audit TO linli_checker;
CREATE POLICY person_of_who_proves ON person FOR UPDATE TO linli_checker USING (true) WITH CHECK (true);
CREATE POLICY home_left_behind ON role_grant FOR UPDATE TO linli_checker USING (role = 'resident') WITH CHECK (role = 'resident');
CREATE POLICY audit_by_checker ON audit FOR INSERT TO linli_checker WITH CHECK (true);

-- The phone is proved to be this person's now. One row, always:
--   proved      it is theirs; whoever had typed it in has it no more, and is told
--   taken_over  the station had registered it, and the person was nobody yet but for a home: from now on they log in as that record
--   officers    it belongs to an account with a login name: nothing is written
--   disabled    the person is disabled by now: nothing is written
-- Whoever may call it is trusted to have asked WeChat (auth.sql).
CREATE FUNCTION auth_phone_proved(p_person uuid, p_sealed bytea, p_index bytea) RETURNS text
LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    at     timestamptz := app_now();
    me     person;
    holder person;
    nobody boolean;
BEGIN
    -- In the order of their ids, so that two who prove at once do not wait for each other.
    PERFORM 1 FROM person p WHERE p.id = p_person OR p.phone_index = p_index ORDER BY p.id FOR NO KEY UPDATE;
    SELECT * INTO me FROM person p WHERE p.id = p_person;
    SELECT * INTO holder FROM person p WHERE p.phone_index = p_index AND p.id <> p_person;
    IF me.id IS NULL OR me.disabled_at IS NOT NULL THEN
        RETURN 'disabled';
    ELSIF holder.login_name IS NOT NULL THEN
        RETURN 'officers';
    END IF;
    nobody := me.login_name IS NULL
        AND NOT EXISTS (SELECT 1 FROM role_grant g WHERE g.person_id = me.id AND g.role <> 'resident')
        AND NOT EXISTS (SELECT 1 FROM matter m WHERE me.id IN (m.requester_id, m.beneficiary_id))
        AND NOT EXISTS (SELECT 1 FROM case_reporter r WHERE r.person_id = me.id)
        AND NOT EXISTS (SELECT 1 FROM volunteer_application a WHERE a.person_id = me.id)
        AND NOT EXISTS (SELECT 1 FROM representation r WHERE me.id IN (r.representative_id, r.beneficiary_id));
    IF holder.id IS NOT NULL AND holder.openid IS NULL AND holder.disabled_at IS NULL AND nobody THEN
        UPDATE role_grant g SET ends_at = greatest(at, g.starts_at), version = g.version + 1
         WHERE g.person_id = me.id AND g.role = 'resident' AND g.ends_at IS NULL;
        UPDATE person SET openid = NULL, phone_sealed = NULL, phone_index = NULL, disabled_at = at, version = version + 1
         WHERE id = me.id;
        UPDATE person SET openid = me.openid, version = version + 1 WHERE id = holder.id;
        INSERT INTO audit (subject_id, version, kind, place_id, action, actor_id, at, note) VALUES
            (me.id, me.version + 1, 'person', NULL, 'merge', me.id, at, jsonb_build_object('into', holder.id)),
            (holder.id, holder.version + 1, 'person', NULL, 'take_over', me.id, at, '{}');
        RETURN 'taken_over';
    END IF;
    IF holder.id IS NOT NULL THEN
        UPDATE person SET phone_sealed = NULL, phone_index = NULL, version = version + 1 WHERE id = holder.id;
        INSERT INTO audit (subject_id, version, kind, place_id, action, actor_id, at, note)
        VALUES (holder.id, holder.version + 1, 'person', NULL, 'release_phone', me.id, at, '{}');
        INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, to_person, payload, created_by, created_at, retry_at, attempts)
        VALUES (gen_random_uuid(), 'notice', 'person.phone_released', 'person', holder.id, holder.id, '{}', me.id, at, at, 0);
    END IF;
    UPDATE person SET phone_sealed = p_sealed, phone_index = p_index, version = version + 1 WHERE id = me.id;
    INSERT INTO audit (subject_id, version, kind, place_id, action, actor_id, at, note)
    VALUES (me.id, me.version + 1, 'person', NULL, 'prove_phone', me.id, at, '{}');
    RETURN 'proved';
END
$$;

-- Under which WeChat account somebody logs in: WeChat compares it with the code of the phone.
CREATE FUNCTION auth_openid_of(p_person uuid) RETURNS text
LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT p.openid FROM person p WHERE p.id = p_person AND p.disabled_at IS NULL
$$;
REVOKE ALL ON FUNCTION auth_phone_proved(uuid, bytea, bytea), auth_openid_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth_phone_proved(uuid, bytea, bytea), auth_openid_of(uuid) TO linli_app;
GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION auth_phone_proved(uuid, bytea, bytea) OWNER TO linli_checker;
ALTER FUNCTION auth_openid_of(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
