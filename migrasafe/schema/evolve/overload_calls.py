"""Which calls mean overloads of a function that go, where others of the name stay: as far as the arguments tell.

https://www.postgresql.org/docs/current/typeconv-func.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from migrasafe.schema.evolve.names_used import name_of, strings
from migrasafe.schema.evolve.needs import Lookup
from migrasafe.schema.model import Function, Ref, Table
from migrasafe.sql.statements import Argument, Node, TypeName

_NUMBERS = ("int2", "int4", "int8", "numeric", "float4", "float8")
_TEXTS = frozenset({"text", "varchar", "bpchar", "name"})
_CASTS = frozenset({("date", "timestamp"), ("date", "timestamptz"), ("timestamp", "timestamptz"), ("time", "timetz")})
_LITERAL = TypeName(name="unknown")


class CallsOf(Struct, frozen=True, kw_only=True):
    """Looks names up, and finds the function only where a call can mean nothing but the overloads that go."""

    lookup: Lookup
    ref: Ref
    gone: tuple[Function, ...]
    overloads: tuple[Function, ...]
    columns: Mapping[str, TypeName | None]
    """Those that the expressions are over."""

    def resolve(self, schema: str | None, name: str) -> Ref:
        return self.lookup.resolve(schema, name)

    def known_type(self, schema: str | None, name: str) -> Ref | None:
        return self.lookup.known_type(schema, name)

    def known_function(self, schema: str | None, name: str, call: Node | None = None, /) -> Ref | None:
        found = self.lookup.known_function(schema, name, call)
        if found != self.ref or call is None:
            return found
        meant = _meant(call, self.overloads, self.columns)
        return found if meant and all(one in self.gone for one in meant) else None

    @property
    def of_triggers(self) -> bool:
        """Whether the one goes that triggers call: it takes no arguments."""
        return any(not one.arguments for one in self.gone)


def types_of_columns(tables: Iterable[Table]) -> dict[str, TypeName | None]:
    """By name; None where tables have several of a name, of different types."""
    found: dict[str, TypeName | None] = {}
    for column in (column for table in tables for column in table.columns):
        found[column.name] = column.type if found.get(column.name, column.type) == column.type else None
    return found


def _meant(call: Node, overloads: Sequence[Function], columns: Mapping[str, TypeName | None]) -> list[Function]:
    """The overloads that a call may mean."""
    given = [_named(node) for node in call.get("args", ())]
    types = [_type_of(node, columns) for _, node in given]
    fitting: list[tuple[int, list[Argument], Function]] = []
    for overload in overloads:
        taken = _taken(overload, [name for name, _ in given])
        if taken is None or not all(map(_takes, taken, types)):
            continue
        exact = sum(one.type.name == of.name for one, of in zip(taken, types, strict=True) if of is not None)
        fitting.append((exact, taken, overload))
    if None not in types:
        most = max((exact for exact, _, _ in fitting), default=0)
        fitting = [one for one in fitting if one[0] == most]
    for place, of in enumerate(types):
        texts = [one for one in fitting if of is _LITERAL and one[1][place].type.name in _TEXTS]
        fitting = texts or fitting
    return [overload for _, _, overload in fitting]


def _named(node: Node) -> tuple[str | None, Node]:
    named = node.get("NamedArgExpr")
    return (None, node) if named is None else (named.get("name"), named.get("arg", {}))


def _taken(overload: Function, names: Sequence[str | None]) -> list[Argument] | None:
    """The argument that each of those given is; None where the overload cannot be called so."""
    inputs = [one for one in overload.arguments if one.is_input]
    if inputs and inputs[-1].mode == "variadic":
        inputs += [inputs[-1]] * (len(names) - len(inputs))
    by_name = {one.name: one for one in inputs}
    if len(names) > len(inputs) or any(name is not None and name not in by_name for name in names):
        return None
    taken = [inputs[place] if name is None else by_name[name] for place, name in enumerate(names)]
    missing = (one for one in inputs if one not in taken)
    return taken if all(one.default is not None for one in missing) else None


def _takes(argument: Argument, given: TypeName | None) -> bool:
    """Whether a value of this type may be given without a cast; it may where either is not known."""
    wanted = argument.type
    if given is None or given is _LITERAL or wanted.name.startswith("any"):
        return True
    if given.array != wanted.array and argument.mode != "variadic":
        return False
    if given.name in _NUMBERS and wanted.name in _NUMBERS:
        return _NUMBERS.index(given.name) <= _NUMBERS.index(wanted.name)
    return given.name == wanted.name or {given.name, wanted.name} <= _TEXTS or (given.name, wanted.name) in _CASTS


def _type_of(node: Node, columns: Mapping[str, TypeName | None]) -> TypeName | None:
    """The type of an expression; None where that would need more than a look at it."""
    if "A_Const" in node:
        return _type_of_constant(node["A_Const"])
    if "TypeCast" in node:
        written = node["TypeCast"]["typeName"]
        name = name_of(strings(written.get("names")))
        return None if name is None else TypeName(name=name.name, array="arrayBounds" in written)
    if "ColumnRef" in node:
        names = strings(node["ColumnRef"].get("fields"))
        return columns.get(names[-1]) if names else None
    if "A_Expr" in node:
        return _type_of_operation(node["A_Expr"], columns)
    return None


def _type_of_constant(constant: Node) -> TypeName | None:
    if "ival" in constant:
        return TypeName(name="int4")
    if "boolval" in constant:
        return TypeName(name="bool")
    return _LITERAL if constant.get("isnull") or "sval" in constant else None


def _type_of_operation(operation: Node, columns: Mapping[str, TypeName | None]) -> TypeName | None:
    sides = [_type_of(operation[side], columns) for side in ("lexpr", "rexpr") if side in operation]
    names = {one.name for one in sides if one is not None}
    sign = strings(operation.get("name"))[-1:]
    if None in sides or any(one is not None and one.array for one in sides):
        return None
    if sign in (("-",), ("+",), ("*",), ("/",)) and len(names) == 1 and names <= set(_NUMBERS):
        return sides[0]
    return TypeName(name="text") if sign == ("||",) and names <= {"unknown", *_TEXTS} else None
