"""The index that a key is made from, and the question that comes before one."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.model import Gate
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Constraint, Index, Ref, Schema
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import IndexElement


def with_its_index(schema: Schema, key: Constraint) -> Constraint:
    """The key with what the schema knows of its index, for a plan that makes it anew."""
    index = schema.index(key.index) if key.index is not None else None
    return kept_like(key, index) if index is not None else key


def kept_like(key: Constraint, index: Index) -> Constraint:
    return replace(key, tablespace=index.tablespace, options=index.options)


def key_index(table: Ref, key: Constraint, name: str | None = None) -> Index:
    """The unique index that a UNIQUE or PRIMARY KEY is made from, under its name or another one.

    Raises NoPlanError for a key WITHOUT OVERLAPS, which PostgreSQL makes from no index that is there.
    """
    if key.without_overlaps:
        raise NoPlanError(
            f"{key.name} is a key WITHOUT OVERLAPS: PostgreSQL builds its index while nobody can read or write {table}, and takes"
            " none that is there; add it in a maintenance window, or to a new table that takes the place of this one"
        )
    return Index(
        ref=Ref(table.schema, name or key.name),
        table=table,
        elements=tuple(IndexElement(column=column) for column in key.columns),
        unique=True,
        include=key.include,
        nulls_not_distinct=key.nulls_not_distinct,
        options=key.options,
        tablespace=key.tablespace,
        reads=frozenset((*key.columns, *key.include)),
    )


def implies(old: Constraint, new: Constraint) -> bool:
    """Whether no row that the old key lets in can break the new one, at no moment."""
    alike = old.nulls_not_distinct or not new.nulls_not_distinct
    return set(old.columns) <= set(new.columns) and alike and not old.deferrable


def implied_by(schema: Schema, new: Index) -> Index | None:
    """The unique index because of which no row can break the new one; None where there is none."""
    table = schema.table(new.table)
    plain = {one.column for one in new.elements if one.collation is None}
    for old in schema.indexes_of(table) if table is not None else ():
        columns = [one.column for one in old.elements if one.column is not None and one.collation is None]
        key = table.constraint(old.constraint) if table is not None and old.constraint is not None else None
        required = {one.name for one in table.columns if one.not_null} if table is not None else set()
        alike = not new.nulls_not_distinct or old.nulls_not_distinct or required >= set(columns)
        is_whole = old.unique and old.valid and old.predicate is None and len(columns) == len(old.elements) > 0
        if is_whole and alike and plain.issuperset(columns) and not (key is not None and key.deferrable):
            return old
    return None


def no_two(table: Ref, key: Constraint) -> Gate:
    """Whether no two rows are alike in the columns of a key."""
    return no_two_in(key_index(table, key))


def no_two_in(index: Index) -> Gate:
    """Likewise of a unique index, which may be over expressions, and over some of the rows."""
    plain = [quote_ident(one.column) for one in index.elements if one.column is not None]
    values = plain + [f"({deparse_expression(one.expression)})" for one in index.elements if one.expression is not None]
    where = [] if index.nulls_not_distinct else [f"{value} IS NOT NULL" for value in values]
    where += [f"({deparse_expression(index.predicate)})"] if index.predicate is not None else []
    rows = f"{name_of(index.table)}{' WHERE ' * bool(where)}{' AND '.join(where)}"
    listed = ", ".join(values)
    return Gate(
        id="no-duplicates",
        question=f"Are no two rows alike in {listed}?",
        query=f"SELECT count(*) FROM (SELECT FROM {rows} GROUP BY {listed} HAVING count(*) > 1) AS twice",
        expected="0",
        otherwise="Make the rows differ, or delete all but one of each.",
    )
