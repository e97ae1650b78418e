"""Foreign keys to a primary key that another takes the place of: they go on, by a UNIQUE over the columns they always named."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import steps
from migrasafe.plan.carry_over.constraint_comments import comment_again
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.model import Step
from migrasafe.plan.objects.keys import key_index
from migrasafe.plan.objects.partitioned_foreign_keys import refuse_not_valid
from migrasafe.schema.definitions import constraint_body, name_of, names
from migrasafe.schema.evolve.generated_names import joined_columns, object_name
from migrasafe.schema.model import Constraint, Ref, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintDef, ConstraintKind


class Reference(Struct, frozen=True, kw_only=True):
    """A foreign key, and the table that has it."""

    child: Ref
    constraint: Constraint


class KeptReferences(Struct, frozen=True, kw_only=True):
    """What keeps the foreign keys to `table` (`columns`) while the key that they depend on goes.

    PostgreSQL ties a foreign key to one index, and cannot tie it to another: it is dropped and made again, NOT VALID, in the
    transaction that changes the key, under locks that let no row in between; then it is validated, which finds nothing.
    """

    ground: Ground
    table: Table
    columns: tuple[str, ...]
    references: tuple[Reference, ...] = ()
    wanted: ConstraintDef | None = None
    """The UNIQUE, as the migration has it; None: it says none."""

    @property
    def unique(self) -> Constraint | None:
        """The UNIQUE that has to be made; None where nothing refers to the columns, or there is one already."""
        for one in self.table.constraints:
            if one.kind is ConstraintKind.UNIQUE and one.columns == self.columns and not one.deferrable:
                return None
        wanted = self.wanted
        if not self.references and wanted is None:
            return None
        wanted = wanted or ConstraintDef(kind=ConstraintKind.UNIQUE)
        return Constraint(
            name=wanted.name or object_name(self.table.ref.name, joined_columns(self.columns), "key"),
            kind=ConstraintKind.UNIQUE,
            columns=self.columns,
            include=wanted.include,
            nulls_not_distinct=wanted.nulls_not_distinct,
            tablespace=wanted.tablespace,
            options=wanted.options,
        )

    @property
    def ready(self) -> tuple[Step, ...]:
        """The UNIQUE, before anything else of the change: foreign keys take the oldest index that fits."""
        unique = self.unique
        if unique is None:
            return ()
        index = key_index(self.table.ref, unique)
        return (steps.build_index(index), steps.constraint_from_index(self.table.ref, unique, index))

    def around(self, swap: Step) -> Step:
        """The step that changes the key, with the foreign keys out of its way, there and back."""
        if not self.references:
            return swap
        tables = dict.fromkeys((self.table.ref, *(one.child for one in self.references)))
        lock = f"LOCK TABLE {', '.join(map(name_of, tables))} IN ACCESS EXCLUSIVE MODE"
        drops = [
            f"ALTER TABLE {name_of(one.child)} DROP CONSTRAINT {quote_ident(one.constraint.name)}"
            for one in self.references
        ]
        back = list(self._again())
        unique = self.unique
        # On the way back they are to hold on to the old key, not to what the way back takes away next.
        gone = (
            []
            if unique is None
            else [f"ALTER TABLE {name_of(self.table.ref)} DROP CONSTRAINT {quote_ident(unique.name)}"]
        )
        return replace(
            swap,
            statements=(lock, *drops, *swap.statements, *back),
            undo=(lock, *drops, *gone, *swap.undo, *back),
            stays="the foreign keys come back NOT VALID: old rows are not asked",
        )

    @property
    def validated(self) -> tuple[Step, ...]:
        """After the change."""
        return tuple(steps.validate(one.child, one.constraint.name) for one in self.references if one.constraint.valid)

    @property
    def differs(self) -> tuple[str, ...]:
        kept = tuple(
            f"{one.constraint.name} of {one.child} keeps its comment, which the migration would have lost"
            for one in self.references
            if any(self._comment(one))
        )
        unique = self.unique
        if unique is None or self.wanted is not None:
            return kept
        listed = ", ".join(f"{one.constraint.name} of {one.child}" for one in self.references)
        return (f"{names(self.columns)} of {self.table.ref} stays unique, by {unique.name}: {listed} needs it", *kept)

    def _again(self) -> Iterator[str]:
        for one in self.references:
            named = replace(one.constraint, target_columns=one.constraint.target_columns or self.columns)
            child = self.ground.schema.table(one.child)
            if child is not None:
                refuse_not_valid(self.ground, child, one.constraint)
            alter = f"ALTER TABLE {name_of(one.child)} ADD CONSTRAINT {quote_ident(one.constraint.name)}"
            yield f"{alter} {constraint_body(named)} NOT VALID"
            yield from self._comment(one)

    def _comment(self, one: Reference) -> Iterator[str]:
        return comment_again((self.ground.beside or {}).get(one.child), one.child, one.constraint.name)
