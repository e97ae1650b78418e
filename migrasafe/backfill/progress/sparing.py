"""A log for people does not name a hundred rows that fail alike; the events in the database, and JSON, have them all."""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from migrasafe.backfill.progress.events import Emit, Event

NAMED = 5
_OF_ROWS = frozenset({"bad-row", "dead-row"})


def sparing(emit: Emit) -> Emit:
    """Hands on what it is told; of the rows that cannot be changed for one reason, only the first few."""
    seen: Counter[object] = Counter()

    def told(event: Event) -> None:
        if event.kind not in _OF_ROWS:
            emit(event)
            return
        why = event.fields.get("sqlstate")
        if event.kind == "dead-row":
            seen[why] += 1
        if seen[why] > NAMED or (seen[why] == NAMED and event.kind == "bad-row"):
            return
        emit(event)
        if seen[why] == NAMED:
            text = f"further rows with SQLSTATE {why} are set aside without a line here; `migrasafe backfill status` counts them"
            emit(replace(event, kind="dead-rows", text=text, fields={"sqlstate": why}))

    return told
