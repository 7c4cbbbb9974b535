-- What the tables alone cannot promise: the clock, the context, the legal moves, the living deadline, the untouched past.
-- Functions that look past row-level security belong to linli_checker, are few, and pin their search path. The others run
-- with the caller's, in which temporary tables come first: they name the schema of each table.

CREATE FUNCTION app_actor() RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('app.actor', true), '')::uuid $$;

-- The one clock of promises. Volatile on purpose: read after a lock, it is the time after the lock. Its path is pinned
-- for speed too: called now under one path and now under another, it would be planned anew each time.
CREATE FUNCTION app_now() RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN clock_timestamp() + make_interval(secs => (SELECT seconds FROM clock_shift)); END $$;

-- The running transaction's id, without asking for one (a read has none).
CREATE FUNCTION app_transaction() RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT pg_current_xact_id_if_assigned()::text::bigint $$;

-- Does the actor hold one of these roles, live, at this place or above it? A role reaches its subtree, never a sibling.
CREATE FUNCTION app_reaches(place uuid, wanted text[]) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now(); actor uuid := app_actor();
BEGIN
  RETURN EXISTS (SELECT 1 FROM place_ancestor a JOIN role_grant g ON g.place_id = a.ancestor_id
                  WHERE a.place_id = place AND g.person_id = actor AND g.role = ANY (wanted)
                    AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at));
END $$;

-- Does the actor hold one of these roles anywhere?
CREATE FUNCTION app_holds(wanted text[]) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  RETURN EXISTS (SELECT 1 FROM role_grant g WHERE g.person_id = app_actor() AND g.role = ANY (wanted)
                    AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at));
END $$;

-- Is the actor an administrator at the top of a tree? Only such a one changes the tree itself.
CREATE FUNCTION app_administers_tree() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  RETURN EXISTS (SELECT 1 FROM role_grant g JOIN place p ON p.id = g.place_id
                  WHERE g.person_id = app_actor() AND g.role = 'administrator' AND p.parent_id IS NULL
                    AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at));
END $$;

-- Does somebody hold a role at this place or above it? Asked before work is offered to them.
CREATE FUNCTION person_holds(person uuid, place uuid, wanted text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  RETURN EXISTS (SELECT 1 FROM place_ancestor a JOIN role_grant g ON g.place_id = a.ancestor_id
                   JOIN person p ON p.id = g.person_id
                  WHERE a.place_id = place AND g.person_id = person AND g.role = wanted AND p.disabled_at IS NULL
                    AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at));
END $$;

