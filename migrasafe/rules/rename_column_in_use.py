"""RENAME COLUMN of a table or view that the running app uses."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding
from migrasafe.locks import LockMode
from migrasafe.rules.both_names import both_names
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.in_phases import in_phases
from migrasafe.rules.old_names import view_has_column
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Ref, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Rename


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Rename)
    if statement.kind != "COLUMN" or statement.part is None:
        return
    ref = step.situation.ref(statement.name)
    if not step.situation.exists_already(ref):
        return
    relation = step.schema.relation(ref)
    column = relation.column(statement.part) if isinstance(relation, Table) else None
    if column is not None and column.born.migration == step.moment.migration:
        return
    if _changes_places(step, ref, statement) or view_has_column(step, ref, statement.part):
        return
    yield step.finding(
        RULE.id,
        f"The running app fails as soon as {shown(ref)}.{statement.part} is called {statement.new_name}.",
        help="Have both names until the old app version is gone: two columns that are kept in step, or a view.",
        objects=(f"{ref}.{statement.part}",),
        fix=both_names(step, relation, column, statement) if isinstance(relation, Table) else None,
        command=in_phases(step, "rename", ref, statement.part, quote_ident(statement.new_name)),
        lock=LockMode.ACCESS_EXCLUSIVE,
        assumed=("the running app uses it (--old SOURCE would tell)",),
    )


def _changes_places(step: Step, ref: Ref, statement: Rename) -> bool:
    """Whether another column is called so when the transaction ends, or was called by the new name when it began: the app
    does not notice that two columns changed places, and knows a helper column by no name."""
    after = step.at_commit().relation(ref)
    if isinstance(after, Table) and after.column(statement.part or "") is not None:
        return True
    return step.in_transaction and any(
        isinstance(earlier, Rename)
        and (earlier.kind, earlier.part) == ("COLUMN", statement.new_name)
        and step.situation.ref(earlier.name) == ref
        for earlier in step.script.statements[: step.number]
    )


RULE = Rule(id="rename-column-in-use", check=check, on=(Rename,))
