"""A log for people names the first rows that cannot be changed, not all of them."""

from __future__ import annotations

from migrasafe.backfill.progress.events import Event
from migrasafe.backfill.progress.sparing import NAMED, sparing


def _event(kind: str, sqlstate: str = "23514") -> Event:
    return Event(kind=kind, job="t.n", text=kind, fields={"sqlstate": sqlstate}, is_trouble=True)


def test_the_first_rows_of_each_reason_are_named_and_the_rest_is_said_once() -> None:
    told: list[Event] = []
    log = sparing(told.append)
    for _ in range(100):
        log(_event("bad-row"))
        log(_event("dead-row"))
    log(_event("dead-row", "22012"))
    log(_event("done"))
    assert [one.kind for one in told] == [*["bad-row", "dead-row"] * NAMED, "dead-rows", "dead-row", "done"]
    assert "SQLSTATE 23514" in told[2 * NAMED].text
