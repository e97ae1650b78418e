"""The bodies of functions that a query calls, and of those that its triggers run: what they read and write in its name.

PostgreSQL looks into a body only when it runs, so that what is missing there is missing for the query that calls it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from migrasafe.app.resolve.context import Context
from migrasafe.app.resolve.namespace import Col, Item, Names
from migrasafe.app.resolve.types import builtin_types
from migrasafe.schema.model import Domain, EnumType, Function, Ref, Table, View
from migrasafe.sql.expressions import parts_of
from migrasafe.sql.libpg_query import ParserError, TooDeepError, parse, parse_plpgsql
from migrasafe.sql.quote import quote_ident, spell_type

_DEEPEST = 8
_EVENTS = {"InsertStmt": "insert", "UpdateStmt": "update", "DeleteStmt": "delete"}


class Bodies:
    """Walks each body once per query."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.seen: set[tuple[Ref, Ref | None]] = set()
        self.depth = 0

    def of_function(self, function: Function, offset: int) -> None:
        """Walks the body of a function that is called at `offset`."""
        self._walk(function, None, offset)

    def of_triggers(self, table: Table, events: frozenset[str], offset: int) -> None:
        """Walks the functions of the enabled triggers that such a statement fires."""
        for trigger in table.triggers:
            if trigger.function is None or not trigger.enabled or events.isdisjoint(trigger.events):
                continue
            for function in self.ctx.schema.functions.get(trigger.function) or ():
                self._walk(function, table, offset)

    def _walk(self, function: Function, table: Table | None, offset: int) -> None:
        key = (function.ref, table.ref if table is not None else None)
        if key in self.seen or self.depth >= _DEEPEST or not function.source_text:
            return
        self.seen.add(key)
        self.depth += 1
        sure = self.ctx.sure
        with self.ctx.inside(function.ref, offset):
            if function.language == "sql":
                self._sql(function)
            elif function.language == "plpgsql":
                self.ctx.sure = False
                self._plpgsql(function, table)
        self.ctx.sure = sure
        self.depth -= 1

    def _sql(self, function: Function) -> None:
        parameters = tuple(Col(name=one.name or "", type=one.type) for one in function.arguments)
        try:
            trees = parse(function.source_text or "")
        except (ParserError, TooDeepError, ValueError):
            self.ctx.opaque[f"the body of {function.ref} cannot be read"] = None
            return
        for tree in trees:
            self._statement(tree["stmt"], Names(parameters=parameters))

    def _statement(self, node: Mapping[str, Any], names: Names) -> None:
        if next(iter(node), "") in ("SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"):
            self.ctx.query(node, names)
        elif "CallStmt" in node:
            self.ctx.query({"SelectStmt": {"targetList": [{"ResTarget": {"val": _call(node)}}]}}, names)

    # --- plpgsql ---

    def _plpgsql(self, function: Function, table: Table | None) -> None:
        for tree in self._trees(function):
            names = self._names(tree.get("PLpgSQL_function", {}), table, function.source_text or "")
            around = self.ctx.may_run
            for text, dynamic, branch in _embedded(tree):
                if dynamic:
                    self.ctx.opaque[f"{function.ref} makes SQL at run time"] = None
                self.ctx.may_run = around or branch
                for node in _parsed(text):
                    self._statement(node, names)
            self.ctx.may_run = around

    def _trees(self, function: Function) -> list[Mapping[str, Any]]:
        """The parser knows no types but PostgreSQL's own and takes others for rows, which are not allowed everywhere: then
        it is told that they are texts."""
        types = self.ctx.schema.types
        names = sorted((ref.name for ref, one in types.items() if isinstance(one, (EnumType, Domain))), reverse=True)
        for definition in (function.definition or _definition(function), _plain_definition(function, tuple(names))):
            try:
                return _plpgsql_trees(definition)
            except (ParserError, TooDeepError, ValueError):
                continue
        self.ctx.opaque[f"the body of {function.ref} cannot be read"] = None
        return []

    def _names(self, tree: Mapping[str, Any], table: Table | None, body: str) -> Names:
        """Variables, and the rows that a trigger sees."""
        variables = [Col(name=name) for name in (*_IMPLICIT, *map(str.lower, _ALIAS.findall(body)))]
        records = [_record(name) for name in _labels(tree)]
        for datum in tree.get("datums", []):
            fields = next(iter(datum.values()))
            name = fields.get("refname", "")
            if name and name not in ("new", "old"):
                variables.append(Col(name=name))
                records.append(self._row_variable(name, fields))
        items: tuple[Item, ...] = ()
        if table is not None:
            row = self.ctx.columns_of(self.ctx.relation(table.ref.schema, table.ref.name))
            items = tuple(
                Item(
                    alias=name,
                    columns=row.columns,
                    complete=row.complete,
                    relation=table.ref,
                    table=True,
                    shows_columns=False,
                )
                for name in ("new", "old")
            )
        else:
            items = (_record("new"), _record("old"))
        return Names(items=(*items, *records), parameters=tuple(variables))

    def _row_variable(self, name: str, fields: Mapping[str, Any]) -> Item:
        """A variable as a row: of a table where it is declared like that, else with whatever columns."""
        declared = fields.get("datatype", {}).get("PLpgSQL_type", {}).get("typname", "")
        schema, _, table = declared.lower().removesuffix("%rowtype").replace('"', "").rpartition(".")
        found = self.ctx.relation(schema or None, table) if table else None
        if found is None or found.relation is None:
            return _record(name)
        row = self.ctx.columns_of(found)
        return Item(alias=name, columns=row.columns, complete=row.complete, relation=found.ref, shows_columns=False)


