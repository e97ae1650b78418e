"""A column beside the old one, kept in step by triggers: the ground of renames, type changes, changes of units.

The old version goes on with the old column, the new version takes the new one, and what either writes the other reads.
"""

from __future__ import annotations

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.carry_over.indexes_and_constraints import carry_over, names_back
from migrasafe.plan.conversion.time_zones import is_between_zones
from migrasafe.plan.dual_write.shadow import Shadow
from migrasafe.plan.dual_write.triggers import drop_functions_sql, drop_triggers_sql, functions_sql, inconsistent
from migrasafe.plan.model import AT_THE_END, Backfill, Gate, Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of, type_of
from migrasafe.sql.deparse import deparse_expression, parse_expression, substituted
from migrasafe.sql.expressions import is_constant
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression, Node


def past(shadow: Shadow) -> str:
    """Whether what makes the new column ready must not be run any more: it has taken over, or stands alone."""
    if not shadow.keeps_name:
        return shadow.is_over
    ref = shadow.table.ref
    swapped = (
        f"({predicates.column_exists(ref, shadow.dropped)} AND {predicates.columns_are_gone(ref, shadow.new.name)})"
    )
    return f"({swapped} OR {shadow.is_over})"


def expand(shadow: Shadow) -> Phase:
    step = steps.add_column(shadow.table.ref, shadow.new.name, type_of(shadow.new), collation=shadow.new.collation)
    return Phase(
        name=PhaseName.EXPAND,
        title=f"Make room: the column {shadow.new.name}, empty",
        old_app=f"reads and writes {shadow.old.name}; a prepared SELECT * or RETURNING * has to be prepared again",
        new_app="is not deployed yet",
        steps=steps.superseded((step,), past(shadow)),
    )


def dual_write(shadow: Shadow) -> Phase:
    both = steps.write_both(shadow.dual())
    return Phase(
        name=PhaseName.DUAL_WRITE,
        title="Every write reaches both columns",
        old_app=f"reads and writes {shadow.old.name}",
        new_app=f"may write {shadow.new.name}, but not read it: old rows are not filled yet",
        steps=steps.superseded((both,), past(shadow)),
    )


def backfill(shadow: Shadow) -> Phase:
    dual = shadow.dual()
    job = Backfill(
        table=name_of(shadow.table.ref),
        assignments=(f"{quote_ident(shadow.new.name)} = ({deparse_expression(shadow.up)})::{type_of(shadow.new)}",),
        where=inconsistent(dual),
    )
    return Phase(
        name=PhaseName.BACKFILL,
        title="The rows from before are filled, in batches",
        old_app=f"reads and writes {shadow.old.name}",
        new_app=f"may write {shadow.new.name}, but not read it yet",
        backfills=(job,),
    )


def same(shadow: Shadow) -> Gate:
    """Whether both columns say the same in every row."""
    return phases.none_left(
        "same",
        f"Do {shadow.old.name} and {shadow.new.name} say the same in every row of {shadow.table.ref.name}?",
        name_of(shadow.table.ref),
        inconsistent(shadow.dual()),
        "Run the backfill, with --restart where it has run before; if rows come back, a trigger of your own changes one"
        " of the columns after ours.",
        tolerated=shadow.ground.tolerated,
    )


def verify(shadow: Shadow) -> Phase:
    """Both columns say the same, and the new one has everything that stands on the old one."""
    return Phase(
        name=PhaseName.VERIFY,
        title=f"{shadow.new.name} is proved equal and gets what stands on {shadow.old.name}",
        old_app=f"reads and writes {shadow.old.name}",
        new_app=f"reads and writes {shadow.new.name}",
        gates=(same(shadow),),
        steps=steps.superseded(tuple(carry_over(shadow)), past(shadow)),
    )


