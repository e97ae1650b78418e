"""What stops a plan, and what people are told, where values do not fit into another type."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan import phases
from migrasafe.plan.conversion.bad_rows import Audit, BadRows, Decision
from migrasafe.plan.conversion.rejects import Rejects
from migrasafe.plan.model import Gate
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Column, Table
from migrasafe.sql.deparse import deparse_expression


def bad_rows_gates(table: Table, old: Column, found: Audit, decisions: BadRows) -> Iterator[Gate]:
    """Where bad rows stop the plan, none may be left."""
    if decisions.unreadable.decision is Decision.STOP:
        yield phases.none_left(
            "nothing-lost",
            f"Does every {old.name} have a value in the new type?",
            name_of(table.ref),
            found.unreadable,
            f"Decide for each of these rows: fix {old.name}, or plan again with --bad-rows unreadable=… or another --up.",
        )
    if decisions.lossy.decision is Decision.STOP:
        yield phases.none_left(
            "nothing-changed",
            f"Does every {old.name} come back from the new type as it was?",
            name_of(table.ref),
            found.lossy,
            f"Decide for each of these rows: fix {old.name}, or plan again with --bad-rows lossy=… or another --up.",
        )


def told_of_bad_rows(
    table: Table, old: Column, found: Audit, decisions: BadRows, rejects: Rejects | None
) -> Iterator[str]:
    """How to count what becomes of rows that were decided about, and where the values are kept."""
    for condition, decided, what in (
        (found.unreadable, decisions.unreadable, "do not convert"),
        (found.lossy, decisions.lossy, "do not come back as they were"),
    ):
        if decided.decision not in (Decision.STOP, Decision.ACCEPT):
            yield (
                f"values of {old.name} that {what} become"
                f" {deparse_expression(decided.value) if decided.value is not None else 'null'}: SELECT count(*) FROM"
                f" {name_of(table.ref)} WHERE {condition}"
            )
    if rejects is not None:
        yield f"{rejects.kept_in} stays when all is over: it has the values that were let go; drop it when nobody needs them"