-- Who must be told: the holders of the role at the nearest place upward; where nobody holds it, the administrators, marked.
CREATE FUNCTION holders_of(place uuid, wanted text)
RETURNS TABLE (person_id uuid, nobody_in_post boolean, ordinal bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  RETURN QUERY
  WITH live AS (
    SELECT g.person_id AS holder, g.role <> wanted AS stands_in, a.depth, g.starts_at, g.id
      FROM place_ancestor a JOIN role_grant g ON g.place_id = a.ancestor_id JOIN person p ON p.id = g.person_id
     WHERE a.place_id = place AND g.role IN (wanted, 'administrator') AND p.disabled_at IS NULL
       AND g.starts_at <= at AND (g.ends_at IS NULL OR g.ends_at > at)),
  nearest AS (SELECT * FROM live ORDER BY stands_in, depth LIMIT 1)
  SELECT l.holder, l.stands_in, row_number() OVER (ORDER BY l.starts_at, l.id)
    FROM live l JOIN nearest n ON n.stands_in = l.stands_in AND n.depth = l.depth;
END $$;

-- May this person act by this log-in? The system itself always may; it does not come through a log-in.
CREATE FUNCTION app_signed_in(person uuid, log_in uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN log_in = '00000000-0000-0000-0000-000000000000' AND person = log_in
      OR EXISTS (SELECT 1 FROM session s JOIN person p ON p.id = s.person_id
                  WHERE s.family = log_in AND s.person_id = person AND s.revoked_at IS NULL AND p.disabled_at IS NULL);
END $$;

-- Does the actor administer every place where this person holds a role? Only then may they touch the person's account.
CREATE FUNCTION app_administers(person uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE at timestamptz := app_now();
BEGIN
  RETURN EXISTS (SELECT 1 FROM role_grant g WHERE g.person_id = person AND (g.ends_at IS NULL OR g.ends_at > at))
     AND NOT EXISTS (SELECT 1 FROM role_grant g WHERE g.person_id = person AND (g.ends_at IS NULL OR g.ends_at > at)
                        AND NOT app_reaches(g.place_id, '{administrator}'));
END $$;

-- The id of a person who exists and may act, by id or by the blind index of the phone; asked before a role is granted.
CREATE FUNCTION find_person(wanted uuid, phone bytea) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  RETURN (SELECT p.id FROM person p WHERE (p.id = wanted OR p.phone_index = phone) AND p.disabled_at IS NULL LIMIT 1);
END $$;

-- Is there no such matter yet, for anybody? Stable: it sees what the statement saw at its start, so the matter that a
-- statement inserts beside its children is new, and a neighbour's is not.
CREATE FUNCTION matter_is_new(subject uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN NOT EXISTS (SELECT 1 FROM matter m WHERE m.id = subject); END $$;

-- How many rows of the outbox gave up; readiness names them.
CREATE FUNCTION outbox_parked() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$ BEGIN RETURN (SELECT count(*) FROM outbox WHERE failed_at IS NOT NULL); END $$;

-- A new password, or being disabled, ends every log-in.
CREATE FUNCTION person_leaves() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
BEGIN
  UPDATE session SET revoked_at = clock_timestamp() WHERE person_id = NEW.id AND revoked_at IS NULL;
  RETURN NULL;
END $$;

CREATE TRIGGER person_leaves AFTER UPDATE ON person FOR EACH ROW
  WHEN (OLD.password_hash IS DISTINCT FROM NEW.password_hash OR (OLD.disabled_at IS NULL AND NEW.disabled_at IS NOT NULL))
  EXECUTE FUNCTION person_leaves();

-- A resident lives in a community: a wider home would reach over all communities below it.
CREATE FUNCTION home_is_a_community() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  PERFORM 1 FROM public.place p WHERE p.id = NEW.place_id AND p.level = 'community';
  IF NOT FOUND THEN
    RAISE EXCEPTION 'role_grant %: a home is a community', NEW.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER home_is_a_community BEFORE INSERT OR UPDATE ON role_grant FOR EACH ROW
  WHEN (NEW.role = 'resident') EXECUTE FUNCTION home_is_a_community();

-- matter: only legal moves, every change counted, who moved it and in which transaction (so that a verb may end its own
-- actor's access, and no longer).
CREATE FUNCTION matter_moves() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.version := 1;
  ELSE
    IF (NEW.id, NEW.kind, NEW.place_id, NEW.requester_id, NEW.beneficiary_id, NEW.created_at)
       IS DISTINCT FROM (OLD.id, OLD.kind, OLD.place_id, OLD.requester_id, OLD.beneficiary_id, OLD.created_at) THEN
      RAISE EXCEPTION 'matter %: its identity cannot change', OLD.id USING ERRCODE = '23514';
    END IF;
    NEW.version := OLD.version + 1;
  END IF;
  NEW.moved_by := coalesce(app_actor(), '00000000-0000-0000-0000-000000000000');
  NEW.moved_in := pg_current_xact_id()::text::bigint;
  IF TG_OP = 'INSERT' OR NEW.state IS DISTINCT FROM OLD.state THEN
    PERFORM 1 FROM public.allowed_transition t
      WHERE t.kind = NEW.kind AND t.from_state = CASE TG_OP WHEN 'INSERT' THEN '' ELSE OLD.state END
        AND t.to_state = NEW.state;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'matter %: no such move to %', NEW.id, NEW.state USING ERRCODE = '23514';
    END IF;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER matter_moves BEFORE INSERT OR UPDATE ON matter FOR EACH ROW EXECUTE FUNCTION matter_moves();

-- At commit a matter in a promised state has a live deadline. Deferred, since one statement may stop one and start another.
CREATE FUNCTION matter_has_deadline() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS
$$
DECLARE subject uuid;
BEGIN
  IF TG_TABLE_NAME = 'matter' THEN subject := NEW.id; ELSE subject := NEW.matter_id; END IF;
  IF EXISTS (SELECT 1 FROM matter m JOIN promised_state p ON p.kind = m.kind AND p.state = m.state WHERE m.id = subject)
     AND NOT EXISTS (SELECT 1 FROM deadline d WHERE d.matter_id = subject AND d.stopped_at IS NULL) THEN
    RAISE EXCEPTION 'matter %: no live deadline', subject USING ERRCODE = '23514';
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER matter_has_deadline AFTER INSERT ON matter
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION matter_has_deadline();
CREATE CONSTRAINT TRIGGER matter_keeps_deadline AFTER UPDATE ON matter
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
  EXECUTE FUNCTION matter_has_deadline();
CREATE CONSTRAINT TRIGGER deadline_leaves_one AFTER UPDATE ON deadline
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.stopped_at IS NULL AND NEW.stopped_at IS NOT NULL)
  EXECUTE FUNCTION matter_has_deadline();

-- A deadline is pinned when it starts, runs forward only, and stops once.
CREATE FUNCTION deadline_runs_forward() RETURNS trigger LANGUAGE plpgsql AS
$$
BEGIN
  IF OLD.stopped_at IS NOT NULL OR NEW.fired < OLD.fired
     OR (NEW.id, NEW.matter_id, NEW.place_id, NEW.kind, NEW.round, NEW.policy_id, NEW.started_at, NEW.due_at, NEW.percents,
         NEW.times)
        IS DISTINCT FROM
        (OLD.id, OLD.matter_id, OLD.place_id, OLD.kind, OLD.round, OLD.policy_id, OLD.started_at, OLD.due_at, OLD.percents,
         OLD.times) THEN
    RAISE EXCEPTION 'deadline %: it cannot be altered', OLD.id USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER deadline_runs_forward BEFORE UPDATE ON deadline FOR EACH ROW EXECUTE FUNCTION deadline_runs_forward();

-- The past is only added to.
CREATE FUNCTION never_altered() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is never altered', TG_TABLE_NAME USING ERRCODE = '23514'; END $$;

CREATE TRIGGER history_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON history EXECUTE FUNCTION never_altered();
CREATE TRIGGER audit_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON audit EXECUTE FUNCTION never_altered();
CREATE TRIGGER mark_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON mark EXECUTE FUNCTION never_altered();
CREATE TRIGGER rating_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON rating EXECUTE FUNCTION never_altered();
CREATE TRIGGER policy_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON deadline_policy EXECUTE FUNCTION never_altered();
CREATE TRIGGER effect_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_effect EXECUTE FUNCTION never_altered();

INSERT INTO clock_shift VALUES (true, 0);
