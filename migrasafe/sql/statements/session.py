"""Transactions and settings of the session."""

from __future__ import annotations

from migrasafe.sql.statements.base import Statement


class Transaction(Statement, frozen=True, kw_only=True):
    verb: str
    """`begin` | `commit` | `rollback` | `savepoint` | `release` | `rollback to` | `prepare` | `commit prepared` |
    `rollback prepared`."""
    savepoint: str | None = None
    chain: bool = False


class SetVariable(Statement, frozen=True, kw_only=True):
    """SET, SET LOCAL, RESET and SET … TO DEFAULT; `values` is None for the last two. RESET ALL: name `all`."""

    name: str
    values: tuple[str, ...] | None
    local: bool = False


class SetConstraints(Statement, frozen=True, kw_only=True):
    names: tuple[str, ...]
    deferred: bool
