"""Classes of SQLAlchemy's declarative mapping: which are mapped, to which table, with which columns of their bases.

https://docs.sqlalchemy.org/en/20/orm/declarative_mixins.html, and Flask-SQLAlchemy, which names tables after classes.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from migrasafe.app.model import Unread
from migrasafe.app.models.model import Model, ModelColumn, ModelsRead
from migrasafe.app.models.python_classes import Classes, ClassFound, Member, returned
from migrasafe.app.models.python_project import Definition, Module, Project
from migrasafe.app.models.python_values import Unknown, flag, snake_case, text_value
from migrasafe.app.models.sqlalchemy_columns import ColumnReader, Declared
from migrasafe.app.models.sqlalchemy_tables import TableReader
from migrasafe.app.models.sqlmodel_classes import is_sqlmodel

_ROOTS = frozenset({"DeclarativeBase", "DeclarativeBaseNoMeta"})
_MAKERS = frozenset({"declarative_base", "automap_base", "generate_base"})


def read_sqlalchemy(project: Project) -> ModelsRead:
    """Every model of SQLAlchemy: mapped classes, then tables that no class is mapped to."""
    return _ClassReader(project).read()


class _ClassReader:
    """Reads the mapped classes of one app."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.classes = Classes(project)
        self.columns = ColumnReader(project)
        self.tables = TableReader(project, self.columns)
        self.unread: list[Unread] = []

    def read(self) -> ModelsRead:
        models: list[Model] = []
        for found in self.classes.all:
            if self._is_mapped(found):
                model = self._model(found)
                models += [model] if model is not None else []
        known = {(model.schema, model.table, model.location.path) for model in models}
        for table, problem in self.tables.read():
            if problem is not None:
                self.unread.append(problem)
            elif table is not None and (table.schema, table.table, table.location.path) not in known:
                models.append(table)
        return ModelsRead(models=tuple(models), unread=tuple(self.unread))

    # --- which classes are mapped ---

    def _is_mapped(self, found: ClassFound) -> bool:
        """Whether rows of a table become objects of this class; one that only adds columns to its parent's table is read
        with the parent."""
        members = self.classes.members(found)
        if self._is_root(found) or self._is_abstract(found) or is_sqlmodel(self.project, self.classes, found):
            return False
        if "__table__" in members:
            return True
        own = members.get("__tablename__")
        if isinstance(own, ast.Constant) and isinstance(own.value, str):
            return True
        if not self._is_declarative(found):
            return False
        if any(self._is_mapped(parent) for parent in self.classes.line(found)[1:]):
            return own is not None and not _is_none(own)
        return any("__tablename__" in self.classes.members(one) for one in self.classes.line(found)) or (
            self._is_flask(found)
        )

    def _is_root(self, found: ClassFound) -> bool:
        """Whether it is what other models derive from: SQLAlchemy maps no class that derives directly from these."""
        names = {self.project.original_name(found.module, base) for base in found.node.bases}
        return not _ROOTS.isdisjoint(names) or any(
            "as_declarative" in ast.unparse(d) for d in found.node.decorator_list
        )

    def _is_abstract(self, found: ClassFound) -> bool:
        value = self.classes.members(found).get("__abstract__")
        return isinstance(value, ast.expr) and flag(self.project, found.module, value) is True

    def _is_declarative(self, found: ClassFound) -> bool:
        for one in self.classes.line(found):
            if self._is_root(one):
                return True
            for base in one.node.bases:
                value = self.project.look_up(one.module, base)
                if value is None and isinstance(base, ast.Attribute) and base.attr == "Model":
                    return True
                if value is not None and isinstance(value.node, ast.Call):
                    return self.project.original_name(value.module, value.node.func) in _MAKERS
                if value is None and self.project.original_name(one.module, base) in ("Base", "Model"):
                    return True  # from a package that is not part of the app
        return False

    def _is_flask(self, found: ClassFound) -> bool:
        """Whether a base is `db.Model`, which names the table after the class that has a primary key."""
        line = self.classes.line(found)
        values = [value for one in line for value in self.classes.members(one).values()]
        if not any(isinstance(value, ast.expr) and self.columns.is_column(found.module, value) for value in values):
            return False
        bases = [(one, base) for one in line for base in one.node.bases]
        return any(
            isinstance(base, ast.Attribute) and base.attr == "Model" and self.project.look_up(one.module, base) is None
            for one, base in bases
        )

    # --- what they are mapped to ---

    def _model(self, found: ClassFound) -> Model | None:
        mapped_table = self.classes.members(found).get("__table__")
        if isinstance(mapped_table, ast.expr):
            home = self.project.look_up(found.module, mapped_table) or Definition(found.module, mapped_table)
            table, problem = self.tables.table(home)
            self.unread += [problem] if problem is not None else []
            return table
        try:
            table_name, schema = self._table_name(found), self._schema(found)
        except Unknown:
            self._report(found.module, found.node, f"the table of model {found.node.name} is only known at run time")
            return None
        return Model(
            name=found.node.name,
            table=table_name,
            schema=schema,
            columns=tuple(self._columns(found)),
            location=found.location,
        )

    def _table_name(self, found: ClassFound) -> str:
        names = dict.fromkeys(("cls.__name__", "self.__name__", "cls.__qualname__"), found.node.name)
        for one in self.classes.line(found):
            said = self.classes.members(one).get("__tablename__")
            if said is None or _is_none(said):
                continue
            value = returned(said)
            if value is None:
                raise Unknown
            return text_value(self.project, one.module, value, names)
        return snake_case(found.node.name)

    def _schema(self, found: ClassFound) -> str | None:
        line = self.classes.line(found)
        for one in line:
            arguments = returned(self.classes.members(one).get("__table_args__"))
            if arguments is not None and (schema := self.tables.schema_in(one.module, arguments)) is not None:
                return schema
        for one in line:
            metadata = self.classes.members(one).get("metadata")
            if isinstance(metadata, ast.expr):
                return self.tables.schema_of_metadata(one.module, metadata)
            for base in one.node.bases:
                made = self.project.look_up(one.module, base)
                for word in made.node.keywords if made is not None and isinstance(made.node, ast.Call) else ():
                    if made is not None and word.arg == "metadata":
                        return self.tables.schema_of_metadata(made.module, word.value)
        return None

    # --- their columns ---

    def _columns(self, found: ClassFound) -> list[ModelColumn]:
        """The columns of the class, then of its bases, up to those with a table of their own."""
        line = self.classes.line(found)
        mapped_above = [one for one in line[1:] if self._is_mapped(one)]
        beyond = {id(above.node) for parent in mapped_above for above in self.classes.line(parent)}
        columns: dict[str, ModelColumn] = {}
        seen: set[str] = set()
        for one in line:
            if one is not found and id(one.node) in beyond:
                continue
            for declared in _declared(one):
                if declared.attribute not in seen:
                    seen.add(declared.attribute)
                    columns |= {
                        column.name: column for column in self._read(found, declared) if column.name not in columns
                    }
        for child in self._sharing(found):
            for declared in _declared(child):
                columns |= {column.name: column for column in self._read(found, declared) if column.name not in columns}
        return list(columns.values())

    def _sharing(self, found: ClassFound) -> list[ClassFound]:
        """The classes below that share its table, and may add columns to it."""
        sharing = []
        for child in self.classes.children(found):
            if not self._is_mapped(child) and not self._is_abstract(child):
                sharing += [child, *self._sharing(child)]
        return sharing

    def _read(self, found: ClassFound, declared: Declared) -> list[ModelColumn]:
        try:
            return self.columns.read(declared)
        except Unknown:
            what = f"the name of column {declared.attribute} of model {found.node.name}"
            self._report(declared.module, declared.value or found.node, f"{what} is only known at run time")
            return []

    def _report(self, module: Module, node: ast.AST, reason: str) -> None:
        location = module.location(node)
        self.unread.append(Unread(location=location, reason=reason, text=module.source.line(location.line).strip()))


def _is_none(said: Member) -> bool:
    return isinstance(said, ast.Constant) and said.value is None


def _declared(found: ClassFound) -> Iterator[Declared]:
    """The attributes of a class that may be columns."""
    module = found.module
    for node in found.node.body:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target, ast.Name):
                        yield Declared(target.id, value, None, module, module.location(target))
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                yield Declared(name, value, annotation, module, module.location(node))
            case ast.FunctionDef(name=name, decorator_list=decorators, returns=returns) if any(
                "declared_attr" in ast.unparse(decorator) for decorator in decorators
            ):
                value = returned(node)
                if isinstance(value, ast.Call):
                    yield Declared(name, value, returns, module, module.location(value))
