"""What a query reads and gives: the relations and columns it names, resolved through aliases, CTEs and subqueries.

https://www.postgresql.org/docs/current/queries-table-expressions.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.sql.output_names import output_name
from migrasafe.sql.statements import Expression, Name, Query

ColumnsOf = Callable[[Name], tuple[str, ...] | None]
"""The columns of a relation, None where they are not all known."""


class Read(NamedTuple):
    """A column of a relation; `column` None: all of them, or one that could not be told."""

    relation: Name
    column: str | None


class Resolved(Struct, frozen=True, kw_only=True):
    reads: frozenset[Read]
    columns: tuple[str, ...] | None
    """The names of the output columns; None where a `*` over something unknown hides them."""


class _Source(Struct, frozen=True, kw_only=True):
    """One item of a FROM clause."""

    alias: str
    columns: tuple[str, ...] | None
    relation: Name | None = None
    """None for subqueries, CTEs and functions: what they read is counted where they stand."""
    merged: frozenset[str] = frozenset()
    """Columns that a JOIN … USING shows once, before all others, in `*`."""


_Scopes = tuple[tuple[_Source, ...], ...]
_Ctes = Mapping[str, tuple[str, ...] | None]


def resolve(query: Query, columns_of: ColumnsOf) -> Resolved:
    """What a SELECT or VALUES reads, and the columns it gives."""
    resolver = _Resolver(columns_of)
    columns = resolver.select(query.node.get("SelectStmt", {}), (), {})
    return Resolved(reads=frozenset(resolver.reads), columns=columns)


def resolve_condition(condition: Expression, table: Name, columns_of: ColumnsOf) -> frozenset[Read]:
    """What an expression over the rows of a table reads, its sub-queries included: the condition of a policy."""
    resolver = _Resolver(columns_of)
    row = _Source(alias=table.name, columns=columns_of(table), relation=table)
    resolver.expressions([condition.node], ((row,),), {})
    return frozenset(resolver.reads)


class _Resolver:
    def __init__(self, columns_of: ColumnsOf) -> None:
        self.columns_of = columns_of
        self.reads: set[Read] = set()

    def select(self, node: Mapping[str, Any], outer: _Scopes, ctes: _Ctes) -> tuple[str, ...] | None:
        """Walks one SELECT; the result is its output columns."""
        known: dict[str, tuple[str, ...] | None] = dict(ctes)
        for item in node.get("withClause", {}).get("ctes", []):
            cte = item["CommonTableExpr"]
            inner = cte.get("ctequery", {})
            if node["withClause"].get("recursive"):
                known.setdefault(cte["ctename"], _aliases(cte.get("aliascolnames")))
            columns = self.select(inner["SelectStmt"], outer, known) if "SelectStmt" in inner else None
            known[cte["ctename"]] = _aliases(cte.get("aliascolnames")) or columns
        if node.get("op", "SETOP_NONE") != "SETOP_NONE":
            left = self.select(node.get("larg", {}), outer, known)
            self.select(node.get("rarg", {}), outer, known)
            return left
        if "valuesLists" in node:
            rows = node["valuesLists"]
            self.expressions(rows, outer, known)
            return tuple(f"column{place}" for place in range(1, len(rows[0]["List"].get("items", [])) + 1))
        sources: list[_Source] = []
        for item in node.get("fromClause", []):
            sources.extend(self.source(item, (tuple(sources), *outer), known))
        scopes = (tuple(sources), *outer)
        for key, value in node.items():
            if key not in ("fromClause", "withClause", "larg", "rarg", "intoClause"):
                self.expressions(value, scopes, known)
        return _outputs(node.get("targetList", []), scopes[0])

    # --- FROM ---

    def source(self, item: Mapping[str, Any], scopes: _Scopes, ctes: _Ctes) -> Iterator[_Source]:
        kind, fields = next(iter(item.items()))
        alias = fields.get("alias", {})
        renamed = _aliases(alias.get("colnames"))
        name = alias.get("aliasname", "")
        match kind:
            case "RangeVar":
                relation = Name(fields.get("schemaname"), fields.get("relname", ""))
                if relation.schema is None and relation.name in ctes:
                    columns = ctes[relation.name]
                    yield _Source(alias=name or relation.name, columns=_renamed(columns, renamed))
                    return
                columns = self.columns_of(relation)
                self.reads.add(Read(relation, None))
                yield _Source(alias=name or relation.name, columns=columns, relation=relation)
            case "RangeSubselect":
                columns = self.select(fields["subquery"].get("SelectStmt", {}), scopes, ctes)
                yield _Source(alias=name, columns=_renamed(columns, renamed))
            case "JoinExpr":
                left = list(self.source(fields["larg"], scopes, ctes))
                right = list(self.source(fields["rarg"], (tuple(left), *scopes), ctes))
                both = (*left, *right)
                self.expressions(fields.get("quals"), (both, *scopes), ctes)
                using = _aliases(fields.get("usingClause")) or _common(left, right, natural=fields.get("isNatural"))
                for column in using:
                    for source in both:
                        self.add(source, column)
                if using:
                    yield _Source(alias="", columns=using)
                for source in both:
                    yield replace(source, merged=source.merged.union(using)) if using else source
            case _:  # functions, TABLESAMPLE, JSON_TABLE, XMLTABLE
                self.expressions(fields, scopes, ctes)
                if "relation" in fields:
                    yield from self.source(fields["relation"], scopes, ctes)
                else:
                    yield _Source(alias=name, columns=renamed)

    # --- expressions ---

    def expressions(self, value: Any, scopes: _Scopes, ctes: _Ctes) -> None:
        """Every column reference and subquery in a part of the tree."""
        stack = [value]
        while stack:
            item = stack.pop()
            if isinstance(item, list):
                stack.extend(item)
            elif isinstance(item, Mapping):
                for key, inner in item.items():
                    if key == "ColumnRef":
                        self.reference(inner.get("fields", []), scopes)
                    elif key == "SelectStmt":
                        self.select(inner, scopes, ctes)
                    elif isinstance(inner, (dict, list)):
                        stack.append(inner)

    def reference(self, parts: list[Mapping[str, Any]], scopes: _Scopes) -> None:
        names = [part["String"]["sval"] for part in parts if "String" in part]
        star = any("A_Star" in part for part in parts)
        if star:
            for source in scopes[0]:
                if not names or source.alias == names[-1]:
                    for column in source.columns or (None,):
                        self.add(source, column)
            return
        if len(names) > 1:
            found = next((one for scope in scopes for one in scope if one.alias == names[-2]), None)
            if found is not None:
                self.add(found, names[-1])
            return
        self.unqualified(names[0] if names else "", scopes)

    def unqualified(self, column: str, scopes: _Scopes) -> None:
        """The source whose columns include it; where none is known to, any whose columns are unknown may be the one."""
        for scope in scopes:
            owner = next((one for one in scope if one.columns is not None and column in one.columns), None)
            if owner is not None:
                self.add(owner, column)
                return
            whole = next((one for one in scope if one.alias == column), None)
            if whole is not None:  # a row as a value: to_jsonb(u)
                for one in whole.columns or (None,):
                    self.add(whole, one)
                return
            unknown = [one for one in scope if one.columns is None and one.relation is not None]
            if len(unknown) == 1:
                self.add(unknown[0], column)
                return

    def add(self, source: _Source, column: str | None) -> None:
        if source.relation is None:
            return
        if source.columns is None or column is None or column in source.columns:
            self.reads.add(Read(source.relation, column))


def _common(left: list[_Source], right: list[_Source], *, natural: bool | None) -> tuple[str, ...]:
    """The columns that a NATURAL JOIN joins by, as far as they are known."""
    if not natural:
        return ()
    ours = dict.fromkeys(column for source in left for column in source.columns or () if column not in source.merged)
    theirs = {column for source in right for column in source.columns or ()}
    return tuple(column for column in ours if column in theirs)


def _aliases(nodes: list[Mapping[str, Any]] | None) -> tuple[str, ...] | None:
    return tuple(node["String"]["sval"] for node in nodes) if nodes else None


def _renamed(columns: tuple[str, ...] | None, renamed: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if renamed is None:
        return columns
    return renamed + (columns[len(renamed) :] if columns else ())


def _outputs(targets: list[Mapping[str, Any]], sources: tuple[_Source, ...]) -> tuple[str, ...] | None:
    found: list[str] = []
    for item in targets:
        target = item["ResTarget"]
        value = target.get("val", {})
        parts = value.get("ColumnRef", {}).get("fields", [])
        if "name" not in target and any("A_Star" in part for part in parts):
            names = [part["String"]["sval"] for part in parts if "String" in part]
            for source in sources:
                if names and source.alias != names[-1]:
                    continue
                if source.columns is None:
                    return None
                found.extend(column for column in source.columns if names or column not in source.merged)
            continue
        found.append(target.get("name") or output_name(value))
    return tuple(found)
