"""Models of Django, and what its migrations have to know of them, for one phase of a plan."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan.app_code import django_types
from migrasafe.plan.app_code.model import Kept, Mapped, Worked
from migrasafe.plan.app_code.names import attribute, flag_for, flag_of, literal, spaced
from migrasafe.plan.app_code.worked_out import both_sides, columns_of
from migrasafe.plan.output.documents import rendered
from migrasafe.schema.model import Column, Ref
from migrasafe.sql.quote import spell_type


class Both(Struct, frozen=True, kw_only=True):
    """A column that is kept twice by the app."""

    attribute: str


def django_model(table: Mapped, *, at_the_end: bool) -> str:
    """The changed columns of a table: while a column has two names, or `at_the_end`."""
    kept = () if at_the_end else table.kept
    worked = None if at_the_end else table.worked
    sides = None if worked is None else both_sides(worked, _percent, lambda _: "%s")
    beside = () if worked is None else columns_of(table, worked)
    early = frozenset() if worked is None else frozenset(one.name for one in worked.new)
    lines = list(_key(table))
    both: list[Both] = []
    for column in table.changed:
        twice = next((one for one in kept if one.new == column.name), None)
        own = _line(column, null=True if column.name in early else None)
        lines.extend([own] if twice is None else _twice(table, column, twice, both))
    lines.extend(_line(one) for one in beside if one in table.gone)
    gone = [one for one in table.gone if one not in beside and all(one.name != two.old for two in kept)]
    lines.extend(f"# gone: {attribute(one.name)}" for one in gone)
    if table.worked is not None:
        state = tuple(_state_of_worked(table, table.worked, at_the_end=at_the_end))
    else:
        state = tuple(_state(table, kept)) if not (at_the_end and table.kept) else ()
    needed = ["models", *(["migrations"] if state else []), *(["connections", "router"] if sides is not None else [])]
    imports = [f"from django.db import {', '.join(sorted(needed))}"]
    code = rendered(
        "code/django.py.j2",
        table=table,
        name=literal(_table_name(table.after)),
        lines=lines or ["pass"],
        imports=["import os", "", *imports] if kept or worked else imports,
        both=both,
        sides=sides,
        flag=flag_of(kept[0]) if kept else flag_for(worked.table.name, worked.new[0].name) if worked else None,
        state=state,
    )
    return spaced(code)


def _key(table: Mapped) -> Iterator[str]:
    """The columns of the primary key: Django lets one field be that, or, since 5.2, names several."""
    if len(table.key) > 1:
        listed = ", ".join(literal(attribute(one.name)) for one in table.key)
        yield f"pk = models.CompositePrimaryKey({listed})  # since Django 5.2"
    for one in table.key:
        yield f"{attribute(one.name)} = {_field(one, key=len(table.key) == 1)}"


def _table_name(ref: Ref) -> str:
    # Django puts quotes around it: so it says a schema, too.
    return ref.name if ref.schema == "public" else f'{ref.schema}"."{ref.name}'


def _twice(table: Mapped, column: Column, kept: Kept, both: list[Both]) -> Iterator[str]:
    name = attribute(column.name)
    old = next((one for one in table.gone if one.name == kept.old), column)
    if not kept.by_app:
        where = f"db_column={literal(kept.new)} if {flag_of(kept)}() else {literal(kept.old)}"
        yield f"{name} = {_field(column, where=where, null=not old.not_null)}"
        return
    both.append(Both(attribute=name))
    yield f"old_{name} = {_field(old, where=f'db_column={literal(kept.old)}')}"
    yield f"{name} = {_field(column, where=f'db_column={literal(kept.new)}', null=True)}"


def _percent(sql: str) -> str:
    return sql.replace("%", "%%")


def _line(column: Column, *, null: bool | None = None) -> str:
    name = attribute(column.name)
    where = None if name == column.name else f"db_column={literal(column.name)}"
    return f"{name} = {_field(column, where=where, null=null)}{_unknown(column)}"


def _unknown(column: Column) -> str:
    return "" if column.type is None or django_types.knows(column.type) else f"  # {spell_type(column.type)}"


def _field(column: Column, *, key: bool = False, where: str | None = None, null: bool | None = None) -> str:
    kind, words = ("TextField", ()) if column.type is None else django_types.field(column.type)
    if key and column.default is not None and kind in ("IntegerField", "BigIntegerField", "SmallIntegerField"):
        kind = kind.replace("Integer", "Auto")
    given = [*words, *([where] if where else [])]
    if key:
        given.append("primary_key=True")
    elif (not column.not_null) if null is None else null:
        given.append("null=True")
    return f"models.{kind}({', '.join(given)})"


def _state(table: Mapped, kept: tuple[Kept, ...]) -> Iterator[str]:
    model = literal(table.class_name.lower())
    if table.before != table.after:
        yield f"migrations.AlterModelTable({model}, {literal(_table_name(table.after))})"
    renamed = {one.old: one.new for one in table.kept}
    for old, new in renamed.items():
        yield f"migrations.RenameField({model}, {literal(attribute(old))}, {literal(attribute(new))})"
    for one in table.gone:
        if one.name not in renamed:
            yield f"migrations.RemoveField({model}, {literal(attribute(one.name))})"
    known = {*renamed.values(), *(one.name for one in table.existed)}
    for one in table.changed:
        name = literal(attribute(one.name))
        if one.name in known and one.name not in renamed.values():
            yield f"migrations.AlterField({model}, {name}, {_field(one)})"
        elif one.name not in known:
            yield f"migrations.AddField({model}, {name}, {_field(one)})"


def _state_of_worked(table: Mapped, worked: Worked, *, at_the_end: bool) -> Iterator[str]:
    """The new fields with the version that writes both; the end of the old ones with the version after it."""
    model = literal(table.class_name.lower())
    new = [column for column in table.changed if any(one.name == column.name for one in worked.new)]
    if at_the_end:
        yield from (f"migrations.RemoveField({model}, {literal(attribute(one.name))})" for one in worked.old)
    for column in new:
        name = literal(attribute(column.name))
        if not at_the_end:
            yield f"migrations.AddField({model}, {name}, {_field(column, null=True)})"
        elif column.not_null:
            yield f"migrations.AlterField({model}, {name}, {_field(column)})"
