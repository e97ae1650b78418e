"""Columns that others take the place of, with other values: a name split in two, two merged into one, euros as cents.

The new version knows the new columns by names of their own; triggers work out what either version writes for the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, steps
from migrasafe.plan.carry_over.in_the_way import policies_through
from migrasafe.plan.carry_over.readers import worked_out
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.carry_over.replaced_columns import Carried, carried_to, policies_over
from migrasafe.plan.carry_over.unseen import bodies_that_name, triggers_that_say
from migrasafe.plan.carry_over.user_triggers import narrowed_over, reads_when, widened_over
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.dual_write.app_writes import AGAIN
from migrasafe.plan.dual_write.app_writes_columns import replace_by_app
from migrasafe.plan.dual_write.odometer import Odometer, begin, no_more, silent, until
from migrasafe.plan.dual_write.replacement import Replacement, hard_drop, soft_drop
from migrasafe.plan.model import Backfill, Gate, Phase, PhaseName, Step
from migrasafe.plan.objects.keys import no_two
from migrasafe.plan.objects.not_null_name import not_null_name
from migrasafe.schema.definitions import name_of, names
from migrasafe.schema.model import Column, ColumnRef, Table
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ColumnDef, ConstraintKind, Expression, Name

_AGAIN = "Run the backfill again; if rows come back, a trigger of your own changes one of the columns after ours."


class ReplaceColumns(Struct, frozen=True, kw_only=True):
    table: Name
    old: tuple[str, ...]
    new: tuple[ColumnDef, ...]
    up: tuple[tuple[str, Expression], ...] = ()
    """Of each new column: its value from the old ones. It must not fail, whatever they hold."""
    down: tuple[tuple[str, Expression], ...] = ()
    way: str | None = None
    """`triggers` | `app`; None: triggers."""
    carries: bool = True
    """Whether the new columns get what stands on the old ones; not where the migration itself says what they get."""

    def plan(self, ground: Ground) -> Draft:
        """Both sets of columns kept in step until the old version is gone. Raises NoPlanError."""
        table = table_of(ground, self.table)
        if self.way == "view":
            raise NoPlanError(
                f"--way view is for a column that gets another name only; {names(one.name for one in self.new)} holds something"
                " else: say --way triggers or --way app"
            )
        old = tuple(column_of(table, name) for name in self.old)
        for column in old:
            for reason in _in_the_way(ground, table, column):
                raise NoPlanError(f"{table.ref}.{column.name} cannot be replaced: {reason}")
        for one in self.new:
            _refuse(table, one)
        ups = _complete("--up", self.up, [one.name for one in self.new], self.old)
        downs = _complete("--down", self.down, self.old, [one.name for one in self.new])
        made = Replacement(ground=ground, table=table, old=old, new=self.new, up=ups, down=downs)
        was, now = names(self.old), names(one.name for one in self.new)
        if self.way == "app":
            return replace_by_app(
                made,
                tuple(_gates(made, was, now, _required(made), AGAIN)),
                tuple(_added(made)),
                tuple(_not_null(made)),
                tuple(_by_hand(made, was, now, by_app=True)),
            )
        carried = carried_to(made) if self.carries else None
        return Draft(
            title=f"replace {table.ref}.{was} by {now}",
            tables=(table.ref,),
            phases=tuple(_phases(made, was, now, carried)),
            why=(
                f"{now} holds something else than {was}, so it has a name of its own: under one name, the version that is not"
                " meant would read the other's values without any error",
            ),
            by_hand=(*_by_hand(made, was, now, carried), *_of_keys(table, carried)),
            names_gone=tuple(ColumnRef(table.ref, name) for name in self.old),
        )


def _in_the_way(ground: Ground, table: Table, column: Column) -> Iterator[str]:
    key = table.primary_key
    if key is not None and column.name in key.columns:
        yield "it is in the primary key; plan that first"
    if column.identity is not None or column.generated is not None:
        yield "PostgreSQL fills it itself"
    if table.partition_by is not None and column.name in table.partition_by.columns:
        yield "the table is partitioned by it"
    for other in table.columns:
        if other.generated is not None and column.name in columns_read(other.generated):
            yield f"the generated column {other.name} reads it"
    yield from policies_through(ground.schema, table.ref, column.name)
    for child, one in foreign_keys_to(ground.schema, table.ref):
        if column.name in one.target_columns:
            yield f"the foreign key {one.name} of {child.ref} refers to it"


def _refuse(table: Table, column: ColumnDef) -> None:
    if table.column(column.name) is not None:
        raise NoPlanError(f"{table.ref} has a column {column.name} already")
    if column.type is None or column.generated is not None or column.identity is not None:
        raise NoPlanError(f"{column.name} must be a plain column with a type")
    if any(one.kind is not ConstraintKind.NOT_NULL for one in column.constraints):
        raise NoPlanError(
            f"{column.name} brings constraints of its own: add the column without them, and each constraint in a statement"
            " of its own behind it"
        )


def _complete(
    option: str, given: Sequence[tuple[str, Expression]], wanted: Sequence[str], over: Sequence[str]
) -> tuple[Expression, ...]:
    """The values in the order of the columns. Raises NoPlanError where one is not given, or reads what is not there."""
    known, sources = dict(given), set(over)
    if set(known) != set(wanted):
        example = ", ".join(f"{quote_ident(one)} = …" for one in wanted)
        raise NoPlanError(
            f"what {names(wanted)} is worked out from is for you to say, with expressions over {names(sorted(sources))} that"
            f' never fail: {option} "{example}"'
        )
    for column, value in known.items():
        strange = columns_read(value) - sources
        if strange:
            raise NoPlanError(
                f"{option} for {column} may read {names(sorted(sources))} only, not {names(sorted(strange))}"
            )
    return tuple(known[one] for one in wanted)


def _phases(made: Replacement, was: str, now: str, carried: Carried | None) -> Iterator[Phase]:
    table, ground = made.table, made.ground
    odometer = None
    if ground.quiet_seconds is not None:
        defaults = {column.name: column.default for column in made.old if column.default is not None}
        odometer = Odometer(dual=made.dual(), defaults=defaults, quiet_seconds=ground.quiet_seconds)
    olds, news = [column.name for column in made.old], [column.name for column in made.new]
    keys = carried.keys if carried is not None else ()
    met = phases.OTHER_KEY_MET if keys else ()
    hard = hard_drop(made)
    if carried is not None:
        hard = replace(hard, statements=(*hard.statements, *carried.names_back))
    yield Phase(
        name=PhaseName.EXPAND,
        title=f"Make room: {now}, empty",
        old_app=f"reads and writes {was}; a prepared SELECT * or RETURNING * has to be prepared again",
        new_app="is not deployed yet",
        steps=steps.superseded(tuple(_added(made)), made.is_over),
    )
    yield Phase(
        name=PhaseName.DUAL_WRITE,
        title=f"Every write of {was} reaches {now}, and the other way round",
        old_app=f"reads and writes {was}",
        new_app=f"may write {now}, but not read it: old rows are not filled yet",
        steps=steps.superseded(
            (
                steps.write_both(made.dual()),
                *(() if odometer is None else (begin(odometer),)),
                *widened_over(table.ref, made.beside, olds, news),
            ),
            made.is_over,
        ),
    )
    yield Phase(
        name=PhaseName.BACKFILL,
        title="The rows from before are filled, in batches",
        old_app=f"reads and writes {was}",
        new_app=f"may write {now}, but not read it yet",
        backfills=(Backfill(table=name_of(table.ref), assignments=made.assignments, where=made.to_fill),),
    )
    yield Phase(
        name=PhaseName.VERIFY,
        title=f"{now} is proved to follow from {was}",
        old_app=f"reads and writes {was}",
        new_app=f"reads and writes {now}",
        gates=(*_gates(made, was, now, _required(made)), *(no_two(table.ref, one) for one in keys)),
        steps=steps.superseded((*(carried.steps if carried is not None else ()), *_not_null(made)), made.is_over),
        may_meet=met,
    )
    yield replace(phases.deploy(f"reads and writes {now}", f"reads and writes {was}"), may_meet=met)
    yield phases.contract(
        f"{was} goes: out of sight first, for good when nobody has missed it",
        f"reads and writes {now}",
        (
            *worked_out(ground.schema, table, made.given_back, news).steps,
            *narrowed_over(table.ref, made.beside, olds, news),
            *(policies_over(made) if carried is not None else ()),
            until(odometer, soft_drop(made)),
            no_more(odometer, hard),
        ),
        needed=f"{table.ref}.{was}",
        old_application_name=ground.old_application_name,
        gates=(
            *(() if odometer is None else (silent(odometer),)),
            *triggers_that_say(ground.schema, table, olds),
        ),
    )


def _added(made: Replacement) -> Iterator[Step]:
    for one in made.new:
        yield steps.add_column(made.table.ref, one.name, made.type_of(one), collation=None)


def _required(made: Replacement) -> list[str]:
    return [one.name for one in made.new if one.not_null]


def _not_null(made: Replacement) -> Iterator[Step]:
    table, version = made.table.ref, made.ground.target.pg_version
    for column in _required(made):
        yield from steps.not_null(table, column, not_null_name(made.table, column), pg_version=version)


def _gates(made: Replacement, was: str, now: str, required: list[str], again: str = _AGAIN) -> Iterator[Gate]:
    table = name_of(made.table.ref)
    yield phases.none_left(
        "same",
        f"Does {now} follow from {was}, or the other way round, in every row of {made.table.ref.name}?",
        table,
        made.apart,
        again,
        tolerated=made.ground.tolerated,
    )
    yield phases.none_left(
        "nothing-lost",
        f"Does every row that has {was} have {now}?",
        table,
        made.nothing_came_of_it,
        f"Mend {was} in these rows, or plan again with an --up that knows what becomes of them.",
    )
    for column in required:
        yield phases.none_left(
            f"no-null-left-in-{column}",
            f"Is no null left in {column}?",
            table,
            f"{quote_ident(column)} IS NULL",
            "Find out who writes them, or plan again with an --up that always gives a value.",
        )


def _of_keys(table: Table, carried: Carried | None) -> Iterator[str]:
    for one in carried.keys if carried is not None else ():
        yield (
            f"until the old columns are gone, {table.ref} is unique in them and in {names(one.columns)}: an upsert (ON CONFLICT)"
            " of two sessions at once can fail with a duplicate key of the other one, or a deadlock, and has to be tried again"
        )


def _by_hand(
    made: Replacement, was: str, now: str, carried: Carried | None = None, *, by_app: bool = False
) -> Iterator[str]:
    table, schema = made.table, made.ground.schema
    gone = {column.name for column in made.old}
    where = "in a query that the app asks before each write" if by_app else "in triggers on every write"
    yield (
        f"--up and --down run {where}: an expression that fails for some value (a cast, a division) fails"
        f" the write. Rows that lose something on the way to {now}: SELECT count(*) FROM {name_of(table.ref)} WHERE"
        f" {made.loses_something}"
    )
    if any(column.not_null for column in made.old):
        yield f"until {was} is gone, --down has to give a value for whatever the new version writes: it is NOT NULL"
    yield from carried.by_hand if carried is not None else _goes(made, was, now)
    read_in_when = {one.name: reads_when(one) for one in made.beside.triggers} if made.beside is not None else {}
    for trigger in table.triggers:
        if gone & read_in_when.get(trigger.name, trigger.reads | set(trigger.columns)):
            yield f"the trigger {trigger.name} names {was}: make it over {now} before the contract phase"
    yield from worked_out(schema, table, made.given_back, [column.name for column in made.new]).by_hand
    yield from bodies_that_name(schema, table.ref, sorted(gone))


def _goes(made: Replacement, was: str, now: str) -> Iterator[str]:
    """What stands on the old columns and is not made for the new ones."""
    table, gone = made.table, {column.name for column in made.old}
    for index in made.ground.schema.indexes_of(table):
        if gone & index.reads:
            yield (
                f"the index {index.ref.name} goes with {was}: plan what {now} needs in its place (CREATE INDEX, ADD UNIQUE"
                " behind the columns in the same migration) before the switch"
            )
    for constraint in table.constraints:
        if gone & set(constraint.columns) and constraint.kind in (ConstraintKind.CHECK, ConstraintKind.FOREIGN_KEY):
            yield f"the constraint {constraint.name} goes with {was}: plan what {now} has to obey in its place"
    for policy in table.policies:
        if gone & policy.reads:
            yield f"the policy {policy.name} reads {was}: make it read {now} before the contract phase"
    for column in made.attached_grants:
        yield f"column privileges on {column} say nothing of {now}: GRANT what roles need before the switch"
