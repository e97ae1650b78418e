"""A second reading of a query, by sqlglot, which shares nothing with ours but the schema: where the two differ about a
column, what we say of it is not certain.

It reads SELECTs only, follows views as far as their texts still hold, and is imported only where a migration changes
columns that a query names or shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from migrasafe.app.second_reading.views import VIEW, columns_of, described, relation_of, with_views
from migrasafe.schema.model import ColumnRef, Ref, Schema

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.lineage import Node
    from sqlglot.optimizer.scope import Scope
    from sqlglot.schema import MappingSchema


class Reading(Struct, frozen=True, kw_only=True):
    """What sqlglot finds in a SELECT."""

    named: frozenset[ColumnRef]
    """The columns of tables and views that the query itself names, or means by `*`."""
    shown: Mapping[str, frozenset[ColumnRef]]
    """Column of the result → the columns that its values come from, through views down to the tables; of a view that
    could not be followed, the view's own. Columns of the same name are left out."""


def second_reading(sql: str, schema: Schema) -> Reading | None:
    """None where sqlglot cannot tell."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    try:
        tree = sqlglot.parse_one(sql, read="postgres")
        if not isinstance(tree, exp.Query) or any(tree.find_all(exp.Insert, exp.Update, exp.Delete, exp.Merge)):
            return None
        tree = with_views(tree, schema)
        known = described(tree, schema)
        qualified = qualify(
            tree,
            dialect="postgres",
            schema=known,
            validate_qualify_columns=False,
            quote_identifiers=False,
            identify=False,
        )
        scope = build_scope(qualified)
        if scope is None:
            return None
        return Reading(named=frozenset(_named(scope, schema)), shown=dict(_shown(qualified, known, scope, schema)))
    except (SqlglotError, RecursionError, AttributeError, KeyError, TypeError, ValueError):
        return None  # its opinion is not worth more than the query being judged by ours alone


def _named(root: Scope, schema: Schema) -> Iterator[ColumnRef]:
    """The columns in the query's own text: those inside the views that took the place of names are not."""
    from sqlglot import exp

    for scope in root.traverse():
        if any(VIEW in parent.meta for parent in (scope.expression, *_parents(scope.expression))):
            continue
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table):
                ref = relation_of(source, schema)
                yield ColumnRef(ref, _own_name(column.name, source.alias_column_names, columns_of(schema, ref)))
            elif source is not None and source.expression.parent is not None:
                stands_for: tuple[Ref, tuple[str, ...]] | None = source.expression.parent.meta.get(VIEW)
                if stands_for is not None:
                    ref, names = stands_for
                    yield ColumnRef(ref, _own_name(column.name, names, columns_of(schema, ref)))


def _own_name(name: str, aliases: Sequence[str], columns: Iterable[str]) -> str:
    """The column's name in its relation, where an alias gives it another."""
    return dict(zip(aliases, columns, strict=False)).get(name, name)


def _parents(node: exp.Expr) -> Iterator[exp.Expr]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def _shown(
    query: exp.Query, known: MappingSchema, scope: Scope, schema: Schema
) -> Iterator[tuple[str, frozenset[ColumnRef]]]:
    from sqlglot import exp
    from sqlglot.lineage import lineage

    if query.find(exp.Lateral):  # which lineage takes for what stands beside it
        return
    names = query.named_selects
    for name in names:
        if name and names.count(name) == 1:
            quoted = exp.to_identifier(name, quoted=True).sql("postgres")
            node = lineage(quoted, query, known, dialect="postgres", scope=scope, trim_selects=False, copy=False)
            yield name, frozenset(_origins(node, schema))


def _origins(node: Node, schema: Schema) -> Iterator[ColumnRef]:
    from sqlglot import exp

    for step in node.walk():
        if isinstance(step.expression, exp.Table):
            ref = relation_of(step.expression, schema)
            name = exp.to_column(step.name, dialect="postgres").name
            yield ColumnRef(ref, _own_name(name, step.expression.alias_column_names, columns_of(schema, ref)))
