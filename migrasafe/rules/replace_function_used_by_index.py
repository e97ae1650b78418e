"""CREATE OR REPLACE of a function that an index, a generated column or a CHECK was computed with."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.model import Index, Ref, Table
from migrasafe.sql.builtin.called import function_calls
from migrasafe.sql.statements import AlterFunction, CreateFunction, Expression


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, (CreateFunction, AlterFunction))
    name = statement.name
    ref = step.schema.resolve_function(name.schema, name.name)
    before, after = step.schema.functions.get(ref, ()), step.after.functions.get(ref, ())
    if not before or len(before) != len(after):
        return
    changed = [
        (old, new)
        for old, new in zip(before, after, strict=True)
        if old.source_text != new.source_text or (old.volatility != new.volatility and new.volatility != "immutable")
    ]
    if not changed:
        return
    for dependent in sorted(step.schema.dependents_of(ref)):
        relation = step.schema.relation(dependent)
        if isinstance(relation, Index) and step.situation.exists_already(relation.table):
            yield _finding(
                step,
                f"The index {shown(dependent)} of {shown(relation.table)} keeps the values of the old {ref.name}(): queries "
                "that use it miss rows that the new one would find.",
                f"Build the index again once the function is replaced: REINDEX INDEX CONCURRENTLY {sql_name(dependent)}.",
                dependent,
            )
        elif isinstance(relation, Table) and step.situation.exists_already(dependent):
            yield from _of_table(step, relation, ref)


def _of_table(step: Step, table: Table, function: Ref) -> Iterator[Finding]:
    for column in table.columns:
        if column.generated is not None and column.generated_stored and _calls(column.generated, function):
            yield _finding(
                step,
                f"{shown(table.ref)}.{column.name} keeps what the old {function.name}() computed in every row that is there.",
                "Make a function of another name, and a column that is computed with it.",
                table.ref,
            )
    for constraint in table.constraints:
        if constraint.expression is not None and _calls(constraint.expression, function):
            yield _finding(
                step,
                f"Rows of {shown(table.ref)} that break {constraint.name} as the new {function.name}() decides stay, and cannot be "
                "updated or restored from a dump.",
                "Drop the constraint, replace the function, add the constraint NOT VALID and validate it.",
                table.ref,
            )


def _calls(expression: Expression, function: Ref) -> bool:
    return any(call.name == function.name for call in function_calls(expression.node))


def _finding(step: Step, message: str, help: str, ref: Ref) -> Finding:
    return step.finding(
        RULE.id,
        message,
        severity=Severity.WARNING,
        help=help,
        objects=(ref,),
        assumed=("the new function gives other values for some arguments",),
    )


RULE = Rule(id="replace-function-used-by-index", check=check, on=(CreateFunction, AlterFunction))
