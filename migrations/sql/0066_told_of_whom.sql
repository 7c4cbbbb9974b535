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

-- Whom the station registered at a home or in it and who has no phone on file, whoever came last first, for who works there:
-- where they are said by name, since names are sealed. Who logs in by themselves is none of them.
CREATE FUNCTION unphoned_residents(home uuid)
RETURNS TABLE (id uuid, name_sealed bytea, address_sealed bytea, since timestamptz, place_id uuid, place_name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  IF app_reaches(home, '{administrator,dispatcher,secretary,station_staff}') THEN
    RETURN QUERY
    SELECT p.id, p.name_sealed, p.address_sealed, g.starts_at, w.id, w.name
      FROM place_ancestor a JOIN place w ON w.id = a.place_id
      JOIN role_grant g ON g.place_id = a.place_id AND g.role = 'resident' AND g.ends_at IS NULL
      JOIN person p ON p.id = g.person_id
     WHERE a.ancestor_id = home AND p.phone_index IS NULL AND num_nonnulls(p.openid, p.login_name, p.disabled_at) = 0
     ORDER BY g.starts_at DESC, p.id DESC;
  END IF;
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION unphoned_residents(uuid) OWNER TO linli_checker;
ALTER FUNCTION told_person(uuid) OWNER TO linli_checker;
ALTER FUNCTION told_team(uuid) OWNER TO linli_checker;
ALTER FUNCTION papers_back(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION told_person(uuid), told_team(uuid), papers_back(uuid), unphoned_residents(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION told_person(uuid), told_team(uuid), papers_back(uuid), unphoned_residents(uuid)
  TO linli_app, linli_checker, linli_owner;
