"""A query of the old version as it must read once a migration has split, merged or moved the columns that it uses.

The tree is changed by sqlglot, and the result offered only where it resolves on the new schema and shows the same columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from migrasafe.app.model import Query
from migrasafe.app.resolve import Parsed, Resolver, read_query
from migrasafe.app.rewrite.derived import Derived
from migrasafe.schema.model import Ref

if TYPE_CHECKING:
    from sqlglot import exp


class _NotDerivable(Exception):  # noqa: N818 – an answer, not an error
    """The migration does not say where the value comes from, or goes to."""


def rewrite_derived(
    query: Query, parsed: Parsed, tables: Mapping[Ref, Derived], before: Resolver, after: Resolver
) -> str | None:
    """The query for the schema of `after`; None where that cannot be told."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    old = before.resolve(parsed, query.search_path)
    if query.partial or len(parsed.statements) != 1 or old.outputs is None:
        return None
    try:
        tree = sqlglot.parse_one(query.sql, read="postgres")
        for ref in old.relations & tables.keys():
            _rewrite(tree, tables[ref])
        text = tree.sql(dialect="postgres")
    except (SqlglotError, RecursionError, _NotDerivable):
        return None
    new = after.resolve(read_query(text), query.search_path)
    if read_query(text).reason or new.problems or new.opaque or new.outputs is None:
        return None
    same = [one.name for one in old.outputs] == [one.name for one in new.outputs]
    return text if same else None


def _rewrite(tree: exp.Expr, one: Derived) -> None:
    from sqlglot import exp

    aliases = {table.alias_or_name for table in tree.find_all(exp.Table) if table.name == one.table.name}
    for insert in list(tree.find_all(exp.Insert)):
        if isinstance(insert.this, exp.Schema) and insert.this.this.name == one.table.name:
            _insert(insert, one)
    for update in list(tree.find_all(exp.Update)):
        if isinstance(update.this, exp.Table) and update.this.name == one.table.name:
            _update(update, one)
    for column in list(tree.find_all(exp.Column)):
        if column.name in one.gone and (column.table in aliases or not column.table):
            _read(column, one, aliases)


def _insert(insert: exp.Insert, one: Derived) -> None:
    from sqlglot import exp

    names = [column.name for column in insert.this.expressions]
    if one.gone.isdisjoint(names):
        return
    if not isinstance(insert.expression, exp.Values):
        raise _NotDerivable
    kept = [place for place, name in enumerate(names) if name not in one.gone]
    made = _made(one, set(names))
    columns = [insert.this.expressions[place] for place in kept]
    insert.this.set("expressions", [*columns, *(exp.to_identifier(name) for name in made)])
    for row in insert.expression.expressions:
        values = dict(zip(names, row.expressions, strict=False))
        new = [row.expressions[place] for place in kept]
        row.set("expressions", [*new, *(_substituted(made[name], values) for name in made)])


def _update(update: exp.Update, one: Derived) -> None:
    from sqlglot import exp

    pairs = [pair for pair in update.expressions if isinstance(pair, exp.EQ)]
    values = {pair.this.name: pair.expression for pair in pairs}
    if one.gone.isdisjoint(values):
        return
    if len(pairs) != len(update.expressions):
        raise _NotDerivable
    made = _made(one, set(values))
    kept = [pair for pair in pairs if pair.this.name not in one.gone]
    new = [exp.EQ(this=exp.column(name), expression=_substituted(made[name], values)) for name in made]
    update.set("expressions", [*kept, *new])


def _made(one: Derived, given: set[str]) -> dict[str, exp.Expr]:
    """The new columns that take the values of the old ones: all of them, and each made of what is given."""
    from sqlglot import exp

    sources = {name: {column.name for column in made.find_all(exp.Column)} for name, made in one.fills.items()}
    wanted = {name: made for name, made in one.fills.items() if not sources[name].isdisjoint(given & one.gone)}
    used = {source for name in wanted for source in sources[name]}
    if not (given & one.gone) <= used or any(not sources[name] & one.gone <= given for name in wanted):
        raise _NotDerivable
    return wanted


def _substituted(made: exp.Expr, values: Mapping[str, exp.Expr]) -> exp.Expr:
    from sqlglot import exp

    def value(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.name in values:
            given = values[node.name]
            simple = isinstance(given, (exp.Literal, exp.Parameter, exp.Placeholder, exp.Column, exp.Func, exp.Null))
            return given.copy() if simple else exp.paren(given.copy())
        return node

    return made.copy().transform(value)


def _read(column: exp.Column, one: Derived, aliases: set[str]) -> None:
    from sqlglot import exp

    back = one.back.get(column.name) or one.moved.get(column.name)
    if back is None or len(aliases) > 1:
        raise _NotDerivable
    alias = column.table or (next(iter(aliases)) if column.name in one.moved else "")
    is_moved = column.name not in one.back

    def qualified(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and alias and (not is_moved or node.table == one.table.name):
            return exp.column(node.this.copy(), table=alias)
        return node

    new = back.copy().transform(qualified)
    is_shown = isinstance(column.parent, (exp.Select, exp.Returning)) and column.arg_key == "expressions"
    if not is_moved and not isinstance(new, (exp.Column, exp.Func)) and not is_shown:
        new = exp.paren(new)
    column.replace(exp.alias_(new, column.name, quoted=column.this.quoted) if is_shown else new)
