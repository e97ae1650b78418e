"""A statement that PostgreSQL refuses, for a reason that the schema shows."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Failure, Trouble
from migrasafe.findings import Finding, Fix, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, plan
from migrasafe.rules.recreate_without_grants import grants_sql
from migrasafe.rules.wording import sql_name
from migrasafe.schema.model import ColumnRef, RelationKind, View
from migrasafe.sql.deparse import deparse
from migrasafe.sql.statements import AlterColumnType, AlterTable

_EXISTS = "take it out if what is there is what it makes; else give it another name"
_OTHER_RULES = frozenset({Trouble.NOT_IN_TRANSACTION, Trouble.TRANSACTION_END_IN_BODY, Trouble.NULLS_IN_COLUMN})
_CAUGHT = {
    Trouble.DUPLICATE_COLUMN: "duplicate_column",
    Trouble.DUPLICATE_TABLE: "duplicate_table",
    Trouble.DUPLICATE_OBJECT: "duplicate_object",
}


def check(step: Step) -> Iterator[Finding]:
    for failure in step.effects.failures:
        if failure.trouble in _OTHER_RULES or not failure.certain:
            continue
        if _CAUGHT.get(failure.trouble, "") in step.catches or "others" in step.catches or step.may_run:
            continue
        guessed = failure.trouble is Trouble.NO_TRANSACTION and step.layout in ("", "plain") and not step.told
        yield step.finding(
            RULE.id,
            f"PostgreSQL refuses it: {failure.reason} ({failure.trouble.value}).",
            severity=Severity.WARNING if guessed else Severity.ERROR,
            action=failure.action,
            objects=failure.objects,
            fix=_mended(step, failure),
            assumed=("whatever runs the script opens no transaction (--in-transaction)",) if guessed else (),
        )


_MENDED = {
    Trouble.NO_TRANSACTION: "put BEGIN above it, and COMMIT behind what belongs to it",
    Trouble.DEPENDENT_OBJECTS: "change or drop what depends on it, when no app version uses that any more",
    Trouble.FEATURE_NOT_SUPPORTED: "take away what stands in the way, when no app version needs it, and make it again behind it",
    Trouble.WRONG_OBJECT: "make the change on each of the parts that can take it",
    Trouble.DUPLICATE_TABLE: _EXISTS,
    Trouble.DUPLICATE_COLUMN: _EXISTS,
    Trouble.DUPLICATE_OBJECT: _EXISTS,
    Trouble.DUPLICATE_FUNCTION: "say CREATE OR REPLACE if the new one is to take its place, or give it another name",
    Trouble.INVALID_FUNCTION: "make the new one under another name, and drop the old one when no app version calls it",
    Trouble.DATATYPE_MISMATCH: "give both columns the same type",
    Trouble.SYNTAX: "say it once",
}
"""What a person does about it; the reason is in the message."""


def _mended(step: Step, failure: Failure) -> Fix:
    views = _in_the_way(step, failure)
    if views is not None:
        return plan(step, Stage("one migration, in one transaction", views))
    done = _MENDED.get(failure.trouble, "change the statement, or what it stands on, so that this holds no longer")
    return plan(step, Stage(done, by_hand=True))


def _in_the_way(step: Step, failure: Failure) -> tuple[str, ...] | None:
    """The change of a type with the views that use the column taken down and put up again; None where that is not all."""
    statement = step.statement
    if failure.action is None or not isinstance(statement, AlterTable) or not step.has_own_text:
        return None
    action, table = statement.actions[failure.action], step.situation.ref(statement.name)
    if not isinstance(action, AlterColumnType):
        return None
    views = [view for ref in sorted(step.schema.dependents_of(table)) if (view := step.schema.view(ref)) is not None]
    views = [view for view in views if ColumnRef(table, action.column) in view.reads]
    if len(views) != sum(one.trouble is failure.trouble for one in step.effects.failures):
        return None  # policies, triggers or generated columns stand in the way, too
    made = [_made_again(step, view) for view in views]
    if None in made:
        return None
    drops = tuple(f"DROP VIEW {sql_name(view.ref)}" for view in views)
    return (*drops, step.sql(), *(sql for one in made for sql in one or ()))


def _made_again(step: Step, view: View) -> tuple[str, ...] | None:
    """None for a view that other views stand on, one with options, and one whose query is not known."""
    plain = view.kind is RelationKind.VIEW and not view.options and not any(step.schema.dependents_of(view.ref))
    if view.query is None or not plain:
        return None
    try:
        query = deparse(view.query.node)
    except ValueError:
        return None
    grants = (one.rstrip(";") for one in grants_sql(view.ref, view, view.grants))
    return (f"CREATE VIEW {sql_name(view.ref)} AS {query}", *grants)


RULE = Rule(id="fails-on-server", check=check, needs_failure=True)
