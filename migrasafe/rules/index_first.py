"""The steps that make a UNIQUE or PRIMARY KEY constraint from an index built beforehand."""

from __future__ import annotations

from migrasafe.effects.model import Work
from migrasafe.findings import Fix
from migrasafe.rules.adding_column import column_steps
from migrasafe.rules.constraint_names import name_of
from migrasafe.rules.context import Step
from migrasafe.rules.instead import (
    NEXT_MIGRATION,
    ONE_MIGRATION,
    OWN_TRANSACTION,
    Stage,
    others_with,
    outside_title,
    plan,
)
from migrasafe.rules.proving_not_null import NotNull
from migrasafe.schema.evolve.generated_names import object_name
from migrasafe.schema.model import Ref, RelationKind
from migrasafe.sql.edit import action_spans
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AddColumn, AddConstraint, AlterTable, ConstraintKind
from migrasafe.sql.written import Clause, written_key

_OF_THE_INDEX = ("include", "with", "using index tablespace")


def index_first(step: Step, work: Work) -> Fix | None:
    """None for what cannot be made from an index: a key of a partitioned table, or one WITHOUT OVERLAPS."""
    statement = step.statement
    assert isinstance(statement, AlterTable) and work.action is not None
    action = statement.actions[work.action]
    table = step.schema.table(work.relation)
    if table is not None and table.kind is RelationKind.PARTITIONED_TABLE:
        return None
    if isinstance(action, AddColumn):
        return column_steps(step, work.relation, work.action)
    text = step.script.source.text
    spans = action_spans(text, statement.span)
    if len(spans) != len(statement.actions):
        return None
    assert isinstance(action, AddConstraint)
    constraint = action.constraint
    clauses = written_key(text, spans[work.action], step.as_written)
    if not clauses or constraint.without_overlaps:
        return None
    name = quote_ident(name_of(step, work.relation, constraint))
    taken = step.schema.relation(Ref(work.relation.schema, name_of(step, work.relation, constraint))) is not None
    index = quote_ident(object_name(name_of(step, work.relation, constraint), None, "new")) if taken else name
    on, kind = step.table_name, constraint.kind.value
    attributes = "".join(f" {one.text}" for one in clauses[1:] if one.kind not in _OF_THE_INDEX)
    nullable = [] if constraint.kind is ConstraintKind.UNIQUE else list(_nullable(step, work, constraint.columns))
    proofs = [NotNull(step=step, table=work.relation, on=on, name=quote_ident(one), column=one) for one in nullable]
    # What the rest of the statement says goes with the key, so that the table is never without one; unless the rest makes
    # a column of it.
    added = f"ADD CONSTRAINT {name} {kind} USING INDEX {index}{attributes}"
    rest_first = any(isinstance(one, AddColumn) and one.column.name in constraint.columns for one in statement.actions)
    first = others_with(step, work.action, None) if rest_first else ()
    last = (f"ALTER TABLE {on} {added}",) if rest_first else others_with(step, work.action, added)
    return plan(
        step,
        Stage(ONE_MIGRATION, (*first, *(proof.proof for proof in proofs))),
        Stage(OWN_TRANSACTION, tuple(proof.validation for proof in proofs)),
        Stage("then, without a scan", tuple(one for proof in proofs for one in proof.last)),
        Stage(outside_title(step), (_index(clauses, index, on),)),
        Stage(NEXT_MIGRATION, last),
    )


def _index(clauses: tuple[Clause, ...], name: str, on: str) -> str:
    """CREATE UNIQUE INDEX with everything of the key that belongs to its index, in the order of that statement."""
    key = clauses[0].rest
    columns = key[key.index("(") :]
    distinct = f" {' '.join(key[: key.index('(')].split())}" if not key.startswith("(") else ""
    parts = {one.kind: one for one in clauses[1:]}
    include = f" {parts['include'].text}" if "include" in parts else ""
    options = f" {parts['with'].text}" if "with" in parts else ""
    space = f" TABLESPACE {parts['using index tablespace'].rest}" if "using index tablespace" in parts else ""
    return f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {on} {columns}{include}{distinct}{options}{space}"


def _nullable(step: Step, work: Work, columns: tuple[str, ...]) -> list[str]:
    """The columns of the key that are not known to be NOT NULL."""
    table = step.schema.table(work.relation)
    known = {column.name for column in table.columns if column.not_null and column.not_null_valid} if table else set()
    return [column for column in columns if column not in known]
