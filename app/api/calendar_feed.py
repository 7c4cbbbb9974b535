"""Confirmed appointments as iCalendar (RFC 5545), for the calendar on a phone. No phone, no address, no note stands in it."""

from collections.abc import Iterable

from icalendar import Calendar, Event
from sqlalchemy import RowMapping
from starlette.responses import Response

from app.kernel.time import CHINA


class Feed(Response):
    """An answer that is a calendar."""

    media_type = "text/calendar"


def feed(appointments: Iterable[RowMapping]) -> bytes:
    """One event an appointment. Its UID stays when it is moved, and SEQUENCE says how often it has changed; one that was called
    off, or that the reader lost with the order, is CANCELLED, and one that was served stands where it was. To a slot of a service
    day the resident goes."""
    calendar = Calendar()
    calendar.add("prodid", "-//Linli//Linli//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "邻里约定")
    calendar.add("x-wr-timezone", CHINA.key)
    for row in appointments:
        event = Event()
        event.add("uid", f"{row['id']}@linli")
        event.add("dtstamp", row["changed_at"])
        event.add("last-modified", row["changed_at"])
        event.add("sequence", row["moves"] + row["assigned"] + row["cancelled"] + row["followed"])
        event.add("dtstart", row["begins_at"].astimezone(CHINA))
        if row["ends_at"] is not None:
            event.add("dtend", row["ends_at"].astimezone(CHINA))
        event.add("summary", f"{row['service_name']}:{_what(row)}")
        event.add("location", row["day"] or row["place_name"])
        event.add("description", f"订单 {row['order_id']}")
        event.add("status", "CANCELLED" if row["cancelled"] else "CONFIRMED")
        calendar.add_component(event)
    calendar.add_missing_timezones()
    written: bytes = calendar.to_ical()
    return written


def _what(row: RowMapping) -> str:
    if row["day"] is not None:
        return "在现场服务" if row["serves"] else "请到现场"
    return "上门服务" if row["serves"] else "志愿者上门"
