"""`Table("orders", metadata, Column(…), …)` of SQLAlchemy, mapped imperatively or used as it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrasafe.app.model import Unread
from migrasafe.app.models.model import Model, ModelColumn
from migrasafe.app.models.python_project import Definition, Module, Project
from migrasafe.app.models.python_values import Unknown, text_value
from migrasafe.app.models.sqlalchemy_columns import ColumnReader, Declared


class TableReader:
    """Reads the tables of one app."""

    def __init__(self, project: Project, columns: ColumnReader) -> None:
        self.project = project
        self.columns = columns

    def read(self) -> Iterator[tuple[Model | None, Unread | None]]:
        """Every `Table(…)` with columns, wherever it stands."""
        for module in self.project.modules:
            if "Table" not in module.source.text:
                continue
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call) and self._is_table(module, node):
                    yield self.table(Definition(module, node))

    def _is_table(self, module: Module, node: ast.Call) -> bool:
        return self.project.original_name(module, node.func) == "Table" and len(node.args) >= 2

    def table(self, found: Definition) -> tuple[Model | None, Unread | None]:
        """The model of a table, or why it cannot be read; neither for what is no table."""
        module, node = found
        if not isinstance(node, ast.Call) or not self._is_table(module, node):
            return None, None
        keywords = {word.arg: word.value for word in node.keywords}
        location = module.location(node)
        try:
            name = text_value(self.project, module, node.args[0])
            columns = self._columns(module, node)
            schema = self._schema(module, node, keywords.get("schema"))
        except Unknown:
            said = module.source.line(location.line).strip()
            return None, Unread(location=location, reason="a name in this Table is only known at run time", text=said)
        if not columns:
            if {"autoload", "autoload_with"}.isdisjoint(keywords):
                return None, None
            reason = f"table {name} is reflected from the database, so that which columns the app uses is not known"
            return None, Unread(location=location, reason=reason, text=name)
        model = Model(
            name=name, table=name, schema=schema, columns=tuple(columns), location=location, unset_is_null=False
        )
        return model, None

    def _columns(self, module: Module, node: ast.Call) -> list[ModelColumn]:
        columns: list[ModelColumn] = []
        for argument in node.args[2:]:
            inner = argument.value if isinstance(argument, ast.Starred) else argument
            for element in getattr(inner, "elts", [inner]):
                declared = Declared("", element, None, module, module.location(element))
                columns += [column for column in self.columns.read(declared) if column.name]
        return columns

    def _schema(self, module: Module, node: ast.Call, given: ast.expr | None) -> str | None:
        if given is not None and not _is_none(given):
            if self.project.original_name(module, given) == "BLANK_SCHEMA":
                return None
            return text_value(self.project, module, given)
        return self.schema_of_metadata(module, node.args[1])

    def schema_of_metadata(self, module: Module, expression: ast.expr) -> str | None:
        """The schema of `MetaData(schema=…)`, which a name can stand for."""
        found = self.project.look_up(module, expression)
        if found is None and isinstance(expression, ast.Attribute) and expression.attr == "metadata":
            found = self.project.look_up(module, expression.value)  # Base.metadata of declarative_base(metadata=…)
        found = found or Definition(module, expression)
        for word in found.node.keywords if isinstance(found.node, ast.Call) else ():
            if word.arg == "schema" and not _is_none(word.value):
                return text_value(self.project, found.module, word.value)
            if word.arg == "metadata":
                return self.schema_of_metadata(found.module, word.value)
        return None

    def schema_in(self, module: Module, arguments: ast.expr) -> str | None:
        """The schema in `__table_args__`: a dict, or a tuple that ends with one."""
        match arguments:
            case ast.Tuple(elts=[*_, last]):
                return self.schema_in(module, last)
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "schema" and not _is_none(value):
                        return text_value(self.project, module, value)
            case ast.Call(func=ast.Name(id="dict"), keywords=words):
                for word in words:
                    if word.arg == "schema":
                        return text_value(self.project, module, word.value)
            case ast.Name() | ast.Attribute():
                found = self.project.look_up(module, arguments)
                if found is not None and isinstance(found.node, ast.expr) and found.node is not arguments:
                    return self.schema_in(found.module, found.node)
        return None


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
