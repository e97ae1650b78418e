"""A CHECK that asks for the time, for chance or for the session: a row that it let in it may refuse later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.sql.builtin.changing import changing_calls, tells_time
from migrasafe.sql.expressions import walk
from migrasafe.sql.statements import (
    AddColumn,
    AddConstraint,
    AlterTable,
    ConstraintDef,
    ConstraintKind,
    CreateTable,
    Node,
)


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, (AlterTable, CreateTable))
    for constraint, action in _checks(statement):
        if constraint.kind is not ConstraintKind.CHECK or constraint.expression is None:
            continue
        named = next(_unsteady(constraint.expression.node), None)
        if named is None:
            continue
        varies = "moves on" if tells_time(named) else "differs from call to call, or from session to session"
        ref = step.situation.ref(statement.name)
        yield step.finding(
            RULE.id,
            f"A row of {shown(ref)} that this CHECK let in may break it later, because {named} {varies}: an UPDATE of such a "
            "row fails then, and so does loading a dump of the table.",
            severity=Severity.WARNING,
            help="Check it in a BEFORE INSERT trigger, or store what it is compared with in a column of the row.",
            action=action,
            objects=(ref,),
        )


def _checks(statement: AlterTable | CreateTable) -> Iterator[tuple[ConstraintDef, int | None]]:
    if isinstance(statement, CreateTable):
        for one in statement.constraints:
            yield one, None
        for column in statement.columns:
            for one in column.constraints:
                yield one, None
        return
    for place, action in enumerate(statement.actions):
        if isinstance(action, AddConstraint):
            yield action.constraint, place
        elif isinstance(action, AddColumn):
            for one in action.column.constraints:
                yield one, place


def _unsteady(node: Node) -> Iterator[str]:
    """The calls whose change can turn the CHECK from true to false. `born < now()` stays true once it is: time only grows."""
    named = list(changing_calls(node))
    if not named:
        return
    grows = [side for kind, fields in walk(node) if kind == "A_Expr" for side in _side_that_may_grow(fields)]
    settled = [name for side in grows for name in changing_calls(side) if tells_time(name)]
    if any("BoolExpr" in kind and fields.get("boolop") == "NOT_EXPR" for kind, fields in walk(node)):
        settled = []
    for name in named:
        if name in settled:
            settled.remove(name)
        else:
            yield name


def _side_that_may_grow(comparison: Any) -> Iterator[Node]:
    operator = next((one.get("String", {}).get("sval") for one in comparison.get("name", [])), None)
    side = {"<": "rexpr", "<=": "rexpr", ">": "lexpr", ">=": "lexpr"}.get(operator or "")
    if side is not None and side in comparison:
        yield comparison[side]


RULE = Rule(id="check-changes-its-mind", check=check, on=(AlterTable, CreateTable), actions=(AddConstraint, AddColumn))
