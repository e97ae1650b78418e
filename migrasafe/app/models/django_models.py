"""Models of Django: the tables and columns that it reads and writes. https://docs.djangoproject.com/en/5.2/topics/db/models/"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from migrasafe.app.model import Unread
from migrasafe.app.models.django_fields import FieldReader, ManyToMany
from migrasafe.app.models.model import Model, ModelColumn, ModelsRead
from migrasafe.app.models.python_classes import Classes, ClassFound
from migrasafe.app.models.python_project import Project
from migrasafe.app.models.python_values import Unknown, flag, text_value

_LONGEST_NAME = 63
_NEVER_NULL = (
    "is_superuser",
    "password",
    "username",
    "first_name",
    "last_name",
    "email",
    "is_staff",
    "is_active",
    "date_joined",
)
_USER = (("last_login", True), *((name, False) for name in _NEVER_NULL))
_KNOWN_BASES: dict[str, tuple[tuple[str, bool], ...]] = {
    "AbstractUser": _USER,
    "AbstractBaseUser": _USER[0:3:2],
    "PermissionsMixin": _USER[1:2],
    "TimeStampedModel": (("created", False), ("modified", False)),
}
"""Columns, and whether they may be NULL, of abstract models that come with Django and what is commonly used with it."""
_NO_COLUMNS = frozenset({"object", "Generic", "ABC", "Protocol"})


class _Field(NamedTuple):
    column: ModelColumn | None
    many: ManyToMany | None


def read_django(project: Project) -> ModelsRead:
    """Every concrete model, and the tables of its many-to-many fields."""
    return _ModelReader(project).read()


class _ModelReader:
    """Reads the models of one app."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.classes = Classes(project)
        self.fields = FieldReader(project, self.classes)
        self.unread: list[Unread] = []
        self.labels = dict(self._app_labels())

    def read(self) -> ModelsRead:
        models: list[Model] = []
        for found in self.classes.all:
            if self._is_model(found) and not self._meta_flag(found, "abstract") and not self._meta_flag(found, "proxy"):
                models += self._models(found)
        return ModelsRead(models=tuple(models), unread=tuple(self.unread))

    def _is_model(self, found: ClassFound) -> bool:
        line = self.classes.line(found)
        bases = [(one, base) for one in line for base in one.node.bases]
        if any(self._is_model_base(one, base) for one, base in bases):
            return True
        foreign = any(self.project.look_up(one.module, base) is None for one, base in bases)
        return foreign and any(
            isinstance(value, ast.Call)
            and self.fields.is_of_django(one.module, value.func)
            and self.fields.field_class(one.module, value)
            for one in line
            for value in self.classes.members(one).values()
        )

    def _is_model_base(self, one: ClassFound, base: ast.expr) -> bool:
        name = self.project.original_name(one.module, base)
        return name == "Model" and self.fields.is_of_django(one.module, base)

    # --- Meta ---

    def _meta(self, found: ClassFound, option: str) -> tuple[ClassFound, ast.expr] | None:
        """An option of Meta, which an abstract base can give; `abstract` and `proxy` are each class's own."""
        for one in self.classes.line(found):
            own = self.classes.members(one).get("Meta")
            if isinstance(own, ast.ClassDef):
                value = next(
                    (
                        node.value
                        for node in own.body
                        if isinstance(node, ast.Assign)
                        and any(ast.unparse(target) == option for target in node.targets)
                    ),
                    None,
                )
                if value is not None:
                    return one, value
                if not own.bases:
                    return None
            if option in ("abstract", "proxy"):
                return None
        return None

    def _meta_flag(self, found: ClassFound, option: str) -> bool:
        value = self._meta(found, option)
        return value is not None and flag(self.project, value[0].module, value[1]) is True

    def _meta_text(self, found: ClassFound, option: str) -> str | None:
        value = self._meta(found, option)
        return None if value is None else text_value(self.project, value[0].module, value[1])

    # --- tables ---

    def _app_labels(self) -> Iterator[tuple[str, str]]:
        """The label of each app, by its package, where an AppConfig says another than the package's name."""
        for found in self.classes.all:
            if any(self.project.original_name(found.module, base) == "AppConfig" for base in found.node.bases):
                members = self.classes.members(found)
                label = members.get("label") or members.get("name")
                if isinstance(label, ast.Constant) and isinstance(label.value, str):
                    yield found.module.name.rpartition(".")[0], label.value.rpartition(".")[2]

    def _app_label(self, found: ClassFound) -> str:
        said = self._meta_text(found, "app_label")
        if said is not None:
            return said
        parts = found.module.name.split(".")
        # The app is the package around `models`; in a file of another name, the package that it stands in.
        package = parts[: parts.index("models")] if "models" in parts else parts[:-1]
        return self.labels.get(".".join(package), package[-1] if package else "")

    def _table(self, found: ClassFound) -> str:
        said = self._meta_text(found, "db_table")
        return said if said is not None else f"{self._app_label(found)}_{found.node.name.lower()}"[:_LONGEST_NAME]

    def _models(self, found: ClassFound) -> list[Model]:
        try:
            table = self._table(found)
        except Unknown:
            self._report(found, f"the table of model {found.node.name} is only known at run time")
            return []
        fields = list(self._fields(found))
        columns = [field.column for field in fields if field.column is not None]
        parent = next((one for one in self.classes.line(found)[1:] if self._is_concrete(one)), None)
        if not any(column.primary_key for column in columns):
            columns.insert(0, self._implicit_key(found, parent))
        schema, dot, name = table.replace('"', "").rpartition(".") if '"."' in table else ("", "", table)
        models = [
            Model(
                name=found.node.name,
                table=name,
                schema=schema if dot else None,
                columns=tuple(columns),
                location=found.location,
                names_defaults=True,
            )
        ]
        return models + [self._through(found, name, field.many) for field in fields if field.many is not None]

    def _is_concrete(self, found: ClassFound) -> bool:
        return self._is_model(found) and not self._meta_flag(found, "abstract")

    def _implicit_key(self, found: ClassFound, parent: ClassFound | None) -> ModelColumn:
        if parent is not None:  # its rows are those of the parent, with more columns
            name = f"{parent.node.name.lower()}_ptr_id"
            return ModelColumn(name=name, location=found.location, nullable=False, primary_key=True)
        return ModelColumn(name="id", location=found.location, nullable=False, primary_key=True, database_default=True)

    def _through(self, found: ClassFound, table: str, many: ManyToMany) -> Model:
        own, other = found.node.name.lower(), many.target.lower()
        ends = (f"from_{own}_id", f"to_{own}_id") if other in ("self", own) else (f"{own}_id", f"{other}_id")
        key = ModelColumn(name="id", location=many.location, nullable=False, primary_key=True, database_default=True)
        return Model(
            name=f"{found.node.name}.{many.name}",
            table=(many.table or f"{table}_{many.name}")[:_LONGEST_NAME],
            columns=(key, *(ModelColumn(name=end, location=many.location, nullable=False) for end in ends)),
            location=many.location,
            names_defaults=True,
        )

    # --- fields ---

    def _fields(self, found: ClassFound) -> Iterator[_Field]:
        """The fields of the class and of its abstract bases; those of a concrete base are in the base's own table."""
        line = self.classes.line(found)
        beyond = {id(above.node) for one in line[1:] if self._is_concrete(one) for above in self.classes.line(one)}
        seen: set[str] = set()
        for one in line:
            if id(one.node) in beyond:
                continue
            yield from self._own_fields(one, seen)
        for one in line:
            if id(one.node) not in beyond:
                yield from self._inherited_from_elsewhere(found, one, seen)

    def _own_fields(self, one: ClassFound, seen: set[str]) -> Iterator[_Field]:
        for node in one.node.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    pass
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    pass
                case _:
                    continue
            if name in seen:
                continue
            seen.add(name)
            if not isinstance(value, ast.Call):
                continue
            place = one.module.location(node)
            try:
                column = self.fields.column(one.module, name, value, place)
                many = self.fields.many_to_many(one.module, name, value, place)
            except Unknown:
                self._report(one, f"the column of field {name} of model {one.node.name} is only known at run time")
                continue
            yield _Field(column, many)

    def _inherited_from_elsewhere(self, found: ClassFound, one: ClassFound, seen: set[str]) -> Iterator[_Field]:
        for base in one.node.bases:
            name = self.project.original_name(one.module, base)
            if self.project.look_up(one.module, base) is not None or self._is_model_base(one, base):
                continue
            for column, nullable in _KNOWN_BASES.get(name, ()):
                if column not in seen:
                    seen.add(column)
                    place = found.location
                    yield _Field(
                        ModelColumn(name=column, location=place, nullable=nullable, program_default=not nullable), None
                    )
            if name not in _KNOWN_BASES and name not in _NO_COLUMNS and not name.endswith("Mixin"):
                self._report(
                    one,
                    f"{found.node.name} derives from {name}, which is not part of the app: its columns are not known",
                )

    def _report(self, found: ClassFound, reason: str) -> None:
        text = found.module.source.line(found.location.line).strip()
        self.unread.append(Unread(location=found.location, reason=reason, text=text))
