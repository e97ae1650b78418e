"""A backfill whose every batch reads the rows of all batches before it."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.schema.index_use import finds
from migrasafe.schema.model import Ref
from migrasafe.sql.expressions import nodes_of, walk
from migrasafe.sql.statements import Dml, DoBlock, Node

_HELP = (
    "Go through the key: WHERE id > the last id of the batch before ORDER BY id LIMIT n, or ranges of ids, each in its own "
    "transaction; migrasafe backfill does that."
)


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Dml)
    ref = step.situation.ref(statement.table)
    if not step.situation.exists_already(ref):
        return
    for kind, select in nodes_of(statement.query):
        if kind != "SelectStmt":
            continue
        if "limitOffset" in select and "limitCount" in select:
            yield _finding(
                step,
                ref,
                f"Each batch reads all rows of {shown(ref)} that OFFSET skips: the work grows with the square of the table.",
            )
            return
        if "limitCount" in select and _is_in_loop(step) and not _has_lower_bound(select):
            column = _searched(select)
            if column is not None and not _is_indexed(step, ref, column):
                yield _finding(
                    step,
                    ref,
                    f"Each round of the loop reads over the rows of {shown(ref)} that earlier rounds have done, for no index finds "
                    f"those that are left by {column}: the work grows with the square of the table.",
                )
                return


def _is_in_loop(step: Step) -> bool:
    block = step.script.statements[step.number]
    if not isinstance(block, DoBlock):
        return False
    return any(one.loops and one.statement is step.statement for one in block.body.statements)


def _has_lower_bound(select: Node) -> bool:
    """Whether the batch begins behind something: `id > last`."""
    for kind, fields in walk(select.get("whereClause", {})):
        names = [part.get("String", {}).get("sval") for part in fields.get("name", [])] if kind == "A_Expr" else []
        if names and names[-1] in (">", ">=", "<", "<=", "BETWEEN"):
            return True
    return False


def _searched(select: Node) -> str | None:
    """The column in `WHERE column IS NULL`, by which the rows are found that are left to do."""
    for kind, fields in walk(select.get("whereClause", {})):
        if kind == "NullTest" and fields.get("nulltesttype") == "IS_NULL":
            parts = fields.get("arg", {}).get("ColumnRef", {}).get("fields", [])
            if parts and "String" in parts[-1]:
                return str(parts[-1]["String"].get("sval"))
    return None


def _is_indexed(step: Step, ref: Ref, column: str) -> bool:
    """Whether an index finds such rows: on the column, or partial with it in the predicate. Unknown tables: as if it did."""
    table = step.schema.table(ref)
    if table is None or not table.complete:
        return True
    return any(
        finds(one, (column,)) or (one.predicate is not None and column in one.reads)
        for one in step.schema.indexes_of(table)
    )


def _finding(step: Step, ref: Ref, message: str) -> Finding:
    return step.finding(RULE.id, message, severity=Severity.WARNING, help=_HELP, objects=(ref,))


RULE = Rule(id="backfill-reads-again", check=check, on=(Dml,))
