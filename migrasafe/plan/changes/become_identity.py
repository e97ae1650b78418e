"""A column whose numbers come from a sequence of its own, a serial, or from the app, becomes an identity column.

https://www.postgresql.org/docs/current/ddl-identity-columns.html
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.beside import ref_beside
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.plan.objects.sequences import counted_on, goes_on, sequence_of
from migrasafe.schema.definitions import name_of
from migrasafe.schema.index_use import finds_every_row
from migrasafe.schema.model import Column, Ref, Sequence, Table
from migrasafe.sql.quote import quote_ident, quote_literal, quote_role
from migrasafe.sql.statements import ConstraintKind, Identity, Name


class BecomeIdentity(Struct, frozen=True, kw_only=True):
    table: Name
    column: str
    identity: Identity

    def plan(self, ground: Ground) -> Draft:
        """In an instant, with the numbers going on; ALWAYS only when the old version is gone. Raises NoPlanError."""
        table = table_of(ground, self.table)
        column = column_of(table, self.column)
        if column.identity is not None:
            raise NoPlanError(f"{table.ref}.{column.name} is an identity column already")
        if not column.not_null:
            raise NoPlanError(f"{table.ref}.{column.name} may be null: make it NOT NULL in a migration before this one")
        serial = sequence_of(ground.schema, table.ref, column.name)
        own = sorted(set(self.identity.options) - {"sequence_name"})
        if own:
            raise NoPlanError(
                f"the identity of {table.ref}.{column.name} says {', '.join(own)}: its numbers go on where they are without that;"
                " change the sequence in a migration behind this one"
            )
        if serial is None and not finds_every_row(ground.schema, table, (column.name,)):
            raise NoPlanError(
                f"{table.ref}.{column.name} has neither a sequence of its own nor an index that tells its highest number"
            )
        step = from_serial(table, column, serial) if serial is not None else _from_nothing(table, column)
        always = self.identity.always
        last = tuple(_last(table, column, serial, always=always))
        return Draft(
            title=f"make {table.ref}.{column.name} an identity column",
            tables=(table.ref,),
            phases=tuple(_phases(ground, table, column, step, last, always=always)),
            why=(
                "no row is touched; in one transaction, so that no number comes twice",
                *(
                    ("the column takes numbers that are given as well (BY DEFAULT) as long as the old version runs",)
                    * always
                ),
            ),
            by_hand=tuple(_by_hand(table, column, serial)),
            differs=(f"the sequence {serial.ref} keeps its privileges",)
            if serial is not None and serial.grants
            else (),
        )


def _phases(
    ground: Ground, table: Table, column: Column, step: Step, last: tuple[Step, ...], *, always: bool
) -> Iterator[Phase]:
    yield Phase(
        name=PhaseName.EXPAND,
        title=f"{column.name} has its numbers from an identity",
        old_app="goes on as before",
        new_app=f"may leave {column.name} out, or give it",
        steps=(step,),
    )
    if always:
        yield phases.deploy(f"never gives {column.name} a value", f"may give {column.name} a value")
        yield phases.contract(
            f"{column.name} is always numbered by PostgreSQL",
            f"never gives {column.name} a value",
            last,
            needed=f"to give {table.ref}.{column.name} values of its own",
            old_application_name=ground.old_application_name,
        )
    elif last:
        yield Phase(
            name=PhaseName.CONTRACT,
            title="The sequence that was put aside goes",
            old_app="goes on as before",
            new_app="goes on as before",
            steps=last,
        )


def _is_identity(table: Table, column: Column, letters: str) -> str:
    listed = ", ".join(quote_literal(letter) for letter in letters)
    return predicates.column_with(table.ref, column.name, f"attidentity IN ({listed})")


def _aside(sequence: Sequence) -> Ref:
    return ref_beside(sequence.ref)


def from_serial(table: Table, column: Column, serial: Sequence, *, always: bool = False) -> Step:
    """The identity's sequence has the name, the privileges and the next number of the one before."""
    alter = f"ALTER TABLE {name_of(table.ref)} ALTER COLUMN {quote_ident(column.name)}"
    sequence, aside = serial.ref, _aside(serial)
    lock = f"LOCK TABLE {name_of(table.ref)} IN ACCESS EXCLUSIVE MODE"
    return Step(
        title=f"{column.name} becomes an identity column, whose sequence goes on where {sequence} was",
        statements=(
            lock,
            f"{alter} DROP DEFAULT",
            f"ALTER SEQUENCE {name_of(sequence)} OWNED BY NONE",
            f"ALTER SEQUENCE {name_of(sequence)} RENAME TO {quote_ident(aside.name)}",
            f"{alter} ADD GENERATED {'ALWAYS' if always else 'BY DEFAULT'} AS IDENTITY (SEQUENCE NAME {name_of(sequence)})",
            goes_on(sequence, aside),
            *(
                f"GRANT {one.privilege.upper()} ON SEQUENCE {name_of(sequence)} TO {quote_role(one.role)}"
                for one in sorted(serial.grants)
            ),
        ),
        done=_is_identity(table, column, "da"),
        undo=(
            lock,
            goes_on(aside, sequence),
            f"{alter} DROP IDENTITY",
            f"ALTER SEQUENCE {name_of(aside)} RENAME TO {quote_ident(sequence.name)}",
            f"ALTER SEQUENCE {name_of(sequence)} OWNED BY {name_of(table.ref)}.{quote_ident(column.name)}",
            f"{alter} SET DEFAULT nextval({quote_literal(name_of(sequence))}::regclass)",
        ),
        undoable=f"{predicates.relation(aside)} IS NOT NULL",
    )


