"""CASCADE, and DROP COLUMN: what goes with it though nobody named it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrasafe.effects.drops import dropped_refs
from migrasafe.findings import Finding, Fix, Severity
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, plan
from migrasafe.rules.wording import sql_name
from migrasafe.schema.lost import Lost, lost_with, parts_lost
from migrasafe.schema.model import Ref, Schema, Table, View
from migrasafe.sql.edit import without_word
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AddConstraint, AlterTable, Drop, DropColumn, DropConstraint

_BREAKS = frozenset({"table", "view", "materialized view", "column", "sequence", "type", "function", "default"})
"""Queries that name it fail; the others stop to check, to speed up or to act, and nothing tells."""
_SHOWN = 4


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    if isinstance(statement, Drop):
        yield from _by_drop(step, statement)
        return
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    if not step.situation.exists_already(ref):
        return
    named = {one.column for one in statement.actions if isinstance(one, DropColumn)}
    constraints = {one.name for one in statement.actions if isinstance(one, DropConstraint)}
    prepared = {one.constraint.using_index for one in statement.actions if isinstance(one, AddConstraint)}
    lost = [*_of_the_table(step, ref, named, constraints, prepared), *lost_with(step.schema, step.after, (ref,))]
    yield from _finding(step, lost)


def _by_drop(step: Step, statement: Drop) -> Iterator[Finding]:
    if not statement.cascade or statement.kind in ("INDEX", "TRIGGER", "POLICY", "RULE"):
        return
    refs = dropped_refs(statement, step.situation)
    lost = [] if statement.kind == "SCHEMA" else list(lost_with(step.schema, step.after, refs))
    if statement.kind == "SCHEMA":
        lost = list(_inside(step, refs))
    if lost:
        yield from _finding(step, lost)
        return
    if step.schema.complete or all(_is_known(step, ref) for ref in refs):
        return
    names = ", ".join(str(one.name) for one in statement.objects)
    yield step.finding(
        RULE.id,
        f"Whatever depends on the {statement.kind.lower()} {names} goes too: views, columns, foreign keys, triggers.",
        severity=Severity.WARNING,
        help="Leave CASCADE out: PostgreSQL then says what depends on it, and nothing is dropped that was not named.",
        objects=[str(one.name) for one in statement.objects],
        assumed=("something depends on it",),
    )


def _inside(step: Step, refs: Sequence[Ref]) -> Iterator[Lost]:
    """The tables and views of a schema; the rest of what is in it serves them."""
    for ref in refs:
        relation = step.schema.relation(ref)
        if isinstance(relation, (Table, View)):
            yield Lost(
                kind="view" if isinstance(relation, View) else "table", name=str(ref), relation=ref, born=relation.born
            )


def _of_the_table(
    step: Step, ref: Ref, columns: set[str], constraints: set[str], prepared: set[str | None]
) -> Iterator[Lost]:
    """Keys, checks and indexes over several columns that go with one of them; what has no other column is meant. The
    indexes that a constraint was `prepared` with take its name."""
    before, after = step.schema.table(ref), step.after.table(ref)
    if before is None or after is None:
        return
    for one in parts_lost(before, after):
        if one.kind in ("foreign key", "constraint"):
            constraint = before.constraint(one.name.removesuffix(f" of {ref.name}"))
            assert constraint is not None  # it is of the table before
            if constraint.name not in constraints and not set(constraint.columns) <= columns:
                yield one
        elif one.kind in ("trigger", "policy") or (one.kind == "column" and one.name.split(".")[-1] not in columns):
            yield one
    for index in step.schema.indexes_of(before):
        if index.ref.name in prepared:
            continue
        if index.constraint is None and step.after.index(index.ref) is None and not index.reads <= columns:
            yield Lost(kind="index", name=index.ref.name, relation=ref, born=index.born, unique=index.unique)


def _finding(step: Step, lost: Sequence[Lost]) -> Iterator[Finding]:
    """One finding for all of it; what this migration made, or makes again, is not missed."""
    end = step.at_commit()
    missed = [
        one
        for one in dict.fromkeys(lost)
        if not (one.born is not None and one.born.migration == step.moment.migration) and not _is_back(step, end, one)
    ]
    if not missed:
        return
    names = [one.shown for one in missed]
    more = f" and {len(missed) - _SHOWN} more" if len(missed) > _SHOWN else ""
    breaks = any(one.kind in _BREAKS for one in missed)
    what = "so that queries which use it fail" if breaks else "and nothing fails that would tell"
    if not breaks and any(one.unique for one in missed):
        what = "so that duplicates can come in"
    yield step.finding(
        RULE.id,
        f"{', '.join(names[:_SHOWN])}{more} {'goes' if len(missed) == 1 else 'go'} with it, {what}.".replace(
            "the ", "The ", 1
        ),
        severity=_severity(missed, breaks=breaks),
        help="Change or drop what depends on it first, each with an app version that does without it; then leave CASCADE out.",
        objects=list(dict.fromkeys(one.relation for one in missed)),
        lock=LockMode.ACCESS_EXCLUSIVE,
        fix=_one_by_one(step, names, list(dict.fromkeys(lost))),
    )


def _one_by_one(step: Step, missed: Sequence[str], lost: Sequence[Lost]) -> Fix:
    """What depends on it first, in the order in which PostgreSQL lets it go, also what is made again; then the statement
    without CASCADE."""
    if not step.has_own_text:
        return Fix()
    text = without_word(step.as_written, step.statement.span, "CASCADE")
    return plan(
        step,
        Stage(
            f"deploy the app version that does without {', '.join(missed[:_SHOWN])}"
            + " and more" * (len(missed) > _SHOWN)
        ),
        Stage(
            "when the old version is gone, in one transaction",
            (*(sql for one in reversed(lost) for sql in [_drop(one)] if sql), (text or step.sql()).rstrip()),
        ),
    )


def _drop(lost: Lost) -> str | None:
    """The statement that drops it alone; nothing where more than its name is needed."""
    table = sql_name(lost.relation)
    name = quote_ident(lost.name.removesuffix(f" of {lost.relation.name}").split(".")[-1])
    match lost.kind:
        case "table" | "view" | "materialized view" | "sequence" | "type":
            return f"DROP {lost.kind.upper()} {table}"
        case "foreign key" | "constraint":
            return f"ALTER TABLE {table} DROP CONSTRAINT {name}"
        case "column":
            return f"ALTER TABLE {table} DROP COLUMN {name}"
        case "default":
            return f"ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT"
        case "trigger" | "policy":
            return f"DROP {lost.kind.upper()} {name} ON {table}"
    return None


def _severity(missed: Sequence[Lost], *, breaks: bool) -> Severity:
    if breaks:
        return Severity.ERROR
    only_slower = all(one.kind == "index" and not one.unique for one in missed)
    return Severity.INFO if only_slower else Severity.WARNING


def _is_back(step: Step, end: Schema, lost: Lost) -> bool:
    """Whether an object of that kind and name is there when the transaction ends."""
    if lost.kind in ("table", "view", "materialized view", "sequence"):
        return end.relation(lost.relation) is not None
    if lost.kind == "index":
        return end.index(Ref(lost.relation.schema, lost.name)) is not None
    table = end.table(lost.relation)
    if table is None:
        return False
    name = lost.name.removesuffix(f" of {lost.relation.name}")
    match lost.kind:
        case "foreign key" | "constraint":
            return table.constraint(name) is not None
        case "trigger":
            return any(one.name == name for one in table.triggers)
        case "policy":
            return any(one.name == name for one in table.policies)
    column = table.column(name.split(".")[-1])
    return column is not None and (lost.kind == "column" or column.default is not None)


def _is_known(step: Step, ref: Ref) -> bool:
    schema = step.schema
    return ref in schema.relations or ref in schema.types or ref in schema.functions


RULE = Rule(id="drop-takes-dependents", check=check, on=(Drop, AlterTable), actions=(DropColumn, DropConstraint))
