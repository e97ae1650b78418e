"""Another name and another schema for an object of any kind."""

from __future__ import annotations

from collections.abc import Callable

from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident


def renamed(kind: str, old: Ref, new: Ref, spelled: Callable[[Ref], str] = name_of) -> tuple[str, ...]:
    """ALTER kind: to another schema first, then to another name, so that nothing of either name is in the way.

    `spelled`: how the object is said under a name, with its arguments for instance.
    """
    statements = []
    if new.schema != old.schema:
        statements.append(f"ALTER {kind} {spelled(old)} SET SCHEMA {quote_ident(new.schema)}")
    if new.name != old.name:
        statements.append(f"ALTER {kind} {spelled(Ref(new.schema, old.name))} RENAME TO {quote_ident(new.name)}")
    return tuple(statements)