def _from_nothing(table: Table, column: Column) -> Step:
    alter = f"ALTER TABLE {name_of(table.ref)} ALTER COLUMN {quote_ident(column.name)}"
    return Step(
        title=f"{column.name} becomes an identity column, whose first number is behind the highest",
        statements=(
            f"LOCK TABLE {name_of(table.ref)} IN ACCESS EXCLUSIVE MODE",
            *((f"{alter} DROP DEFAULT",) if column.default is not None else ()),
            f"{alter} ADD GENERATED BY DEFAULT AS IDENTITY",
            counted_on(table.ref, column.name),
        ),
        done=_is_identity(table, column, "da"),
        undo=(f"{alter} DROP IDENTITY",),
    )


def _last(table: Table, column: Column, serial: Sequence | None, *, always: bool) -> Iterator[Step]:
    alter = f"ALTER TABLE {name_of(table.ref)} ALTER COLUMN {quote_ident(column.name)}"
    if always:
        yield Step(
            title=f"Refuse values for {column.name}",
            statements=(f"{alter} SET GENERATED ALWAYS",),
            done=_is_identity(table, column, "a"),
            undo=(f"{alter} SET GENERATED BY DEFAULT",),
        )
    if serial is not None:
        yield drop_aside(table, column, serial)


def drop_aside(table: Table, column: Column, serial: Sequence) -> Step:
    """The end of the sequence that an identity took the place of."""
    aside = _aside(serial)
    return Step(
        title=f"Drop the sequence {aside.name}",
        statements=(f"DROP SEQUENCE {name_of(aside)}",),
        done=f"{_is_identity(table, column, 'da')} AND {predicates.relation(aside)} IS NULL",
        loses=f"what {serial.ref} was before: the way back is a plan of its own",
    )


def _by_hand(table: Table, column: Column, serial: Sequence | None) -> Iterator[str]:
    if serial is not None:
        yield (
            f"INCREMENT, MINVALUE, MAXVALUE, CACHE and CYCLE of {serial.ref}, where they are not the usual ones, do not go along:"
            " ALTER SEQUENCE them after the first phase"
        )
        yield f"who counts with another column on {serial.ref} as well goes on doing so: it has the same name"
    else:
        key = any(one.kind is ConstraintKind.PRIMARY_KEY and one.columns == (column.name,) for one in table.constraints)
        yield (
            f"who gives {column.name} values itself can meet one that the identity gave before: a duplicate key"
            if key
            else f"who gives {column.name} values itself can give one that the identity gave before"
        )
