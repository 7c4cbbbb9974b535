-- Whose phone it is, by WeChat's word: it goes to whoever proves that it is theirs, and with it what the station registered under it
-- for somebody who had no WeChat then.

ALTER TABLE person ADD COLUMN phone_proved_at TIMESTAMP WITH TIME ZONE,
  ADD CONSTRAINT person_phone_proved CHECK (phone_proved_at IS NULL OR phone_index IS NOT NULL);
-- Another phone is to be proved anew.
CREATE FUNCTION phone_is_proved_anew() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  NEW.phone_proved_at := NULL;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION phone_is_proved_anew() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION phone_is_proved_anew() TO linli_app, linli_worker, linli_checker, linli_owner;
CREATE TRIGGER phone_is_proved_anew BEFORE UPDATE OF phone_index ON person FOR EACH ROW
  WHEN (NEW.phone_index IS DISTINCT FROM OLD.phone_index AND NEW.phone_proved_at IS NOT DISTINCT FROM OLD.phone_proved_at)
  EXECUTE FUNCTION phone_is_proved_anew();
GRANT SELECT (phone_proved_at) ON person TO linli_app;
GRANT SELECT (phone_proved_at), UPDATE (openid, phone_sealed, phone_index, phone_proved_at, disabled_at, version)
  ON person TO linli_checker;
GRANT UPDATE (ends_at, version) ON role_grant TO linli_checker;
GRANT INSERT ON audit TO linli_checker;
CREATE POLICY person_of_who_proves ON person FOR UPDATE TO linli_checker USING (true) WITH CHECK (true);
CREATE POLICY home_left_behind ON role_grant FOR UPDATE TO linli_checker USING (role = 'resident') WITH CHECK (role = 'resident');
CREATE POLICY audit_by_checker ON audit FOR INSERT TO linli_checker WITH CHECK (true);

-- The phone is proved to be this person's now. One row, always:
--   proved      it is theirs; whoever had typed it in has it no more, and is told
--   registered  the station registered somebody under it who has no WeChat: nothing is written until they say that it is themselves
--               (p_take), since a family may share a phone
--   apart       they say so, and have orders or roles of their own by now: nothing is written, two records are not made one
--   taken_over  they say so, and were nobody yet but for a home: from now on they log in as that record
--   officers    it belongs to an account with a login name: nothing is written
--   disabled    the person is disabled by now: nothing is written
-- `whose`: the name, sealed, of whom the station registered. Whoever may call it is trusted to have asked WeChat (auth.sql).
CREATE FUNCTION auth_phone_proved(p_person uuid, p_sealed bytea, p_index bytea, p_take boolean)
RETURNS TABLE (outcome text, whose bytea)
LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    at     timestamptz := app_now();
    me     person;
    holder person;
BEGIN
    -- Of two who prove one number at once; then both rows in the order of their ids.
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(p_index, 'hex'), 0));
    PERFORM 1 FROM person p WHERE p.id = p_person OR p.phone_index = p_index ORDER BY p.id FOR NO KEY UPDATE;
    SELECT * INTO me FROM person p WHERE p.id = p_person;
    SELECT * INTO holder FROM person p WHERE p.phone_index = p_index AND p.id <> p_person;
    whose := holder.name_sealed;
    outcome := CASE
        WHEN me.id IS NULL OR me.disabled_at IS NOT NULL THEN 'disabled'
        WHEN holder.login_name IS NOT NULL THEN 'officers'
        WHEN holder.id IS NULL OR holder.openid IS NOT NULL OR holder.disabled_at IS NOT NULL THEN 'proved'
        WHEN NOT p_take THEN 'registered'
        WHEN me.login_name IS NOT NULL
          OR EXISTS (SELECT 1 FROM role_grant g WHERE g.person_id = me.id AND g.role <> 'resident')
          OR EXISTS (SELECT 1 FROM matter m WHERE me.id IN (m.requester_id, m.beneficiary_id))
          OR EXISTS (SELECT 1 FROM case_reporter r WHERE r.person_id = me.id)
          OR EXISTS (SELECT 1 FROM volunteer_application a WHERE a.person_id = me.id)
          OR EXISTS (SELECT 1 FROM household_card c WHERE c.person_id = me.id)
          OR EXISTS (SELECT 1 FROM representation r WHERE me.id IN (r.representative_id, r.beneficiary_id, r.named_id)) THEN 'apart'
        ELSE 'taken_over' END;
    IF outcome = 'taken_over' THEN
        UPDATE role_grant g SET ends_at = greatest(at, g.starts_at), version = g.version + 1
         WHERE g.person_id = me.id AND g.role = 'resident' AND g.ends_at IS NULL;
        UPDATE person SET openid = NULL, phone_sealed = NULL, phone_index = NULL, disabled_at = at, version = version + 1
         WHERE id = me.id;
        UPDATE person SET openid = me.openid, phone_proved_at = at, version = version + 1 WHERE id = holder.id;
        INSERT INTO audit (subject_id, version, kind, place_id, action, actor_id, at, note) VALUES
            (me.id, me.version + 1, 'person', NULL, 'merge', me.id, at, jsonb_build_object('into', holder.id)),
            (holder.id, holder.version + 1, 'person', NULL, 'take_over', me.id, at, '{}');
        INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, to_person, payload, created_by, created_at, retry_at, attempts)
        VALUES (gen_random_uuid(), 'notice', 'person.taken_over', 'person', holder.id, holder.id, '{}', me.id, at, at, 0);
    ELSIF outcome = 'proved' THEN
        IF holder.id IS NOT NULL THEN
            UPDATE person SET phone_sealed = NULL, phone_index = NULL, version = version + 1 WHERE id = holder.id;
            INSERT INTO audit (subject_id, version, kind, place_id, action, actor_id, at, note)
            VALUES (holder.id, holder.version + 1, 'person', NULL, 'release_phone', me.id, at, '{}');
            INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, to_person, payload, created_by, created_at, retry_at,
                                attempts)
            VALUES (gen_random_uuid(), 'notice', 'person.phone_released', 'person', holder.id, holder.id, '{}', me.id, at, at, 0);
        END IF;
        UPDATE person SET phone_sealed = p_sealed, phone_index = p_index, phone_proved_at = at, version = version + 1
         WHERE id = me.id;
        INSERT INTO audit (subject_id, version, kind, place_id, action, actor_id, at, note)
        VALUES (me.id, me.version + 1, 'person', NULL, 'prove_phone', me.id, at, '{}');
    END IF;
    RETURN NEXT;
END
$$;

-- Under which WeChat account somebody logs in: WeChat compares it with the code of the phone.
CREATE FUNCTION auth_openid_of(p_person uuid) RETURNS text
LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT p.openid FROM person p WHERE p.id = p_person AND p.disabled_at IS NULL
$$;
REVOKE ALL ON FUNCTION auth_phone_proved(uuid, bytea, bytea, boolean), auth_openid_of(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth_phone_proved(uuid, bytea, bytea, boolean), auth_openid_of(uuid) TO linli_app;
GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION auth_phone_proved(uuid, bytea, bytea, boolean) OWNER TO linli_checker;
ALTER FUNCTION auth_openid_of(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
