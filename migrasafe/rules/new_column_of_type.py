"""The steps that change the type of a column by way of a new one, which takes its name when it is filled."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.effects.model import Work
from migrasafe.findings import Fix
from migrasafe.rules.context import Step
from migrasafe.rules.copied_column import Copies, copies_of
from migrasafe.rules.instead import (
    NEXT_MIGRATION,
    ONE_MIGRATION,
    OWN_TRANSACTION,
    Stage,
    batches,
    others_with,
    outside_title,
    plan,
)
from migrasafe.rules.proving_not_null import NotNull
from migrasafe.rules.wording import sql_name
from migrasafe.schema.definitions import with_suffix
from migrasafe.schema.evolve.generated_names import clipped, object_name
from migrasafe.schema.model import Ref
from migrasafe.sql.edit import action_spans
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AlterColumnType, AlterTable, TypeName
from migrasafe.sql.written_statements import written_type


class _Swap(Struct, frozen=True, kw_only=True):
    """The columns, as SQL, and the trigger that fills the new one."""

    on: str
    old: str
    new: str
    gone: str
    """What the old column is called in the end."""
    trigger: str
    function: str
    row: str
    value: str
    """The new value, from the columns of the row."""

    def follow(self) -> tuple[str, ...]:
        return (
            f"CREATE FUNCTION {self.function}() RETURNS trigger LANGUAGE plpgsql AS $$\n"
            "BEGIN\n"
            f"  NEW.{self.new} := (SELECT {self.value} FROM (SELECT NEW.*) AS {self.row});\n"
            "  RETURN NEW;\n"
            "END $$",
            f"CREATE TRIGGER {self.trigger} BEFORE INSERT OR UPDATE ON {self.on} FOR EACH ROW "
            f"EXECUTE FUNCTION {self.function}()",
        )

    def change_names(self, last: tuple[str, ...], copies: Copies, *, not_null: bool) -> tuple[str, ...]:
        return (
            "SET LOCAL lock_timeout = '2s'",
            f"DROP TRIGGER {self.trigger} ON {self.on}",
            f"DROP FUNCTION {self.function}()",
            *(last if not_null else ()),
            *copies.before,
            f"ALTER TABLE {self.on} RENAME COLUMN {self.old} TO {self.gone}",
            f"ALTER TABLE {self.on} RENAME COLUMN {self.new} TO {self.old}",
            *((f"ALTER TABLE {self.on} ALTER COLUMN {self.gone} DROP NOT NULL",) if not_null else ()),
            *copies.after,
        )


def new_column_of_type(step: Step, work: Work) -> Fix | None:
    """None where something hangs on the column that cannot be moved to another: a foreign key, a view, a policy."""
    statement, table = step.statement, step.schema.table(work.relation)
    assert isinstance(statement, AlterTable) and work.action is not None
    action = statement.actions[work.action]
    assert isinstance(action, AlterColumnType)
    text, column = step.script.source.text, action.column
    spans = action_spans(text, statement.span)
    written = written_type(text, spans[work.action], step.as_written) if spans else None
    known = table.column(column) if table is not None else None
    if written is None or table is None or known is None:
        return None
    fresh = with_suffix(column, "_new")
    on, new = step.table_name, quote_ident(fresh)
    others = tuple([one for place, one in enumerate(statement.actions) if place != work.action])
    copies = copies_of(step.schema, table, known, fresh, on, replaced=others)
    if copies is None:
        return None
    sync = object_name(table.ref.name, column, "sync")
    swap = _Swap(
        on=on,
        old=quote_ident(column),
        new=new,
        gone=quote_ident(with_suffix(column, "_old")),
        trigger=quote_ident(clipped(f"~{sync}")),  # after all others, which may change the old column
        function=sql_name(Ref(table.ref.schema, sync)),
        row=quote_ident(table.ref.name),
        value=written.using or quote_ident(column),
    )
    proof = NotNull(step=step, table=table.ref, on=on, name=new, column=fresh)
    not_null = known.not_null
    return plan(
        step,
        Stage(
            ONE_MIGRATION,
            (
                f"ALTER TABLE {on} ADD COLUMN {new} {written.type}",
                *swap.follow(),
            ),
        ),
        Stage(
            _filling(known.type, action.type),
            (batches(on, f"{new} = {swap.value}", f"{new} IS NULL AND {swap.old} IS NOT NULL"),),
        ),
        Stage(NEXT_MIGRATION, (*((proof.proof,) if not_null else ()), *copies.constraints)),
        Stage(OWN_TRANSACTION, (*((proof.validation,) if not_null else ()), *copies.validations)),
        Stage(outside_title(step), copies.indexes),
        Stage(
            "the next migration, in one transaction: the columns change their names",
            (
                *swap.change_names(proof.last, copies, not_null=not_null),
                *others_with(step, work.action, None),
            ),
        ),
        Stage("when nothing needs the old values", (f"ALTER TABLE {on} DROP COLUMN {swap.gone}", *copies.last)),
    )


def _filling(before: TypeName | None, after: TypeName) -> str:
    names = {before.name if before is not None else "", after.name}
    if names == {"timestamp", "timestamptz"}:
        return "fill the rows there are, in the TimeZone that the values are meant in, as every session must have it"
    return "fill the rows there are"
