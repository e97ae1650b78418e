"""INSERT in a migration: a step that puts in the rows that are missing, and can be run as often as one likes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of, names, type_of
from migrasafe.schema.model import Table
from migrasafe.sql.deparse import deparse
from migrasafe.sql.expressions import walk
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind, Insert

_KEYS = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)
_NOT_THE_SAME_TWICE = ("FuncCall", "SQLValueFunction")
"""What may give another value the next time: rows are not told apart by it."""
_OVERRIDES = {"OVERRIDING_SYSTEM_VALUE": " OVERRIDING SYSTEM VALUE", "OVERRIDING_USER_VALUE": " OVERRIDING USER VALUE"}
_JSON = ("json", "xml", "point", "box", "polygon", "path", "circle", "line", "lseg")
"""Types without an equality that a row could be looked for by."""


class InsertRows(Struct, frozen=True, kw_only=True):
    statement: Insert

    def plan(self, ground: Ground) -> Draft:
        """Rows written out come before the new version; those of a query when what it reads is filled. Raises NoPlanError."""
        table = table_of(ground, self.statement.table)
        rows = _rows_of(self.statement, table)
        target, listed = name_of(table.ref), names(rows.columns)
        given = f"({deparse({'SelectStmt': rows.query})}) AS given ({listed})"
        missing = f"NOT EXISTS (SELECT FROM {target} AS there WHERE {_same_row(table, rows)})"
        cast = ", ".join(f"given.{quote_ident(one)}::{type_of(column_of(table, one))}" for one in rows.columns)
        read = sorted({fields["relname"] for kind, fields in walk(rows.query) if kind == "RangeVar"} - {table.ref.name})
        step = Step(
            title=f"Put the rows that are missing into {table.ref}",
            statements=(
                f"INSERT INTO {target} ({listed}){rows.override} SELECT {cast} FROM {given} WHERE {missing}"
                " ON CONFLICT DO NOTHING",
            ),
            done=f"NOT EXISTS (SELECT FROM {given} WHERE {missing})",
            stays="the rows that it put in",
        )
        phase = Phase(
            name=PhaseName.VERIFY if read else PhaseName.EXPAND,
            title=f"{table.ref} has the rows of the migration",
            old_app="goes on as before, and finds rows that it did not write",
            new_app="finds the rows",
            steps=(step,),
        )
        late = (
            f"rows that come into {', '.join(read)} later do not get theirs in {table.ref}: run the file again when the old version"
            " has ended; it puts in what is missing then"
        )
        return Draft(
            title=f"put rows into {table.ref}",
            tables=(table.ref,),
            phases=(phase,),
            why=("a row that is there already stays as it is: the step can be run again, whatever happened to it",),
            by_hand=(*((late,) if read else ()), f"the rows stay in {table.ref} when the plan is taken back"),
        )


class _Rows(Struct, frozen=True, kw_only=True):
    """What an INSERT gives."""

    columns: tuple[str, ...]
    query: Mapping[str, Any]
    """VALUES or SELECT, as the grammar has it, for these columns."""
    settled: frozenset[str]
    """The columns that get the same value each time …"""
    given: frozenset[str]
    """… and those that get one in each row: no NULL."""
    override: str


def _rows_of(statement: Insert, table: Table) -> _Rows:
    node = statement.query.node["InsertStmt"]
    query = node.get("selectStmt", {}).get("SelectStmt")
    if query is None or "withClause" in node or statement.modifies:
        raise NoPlanError(
            f"INSERT INTO {table.ref.name} {'WITH …' if query is not None else 'DEFAULT VALUES'} says nothing that its rows could"
            " be known by again: write the rows out, with their key"
        )
    if node.get("onConflictClause", {}).get("action") == "ONCONFLICT_UPDATE":
        raise NoPlanError(
            f"INSERT INTO {table.ref.name} … ON CONFLICT DO UPDATE is two changes: say INSERT … ON CONFLICT DO NOTHING for the rows"
            " that may be missing, and UPDATE for those that may be there"
        )
    columns = statement.columns or tuple(one.name for one in table.columns)
    override = _OVERRIDES.get(node.get("override", ""), "")
    if "valuesLists" in query:
        return _of_values(table, columns, [one["List"]["items"] for one in query["valuesLists"]], override)
    targets = query.get("targetList")
    if targets is None or any("A_Star" in {kind for kind, _ in walk(one)} for one in targets):
        if targets is None:
            raise NoPlanError(f"INSERT INTO {table.ref.name} … UNION …: write one INSERT for each query")
        settled = frozenset(columns)
    else:
        settled = frozenset(
            name for name, one in zip(columns, targets, strict=False) if _is_settled(one["ResTarget"]["val"])
        )
    count = len(columns) if len(settled) == len(columns) else min(len(columns), len(targets))
    return _Rows(columns=columns[:count], query=query, settled=settled, given=frozenset(), override=override)


def _of_values(table: Table, columns: tuple[str, ...], lists: list[Any], override: str) -> _Rows:
    columns = columns[: len(lists[0])]
    if {len(line) for line in lists} != {len(columns)}:
        raise NoPlanError(
            f"the rows for {table.ref} have more values than columns, or not all have as many: the INSERT fails"
        )
    by_column = dict(zip(columns, zip(*lists, strict=True), strict=True))
    defaults = {name: ["SetToDefault" in value for value in values] for name, values in by_column.items()}
    for name, said in defaults.items():
        if any(said) and not all(said):
            raise NoPlanError(f"some rows for {table.ref} have DEFAULT in {name}: give them an INSERT of their own")
    kept = {name: values for name, values in by_column.items() if not any(defaults[name])}
    lines = [{"List": {"items": list(line)}} for line in zip(*kept.values(), strict=True)]
    return _Rows(
        columns=tuple(kept),
        query={"valuesLists": lines, "limitOption": "LIMIT_OPTION_DEFAULT", "op": "SETOP_NONE"},
        settled=frozenset(name for name, values in kept.items() if all(map(_is_settled, values))),
        given=frozenset(name for name, values in kept.items() if not any(map(_is_null, values))),
        override=override,
    )


def _is_settled(value: Any) -> bool:
    return not any(kind in _NOT_THE_SAME_TWICE for kind, _ in walk(value))


def _is_null(value: Any) -> bool:
    return any(kind == "A_Const" and fields.get("isnull") for kind, fields in walk(value))


def _same_row(table: Table, rows: _Rows) -> str:
    """The condition that `there` is the row that is `given`: by each key that the rows have, else by all that they say."""
    keys = [columns for columns in _keys(table) if rows.settled.issuperset(columns)]
    keys = [key for key in keys if all(one in rows.given or column_of(table, one).not_null for one in key)]
    if keys:
        return " OR ".join(f"({_alike(table, key, '=')})" for key in keys)
    told = [
        one
        for one in rows.columns
        if one in rows.settled and (type := column_of(table, one).type) is not None and type.name not in _JSON
    ]
    if not told:
        raise NoPlanError(
            f"nothing in the rows for {table.ref} tells whether they are there already: give them values for a key, or run the INSERT"
            " as a migration of its own"
        )
    return _alike(table, told, "IS NOT DISTINCT FROM")


def _alike(table: Table, columns: tuple[str, ...] | list[str], operator: str) -> str:
    return " AND ".join(
        f"there.{quote_ident(one)} {operator} given.{quote_ident(one)}::{type_of(column_of(table, one))}"
        for one in columns
    )


def _keys(table: Table) -> Iterator[tuple[str, ...]]:
    for one in table.constraints:
        if one.kind in _KEYS and one.columns:
            yield one.columns
