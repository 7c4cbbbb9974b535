-- What the lead unit has done with its assignment so far, for the story of the case: its reporters do not see assignments. Only
-- for whoever reads all of the case, and nothing that anybody wrote.
CREATE FUNCTION lead_steps(of_case uuid) RETURNS TABLE (action text, at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  IF app_sees_whole(of_case) IS NOT TRUE THEN
    RETURN;
  END IF;
  RETURN QUERY
  SELECT h.action, h.at FROM assignment_detail a JOIN history h ON h.matter_id = a.matter_id
   WHERE a.case_id = of_case AND a.role = 'lead' AND h.action IN ('sign', 'report_in', 'begin') ORDER BY h.at, h.version;
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION lead_steps(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION lead_steps(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lead_steps(uuid) TO linli_app, linli_checker, linli_owner;
