"""An index that does nothing that another one does not do: every write pays for both."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.added import added
from migrasafe.schema.alike import over_the_same
from migrasafe.schema.model import Index, Ref, Schema, Table, View
from migrasafe.sql.expressions import same_or_none
from migrasafe.sql.statements import CreateIndex, IndexElement


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, CreateIndex)
    ref = step.situation.ref(statement.table)
    before, end = step.schema.relation(ref), step.at_end()
    table = end.relation(ref)
    if statement.only or not isinstance(before, (Table, View)) or not isinstance(table, (Table, View)):
        return
    for new in map(step.after.index, added(before.indexes, table.indexes)):
        if new is None or end.index(new.ref) is None:
            continue
        other = _other(step.after, end, new)
        if other is not None:
            yield _finding(step, ref, *other)


def _other(now: Schema, end: Schema, new: Index) -> tuple[Index, Index] | None:
    """The index that can go, and the one that does its work; both are still there in the end."""
    table = now.relation(new.table)
    assert isinstance(table, (Table, View))
    columns = [element.column for element in new.elements]
    for old in over_the_same(now, table, new):
        if [element.column for element in old.elements] != columns or old.method != new.method:
            continue  # of two indexes of a table this differs most often
        if (
            old.ref == new.ref
            or not old.valid
            or end.index(old.ref) is None
            or not same_or_none(old.predicate, new.predicate)
        ):
            continue
        if _does_all_of(old, new):
            return new, old
        if old.constraint is None and _does_all_of(new, old):
            return old, new
    return None


def _finding(step: Step, ref: Ref, less: Index, more: Index) -> Finding:
    there = step.schema.index(less.ref) is not None
    return step.finding(
        RULE.id,
        f"{shown(more.ref)} does all that {less.ref.name} does: every write to {shown(ref)} keeps both up to date for nothing.",
        severity=Severity.INFO,
        help="Drop the other one as soon as this one is valid." if there else "Leave it out.",
        objects=(less.ref,),
        steps=f"{step.sql()};\nDROP INDEX CONCURRENTLY {sql_name(less.ref)};" if there and step.has_own_text else None,
    )


def _does_all_of(more: Index, less: Index) -> bool:
    """Whether every query that `less` serves, and every duplicate that it refuses, is one for `more` as well: both are over the
    same columns and rows."""
    if less.unique and (not more.unique or more.nulls_not_distinct != less.nulls_not_distinct):
        return False
    return set(less.include) <= {*more.include} and all(map(_same_element, more.elements, less.elements))


def _same_element(one: IndexElement, other: IndexElement) -> bool:
    return (
        (one.column, one.opclass, one.collation, one.descending, one.nulls_first)
        == (other.column, other.opclass, other.collation, other.descending, other.nulls_first)
    ) and same_or_none(one.expression, other.expression)


RULE = Rule(id="duplicate-index", check=check, on=(CreateIndex,))
