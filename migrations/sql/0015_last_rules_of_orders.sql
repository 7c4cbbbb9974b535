-- The last rules of orders (domain.md §3): what was done is shown by evidence, whoever was complained of does not come again,
-- the same team is asked first, and whoever stops being a volunteer – by their date too – hands back and leads no more.

-- What a service wants to be shown beside the words of what was done; nothing, unless it says so.
ALTER TABLE service
  ADD COLUMN evidence TEXT[] DEFAULT '{}' NOT NULL,
  ADD CONSTRAINT service_evidence CHECK (evidence <@ ARRAY['photo', 'receipt', 'checklist']);

CREATE TABLE order_evidence (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  round INTEGER NOT NULL,
  kind TEXT NOT NULL,
  text TEXT,
  sha256 TEXT,
  taken_at TIMESTAMP WITH TIME ZONE,
  given_by UUID NOT NULL,
  given_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT order_evidence_kind CHECK (kind IN ('photo', 'receipt', 'checklist')),
  CONSTRAINT order_evidence_shows CHECK (num_nonnulls(sha256, taken_at) = CASE kind WHEN 'checklist' THEN 0 ELSE 2 END
    AND (kind <> 'checklist' OR text IS NOT NULL)),
  CONSTRAINT order_evidence_sha256 CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  FOREIGN KEY(given_by) REFERENCES person (id)
);
CREATE INDEX order_evidence_matter ON order_evidence (matter_id, given_at);
CREATE TRIGGER evidence_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON order_evidence EXECUTE FUNCTION never_altered();

ALTER TABLE order_evidence ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY order_evidence_of_owner ON order_evidence TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY order_evidence_of_checker ON order_evidence FOR SELECT TO linli_checker USING (true);
CREATE POLICY order_evidence_of_worker ON order_evidence TO linli_worker USING (true) WITH CHECK (true);
-- Whoever it was done for, and who answers for the place; whoever gave it keeps it.
CREATE POLICY order_evidence_read ON order_evidence FOR SELECT TO linli_app USING (
  given_by = app_actor() OR (SELECT true FROM matter m WHERE m.id = matter_id AND (
     m.requester_id = app_actor()
     OR m.beneficiary_id = app_actor()
     OR app_reaches(m.place_id, '{administrator,dispatcher,secretary}'))));
CREATE POLICY order_evidence_insert ON order_evidence FOR INSERT TO linli_app WITH CHECK (
  given_by = app_actor() AND (SELECT true FROM matter m WHERE m.id = matter_id AND m.assignee_id = app_actor()));
GRANT SELECT, INSERT ON order_evidence TO linli_app;
GRANT SELECT ON order_evidence TO linli_worker, linli_checker;

-- The team that served the round before is asked first as well; what the staff took back is remembered as such.
ALTER TABLE order_detail
  ADD COLUMN preferred_team_id UUID,
  ADD FOREIGN KEY(preferred_team_id) REFERENCES team (id);
ALTER TABLE order_refusal DROP CONSTRAINT order_refusal_reason,
  ADD CONSTRAINT order_refusal_reason CHECK (
    reason IN ('declined', 'released', 'aborted', 'missed', 'complaint', 'taken_back'));

-- Did the resident complain of this person on this order? For the door: the answer is never shown to whom it is about.
CREATE FUNCTION complained_of(subject uuid, person uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN EXISTS (SELECT 1 FROM order_refusal r
                  WHERE r.matter_id = subject AND r.person_id = complained_of.person AND r.reason = 'complaint');
END $$;

-- A lead leads for as long as they volunteer where the team serves, whatever the row says; and so does a member belong.
CREATE FUNCTION team_lead(team uuid) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT t.lead_id FROM team t
           WHERE t.id = team_lead.team AND t.disbanded_at IS NULL AND person_holds(t.lead_id, t.place_id, 'volunteer'));
END $$;

-- The same, held until the end of the transaction: whoever asks has waited for who ends the role, and looks again. Volatile on
-- purpose.
CREATE FUNCTION hold_lead(team uuid) RETURNS uuid
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  PERFORM hold_volunteers(ARRAY(SELECT t.lead_id FROM team t WHERE t.id = hold_lead.team));
  RETURN team_lead(hold_lead.team);
END $$;

