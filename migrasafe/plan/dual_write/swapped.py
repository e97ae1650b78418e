"""How the catalog tells the object that replaced another from that other one, where both have the same name: by a comment."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.sql.quote import quote_literal


class Note(Struct, frozen=True, kw_only=True):
    text: str
    there: str
    """The statement that writes it …"""
    back: str
    """… and the one that takes it away."""


def says_replaced(plan: str, kind: str, name: str, table: str | None = None) -> Note:
    """The comment on a `kind` (`CONSTRAINT`, with its table, or `INDEX`) that a plan has put in the place of another."""
    text = f"replaced by plan {plan}"
    of = f"{kind} {name} ON {table}" if table is not None else f"{kind} {name}"
    return Note(text=text, there=f"COMMENT ON {of} IS {quote_literal(text)}", back=f"COMMENT ON {of} IS NULL")


def marked(plan: str, old: str, new: str) -> tuple[str, ...]:
    """What people have to know of the comment."""
    if old != new:
        return ()
    return (f"{new} has the comment 'replaced by plan {plan}': nothing else tells it from the one before",)
