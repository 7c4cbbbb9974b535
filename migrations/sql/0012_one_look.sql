-- One look at a locked matter instead of one a row: what a command has to know of it beside the row is its version in the
-- statement's snapshot and the deadlines that run. Row-level security would ask of each deadline whether its matter is seen;
-- the function asks once.

CREATE FUNCTION matter_snapshot(subject uuid, OUT seen int, OUT live jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  seen := (SELECT m.version FROM matter m WHERE m.id = subject);
  IF session_user <> 'linli_app' OR app_sees_detail(subject) THEN
    live := (SELECT jsonb_agg(jsonb_build_object('id', d.id, 'kind', d.kind, 'next_at', d.next_at))
               FROM deadline d WHERE d.matter_id = subject AND d.stopped_at IS NULL);
  ELSIF app_sees(subject) IS NOT TRUE THEN
    seen := NULL;
  END IF;
END $$;

-- A deadline keeps its matter (deadline_runs_forward), so who might alter the row may have altered it.
ALTER POLICY deadline_update ON deadline WITH CHECK (true);

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION matter_snapshot(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION matter_snapshot(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION matter_snapshot(uuid) TO linli_app, linli_worker, linli_checker, linli_owner;
