"""What the fields of a Django model say about its columns. https://docs.djangoproject.com/en/5.2/ref/models/fields/"""

from __future__ import annotations

import ast
from typing import NamedTuple

from migrasafe.app.models.model import ModelColumn
from migrasafe.app.models.python_classes import Classes, ClassFound
from migrasafe.app.models.python_project import Module, Project
from migrasafe.app.models.python_values import flag, text_value
from migrasafe.app.usage import SourceLocation

_TO_ONE = frozenset({"ForeignKey", "OneToOneField", "ParentalKey"})
_TO_MANY = frozenset({"ManyToManyField", "ParentalManyToManyField"})
_AUTO = frozenset({"AutoField", "BigAutoField", "SmallAutoField"})
_NO_COLUMN = frozenset({"GenericForeignKey", "GenericRelation", "CompositePrimaryKey", "ForeignObject"})
_MODULES = ("django.db", "django.contrib.gis.db", "django.contrib.postgres")


class ManyToMany(NamedTuple):
    """A field that has a table of its own, unless the program says which."""

    name: str
    target: str
    """As the program names the other model; `self` for the model itself."""
    table: str | None
    location: SourceLocation


class FieldReader:
    """Reads fields of one app."""

    def __init__(self, project: Project, classes: Classes) -> None:
        self.project = project
        self.classes = classes

    def is_of_django(self, module: Module, expression: ast.expr) -> bool:
        """Whether a name comes from Django's own models and fields."""
        match expression:
            case ast.Name(id=name):
                imported = module.imported.get(name)
                return imported is not None and imported.module.startswith(_MODULES)
            case ast.Attribute(value=value):
                return self.is_of_django(module, value)
        return False

    def field_class(self, module: Module, value: ast.expr | None) -> str:
        """The name of Django's field class that a call makes, or the nearest to it that is known; empty for no field."""
        if not isinstance(value, ast.Call):
            return ""
        name = self.project.original_name(module, value.func)
        found = self.project.look_up(module, value.func)
        if found is not None and isinstance(found.node, ast.ClassDef):
            return self._base_field(ClassFound(found.module, found.node))
        is_field = name.endswith("Field") or name in _TO_ONE | _NO_COLUMN
        return name if is_field else ""

    def _base_field(self, found: ClassFound) -> str:
        for one in self.classes.line(found):
            for base in one.node.bases:
                name = self.project.original_name(one.module, base)
                is_own = any(parent.node.name == name for parent in self.classes.parents(one))
                if not is_own and (name.endswith("Field") or name in _TO_ONE):
                    return name
        return ""

    def column(self, module: Module, attribute: str, call: ast.Call, place: SourceLocation) -> ModelColumn | None:
        """The column of a field; None for one that has none. Raises Unknown for a name that is computed."""
        kind = self.field_class(module, call)
        if not kind or kind in _NO_COLUMN or kind in _TO_MANY:
            return None
        keywords = {word.arg: word.value for word in call.keywords if word.arg}
        name = f"{attribute}_id" if kind in _TO_ONE else attribute
        given = keywords.get("db_column")
        if given is not None and not (isinstance(given, ast.Constant) and given.value is None):
            name = text_value(self.project, module, given)
        nullable = self._is(module, keywords.get("null"))
        is_auto = kind in _AUTO
        filled = not {"default", "auto_now", "auto_now_add"}.isdisjoint(keywords)
        if isinstance(default := keywords.get("default"), ast.Constant) and default.value is None:
            filled = False
        return ModelColumn(
            name=name,
            attribute=attribute,
            location=place,
            nullable=nullable,
            primary_key=self._is(module, keywords.get("primary_key")),
            # A field that may not be NULL is written as the empty string, or what the program gave it.
            program_default=filled or not (nullable or is_auto or "db_default" in keywords),
            database_default=is_auto or ("db_default" in keywords and "default" not in keywords),
            generated=kind == "GeneratedField",
        )

    def many_to_many(self, module: Module, attribute: str, call: ast.Call, place: SourceLocation) -> ManyToMany | None:
        """The field whose table Django makes; None where the program has a model for it, or for another field."""
        keywords = {word.arg: word.value for word in call.keywords if word.arg}
        if self.field_class(module, call) not in _TO_MANY or "through" in keywords:
            return None
        target = call.args[0] if call.args else keywords.get("to")
        name = target.value if isinstance(target, ast.Constant) else ast.unparse(target) if target else ""
        table = text_value(self.project, module, keywords["db_table"]) if "db_table" in keywords else None
        return ManyToMany(attribute, str(name).rpartition(".")[2], table, place)

    def _is(self, module: Module, value: ast.expr | None) -> bool:
        return flag(self.project, module, value) is True
