"""Columns that the app writes beside those that take their place: a split, a merge, other units."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan import predicates
from migrasafe.plan.app_code.model import Value, Worked
from migrasafe.plan.carry_over.readers import worked_out
from migrasafe.plan.changes.model import Draft
from migrasafe.plan.dual_write.app_writes import WrittenTwice, draft_by_app
from migrasafe.plan.dual_write.let_go import default_along, let_go
from migrasafe.plan.dual_write.replacement import Replacement
from migrasafe.plan.model import Gate, Step
from migrasafe.schema.definitions import name_of, names
from migrasafe.schema.model import ColumnRef
from migrasafe.sql.deparse import deparse_expression, substituted
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression


def replace_by_app(
    made: Replacement,
    gates: tuple[Gate, ...],
    expand: tuple[Step, ...],
    ready: tuple[Step, ...],
    by_hand: tuple[str, ...],
) -> Draft:
    """The same replacement as by triggers. `expand`, `ready`: the steps that make the new columns, and what they have to obey."""
    table, dual = made.table, made.dual()
    was, now = names(one.name for one in made.old), names(one.name for one in made.new)
    values = [f"{quote_ident(name)} = {deparse_expression(value)}" for name, value in made.given_back.items()]
    copied = f"UPDATE {name_of(table.ref)} SET {', '.join(values)} WHERE {made.apart}"
    return draft_by_app(
        WrittenTwice(
            ground=made.ground,
            table=table,
            title=f"replace {table.ref}.{was} by {now}",
            was=was,
            now=now,
            expand=(*expand, *_defaults(made)),
            assignments=made.assignments,
            to_fill=made.to_fill,
            gates=gates,
            ready=ready,
            let_go=tuple(let_go(table.ref, made.old, copied)),
            readers=worked_out(made.ground.schema, table, made.given_back, [one.name for one in made.new]),
            soft_drop=_soft_drop(made),
            hard_drop=_hard_drop(made),
            is_over=made.is_over,
            back=copied,
            by_hand=by_hand,
            names_gone=tuple(ColumnRef(table.ref, one.name) for one in made.old),
            worked=(
                Worked(
                    table=table.ref,
                    old=tuple(Value(name=one.column, type=one.type, of=one.value) for one in dual.old),
                    new=tuple(Value(name=one.column, type=one.type, of=one.value) for one in dual.new),
                ),
            ),
        )
    )


def _defaults(made: Replacement) -> Iterator[Step]:
    """As long as the old columns have theirs, the new ones have what follows from them."""
    known = {column.name: column.default for column in made.old if column.default is not None}
    for column, up in zip(made.new, made.up, strict=True):
        node = up.node
        for old in made.old:
            default = known.get(old.name)
            node = substituted(node, old.name, default.node if default is not None else {"A_Const": {"isnull": True}})
        yield from default_along(made.ground, made.table.ref, column.name, Expression(node=node), known)


def _soft_drop(made: Replacement) -> Step:
    table, ref = name_of(made.table.ref), made.table.ref
    there, back = [], []
    for old, dropped in made.dropped.items():
        there.append(f"ALTER TABLE {table} RENAME COLUMN {quote_ident(old)} TO {quote_ident(dropped)}")
        back.append(f"ALTER TABLE {table} RENAME COLUMN {quote_ident(dropped)} TO {quote_ident(old)}")
    along = {step.statements[0].split(" SET DEFAULT ")[0]: step.statements[0] for step in _defaults(made)}
    for new in made.new:
        alter = f"ALTER TABLE {table} ALTER COLUMN {quote_ident(new.name)}"
        if new.default is not None:
            there.append(f"{alter} SET DEFAULT {deparse_expression(new.default)}")
        elif alter in along:
            there.append(f"{alter} DROP DEFAULT")
        else:
            continue
        back.append(along.get(alter, f"{alter} DROP DEFAULT"))
    kept = [predicates.column_exists(ref, dropped) for dropped in made.dropped.values()]
    return Step(
        title=f"Take {', '.join(made.dropped)} out of sight as {', '.join(made.dropped.values())}",
        statements=tuple(there),
        done=predicates.all_of(*kept, predicates.columns_are_gone(ref, *made.dropped)),
        past=made.is_over,
        undo=tuple(back),
        undoable=predicates.all_of(*kept),
    )


def _hard_drop(made: Replacement) -> Step:
    drops = ", ".join(f"DROP COLUMN {quote_ident(dropped)}" for dropped in made.dropped.values())
    return Step(
        title=f"Drop {', '.join(made.dropped.values())} for good",
        statements=(f"ALTER TABLE {name_of(made.table.ref)} {drops}",),
        done=made.is_over,
        loses=f"{', '.join(made.dropped)}: from here on the way back is a plan of its own",
    )
