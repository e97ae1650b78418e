"""Classes of SQLModel: annotated fields are columns where the class says `table=True`, those of its bases included.

Each field is read as the `mapped_column(…)` of SQLAlchemy that SQLModel makes of it. https://sqlmodel.tiangolo.com/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrasafe.app.model import Unread
from migrasafe.app.models.model import Model, ModelColumn, ModelsRead
from migrasafe.app.models.python_classes import Classes, ClassFound, returned
from migrasafe.app.models.python_project import Module, Project
from migrasafe.app.models.python_values import Unknown, flag, text_value
from migrasafe.app.models.sqlalchemy_columns import ColumnReader, Declared
from migrasafe.app.models.sqlalchemy_tables import TableReader

_NO_COLUMN = frozenset({"Relationship", "PrivateAttr", "computed_field"})
_NO_FIELDS = frozenset({"ClassVar", "Relationship"})
_OF_COLUMNS = frozenset({"primary_key", "nullable", "default", "default_factory", "sa_type"})


def read_sqlmodel(project: Project) -> ModelsRead:
    """Every table class of SQLModel."""
    return _ClassReader(project).read()


def is_sqlmodel(project: Project, classes: Classes, found: ClassFound) -> bool:
    """Whether it derives from SQLModel: as a table, or for others to take its fields from."""
    return any(
        project.original_name(one.module, base) == "SQLModel" for one in classes.line(found) for base in one.node.bases
    )


class _ClassReader:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.classes = Classes(project)
        self.columns = ColumnReader(project)
        self.tables = TableReader(project, self.columns)
        self.unread: list[Unread] = []

    def read(self) -> ModelsRead:
        models = []
        for found in self.classes.all:
            says = next((word.value for word in found.node.keywords if word.arg == "table"), None)
            if flag(self.project, found.module, says) is True and is_sqlmodel(self.project, self.classes, found):
                try:
                    models.append(self._model(found))
                except Unknown:
                    self._report(
                        found.module, found.node, f"the table of model {found.node.name} is only known at run time"
                    )
        return ModelsRead(models=tuple(models), unread=tuple(self.unread))

    def _model(self, found: ClassFound) -> Model:
        table, schema = found.node.name.lower(), None
        for one in reversed(self.classes.line(found)):
            members = self.classes.members(one)
            named, arguments = returned(members.get("__tablename__")), returned(members.get("__table_args__"))
            if named is not None:
                names = dict.fromkeys(("cls.__name__", "self.__name__"), found.node.name)
                table = text_value(self.project, one.module, named, names)
            if arguments is not None:
                schema = self.tables.schema_in(one.module, arguments) or schema
        columns: dict[str, ModelColumn] = {}
        for one in self.classes.line(found):
            for declared in self._fields(one):
                if declared.attribute not in columns:
                    columns.update((declared.attribute, column) for column in self._column(found, declared))
        return Model(
            name=found.node.name, table=table, schema=schema, columns=tuple(columns.values()), location=found.location
        )

    def _fields(self, found: ClassFound) -> Iterator[Declared]:
        module = found.module
        for node in found.node.body:
            if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
                continue
            name, value = node.target.id, node.value
            kind = self.project.original_name(module, node.annotation)
            made_by = self.project.original_name(module, value.func) if isinstance(value, ast.Call) else ""
            if name.startswith("_") or name == "model_config" or kind in _NO_FIELDS or made_by in _NO_COLUMN:
                continue
            yield self._as_column(Declared(name, value, node.annotation, module, module.location(node)), made_by)

    def _as_column(self, declared: Declared, made_by: str) -> Declared:
        """`Field(…)`, or a plain default, as the column that SQLModel makes of it."""
        value, place = declared.value, declared.annotation
        assert place is not None  # a field is annotated
        keywords: list[ast.keyword] = []
        arguments: list[ast.expr] = []
        if isinstance(value, ast.Call) and made_by == "Field":
            said = {word.arg: word.value for word in value.keywords if word.arg}
            if "sa_column" in said:
                return declared._replace(value=said["sa_column"], annotation=None)
            if value.args:
                said.setdefault("default", value.args[0])
            if isinstance(default := said.get("default"), ast.Constant) and default.value is ...:
                del said["default"]
            keywords = [ast.keyword(arg=name, value=one) for name, one in said.items() if name in _OF_COLUMNS]
            arguments = [said["sa_type"]] if "sa_type" in said else []
            more = said.get("sa_column_kwargs")
            if isinstance(more, ast.Dict):
                keywords += [
                    ast.keyword(arg=str(key.value), value=one)
                    for key, one in zip(more.keys, more.values, strict=True)
                    if isinstance(key, ast.Constant)
                ]
        elif value is not None:
            keywords = [ast.keyword(arg="default", value=value)]
        call = ast.Call(func=ast.Name(id="mapped_column"), args=arguments, keywords=keywords)
        annotation = ast.Subscript(value=ast.Name(id="Mapped"), slice=place)
        ast.copy_location(call, place)
        return declared._replace(value=ast.fix_missing_locations(call), annotation=annotation)

    def _column(self, found: ClassFound, declared: Declared) -> list[ModelColumn]:
        try:
            columns = self.columns.read(declared)
        except Unknown:
            columns = []
        if not columns:
            what = f"column {declared.attribute} of model {found.node.name}"
            self._report(declared.module, declared.value or found.node, f"{what} is only known at run time")
        return columns

    def _report(self, module: Module, node: ast.AST, reason: str) -> None:
        location = module.location(node)
        self.unread.append(Unread(location=location, reason=reason, text=module.source.line(location.line).strip()))
