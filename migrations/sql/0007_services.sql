-- What a team publishes (亮单): a service may ask for a skill and belong to a team; it rests, and is withdrawn for good.

ALTER TABLE service
  ADD COLUMN skill TEXT DEFAULT '' NOT NULL,
  ADD COLUMN form TEXT DEFAULT 'visit' NOT NULL,
  ADD COLUMN team_id UUID,
  ADD COLUMN paused_at TIMESTAMP WITH TIME ZONE,
  ADD COLUMN paused_until TIMESTAMP WITH TIME ZONE,
  ADD FOREIGN KEY(team_id) REFERENCES team (id),
  ADD CONSTRAINT service_form CHECK (form IN ('visit', 'errand', 'wish', 'service_day')),
  ADD CONSTRAINT service_pause CHECK (paused_until IS NULL OR paused_at IS NOT NULL AND paused_at < paused_until);
CREATE INDEX service_team ON service (team_id) WHERE team_id IS NOT NULL;

CREATE TRIGGER service_only_ends BEFORE UPDATE ON service
  FOR EACH ROW EXECUTE FUNCTION only_ends('withdrawn_at', 'paused_at', 'paused_until', 'version');
ALTER POLICY service_insert ON service WITH CHECK (
  published_by = app_actor() AND (app_reaches(place_id, '{administrator,secretary}') OR app_leads(team_id, place_id)));
ALTER POLICY service_update ON service
  USING (app_reaches(place_id, '{administrator,secretary}') OR app_leads(team_id, place_id))
  WITH CHECK (app_reaches(place_id, '{administrator,secretary}') OR app_leads(team_id, place_id));

-- How many orders of a service are not delivered yet; only a number, for whoever rests or withdraws it.
CREATE FUNCTION service_live_orders(service uuid) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT count(*) FROM matter m JOIN order_detail d ON d.matter_id = m.id
           WHERE m.state IN ('submitted', 'offered') AND m.kind = 'order' AND d.service_id = service)
       + (SELECT count(*) FROM matter m JOIN order_detail d ON d.matter_id = m.id
           WHERE m.state IN ('accepted', 'in_service') AND m.kind = 'order' AND d.service_id = service);
END $$;

-- The orders that somebody holds and, leaving, hands over: all of them; `through` a team, those of its services (of any member
-- when `person` is NULL); `losing` a role, those that no other role lets them serve. To oneself, to the lead of that team, and
-- to whoever looks after the order's place.
CREATE FUNCTION held_orders(person uuid, through uuid, losing uuid) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE
  at timestamptz := app_now();
  who uuid[] := CASE WHEN person IS NULL THEN ARRAY(SELECT x.person_id FROM team_member x WHERE x.team_id = through AND x.live)
                     ELSE ARRAY[person] END;
BEGIN
  PERFORM hold_volunteers(who);
  RETURN (
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'state', m.state, 'place_id', m.place_id,
                                                 'person_id', m.assignee_id) ORDER BY m.id), '[]')
      FROM matter m
     WHERE m.kind = 'order' AND m.state IN ('offered', 'accepted', 'in_service')
       AND m.assignee_id = ANY (who)
       AND (through IS NULL OR m.team_id = through OR EXISTS (SELECT 1 FROM order_detail d JOIN service s ON s.id = d.service_id
                                        WHERE d.matter_id = m.id AND s.team_id = through))
       AND (losing IS NULL OR NOT EXISTS (
              SELECT 1 FROM role_grant g JOIN place_ancestor a ON a.ancestor_id = g.place_id AND a.place_id = m.place_id
               WHERE g.person_id = m.assignee_id AND g.role = 'volunteer' AND g.id <> losing
                 AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at)))
       AND (person = app_actor() OR app_leads(through, m.place_id)
            OR app_reaches(m.place_id, '{administrator,dispatcher,secretary}')));
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION service_live_orders(uuid) OWNER TO linli_checker;
ALTER FUNCTION held_orders(uuid, uuid, uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION service_live_orders(uuid), held_orders(uuid, uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION service_live_orders(uuid), held_orders(uuid, uuid, uuid)
  TO linli_app, linli_worker, linli_checker, linli_owner;
