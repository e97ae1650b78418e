"""DROP INDEX of the only index that keeps duplicates out, serves a foreign key or finds rows by a column."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.schema.index_use import finds, foreign_keys, same_unique, unserved_foreign_keys
from migrasafe.schema.model import Index, Table
from migrasafe.sql.statements import Drop


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Drop)
    if statement.kind != "INDEX":
        return
    for dropped in statement.objects:
        index = step.schema.index(step.situation.ref(dropped.name))
        if index is None or index.constraint is not None or not index.valid:
            continue
        table = step.at_end().table(index.table)
        if table is None or not step.exists_already(index.table) or index.born.migration == step.moment.migration:
            continue
        yield from _lost(step, index, table)


def _lost(step: Step, index: Index, table: Table) -> Iterator[Finding]:
    end = step.at_end()
    name, where = index.ref.name, shown(table.ref)
    columns = ", ".join(element.column or "an expression" for element in index.elements)
    if end.index(index.ref) is not None:
        return  # it is made again
    if index.unique and same_unique(end, table, index) is None:
        yield step.finding(
            RULE.id,
            f"Duplicates can come into {where} ({columns}), and inserts with ON CONFLICT on it fail: {name} is the only unique "
            "index over these columns.",
            severity=Severity.WARNING,
            help="Make the index that takes its place first, and drop this one then.",
            objects=(index.ref, table.ref),
        )
        return
    served = [one for one in foreign_keys(table) if finds(index, one.columns)]
    unserved = {one.name for one in unserved_foreign_keys(end, table.ref, among=[one.name for one in served])}
    for constraint in served:
        if constraint.name in unserved and constraint.target is not None:
            yield step.finding(
                RULE.id,
                f"Every DELETE on {shown(constraint.target)}, and every change of its key, scans {where} for rows that point "
                f"there: {name} is the only index that finds them.",
                severity=Severity.WARNING,
                help="Make another index that begins with these columns first.",
                objects=(index.ref, table.ref),
            )
            return
    first = index.elements[0].column if index.elements else None
    others = (one for one in end.indexes_of(table) if one.elements and one.elements[0].column == first)
    if first is not None and table.complete and next(others, None) is None:
        yield step.finding(
            RULE.id,
            f"Queries that look for rows of {where} by {first} scan the table: {name} is the only index that begins with it.",
            severity=Severity.INFO,
            help="Look at pg_stat_user_indexes.idx_scan on every server, replicas too, before it goes.",
            objects=(index.ref, table.ref),
            assumed=("there are such queries",),
        )


RULE = Rule(id="drop-index-in-use", check=check, on=(Drop,))
