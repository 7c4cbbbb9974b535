"""The subject of a verb that makes something at a place."""

PLACE = "SELECT p.id, p.id AS place_id FROM place p WHERE p.id = ($3::jsonb ->> 'place_id')::uuid"
"""The place that the inputs name, as `Verb.subject` wants it."""
