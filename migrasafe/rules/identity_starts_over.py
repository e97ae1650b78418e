"""ADD GENERATED … AS IDENTITY to a column with rows: the new sequence begins at 1."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import ONE_MIGRATION, Stage, plan
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.model import Ref
from migrasafe.sql.builtin.called import function_calls
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import (
    AddIdentity,
    AlterSequence,
    AlterTable,
    DropDefault,
    Select,
    SetIdentity,
    Statement,
)


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    if not step.situation.exists_already(ref):
        return
    table = step.schema.table(ref)
    for index, action in enumerate(statement.actions):
        if not isinstance(action, AddIdentity) or {"start", "restart"}.intersection(action.identity.options):
            continue
        column = table.column(action.column) if table is not None else None
        if column is not None and column.born.migration == step.moment.migration:
            continue
        if any(_moves_it(later, action.column, step) for later in step.to_the_end()):
            continue
        left_out = _may_be_left_out(step, ref, action.column, index)
        name, quoted = sql_name(ref), quote_ident(action.column)
        sequence = f"pg_get_serial_sequence({quote_literal(name)}, {quote_literal(action.column)})"
        yield step.finding(
            RULE.id,
            f"Inserts into {shown(ref)}{'' if left_out else f' that leave {action.column} out'} fail on the ids that are there "
            f"already: the sequence of {action.column} begins at 1.",
            severity=Severity.ERROR if left_out else Severity.WARNING,
            help="Set the sequence past the largest id in the same transaction.",
            action=index,
            objects=(f"{ref}.{action.column}",),
            lock=step.effects.lock_on(ref),
            fix=plan(
                step,
                Stage(ONE_MIGRATION, (step.sql(), f"SELECT setval({sequence}, (SELECT max({quoted}) FROM {name}))")),
            ),
            assumed=() if table is not None and table.rows else (f"{shown(ref)} has rows",),
        )


def _may_be_left_out(step: Step, ref: Ref, column: str, before: int) -> bool:
    """Whether inserts of the running app may leave the column out: this migration takes a default away. All others give it."""
    table = step.at_start.table(ref)
    known = table.column(column) if table is not None else None
    if known is not None and known.default is not None:
        return True
    statement = step.statement
    assert isinstance(statement, AlterTable)
    earlier = [one for one in step.script.statements[: step.number] if isinstance(one, AlterTable)]
    actions = [action for one in earlier if step.situation.ref(one.name) == ref for action in one.actions]
    return any(isinstance(one, DropDefault) and one.column == column for one in (*actions, *statement.actions[:before]))


def _moves_it(later: Statement, column: str, step: Step) -> bool:
    match later:
        case AlterSequence():
            return "restart" in later.options
        case AlterTable():
            return any(
                isinstance(action, SetIdentity) and action.column == column and "restart" in action.options
                for action in later.actions
            )
        case Select():
            return any(call.name == "setval" for call in function_calls(later.query.node))
    return False


RULE = Rule(id="identity-starts-over", check=check, on=(AlterTable,), actions=(AddIdentity,))
