"""What stands on an old column, for the new one: indexes and constraints under names of their own until the old ones go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from migrasafe.plan import steps
from migrasafe.plan.beside import name_beside
from migrasafe.plan.carry_over.beside_column import give_along, is_something
from migrasafe.plan.carry_over.constraint_comments import comment_again
from migrasafe.plan.carry_over.extended_statistics import carried_statistics, statistics_names_back
from migrasafe.plan.carry_over.rename_in import constraint_over, index_over
from migrasafe.plan.carry_over.unseen import bodies_that_name
from migrasafe.plan.dual_write.shadow import Shadow
from migrasafe.plan.model import Step
from migrasafe.plan.objects.partitioned_foreign_keys import refuse_not_valid
from migrasafe.schema.definitions import name_of
from migrasafe.schema.evolve.generated_names import object_name
from migrasafe.schema.model import Constraint, Index, Ref, Schema, Table
from migrasafe.schema.publishing import publications_of
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import ConstraintKind


def temporary(name: str) -> str:
    """What an index or constraint of the new column is called while the old one's still has the name."""
    return name_beside(name)


def carried_indexes(shadow: Shadow) -> list[Index]:
    schema = shadow.ground.schema
    return [index for index in schema.indexes_of(shadow.table) if shadow.old.name in index.reads]


def carried_constraints(shadow: Shadow) -> list[Constraint]:
    kinds = {ConstraintKind.CHECK, ConstraintKind.FOREIGN_KEY, ConstraintKind.UNIQUE}
    return [one for one in shadow.table.constraints if one.kind in kinds and shadow.old.name in one.columns]


def carry_over(shadow: Shadow, targets: Mapping[Ref, Mapping[str, str]] | None = None) -> Iterator[Step]:
    """The steps that build it all. `targets`: columns of other tables that get another place in the same plan."""
    table, columns = shadow.table, shadow.columns
    for index in carried_indexes(shadow):
        copy = index_over(index, columns)
        yield steps.build_index(replace(copy, ref=Ref(index.ref.schema, temporary(index.ref.name))))
    for constraint in carried_constraints(shadow):
        copy_of = replace(constraint_over(constraint, table.ref, columns), name=temporary(constraint.name))
        if targets and constraint.target is not None and constraint.target in targets:
            moved = targets[constraint.target]
            copy_of = replace(copy_of, target_columns=tuple(moved.get(one, one) for one in constraint.target_columns))
        if constraint.kind is ConstraintKind.UNIQUE:
            if constraint.index is not None:
                ref = Ref(table.ref.schema, temporary(constraint.index.name))
                index = shadow.ground.schema.index(constraint.index) or Index(ref=constraint.index, table=table.ref)
                yield steps.constraint_from_index(table.ref, copy_of, replace(index, ref=ref))
            continue
        refuse_not_valid(shadow.ground, table, constraint)
        yield steps.add_not_valid(table.ref, copy_of)
        if constraint.valid:
            yield steps.validate(table.ref, copy_of.name)
    yield from carried_statistics(table.ref, shadow.beside, columns)
    attached = shadow.attached
    if attached is not None and is_something(attached):
        yield give_along(table.ref, shadow.new.name, attached)
    if shadow.old.not_null:
        yield from steps.not_null(
            table.ref, shadow.new.name, temporary(_not_null_name(shadow)), pg_version=shadow.ground.target.pg_version
        )


def _not_null_name(shadow: Shadow) -> str:
    """What the NOT NULL constraint of the old column is called; before 18 they have no names."""
    for constraint in shadow.table.constraints:
        if constraint.kind is ConstraintKind.NOT_NULL and constraint.columns == (shadow.old.name,):
            return constraint.name
    return object_name(shadow.table.ref.name, shadow.old.name, "not_null")


def names_back(shadow: Shadow) -> Iterator[str]:
    table = shadow.table
    constraints = carried_constraints(shadow)
    owned = {constraint.index for constraint in constraints if constraint.index is not None}
    for index in carried_indexes(shadow):
        if index.ref not in owned and index.constraint is None:
            now = name_of(Ref(index.ref.schema, temporary(index.ref.name)))
            yield f"ALTER INDEX {now} RENAME TO {quote_ident(index.ref.name)}"
    for constraint in constraints:
        yield (
            f"ALTER TABLE {name_of(table.ref)} RENAME CONSTRAINT {quote_ident(temporary(constraint.name))}"
            f" TO {quote_ident(constraint.name)}"
        )
    yield from statistics_names_back(shadow.beside, shadow.columns)
    yield from _comments(shadow, constraints)
    if shadow.old.not_null and shadow.ground.target.at_least(steps.NOT_NULL_NAMED_SINCE):
        name = _not_null_name(shadow)
        yield (
            f"ALTER TABLE {name_of(table.ref)} RENAME CONSTRAINT {quote_ident(temporary(name))} TO {quote_ident(name)}"
        )


def _comments(shadow: Shadow, constraints: list[Constraint]) -> Iterator[str]:
    """The comments of what had the names before."""
    beside = shadow.beside
    if beside is None:
        return
    named = {index.ref.name: index.ref for index in carried_indexes(shadow)}
    for name, text in beside.index_comments:
        if name in named:
            yield f"COMMENT ON INDEX {name_of(named[name])} IS {quote_literal(text)}"
    for one in constraints:
        yield from comment_again(beside, shadow.table.ref, one.name)


def subscribers_first(schema: Schema, table: Table, column: str) -> Iterator[str]:
    """What has to be done elsewhere before a published table gets a column."""
    for publication in publications_of(schema, table):
        yield (
            f"{publication.name} publishes {table.ref}: add {column} on every subscriber before the expand phase, or replication"
            " stops at the first row"
        )


def unseen(shadow: Shadow) -> Iterator[str]:
    """What stands on the old column and cannot be carried over from what is known."""
    old, new = shadow.old.name, shadow.new.name
    for trigger in shadow.table.triggers if shadow.beside is None else ():
        if old in trigger.reads or old in trigger.columns:
            yield (
                f"the trigger {trigger.name} names {old} in UPDATE OF or WHEN: it does not fire for a write to {new};"
                f" make it over both columns before the switch, and over {new} alone before the contract phase"
            )
    first, last = shadow.dual().triggers
    for trigger in shadow.table.triggers:
        if trigger.row and trigger.timing == "before" and not first < trigger.name < last:
            yield (
                f"the trigger {trigger.name} runs {'before' if trigger.name < first else 'after'} all of ours, since PostgreSQL"
                " goes by the names: rename it, or what it does to one column does not reach the other"
            )
    for constraint in shadow.table.constraints:
        if constraint.kind is ConstraintKind.EXCLUDE and old in constraint.columns:
            yield f"the EXCLUDE constraint {constraint.name} is not carried over: it cannot be added without a long lock"
    yield from bodies_that_name(shadow.ground.schema, shadow.table.ref, (old,))
    yield from subscribers_first(shadow.ground.schema, shadow.table, new)
    if shadow.ground.attached is None:
        yield (
            f"comments, column privileges, statistics targets and storage of {old} are not seen in migrations or dumps:"
            f" plan with --schema DSN, and {new} gets them too"
        )
