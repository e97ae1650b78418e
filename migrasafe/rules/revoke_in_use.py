"""REVOKE of what the running app may need: its queries are refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import after_deploy
from migrasafe.rules.row_security import people, people_first
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Granted, Ref, Relation, Sequence, Table, View
from migrasafe.sql.statements import Grant, GrantRole, RoleStatement

_NEEDED = frozenset({"select", "insert", "update", "delete", "usage", "execute", "connect"})
"""What queries of an app need; TRUNCATE, REFERENCES, TRIGGER and CREATE are for those who change the schema."""
_GRANTED = (Table, View, Sequence)
_LATER = "Deploy an app version that does not need it, and revoke it when the old version is gone."
_FUNCTIONS = frozenset({"FUNCTION", "PROCEDURE", "ROUTINE", "ALL FUNCTIONS", "ALL PROCEDURES", "ALL ROUTINES"})


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    match statement:
        case Grant() if statement.revoke and not statement.option_only:
            if statement.kind in ("TABLE", "SEQUENCE", "ALL TABLES", "ALL SEQUENCES"):
                yield from _relations(step, statement)
            else:
                yield from _others(step, statement)
        case GrantRole() if statement.revoke and not statement.option_only:
            roles = people(statement.roles)
            yield _depends(
                step, f"{people_first(statement.grantees)} may no longer do what only {roles} may.", statement.roles
            )
        case RoleStatement(verb="drop"):
            yield _depends(
                step, f"The running app can no longer connect as {people(statement.roles)}.", statement.roles
            )
        case RoleStatement(verb="alter") if "canlogin" in statement.turned_off:
            yield _depends(
                step, f"The running app can no longer connect as {people(statement.roles)}.", statement.roles
            )


def _relations(step: Step, statement: Grant) -> Iterator[Finding]:
    known = list(_known(step, statement))
    lost = [(ref, granted) for ref, granted in known if granted]
    for ref, granted in lost:
        yield step.finding(
            RULE.id,
            f"Queries of {people(_roles(granted))} on {shown(ref)} fail: {_privileges(granted)} is taken away.",
            help=_LATER,
            objects=(ref,),
            fix=after_deploy(step, f"does not need it on {shown(ref)}"),
        )
    if lost or step.schema.complete or all(grantee == "public" for grantee in statement.grantees):
        return
    names = [name for name in statement.objects if step.situation.exists_already(step.situation.ref(name))]
    needed = _NEEDED.intersection(statement.privileges) if statement.privileges else _NEEDED
    all_of_schema = statement.kind.startswith("ALL ")
    if not needed or statement.columns or (not names and not all_of_schema) or _is_granted_again(step, statement):
        return
    what = f"the {statement.kind.removeprefix('ALL ').lower()} of the schema " if all_of_schema else ""
    subject = what + ", ".join(str(name) for name in (statement.objects if all_of_schema else names))
    yield _depends(
        step,
        f"Queries of {people(statement.grantees)} on {subject} fail if they need what is revoked.",
        [str(name) for name in statement.objects],
    )


def _known(step: Step, statement: Grant) -> Iterator[tuple[Ref, frozenset[Granted]]]:
    """Each relation that was there before, with what roles are known to lose by this statement of what queries need."""
    if statement.kind.startswith("ALL "):
        schemas = {name.name for name in statement.objects}
        refs: Iterable[Ref] = sorted(ref for ref in step.schema.relations if ref.schema in schemas)
    else:
        refs = [step.situation.ref(name) for name in statement.objects]
    end = step.at_commit()
    for ref in refs:
        before, now, then = (one.relation(ref) for one in (step.schema, step.after, end))
        if not isinstance(before, _GRANTED) or not isinstance(now, _GRANTED) or not isinstance(then, _GRANTED):
            continue
        if step.situation.exists_already(ref):
            lost = before.grants - now.grants - then.grants
            yield ref, frozenset(one for one in (*lost, *_of_columns(before, now, then)) if one.privilege in _NEEDED)


def _of_columns(before: Relation, now: Relation, then: Relation) -> Iterator[Granted]:
    """What was granted on columns alone, and is no longer, unless the whole table is granted."""
    if not (isinstance(before, Table) and isinstance(now, Table) and isinstance(then, Table)):
        return
    for column in before.columns:
        left = [one.column(column.name) for one in (now, then)]
        kept = [one.grants if one is not None else column.grants for one in left]
        yield from column.grants.difference(*kept, now.grants, then.grants)


def _others(step: Step, statement: Grant) -> Iterator[Finding]:
    """Schemas, databases, functions: who was granted them is not followed."""
    privileges = _NEEDED.intersection(statement.privileges) if statement.privileges else _NEEDED
    if not privileges or _is_granted_again(step, statement):
        return
    objects = tuple(name for name in statement.objects if not _is_new(step, statement.kind, name.schema, name.name))
    if not objects or (statement.kind not in _FUNCTIONS and statement.kind not in ("SCHEMA", "DATABASE")):
        return
    of_schema = " of the schema" if statement.kind.startswith("ALL ") else ""
    what = f"{statement.kind.removeprefix('ALL ').lower()}{of_schema} {', '.join(str(name) for name in objects)}"
    yield _depends(
        step,
        f"{people_first(statement.grantees)} may no longer use the {what}.",
        [str(name) for name in objects],
    )


def _is_new(step: Step, kind: str, schema: str | None, name: str) -> bool:
    """Whether this migration made the schema or function, or the app cannot call it: a trigger function."""
    if kind == "SCHEMA":
        born = step.schema.schemas.get(name)
        return born is not None and born.migration == step.moment.migration
    functions = step.schema.functions.get(step.schema.resolve_function(schema, name), ())
    return bool(functions) and all(
        one.born.migration == step.moment.migration or (one.returns is not None and one.returns.name == "trigger")
        for one in functions
    )


def _is_granted_again(step: Step, statement: Grant) -> bool:
    """Whether a GRANT on one of the objects follows: then only those it leaves out lose anything."""
    return any(
        isinstance(later, Grant) and not later.revoke and bool(set(later.objects) & set(statement.objects))
        for later in step.until_commit()
    )


def _roles(granted: Iterable[Granted]) -> tuple[str, ...]:
    return tuple(sorted({one.role for one in granted}))


def _privileges(granted: Iterable[Granted]) -> str:
    return ", ".join(sorted({one.privilege.upper() for one in granted}))


def _depends(step: Step, message: str, objects: Iterable[str]) -> Finding:
    return step.finding(
        RULE.id,
        message,
        severity=Severity.WARNING,
        help=_LATER,
        objects=objects,
        fix=after_deploy(step, "does not need it"),
        assumed=("the running app connects as one of these roles",),
    )


RULE = Rule(id="revoke-in-use", check=check, on=(Grant, GrantRole, RoleStatement))