_ALIAS = re.compile(r"(\w+)\s+ALIAS\s+FOR\b", re.IGNORECASE)
_IMPLICIT = (
    *("found", "sqlstate", "sqlerrm", "tg_op", "tg_when", "tg_name", "tg_level", "tg_table_name", "tg_relname"),
    *("tg_table_schema", "tg_nargs", "tg_argv", "tg_relid", "tg_event", "tg_tag"),
)


def _record(name: str) -> Item:
    return Item(alias=name, complete=False, system=True, shows_columns=False)


def _labels(tree: Any) -> Iterator[str]:
    """The labels of blocks and loops: variables can be named with them."""
    return (part["label"] for part in parts_of(tree) if isinstance(part.get("label"), str))


def triggers_fired(ctx: Context, bodies: Bodies, statements: Mapping[Ref, tuple[frozenset[str], int]]) -> None:
    """The bodies of what a query's writes fire. `statements`: table → the events, and the place of its name."""
    for ref, (events, offset) in statements.items():
        relation = ctx.schema.relation(ref)
        if isinstance(relation, Table):
            bodies.of_triggers(relation, events, offset)
        elif isinstance(relation, View):
            continue


def _call(node: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"FuncCall": node["CallStmt"].get("funccall", {})}


def _definition(function: Function) -> str:
    """A CREATE FUNCTION with this body, for the parser of plpgsql bodies."""
    arguments = ", ".join(
        f"{'' if one.name is None else quote_ident(one.name) + ' '}{spell_type(one.type)}"
        for one in function.arguments
        if one.mode != "table"
    )
    returns = "trigger" if function.returns is None or function.returns.name == "trigger" else "void"
    body = function.source_text or ""
    mark = "$migrasafe$"
    return f"CREATE FUNCTION f({arguments}) RETURNS {returns} LANGUAGE plpgsql AS {mark}{body}{mark}"


_BEGIN = re.compile(r"\bBEGIN\b", re.IGNORECASE)


def _plain_definition(function: Function, types: Sequence[str]) -> str:
    """Likewise, with texts in place of the arguments and variables that have one of these types, or an array of rows."""
    definition, body = function.definition or _definition(function), function.source_text or ""
    begin = _BEGIN.search(definition, max(definition.find(body), 0))
    head, rest = (definition[: begin.start()], definition[begin.start() :]) if begin is not None else ("", definition)
    arrays = {one.type.name for one in function.arguments if one.type.array and one.type.name not in builtin_types()}
    names = "|".join(map(re.escape, (*types, *sorted(arrays))))
    if names:
        own = rf'(?<!:)(?<![\w"])(?:\w+\.)?"?(?:{names})"?(?!\w)'
        head = re.sub(own, "text", head, flags=re.IGNORECASE)
    return head + rest


_BRANCHES = frozenset({"then_body", "elsif_list", "else_body", "case_when_list", "else_stmts", "exceptions", "body"})
_ALWAYS = frozenset({"PLpgSQL_stmt_block", "action"})


def _embedded(tree: Any) -> Iterator[tuple[str, bool, bool]]:
    """The text of every expression and statement in a body; whether EXECUTE runs it; whether a branch decides about it."""
    stack: list[tuple[Any, bool, bool, str]] = [(tree, False, False, "")]
    while stack:
        item, dynamic, branch, kind = stack.pop()
        if isinstance(item, list):
            stack.extend((one, dynamic, branch, kind) for one in reversed(item))
        elif isinstance(item, Mapping):
            for key, value in reversed(list(item.items())):
                if key == "PLpgSQL_expr":
                    yield str(value.get("query", "")), dynamic, branch
                elif isinstance(value, (dict, list)):
                    executed = key == "dynquery" or key in ("PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors")
                    decided = key in _BRANCHES and kind not in _ALWAYS
                    inside = key if key.startswith("PLpgSQL") or key == "action" else kind
                    stack.append((value, dynamic or executed, branch or decided, inside))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> tuple[Mapping[str, Any], ...]:
    """A statement, an expression, or `variable := expression`."""
    for sql in (text, f"SELECT {text}", f"SELECT {text.partition(':=')[2] or text.partition('=')[2]}"):
        try:
            return tuple(tree["stmt"] for tree in parse(sql))
        except (ParserError, TooDeepError, ValueError):
            continue
    return ()


@lru_cache(maxsize=1024)
def _plpgsql_trees(definition: str) -> list[Mapping[str, Any]]:
    return parse_plpgsql(definition)
