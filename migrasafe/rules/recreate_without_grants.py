"""A table, view or sequence that is made anew, or whose place another takes, without the privileges that it had."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.row_security import people
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.model import Granted, Ref, Sequence, Table, View
from migrasafe.sql.quote import comment, quote_ident
from migrasafe.sql.statements import Drop, Name, Rename

_RELATIONS = frozenset({"TABLE", "VIEW", "MATERIALIZED VIEW", "SEQUENCE", "FOREIGN TABLE"})


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, (Drop, Rename))
    if statement.kind not in _RELATIONS:
        return
    for name in [statement.name] if isinstance(statement, Rename) else [one.name for one in statement.objects]:
        yield from _replaced(step, name)


def _replaced(step: Step, name: Name) -> Iterator[Finding]:
    ref = step.situation.ref(name)
    before, after = step.schema.relation(ref), step.at_end().relation(ref)
    if not isinstance(before, (Table, View, Sequence)) or not isinstance(after, (Table, View, Sequence)):
        return
    if not before.grants or not step.situation.exists_already(ref) or after.born.migration != step.moment.migration:
        return
    lost = before.grants - after.grants
    if not lost:
        return
    roles = tuple(sorted({one.role for one in lost}))
    yield step.finding(
        RULE.id,
        f"Queries of {people(roles)} on {shown(ref)} fail: the new {_kind(after)} of this name does not have the "
        "privileges of the old one.",
        help="Grant them again in the same transaction.",
        objects=(ref,),
        lock=step.effects.lock_on(ref),
        steps=comment(f"behind the statement that makes {shown(ref)} anew")
        + "\n"
        + "\n".join(grants_sql(ref, after, lost)),
    )


def grants_sql(ref: Ref, relation: Table | View | Sequence, grants: frozenset[Granted]) -> Iterator[str]:
    """The GRANT statements that give them."""
    on = "SEQUENCE " if isinstance(relation, Sequence) else ""
    for role in sorted({one.role for one in grants}):
        privileges = ", ".join(sorted(one.privilege.upper() for one in grants if one.role == role))
        to = "PUBLIC" if role == "public" else quote_ident(role)
        yield f"GRANT {privileges} ON {on}{sql_name(ref)} TO {to};"


def _kind(relation: Table | View | Sequence) -> str:
    return "sequence" if isinstance(relation, Sequence) else relation.kind.value


RULE = Rule(id="recreate-without-grants", check=check, on=(Drop, Rename))
