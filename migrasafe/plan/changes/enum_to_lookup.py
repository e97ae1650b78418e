"""An enum that gives way to a table of its values, and a column that refers to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan.carry_over.columns_of_type import enum_type
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.changes.replace_columns import ReplaceColumns
from migrasafe.schema.definitions import type_of
from migrasafe.schema.model import Ref, Schema
from migrasafe.sql.deparse import parse_expression
from migrasafe.sql.expressions import walk
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import AddConstraint, AlterTable, Insert, Node, Statement


class EnumToLookup(Struct, frozen=True, kw_only=True):
    replaced: ReplaceColumns
    """Of the enum by the column that refers."""
    lookup: Ref
    numbers: tuple[tuple[str, str], ...]
    """Of the table's first rows: a value's name, and its key as SQL."""

    def plan(self, ground: Ground) -> Draft:
        """As ReplaceColumns, with values and keys paired as the table's rows do. Raises NoPlanError."""
        table = table_of(ground, self.replaced.table)
        (old,), (new,) = self.replaced.old, self.replaced.new
        column = column_of(table, old)
        enum = enum_type(ground.schema, column.type)
        assert enum is not None  # enum_to_lookup() has seen to it
        known = dict(self.numbers)
        missing = [label for label in enum.labels if label not in known]
        if missing:
            raise NoPlanError(
                f"{self.lookup} has no row for {', '.join(missing)}, which {table.ref}.{old} may hold: insert it in the migration"
            )
        pairs = [(quote_literal(label), known[label]) for label in enum.labels]
        there = " ".join(f"WHEN {label} THEN {key}" for label, key in pairs)
        back = " ".join(f"WHEN {key} THEN {label}::{type_of(column)}" for label, key in pairs)
        made = replace(
            self.replaced,
            up=((new.name, parse_expression(f"CASE {quote_ident(old)} {there} END")),),
            down=((old, parse_expression(f"CASE {quote_ident(new.name)} {back} END")),),
        )
        draft = made.plan(ground)
        nothing = (
            f"a row that is added to {self.lookup} later is nothing the old version could read: {old} is null there"
        )
        return replace(
            draft,
            by_hand=(
                f"{nothing}, and the write fails where {old} is NOT NULL: add rows once it is gone",
                f"the type {enum.ref} stays: DROP TYPE is a change of its own when no column has it any more",
                *draft.by_hand,
            ),
        )


def enum_to_lookup(change: ReplaceColumns, statements: Sequence[Statement], schema: Schema) -> EnumToLookup | None:
    """The change, where an enum gives way to a column with a foreign key to rows that the migration inserts; None for any
    other."""
    table = schema.table(schema.resolve(*change.table))
    column = table.column(change.old[0]) if table is not None and len(change.old) == len(change.new) == 1 else None
    if column is None or enum_type(schema, column.type) is None or change.down or any(map(_is_simple, change.up)):
        return None
    for target in _targets(statements, change):
        rows = [row for one in statements for row in _rows(one, schema, target)]
        if rows:
            return EnumToLookup(replaced=change, lookup=target, numbers=tuple(rows))
    return None


def _is_simple(given: tuple[str, object]) -> bool:
    """Whether the migration says the value without a look into the table."""
    expression = given[1]
    return not any(kind == "SubLink" for kind, _ in walk(getattr(expression, "node", {})))


def _targets(statements: Sequence[Statement], change: ReplaceColumns) -> Iterator[Ref]:
    for statement in statements:
        for action in statement.actions if isinstance(statement, AlterTable) else ():
            if isinstance(action, AddConstraint) and action.constraint.columns == (change.new[0].name,):
                references = action.constraint.references
                if references is not None:
                    yield Ref(references.table.schema or "public", references.table.name)


def _rows(statement: Statement, schema: Schema, target: Ref) -> Iterator[tuple[str, str]]:
    """Name and key of each row of an INSERT … VALUES of two columns, of which the text is the name."""
    if not isinstance(statement, Insert) or schema.resolve(*statement.table) != target:
        return
    select = statement.query.node.get("InsertStmt", {}).get("selectStmt", {}).get("SelectStmt", {})
    for row in select.get("valuesLists", []):
        constants = [item.get("A_Const", {}) for item in row.get("List", {}).get("items", [])]
        names = [one["sval"]["sval"] for one in constants if "sval" in one]
        keys = [_whole(one) for one in constants if "ival" in one]
        if len(constants) >= 2 and names:
            yield names[-1], keys[0] if keys else quote_literal(names[0])


def _whole(constant: Node) -> str:
    return str(constant["ival"].get("ival", 0))
