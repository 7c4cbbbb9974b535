-- What becomes of an order when the consent ends under which it was placed, as in 0056; also what waits there for whoever goes on
-- with it: a question, and a time that the other side proposed.
CREATE OR REPLACE FUNCTION contact_on_file(subject uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT jsonb_build_object(
            'own_phone', c.phone_index IS NOT DISTINCT FROM p.phone_index, 'name_sealed', p.name_sealed,
            'phone_sealed', p.phone_sealed, 'phone_index', p.phone_index,
            'address_sealed', CASE WHEN person_lives(p.id, m.place_id) THEN p.address_sealed END,
            'changed_by', (SELECT h.actor_id FROM history h WHERE h.matter_id = m.id AND h.action = 'change_contact'
                            ORDER BY h.version DESC LIMIT 1),
            'authority_of', (SELECT y.given_by FROM order_authority y WHERE y.matter_id = m.id AND y.ended_at IS NULL),
            'question', EXISTS (SELECT 1 FROM order_post q WHERE q.matter_id = m.id AND q.kind = 'question'
                                   AND NOT EXISTS (SELECT 1 FROM order_post a WHERE a.answers = q.id)),
            'proposal', EXISTS (SELECT 1 FROM appointment a WHERE a.matter_id = m.id AND NOT a.by_resident
                                   AND a.confirmed_at IS NULL AND a.ended_at IS NULL AND a.meet_at > app_now()))
            FROM matter m JOIN person p ON p.id = m.beneficiary_id JOIN order_contact c ON c.matter_id = m.id
           WHERE m.id = subject);
END $$;
