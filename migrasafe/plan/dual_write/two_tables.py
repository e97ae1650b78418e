"""Triggers on two tables, which carry what is written to one into the other: how both are locked, and how the triggers go."""

from __future__ import annotations

from collections.abc import Iterable

from migrasafe.plan.dual_write.triggers import differs, row_of
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident


def lock_of(referring: Ref, referred: Ref) -> str:
    """LOCK TABLE: first the one whose foreign key looks rows of the other up."""
    return f"LOCK TABLE {name_of(referring)}, {name_of(referred)} IN ACCESS EXCLUSIVE MODE"


def changed(column: str) -> str:
    """Whether an UPDATE trigger meets another value of a column, which is given as it is quoted."""
    return differs(row_of([f"NEW.{column}"]), row_of([f"OLD.{column}"]))


def drop_under(lock: str, triggers: Iterable[tuple[Ref, str]], functions: Iterable[str]) -> tuple[str, ...]:
    """The triggers and their functions. A writer of one table must not be on its way to the other meanwhile."""
    return (
        lock,
        *(f"DROP TRIGGER {quote_ident(trigger)} ON {name_of(table)}" for table, trigger in triggers),
        *(f"DROP FUNCTION {function}()" for function in functions),
    )
