"""Transactions and settings of the session."""

from __future__ import annotations

from dataclasses import dataclass

from migrasafe.sql.statements.base import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction(Statement):
    verb: str
    """`begin` | `commit` | `rollback` | `savepoint` | `release` | `rollback to` | `prepare` | `commit prepared` |
    `rollback prepared`."""
    savepoint: str | None = None
    chain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetVariable(Statement):
    """SET, SET LOCAL, RESET and SET … TO DEFAULT; `values` is None for the last two. RESET ALL: name `all`."""

    name: str
    values: tuple[str, ...] | None
    local: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetConstraints(Statement):
    names: tuple[str, ...]
    deferred: bool
