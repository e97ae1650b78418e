"""What stands on a column or a table, and has to go or to change before it can: each a clause behind “cannot go yet: ”."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from migrasafe.plan.carry_over.readers import has_star
from migrasafe.schema.definitions import name_of
from migrasafe.schema.evolve import evolve
from migrasafe.schema.lost import Lost, lost_with
from migrasafe.schema.model import ColumnRef, Moment, Ref, Schema, Table, View
from migrasafe.sql.expressions import names_of, walk
from migrasafe.sql.parse import read_script
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Expression

_LATER = Moment(2**31, 0, 0)


def views_in_the_way(schema: Schema, table: Ref, columns: Collection[str]) -> Iterator[str]:
    """A sentence for each view that reads one of the columns, for a change that cannot take it along."""
    for ref in sorted(schema.dependents_of(table)):
        view = schema.relation(ref)
        if isinstance(view, View) and any(ColumnRef(table, one) in view.reads for one in columns):
            yield f"the view {ref} reads it: change the view in a migration before this one"


def readers_in_the_way(schema: Schema, table: Table, columns: Collection[str]) -> Iterator[str]:
    """A sentence for each policy, view and function that reads one of the columns, for a change that cannot take it along."""
    for policy in table.policies:
        if not policy.reads.isdisjoint(columns):
            yield f"the policy {policy.name} reads it"
    yield from views_in_the_way(schema, table.ref, columns)
    for one in columns:
        yield from policies_through(schema, table.ref, one)
    yield from bound_functions(schema, table.ref, columns)


def bound_functions(schema: Schema, table: Ref, columns: Collection[str]) -> Iterator[str]:
    """A sentence for each function whose BEGIN ATOMIC body PostgreSQL has bound to one of the columns, whatever its name."""
    for ref in sorted(schema.dependents_of(table)):
        for function in schema.functions.get(ref, ()):
            if any(ColumnRef(table, one) in function.reads for one in columns):
                yield (
                    f"the body of the function {ref} (BEGIN ATOMIC) is bound to it: in a migration before this one, CREATE OR"
                    " REPLACE it with its body in quotes (AS $$ … $$), which finds columns by their names"
                )


def policies_through(schema: Schema, table: Ref, column: str) -> Iterator[str]:
    """A sentence for each policy that looks a column up in rows of the table: in a query within its condition."""
    for ref, policy, said in _policies_over(schema, table):
        if any(_says(one, column) for one in said):
            yield f"the policy {policy} of {ref} looks it up: change the policy in a migration before this one"


def policies_that_read(schema: Schema, table: Ref) -> Iterator[str]:
    """A sentence for each policy of another table that reads the table."""
    for ref, policy, _ in _policies_over(schema, table):
        if ref != table:
            yield f"the policy {policy} of {ref} reads it: change the policy in a migration before this one"


def _policies_over(schema: Schema, table: Ref) -> Iterator[tuple[Ref, str, list[Expression]]]:
    """The policies with a query of the table, each with the table that it is on, its name and those of its conditions."""
    for ref in sorted(schema.relations):
        other = schema.table(ref)
        for policy in other.policies if other is not None else ():
            said = [one for one in (policy.using, policy.check) if one is not None and names_table(one, table)]
            if said:
                yield ref, policy.name, said


def _says(expression: Expression, column: str) -> bool:
    return has_star(expression.node) or any(
        kind == "ColumnRef" and names_of(fields["fields"])[-1:] == (column,) for kind, fields in walk(expression.node)
    )


def with_their_own(schema: Schema, table: Table, column: str) -> Iterator[str]:
    """A sentence for each table below that keeps a column when the one above loses it."""
    for ref in table.children:
        child = schema.table(ref)
        own = child.column(column) if child is not None else None
        if own is not None and own.local:
            yield f"{ref}, which inherits it, has one of its own as well, and keeps it: drop it there first, or NO INHERIT"
        elif child is not None:
            yield from with_their_own(schema, child, column)


def left_by_column(schema: Schema, table: Ref, column: str) -> Iterator[str]:
    """What else of other objects would go with a column: a sentence each."""
    drop = f"ALTER TABLE {name_of(table)} DROP COLUMN {quote_ident(column)} CASCADE"
    return _left(_lost(schema, drop, table), ("view", "materialized view"))


def left_by_table(schema: Schema, table: Ref) -> Iterator[str]:
    """Likewise with a table."""
    return _left(_lost(schema, f"DROP TABLE {name_of(table)} CASCADE", table), ())


def _lost(schema: Schema, drop: str, table: Ref) -> tuple[Lost, ...]:
    statement = read_script(Source(path="", text=drop)).statements[0]
    return lost_with(schema, evolve(schema, statement, _LATER), (table,))


def _left(lost: tuple[Lost, ...], said: Collection[str]) -> Iterator[str]:
    return (
        f"{one.shown} depends on it: change or drop that in a migration before this one"
        for one in lost
        if one.kind not in said
    )


def names_table(expression: Expression, table: Ref) -> bool:
    """Whether a query in it reads the table."""
    return any(
        kind == "RangeVar"
        and inner.get("relname") == table.name
        and inner.get("schemaname", table.schema) == table.schema
        for kind, inner in walk(expression.node)
    )
