"""SELECT, VALUES, set operations and WITH: what they read, and the columns that they show.

https://www.postgresql.org/docs/current/sql-select.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from migrasafe.app.resolve.clauses import grouped_by, locked, shown_with_group_by, sorted_by
from migrasafe.app.resolve.comparisons import condition, match_types
from migrasafe.app.resolve.context import Columns, Context, Fields
from migrasafe.app.resolve.expressions import expression, fields_of_value, parts
from migrasafe.app.resolve.from_clause import from_items
from migrasafe.app.resolve.namespace import Col, Cte, Item, Names, inner
from migrasafe.app.resolve.references import UNKNOWN, Value, missing_item, named_item, strings
from migrasafe.sql.output_names import output_name
from migrasafe.sql.statements import TypeName


def query(ctx: Context, node: Mapping[str, Any], names: Names) -> Columns:
    """The columns that a statement shows; `names` are those of the query around it."""
    from migrasafe.app.resolve import dml

    kind, fields = next(iter(node.items()))
    match kind:
        case "SelectStmt":
            return select(ctx, fields, names)
        case "InsertStmt":
            return dml.insert(ctx, fields, names)
        case "UpdateStmt":
            return dml.update(ctx, fields, names)
        case "DeleteStmt":
            return dml.delete(ctx, fields, names)
        case "MergeStmt":
            return dml.merge(ctx, fields, names)
    ctx.opaque[f"{kind} inside a query is not known"] = None
    return Columns(complete=False)


# --- WITH -------------------------------------------------------------------------------------------------------------


def with_clause(ctx: Context, clause: Fields | None, outer: Names) -> Names:
    """A new level of names with the queries of a WITH clause."""
    level = Names(outer=outer)
    if not clause:
        return level
    ctes = [item["CommonTableExpr"] for item in clause.get("ctes", [])]
    recursive = bool(clause.get("recursive"))
    for place, cte in enumerate(ctes):
        visible = level
        if recursive:
            later = tuple(_unwalked(one) for one in ctes[place + 1 :])
            visible = replace(level, ctes=(*later, *level.ctes, _first_part(ctx, cte, level)))
        shown = ctx.query(cte.get("ctequery", {}), visible)
        columns = inner(shown.columns, strings(cte.get("aliascolnames")))
        made = Cte(name=cte["ctename"], columns=(*columns, *_searched(cte)), complete=shown.complete)
        level = replace(level, ctes=(*level.ctes, made))
    return level


def _unwalked(cte: Fields) -> Cte:
    """A query further down in WITH RECURSIVE, which may be named before it stands."""
    columns = tuple(Col(name=name) for name in strings(cte.get("aliascolnames")))
    return Cte(name=cte["ctename"], columns=columns, complete=False)


def _first_part(ctx: Context, cte: Fields, level: Names) -> Cte:
    """A recursive query as its own second part sees it: with the columns of its first part."""
    aliases = strings(cte.get("aliascolnames"))
    select_fields = cte.get("ctequery", {}).get("SelectStmt", {})
    first = select_fields.get("larg")
    columns: tuple[Col, ...] = tuple(Col(name=name) for name in aliases)
    complete = bool(aliases)
    if first is not None:
        around = with_clause(ctx, select_fields.get("withClause"), level)
        shown = select(ctx, first, around)
        columns, complete = inner(shown.columns, aliases), shown.complete
    return Cte(name=cte["ctename"], columns=columns, complete=complete)


def _searched(cte: Fields) -> tuple[Col, ...]:
    """The columns that SEARCH and CYCLE add."""
    search, cycle = cte.get("search_clause", {}), cte.get("cycle_clause", {})
    keys = (search.get("search_seq_column"), cycle.get("cycle_mark_column"), cycle.get("cycle_path_column"))
    return tuple(Col(name=key) for key in keys if key)


# --- SELECT -----------------------------------------------------------------------------------------------------------

_CONDITIONS = (("whereClause", "WHERE"), ("havingClause", "HAVING"))
_EXPRESSIONS = ("limitOffset", "limitCount", "windowClause")


def select(ctx: Context, fields: Fields, outer: Names) -> Columns:
    """The output columns of one SELECT, VALUES or set operation."""
    level = with_clause(ctx, fields.get("withClause"), outer)
    if fields.get("op", "SETOP_NONE") != "SETOP_NONE":
        return _set_operation(ctx, fields, level)
    if "valuesLists" in fields:
        return _values(ctx, fields, level)
    names = from_items(ctx, fields.get("fromClause"), level)
    shown = targets(ctx, fields.get("targetList"), names)
    for clause, word in _CONDITIONS:
        condition(ctx, word, expression(ctx, fields.get(clause), names), 0)
    for clause in _EXPRESSIONS:
        parts(ctx, fields.get(clause), names)
    for item in fields.get("groupClause", []):
        grouped_by(ctx, item, names, shown)
    for item in fields.get("distinctClause", []):
        if item:
            sorted_by(ctx, item, names, shown)
    for item in fields.get("sortClause", []):
        sorted_by(ctx, item["SortBy"].get("node", {}), names, shown)
    if "groupClause" in fields:
        shown_with_group_by(ctx, fields, names)
    locked(ctx, fields, names)
    return shown


def targets(ctx: Context, nodes: Iterable[Mapping[str, Any]] | None, names: Names) -> Columns:
    """The columns of a target list or RETURNING."""
    columns: list[Col] = []
    complete = True
    for node in nodes or ():
        target = node["ResTarget"]
        value = target.get("val", {})
        stars = _star(ctx, value, names)
        if stars is not None:
            columns.extend(stars.columns)
            complete = complete and stars.complete
            continue
        found = expression(ctx, value, names)
        name = target.get("name") or output_name(value)
        columns.append(Col(name=name, type=found.type, origin=found.column, text=found.text))
    return Columns(columns=tuple(columns), complete=complete)


def _star(ctx: Context, value: Fields, names: Names) -> Columns | None:
    """The columns of `*`, `o.*` and `(row).*`; None where the value is none of these."""
    if "A_Indirection" in value and "A_Star" in value["A_Indirection"]["indirection"][-1]:
        indirection = dict(value["A_Indirection"])
        indirection["indirection"] = indirection["indirection"][:-1]
        node = {"A_Indirection": indirection} if indirection["indirection"] else indirection["arg"]
        columns = fields_of_value(ctx, node, names)
        if columns is None:
            ctx.opaque["the fields of a row are not known"] = None
        return Columns(columns=columns or (), complete=columns is not None)
    reference = value.get("ColumnRef", {})
    if not any("A_Star" in part for part in reference.get("fields", ())):
        return None
    offset = reference.get("location", 0)
    qualifier = strings(reference.get("fields"))
    ctx.stars += 1
    if qualifier:
        item = named_item(names, qualifier)
        if item is None:
            missing_item(ctx, qualifier, offset)
            return Columns(complete=False)
        items: tuple[Item, ...] = (item,)
    else:
        items = tuple(item for item in names.items if item.shows_columns)
    for item in items:
        for column in item.columns:
            ctx.reads(column, offset, by_star=True)
    columns = inner(column for item in items for column in item.columns)
    return Columns(columns=columns, complete=all(item.complete for item in items))


def _values(ctx: Context, fields: Fields, level: Names) -> Columns:
    rows = fields["valuesLists"]
    types: list[TypeName | None] = []
    for row in rows:
        values = [expression(ctx, value, level) for value in row["List"].get("items", [])]
        types = types or [value.type for value in values]
    for item in fields.get("sortClause", []):
        parts(ctx, item, level)
    return Columns(columns=tuple(Col(name=f"column{at}", type=type_) for at, type_ in enumerate(types, start=1)))


def _set_operation(ctx: Context, fields: Fields, level: Names) -> Columns:
    """UNIONs lean to the left: they are unrolled, for there can be thousands."""
    chain = [fields]
    while chain[-1]["larg"].get("op", "SETOP_NONE") != "SETOP_NONE" and "withClause" not in chain[-1]["larg"]:
        chain.append(chain[-1]["larg"])
    shown = select(ctx, chain[-1]["larg"], level)
    for one in reversed(chain):
        right = select(ctx, one["rarg"], level)
        if shown.complete and right.complete and len(shown.columns) != len(right.columns):
            word = one["op"].removeprefix("SETOP_")
            ctx.problem("42601", f"each {word} query must have the same number of columns", 0)
        for ours, theirs in zip(shown.columns, right.columns, strict=False):
            both = (Value(type=one.type, column=one.origin, text=one.text) for one in (ours, theirs))
            match_types(ctx, one["op"].removeprefix("SETOP_"), tuple(both), 0)
        columns = tuple(
            Col(
                name=column.name, type=_united(column.type, right.columns[at].type if at < len(right.columns) else None)
            )
            for at, column in enumerate(shown.columns)
        )
        shown = Columns(columns=columns, complete=shown.complete and right.complete)
    names = level.with_items((Item(alias="", columns=shown.columns, complete=shown.complete),))
    for item in fields.get("sortClause", []):
        sorted_by(ctx, item["SortBy"].get("node", {}), names, shown)
    for clause in ("limitOffset", "limitCount"):
        expression(ctx, fields.get(clause), level)
    return shown


def _united(left: TypeName | None, right: TypeName | None) -> TypeName | None:
    return left if left == right != UNKNOWN else None
