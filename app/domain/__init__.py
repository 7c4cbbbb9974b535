"""The rooms. A room never imports its neighbour; it may call the `service` of a room below it (see pyproject's contract)."""
