-- Every table. Its rows, columns and meanings are told in the rooms' models.py and in app/kernel/tables.py.

CREATE TABLE allowed_transition (
  kind TEXT NOT NULL, 
  from_state TEXT NOT NULL, 
  to_state TEXT NOT NULL, 
  PRIMARY KEY (kind, from_state, to_state)
);

CREATE TABLE clock_shift (
  one BOOLEAN NOT NULL, 
  seconds FLOAT NOT NULL, 
  PRIMARY KEY (one), 
  CONSTRAINT clock_shift_one_row CHECK (one)
);

CREATE TABLE heartbeat (
  name TEXT NOT NULL, 
  at TIMESTAMP WITH TIME ZONE NOT NULL, 
  PRIMARY KEY (name)
);

CREATE TABLE idempotency (
  actor_id UUID NOT NULL, 
  operation TEXT NOT NULL, 
  key TEXT NOT NULL, 
  fingerprint TEXT NOT NULL, 
  receipt JSONB NOT NULL, 
  created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  PRIMARY KEY (actor_id, operation, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

CREATE TABLE outbox (
  id UUID NOT NULL, 
  sort TEXT NOT NULL, 
  topic TEXT NOT NULL, 
  subject_kind TEXT NOT NULL, 
  subject_id UUID NOT NULL, 
  place_id UUID, 
  to_person UUID, 
  to_role TEXT, 
  payload JSONB NOT NULL, 
  created_by UUID NOT NULL, 
  created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  retry_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  attempts INTEGER NOT NULL, 
  failed_at TIMESTAMP WITH TIME ZONE, 
  last_error TEXT, 
  PRIMARY KEY (id), 
  CONSTRAINT outbox_sort CHECK (CASE sort WHEN 'notice' THEN num_nonnulls(to_person, to_role) = 1 WHEN 'event' THEN num_nonnulls(to_person, to_role) = 0 ELSE false END)
);
CREATE INDEX outbox_due ON outbox (sort, retry_at, id) WHERE failed_at IS NULL;
CREATE INDEX outbox_given_up ON outbox (failed_at) WHERE failed_at IS NOT NULL;

CREATE TABLE person (
  id UUID NOT NULL, 
  openid TEXT, 
  login_name TEXT, 
  password_hash TEXT, 
  name_sealed BYTEA, 
  phone_sealed BYTEA, 
  phone_index BYTEA, 
  address_sealed BYTEA, 
  disabled_at TIMESTAMP WITH TIME ZONE, 
  created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  version INTEGER NOT NULL, 
  PRIMARY KEY (id)
);
CREATE UNIQUE INDEX person_login_name ON person (login_name);
CREATE UNIQUE INDEX person_openid ON person (openid);
CREATE UNIQUE INDEX person_phone_index ON person (phone_index);

CREATE TABLE place (
  id UUID NOT NULL, 
  code TEXT COLLATE "C" NOT NULL, 
  parent_id UUID, 
  level TEXT NOT NULL, 
  name TEXT NOT NULL, 
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
  updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL, 
  PRIMARY KEY (id), 
  CONSTRAINT place_level_known CHECK (level IN ('province', 'city', 'district', 'street', 'community', 'estate', 'grid', 'microgrid', 'building', 'unit')), 
  CONSTRAINT place_only_provinces_are_roots CHECK ((parent_id IS NULL) = (level = 'province')), 
  CONSTRAINT place_not_its_own_parent CHECK (parent_id <> id), 
  CONSTRAINT place_code_length CHECK (length(code) BETWEEN 2 AND 32), 
  CONSTRAINT place_name_length CHECK (length(name) BETWEEN 1 AND 64), 
  CONSTRAINT place_parent_id_fkey FOREIGN KEY(parent_id) REFERENCES place (id)
);
CREATE UNIQUE INDEX place_code_key ON place (code);
CREATE INDEX place_parent_id_code_idx ON place (parent_id, code);

CREATE TABLE promised_state (
  kind TEXT NOT NULL, 
  state TEXT NOT NULL, 
  PRIMARY KEY (kind, state)
);

CREATE TABLE audit (
  subject_id UUID NOT NULL, 
  version INTEGER NOT NULL, 
  kind TEXT NOT NULL, 
  place_id UUID, 
  action TEXT NOT NULL, 
  actor_id UUID NOT NULL, 
  at TIMESTAMP WITH TIME ZONE NOT NULL, 
  note JSONB NOT NULL, 
  PRIMARY KEY (subject_id, version), 
  FOREIGN KEY(place_id) REFERENCES place (id)
);
CREATE INDEX audit_place ON audit (place_id, at);

CREATE TABLE deadline_policy (
  id UUID NOT NULL, 
  place_id UUID, 
  matter_kind TEXT NOT NULL, 
  deadline_kind TEXT NOT NULL, 
  version INTEGER NOT NULL, 
  calendar TEXT NOT NULL, 
  budget_seconds INTEGER NOT NULL, 
  percents INTEGER[] NOT NULL, 
  published_by UUID NOT NULL, 
  published_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  PRIMARY KEY (id), 
  CONSTRAINT deadline_policy_budget CHECK (budget_seconds BETWEEN 1 AND 31536000), 
  CONSTRAINT deadline_policy_miss CHECK (100 = ANY (percents)), 
  CONSTRAINT deadline_policy_calendar CHECK (calendar IN ('WALL')), 
  FOREIGN KEY(place_id) REFERENCES place (id)
);
CREATE UNIQUE INDEX deadline_policy_default ON deadline_policy (matter_kind, deadline_kind, version) WHERE place_id IS NULL;
CREATE UNIQUE INDEX deadline_policy_version ON deadline_policy (place_id, matter_kind, deadline_kind, version);

CREATE TABLE inbox_message (
  id UUID NOT NULL, 
  outbox_id UUID NOT NULL, 
  person_id UUID NOT NULL, 
  place_id UUID, 
  topic TEXT NOT NULL, 
  subject_kind TEXT NOT NULL, 
  subject_id UUID NOT NULL, 
  payload JSONB NOT NULL, 
  as_role TEXT, 
  nobody_in_post BOOLEAN NOT NULL, 
  created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  read_at TIMESTAMP WITH TIME ZONE, 
  version INTEGER NOT NULL, 
  delivery TEXT NOT NULL, 
  attempts INTEGER NOT NULL, 
  retry_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  PRIMARY KEY (id), 
  CONSTRAINT inbox_delivery_word CHECK (delivery IN ('none', 'due', 'sent', 'refused', 'failed')), 
  FOREIGN KEY(person_id) REFERENCES person (id)
);
CREATE INDEX inbox_delivery ON inbox_message (retry_at) WHERE delivery = 'due';
CREATE UNIQUE INDEX inbox_once ON inbox_message (outbox_id, person_id);
CREATE INDEX inbox_person ON inbox_message (person_id, created_at, id);

CREATE TABLE matter (
  id UUID NOT NULL, 
  kind TEXT NOT NULL, 
  place_id UUID NOT NULL, 
  state TEXT NOT NULL, 
  version INTEGER NOT NULL, 
  round INTEGER NOT NULL, 
  requester_id UUID NOT NULL, 
  beneficiary_id UUID NOT NULL, 
  assignee_id UUID, 
  holder_id UUID, 
  open_pool BOOLEAN NOT NULL, 
  moved_by UUID NOT NULL, 
  moved_in BIGINT NOT NULL, 
  created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  changed_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  PRIMARY KEY (id), 
  UNIQUE (id, place_id), 
  CONSTRAINT matter_served_by CHECK (state NOT IN ('accepted', 'in_service', 'delivered') OR assignee_id IS NOT NULL), 
  CONSTRAINT matter_not_own_server CHECK (assignee_id <> requester_id AND assignee_id <> beneficiary_id), 
  FOREIGN KEY(place_id) REFERENCES place (id), 
  FOREIGN KEY(requester_id) REFERENCES person (id), 
  FOREIGN KEY(beneficiary_id) REFERENCES person (id), 
  FOREIGN KEY(assignee_id) REFERENCES person (id), 
  FOREIGN KEY(holder_id) REFERENCES person (id)
);
CREATE INDEX matter_mine ON matter (requester_id, created_at, id);
CREATE INDEX matter_place ON matter (place_id, created_at, id);
CREATE INDEX matter_held ON matter (holder_id, created_at, id) WHERE holder_id IS NOT NULL;
CREATE INDEX matter_waiting ON matter (place_id, created_at, id) WHERE state IN ('submitted', 'offered');
CREATE INDEX matter_tasks ON matter (assignee_id, created_at, id) WHERE assignee_id IS NOT NULL;

CREATE TABLE place_ancestor (
  place_id UUID NOT NULL, 
  ancestor_id UUID NOT NULL, 
  depth SMALLINT NOT NULL, 
  PRIMARY KEY (place_id, ancestor_id), 
  CONSTRAINT place_ancestor_self_at_zero CHECK ((depth = 0) = (place_id = ancestor_id)), 
  CONSTRAINT place_ancestor_depth CHECK (depth BETWEEN 0 AND 9), 
  CONSTRAINT place_ancestor_place_id_fkey FOREIGN KEY(place_id) REFERENCES place (id)
);
CREATE INDEX place_ancestor_ancestor_id_place_id_idx ON place_ancestor (ancestor_id, place_id);

CREATE TABLE role_grant (
  id UUID NOT NULL, 
  person_id UUID NOT NULL, 
  place_id UUID NOT NULL, 
  role TEXT NOT NULL, 
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  ends_at TIMESTAMP WITH TIME ZONE, 
  granted_by UUID NOT NULL, 
  version INTEGER NOT NULL, 
  PRIMARY KEY (id), 
  CONSTRAINT role_grant_role CHECK (role IN ('resident', 'volunteer', 'station_staff', 'dispatcher', 'secretary', 'administrator')), 
  CONSTRAINT role_grant_period CHECK (ends_at >= starts_at), 
  FOREIGN KEY(person_id) REFERENCES person (id), 
  FOREIGN KEY(place_id) REFERENCES place (id)
);
CREATE UNIQUE INDEX role_grant_once ON role_grant (person_id, place_id, role) WHERE ends_at IS NULL;
CREATE UNIQUE INDEX role_grant_one_home ON role_grant (person_id) WHERE role = 'resident' AND ends_at IS NULL;
CREATE INDEX role_grant_person ON role_grant (person_id, place_id, role);
CREATE INDEX role_grant_place ON role_grant (place_id, role, starts_at, id);

CREATE TABLE service (
  id UUID NOT NULL, 
  place_id UUID NOT NULL, 
  name TEXT NOT NULL, 
  description TEXT NOT NULL, 
  published_by UUID NOT NULL, 
  created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  withdrawn_at TIMESTAMP WITH TIME ZONE, 
  version INTEGER NOT NULL, 
  PRIMARY KEY (id), 
  FOREIGN KEY(place_id) REFERENCES place (id), 
  FOREIGN KEY(published_by) REFERENCES person (id)
);
CREATE INDEX service_place ON service (place_id, created_at, id);

CREATE TABLE deadline (
  id UUID NOT NULL, 
  matter_id UUID NOT NULL, 
  place_id UUID NOT NULL, 
  kind TEXT NOT NULL, 
  round INTEGER NOT NULL, 
  policy_id UUID NOT NULL, 
  started_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  due_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  percents INTEGER[] NOT NULL, 
  times TIMESTAMP WITH TIME ZONE[] NOT NULL, 
  fired INTEGER NOT NULL, 
  stopped_at TIMESTAMP WITH TIME ZONE, 
  next_at TIMESTAMP WITH TIME ZONE GENERATED ALWAYS AS (CASE WHEN stopped_at IS NULL THEN times[fired + 1] END) STORED, 
  PRIMARY KEY (id), 
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id), 
  CONSTRAINT deadline_marks CHECK (cardinality(percents) = cardinality(times) AND fired BETWEEN 0 AND cardinality(times)), 
  CONSTRAINT deadline_due CHECK (due_at = times[array_position(percents, 100)] AND started_at < due_at), 
  FOREIGN KEY(policy_id) REFERENCES deadline_policy (id)
);
CREATE UNIQUE INDEX deadline_live ON deadline (matter_id, kind) WHERE stopped_at IS NULL;
CREATE INDEX deadline_matter ON deadline (matter_id);
CREATE INDEX deadline_next ON deadline (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE history (
  matter_id UUID NOT NULL, 
  version INTEGER NOT NULL, 
  place_id UUID NOT NULL, 
  action TEXT NOT NULL, 
  from_state TEXT, 
  to_state TEXT NOT NULL, 
  actor_id UUID NOT NULL, 
  through TEXT NOT NULL, 
  at TIMESTAMP WITH TIME ZONE NOT NULL, 
  note JSONB NOT NULL, 
  PRIMARY KEY (matter_id, version), 
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id)
);

CREATE TABLE order_contact (
  matter_id UUID NOT NULL, 
  place_id UUID NOT NULL, 
  name_sealed BYTEA NOT NULL, 
  phone_sealed BYTEA NOT NULL, 
  address_sealed BYTEA NOT NULL, 
  PRIMARY KEY (matter_id), 
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id)
);

