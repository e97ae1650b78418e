"""UNIQUE and PRIMARY KEY: an index built beside the traffic, then the constraint in an instant."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, steps
from migrasafe.plan.changes.model import Draft, Ground, column_of, table_of
from migrasafe.plan.changes.set_not_null import no_null_left, not_null_name
from migrasafe.plan.model import Gate
from migrasafe.schema.definitions import name_of, names
from migrasafe.schema.model import Constraint, Index, Ref, Table
from migrasafe.sql.statements import ConstraintKind, IndexElement, Name


class AddUnique(Struct, frozen=True, kw_only=True):
    table: Name
    constraint: Constraint
    all_null: bool = False
    """A column of it is new, and empty until the new version writes it."""

    def plan(self, ground: Ground) -> Draft:
        """The new version writes no duplicates, there are none, and only then are they refused. Raises NoPlanError."""
        table, constraint = table_of(ground, self.table), self.constraint
        primary = constraint.kind is ConstraintKind.PRIMARY_KEY
        nullable = [
            column
            for column in (column_of(table, name) for name in constraint.columns)
            if primary and not column.not_null
        ]
        index = Index(
            ref=Ref(table.ref.schema, constraint.name),
            table=table.ref,
            elements=tuple(IndexElement(column=column) for column in constraint.columns),
            unique=True,
            reads=frozenset(constraint.columns),
        )
        proved = tuple(
            step
            for column in nullable
            for step in steps.not_null(
                table.ref, column.name, not_null_name(table, column.name), pg_version=ground.target.pg_version
            )
        )
        rule = f"{constraint.kind.value} ({names(constraint.columns)})"
        if self.all_null and not nullable:
            at_once = phases.expand(
                f"{constraint.name}, over a column that is empty",
                "goes on as before: it leaves the column empty",
                f"writes no two rows that are alike in {names(constraint.columns)}",
                (steps.build_index(index), steps.constraint_from_index(table.ref, constraint, index)),
            )
            return Draft(title=f"add {rule} to {table.ref}", tables=(table.ref,), phases=(at_once,))
        return Draft(
            title=f"add {rule} to {table.ref}",
            tables=(table.ref,),
            phases=(
                phases.deploy(
                    f"writes no two rows that are alike in {names(constraint.columns)}", "may still write duplicates"
                ),
                phases.contract(
                    f"{constraint.name} refuses duplicates",
                    f"writes no two rows that are alike in {names(constraint.columns)}",
                    (*proved, steps.build_index(index), steps.constraint_from_index(table.ref, constraint, index)),
                    needed=f"to write duplicates in {table.ref}",
                    old_application_name=ground.old_application_name,
                    gates=(*(no_null_left(table, column.name) for column in nullable), duplicates(table, constraint)),
                ),
            ),
            why=(
                "the index refuses duplicates as soon as it is ready, before it is valid: so it comes after the old version,"
                " not before",
            ),
        )


def duplicates(table: Table, constraint: Constraint) -> Gate:
    """Whether no two rows are alike in the columns of a key."""
    listed = names(constraint.columns)
    given = " AND ".join(f"{one} IS NOT NULL" for one in listed.split(", "))
    return Gate(
        id="no-duplicates",
        question=f"Are no two rows alike in {listed}?",
        query=(
            f"SELECT count(*) FROM (SELECT FROM {name_of(table.ref)} WHERE {given}"
            f" GROUP BY {listed} HAVING count(*) > 1) AS twice"
        ),
        expected="0",
        otherwise="Make the rows differ, or delete all but one of each.",
    )
