-- Orders complete (domain.md §3): offers to teams, the matcher, who is not asked again, and the ways in which an order ends or
-- begins once more.

ALTER TABLE matter ADD COLUMN team_id UUID;
ALTER TABLE matter ADD FOREIGN KEY(team_id) REFERENCES team (id);
CREATE INDEX matter_team ON matter (team_id, created_at, id) WHERE team_id IS NOT NULL;

ALTER TABLE order_detail
  ADD COLUMN reject_reason TEXT,
  ADD COLUMN other_help TEXT,
  ADD COLUMN preferred_id UUID,
  ADD FOREIGN KEY(preferred_id) REFERENCES person (id);

CREATE TABLE order_refusal (
  id UUID NOT NULL,
  matter_id UUID NOT NULL,
  place_id UUID NOT NULL,
  round INTEGER NOT NULL,
  person_id UUID NOT NULL,
  team_id UUID,
  reason TEXT NOT NULL,
  text TEXT,
  refused_by UUID NOT NULL,
  refused_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT order_refusal_reason CHECK (reason IN ('declined', 'released', 'aborted', 'missed', 'complaint')),
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id),
  FOREIGN KEY(person_id) REFERENCES person (id),
  FOREIGN KEY(team_id) REFERENCES team (id)
);
CREATE INDEX order_refusal_matter ON order_refusal (matter_id);
CREATE TRIGGER refusal_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON order_refusal EXECUTE FUNCTION never_altered();

-- What the actor is in a team that lives: 'lead', 'member', or nothing.
CREATE FUNCTION app_team(team_id uuid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT CASE WHEN t.lead_id = m.person_id THEN 'lead' ELSE 'member' END
            FROM team t JOIN team_member m ON m.team_id = t.id
           WHERE t.id = app_team.team_id AND t.disbanded_at IS NULL AND m.person_id = app_actor() AND m.live);
END $$;

-- How many a day is the volunteer's to say; the bound is there against slips of the pen.
ALTER TABLE volunteer_profile DROP CONSTRAINT volunteer_profile_capacity,
  ADD CONSTRAINT volunteer_profile_capacity CHECK (daily_capacity BETWEEN 1 AND 1000);

-- Who sees a matter: members of the team that it was offered to as well.
ALTER POLICY matter_read ON matter USING (
  (kind = 'order' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR assignee_id = app_actor()
     OR (team_id IS NOT NULL AND app_team(team_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,dispatcher,secretary}')
     OR (open_pool AND app_reaches(place_id, '{volunteer}'))))
  OR (moved_by = app_actor() AND moved_in = app_transaction()));
ALTER POLICY matter_update ON matter USING (
  (kind = 'order' AND (
     requester_id = app_actor()
     OR beneficiary_id = app_actor()
     OR assignee_id = app_actor()
     OR (team_id IS NOT NULL AND app_team(team_id) IS NOT NULL)
     OR app_reaches(place_id, '{administrator,dispatcher,secretary}')
     OR (open_pool AND app_reaches(place_id, '{volunteer}')))));

CREATE OR REPLACE FUNCTION app_sees(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT ((matter.kind = 'order' AND (
     matter.requester_id = app_actor()
     OR matter.beneficiary_id = app_actor()
     OR matter.assignee_id = app_actor()
     OR (matter.team_id IS NOT NULL AND app_team(matter.team_id) IS NOT NULL)
     OR app_reaches(matter.place_id, '{administrator,dispatcher,secretary}')
     OR (matter.open_pool AND app_reaches(matter.place_id, '{volunteer}'))))
  OR (matter.moved_by = app_actor() AND matter.moved_in = app_transaction())) IS TRUE FROM matter WHERE matter.id = subject);
END $$;

CREATE OR REPLACE FUNCTION app_sees_detail(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT (matter.kind = 'order' AND (
     matter.requester_id = app_actor()
     OR matter.beneficiary_id = app_actor()
     OR matter.assignee_id = app_actor()
     OR (matter.team_id IS NOT NULL AND app_team(matter.team_id) = 'lead')
     OR (matter.state IN ('offered') AND (matter.team_id IS NOT NULL AND app_team(matter.team_id) IS NOT NULL))
     OR app_reaches(matter.place_id, '{administrator,dispatcher,secretary}')
     OR (matter.state IN ('offered', 'submitted') AND (matter.open_pool AND app_reaches(matter.place_id, '{volunteer}')))))
  OR (matter.moved_by = app_actor() AND matter.moved_in = app_transaction()) FROM matter WHERE matter.id = subject);
END $$;

-- Who said no is for those who dispatch, and for themselves; who was complained of is not for the latter.
ALTER TABLE order_refusal ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY order_refusal_of_owner ON order_refusal TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY order_refusal_of_checker ON order_refusal FOR SELECT TO linli_checker USING (true);
CREATE POLICY order_refusal_of_worker ON order_refusal TO linli_worker USING (true) WITH CHECK (true);
CREATE POLICY order_refusal_read ON order_refusal FOR SELECT TO linli_app USING (
  person_id = app_actor() AND reason <> 'complaint' OR app_reaches(place_id, '{administrator,dispatcher,secretary}'));
CREATE POLICY order_refusal_insert ON order_refusal FOR INSERT TO linli_app WITH CHECK (
  refused_by = app_actor() AND app_sees(matter_id) IS NOT FALSE);
GRANT SELECT, INSERT ON order_refusal TO linli_app, linli_worker;
GRANT SELECT ON order_refusal TO linli_checker;

GRANT CREATE ON SCHEMA public TO linli_checker;
ALTER FUNCTION app_team(uuid) OWNER TO linli_checker;
REVOKE CREATE ON SCHEMA public FROM linli_checker;
REVOKE ALL ON FUNCTION app_team(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app_team(uuid) TO linli_app, linli_worker, linli_checker, linli_owner;

-- The rules as data, generated from the lifecycle.
INSERT INTO allowed_transition (kind, from_state, to_state) VALUES
  ('order', 'in_service', 'submitted'),
  ('order', 'in_service', 'cancelled'),
  ('order', 'delivered', 'submitted'),
  ('order', 'rated', 'submitted'),
  ('order', 'submitted', 'rejected'),
  ('order', 'submitted', 'converted'),
  ('order', 'offered', 'converted'),
  ('order', 'accepted', 'converted');

-- The matcher's turn (domain.md §3, ours): nobody dispatched within three minutes of duty.
INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, version, calendar, budget_seconds, percents,
                             published_by, published_at)
VALUES ('00000000-0000-7000-8000-000000000401', NULL, 'order', 'dispatch', 1, 'DUTY', 180, '{100}',
        '00000000-0000-0000-0000-000000000000', '2026-01-01T00:00:00+08:00');
INSERT INTO policy_effect (policy_id, percent, primitive, target)
VALUES ('00000000-0000-7000-8000-000000000401', 100, 'event', 'order.match');