CREATE TABLE order_detail (
  matter_id UUID NOT NULL, 
  place_id UUID NOT NULL, 
  service_id UUID NOT NULL, 
  note TEXT NOT NULL, 
  failures INTEGER NOT NULL, 
  wrong_codes INTEGER NOT NULL, 
  wrong_codes_since TIMESTAMP WITH TIME ZONE, 
  outcome TEXT, 
  cancel_reason TEXT, 
  PRIMARY KEY (matter_id), 
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id), 
  CONSTRAINT order_detail_counts CHECK (failures >= 0 AND wrong_codes >= 0), 
  FOREIGN KEY(service_id) REFERENCES service (id)
);

CREATE TABLE policy_effect (
  policy_id UUID NOT NULL, 
  percent INTEGER NOT NULL, 
  primitive TEXT NOT NULL, 
  target TEXT NOT NULL, 
  PRIMARY KEY (policy_id, percent, primitive, target), 
  FOREIGN KEY(policy_id) REFERENCES deadline_policy (id), 
  CONSTRAINT policy_effect_primitive CHECK (primitive IN ('notify', 'set_holder', 'open_pool', 'event') AND (primitive = 'open_pool') = (target = ''))
);

CREATE TABLE rating (
  matter_id UUID NOT NULL, 
  round INTEGER NOT NULL, 
  place_id UUID NOT NULL, 
  rater_id UUID NOT NULL, 
  solved TEXT NOT NULL, 
  stars INTEGER NOT NULL, 
  reason TEXT, 
  rated_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  PRIMARY KEY (matter_id, round), 
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id), 
  CONSTRAINT rating_values CHECK (solved IN ('yes', 'partly', 'no') AND stars BETWEEN 1 AND 5), 
  CONSTRAINT rating_reason_when_low CHECK (reason IS NOT NULL OR (stars > 2 AND solved <> 'no')), 
  FOREIGN KEY(rater_id) REFERENCES person (id)
);

CREATE TABLE mark (
  deadline_id UUID NOT NULL, 
  percent INTEGER NOT NULL, 
  matter_id UUID NOT NULL, 
  place_id UUID NOT NULL, 
  due_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  fired_at TIMESTAMP WITH TIME ZONE NOT NULL, 
  PRIMARY KEY (deadline_id, percent), 
  FOREIGN KEY(deadline_id) REFERENCES deadline (id), 
  FOREIGN KEY(matter_id, place_id) REFERENCES matter (id, place_id)
);
CREATE INDEX mark_matter ON mark (matter_id);
