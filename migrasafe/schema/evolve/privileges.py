"""Who may do what with tables, views and sequences: GRANT, REVOKE and what new ones come with.

https://www.postgresql.org/docs/current/ddl-priv.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace
from rpds import HashTrieMap

from migrasafe.schema.model import TEMPORARY_SCHEMA, Granted, Moment, Ref, Relation, Sequence, Table, View
from migrasafe.sql.statements import DefaultPrivileges, Grant

if TYPE_CHECKING:
    from migrasafe.schema.evolve.draft import Draft

ON_TABLE = ("select", "insert", "update", "delete", "truncate", "references", "trigger")
"""ALL on a table; MAINTAIN (17) is left out, which no app needs."""
ON_SEQUENCE = ("usage", "select", "update")


def grant(draft: Draft, statement: Grant) -> None:
    """GRANT and REVOKE on relations; privileges on single columns, and on anything else, are not followed."""
    if statement.columns or statement.option_only:
        return
    for ref in _granted(draft, statement):
        relation = draft.relations.get(ref)
        if isinstance(relation, Table | View | Sequence):
            kind = "SEQUENCE" if isinstance(relation, Sequence) else "TABLE"
            after = _changed(relation.grants, statement, kind)
            if after != relation.grants:
                draft.put(replace(relation, grants=after))


def default_privileges(draft: Draft, statement: DefaultPrivileges) -> None:
    """ALTER DEFAULT PRIVILEGES; whoever runs the migrations is taken to be the role that it is for."""
    if statement.kind not in ("TABLES", "SEQUENCES"):
        return
    kind = statement.kind.removesuffix("S")
    for schema in statement.schemas or ("",):
        before = draft.default_grants.get((schema, kind), frozenset())
        draft.default_grants = draft.default_grants.insert((schema, kind), _changed(before, statement, kind))


def with_default_grants(
    relation: Relation, defaults: HashTrieMap[tuple[str, str], frozenset[Granted]], moment: Moment
) -> Relation:
    """A relation that is being made, with the privileges that its schema gives to new ones."""
    if not isinstance(relation, Table | View | Sequence) or relation.born != moment:
        return relation
    if relation.ref.schema == TEMPORARY_SCHEMA:
        return relation
    kind = "SEQUENCE" if isinstance(relation, Sequence) else "TABLE"
    grants = defaults.get(("", kind), frozenset()) | defaults.get((relation.ref.schema, kind), frozenset())
    return replace(relation, grants=relation.grants | grants) if grants else relation


def _granted(draft: Draft, statement: Grant) -> Iterator[Ref]:
    match statement.kind:
        case "TABLE" | "SEQUENCE":
            for name in statement.objects:
                if statement.kind == "TABLE":
                    draft.named(name)
                yield draft.resolve(*name)
        case "ALL TABLES" | "ALL SEQUENCES":
            schemas = {name.name for name in statement.objects}
            kinds = (Sequence,) if statement.kind == "ALL SEQUENCES" else (Table, View)
            yield from [ref for ref, one in draft.relations.items() if ref.schema in schemas and isinstance(one, kinds)]


def _changed(before: frozenset[Granted], statement: Grant | DefaultPrivileges, kind: str) -> frozenset[Granted]:
    every = ON_SEQUENCE if kind == "SEQUENCE" else ON_TABLE
    named = frozenset(_pairs(statement.grantees, statement.privileges or every))
    if not statement.revoke:
        return before | named
    if not statement.privileges:
        return frozenset(one for one in before if one.role not in statement.grantees)
    return before - named


def _pairs(roles: Iterable[str], privileges: tuple[str, ...]) -> Iterator[Granted]:
    return (Granted(role, privilege) for role in roles for privilege in privileges)
