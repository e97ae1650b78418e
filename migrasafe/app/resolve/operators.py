"""Whether PostgreSQL has an operator for two values; True wherever that is not certain.

https://www.postgresql.org/docs/current/typeconv-oper.html
"""

from __future__ import annotations

from functools import cache

from migrasafe.app.resolve.types import BOOL, arithmetic
from migrasafe.sql.statements import TypeName

_ARRAYS = frozenset({"anyarray", "anycompatiblearray"})
_NO_ARRAYS = frozenset({"anynonarray", "anycompatiblenonarray"})
_ANY = frozenset({"anyelement", "anycompatible", "any"})
_OF_EXTENSIONS = frozenset({"%", "<%", "%>", "<<%", "%>>", "<->", "<<->", "<->>", "@@", "#", "<@>"})
"""Operators that well-known extensions also have for PostgreSQL's own types."""
COMPARING = frozenset({"=", "<>", "!=", "<", ">", "<=", ">="})
_TESTS = frozenset({"~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*", "@>", "<@", "?", "?|", "?&", "&&", "@@"})
_SERIALS = {"serial": "int4", "bigserial": "int8", "smallserial": "int2"}


def operator_exists(operator: str, left: TypeName | None, right: TypeName | None) -> bool:
    """Whether `left operator right` means something. Types below domains, please."""
    overloads = _operators().get(operator)
    if left is None or right is None or overloads is None or operator in _OF_EXTENSIONS:
        return True
    if not (_is_known(left) and _is_known(right)):
        return True
    return any(_fits(left, one) and _fits(right, other) for one, other, _ in overloads)


def _result(operator: str, left: TypeName | None, right: TypeName | None) -> TypeName | None:
    """The type of `left operator right`, if all operators that it can mean give the same."""
    if left is None or right is None or not (_is_known(left) and _is_known(right)):
        return None
    exact = (_spelled(left), _spelled(right))
    overloads = _operators().get(operator, ())
    results = {result for one, other, result in overloads if (one, other) == exact}
    results = results or {result for one, other, result in overloads if _fits(left, one) and _fits(right, other)}
    result = results.pop() if len(results) == 1 else ""
    if not result or result.startswith("any"):
        return None
    return TypeName(name=result[1:], array=True) if result.startswith("_") else TypeName(name=result)


@cache
def _operators() -> dict[str, tuple[tuple[str, str, str], ...]]:
    from migrasafe.sql.builtin.operators import OPERATORS

    found = {}
    for line in OPERATORS.strip().replace("\n  ", " ").splitlines():
        name, *overloads = line.split()
        found[name] = tuple((one.split(",")[0], one.split(",")[1], one.split(",")[2]) for one in overloads)
    return found


@cache
def _casts() -> dict[str, frozenset[str]]:
    from migrasafe.sql.builtin.operators import CASTS

    lines = CASTS.strip().replace("\n  ", " ").splitlines()
    return {source: frozenset(targets) for source, *targets in (line.split() for line in lines)}


@cache
def _known() -> frozenset[str]:
    """The types that operators are for. Of others it is not known what they become."""
    sides = {side for overloads in _operators().values() for one in overloads for side in one[:2]}
    return frozenset(sides | {"unknown", "json", "xml", "varchar", "bool"})


def _spelled(of: TypeName) -> str:
    name = _SERIALS.get(of.name, of.name)
    return f"_{name}" if of.array else name


def _is_known(of: TypeName) -> bool:
    return of.schema in (None, "pg_catalog") and _SERIALS.get(of.name, of.name) in _known() and of.name != "record"


def _fits(given: TypeName, wanted: str) -> bool:
    """Whether a value goes to an operand without a cast."""
    if given.name == "unknown":
        return True
    if wanted in _ANY:
        return True
    if wanted in _ARRAYS or (given.array and wanted.startswith("_")):
        return given.array or given.name.endswith("vector")
    if wanted in _NO_ARRAYS:
        return not given.array
    if wanted.startswith("any"):  # ranges, enums
        return wanted.removeprefix("any").removeprefix("compatible") in given.name
    spelled = _spelled(given)
    return wanted == spelled or (not given.array and wanted in _casts().get(spelled, ()))


def result_of(operator: str, left: TypeName | None, right: TypeName | None) -> TypeName | None:
    """The type of `left operator right`, as far as it is known."""
    if operator in COMPARING or operator in _TESTS:
        return BOOL
    if operator in ("+", "-", "*", "/", "%"):
        return arithmetic(left, right)
    if operator in ("->>", "#>>"):
        return TypeName(name="text")
    if operator in ("->", "#>", "||") and left is not None and left.name in ("json", "jsonb"):
        return left
    return _result(operator, left, right)
