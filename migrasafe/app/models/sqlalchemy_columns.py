"""What `Column(…)`, `mapped_column(…)` and `Mapped[…]` say about a column of SQLAlchemy.

https://docs.sqlalchemy.org/en/20/orm/declarative_tables.html
"""

from __future__ import annotations

import ast
from typing import NamedTuple

from msgspec.structs import replace

from migrasafe.app.models.model import ModelColumn
from migrasafe.app.models.python_project import Definition, Module, Project
from migrasafe.app.models.python_values import Unknown, enum_members, flag, text_value
from migrasafe.app.usage import SourceLocation

_COLUMNS = frozenset({"Column", "mapped_column", "MappedColumn"})
_AROUND_A_COLUMN = frozenset({"deferred", "column_property", "composite"})
_NO_COLUMN = frozenset(
    {
        "relationship",
        "relation",
        "dynamic_loader",
        "backref",
        "association_proxy",
        "synonym",
        "query_expression",
        "hybrid_property",
        "hybrid_method",
        "column_property",
        "column_keyed_dict",
        "object_session",
    }
)
_RELATION_TYPES = frozenset({"DynamicMapped", "WriteOnlyMapped", "AssociationProxy", "ClassVar", "InitVar"})
_COLLECTIONS = frozenset({"list", "List", "set", "Set", "dict", "Dict", "Sequence", "Collection", "MutableSequence"})
_FILLS = frozenset({"Identity", "Sequence", "FetchedValue", "DefaultClause"})
_INTEGERS = frozenset({"Integer", "BigInteger", "SmallInteger", "INTEGER", "BIGINT", "SMALLINT", "int"})


class Declared(NamedTuple):
    """An attribute of a class, or an argument of a Table, that is a column or may be one."""

    attribute: str
    value: ast.expr | None
    annotation: ast.expr | None
    module: Module
    place: SourceLocation


