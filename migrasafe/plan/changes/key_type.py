"""Another type for a primary key, and with it for every column that refers to it: before the numbers run out."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, steps
from migrasafe.plan.beside import name_beside
from migrasafe.plan.carry_over.identity_moves import moved_identity
from migrasafe.plan.carry_over.indexes_and_constraints import carry_over, temporary, unseen
from migrasafe.plan.carry_over.materialized_views import built_again, ending
from migrasafe.plan.carry_over.rebound import around, rebound
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.dual_write import shadow_column
from migrasafe.plan.dual_write.shadow import Shadow, shadow_name
from migrasafe.plan.model import Backfill, Phase, PhaseName, Step
from migrasafe.plan.objects.keys import key_index, with_its_index
from migrasafe.schema.definitions import constraint_body, name_of, names, type_of
from migrasafe.schema.model import Column, Constraint, Index, Sequence, Table
from migrasafe.sql.conversions import Conversion, known_conversion
from migrasafe.sql.quote import quote_ident, spell_type
from migrasafe.sql.statements import ConstraintKind, TypeName

_OF_SEQUENCES = {"int2": "smallint", "int4": "integer", "int8": "bigint"}


class _Reference(Struct, frozen=True, kw_only=True):
    """A foreign key that refers to the key."""

    shadow: Shadow
    constraint: Constraint


def widen_key(ground: Ground, table: Table, old: Column, type: TypeName, conversion: Conversion) -> Draft:
    """The key and every column that refers to it get new columns, which take over together. Raises NoPlanError."""
    key = table.primary_key
    assert key is not None  # whoever asks has seen it
    if old.generated is not None:
        raise NoPlanError(f"{table.ref}.{old.name} is filled by PostgreSQL itself: that has no plan yet")
    if old.type is not None and _is_narrower(type, old.type):
        raise NoPlanError(
            f"{table.ref}.{old.name} is a key, and {spell_type(type)} has no place for every {type_of(old)}: a key is only widened"
        )
    parent = _shadow(ground, table, old, type, conversion, 0)
    references = list(_references(ground, table, old, type))
    shadows = [parent, *(one.shadow for one in references)]
    bound = rebound(ground, shadows)
    # A second index on the old key: it makes the way back an instant, since that of the key goes with the key.
    spare = key_index(table.ref, with_its_index(ground.schema, key), name_beside(key.name, "spare"))
    tables = tuple(dict.fromkeys(one.table.ref for one in shadows))
    listed = ", ".join(f"{one.table.ref}.{one.old.name}" for one in shadows)
    return Draft(
        title=f"change {listed} to {spell_type(type)}",
        tables=tables,
        phases=(
            Phase(
                name=PhaseName.EXPAND,
                title="Make room: new columns, empty",
                old_app="goes on as before; a prepared SELECT * or RETURNING * has to be prepared again",
                new_app="is not deployed yet",
                steps=tuple(step for one in shadows for step in shadow_column.expand(one).steps),
            ),
            Phase(
                name=PhaseName.DUAL_WRITE,
                title="Every write reaches both columns",
                old_app="goes on as before",
                new_app="is not deployed yet",
                steps=tuple(step for one in shadows for step in shadow_column.dual_write(one).steps),
            ),
            Phase(
                name=PhaseName.BACKFILL,
                title="The rows from before are filled, in batches",
                old_app="goes on as before",
                new_app="is not deployed yet",
                backfills=tuple(job for one in shadows for job in _jobs(one)),
            ),
            Phase(
                name=PhaseName.VERIFY,
                title="The new columns are proved equal, and get what stands on the old ones",
                old_app="goes on as before",
                new_app="is not deployed yet",
                gates=tuple(shadow_column.same(one) for one in shadows),
                steps=tuple(_ready(parent, shadows, spare)),
            ),
            Phase(
                name=PhaseName.SWITCH,
                title=f"{old.name} is {spell_type(type)}, for both versions",
                old_app=f"meets {spell_type(type)}; a prepared statement has to be prepared again",
                new_app=f"reads and writes {spell_type(type)}: deploy it after the step",
                steps=(around(_swap(ground, parent, key, references, spare), bound),),
            ),
            phases.contract(
                "The old columns go for good",
                f"reads and writes {spell_type(type)}",
                tuple(step for one in shadows for step in _last(one)),
                needed=f"{table.ref}.{old.name} as {type_of(old)}",
                old_application_name=ground.old_application_name,
            ),
        ),
        why=(
            f"as one statement it would rewrite {table.ref} and all of its indexes while nobody can use it, and fail at each"
            " foreign key whose column stays as it is",
        ),
        assumed=((conversion.pitfall,) if conversion.pitfall else ()),
        by_hand=(
            f"until the swap, {table.ref} has a second unique index: an upsert ON CONFLICT ({old.name}) of two sessions at once"
            " can fail with a duplicate key, and has to be tried again",
            f"both versions meet {spell_type(type)} from the switch on: see that drivers and code can, above all where they"
            " keep numbers in 32 bits",
            "after the way back from the switch, run the verify phase again before the next try: its index went with the key",
            "functions in plpgsql that name these tables and are no triggers of theirs keep old plans in open sessions: after the"
            " switch, CREATE OR REPLACE each",
            *(text for one in shadows for text in unseen(one)),
        ),
        differs=("the new columns are the last of their tables: SELECT * gives them at the end",),
    )


def _is_narrower(new: TypeName, old: TypeName) -> bool:
    sizes = list(_OF_SEQUENCES)
    return new.name in sizes and old.name in sizes and sizes.index(new.name) < sizes.index(old.name)


def _shadow(ground: Ground, table: Table, old: Column, type: TypeName, conversion: Conversion, number: int) -> Shadow:
    new = replace(old, name=shadow_name(old.name), type=type, default=None, not_null=False, identity=None)
    own = replace(ground, id=f"{ground.id}_{number}" if number else ground.id)
    return Shadow(ground=own, table=table, old=old, new=new, up=conversion.up, down=conversion.down)


def _references(ground: Ground, table: Table, old: Column, type: TypeName) -> Iterator[_Reference]:
    """Every foreign key to the column, each with its own column's shadow."""
    number = 0
    for child, constraint in foreign_keys_to(ground.schema, table.ref):
        if constraint.target_columns not in ((old.name,), ()):
            continue
        column = child.column(constraint.columns[0]) if len(constraint.columns) == 1 else None
        if column is None or column.type is None or column.identity is not None or _is_in_key(child, column):
            raise NoPlanError(
                f"{child.ref} refers to it with {names(constraint.columns)}, which is in a key of its own: that has no plan yet"
            )
        conversion = known_conversion(column.type, type, column.name, shadow_name(column.name))
        if conversion is None:
            raise NoPlanError(
                f"how {child.ref}.{column.name} ({spell_type(column.type)}) becomes {spell_type(type)} is not known"
            )
        number += 1
        yield _Reference(shadow=_shadow(ground, child, column, type, conversion, number), constraint=constraint)


