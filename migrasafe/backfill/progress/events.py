"""What a worker says while it works: one event a line, as words for people or as JSON for machines."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

from migrasafe.backfill.model import Reason
from migrasafe.quantities import say_seconds


class Event(Struct, frozen=True, kw_only=True):
    """Something that happened. `text` is the whole sentence; `fields` are its numbers and names."""

    kind: str
    """A short name for machines: `started`, `progress`, `waiting`, `retry`, `dead-row`, `reconnected`, `done` …"""
    job: str
    text: str
    fields: Mapping[str, object] = {}
    is_trouble: bool = False


Emit = Callable[[Event], None]


def as_text(event: Event, at: datetime.datetime) -> str:
    """`14:03:22 orders.total: 120,000 rows …`"""
    return f"{at:%H:%M:%S} {event.job}: {event.text}"


def as_json(event: Event, at: datetime.datetime) -> str:
    """One line of JSON: at, level, event, job, message, and the fields."""
    line = {
        "at": at.astimezone(datetime.UTC).isoformat(timespec="milliseconds"),
        "level": "warning" if event.is_trouble else "info",
        "event": event.kind,
        "job": event.job,
        "message": event.text,
        **event.fields,
    }
    return msgspec.json.encode(line).decode()


def waiting(job: str, reasons: tuple[Reason, ...], next_look_seconds: float) -> Event:
    """Why nothing is changed now, and until when."""
    stopping = [reason for reason in reasons if reason.stops] or list(reasons)
    said = "; ".join(f"{reason.text}, {reason.until}" if reason.until else reason.text for reason in stopping)
    return Event(
        kind="waiting",
        job=job,
        text=f"waiting: {said or 'the throttle holds the next batch'}; next look in {say_seconds(next_look_seconds)}",
        fields={"reasons": msgspec.to_builtins(reasons)},
    )
