"""A second reading of a query, by sqlglot, which shares nothing with ours but the schema: where the two differ about a
column, what we say of it is not certain.

It reads SELECTs only; and it is imported only where a migration takes away columns that a query names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from migrasafe.schema.model import ColumnRef, Ref, Schema, Table, View
from migrasafe.sql.quote import spell_type


def columns_read(sql: str, schema: Schema, relations: Iterable[Ref]) -> frozenset[ColumnRef] | None:
    """The columns of these relations that a SELECT reads; None where sqlglot cannot tell."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import traverse_scope
    from sqlglot.schema import MappingSchema

    # Names are as the catalog has them: nothing is to be folded.
    known = MappingSchema(_described(schema, relations), dialect="postgres", normalize=False)
    try:
        tree = sqlglot.parse_one(sql, read="postgres")
        if not isinstance(tree, exp.Query) or any(tree.find_all(exp.Insert, exp.Update, exp.Delete, exp.Merge)):
            return None
        qualified = qualify(
            tree,
            dialect="postgres",
            schema=known,
            validate_qualify_columns=False,
            quote_identifiers=False,
            identify=False,
        )
        found: set[ColumnRef] = set()
        for scope in traverse_scope(qualified):
            for column in scope.columns:
                source = scope.sources.get(column.table)
                if isinstance(source, exp.Table):
                    ref = schema.resolve(source.db or None, source.name)
                    found.add(ColumnRef(ref, column.name))
        return frozenset(found)
    except (SqlglotError, RecursionError, AttributeError, KeyError, TypeError, ValueError):
        return None  # its opinion is not worth more than the query being judged by ours alone


def _described(schema: Schema, relations: Iterable[Ref]) -> dict[str, Any]:
    """The relations as sqlglot wants them: schema → relation → column → type; unqualified names included."""
    described: dict[str, Any] = {}
    for ref in relations:
        relation = schema.relation(ref)
        columns: dict[str, str] = {}
        if isinstance(relation, Table):
            columns = {one.name: spell_type(one.type) if one.type else "text" for one in relation.columns}
        elif isinstance(relation, View):
            columns = dict.fromkeys(relation.columns, "text")
        if columns:
            described.setdefault(ref.schema, {})[ref.name] = columns
    return described
