-- Who proves a phone, says that they are whom the station registered under it, and has orders or roles of their own by now: the two
-- records stay two, but the number is theirs. The record of the station keeps its orders, and is found by name from now on.
--   proved      it is theirs; whoever had typed it in has it no more, and is told
--   registered  the station registered somebody under it who has no WeChat: nothing is written until they say that it is themselves
--               (p_take), since a family may share a phone
--   moved       they say so, and have orders or roles of their own by now: it is theirs, and the station is told
--   taken_over  they say so, and were nobody yet but for a home: from now on they log in as that record
--   officers    it belongs to an account with a login name: nothing is written
--   disabled    the person is disabled by now: nothing is written
CREATE OR REPLACE FUNCTION auth_phone_proved(p_person uuid, p_sealed bytea, p_index bytea, p_take boolean)
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
    -- FOR UPDATE waits for what the prover asks for in the same moment, and is waited for (asked_by_nobody).
    PERFORM 1 FROM person p WHERE p.id = p_person OR p.phone_index = p_index ORDER BY p.id FOR UPDATE;
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
          OR EXISTS (SELECT 1 FROM representation r WHERE me.id IN (r.representative_id, r.beneficiary_id, r.named_id)) THEN 'moved'
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
    ELSIF outcome IN ('proved', 'moved') THEN
        IF holder.id IS NOT NULL THEN
            UPDATE person SET phone_sealed = NULL, phone_index = NULL, version = version + 1 WHERE id = holder.id;
            INSERT INTO audit (subject_id, version, kind, place_id, action, actor_id, at, note)
            VALUES (holder.id, holder.version + 1, 'person', NULL, 'release_phone', me.id, at, '{}');
            INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, place_id, to_person, to_role, payload, created_by,
                                created_at, retry_at, attempts)
            SELECT gen_random_uuid(), 'notice', 'person.phone_released', 'person', holder.id, NULL::uuid, holder.id, NULL, '{}'::jsonb,
                   me.id, at, at, 0 WHERE outcome = 'proved'
             UNION ALL
            SELECT gen_random_uuid(), 'notice', 'person.number_moved', 'person', holder.id, g.place_id, NULL, 'station_staff',
                   jsonb_build_object('person_id', holder.id), me.id, at, at, 0
              FROM role_grant g WHERE outcome = 'moved' AND g.person_id = holder.id AND g.role = 'resident' AND g.ends_at IS NULL;
        END IF;
        UPDATE person SET phone_sealed = p_sealed, phone_index = p_index, phone_proved_at = at, version = version + 1
         WHERE id = me.id;
        INSERT INTO audit (subject_id, version, kind, place_id, action, actor_id, at, note)
        VALUES (me.id, me.version + 1, 'person', NULL, 'prove_phone', me.id, at, '{}');
    END IF;
    RETURN NEXT;
END
$$;

-- Whoever became another record in the same moment asks for nothing as the one that they were: the row that names them waits for
-- the take-over, or the take-over for it; and who is disabled by the commit is refused as in the look before.
CREATE FUNCTION asked_by_nobody() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF EXISTS (SELECT 1 FROM public.person p WHERE p.id = app_actor() AND p.disabled_at IS NOT NULL) THEN
    RAISE EXCEPTION 'who asks is disabled by now' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER matter_asked_by_somebody AFTER INSERT ON matter DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION asked_by_nobody();
CREATE CONSTRAINT TRIGGER case_joined_by_somebody AFTER INSERT ON case_reporter DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION asked_by_nobody();
CREATE CONSTRAINT TRIGGER volunteer_is_somebody AFTER INSERT ON volunteer_application DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION asked_by_nobody();
CREATE CONSTRAINT TRIGGER representative_is_somebody AFTER INSERT ON representation DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION asked_by_nobody();
REVOKE ALL ON FUNCTION asked_by_nobody() FROM PUBLIC;
