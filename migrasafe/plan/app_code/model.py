"""A table as the app knows it, before a plan and after it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.schema.model import Column, Ref, Schema, Table
from migrasafe.sql.statements import Expression


class Kept(Struct, frozen=True, kw_only=True):
    """A column that has two names for a while."""

    table: Ref
    old: str
    new: str
    by_app: bool = False
    """The app writes both; else the database sees to it that either may be used."""


class Value(Struct, frozen=True, kw_only=True):
    """A column of one side, and what it is worked out from on the other."""

    name: str
    type: str
    of: Expression


class Worked(Struct, frozen=True, kw_only=True):
    """Columns of which the app writes both sides, where each follows from the other."""

    table: Ref
    old: tuple[Value, ...]
    new: tuple[Value, ...]


class Mapped(Struct, frozen=True, kw_only=True):
    """A table of which a model changes: its key, and the columns that are not what they were."""

    before: Ref
    after: Ref
    class_name: str
    key: tuple[Column, ...]
    changed: tuple[Column, ...]
    """As they are at the end."""
    gone: tuple[Column, ...]
    """As they were before."""
    existed: tuple[Column, ...]
    """Of the changed ones, as they were."""
    kept: tuple[Kept, ...]
    worked: Worked | None = None


def changed_tables(
    before: Schema, after: Schema, refs: tuple[Ref, ...], kept: tuple[Kept, ...], worked: tuple[Worked, ...] = ()
) -> Iterator[Mapped]:
    """The tables of a plan whose models change."""
    for ref in refs:
        old = before.table(ref)
        new = after.table(ref) or _renamed(before, after, ref)
        if old is None or new is None:
            continue
        names = {column.name for column in old.columns}
        changed = tuple(one for one in new.columns if one.name not in names or _differs(one, old.column(one.name)))
        gone = tuple(one for one in old.columns if new.column(one.name) is None)
        if not changed and not gone and new.ref == old.ref:
            continue
        key = new.primary_key
        columns = tuple(one for name in (key.columns if key is not None else ()) if (one := new.column(name)))
        yield Mapped(
            before=old.ref,
            after=new.ref,
            class_name=class_name(new.ref.name),
            key=columns,
            changed=tuple(one for one in changed if one not in columns),
            gone=gone,
            existed=tuple(one for one in old.columns if new.column(one.name) is not None),
            kept=tuple(one for one in kept if one.table == ref),
            worked=next((one for one in worked if one.table == ref), None),
        )


def _renamed(before: Schema, after: Schema, ref: Ref) -> Table | None:
    """The table that has another name now: the one table that was not there before, with the same columns."""
    old = before.table(ref)
    names = [column.name for column in old.columns] if old is not None else []
    found = [
        table
        for table in after.relations.values()
        if isinstance(table, Table)
        and before.relation(table.ref) is None
        and [column.name for column in table.columns] == names
    ]
    return found[0] if len(found) == 1 else None


def _differs(new: Column, old: Column | None) -> bool:
    return old is None or (new.type, new.not_null) != (old.type, old.not_null)


def class_name(table: str) -> str:
    """`user_accounts` → `UserAccount`."""
    words = [word for word in "".join(char if char.isalnum() else "_" for char in table).split("_") if word]
    name = "".join(word[:1].upper() + word[1:] for word in words)
    name = name[:-1] if len(name) > 3 and name.endswith("s") and not name.endswith("ss") else name
    return name if name.isidentifier() else f"Table{name}"
