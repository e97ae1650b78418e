"""Who may do what with tables, their columns, views and sequences: GRANT, REVOKE and what new ones come with.

https://www.postgresql.org/docs/current/ddl-priv.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from migrasafe.schema.model import (
    TEMPORARY_SCHEMA,
    Column,
    ColumnGranted,
    Granted,
    Moment,
    Ref,
    Relation,
    Sequence,
    Table,
    View,
)
from migrasafe.schema.persistent_map import PersistentMap
from migrasafe.sql.statements import DefaultPrivileges, Grant

if TYPE_CHECKING:
    from migrasafe.schema.evolve.draft import Draft

ON_TABLE = ("select", "insert", "update", "delete", "truncate", "references", "trigger")
"""ALL on a table; MAINTAIN (17) is left out, which no app needs."""
ON_SEQUENCE = ("usage", "select", "update")
ON_COLUMN = ("select", "insert", "update", "references")
_EVERY = {"TABLE": ON_TABLE, "SEQUENCE": ON_SEQUENCE, "COLUMN": ON_COLUMN}


def grant(draft: Draft, statement: Grant) -> None:
    """GRANT and REVOKE on relations and on their columns; those on anything else are not followed."""
    if statement.option_only:
        return
    on_columns = {privilege for privilege, _ in statement.on_columns}
    of_all = tuple(one for one in statement.privileges if one not in on_columns)
    for ref in _granted(draft, statement):
        relation = draft.relations.get(ref)
        if not isinstance(relation, (Table, View, Sequence)):
            continue
        if of_all or not on_columns:
            kind = "SEQUENCE" if isinstance(relation, Sequence) else "TABLE"
            relation = replace(relation, grants=_changed(relation.grants, statement, of_all, kind))
        if isinstance(relation, Table):
            columns = tuple(_on_column(column, statement, of_all) for column in relation.columns)
            relation = relation if columns == relation.columns else replace(relation, columns=columns)
        elif isinstance(relation, View) and (on_columns or relation.column_grants):
            relation = replace(relation, column_grants=_on_columns_of_view(relation, statement, of_all))
        if relation != draft.relations.get(ref):
            draft.put(relation)


def _on_column(column: Column, statement: Grant, of_all: tuple[str, ...]) -> Column:
    grants = _of_column(column.name, column.grants, statement, of_all)
    return column if grants == column.grants else replace(column, grants=grants)


def _on_columns_of_view(view: View, statement: Grant, of_all: tuple[str, ...]) -> frozenset[ColumnGranted]:
    return frozenset(
        ColumnGranted(name, granted)
        for name in view.columns
        for granted in _of_column(name, view.grants_on(name), statement, of_all)
    )


def _of_column(name: str, grants: frozenset[Granted], statement: Grant, of_all: tuple[str, ...]) -> frozenset[Granted]:
    """What is granted on a column after a GRANT or REVOKE: what is taken away from all of them is taken from each."""
    for privilege, names in statement.on_columns:
        if name in names:
            grants = _changed(grants, statement, (privilege,) if privilege else (), "COLUMN")
    if statement.revoke and grants and (of_all or not statement.on_columns):
        grants = _changed(grants, statement, of_all, "COLUMN")
    return grants


def default_privileges(draft: Draft, statement: DefaultPrivileges) -> None:
    """ALTER DEFAULT PRIVILEGES; whoever runs the migrations is taken to be the role that it is for."""
    if statement.kind not in ("TABLES", "SEQUENCES"):
        return
    kind = statement.kind.removesuffix("S")
    for schema in statement.schemas or ("",):
        before = draft.default_grants.get((schema, kind), frozenset())
        draft.default_grants = draft.default_grants.insert(
            (schema, kind), _changed(before, statement, statement.privileges, kind)
        )


def with_default_grants(
    relation: Relation, defaults: PersistentMap[tuple[str, str], frozenset[Granted]], moment: Moment
) -> Relation:
    """A relation that is being made, with the privileges that its schema gives to new ones."""
    if not isinstance(relation, (Table, View, Sequence)) or relation.born != moment:
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


def _changed(
    before: frozenset[Granted], statement: Grant | DefaultPrivileges, privileges: tuple[str, ...], kind: str
) -> frozenset[Granted]:
    named = frozenset(_pairs(statement.grantees, privileges or _EVERY[kind]))
    if not statement.revoke:
        return before | named
    if not privileges:
        return frozenset(one for one in before if one.role not in statement.grantees)
    return before - named


def _pairs(roles: Iterable[str], privileges: tuple[str, ...]) -> Iterator[Granted]:
    return (Granted(role, privilege) for role in roles for privilege in privileges)
