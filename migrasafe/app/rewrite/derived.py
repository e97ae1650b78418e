"""What a migration says about columns that it replaces: from which old ones it fills the new ones, and the way back.

`UPDATE users SET first_name = split_part(name, ' ', 1), …` and `INSERT INTO profiles SELECT id, bio FROM users` are read;
what they leave open, such as how to take a merged column apart, stays open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from migrasafe.app.judge.changed import columns_gone
from migrasafe.migrations.model import Migration
from migrasafe.schema.model import Ref, Schema
from migrasafe.sql.quote import spell_type
from migrasafe.sql.statements import Insert, Update

if TYPE_CHECKING:
    from sqlglot import exp


class Derived(Struct, kw_only=True):
    """What is known of one table that loses columns. Filled while the migration is read."""

    table: Ref
    gone: frozenset[str]
    fills: dict[str, exp.Expr]
    """New column → what it is made of, in old columns."""
    back: dict[str, exp.Expr]
    """Old column → the same value, in columns of after."""
    moved: dict[str, exp.Expr]
    """Old column → where its value is now, in another table; the key of this table is qualified with its name."""


def derived(migration: Migration, before: Schema, after: Schema) -> dict[Ref, Derived]:
    """The tables of which a migration drops columns whose values it puts elsewhere."""
    gone: dict[Ref, set[str]] = {}
    for column in columns_gone(before, after):
        if column.column is not None:
            gone.setdefault(column.relation, set()).add(column.column)
    if not gone:
        return {}
    found = {ref: Derived(table=ref, gone=frozenset(names), fills={}, back={}, moved={}) for ref, names in gone.items()}
    for tree, ref in _statements(migration, before):
        _read(tree, ref, found, before)
    for one in found.values():
        if one.fills:
            _take_apart(one, before)
    return {ref: one for ref, one in found.items() if one.fills or one.moved}


def _statements(migration: Migration, before: Schema) -> Iterator[tuple[exp.Expr, Ref]]:
    for part in migration.parts:
        for statement in part.script.statements:
            if isinstance(statement, (Update, Insert)):
                import sqlglot
                from sqlglot.errors import SqlglotError

                start, end = statement.span
                try:
                    yield (
                        sqlglot.parse_one(part.script.source.text[start:end], read="postgres"),
                        before.resolve(*statement.table),
                    )
                except (SqlglotError, RecursionError):
                    continue


def _read(tree: exp.Expr, ref: Ref, found: dict[Ref, Derived], before: Schema) -> None:
    from sqlglot import exp

    if isinstance(tree, exp.Update):
        source = tree.args.get("from_") or tree.args.get("from")
        for pair in tree.expressions:
            if not isinstance(pair, exp.EQ) or not isinstance(pair.this, exp.Column):
                continue
            if source is None and ref in found:
                if any(column.name in found[ref].gone for column in pair.expression.find_all(exp.Column)):
                    found[ref].fills[pair.this.name] = pair.expression
            elif source is not None and isinstance(source.this, exp.Table):
                _moved_by_update(tree, pair, source.this, ref, found, before)
    elif isinstance(tree, exp.Insert) and isinstance(tree.this, exp.Schema):
        _moved_by_insert(tree, ref, found, before)


def _moved_by_update(
    tree: exp.Update, pair: exp.EQ, source: exp.Table, target: Ref, found: dict[Ref, Derived], before: Schema
) -> None:
    """UPDATE profiles SET bio = users.bio FROM users WHERE users.id = profiles.user_id"""
    from sqlglot import exp

    one = found.get(before.resolve(source.db or None, source.name))
    condition = tree.args["where"].this if tree.args.get("where") else None
    value = pair.expression
    if one is None or not isinstance(value, exp.Column) or value.name not in one.gone:
        return
    if not isinstance(condition, exp.EQ) or value.table not in ("", source.alias_or_name):
        return
    sides = (condition.this, condition.expression)
    if not all(isinstance(side, exp.Column) for side in sides):
        return
    key = next((side for side in sides if side.table == source.alias_or_name), None)
    other = next((side for side in sides if side is not key), None)
    if key is not None and other is not None:
        one.moved[value.name] = _looked_up(target, pair.this.name, {other.name: key.name}, one.table)


def _moved_by_insert(tree: exp.Insert, target: Ref, found: dict[Ref, Derived], before: Schema) -> None:
    """INSERT INTO profiles (user_id, bio) SELECT id, bio FROM users"""
    from sqlglot import exp

    select = tree.expression
    source = (select.args.get("from_") or select.args.get("from")) if isinstance(select, exp.Select) else None
    if source is None or not isinstance(source.this, exp.Table) or select.args.get("joins"):
        return
    ref = before.resolve(source.this.db or None, source.this.name)
    one, table = found.get(ref), before.table(ref)
    key = table.primary_key if table is not None else None
    if one is None or key is None:
        return
    names = [column.name for column in tree.this.expressions]
    values = [value.unalias() for value in select.expressions]
    pairs = {value.name: name for name, value in zip(names, values, strict=False) if isinstance(value, exp.Column)}
    if not all(name in pairs for name in key.columns):
        return
    for old in one.gone & pairs.keys():
        keys = {pairs[name]: name for name in key.columns}
        one.moved[old] = _looked_up(target, pairs[old], keys, ref)


def _looked_up(target: Ref, column: str, keys: dict[str, str], table: Ref) -> exp.Expr:
    """(SELECT profiles.bio FROM profiles WHERE profiles.user_id = users.id)"""
    from sqlglot import exp

    home = exp.table_(target.name, db=None if target.schema == "public" else target.schema)
    conditions = [
        exp.EQ(this=exp.column(theirs, table=target.name), expression=exp.column(ours, table=table.name))
        for theirs, ours in keys.items()
    ]
    return exp.select(exp.column(column, table=target.name)).from_(home).where(*conditions).subquery()


def _take_apart(one: Derived, before: Schema) -> None:
    """The way back from the new columns, where there is exactly one."""
    from sqlglot import exp

    parts: dict[tuple[str, str], dict[int, str]] = {}
    table = before.table(one.table)
    for name, made in one.fills.items():
        if isinstance(made, exp.Column) and made.name in one.gone:
            one.back[made.name] = exp.column(name)
        elif isinstance(made, exp.Cast) and isinstance(made.this, exp.Column) and made.this.name in one.gone:
            column = table.column(made.this.name) if table is not None else None
            if column is not None and column.type is not None:
                one.back[made.this.name] = exp.cast(exp.column(name), spell_type(column.type), dialect="postgres")
        elif isinstance(made, exp.SplitPart) and isinstance(made.this, exp.Column) and made.this.name in one.gone:
            delimiter, index = made.args.get("delimiter"), made.args.get("part_index")
            if isinstance(delimiter, exp.Literal) and isinstance(index, exp.Literal) and index.name.isdigit():
                parts.setdefault((made.this.name, delimiter.name), {})[int(index.name)] = name
    for (old, delimiter), names in parts.items():
        if sorted(names) == list(range(1, len(names) + 1)) and len(names) > 1:
            columns = [exp.column(names[place]) for place in sorted(names)]
            one.back[old] = exp.func("CONCAT_WS", exp.Literal.string(delimiter), *columns, dialect="postgres")
