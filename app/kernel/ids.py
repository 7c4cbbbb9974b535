"""Identifiers are made in the application, so that any PostgreSQL-compatible server will do."""

import uuid

import uuid_utils

NOBODY = uuid.UUID(int=0)
"""The system itself as an actor: sweep, relay and reactions."""


def new_id() -> uuid.UUID:
    """A UUIDv7: ordered by time of making, so indexes grow at one end."""
    return uuid.UUID(int=uuid_utils.uuid7().int)
