"""The steps that add a column without a rewrite or a scan while others wait, shared by the rules about ADD COLUMN.

First the column with what costs nothing; then its values, for new rows by a default or a trigger and for old rows in
batches; then, one by one, the constraints, each proved while the table is in use.
"""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause, Trouble
from migrasafe.findings import Fix
from migrasafe.rules.constraint_names import name_of
from migrasafe.rules.context import Step
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
from migrasafe.rules.new_values import NewColumn, values_of
from migrasafe.rules.proving_not_null import NotNull
from migrasafe.schema.model import Ref, RelationKind
from migrasafe.sql.edit import action_spans
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AddColumn, AlterTable, ConstraintKind
from migrasafe.sql.written import Clause, written_column

_KINDS = {
    "check": ConstraintKind.CHECK,
    "references": ConstraintKind.FOREIGN_KEY,
    "unique": ConstraintKind.UNIQUE,
    "primary key": ConstraintKind.PRIMARY_KEY,
}


def column_steps(step: Step, table: Ref, action: int | None) -> Fix | None:
    """The steps instead of the ADD COLUMN at `action`; None where its text cannot be told apart, or there are none."""
    statement = step.statement
    assert isinstance(statement, AlterTable)
    place = action or 0
    text = step.script.source.text
    spans, added = action_spans(text, statement.span), statement.actions[place]
    if len(spans) != len(statement.actions) or not isinstance(added, AddColumn):
        return None
    written = written_column(text, spans[place], step.as_written)
    if written is None:
        return None
    causes = frozenset(work.cause for work in step.effects.work if work.action == place)
    new = NewColumn(step=step, table=table, written=written, column=added.column, causes=causes)
    needs_values = any(one.trouble is Trouble.NULLS_IN_COLUMN and one.action == place for one in step.effects.failures)
    return _plan(new, place, "IF NOT EXISTS " if added.if_not_exists else "", needs_values=needs_values)


def _plan(new: NewColumn, place: int, exists: str, *, needs_values: bool) -> Fix | None:
    step, name, values = new.step, new.written.name, values_of(new)
    filled_later = bool(values.value) or needs_values
    not_null = NotNull(step=step, table=new.table, on=new.on, name=name, column=new.column.name)
    must_prove = (new.column.not_null or values.not_null or _is_key(new)) and (
        filled_later or Cause.NEW_COLUMN_NOT_NULL in new.causes
    )
    moved = ["check", "unique", "primary key"]
    if filled_later or Cause.INLINE_FOREIGN_KEY in new.causes:
        moved.append("references")
    checked = list(_named(new, [kind for kind in moved if kind in ("check", "references")]))
    if any(clause.kind == "references" for clause, _ in checked) and not _takes_not_valid(new):
        return None
    definition = new.written.definition(*moved, *values.without, *(["not null"] if must_prove else []))
    if values.type is not None:
        definition = definition.replace(new.written.type, values.type, 1)
    stages = [
        Stage(
            ONE_MIGRATION,
            (
                *others_with(step, place, f"ADD COLUMN {exists}{definition}"),
                *values.setup,
                *(f"ALTER TABLE {new.on} ADD {_of_table(clause, at, name)} NOT VALID" for clause, at in checked),
            ),
        )
    ]
    if needs_values:
        stages.append(Stage(f"deploy the app version that writes {name}, and fill it in the rows there are"))
    elif values.value:
        stages.append(
            Stage("fill the rows there are", (batches(new.on, f"{name} = {values.value}", f"{name} IS NULL"),))
        )
    if must_prove:
        stages.append(Stage(NEXT_MIGRATION, (not_null.proof,)))
    validated = [*values.checks, *(at for _, at in checked), *([not_null.constraint] if must_prove else [])]
    stages.append(Stage(OWN_TRANSACTION, tuple(f"ALTER TABLE {new.on} VALIDATE CONSTRAINT {at}" for at in validated)))
    if must_prove:
        stages.append(Stage("then, without a scan", not_null.last))
    stages.append(Stage("the next migration, in one transaction", values.finish))
    stages.append(Stage("when nothing uses it any more", values.last))
    for clause, at in _named(new, ["unique", "primary key"]):
        index = f"CREATE UNIQUE INDEX CONCURRENTLY {at} ON {new.on} ({name})"
        attributes = clause.text[len(clause.kind) :].rstrip()
        made = f"ALTER TABLE {new.on} ADD CONSTRAINT {at} {clause.kind.upper()} USING INDEX {at}{attributes}"
        stages += [Stage(outside_title(step), (index,)), Stage(NEXT_MIGRATION, (made,))]
    return plan(step, *stages)


def _named(new: NewColumn, kinds: list[str]) -> Iterator[tuple[Clause, str]]:
    """The constraints of these kinds as written on the column, each with its name as SQL."""
    for kind in kinds:
        clauses = new.written.clauses_of(kind)
        constraints = [one for one in new.column.constraints if one.kind is _KINDS[kind]]
        for clause, constraint in zip(clauses, constraints, strict=False):
            yield clause, clause.name or quote_ident(name_of(new.step, new.table, constraint))


def _of_table(clause: Clause, at: str, name: str) -> str:
    """A column's constraint as one of the table."""
    key = f"FOREIGN KEY ({name}) " if clause.kind == "references" else ""
    return f"CONSTRAINT {at} {key}{clause.text}"


def _is_key(new: NewColumn) -> bool:
    return any(one.kind is ConstraintKind.PRIMARY_KEY for one in new.column.constraints)


def _takes_not_valid(new: NewColumn) -> bool:
    table = new.step.schema.table(new.table)
    return new.step.target.at_least(18) or table is None or table.kind is not RelationKind.PARTITIONED_TABLE
