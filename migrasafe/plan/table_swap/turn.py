"""The two tables change places, in one short transaction; and back the same way."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan import predicates, steps
from migrasafe.plan.beside import ref_beside
from migrasafe.plan.carry_over.references import own_keys_to
from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.model import Step
from migrasafe.plan.objects.sequences import goes_on, sequence_of
from migrasafe.plan.table_swap.belongings import put_on, taken_off, valid_keys_to, views_over
from migrasafe.plan.table_swap.follow import follows, unfollowed
from migrasafe.plan.table_swap.model import TableSwap
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Column, Ref
from migrasafe.sql.quote import quote_ident, quote_role


def swap_step(swap: TableSwap) -> Step:
    return Step(
        title=f"{swap.ready.name} becomes {swap.table.ref.name}; the old one is kept up to date as {swap.parked.name}",
        statements=(*_turned(swap, ahead=True), *swap.marks),
        done=swap.is_swapped,
        past=swap.is_over,
        undo=(*swap.unmarks, *_turned(swap, ahead=False)),
        undoable=swap.is_swapped,
    )


def drop_step(swap: TableSwap) -> Step:
    table = swap.table.ref
    return Step(
        title=f"Drop the old table, {swap.parked.name}",
        statements=(*unfollowed(swap, table, ahead=False), f"DROP TABLE {name_of(swap.parked)}"),
        done=swap.is_over,
        loses=f"{swap.parked}, the way back to the table as it was",
    )


def checked_again(swap: TableSwap, is_past: str) -> tuple[tuple[str, ...], str]:
    """On the way back the rows of other tables are checked against the old table, as they were before: statements, and the
    question whether one of them is to be run."""
    table = swap.table.ref
    keys = [(child.ref, key.name) for child, key in valid_keys_to(swap.ground.schema, table)]
    open_ = " OR ".join(predicates.constraint_with(child, name, "NOT convalidated") for child, name in keys)
    validated = tuple(statement for child, name in keys for statement in steps.validate(child, name).statements)
    return validated, f"({open_ or 'false'}) AND NOT {is_past}"


def checked_after(swap: TableSwap) -> Iterator[Step]:
    """The rows of other tables are checked against the new one; new rows are checked from the swap on."""
    for child, key in valid_keys_to(swap.ground.schema, swap.table.ref):
        yield steps.validate(child.ref, key.name)


def _turned(swap: TableSwap, *, ahead: bool) -> Iterator[str]:
    table = swap.table.ref
    waits, parked = (swap.ready, swap.parked) if ahead else (swap.parked, swap.ready)
    children = [child.ref for child, _ in own_keys_to(swap.ground.schema, table) if child.ref != table]
    views = [view.ref for view in views_over(swap.ground.schema, table)]
    locked = ", ".join(name_of(one) for one in dict.fromkeys((*views, table, waits, *children)))
    yield f"LOCK TABLE {locked} IN ACCESS EXCLUSIVE MODE"
    yield from unfollowed(swap, table, ahead=ahead)
    yield from taken_off(swap.ground, swap.table)
    yield f"ALTER TABLE {name_of(table)} RENAME TO {quote_ident(parked.name)}"
    yield f"ALTER TABLE {name_of(waits)} RENAME TO {quote_ident(table.name)}"
    for index, ready, dropped in swap.indexes():
        off, on = (dropped, ready) if ahead else (ready, dropped)
        yield f"ALTER INDEX {name_of(index.ref)} RENAME TO {quote_ident(off)}"
        yield f"ALTER INDEX {name_of(Ref(index.ref.schema, on))} RENAME TO {quote_ident(index.ref.name)}"
    for one, ready_ref, dropped_ref in swap.statistics():
        off_ref, on_ref = (dropped_ref, ready_ref) if ahead else (ready_ref, dropped_ref)
        yield f"ALTER STATISTICS {name_of(Ref(one.schema, one.name))} RENAME TO {quote_ident(off_ref.name)}"
        yield f"ALTER STATISTICS {name_of(on_ref)} RENAME TO {quote_ident(one.name)}"
    yield from moved_identities(swap, parked, table)
    yield from follows(swap, table, ahead=not ahead)[1:]  # the schema of the functions is there
    yield from put_on(swap.ground, swap.table)


def moved_identities(swap: TableSwap, loses: Ref, gets: Ref) -> Iterator[str]:
    """The identity columns of the one table become those of the other."""
    for column in swap.table.columns:
        if column.identity is not None:
            yield from _identity(swap, column, loses, gets)


def _identity(swap: TableSwap, column: Column, loses: Ref, gets: Ref) -> Iterator[str]:
    """An identity cannot move: another one goes on with its numbers, under the name of its sequence."""
    assert column.identity is not None  # whoever asks has seen it
    sequence = sequence_of(swap.ground.schema, swap.table.ref, column.name)
    if sequence is None or (column.identity.options and not swap.beside.identity_options):
        raise NoPlanError(
            f"the sequence of the identity column {swap.table.ref}.{column.name} is not known: plan with --schema DSN"
        )
    always = "ALWAYS" if column.identity.always else "BY DEFAULT"
    beside = ref_beside(sequence.ref)
    options = dict(swap.beside.identity_options).get(column.name, "")
    name = quote_ident(column.name)
    yield (
        f"ALTER TABLE {name_of(gets)} ALTER COLUMN {name} ADD GENERATED {always} AS IDENTITY"
        f" (SEQUENCE NAME {name_of(beside)}{f' {options}' if options else ''})"
    )
    yield goes_on(beside, sequence.ref)
    yield f"ALTER TABLE {name_of(loses)} ALTER COLUMN {name} DROP IDENTITY"
    yield f"ALTER SEQUENCE {name_of(beside)} RENAME TO {quote_ident(sequence.ref.name)}"
    for grant in sorted(sequence.grants):
        yield f"GRANT {grant.privilege.upper()} ON SEQUENCE {name_of(sequence.ref)} TO {quote_role(grant.role)}"