CREATE OR REPLACE FUNCTION leads(team uuid, person uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN coalesce(team_lead(leads.team) = person, false); END $$;

CREATE OR REPLACE FUNCTION app_leads(team uuid, place uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN EXISTS (SELECT 1 FROM team t JOIN place_ancestor a ON a.ancestor_id = t.place_id
                  WHERE t.id = app_leads.team AND t.lead_id = app_actor() AND t.disbanded_at IS NULL AND a.place_id = place
                    AND person_holds(t.lead_id, t.place_id, 'volunteer'));
END $$;

CREATE OR REPLACE FUNCTION app_team(team_id uuid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT CASE WHEN t.lead_id = m.person_id THEN 'lead' ELSE 'member' END
            FROM team t JOIN team_member m ON m.team_id = t.id
           WHERE t.id = app_team.team_id AND t.disbanded_at IS NULL AND m.person_id = app_actor() AND m.live
             AND person_holds(m.person_id, t.place_id, 'volunteer'));
END $$;

ALTER POLICY team_update ON team
  USING (app_leads(id, place_id) OR app_reaches(place_id, '{administrator,secretary}'));

-- Nobody joins a team that is being disbanded: of the two, one waits for the other and looks again.
UPDATE team_member m SET live = NULL, ended_at = greatest(t.disbanded_at, m.joined_at), ended_by = t.created_by
  FROM team t WHERE t.id = m.team_id AND t.disbanded_at IS NOT NULL AND m.live;
ALTER TABLE team ADD UNIQUE (id, led);
ALTER TABLE team_member ADD CONSTRAINT team_member_of_a_living_team
  FOREIGN KEY(team_id, live) REFERENCES team (id, led);

-- A role that ended by its date is noticed once.
ALTER TABLE role_grant ADD COLUMN handed_back_at TIMESTAMP WITH TIME ZONE;
CREATE INDEX role_grant_ending ON role_grant (ends_at, id)
  WHERE role = 'volunteer' AND ends_at IS NOT NULL AND handed_back_at IS NULL;
GRANT UPDATE ON role_grant TO linli_worker;
GRANT INSERT ON audit TO linli_worker;

-- As before, with the version at which each order was held; the worker may ask for anybody.
CREATE OR REPLACE FUNCTION held_orders(person uuid, through uuid, losing uuid) RETURNS jsonb
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
                                                 'person_id', m.assignee_id, 'version', m.version) ORDER BY m.id), '[]')
      FROM matter m
     WHERE m.kind = 'order' AND m.state IN ('offered', 'accepted', 'in_service')
       AND m.assignee_id = ANY (who)
       AND (through IS NULL OR m.team_id = through OR EXISTS (SELECT 1 FROM order_detail d JOIN service s ON s.id = d.service_id
                                        WHERE d.matter_id = m.id AND s.team_id = through))
       AND (losing IS NULL OR NOT EXISTS (
              SELECT 1 FROM role_grant g JOIN place_ancestor a ON a.ancestor_id = g.place_id AND a.place_id = m.place_id
               WHERE g.person_id = m.assignee_id AND g.role = 'volunteer' AND g.id <> losing
                 AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at)))
       AND (session_user = 'linli_worker' OR person = app_actor() OR app_leads(through, m.place_id)
            OR app_reaches(m.place_id, '{administrator,dispatcher,secretary}')));
END $$;

-- The teams that somebody leads and, losing this role, leads no more: no other role lets them volunteer there.
CREATE FUNCTION led_teams(person uuid, losing uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  RETURN (
    SELECT coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'place_id', t.place_id) ORDER BY t.id), '[]')
      FROM team t JOIN role_grant lost ON lost.id = losing AND lost.person_id = t.lead_id
      JOIN place_ancestor b ON b.place_id = t.place_id AND b.ancestor_id = lost.place_id
     WHERE t.lead_id = led_teams.person AND t.disbanded_at IS NULL
       AND NOT EXISTS (
              SELECT 1 FROM role_grant g JOIN place_ancestor a ON a.ancestor_id = g.place_id AND a.place_id = t.place_id
               WHERE g.person_id = t.lead_id AND g.role = 'volunteer' AND g.id <> losing
                 AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at))
       AND (session_user = 'linli_worker' OR app_reaches(lost.place_id, '{administrator,secretary}')));
END $$;

-- An authority and a place in a slot are ended by both sides, the team's lead and the staff; not by whoever may see that there
-- is an order.
DO $$
DECLARE concerned text := '(SELECT true FROM matter m WHERE m.id = matter_id AND ('
  'm.requester_id = app_actor()'
  ' OR m.beneficiary_id = app_actor()'
  ' OR m.assignee_id = app_actor()'
  ' OR (m.team_id IS NOT NULL AND app_team(m.team_id) = ''lead'')'
  ' OR app_reaches(m.place_id, ''{administrator,dispatcher,secretary}'')))';
BEGIN
  EXECUTE 'ALTER POLICY order_authority_update ON order_authority USING (' || concerned || ')';
  EXECUTE 'ALTER POLICY slot_booking_update ON slot_booking USING (' || concerned || ') WITH CHECK (live IS NULL)';
END $$;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION complained_of(uuid, uuid) OWNER TO linli_checker;
ALTER FUNCTION led_teams(uuid, uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION complained_of(uuid, uuid), team_lead(uuid), hold_lead(uuid), led_teams(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION complained_of(uuid, uuid), team_lead(uuid), hold_lead(uuid), led_teams(uuid, uuid)
  TO linli_app, linli_worker, linli_checker, linli_owner;
