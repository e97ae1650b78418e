"""How a column is stored and what the planner learns of it: for values and ANALYZEs that come, old rows stay as they are."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.model import Step
from migrasafe.schema.attached import Attached
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import ColumnRef, Ref
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import ColumnProperty, Name, SetColumnProperty

_LETTERS = {"plain": "p", "external": "e", "extended": "x", "main": "m"}
_METHODS = {"pglz": "p", "lz4": "l", "default": ""}
_OPTIONS = ("n_distinct", "n_distinct_inherited")
_MOST_STATISTICS = 10_000
"""The server makes a greater number this one."""
COMPRESSION_SINCE = 14
STORAGE_DEFAULT_SINCE = 16


class ChangeColumnSetting(Struct, frozen=True, kw_only=True):
    """STATISTICS, STORAGE, COMPRESSION or the options of a column."""

    table: Name
    action: SetColumnProperty

    def plan(self, ground: Ground) -> Draft:
        """One step, of which neither version notices anything. Raises NoPlanError for what the server does not have."""
        table = table_of(ground, self.table)
        column = column_of(table, self.action.column)
        known = None
        if ground.attached is not None:
            known = ground.attached.get(ColumnRef(table.ref, column.name), Attached())
        change = _Setting(table=table.ref, column=column.name, pg_version=ground.target.pg_version)
        match self.action.property:
            case ColumnProperty.STATISTICS:
                step, told = change.statistics(self.action.value, known)
            case ColumnProperty.STORAGE:
                step, told = change.storage(self.action.value, known)
            case ColumnProperty.COMPRESSION:
                step, told = change.compression(self.action.value, known)
            case ColumnProperty.OPTIONS:
                step, told = change.options(self.action.value, known)
        return Draft(
            title=f"{step.title[:1].lower()}{step.title[1:]}",
            tables=(table.ref,),
            phases=(phases.expand(step.title, "goes on as before", "goes on as before", (step,)),),
            why=("nothing is written anew: the catalog says another thing, and that takes an instant",),
            by_hand=told,
            assumed=()
            if known is not None
            else (
                f"how {table.ref}.{column.name} was set before is not seen in migrations or dumps: plan with --schema DSN",
            ),
        )


class _Setting(Struct, frozen=True, kw_only=True):
    table: Ref
    column: str
    pg_version: int

    def statistics(self, value: str | None, known: Attached | None) -> tuple[Step, tuple[str, ...]]:
        target = -1 if value in (None, "-1", "default") else min(int(str(value)), _MOST_STATISTICS)
        held = "coalesce(attstattarget, -1)"  # null since 17, where it is the server's own
        before = () if known is None else (f"SET STATISTICS {-1 if known.statistics is None else known.statistics}",)
        said = "as the server has it" if target < 0 else f"as exact as {target} says"
        step = self._step(
            f"Let the statistics of {self._named} be {said}",
            f"SET STATISTICS {target}",
            held=f"{held} = {target}",
            before=before,
        )
        return step, (f"ANALYZE {self.table} afterwards: until then the planner knows what it knew",)

    def storage(self, value: str | None, known: Attached | None) -> tuple[Step, tuple[str, ...]]:
        wanted = self._known(value, ("default", *_LETTERS), "storage")
        own = "(SELECT typstorage FROM pg_type WHERE pg_type.oid = atttypid)"
        held = f"attstorage = {own if wanted == 'default' else quote_literal(_LETTERS[wanted])}"
        if wanted == "default" and self.pg_version < STORAGE_DEFAULT_SINCE:
            raise NoPlanError(
                f"SET STORAGE DEFAULT is there since PostgreSQL {STORAGE_DEFAULT_SINCE}: say which storage"
            )
        before: tuple[str, ...] = ()
        if known is not None and (known.storage is not None or self.pg_version >= STORAGE_DEFAULT_SINCE):
            before = (f"SET STORAGE {(known.storage or 'default').upper()}",)
        title = f"Store {self._named} {wanted.upper()}"
        step = self._step(title, f"SET STORAGE {wanted.upper()}", held=held, before=before)
        return step, (self._old_rows,)

    def compression(self, value: str | None, known: Attached | None) -> tuple[Step, tuple[str, ...]]:
        if self.pg_version < COMPRESSION_SINCE:
            raise NoPlanError(
                f"SET COMPRESSION is there since PostgreSQL {COMPRESSION_SINCE}, and this is {self.pg_version}"
            )
        wanted = self._known(value, tuple(_METHODS), "compression")
        before = () if known is None else (f"SET COMPRESSION {known.compression or 'default'}",)
        # As text, so that older servers, which have no such column, can read the question.
        held = f"coalesce(to_jsonb(pg_attribute) ->> 'attcompression', '') = {quote_literal(_METHODS[wanted])}"
        title = f"Compress {self._named} by {wanted}"
        step = self._step(title, f"SET COMPRESSION {wanted}", held=held, before=before)
        told = [self._old_rows]
        if wanted == "lz4":
            told.append(
                "see that every server that takes these rows over, subscribers and standbys too, was built with lz4"
            )
        return step, tuple(told)

    def options(self, value: str | None, known: Attached | None) -> tuple[Step, tuple[str, ...]]:
        pairs = [one.partition("=")[::2] for one in (value or "").split(", ")]
        given = {name: None if text == "true" else text for name, text in pairs}  # so the grammar has RESET
        for name in given:
            self._known(name, _OPTIONS, "option")
        had = dict(known.options) if known is not None else {}
        done = " AND ".join(
            f"(SELECT option_value FROM pg_options_to_table(attoptions) WHERE option_name = {quote_literal(name)})"
            f" IS NOT DISTINCT FROM {'NULL' if text is None else quote_literal(text)}"
            for name, text in given.items()
        )
        step = self._step(
            f"Set {', '.join(given)} of {self._named}",
            *_clauses(given),
            held=done,
            before=_clauses({name: had.get(name) for name in given}) if known is not None else (),
        )
        return step, (f"ANALYZE {self.table} afterwards: until then the planner knows what it knew",)

    @property
    def _named(self) -> str:
        return f"{self.table}.{self.column}"

    @property
    def _old_rows(self) -> str:
        return (
            f"values that are stored already stay as they are until their row is written: `migrasafe plan rewrite"
            f" {self.table} full` writes them all anew, if that matters"
        )

    def _known(self, value: str | None, words: tuple[str, ...], what: str) -> str:
        """The word that is meant, where none is the default. Raises NoPlanError for one that PostgreSQL does not have."""
        said = (value or "default").lower()
        if said not in words:
            raise NoPlanError(f"PostgreSQL has no {what} {said} of columns: {', '.join(words)} are what there is")
        return said

    def _step(self, title: str, *clauses: str, held: str, before: tuple[str, ...]) -> Step:
        alter = f"ALTER TABLE {name_of(self.table)} ALTER COLUMN {quote_ident(self.column)}"
        return Step(
            title=title,
            statements=tuple(f"{alter} {clause}" for clause in clauses),
            done=predicates.column_with(self.table, self.column, held),
            undo=tuple(f"{alter} {clause}" for clause in before),
            stays="" if before else f"the setting of {self.column}",
        )


def _clauses(options: dict[str, str | None]) -> tuple[str, ...]:
    """What sets those that have a value, and what takes the others away."""
    given = ", ".join(f"{name} = {text}" for name, text in options.items() if text is not None)
    gone = ", ".join(name for name, text in options.items() if text is None)
    return (*((f"SET ({given})",) if given else ()), *((f"RESET ({gone})",) if gone else ()))
