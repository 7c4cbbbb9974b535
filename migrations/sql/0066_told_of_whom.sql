-- Whom a message is about, and which team, for whoever it was sent to: also when the person has left, or the reader has. What
-- somebody was told once they read again.
CREATE FUNCTION told_person(message uuid) RETURNS bytea
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT p.name_sealed FROM inbox_message m JOIN person p ON p.id = (m.payload ->> 'person_id')::uuid
           WHERE m.id = message AND m.person_id = app_actor() AND m.topic = 'role.resigned');
END $$;
CREATE FUNCTION told_team(message uuid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT t.name FROM inbox_message m JOIN team t ON t.id = coalesce((m.payload ->> 'team_id')::uuid, m.subject_id)
           WHERE m.id = message AND m.person_id = app_actor() AND m.topic LIKE 'team.%');
END $$;

-- Which papers of an errand came back or were lost, by whomever: also for somebody who signed for some and sees no other receipt.
CREATE FUNCTION papers_back(subject uuid) RETURNS int[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT coalesce(array_agg((paper ->> 'no')::int), '{}')
            FROM order_papers r CROSS JOIN jsonb_array_elements(r.papers) paper
           WHERE r.matter_id = subject AND r.action = 'returned'
             AND EXISTS (SELECT 1 FROM order_papers o WHERE o.matter_id = subject AND o.acted_by = app_actor()
                            AND o.action = 'handed_over' AND o.papers @> jsonb_build_array(jsonb_build_object('no', paper -> 'no'))));
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION told_person(uuid) OWNER TO linli_checker;
ALTER FUNCTION told_team(uuid) OWNER TO linli_checker;
ALTER FUNCTION papers_back(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION told_person(uuid), told_team(uuid), papers_back(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION told_person(uuid), told_team(uuid), papers_back(uuid) TO linli_app, linli_checker, linli_owner;
