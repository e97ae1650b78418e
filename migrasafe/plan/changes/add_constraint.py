"""CHECK and FOREIGN KEY: every row has to pass, the old ones as well, and so do both versions of the app."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, steps
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.model import Gate, Phase, PhaseName, Step
from migrasafe.plan.objects.partitioned_foreign_keys import asked_of_rows
from migrasafe.schema.definitions import constraint_body, free_name, name_of, names
from migrasafe.schema.model import Constraint, Index, Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind, IndexElement, Name


class AddConstraint(Struct, frozen=True, kw_only=True):
    table: Name
    constraint: Constraint
    """A CHECK or a FOREIGN KEY, as the schema would have it: with its name and, resolved, its target."""
    all_null: bool = False
    """Of a FOREIGN KEY: a column of it is new, and empty until the new version writes it."""

    def plan(self, ground: Ground) -> Draft:
        """The new version obeys, what is there is put right, new rows are asked, then old ones. Raises NoPlanError."""
        table = table_of(ground, self.table)
        constraint = self.constraint
        if table.constraint(constraint.name) is not None:
            raise NoPlanError(f"{table.ref} has a constraint {constraint.name} already")
        is_key = constraint.kind is ConstraintKind.FOREIGN_KEY
        without = _missing_index(ground, table, constraint) if is_key else None
        missing = without if table.partition_by is None else None
        target = with_target(ground, constraint) if is_key else constraint
        gate = orphans(table, target) if is_key else violators(table, constraint)
        before: tuple[Phase, ...] = ()
        if missing is not None:
            before = (_expand(steps.build_index(missing), constraint),)
        rule = constraint_body(target)
        asked = asked_of_rows(ground, table, target)
        differs = (
            *((f"there is an index more: {missing.ref}",) if missing is not None else ()),
            *left_not_valid(constraint),
        )
        by_hand = (
            f"no index of {table.ref} begins with {names(constraint.columns)}: every DELETE of {constraint.target} looks through all"
            f" partitions; `migrasafe plan` has a way for CREATE INDEX ON {table.ref} ({names(constraint.columns)})",
        ) * (without is not None and missing is None)
        if self.all_null:
            at_once = phases.expand(
                f"{constraint.name}, over a column that is empty",
                "goes on as before: it leaves the column empty",
                f"obeys {rule}",
                asked,
            )
            return Draft(
                title=f"add {rule} to {table.ref}",
                tables=(table.ref,),
                phases=(*before, at_once),
                differs=differs,
                by_hand=by_hand,
            )
        return Draft(
            title=f"add {rule} to {table.ref}",
            tables=(table.ref,),
            phases=(
                *before,
                phases.deploy(f"obeys {rule}", "may still break the rule"),
                phases.contract(
                    f"{constraint.name} is asked of new rows, then of old ones",
                    f"obeys {rule}",
                    asked,
                    needed=f"to write rows that {constraint.name} refuses",
                    old_application_name=ground.old_application_name,
                    gates=(gate,),
                ),
            ),
            differs=differs,
            by_hand=by_hand,
        )


def left_not_valid(constraint: Constraint) -> tuple[str, ...]:
    """How the end differs where the migration does not ask the old rows: the plan does."""
    return (f"old rows have passed {constraint.name}, which the migration leaves NOT VALID",) * (not constraint.valid)


def _expand(step: Step, constraint: Constraint) -> Phase:
    return Phase(
        name=PhaseName.EXPAND,
        title="An index for the rows that refer: without it, every DELETE of the other table reads all of this one",
        old_app="goes on as before",
        new_app="is not deployed yet",
        steps=(step,),
    )


def with_target(ground: Ground, constraint: Constraint) -> Constraint:
    """With the referenced columns, where the migration left them out: the target's primary key."""
    if constraint.target is None:
        raise NoPlanError(f"the table that {constraint.name} refers to is not known")
    if constraint.target_columns:
        return constraint
    target = ground.schema.table(constraint.target)
    key = target.primary_key if target is not None else None
    if key is None:
        raise NoPlanError(
            f"{constraint.target} has no primary key that is known: name the columns {constraint.name} refers to"
        )
    return replace(constraint, target_columns=key.columns)


def _missing_index(ground: Ground, table: Table, constraint: Constraint) -> Index | None:
    """An index over the referencing columns, where none begins with them."""
    wanted = set(constraint.columns)
    for index in ground.schema.indexes_of(table):
        first = [element.column for element in index.elements[: len(wanted)]]
        if set(first) == wanted and index.predicate is None:
            return None
    return Index(
        ref=free_name(ground.schema, table.ref, constraint.columns, "idx"),
        table=table.ref,
        elements=tuple(IndexElement(column=column) for column in constraint.columns),
        reads=frozenset(constraint.columns),
    )


def orphans(table: Table, constraint: Constraint) -> Gate:
    assert constraint.target is not None  # with_target has seen to it
    pairs = " AND ".join(
        f"there.{quote_ident(there)} = here.{quote_ident(here)}"
        for here, there in zip(constraint.columns, constraint.target_columns, strict=True)
    )
    given = " AND ".join(f"here.{quote_ident(column)} IS NOT NULL" for column in constraint.columns)
    return phases.none_left(
        "no-orphans",
        f"Does every row of {table.ref} refer to one of {constraint.target}?",
        f"{name_of(table.ref)} here",
        f"{given} AND NOT EXISTS (SELECT FROM {name_of(constraint.target)} there WHERE {pairs})",
        "Delete the rows that refer to nothing, or set them to null.",
    )


def violators(table: Table, constraint: Constraint) -> Gate:
    """Whether every row passes a CHECK."""
    assert constraint.expression is not None  # a CHECK has one
    return phases.none_left(
        "no-violators",
        f"Does every row of {table.ref} pass?",
        name_of(table.ref),
        f"NOT ({deparse_expression(constraint.expression)})",
        "Put the rows right that do not pass.",
    )
