"""`UPDATE … FROM` as an UPDATE that looks its values up: a job changes rows one by one, so each has to find its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan.changes.model import NoPlanError
from migrasafe.schema.model import Schema, Table
from migrasafe.sql import statements as sql
from migrasafe.sql.deparse import Path, map_columns
from migrasafe.sql.expressions import names_of, walk
from migrasafe.sql.statements import ConstraintKind, Expression, Name, Node

_JOINS = ("JOIN_INNER", "JOIN_LEFT")


class _Source(Struct, frozen=True, kw_only=True):
    """One item of the FROM clause."""

    name: str
    """What its columns are called by."""
    columns: frozenset[str]
    keys: tuple[frozenset[str], ...]
    """Columns of which no two of its rows have the same."""


def without_from(update: sql.Update, schema: Schema) -> sql.Update:
    """The same UPDATE with each value as a sub-select. Raises NoPlanError where several rows of the FROM clause could meet
    one row of the table: which of them PostgreSQL takes then is not defined."""
    table = schema.table(schema.resolve(*update.table))
    fields = update.query.node["UpdateStmt"]
    if table is None or "withClause" in fields:
        raise _refused(update, "it has a WITH clause" if table is not None else "its table is not known")
    alias = fields["relation"].get("alias", {}).get("aliasname")
    sources, conditions = _sources(update, fields["fromClause"], schema)
    if update.where is not None:
        conditions = (*conditions, *_conjuncts(update.where.node))
    if any(one.name == table.ref.name for one in sources):
        raise _refused(update, f"its FROM clause calls another table {table.ref.name}, too: give that an alias")
    several = _not_found_by_key(table.ref.name, alias, table, sources, conditions)
    if several is not None:
        raise _refused(
            update,
            f"no key of {several} that is asked for tells that one of its rows belongs to each of {table.ref.name}",
        )

    def own(path: Path) -> Path:
        if len(path) == 1:
            of = next((one.name for one in sources if path[0] in one.columns), None)
            return (of or table.ref.name, path[0]) if of or table.column(path[0]) is not None else path
        return (table.ref.name, path[-1]) if path[-2] in (alias, table.ref.name) else path

    found = map_columns(fields["fromClause"], own)
    condition = None if update.where is None else map_columns(update.where.node, own)

    def look_up(value: Expression | None) -> Expression | None:
        if value is None or not any(kind in ("ColumnRef", "SubLink") for kind, _ in walk(value.node)):
            return value
        return Expression(node=_sub_select("EXPR_SUBLINK", map_columns(value.node, own), found, condition))

    return replace(
        update,
        joins=False,
        assignments=tuple((column, look_up(value)) for column, value in update.assignments),
        where=Expression(node=_sub_select("EXISTS_SUBLINK", {"A_Const": {"ival": {"ival": 1}}}, found, condition)),
    )


def _refused(update: sql.Update, why: str) -> NoPlanError:
    return NoPlanError(
        f"UPDATE {update.table.name} … FROM has no plan yet: {why}; say each value as a sub-select, SET x = (SELECT …), or write"
        " the job yourself for `migrasafe backfill`"
    )


def _sub_select(kind: str, value: Node, sources: Sequence[Node], condition: Node | None) -> Node:
    select: dict[str, Any] = {"targetList": [{"ResTarget": {"val": value}}], "fromClause": sources}
    if condition is not None:
        select["whereClause"] = condition
    select |= {"limitOption": "LIMIT_OPTION_DEFAULT", "op": "SETOP_NONE"}
    return {"SubLink": {"subLinkType": kind, "subselect": {"SelectStmt": select}}}


# --- what the FROM clause says ---


def _sources(update: sql.Update, items: Sequence[Node], schema: Schema) -> tuple[tuple[_Source, ...], tuple[Node, ...]]:
    """Its tables and sub-selects, and what their joins ask for."""
    found: list[_Source] = []
    conditions: list[Node] = []
    waiting = list(items)
    while waiting:
        item = waiting.pop(0)
        if "JoinExpr" in item and item["JoinExpr"]["jointype"] in _JOINS and "quals" in item["JoinExpr"]:
            waiting += [item["JoinExpr"]["larg"], item["JoinExpr"]["rarg"]]
            conditions += _conjuncts(item["JoinExpr"]["quals"])
        elif "RangeVar" in item:
            found.append(_table(update, item["RangeVar"], schema))
        elif "RangeSubselect" in item and not item["RangeSubselect"].get("lateral"):
            found.append(_grouped(update, item["RangeSubselect"]))
        else:
            raise _refused(update, "its FROM clause is more than tables, sub-selects and their joins")
    return tuple(found), tuple(conditions)


def _table(update: sql.Update, fields: Mapping[str, Any], schema: Schema) -> _Source:
    name = Name(fields.get("schemaname"), fields["relname"])
    table = schema.table(schema.resolve(*name))
    if table is None:
        raise _refused(update, f"{name} is no table that is known")
    keys = [
        frozenset(one.columns)
        for one in table.constraints
        if one.kind in (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)
    ]
    keys += [
        frozenset(one.column for one in index.elements if one.column is not None)
        for index in schema.indexes_of(table)
        if index.unique and index.predicate is None and all(one.column is not None for one in index.elements)
    ]
    return _Source(
        name=fields.get("alias", {}).get("aliasname", table.ref.name),
        columns=frozenset(one.name for one in table.columns),
        keys=tuple(keys),
    )


def _grouped(update: sql.Update, fields: Mapping[str, Any]) -> _Source:
    """A sub-select: what it groups by is its key."""
    select = fields["subquery"].get("SelectStmt", {})
    outputs: dict[str, str] = {}
    names: list[str] = []
    for target in select.get("targetList", ()):
        path = names_of(target["ResTarget"]["val"].get("ColumnRef", {}).get("fields", []))
        name = target["ResTarget"].get("name") or (path[-1] if path else "")
        names.append(name)
        if path:
            outputs[path[-1]] = name
    by = [names_of(one.get("ColumnRef", {}).get("fields", [])) for one in select.get("groupClause", ())]
    if "alias" not in fields or "colnames" in fields["alias"] or not by or not all(by):
        raise _refused(update, "its sub-select does not say by GROUP BY of which columns it has one row each")
    key = frozenset(outputs.get(path[-1], "") for path in by)
    return _Source(name=fields["alias"]["aliasname"], columns=frozenset(names) - {""}, keys=() if "" in key else (key,))


# --- one row for each ---


def _conjuncts(node: Node) -> Iterator[Node]:
    fields = node.get("BoolExpr", {})
    if fields.get("boolop") == "AND_EXPR":
        for one in fields["args"]:
            yield from _conjuncts(one)
    else:
        yield node


def _not_found_by_key(
    table: str, alias: str | None, target: Table, sources: Sequence[_Source], conditions: Sequence[Node]
) -> str | None:
    """The first of the sources of which more than one row could belong to a row of the table; None: there is none."""
    known = {table, alias or table}
    equal = [(side, other) for one in conditions for side, other in _equated(one)]
    waiting = list(sources)
    while waiting:
        found = next((one for one in waiting if _is_found(one, known, target, sources, equal)), None)
        if found is None:
            return waiting[0].name
        known.add(found.name)
        waiting.remove(found)
    return None


def _is_found(
    source: _Source, known: set[str], target: Table, sources: Sequence[_Source], equal: Sequence[tuple[Path, Node]]
) -> bool:
    def of(path: Path) -> str:
        if len(path) > 1:
            return path[-2]
        return next((one.name for one in sources if path[0] in one.columns), target.ref.name)

    asked = {
        path[-1]
        for path, value in equal
        if of(path) == source.name
        and all(of(names_of(fields["fields"])) in known for kind, fields in walk(value) if kind == "ColumnRef")
    }
    return any(key <= asked for key in source.keys)


def _equated(node: Node) -> Iterator[tuple[Path, Node]]:
    """A column, and what the condition says that it is equal to."""
    fields = node.get("A_Expr", {})
    if fields.get("kind") != "AEXPR_OP" or names_of(fields.get("name", [])) != ("=",):
        return
    for side, other in ((fields["lexpr"], fields["rexpr"]), (fields["rexpr"], fields["lexpr"])):
        path = names_of(side.get("ColumnRef", {}).get("fields", []))
        if path:
            yield path, other
