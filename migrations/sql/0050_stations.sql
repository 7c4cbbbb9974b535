-- Where the station of a place is and what its number is: whoever has no app, or is told to ask the community, has somebody to ring.

CREATE TABLE station (
  id UUID NOT NULL,
  place_id UUID NOT NULL,
  version INTEGER NOT NULL,
  phone TEXT NOT NULL,
  address TEXT NOT NULL,
  set_by UUID NOT NULL,
  set_at TIMESTAMP WITH TIME ZONE NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT station_version CHECK (version > 0),
  FOREIGN KEY(place_id) REFERENCES place (id),
  FOREIGN KEY(set_by) REFERENCES person (id)
);
CREATE UNIQUE INDEX station_of_place ON station (place_id, version);
CREATE TRIGGER station_never_altered BEFORE UPDATE OR DELETE OR TRUNCATE ON station EXECUTE FUNCTION never_altered();

GRANT SELECT, INSERT ON station TO linli_app;
GRANT SELECT ON station TO linli_worker, linli_checker;
ALTER TABLE station ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY station_of_owner ON station TO linli_owner USING (true) WITH CHECK (true);
CREATE POLICY station_of_checker ON station FOR SELECT TO linli_checker USING (true);
CREATE POLICY station_of_worker ON station TO linli_worker USING (true) WITH CHECK (true);
-- It hangs on the door; whoever answers for the place says it.
CREATE POLICY station_read ON station FOR SELECT TO linli_app USING (true);
CREATE POLICY station_insert ON station FOR INSERT TO linli_app WITH CHECK (
  set_by = app_actor() AND app_reaches(place_id, '{administrator,secretary}'));
