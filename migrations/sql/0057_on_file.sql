-- Whom a representation is about, as they are on file: who has the phone, or is the one with the id, that was named. For themselves
-- once they are in it, and for the staff where they live, who have to verify; never for who asks to represent them.
CREATE FUNCTION named_on_file(representation uuid) RETURNS TABLE (person_id uuid, name_sealed bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN QUERY
  SELECT p.id, p.name_sealed
    FROM representation r JOIN person p ON p.id = CASE
           WHEN r.beneficiary_id IS NOT NULL THEN r.beneficiary_id
           WHEN r.ended_at IS NULL THEN find_person(r.named_id, r.phone_index) END
   WHERE r.id = representation AND r.representative_id <> app_actor()
     AND (r.beneficiary_id = app_actor()
          OR (app_reaches(r.place_id, '{administrator,dispatcher,secretary,station_staff}')
              AND EXISTS (SELECT 1 FROM role_grant g WHERE g.person_id = p.id AND g.role = 'resident' AND g.ends_at IS NULL
                             AND app_reaches(g.place_id, '{administrator,dispatcher,secretary,station_staff}'))));
END $$;

-- Confirmed appointments of the actor's that others have by now, or nobody: the order was given back, taken from them, broken off,
-- missed, or handed to another member of their team. They see it no more; this is what their calendar knows of it already, and
-- when they lost it. They took it themselves, or were told that it is theirs; they had it until it came back, or was assigned.
-- What they served stays where it was. `assigned`: how often the order had changed hands within the team before.
CREATE FUNCTION lost_appointments(since timestamptz)
RETURNS TABLE (id uuid, moves bigint, begins_at timestamptz, order_id uuid, service_name text, place_name text, day text,
               followed integer, assigned bigint, changed_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN QUERY
  WITH took AS (
    SELECT h.matter_id, h.version FROM history h
     WHERE h.actor_id = app_actor() AND h.action IN ('accept', 'claim', 'claim_wish')
    UNION
    SELECT h.matter_id, h.version FROM inbox_message i
      JOIN history h ON h.matter_id = i.subject_id AND h.at = i.created_at AND h.action IN ('assign', 'book')
     WHERE i.person_id = app_actor() AND i.topic IN ('order.assigned', 'order.booked')),
  lost AS (
    SELECT t.matter_id, l.at, l.version FROM took t CROSS JOIN LATERAL (
      SELECT h.at, h.version FROM history h WHERE h.matter_id = t.matter_id AND h.version > t.version
         AND (h.action = 'assign' OR h.to_state NOT IN ('accepted', 'in_service'))
       ORDER BY h.version LIMIT 1) l
     WHERE l.at > since)
  SELECT DISTINCT ON (a.id) a.id, a.moves, coalesce(b.at, a.meet_at), m.id, s.name, p.name,
         (SELECT concat_ws(' ', coalesce(w.name, ''), d.spot) FROM slot_booking k
            LEFT JOIN service_day d ON d.id = k.day_id LEFT JOIN place w ON w.id = d.place_id
           WHERE k.matter_id = m.id AND k.booked_at = a.proposed_at),
         num_nonnulls(b.at),
         (SELECT count(*) FROM history h WHERE h.matter_id = m.id AND h.action = 'assign' AND h.version < l.version), l.at
    FROM lost l JOIN matter m ON m.id = l.matter_id AND m.kind = 'order'
    JOIN order_detail o ON o.matter_id = m.id JOIN service s ON s.id = o.service_id JOIN place p ON p.id = m.place_id
   CROSS JOIN LATERAL (
         SELECT DISTINCT ON (1) coalesce(c.first_id, c.id) AS id, c.meet_at, c.proposed_at, c.confirmed_at, c.ended_at,
                count(*) OVER (PARTITION BY coalesce(c.first_id, c.id)) - 1 AS moves
           FROM appointment c WHERE c.matter_id = m.id AND c.confirmed_at <= l.at ORDER BY 1, c.confirmed_at DESC) a
   CROSS JOIN LATERAL (SELECT min(h.at) AS at FROM history h WHERE h.matter_id = m.id AND h.to_state = 'in_service'
                          AND h.at >= a.confirmed_at AND h.at <= l.at) b
   WHERE m.assignee_id IS DISTINCT FROM app_actor() AND app_actor() NOT IN (m.requester_id, m.beneficiary_id)
     AND (a.ended_at IS NULL OR a.ended_at >= l.at) AND NOT EXISTS (SELECT 1 FROM history h WHERE h.matter_id = m.id AND h.action = 'deliver' AND h.at >= a.confirmed_at
                                  AND h.at <= l.at)
   ORDER BY a.id, l.at DESC;
END $$;
CREATE INDEX history_taken ON history (actor_id) INCLUDE (matter_id, version) WHERE action IN ('accept', 'claim', 'claim_wish');

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION named_on_file(uuid) OWNER TO linli_checker;
ALTER FUNCTION lost_appointments(timestamptz) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION named_on_file(uuid), lost_appointments(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION named_on_file(uuid), lost_appointments(timestamptz) TO linli_app, linli_worker, linli_checker, linli_owner;