def soft_drop(shadow: Shadow) -> Step:
    """The old column under another name, still fed: whoever still needs it fails, and nothing is lost."""
    table, old, new = name_of(shadow.table.ref), quote_ident(shadow.old.name), quote_ident(shadow.new.name)
    dropped, ref = quote_ident(shadow.dropped), shadow.table.ref
    final = old if shadow.keeps_name else new
    there = [f"ALTER TABLE {table} RENAME COLUMN {old} TO {dropped}"]
    back = [f"ALTER TABLE {table} RENAME COLUMN {dropped} TO {old}"]
    if shadow.keeps_name:
        there.append(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
        back.insert(0, f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
        if shadow.old.not_null:  # what the new type can say and the old one cannot is null in the old column
            there.append(f"ALTER TABLE {table} ALTER COLUMN {dropped} DROP NOT NULL")
            back.append(f"ALTER TABLE {table} ALTER COLUMN {old} SET NOT NULL")
    there += functions_sql(shadow.dual(dropped=True))
    back += functions_sql(shadow.dual())
    default = shadow.old.default
    if default is not None:
        value = deparse_expression(shadow.default or Expression(node=default_of_new(shadow, default)))
        there.append(f"ALTER TABLE {table} ALTER COLUMN {dropped} DROP DEFAULT")
        there.append(f"ALTER TABLE {table} ALTER COLUMN {final} SET DEFAULT {value}")
        back.append(f"ALTER TABLE {table} ALTER COLUMN {new} DROP DEFAULT")
        back.append(f"ALTER TABLE {table} ALTER COLUMN {old} SET DEFAULT {deparse_expression(default)}")
    gone = predicates.columns_are_gone(ref, shadow.new.name if shadow.keeps_name else shadow.old.name)
    is_out = f"({predicates.column_exists(ref, shadow.dropped)} AND {gone})"
    title = f"Take {shadow.old.name} out of sight; it is kept up to date as {shadow.dropped}"
    if shadow.keeps_name:
        title = f"Swap: {shadow.new.name} becomes {shadow.old.name}, the old one is kept up to date as {shadow.dropped}"
    return Step(
        title=title,
        statements=tuple(there),
        done=is_out,
        past=shadow.is_over,
        undo=tuple(back),
        undoable=predicates.column_exists(ref, shadow.dropped),
    )


def hard_drop(shadow: Shadow) -> Step:
    """The end of the old column, with its triggers in one transaction, and the old names for what stood on it."""
    table = name_of(shadow.table.ref)
    dual = shadow.dual(dropped=True)
    return Step(
        title=f"Drop {shadow.dropped} for good",
        statements=(
            *drop_triggers_sql(dual),
            f"ALTER TABLE {table} DROP COLUMN {quote_ident(shadow.dropped)}",
            *drop_functions_sql(dual),
            *names_back(shadow),
        ),
        done=shadow.is_over,
        loses=f"the column {shadow.old.name}: from here on the way back is a plan of its own",
    )


def default_of_new(shadow: Shadow, default: Expression) -> Node:
    """The new column's default: the old one's, converted; by PostgreSQL itself where it is a plain cast."""
    if "ColumnRef" in shadow.up.node.get("TypeCast", {}).get("arg", {}):
        return default.node
    if (
        shadow.old.type is not None
        and shadow.new.type is not None
        and is_between_zones(shadow.old.type, shadow.new.type)
    ):
        if not is_constant(default.node):
            return default.node  # now() is a moment, whatever the column makes of it
        default = parse_expression(f"({deparse_expression(default)})::{type_of(shadow.old)}")
    value: Node = substituted(shadow.up.node, shadow.old.name, default.node)
    return value


def ends_otherwise(shadow: Shadow) -> tuple[str, ...]:
    """How the schema at the end differs from that of ALTER TYPE."""
    default = shadow.old.default
    converted = default is not None and default_of_new(shadow, default) != default.node
    said = (f"the default of {shadow.old.name} is converted as its values are",) if converted else ()
    return (*said, f"the column {shadow.old.name} is the last of {shadow.table.ref}: {AT_THE_END}")
