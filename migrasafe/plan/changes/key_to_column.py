"""A key of JSON documents that becomes a column of its own: what either version writes, the other one reads in its place."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.carry_over.unseen import bodies_that_name
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.conversion.json_key import JSONS, document_with, json_of_column, value_of_key
from migrasafe.plan.dual_write.triggers import (
    DualWrite,
    Mapped,
    drop_functions_sql,
    drop_triggers_sql,
    inconsistent,
)
from migrasafe.plan.model import Backfill, Gate, Phase, PhaseName, Step
from migrasafe.plan.objects.not_null_name import not_null_name
from migrasafe.schema.definitions import name_of, type_of
from migrasafe.schema.model import Column, Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.quote import quote_ident, quote_literal, spell_type
from migrasafe.sql.statements import ColumnDef, ConstraintKind, Expression, Name


class KeyToColumn(Struct, frozen=True, kw_only=True):
    table: Name
    document: str
    key: str
    column: ColumnDef
    up: Expression | None = None
    """The column's value, over the document; it must not fail. None: as the type is known to be read."""
    down: Expression | None = None
    """What the document says, over the column; None: the column's value, as JSON."""

    def plan(self, ground: Ground) -> Draft:
        """Key and column kept in step until the old version is gone. Raises NoPlanError."""
        table = table_of(ground, self.table)
        document = column_of(table, self.document)
        made = _Made(ground=ground, table=table, document=document, wanted=self)
        for reason in made.in_the_way():
            raise NoPlanError(f"{made.where} cannot become a column: {reason}")
        return Draft(
            title=f"move {made.where} to the column {self.column.name}",
            tables=(table.ref,),
            phases=tuple(made.phases()),
            why=(
                f"both versions write {document.name}, each with keys of its own: the triggers change one key of it and leave the"
                " others as they are",
                f"a missing key and one that says null are both null in {self.column.name}; a key that says null stays, where the"
                " new version writes null",
            ),
            by_hand=tuple(made.by_hand()),
            differs=(
                f"{self.column.name} has the comment {quote_literal(made.note)}: nothing else tells that it is over",
            ),
        )


