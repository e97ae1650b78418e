"""SECURITY DEFINER without SET search_path: callers decide which objects its body finds."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import in_place
from migrasafe.sql.edit import insert_after
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AlterFunction, CreateFunction


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, (CreateFunction, AlterFunction))
    if statement.security_definer is not True:
        return
    if isinstance(statement, CreateFunction) and statement.source_text is None:
        return  # BEGIN ATOMIC, or RETURN: its names were resolved when it was made
    name = statement.name
    ref = step.schema.resolve_function(name.schema, name.name)
    functions = step.at_end().functions.get(ref, ())
    if not functions or all("search_path" in one.settings or not one.security_definer for one in functions):
        return
    safe = insert_after(step.as_written, statement.span, "DEFINER", f"SET search_path = {_path(name.schema)}, pg_temp")
    yield step.finding(
        RULE.id,
        f"Whoever calls {ref.name}() can make it use tables and functions of their own, with the rights of its owner.",
        severity=Severity.WARNING,
        help="Set search_path on it, to schemas in which only trusted roles may create anything, and pg_temp last.",
        objects=(ref,),
        fix=in_place(step, safe) if safe is not None else None,
    )


def _path(schema: str | None) -> str:
    return quote_ident(schema or "public")


RULE = Rule(id="security-definer-without-search-path", check=check, on=(CreateFunction, AlterFunction))