class ColumnReader:
    """Reads columns of one app."""

    def __init__(self, project: Project) -> None:
        self.project = project
        # A type map of the base class says how enums in annotations are stored.
        self._by_value = any(
            "type_annotation_map" in module.source.text and "values_callable" in module.source.text
            for module in project.modules
        )

    def read(self, declared: Declared) -> list[ModelColumn]:
        """The columns of an attribute; none for one that is no column. Raises Unknown for a name that is computed."""
        value, module = declared.value, declared.module
        name = self.project.original_name(module, value.func) if isinstance(value, ast.Call) else ""
        if isinstance(value, ast.Call):
            if name in _COLUMNS:
                return [self._column(declared, value)]
            if name in _AROUND_A_COLUMN:
                return self._inner(declared, value, deferred=name == "deferred")
            if name in _NO_COLUMN:
                return []
            made = self._made_by(declared, value)
            if made is not None:
                return self.read(made)
        elif value is not None and declared.annotation is None:
            found = self.project.look_up(module, value) if isinstance(value, ast.Name | ast.Attribute) else None
            if found is not None and self.is_column(found.module, found.node):
                return self.read(declared._replace(value=_expression(found.node), module=found.module))
            return []
        if declared.annotation is None or not self._is_mapped(declared):
            return []
        return [self._column(declared, value if isinstance(value, ast.Call) else None)]

    def is_column(self, module: Module, node: ast.AST) -> bool:
        """Whether an expression is a call that makes a column."""
        return isinstance(node, ast.Call) and self.project.original_name(module, node.func) in _COLUMNS

    def _made_by(self, declared: Declared, call: ast.Call) -> Declared | None:
        """The column that a function of the app returns, or that a subclass of Column is."""
        found = self.project.look_up(declared.module, call.func)
        match found.node if found else None:
            case ast.FunctionDef() as function:
                assert found is not None
                returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
                if returned and isinstance(returned[-1], ast.Call):
                    return declared._replace(value=returned[-1], module=found.module)
            case ast.ClassDef(bases=[base, *_]):
                assert found is not None
                if self.project.original_name(found.module, base) in _COLUMNS:
                    named = ast.Call(func=ast.Name(id="Column"), args=call.args, keywords=call.keywords)
                    return declared._replace(value=ast.copy_location(named, call))
        return None

    def _inner(self, declared: Declared, call: ast.Call, *, deferred: bool) -> list[ModelColumn]:
        columns = []
        for argument in call.args:
            if self.is_column(declared.module, argument):
                place = declared.module.location(argument)
                found = self.read(declared._replace(value=argument, annotation=None, place=place))
                columns += [replace(column, deferred=True) for column in found] if deferred else found
        return columns

    def _is_mapped(self, declared: Declared) -> bool:
        annotation = _unquoted(declared.annotation)
        name = self.project.original_name(declared.module, annotation) if annotation else ""
        if not isinstance(annotation, ast.Subscript) or name in _RELATION_TYPES:
            return False
        inner = _unquoted(annotation.slice)
        if name != "Mapped" or inner is None:
            return False
        if isinstance(declared.value, ast.Call):
            return True
        # Without a value, `Mapped[Other]` and `Mapped[list[Other]]` are no columns unless the type map knows them.
        name = self.project.original_name(declared.module, _without_none(inner)[0])
        return not (name in _COLLECTIONS and isinstance(inner, ast.Subscript))

    def _column(self, declared: Declared, call: ast.Call | None) -> ModelColumn:
        annotated = self._annotated(declared)
        keywords = {word.arg: word.value for made in (annotated, call) if made for word in made.keywords if word.arg}
        arguments = [*(call.args if call else ()), *(annotated.args if annotated else ())]
        name = declared.attribute
        if "name" in keywords:
            name = text_value(self.project, declared.module, keywords["name"])
        elif call is not None and call.args and self._is_text(declared.module, call.args[0]):
            name = text_value(self.project, declared.module, call.args[0])
        kinds = {self.project.original_name(declared.module, _callee(argument)) for argument in arguments}
        is_key = flag(self.project, declared.module, keywords.get("primary_key")) is True
        inner, optional = self._inner_type(declared)
        nullable = flag(self.project, declared.module, keywords.get("nullable"))
        if nullable is None:
            nullable = not is_key and (optional or inner is None)
        program_default = not {"default", "insert_default", "default_factory"}.isdisjoint(keywords)
        if isinstance(default := keywords.get("default"), ast.Constant) and default.value is None:
            program_default = False
        database_default = "server_default" in keywords or not _FILLS.isdisjoint(kinds)
        if is_key and not program_default and "ForeignKey" not in kinds and self._is_integer(declared, kinds, inner):
            database_default = (
                keywords.get("autoincrement") is None
                or flag(self.project, declared.module, keywords["autoincrement"]) is not False
            )
        return ModelColumn(
            name=name,
            attribute=declared.attribute,
            location=declared.place,
            nullable=nullable,
            primary_key=is_key,
            program_default=program_default,
            database_default=database_default and not program_default,
            generated="Computed" in kinds,
            labels=self._labels(declared, [*arguments, *([keywords["type_"]] if "type_" in keywords else [])], inner),
            deferred=flag(self.project, declared.module, keywords.get("deferred")) is True,
        )

    def _is_text(self, module: Module, node: ast.expr) -> bool:
        try:
            text_value(self.project, module, node)
        except Unknown:
            return isinstance(node, ast.JoinedStr)
        return True

    def _annotated(self, declared: Declared) -> ast.Call | None:
        """The column in `Annotated[int, mapped_column(…)]`, which a name can stand for."""
        annotation = _unquoted(declared.annotation)
        if not isinstance(annotation, ast.Subscript):
            return None
        inner = _without_none(_unquoted(annotation.slice) or annotation.slice)[0]
        module = declared.module
        if isinstance(inner, ast.Name | ast.Attribute):
            found = self.project.look_up(module, inner)
            if found is None or not isinstance(found.node, ast.Subscript):
                return None
            module, inner = found.module, found.node
        if isinstance(inner, ast.Subscript) and self.project.original_name(module, inner) == "Annotated":
            for element in getattr(inner.slice, "elts", ()):
                if isinstance(element, ast.Call) and self.is_column(module, element):
                    return element
        return None

    def _inner_type(self, declared: Declared) -> tuple[ast.expr | None, bool]:
        """The type in `Mapped[…]`, and whether it is optional."""
        annotation = _unquoted(declared.annotation)
        if (
            not isinstance(annotation, ast.Subscript)
            or self.project.original_name(declared.module, annotation) != "Mapped"
        ):
            return None, False
        inner, optional = _without_none(_unquoted(annotation.slice) or annotation.slice)
        found = self.project.look_up(declared.module, inner) if isinstance(inner, ast.Name | ast.Attribute) else None
        match found.node if found else None:
            case ast.Subscript(slice=ast.Tuple(elts=[first, *_])) as alias:
                assert found is not None
                if self.project.original_name(found.module, alias) == "Annotated":
                    first, inner_optional = _without_none(first)
                    return first, optional or inner_optional
            case ast.Subscript() | ast.BinOp() as alias:
                inner, inner_optional = _without_none(alias)
                return inner, optional or inner_optional
        if isinstance(inner, ast.Subscript) and self.project.original_name(declared.module, inner) == "Annotated":
            elements = getattr(inner.slice, "elts", [inner])
            inner, inner_optional = _without_none(elements[0])
            optional = optional or inner_optional
        return inner, optional

    def _is_integer(self, declared: Declared, kinds: set[str], inner: ast.expr | None) -> bool:
        if not _INTEGERS.isdisjoint(kinds):
            return True
        return inner is not None and self.project.original_name(declared.module, inner) == "int"

    def _labels(self, declared: Declared, arguments: list[ast.expr], inner: ast.expr | None) -> tuple[str, ...] | None:
        """What SQLAlchemy's Enum reads; any other value makes it raise LookupError."""
        for argument in arguments:
            if isinstance(argument, ast.Call) and self.project.original_name(declared.module, argument.func) in (
                "Enum",
                "ENUM",
            ):
                return self._enum(declared.module, argument)
        if inner is not None and not any(isinstance(argument, ast.Call) for argument in arguments[:1]):
            found = (
                self.project.look_up(declared.module, inner) if isinstance(inner, ast.Name | ast.Attribute) else None
            )
            if found is not None and self._is_enum(found):
                members = enum_members(self.project, found)
                return tuple(value if self._by_value else name for name, value in members) if members else None
        return None

    def _enum(self, module: Module, call: ast.Call) -> tuple[str, ...] | None:
        by_value = any(word.arg == "values_callable" for word in call.keywords)
        if call.args and isinstance(call.args[0], ast.Name | ast.Attribute):
            found = self.project.look_up(module, call.args[0])
            if found is not None and self._is_enum(found):
                members = enum_members(self.project, found)
                return tuple(value if by_value else name for name, value in members) if members else None
            return None
        try:
            return tuple(text_value(self.project, module, argument) for argument in call.args) or None
        except Unknown:
            return None

    def _is_enum(self, found: Definition) -> bool:
        node = found.node
        return isinstance(node, ast.ClassDef) and any(
            self.project.original_name(found.module, base) in ("Enum", "StrEnum", "IntEnum", "TextChoices")
            for base in node.bases
        )