class _Made(Struct, frozen=True, kw_only=True):
    ground: Ground
    table: Table
    document: Column
    wanted: KeyToColumn

    @property
    def where(self) -> str:
        return f"the key {self.wanted.key} of {self.table.ref}.{self.document.name}"

    @property
    def note(self) -> str:
        return f"took the place of the key {self.wanted.key} of {self.document.name}"

    @property
    def name(self) -> str:
        return self.wanted.column.name

    def in_the_way(self) -> Iterator[str]:
        """Why there is no plan."""
        column, known = self.wanted.column, self.document.type
        if known is None or known.array or known.name not in JSONS:
            yield f"{self.document.name} is {type_of(self.document)}, and holds no JSON"
        if self.table.column(column.name) is not None:
            yield f"{self.table.ref} has a column {column.name} already"
        if column.type is None or column.generated is not None or column.identity is not None:
            yield f"{column.name} must be a plain column with a type"
        elif self.wanted.up is None and value_of_key(self.document.name, self.wanted.key, column.type) is None:
            example = f"({quote_ident(self.document.name)} ->> {quote_literal(self.wanted.key)})"
            yield (
                f"how {spell_type(column.type)} is read out of JSON is for you to say, with an expression that never fails:"
                f' --up "CASE WHEN {example} ~ … THEN {example}::{spell_type(column.type)} END"'
            )
        if any(one.kind is not ConstraintKind.NOT_NULL for one in column.constraints):
            yield (
                f"{column.name} brings constraints of its own: add the column without them, and each constraint in a statement of"
                " its own behind it"
            )
        for option, given, over in (
            ("--up", self.wanted.up, self.document.name),
            ("--down", self.wanted.down, column.name),
        ):
            if given is not None and columns_read(given) != {over}:
                yield f"{option} has to be an expression over {over}, and no other column"
        if self.document.generated is not None:
            yield "PostgreSQL fills it itself"

    @property
    def dual(self) -> DualWrite:
        wanted, known = self.wanted, self.document.type
        assert wanted.column.type is not None and known is not None  # in_the_way() has seen to it
        up = wanted.up or value_of_key(self.document.name, wanted.key, wanted.column.type)
        assert up is not None
        if wanted.down is None:
            value = json_of_column(self.name, wanted.column.type, self.document.name, known.name, wanted.key)
        else:
            value = f"pg_catalog.to_jsonb({deparse_expression(wanted.down)})"
        down = document_with(self.document.name, known.name, wanted.key, value)
        return DualWrite(
            table=self.table.ref,
            id=self.ground.id,
            old=(Mapped(column=self.document.name, type=known.name, value=down),),
            new=(Mapped(column=self.name, type=spell_type(wanted.column.type), value=up),),
            search_path=(*self.ground.schema.search_path, self.table.ref.schema),
        )

    @property
    def is_over(self) -> str:
        return predicates.column_says(self.table.ref, self.name, self.note)

    def phases(self) -> Iterator[Phase]:
        table, was = self.table.ref, f"{self.document.name} ->> {quote_literal(self.wanted.key)}"
        ours = self.dual.new[0]
        yield Phase(
            name=PhaseName.EXPAND,
            title=f"Make room: {self.name}, empty",
            old_app="goes on as before; a prepared SELECT * or RETURNING * has to be prepared again",
            new_app="is not deployed yet",
            steps=steps.superseded((steps.add_column(table, self.name, ours.type),), self.is_over),
        )
        yield Phase(
            name=PhaseName.DUAL_WRITE,
            title=f"Every write of the key {self.wanted.key} reaches {self.name}, and the other way round",
            old_app=f"reads and writes {was}",
            new_app=f"may write {self.name}, but not read it: old rows are not filled yet",
            steps=steps.superseded((steps.write_both(self.dual),), self.is_over),
        )
        yield Phase(
            name=PhaseName.BACKFILL,
            title="The rows from before are filled, in batches",
            old_app=f"reads and writes {was}",
            new_app=f"may write {self.name}, but not read it yet",
            backfills=(
                Backfill(
                    table=name_of(table),
                    assignments=(f"{quote_ident(self.name)} = {self._up}",),
                    where=f"({inconsistent(self.dual)}) OR ({quote_ident(self.name)} IS NULL AND ({self._up}) IS NOT NULL)",
                ),
            ),
        )
        yield Phase(
            name=PhaseName.VERIFY,
            title=f"{self.name} is proved to say what the documents say",
            old_app=f"reads and writes {was}",
            new_app=f"reads and writes {self.name}",
            gates=tuple(self._gates()),
            steps=steps.superseded(tuple(self._not_null()), self.is_over),
        )
        yield phases.deploy(f"reads and writes {self.name}", f"reads and writes {was}")
        contract = phases.contract(
            f"{was} is not kept up any more; then the key can go from the documents",
            f"reads and writes {self.name}",
            (self._end(),),
            needed=f"{self.where}",
            old_application_name=self.ground.old_application_name,
        )
        yield replace(contract, afterwards=(self._without_key(),))

    def _without_key(self) -> Backfill:
        """The key leaves the documents. Only when no trigger takes that for the wish that the column be empty."""
        document, at = quote_ident(self.document.name), quote_literal(self.wanted.key)
        binary = document if self._is_binary else f"{document}::jsonb"
        without = f"{document} - {at}" if self._is_binary else f"({binary} - {at})::json"
        return Backfill(
            table=name_of(self.table.ref),
            assignments=(f"{document} = {without}",),
            where=f"pg_catalog.jsonb_typeof({binary}) = 'object' AND {binary} ? {at}",
        )

    @property
    def _up(self) -> str:
        ours = self.dual.new[0]
        return f"({deparse_expression(ours.value)})::{ours.type}"

    def _not_null(self) -> Iterator[Step]:
        table, version = self.table.ref, self.ground.target.pg_version
        if self.wanted.column.not_null:
            yield from steps.not_null(table, self.name, not_null_name(self.table, self.name), pg_version=version)

    def _gates(self) -> Iterator[Gate]:
        table, at = name_of(self.table.ref), quote_literal(self.wanted.key)
        yield phases.none_left(
            "same",
            f"Does {self.name} say in every row what the document says?",
            table,
            inconsistent(self.dual),
            "Run the backfill again; if rows come back, a trigger of your own changes one of the columns after ours.",
            tolerated=self.ground.tolerated,
        )
        yield phases.none_left(
            "readable",
            f"Is every value under {self.wanted.key} one that {self.name} can hold?",
            table,
            f"({quote_ident(self.document.name)} ->> {at}) IS NOT NULL AND {quote_ident(self.name)} IS NULL",
            "Mend the documents of these rows, or plan again with an --up that knows what becomes of them.",
            tolerated=self.ground.tolerated,
        )
        if self.wanted.column.not_null:
            yield phases.none_left(
                f"no-null-left-in-{self.name}",
                f"Is no null left in {self.name}?",
                table,
                f"{quote_ident(self.name)} IS NULL",
                f"Give these documents the key {self.wanted.key}, or leave NOT NULL out.",
            )

    def _end(self) -> Step:
        """The key stays where it is: rows that are not written any more would have to be, under no trigger."""
        on = f"COLUMN {name_of(self.table.ref)}.{quote_ident(self.name)}"
        default = self.wanted.column.default
        sets = (
            ()
            if default is None
            else (
                f"ALTER TABLE {name_of(self.table.ref)} ALTER COLUMN {quote_ident(self.name)}"
                f" SET DEFAULT {deparse_expression(default)}",
            )
        )
        return Step(
            title=f"Stop writing the key {self.wanted.key} into {self.document.name}",
            statements=(
                *drop_triggers_sql(self.dual),
                *drop_functions_sql(self.dual),
                *sets,
                f"COMMENT ON {on} IS {quote_literal(self.note)}",
            ),
            done=self.is_over,
            loses=f"{self.where}, which stays as it is in each row from here on",
        )

    def by_hand(self) -> Iterator[str]:
        table, document = name_of(self.table.ref), quote_ident(self.document.name)
        ours = self.dual.new[0]
        yield (
            f"of which kind the values are, SELECT {self._kind}, count(*) FROM {table} GROUP BY 1 tells: one that {ours.type}"
            f" cannot hold is null in {self.name}, and a gate counts such rows"
        )
        yield (
            f"a version that writes the whole of {document} without the key {self.wanted.key} says that it is gone, and"
            f" {self.name} is null then: until the old version has ended, the new one has to write back the keys it read"
        )
        yield (
            f"a document that is no object has no place for a key: what the new version writes into {self.name} of such a row,"
            " the old one cannot read"
        )
        yield (
            f"the key stays in the documents until the last job is run, after the contract phase, and goes stale: run it when nobody"
            f" wants the old version back, which would find no {self.wanted.key}; leave it out where something else reads the key"
        )
        if not self._is_binary:
            yield (
                f"{document} is json: where the new version writes, the triggers put it into the order of jsonb, without blanks and"
                " without the second of two equal keys; a \\u0000 in a text makes the write fail"
            )
        for index in self.ground.schema.indexes_of(self.table):
            if self.document.name in index.reads:
                yield (
                    f"the index {index.ref.name} is over {document}: where queries by {self.wanted.key} use it, plan one over"
                    f" {self.name} (CREATE INDEX behind the column in the same migration) before the switch"
                )
        yield from bodies_that_name(self.ground.schema, self.table.ref, [self.document.name])

    @property
    def _is_binary(self) -> bool:
        return self.document.type is not None and self.document.type.name == "jsonb"

    @property
    def _kind(self) -> str:
        known = "jsonb" if self._is_binary else "json"
        return f"{known}_typeof({quote_ident(self.document.name)} -> {quote_literal(self.wanted.key)})"
