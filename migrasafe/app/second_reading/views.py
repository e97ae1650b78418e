"""Views put into a query in place of their names, for the second reading: sqlglot follows columns through subqueries.

A view is kept as it was written. Where a rename since then makes its text wrong, or where the text shows other columns than
the view has (`SELECT *` of a table that has grown), the view stays a name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from migrasafe.schema.model import Ref, Schema, Table, View
from migrasafe.sql.quote import spell_type

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.schema import MappingSchema

VIEW = "migrasafe_view"
"""The key under which a subquery remembers which view it stands for, and which names an alias gave to its columns."""


def with_views(tree: exp.Query, schema: Schema, inside: frozenset[Ref] = frozenset()) -> exp.Query:
    """The query with every view that can be followed as a subquery, and with full names for the others. Changes `tree`.

    `inside`: the views whose texts these are. Raises SqlglotError for what sqlglot cannot scope.
    """
    from sqlglot import exp

    for table in list(_relations_named(tree)):
        ref = relation_of(table, schema)
        view = schema.view(ref)
        text = _text_of(view, schema, inside | {ref}) if view is not None and ref not in inside else None
        if view is None or text is None:
            table.set("db", exp.to_identifier(ref.schema, quoted=True))
            continue
        alias = table.args.get("alias")
        names = [one.name for one in alias.columns] if alias is not None else []
        columns = [*names, *view.columns[len(names) :]]
        standing = exp.Subquery(
            this=text,
            alias=exp.TableAlias(
                this=exp.to_identifier(table.alias_or_name, quoted=True),
                columns=[exp.to_identifier(name, quoted=True) for name in columns],
            ),
            joins=table.args.get("joins"),
        )
        standing.meta[VIEW] = (ref, tuple(names))
        table.replace(standing)
    return tree


def relation_of(table: exp.Table, schema: Schema) -> Ref:
    """The relation that the name means."""
    return schema.resolve(table.db or None, table.name)


def _relations_named(tree: exp.Query) -> Iterator[exp.Table]:
    """The names in FROM that are no name of a WITH query."""
    from sqlglot import exp
    from sqlglot.optimizer.scope import traverse_scope

    for scope in traverse_scope(tree):
        for table in scope.tables:
            if isinstance(scope.sources.get(table.alias_or_name), exp.Table) and isinstance(table.this, exp.Identifier):
                yield table


def _text_of(view: View, schema: Schema, inside: frozenset[Ref]) -> exp.Query | None:
    """The query of a view, its own views put in; None where its text does not hold any more."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import traverse_scope

    from migrasafe.sql.deparse import deparse

    if view.query is None or not view.complete:
        return None
    try:
        tree = sqlglot.parse_one(deparse(view.query.node), read="postgres")
        if not isinstance(tree, exp.Query):
            return None
        tree = with_views(tree, schema, inside)
        known = described(tree, schema)
        tried = qualify(
            tree.copy(), dialect="postgres", schema=known, validate_qualify_columns=False, quote_identifiers=False
        )
        if len(tried.named_selects) != len(view.columns) or any(tried.find_all(exp.Star)):
            return None
        for scope in traverse_scope(tried):
            for column in scope.columns:
                source = scope.sources.get(column.table)
                if source is None or (isinstance(source, exp.Table) and not _has(source, column.name, schema)):
                    return None
    except (SqlglotError, ValueError):
        return None
    return tree


def _has(table: exp.Table, column: str, schema: Schema) -> bool:
    return column in columns_of(schema, relation_of(table, schema))


def described(tree: exp.Query, schema: Schema) -> MappingSchema:
    """The relations that a query with full names reads, as sqlglot wants them."""
    from sqlglot import exp
    from sqlglot.schema import MappingSchema

    found: dict[str, Any] = {}
    for table in tree.find_all(exp.Table):
        columns = columns_of(schema, Ref(table.db, table.name)) if table.db else {}
        if columns:
            found.setdefault(table.db, {})[table.name] = columns
    # Names are as the catalog has them: nothing is to be folded.
    return MappingSchema(found, dialect="postgres", normalize=False)


def columns_of(schema: Schema, ref: Ref) -> dict[str, str]:
    """Column → type of a table or view, in their order."""
    relation = schema.relation(ref)
    if isinstance(relation, Table):
        return {one.name: spell_type(one.type) if one.type else "text" for one in relation.columns}
    return dict.fromkeys(relation.columns, "text") if isinstance(relation, View) else {}