def _callee(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


def _expression(node: ast.AST) -> ast.expr:
    assert isinstance(node, ast.expr)
    return node


def _unquoted(annotation: ast.expr | None) -> ast.expr | None:
    """An annotation that is written as a string is what the string says."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            parsed = ast.parse(annotation.value, mode="eval").body
        except (SyntaxError, ValueError):
            return None
        return ast.copy_location(parsed, annotation)
    return annotation


def _without_none(node: ast.expr) -> tuple[ast.expr, bool]:
    """`X | None`, `None | X`, `Optional[X]`, `Union[X, None]` → X, True."""
    match node:
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return _without_none(left)[0], True
        case ast.BinOp(left=ast.Constant(value=None), op=ast.BitOr(), right=right):
            return _without_none(right)[0], True
        case ast.Subscript(value=ast.Name(id="Optional") | ast.Attribute(attr="Optional"), slice=inner):
            return _unquoted(inner) or inner, True
        case ast.Subscript(value=ast.Name(id="Union") | ast.Attribute(attr="Union"), slice=ast.Tuple(elts=elements)):
            kept = [one for one in elements if not (isinstance(one, ast.Constant) and one.value is None)]
            return kept[0], len(kept) < len(elements)
        case ast.Constant(value=str()):
            return _unquoted(node) or node, False
    return node, False