def _last(shadow: Shadow) -> Iterator[Step]:
    later = built_again(shadow)
    yield from later.steps
    yield ending(shadow_column.hard_drop(shadow), later)


def _is_in_key(table: Table, column: Column) -> bool:
    kinds = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE, ConstraintKind.EXCLUDE)
    return any(column.name in one.columns for one in table.constraints if one.kind in kinds)


def _jobs(shadow: Shadow) -> tuple[Backfill, ...]:
    return shadow_column.backfill(shadow).backfills


def _ready(parent: Shadow, shadows: list[Shadow], spare: Index) -> Iterator[Step]:
    moved = {parent.table.ref: parent.columns}
    yield from steps.superseded((steps.build_index(spare),), shadow_column.past(parent))
    for one in shadows:
        yield from steps.superseded(tuple(carry_over(one, moved)), shadow_column.past(one))


def _swap(ground: Ground, parent: Shadow, key: Constraint, references: list[_Reference], spare: Index) -> Step:
    """Old and new columns change places in every table at once: between the statements nothing would fit."""
    table = name_of(parent.table.ref)
    pkey, new_index = quote_ident(key.name), quote_ident(temporary(key.name))
    shadows = [parent, *(one.shadow for one in references)]
    locked = ", ".join(dict.fromkeys(name_of(one.table.ref) for one in shadows))
    lock = f"LOCK TABLE {locked} IN ACCESS EXCLUSIVE MODE"
    drops = [f"ALTER TABLE {_child(one)} DROP CONSTRAINT {quote_ident(one.constraint.name)}" for one in references]
    swaps = [shadow_column.soft_drop(one) for one in shadows]
    numbers_there, numbers_back = moved_identity(parent)
    sequences = list(_sequences(ground, parent))
    there = [
        lock,
        *drops,
        f"ALTER TABLE {table} DROP CONSTRAINT {pkey}",
        *numbers_there,
        *(statement for one in swaps for statement in one.statements),
        f"ALTER TABLE {table} ADD CONSTRAINT {pkey} PRIMARY KEY USING INDEX {new_index}",
        *(there for there, _ in sequences),
    ]
    back = [
        lock,
        *(
            f"ALTER TABLE {_child(one)} DROP CONSTRAINT {quote_ident(temporary(one.constraint.name))}"
            for one in references
        ),
        f"ALTER TABLE {table} DROP CONSTRAINT {pkey}",
        *(statement for one in swaps for statement in one.undo),
        *numbers_back,
        f"ALTER TABLE {table} ADD CONSTRAINT {pkey} PRIMARY KEY USING INDEX {quote_ident(spare.ref.name)}",
        *(back for _, back in sequences),
        *(
            f"ALTER TABLE {_child(one)} ADD CONSTRAINT {quote_ident(one.constraint.name)}"
            f" {constraint_body(one.constraint)} NOT VALID"
            for one in references
        ),
    ]
    first = swaps[0]
    return Step(
        title=f"Swap the columns of {', '.join(str(one.table.ref) for one in shadows)} in one transaction",
        statements=tuple(there),
        done=first.done,
        past=first.past,
        undo=tuple(back),
        undoable=first.undoable,
        stays="the foreign keys come back NOT VALID: old rows are not asked" if references else "",
    )


def _child(reference: _Reference) -> str:
    return name_of(reference.shadow.table.ref)


def _sequences(ground: Ground, parent: Shadow) -> Iterator[tuple[str, str]]:
    """A serial's sequence stays an integer one, and belongs to the old column, unless it is told: there, and back."""
    if parent.old.identity is not None:
        return  # an identity column has one of its own
    wanted, before = (
        _OF_SEQUENCES.get(column.type.name) if column.type is not None else None for column in (parent.new, parent.old)
    )
    for ref in sorted(ground.schema.relations):
        sequence = ground.schema.relations[ref]
        if isinstance(sequence, Sequence) and sequence.owned_by is not None and wanted and before:
            owner = sequence.owned_by
            if owner.relation == parent.table.ref and owner.column == parent.old.name:
                column = f"{name_of(parent.table.ref)}.{quote_ident(parent.old.name)}"
                yield (
                    f"ALTER SEQUENCE {name_of(ref)} AS {wanted} OWNED BY {column}",
                    f"ALTER SEQUENCE {name_of(ref)} AS {before} OWNED BY {column}",
                )
