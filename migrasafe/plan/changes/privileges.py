"""Privileges: given before the new version needs them, taken away when the old one is gone."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Step
from migrasafe.plan.objects.overloads import kind_of, overload, signature
from migrasafe.schema.definitions import name_of, names
from migrasafe.schema.model import Granted, Ref, Sequence, Table, View
from migrasafe.sql.quote import quote_ident, quote_literal, quote_role
from migrasafe.sql.statements import Grant
from migrasafe.target import Target

_ALL = {
    "TABLE": ("select", "insert", "update", "delete", "truncate", "references", "trigger"),
    "SEQUENCE": ("select", "update", "usage"),
    "SCHEMA": ("usage", "create"),
    "FUNCTION": ("execute",),
    "PROCEDURE": ("execute",),
    "TYPE": ("usage",),
}
_OF_COLUMNS = ("select", "insert", "update", "references")


_MAINTAIN_SINCE = 17


def all_of_kind(kind: str, target: Target) -> tuple[str, ...]:
    """What ALL stands for."""
    return (*_ALL[kind], *(("maintain",) if kind == "TABLE" and target.at_least(_MAINTAIN_SINCE) else ()))


class _Privilege(Struct, frozen=True, kw_only=True):
    """One privilege of one role on one thing."""

    kind: str
    name: str
    """As SQL."""
    catalog: str
    """The expression that gives its list of privileges."""
    privilege: str
    role: str
    column: str | None = None
    columns: tuple[str, ...] = ()
    """The columns on which the role has it by itself, too: REVOKE from the table takes that as well."""
    relation: str | None = None
    """Of a privilege on a whole table: the expression that gives its oid."""
    grantable: bool = False

    @property
    def what(self) -> str:
        column = f" ({quote_ident(self.column)})" if self.column is not None else ""
        return f"{self.privilege.upper()}{column} ON {self.kind} {self.name}"

    @property
    def to(self) -> str:
        return quote_role(self.role)

    @property
    def given(self) -> str:
        """Whether the role has it, of its own."""
        return f"EXISTS (SELECT FROM aclexplode({self.catalog}) WHERE {self._is_it})"

    @property
    def given_anywhere(self) -> str:
        """Whether the role has it on the whole or on a column."""
        if self.relation is None or self.privilege not in _OF_COLUMNS:
            return self.given
        on_columns = f"attrelid = {self.relation} AND NOT attisdropped AND {self._is_it}"
        return f"({self.given} OR EXISTS (SELECT FROM pg_attribute, aclexplode(attacl) WHERE {on_columns}))"

    @property
    def _is_it(self) -> str:
        option = " AND is_grantable" if self.grantable else ""
        return f"grantee = {predicates.role(self.role)} AND privilege_type = {quote_literal(self.privilege.upper())}{option}"

    @property
    def give(self) -> str:
        return f"GRANT {self.what} TO {self.to}{' WITH GRANT OPTION' if self.grantable else ''}"

    @property
    def take(self) -> str:
        return f"REVOKE {self.what} FROM {self.to}"

    @property
    def give_columns(self) -> tuple[str, ...]:
        """What gives the columns back that a REVOKE from the whole takes along."""
        listed = names(self.columns)
        return (f"GRANT {self.privilege.upper()} ({listed}) ON {self.kind} {self.name} TO {self.to}",) if listed else ()


class ChangePrivileges(Struct, frozen=True, kw_only=True):
    statement: Grant

    def plan(self, ground: Ground) -> Draft:
        """Raises NoPlanError for what has no list of privileges that a plan could look at."""
        wanted = tuple(_each(ground, self.statement))
        refs = tuple(
            ref for name in self.statement.objects if ground.schema.relation(ref := ground.schema.resolve(*name))
        )
        if not self.statement.revoke:
            return self._given(ground, wanted, refs)
        listed = "; ".join(f"{one.what} from {one.to}" for one in wanted)
        steps = tuple(
            Step(
                title=f"Take {one.what} from {one.to}",
                statements=(one.take,),
                done=predicates.not_(one.given_anywhere),
                undo=(*(() if _held(ground, one, refs) is False else (one.give,)), *one.give_columns),
            )
            for one in wanted
            if one.columns or _held(ground, one, refs) is not False
        )
        return Draft(
            title=f"take {listed}",
            tables=refs,
            phases=(
                phases.deploy("does without what is taken away", "may use what is taken away"),
                phases.contract(
                    "Privileges are taken away",
                    "does without them",
                    steps,
                    needed=listed,
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=("no lock: whoever is in the middle of a statement ends it, the next one is refused (42501)",),
            by_hand=("a role has what is granted to its groups and to PUBLIC as well: look at those, too",),
        )

    def _given(self, ground: Ground, wanted: tuple[_Privilege, ...], refs: tuple[Ref, ...]) -> Draft:
        steps = tuple(
            Step(
                title=f"Give {one.what} to {one.to}",
                statements=(one.give,),
                done=one.given,
                undo=(
                    one.take,
                    *one.give_columns,
                    *((replace(one, grantable=False).give,) if _held(ground, one, refs) else ()),
                ),
            )
            for one in wanted
            if one.grantable or not _held(ground, one, refs)
        )
        listed = "; ".join(f"{one.what} to {one.to}" for one in wanted)
        return Draft(
            title=f"give {listed}",
            tables=refs,
            phases=(phases.expand("Privileges are given", "goes on as before", "may rely on them", steps),),
            why=("no lock, and nobody can do less than before: so it comes before the new version",),
        )


def _held(ground: Ground, one: _Privilege, refs: tuple[Ref, ...]) -> bool | None:
    """Whether the role has it before; None where that is not known."""
    if one.kind != "TABLE" or one.column is not None or not ground.schema.complete:
        return None
    for ref in refs:
        relation = ground.schema.relation(ref)
        if name_of(ref) == one.name and isinstance(relation, (Table, View)):
            return any(grant.role == one.role and grant.privilege == one.privilege for grant in relation.grants)
    return None


def _each(ground: Ground, statement: Grant) -> Iterator[_Privilege]:
    kind = statement.kind
    if kind not in _ALL or kind == "TYPE" or statement.option_only or statement.cascade:
        verb = "REVOKE" if statement.revoke else "GRANT"
        raise NoPlanError(
            f"{verb} … ON {kind}{' … CASCADE' if statement.cascade else ''} has no plan: name the tables, sequences, schemas or"
            " functions one by one, GRANT before the new version, REVOKE when the old one is gone"
        )
    if kind in ("FUNCTION", "PROCEDURE"):
        yield from _on_functions(ground, statement)
        return
    for name in statement.objects:
        if kind == "SCHEMA":
            sql = quote_ident(name.name)
            catalog = (
                "(SELECT coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace"
                f" WHERE nspname = {quote_literal(name.name)})"
            )
        else:
            ref = ground.schema.resolve(*name)
            relation = ground.schema.relation(ref)
            if relation is None:
                raise NoPlanError(f"the schema has no relation {name}: give the one it is in with --schema")
            letter = "s" if kind == "SEQUENCE" or isinstance(relation, Sequence) else "r"
            sql = name_of(ref)
            catalog = (
                f"(SELECT coalesce(relacl, acldefault('{letter}', relowner)) FROM pg_class"
                f" WHERE oid = {predicates.relation(ref)})"
            )
        for privilege, column in _said(statement, ground.target):
            for role in statement.grantees:
                one = _Privilege(
                    kind=kind,
                    name=sql,
                    catalog=catalog,
                    privilege=privilege,
                    role=role,
                    column=column,
                    grantable=statement.grantable,
                )
                if column is not None:
                    yield replace(one, catalog=_of_column(ref, column))
                elif kind == "TABLE":
                    held = _columns_with(relation, Granted(role, privilege))
                    yield replace(one, relation=predicates.relation(ref), columns=held)
                else:
                    yield one


def _said(statement: Grant, target: Target) -> Iterator[tuple[str, str | None]]:
    """Each privilege, with each column that it is on; without one for the whole."""
    on_columns = dict(statement.on_columns)
    for privilege in statement.privileges or (() if on_columns else all_of_kind(statement.kind, target)):
        yield from ((privilege, column) for column in on_columns.get(privilege, (None,)))
    for privilege in _OF_COLUMNS:
        yield from ((privilege, column) for column in on_columns.get("", ()))  # ALL (…)


def _of_column(table: Ref, column: str) -> str:
    """The expression that gives the list of privileges of a column."""
    return (
        f"(SELECT attacl FROM pg_attribute WHERE attrelid = {predicates.relation(table)}"
        f" AND attname = {quote_literal(column)})"
    )


def _columns_with(relation: object, granted: Granted) -> tuple[str, ...]:
    """The columns on which the role has the privilege by itself."""
    if isinstance(relation, Table):
        return tuple(one.name for one in relation.columns if granted in one.grants)
    if isinstance(relation, View):
        return tuple(one for one in relation.columns if granted in relation.grants_on(one))
    return ()


def _on_functions(ground: Ground, statement: Grant) -> Iterator[_Privilege]:
    for name in statement.objects:
        function = overload(ground.schema, ground.schema.resolve_function(*name), statement.arguments)
        catalog = (
            "(SELECT coalesce(proacl, acldefault('f', proowner)) FROM pg_proc"
            f" WHERE oid = to_regprocedure({quote_literal(signature(function))}))"
        )
        for role in statement.grantees:
            yield _Privilege(
                kind=kind_of(function),
                name=signature(function),
                catalog=catalog,
                privilege="execute",
                role=role,
                grantable=statement.grantable,
            )
