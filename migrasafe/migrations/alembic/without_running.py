"""What can be read of a revision without running it: calls of `op` whose arguments are written out.

The calls that are kept are run by Alembic itself, with values that nothing of the project has computed: the names they may use
are Alembic's operations, SQLAlchemy's types and clauses, and variables that were given such values. All else is left out, and
said to be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from msgspec import Struct

_OPERATIONS = frozenset(
    {
        "add_column", "alter_column", "batch_alter_table", "bulk_insert", "create_check_constraint",
        "create_exclude_constraint", "create_foreign_key", "create_index", "create_primary_key", "create_table",
        "create_table_comment", "create_unique_constraint", "drop_column", "drop_constraint", "drop_index", "drop_table",
        "drop_table_comment", "execute", "f", "get_bind", "rename_table",
    }
)  # fmt: skip
_CLAUSES = frozenset(
    {
        "and_", "array", "asc", "bindparam", "case", "cast", "column", "desc", "distinct", "exists", "extract", "false",
        "func", "insert", "delete", "update", "join", "literal", "literal_column", "not_", "null", "nullsfirst",
        "nullslast", "or_", "select", "table", "text", "true", "tuple_", "union", "union_all", "values",
    }
)  # fmt: skip
"""What SQLAlchemy calls in small letters: all other names in small letters are modules, engines and sessions."""
_METHODS = frozenset(
    {
        "asc", "cast", "create", "desc", "drop", "execute", "in_", "is_", "is_not", "isnot", "label", "op", "returning",
        "select_from", "values", "where", "with_variant",
    }
)  # fmt: skip
_MODULES: tuple[list[str], ...] = ([], ["types"], ["postgresql", "dialects"], ["postgresql"])
"""Of SQLAlchemy, the innermost first."""
_STRUCTURE = (
    ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.JoinedStr, ast.FormattedValue, ast.keyword, ast.Starred, ast.Load,
    ast.UnaryOp, ast.USub, ast.Not, ast.Invert, ast.Add, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip


class LeftOut(Struct, frozen=True, kw_only=True):
    """A part of a revision that is not read."""

    line: int
    what: str


class Readable(Struct, frozen=True, kw_only=True):
    """A revision with only what can be read without running it, each statement on the line on which it begins."""

    text: str
    left_out: tuple[LeftOut, ...]


def readable(text: str, function: str) -> Readable:
    """What to run in the place of a revision whose text is `text`, which ast.parse takes; `function`: upgrade or downgrade."""
    return _Reader().read(ast.parse(text), function)


class _Reader:
    def __init__(self) -> None:
        self._lines: list[tuple[int, str]] = []
        self._left_out: list[LeftOut] = []
        self._operations: set[str] = set()
        """What `op` is called here: an import, or a batch."""
        self._sqlalchemy: set[str] = set()
        """Modules of SQLAlchemy, by what they are called here."""
        self._clauses: set[str] = set()
        """Types and clauses that were imported by their own names."""
        self._values: set[str] = set()
        """Variables with values that are written out."""

    def read(self, module: ast.Module, function: str) -> Readable:
        wanted: ast.FunctionDef | None = None
        for node in module.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node)
            elif isinstance(node, ast.FunctionDef) and node.name == function:
                wanted = node
            elif isinstance(node, ast.Assign | ast.AnnAssign) and self._is_assignment(node):
                self._keep(node, 0)
        if wanted is not None:
            self._lines.append((wanted.lineno, f"def {function}():"))
            self._block(wanted, 1)
        return Readable(text=_on_their_lines(self._lines), left_out=tuple(self._left_out))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for one in node.names:
                if one.name == "sqlalchemy" or (one.name.startswith("sqlalchemy.") and one.asname):
                    self._sqlalchemy.add(one.asname or one.name)
                    self._lines.append((node.lineno, f"import {one.name} as {one.asname or one.name}"))
            return
        source = node.module or ""
        for one in node.names:
            name = one.asname or one.name
            if source == "alembic" and one.name == "op":
                self._operations.add(name)
            elif source == "sqlalchemy.dialects" and one.name == "postgresql":
                self._sqlalchemy.add(name)
            elif source.split(".")[0] == "sqlalchemy" and _is_clause(one.name):
                self._clauses.add(name)
            else:
                continue
            self._lines.append((node.lineno, f"from {source} import {one.name} as {name}"))

    def _block(self, node: ast.FunctionDef | ast.With, depth: int) -> None:
        before = len(self._lines)
        self._body(node.body, depth)
        if len(self._lines) == before:
            self._lines.append((node.lineno, " " * depth + "pass"))

    def _body(self, body: Iterable[ast.stmt], depth: int) -> None:
        for node in body:
            if isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
                continue
            if isinstance(node, ast.Return) and node.value is None:
                self._lines.append((node.lineno, " " * depth + "return"))
                return
            if isinstance(node, ast.With) and len(node.items) == 1 and self._is_block(node.items[0]):
                self._lines.append((node.lineno, f"{' ' * depth}with {ast.unparse(node.items[0])}:"))
                self._block(node, depth + 1)
            elif (isinstance(node, ast.Assign | ast.AnnAssign) and self._is_assignment(node)) or (
                isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and self._is_plain(node.value)
            ):
                self._keep(node, depth)
            else:
                self._forget(node)
                self._left_out.append(LeftOut(line=node.lineno, what=_shown(node)))

    def _is_block(self, item: ast.withitem) -> bool:
        """`with op.batch_alter_table(…) as batch_op`, or `with op.get_context().autocommit_block()`."""
        match item.context_expr:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="batch_alter_table")) as call:
                variable = item.optional_vars
                if name in self._operations and isinstance(variable, ast.Name) and self._is_plain(call):
                    self._operations.add(variable.id)
                    return True
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Call(
                        func=ast.Attribute(value=ast.Name(id=name), attr="get_context"), args=[], keywords=[]
                    ),
                    attr="autocommit_block",
                ),
                args=[],
                keywords=[],
            ):
                return name in self._operations and item.optional_vars is None
        return False

    def _is_assignment(self, node: ast.Assign | ast.AnnAssign) -> bool:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        if len(names) < len(targets) or node.value is None or not self._is_plain(node.value):
            self._forget(node)
            return False
        self._values.update(names)
        return True

    def _forget(self, node: ast.stmt) -> None:
        """What is not read may give any name another value."""
        given = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        for known in (self._operations, self._sqlalchemy, self._clauses, self._values):
            known -= given

    def _is_plain(self, node: ast.AST) -> bool:
        """Whether an expression is written out, down to its last part."""
        stack: list[ast.AST] = [node]
        while stack:
            one = stack.pop()
            match one:
                case ast.Call(func=function):
                    if not self._may_be_called(function):
                        return False
                    stack.extend((*one.args, *one.keywords))
                    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call):
                        stack.append(function.value)
                case ast.Attribute():
                    if not self._is_of_sqlalchemy(one):
                        return False
                case ast.Name(id=name):
                    if name not in self._values and name not in self._clauses:
                        return False
                case ast.BinOp(op=ast.Add()):
                    stack.extend((one.left, one.right))
                case _ if isinstance(one, _STRUCTURE):
                    stack.extend(ast.iter_child_nodes(one))
                case _:
                    return False
        return True

    def _may_be_called(self, function: ast.expr) -> bool:
        match function:
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                if name in self._operations:
                    return attribute in _OPERATIONS
                return self._is_of_sqlalchemy(function) or (name in self._values and attribute in _METHODS)
            case ast.Attribute(value=ast.Call(), attr=attribute):
                return attribute in _METHODS
            case ast.Attribute():
                return self._is_of_sqlalchemy(function)
            case ast.Name(id=name):
                return name in self._clauses
        return False

    def _is_of_sqlalchemy(self, attribute: ast.Attribute) -> bool:
        """`sa.Integer`, `sa.func.now`, `sa.dialects.postgresql.UUID`: not `sa.util.os`, which is any module at all."""
        path: list[str] = []
        node: ast.expr = attribute
        while isinstance(node, ast.Attribute):
            path.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self._sqlalchemy:
            return False
        last, *above = path
        return above == ["func"] or (above in _MODULES and _is_clause(last))

    def _keep(self, node: ast.stmt, depth: int) -> None:
        if isinstance(node, ast.AnnAssign) and node.value is not None:  # what it is annotated with would be computed
            node = ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node)
        self._lines.append((node.lineno, " " * depth + ast.unparse(node)))


def _is_clause(name: str) -> bool:
    return name in _CLAUSES or (name[:1].isupper() and name.isidentifier())


def _shown(node: ast.stmt) -> str:
    first = ast.unparse(node).split("\n", 1)[0].strip()
    return first if len(first) <= 60 else f"{first[:59]}…"


def _on_their_lines(lines: Iterable[tuple[int, str]]) -> str:
    """Each text on its line, or further down where that one is taken."""
    return "\n".join(_padded(sorted(lines, key=lambda one: one[0])))


def _padded(lines: Iterable[tuple[int, str]]) -> Iterator[str]:
    at = 1
    for line, text in lines:
        for _ in range(at, line):
            yield ""
            at += 1
        yield text
        at += 1 + text.count("\n")
