"""COMMENT ON CONSTRAINT: what is made anew has none."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.schema.attached import Beside
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident, quote_literal


def comment_again(beside: Beside | None, table: Ref, constraint: str, *, now: str | None = None) -> Iterator[str]:
    """What gives a constraint of `table` the comment that it had; nothing where it had none. `now`: what it is called where
    that is another name."""
    text = dict(beside.constraint_comments).get(constraint) if beside is not None else None
    if text is not None:
        name = quote_ident(constraint if now is None else now)
        yield f"COMMENT ON CONSTRAINT {name} ON {name_of(table)} IS {quote_literal(text)}"
