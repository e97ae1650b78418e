"""A column with another type: in place where PostgreSQL leaves the rows alone, else beside the old one."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.carry_over.held_back import held_back
from migrasafe.plan.carry_over.indexes_and_constraints import unseen
from migrasafe.plan.carry_over.materialized_views import built_again, ending
from migrasafe.plan.carry_over.rebound import around, rebound, refuse_generated
from migrasafe.plan.changes.change_default import ChangeDefault
from migrasafe.plan.changes.key_type import widen_key
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.conversion.bad_row_gates import bad_rows_gates, told_of_bad_rows
from migrasafe.plan.conversion.bad_rows import Audit, BadRows, Decision, audit, decided_up
from migrasafe.plan.conversion.rejects import again, all_decided, keep_old, no_more, rejects_of, watch
from migrasafe.plan.conversion.time_zones import is_between_zones, sessions_in, zone_conversion, zone_said
from migrasafe.plan.dual_write import shadow_column
from migrasafe.plan.dual_write.app_writes_column import type_by_app
from migrasafe.plan.dual_write.shadow import Shadow, shadow_name
from migrasafe.plan.foresee import work_of
from migrasafe.plan.model import Gate, Phase, PhaseName, Step
from migrasafe.schema.definitions import formatted_type, name_of, type_of, with_suffix
from migrasafe.schema.model import Column, Table
from migrasafe.sql.conversions import Conversion, known_conversion
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.quote import quote_ident, spell_type
from migrasafe.sql.statements import ConstraintKind, Expression, Name, TypeName


class ChangeType(Struct, frozen=True, kw_only=True):
    table: Name
    column: str
    type: TypeName
    up: Expression | None = None
    """The new value from the old one; None: as the types are known to convert."""
    down: Expression | None = None
    time_zone: str | None = None
    """Of what a timestamp without time zone tells."""
    bad_rows: BadRows = BadRows()
    by_app: bool = False
    """Whether the app writes both columns, not triggers; then the new one has a `new_name` of its own."""
    new_name: str | None = None
    default: Expression | None = None
    collation: str | None = None
    """Of the new column, as its default; None: those of the old one, converted."""

    def plan(self, ground: Ground) -> Draft:
        """One statement, or a second column that takes over. Raises NoPlanError."""
        table = table_of(ground, self.table)
        old = column_of(table, self.column)
        if old.type == self.type:
            raise NoPlanError(f"{table.ref}.{old.name} is {spell_type(self.type)} already")
        statement = (
            f"ALTER TABLE {name_of(table.ref)} ALTER COLUMN {quote_ident(old.name)} TYPE {spell_type(self.type)}"
        )
        zone = self._zone(table, old)
        before = ("SET LOCAL timezone = 'UTC'",) if zone == "UTC" else ()
        if (self.up is None or zone == "UTC") and not work_of((*before, statement), ground.schema, ground.target):
            if self.by_app or self.new_name is not None:
                raise NoPlanError(
                    "PostgreSQL changes this type without touching a row: nothing has to be written twice, leave --way app out"
                )
            return self._with_default(ground, _in_place(ground, table, old, self.type, (*before, statement)))
        told = () if zone is None else (sessions_in(zone, old.name),)
        conversion = self._conversion(table, old)
        if self.by_app or self.new_name is not None:
            return self._by_app(ground, table, old, conversion, told)
        key = table.primary_key
        if key is not None and key.columns == (old.name,):
            return widen_key(ground, table, old, self.type, conversion)
        made = beside(ground, table, old, self, conversion)
        return replace(made, by_hand=(*told, *made.by_hand))

    def _with_default(self, ground: Ground, made: Draft) -> Draft:
        """The default that the migration says for the new type, behind it."""
        if self.default is None:
            return made
        said = ChangeDefault(table=self.table, column=self.column, default=self.default).plan(ground)
        (typed,), (later,) = made.phases, said.phases
        return replace(made, phases=(replace(typed, steps=(*typed.steps, *later.steps)),))

    def _zone(self, table: Table, old: Column) -> str | None:
        """The time zone that the change goes through. Raises NoPlanError where it needs one and none is said."""
        assert old.type is not None  # column_of has seen to it
        if self.down is not None or not is_between_zones(old.type, self.type):
            return None
        zone = self.time_zone or (zone_said(self.up, old.name) if self.up is not None else None)
        if zone is None:
            raise NoPlanError(
                f"which time zone do the times of {table.ref}.{old.name} belong to? PostgreSQL would take that of whoever runs"
                " the migration: say --time-zone Europe/Berlin, or --time-zone UTC"
            )
        return zone

    def _conversion(self, table: Table, old: Column) -> Conversion:
        new_name = self.new_name or shadow_name(old.name)
        assert old.type is not None  # column_of has seen to it
        zone = self._zone(table, old)
        if zone is not None:
            return zone_conversion(old.type, self.type, zone, old.name, new_name)
        known = known_conversion(old.type, self.type, old.name, new_name)
        if self.up is not None and self.down is None and not _is_cast(self.up, old.name):
            raise NoPlanError(
                f"how {spell_type(self.type)} becomes {spell_type(old.type)} again, for the version that still runs, is for you"
                f' to say beside `{deparse_expression(self.up)}`: --down "… {old.name} …"'
            )
        if self.up is not None and self.down is not None:
            strange = (columns_read(self.up) - {old.name}) | (columns_read(self.down) - {old.name, new_name})
            if strange:
                raise NoPlanError(f"--up and --down may read {old.name} only, not {', '.join(sorted(strange))}")
            from migrasafe.sql.deparse import renamed

            down = Expression(node=renamed(self.down.node, {old.name: new_name}))
            return Conversion(up=self.up, down=down, pitfall="" if self.by_app else _of_two_meanings(self.up, old.name))
        if known is None:
            raise NoPlanError(
                f"how {spell_type(old.type)} becomes {spell_type(self.type)} and back is for you to say, with expressions that"
                f' never fail: --up "… {old.name} …" --down "… {old.name} …"'
            )
        return known

    def _by_app(
        self, ground: Ground, table: Table, old: Column, conversion: Conversion, told: tuple[str, ...]
    ) -> Draft:
        if self.new_name is None:
            raise NoPlanError(
                f"--way app: while the app writes both columns, only one of them can be called {old.name}: say what the one of"
                f" type {spell_type(self.type)} is called from then on: --new-name {with_suffix(old.name, '_new')}"
            )
        if not self.by_app:
            raise NoPlanError("--new-name is for --way app: with triggers the column keeps its name; leave it out")
        if table.column(self.new_name) is not None:
            raise NoPlanError(f"--new-name: {table.ref} has a column {self.new_name} already")
        if any(old.name in one.columns for one in table.constraints if one.kind is ConstraintKind.PRIMARY_KEY):
            raise NoPlanError(f"{table.ref}.{old.name} is in the primary key: leave --way app out")
        _refuse_kinds(table, old)
        if self.bad_rows.rejects:
            raise NoPlanError(
                "--bad-rows …=reject keeps values by a trigger: with --way app decide stop, null or default:SQL"
            )
        shadow, found = _shadow(ground, table, old, self.type, conversion, self.bad_rows, self.new_name)
        gates = tuple(bad_rows_gates(table, old, found, self.bad_rows))
        assumed = (conversion.pitfall,) if conversion.pitfall else ()
        return type_by_app(shadow, gates, assumed, (*told, *told_of_bad_rows(table, old, found, self.bad_rows, None)))


def _is_cast(up: Expression, column: str) -> bool:
    """`column::type` and no more: what the types do by themselves."""
    return columns_read(up) == {column} and "ColumnRef" in up.node.get("TypeCast", {}).get("arg", {})


def _of_two_meanings(up: Expression, name: str) -> str:
    return (
        f"the old version can live with what `{deparse_expression(up)}` gives, which it reads as {name} from the switch on; where"
        f" that means something else to it (another unit, other words): --way app --new-name {with_suffix(name, '_new')}"
    )


def _in_place(ground: Ground, table: Table, old: Column, new: TypeName, statements: tuple[str, ...]) -> Draft:
    refuse_generated(table, old)
    views = held_back(ground, table, old)
    back = f"ALTER TABLE {name_of(table.ref)} ALTER COLUMN {quote_ident(old.name)} TYPE {type_of(old)}"
    before = statements[:-1]
    step = Step(
        title=f"Change the type of {old.name}; no row is touched",
        statements=(*views.before, *statements, *views.after),
        done=predicates.column_has_type(table.ref, old.name, formatted_type(new)),
        undo=(*views.before, *before, back, *views.after),
    )
    phase = Phase(
        name=PhaseName.EXPAND,
        title=f"{old.name} is {spell_type(new)}",
        old_app="goes on as before; a prepared statement that returns the column has to be prepared again",
        new_app=f"may use all of {spell_type(new)}",
        steps=(step,),
    )
    return Draft(
        title=f"change {table.ref}.{old.name} to {spell_type(new)}",
        tables=(table.ref,),
        phases=(phase,),
        why=(
            f"every value of {type_of(old)} is one of {spell_type(new)} as it stands: PostgreSQL changes the catalog only",
        ),
        by_hand=(f"the way back ({type_of(old)}) reads, and may rewrite, the whole table under a strong lock",)
        * (not before),
    )


def beside(ground: Ground, table: Table, old: Column, change: ChangeType, conversion: Conversion) -> Draft:
    type, decisions = change.type, change.bad_rows
    _refuse_kinds(table, old)
    shadow, found = _shadow(ground, table, old, type, conversion, decisions, shadow_name(old.name))
    new = replace(shadow.new, collation=change.collation or shadow.new.collation)
    shadow = replace(shadow, default=change.default, new=new)
    rejects = rejects_of(ground.id, table, old, found, decisions, (*ground.schema.search_path, table.ref.schema))
    bound, later = rebound(ground, (shadow,)), built_again(shadow)
    dual, verify = shadow_column.dual_write(shadow), shadow_column.verify(shadow)
    swap = around(shadow_column.soft_drop(shadow), bound)
    decided: tuple[Gate, ...] = ()
    if rejects is not None:
        past = shadow_column.past(shadow)
        dual = replace(dual, steps=(*dual.steps, *steps.superseded((watch(rejects),), past)))
        verify = replace(verify, steps=(*verify.steps, *steps.superseded((keep_old(rejects),), past)))
        swap = replace(swap, statements=(*no_more(rejects), *swap.statements), undo=(*swap.undo, *again(rejects)))
        decided = (all_decided(rejects),)
    name = old.name
    return Draft(
        title=f"change {table.ref}.{name} to {spell_type(type)}",
        tables=(table.ref,),
        phases=(
            shadow_column.expand(shadow),
            dual,
            shadow_column.backfill(shadow),
            replace(
                verify,
                gates=(*verify.gates, *bad_rows_gates(table, old, found, decisions)),
                new_app="is not deployed yet",
            ),
            Phase(
                name=PhaseName.SWITCH,
                title=f"{name} is {spell_type(type)}, for both versions",
                old_app=f"reads and writes {name} as {spell_type(type)}; a prepared statement has to be prepared again",
                new_app=f"reads and writes {name} as {spell_type(type)}: deploy it after the step",
                gates=decided,
                steps=(swap,),
            ),
            phases.contract(
                f"The old {name} goes for good",
                f"reads and writes {name} as {spell_type(type)}",
                (*later.steps, ending(shadow_column.hard_drop(shadow), later)),
                needed=f"{table.ref}.{name} as {type_of(old)}",
                old_application_name=ground.old_application_name,
            ),
        ),
        why=(f"as one statement it would rewrite or read all of {table.ref} while nobody can use it",),
        assumed=((conversion.pitfall,) if conversion.pitfall else ()),
        by_hand=(
            f"the old version meets {name} as {spell_type(type)} from the switch on: see that its driver and its code can",
            *told_of_bad_rows(table, old, found, decisions, rejects),
            *(f"the way back from the switch reads all of {table.ref}: SET NOT NULL",) * old.not_null,
            *unseen(shadow),
        ),
        lets_go=tuple(_let_go(decisions)),
        differs=shadow_column.ends_otherwise(shadow),
    )


def _refuse_kinds(table: Table, old: Column) -> None:
    for constraint in table.constraints:
        if old.name in constraint.columns and constraint.kind in (ConstraintKind.PRIMARY_KEY, ConstraintKind.EXCLUDE):
            raise NoPlanError(
                f"{table.ref}.{old.name} is in {constraint.kind.value} {constraint.name}: that has no plan yet"
            )
    if old.identity is not None or old.generated is not None:
        raise NoPlanError(f"{table.ref}.{old.name} is filled by PostgreSQL itself: that has no plan yet")


def _shadow(
    ground: Ground,
    table: Table,
    old: Column,
    type: TypeName,
    conversion: Conversion,
    decisions: BadRows,
    new_name: str,
) -> tuple[Shadow, Audit]:
    """The column beside the old one, and what is known of values that do not fit."""
    if old.not_null and decisions.makes_null:
        raise NoPlanError(
            f"{table.ref}.{old.name} is NOT NULL: decide default:SQL or stop for its rows, not null or reject"
        )
    new = replace(old, name=new_name, type=type, default=None, not_null=False)
    found = audit(old, conversion, new.name, spell_type(type))
    up = decided_up(conversion, found, decisions)
    return Shadow(ground=ground, table=table, old=old, new=new, up=up, down=conversion.down), found


def _let_go(decisions: BadRows) -> Iterator[str]:
    for decided, what in ((decisions.unreadable, "do not convert"), (decisions.lossy, "do not come back")):
        if decided.decision not in (Decision.STOP, Decision.ACCEPT):
            yield f"values that {what}: {decided.decision.value}"
