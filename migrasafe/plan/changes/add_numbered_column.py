"""A new column that numbers the rows, a surrogate key: added empty, numbered in batches, an identity at the end.

As one statement it rewrites the table and all of its indexes while nobody can use it.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.changes.add_unique import AddUnique
from migrasafe.plan.changes.become_identity import drop_aside, from_serial
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.changes.set_not_null import no_null_left
from migrasafe.plan.model import Backfill, Phase, PhaseName, Step
from migrasafe.plan.objects.not_null_name import not_null_name
from migrasafe.schema.definitions import free_name, name_of
from migrasafe.schema.model import Column, Constraint, Sequence, Table
from migrasafe.sql.quote import quote_ident, quote_literal, spell_type
from migrasafe.sql.statements import ColumnDef, ConstraintKind, Name, TypeName

SERIALS = {"serial": "int4", "bigserial": "int8", "smallserial": "int2"}
_WITHOUT = frozenset({ConstraintKind.NOT_NULL, ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE})


def is_numbered(column: ColumnDef) -> bool:
    """Whether PostgreSQL numbers the rows in it: a serial, or an identity column."""
    return column.identity is not None or (column.type is not None and column.type.name in SERIALS)


class AddNumberedColumn(Struct, frozen=True, kw_only=True):
    table: Name
    column: ColumnDef
    key: Constraint | None = None
    """The PRIMARY KEY or UNIQUE that it brings."""

    def plan(self, ground: Ground) -> Draft:
        """Raises NoPlanError."""
        table, wanted = table_of(ground, self.table), self.column
        if table.column(wanted.name) is not None:
            raise NoPlanError(f"{table.ref} has a column {wanted.name} already")
        if wanted.type is None or any(one.kind not in _WITHOUT for one in wanted.constraints):
            raise NoPlanError(f"{wanted.name} brings constraints of its own: add each in a statement behind it")
        if wanted.identity is not None and set(wanted.identity.options) - {"sequence_name"}:
            raise NoPlanError(
                f"the identity of {wanted.name} has options: change its sequence in a migration behind this one"
            )
        type = TypeName(name=SERIALS.get(wanted.type.name, wanted.type.name))
        column = Column(name=wanted.name, type=type, not_null=True)
        numbers = Sequence(ref=free_name(ground.schema, table.ref, (column.name,), "seq"), type=type)
        return Draft(
            title=f"number the rows of {table.ref} in {column.name}",
            tables=(table.ref,),
            phases=tuple(self._phases(ground, table, column, numbers)),
            why=(f"as one statement it would rewrite {table.ref} and all of its indexes while nobody can use it",),
            by_hand=(
                "rows from before are numbered in the order in which the backfill meets them",
                f"an INSERT INTO {table.ref.name} VALUES (…) without column names goes on as before: the column is the last",
            ),
        )

    def _phases(self, ground: Ground, table: Table, column: Column, numbers: Sequence) -> Iterator[Phase]:
        name, identity = column.name, self.column.identity
        assert column.type is not None  # plan() gave it one
        counted = f"nextval({quote_literal(name_of(numbers.ref))}::regclass)"
        yield Phase(
            name=PhaseName.EXPAND,
            title=f"{name}, empty; new rows get a number",
            old_app="goes on as before; a prepared SELECT * or RETURNING * has to be prepared again",
            new_app="is not deployed yet",
            steps=(
                steps.add_column(table.ref, name, spell_type(column.type)),
                _count(table, column, numbers, counted),
            ),
        )
        yield Phase(
            name=PhaseName.BACKFILL,
            title="The rows from before are numbered, in batches",
            old_app="goes on as before",
            new_app="is not deployed yet",
            backfills=(
                Backfill(
                    table=name_of(table.ref),
                    assignments=(f"{quote_ident(name)} = {counted}",),
                    where=f"{quote_ident(name)} IS NULL",
                ),
            ),
        )
        version = ground.target.pg_version
        proved = steps.not_null(table.ref, name, not_null_name(table, name), pg_version=version)
        last = (from_serial(table, column, numbers, always=identity.always),) if identity is not None else ()
        # Nobody but the sequence has given it a value: its key can be there before the new version, which may rely on it.
        key = tuple(self._key(ground, table, column))
        yield Phase(
            name=PhaseName.VERIFY,
            title=f"Every row has its {name}",
            old_app="goes on as before: it does not know the column",
            new_app=f"reads {name}",
            gates=(no_null_left(table, name),),
            steps=(*proved, *key, *last),
        )
        spare = (drop_aside(table, column, numbers),) if identity is not None else ()
        yield phases.deploy(f"may read {name}", "goes on as before")
        if spare:
            yield Phase(
                name=PhaseName.CONTRACT,
                title="The sequence that was put aside goes",
                old_app="goes on as before",
                new_app=f"reads {name}",
                steps=spare,
            )

    def _key(self, ground: Ground, table: Table, column: Column) -> Iterator[Step]:
        """The steps that make the PRIMARY KEY or UNIQUE."""
        if self.key is not None:
            with_column = replace(table, columns=(*table.columns, column))
            schema = replace(ground.schema, relations=ground.schema.relations.insert(table.ref, with_column))
            keyed = AddUnique(table=self.table, constraint=self.key).plan(replace(ground, schema=schema))
            yield from (step for phase in keyed.phases for step in phase.steps)


def _count(table: Table, column: Column, numbers: Sequence, counted: str) -> Step:
    alter = f"ALTER TABLE {name_of(table.ref)} ALTER COLUMN {quote_ident(column.name)}"
    assert column.type is not None  # as above
    sequence = name_of(numbers.ref)
    owner = f"{name_of(table.ref)}.{quote_ident(column.name)}"
    return Step(
        title=f"Number new rows by {numbers.ref.name}",
        statements=(
            f"CREATE SEQUENCE {sequence} AS {spell_type(column.type)} OWNED BY {owner}",
            f"{alter} SET DEFAULT {counted}",
        ),
        done=predicates.column_with(table.ref, column.name, "(atthasdef OR attidentity <> '')"),
        undo=(f"{alter} DROP DEFAULT", f"DROP SEQUENCE {sequence}"),
        undoable=predicates.column_has_default(table.ref, column.name),
    )
