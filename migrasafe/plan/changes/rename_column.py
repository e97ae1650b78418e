"""A column under another name, while one version of the app says the old name and the other the new one."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import steps
from migrasafe.plan.app_code.model import Kept
from migrasafe.plan.carry_over.in_the_way import bound_functions, policies_through, with_their_own
from migrasafe.plan.carry_over.indexes_and_constraints import unseen
from migrasafe.plan.carry_over.materialized_views import built_again, ending, materialized_over
from migrasafe.plan.carry_over.published_columns import publishing
from migrasafe.plan.carry_over.readers import readers_of
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.carry_over.unseen import triggers_that_say
from migrasafe.plan.carry_over.user_triggers import narrowed, widened
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.dual_write import compat_view, shadow_column
from migrasafe.plan.dual_write.app_writes_column import rename_by_app
from migrasafe.plan.dual_write.odometer import Odometer, begin, no_more, silent, until
from migrasafe.plan.dual_write.shadow import Shadow
from migrasafe.plan.gates import old_version_gone
from migrasafe.plan.model import AT_THE_END, Phase, PhaseName, Step
from migrasafe.plan.objects.sequences import sequence_of
from migrasafe.schema.model import Column, ColumnRef, Table
from migrasafe.sql.deparse import parse_expression
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind, Name

BEFORE_ROW_ON_PARTITIONED_SINCE = 13


class RenameColumn(Struct, frozen=True, kw_only=True):
    table: Name
    column: str
    new_name: str
    way: str | None = None
    """`triggers` | `view` | `app`; None: what the facts say."""

    def plan(self, ground: Ground) -> Draft:
        """Two columns kept in step by triggers or the app, or one that a view shows under both names. Raises NoPlanError."""
        table = table_of(ground, self.table)
        old = column_of(table, self.column)
        if table.column(self.new_name) is not None:
            raise NoPlanError(f"{table.ref} has a column {self.new_name} already")
        against = tuple(_against_triggers(ground, table, old))
        if self.way in ("triggers", "app") and against:
            raise NoPlanError(
                f"{table.ref}.{old.name} cannot be kept twice: {against[0]}; leave --way out, or say --way view"
            )
        if self.way == "view" or (self.way is None and against):
            return _by_view(self, ground, table, old, against)
        shadow = _shadow(self, ground, table, old)
        return rename_by_app(shadow) if self.way == "app" else _by_triggers(ground, shadow)

    def keeps_both(self, ground: Ground) -> bool:
        """Whether the new name is that of a second column, from the first phase on. Raises NoPlanError."""
        table = table_of(ground, self.table)
        against = any(True for _ in _against_triggers(ground, table, column_of(table, self.column)))
        return self.way in ("triggers", "app") or (self.way is None and not against)


def _against_triggers(ground: Ground, table: Table, column: Column) -> Iterator[str]:
    """Why the column cannot well be kept twice, each a clause that can stand after a colon."""
    for constraint in table.constraints:
        if column.name in constraint.columns and constraint.kind in (
            ConstraintKind.PRIMARY_KEY,
            ConstraintKind.UNIQUE,
            ConstraintKind.EXCLUDE,
        ):
            yield (
                f"it is in {constraint.kind.value} {constraint.name}, and with a second one over the copy, an upsert"
                f" of the old version (ON CONFLICT ({column.name})) fails with a duplicate key when two run at once"
            )
    for index in ground.schema.indexes_of(table):
        if index.unique and index.constraint is None and column.name in index.reads:
            yield f"it is in the unique index {index.ref.name}, which would have to exist twice, and upserts know only one"
    if column.identity is not None:
        yield "it is an identity column, and a table has its numbers from one place only"
    if column.generated is not None:
        yield "it is generated, so nobody writes it"
    for other in table.columns:
        if other.generated is not None and column.name in _reads(other):
            yield f"the generated column {other.name} reads it"
    for child, key in foreign_keys_to(ground.schema, table.ref):
        if column.name in key.target_columns:
            yield f"a foreign key of {child.ref} refers to it"
    yield from bound_functions(ground.schema, table.ref, (column.name,))
    yield from policies_through(ground.schema, table.ref, column.name)
    yield from with_their_own(ground.schema, table, column.name)
    numbers = sequence_of(ground.schema, table.ref, column.name)
    if numbers is not None and column.identity is None:
        yield f"the sequence {numbers.ref} belongs to it, and a table has its numbers from one place only"
    if table.partition_by is not None and column.name in table.partition_by.columns:
        yield "the table is partitioned by it"
    if table.partition_by is not None and any(column.name in one.reads for one in ground.schema.indexes_of(table)):
        yield "it is in an index of a partitioned table, which cannot be built a second time while everybody writes"
    if table.partition_by is not None and not ground.target.at_least(BEFORE_ROW_ON_PARTITIONED_SINCE):
        yield "PostgreSQL 12 has no BEFORE ROW triggers on partitioned tables"


def _reads(column: Column) -> frozenset[str]:
    from migrasafe.sql.expressions import columns_read

    return frozenset() if column.generated is None else columns_read(column.generated)


def _shadow(change: RenameColumn, ground: Ground, table: Table, old: Column) -> Shadow:
    """The column beside the old one."""
    same = parse_expression(quote_ident(old.name))
    back = parse_expression(quote_ident(change.new_name))
    new = replace(old, name=change.new_name, default=None, not_null=False)
    return Shadow(ground=ground, table=table, old=old, new=new, up=same, down=back)


def _by_triggers(ground: Ground, shadow: Shadow) -> Draft:
    table, old, new = shadow.table, shadow.old, shadow.new
    later = built_again(shadow)
    without = frozenset(view.ref for view in materialized_over(ground, (ColumnRef(table.ref, old.name),)))
    readers = readers_of(ground.schema, table, old.name, new.name, without=without)
    odometer: Odometer | None = None
    counting: tuple[Step, ...] = ()
    if ground.quiet_seconds is not None:
        defaults = {} if old.default is None else {old.name: old.default}
        odometer = Odometer(dual=shadow.dual(), defaults=defaults, quiet_seconds=ground.quiet_seconds)
        counting = steps.superseded((begin(odometer),), shadow_column.past(shadow))
    dual = shadow_column.dual_write(shadow)
    wide = widened(table.ref, shadow.beside, old.name, new.name)
    return Draft(
        title=f"rename {table.ref}.{old.name} to {new.name}",
        tables=(table.ref,),
        phases=(
            shadow_column.expand(shadow),
            replace(dual, steps=(*dual.steps, *counting, *steps.superseded(list(wide), shadow_column.past(shadow)))),
            shadow_column.backfill(shadow),
            shadow_column.verify(shadow),
            Phase(
                name=PhaseName.SWITCH,
                title="The new version takes over",
                old_app=f"reads and writes {old.name}, until its last instance has ended",
                new_app=f"reads and writes {new.name}",
                deploy=f"Deploy the version of the app that says {new.name}, everywhere.",
            ),
            Phase(
                name=PhaseName.CONTRACT,
                title=f"{old.name} goes: out of sight first, for good when nobody has missed it",
                old_app="does not run any more",
                new_app=f"reads and writes {new.name}",
                gates=(
                    old_version_gone(f"{table.ref}.{old.name}", ground.old_application_name),
                    *((silent(odometer),) if odometer is not None else ()),
                    *triggers_that_say(ground.schema, table, (old.name,)),
                ),
                steps=(
                    *readers.steps,
                    *narrowed(table.ref, shadow.beside, old.name, new.name),
                    *publishing(table.ref, shadow.beside, old.name, new.name),
                    until(odometer, shadow_column.soft_drop(shadow)),
                    *later.steps,
                    no_more(odometer, ending(shadow_column.hard_drop(shadow), later)),
                ),
            ),
        ),
        why=(
            f"the column {old.name} is in no unique key, so it can be kept twice: each version has its own column, and"
            " triggers carry what one writes into the other",
        ),
        by_hand=(
            *readers.by_hand,
            *unseen(shadow),
        ),
        differs=(f"the column {new.name} is the last of {table.ref}: {AT_THE_END}",),
        kept=(Kept(table=table.ref, old=old.name, new=new.name),),
        names_gone=(ColumnRef(table.ref, old.name),),
    )


def _by_view(change: RenameColumn, ground: Ground, table: Table, old: Column, why: tuple[str, ...]) -> Draft:
    shim = compat_view.shim_for_column(ground, table, old.name, change.new_name)
    return Draft(
        title=f"rename {table.ref}.{old.name} to {change.new_name}",
        tables=(table.ref,),
        phases=(
            Phase(
                name=PhaseName.EXPAND,
                title=f"One column, both names: a view stands where {table.ref} stood",
                old_app=f"reads and writes {old.name}; {compat_view.LIMITS}",
                new_app=f"reads and writes {change.new_name}; likewise",
                steps=(shim.up,),
            ),
            Phase(
                name=PhaseName.SWITCH,
                title="The new version takes over",
                old_app=f"reads and writes {old.name}, until its last instance has ended",
                new_app=f"reads and writes {change.new_name}",
                deploy=f"Deploy the version of the app that says {change.new_name}, everywhere.",
            ),
            Phase(
                name=PhaseName.CONTRACT,
                title="The view goes, the table has its name again",
                old_app="does not run any more",
                new_app=f"reads and writes {change.new_name}",
                gates=(old_version_gone(f"{table.ref}.{old.name}", ground.old_application_name),),
                steps=(shim.down,),
            ),
        ),
        why=(*(f"A view, not two columns: {reason}" for reason in why), *shim.why),
        stand_ins=(table.ref,),
        assumed=shim.assumed,
        by_hand=shim.by_hand,
        kept=(Kept(table=table.ref, old=old.name, new=change.new_name),),
        names_gone=(ColumnRef(table.ref, old.name),),
    )
