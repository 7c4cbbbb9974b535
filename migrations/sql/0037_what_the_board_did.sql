-- What the units on a case's board have done so far, each by its name, for the story of the case: its reporters do not see
-- assignments. Only for whoever reads all of the case, and nothing that anybody wrote. Takes the place of what told of the lead
-- alone, and did not say which unit that was.
CREATE FUNCTION board_steps(of_case uuid) RETURNS TABLE (action text, at timestamptz, role text, unit_name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  IF app_sees_whole(of_case) IS NOT TRUE THEN
    RETURN;
  END IF;
  RETURN QUERY
  SELECT h.action, h.at, a.role, u.name
    FROM assignment_detail a JOIN history h ON h.matter_id = a.matter_id JOIN matter m ON m.id = a.matter_id
    JOIN unit u ON u.id = m.unit_id
   WHERE a.case_id = of_case
     AND h.action IN ('send', 'sign', 'report_in', 'begin', 'contest', 'uphold', 'dismiss', 'dismiss_reported', 'finish', 'excuse')
   ORDER BY h.at, h.action = 'send', a.role DESC, u.name, h.version;
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION board_steps(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION board_steps(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION board_steps(uuid) TO linli_app, linli_checker, linli_owner;
DROP FUNCTION lead_steps(uuid);
