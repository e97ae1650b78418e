"""The variables of a plpgsql body, followed as far as they are constant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from migrasafe.regex import regex
from migrasafe.sql.constants import Known, Value, rows_of_query, value_of, value_of_text
from migrasafe.sql.libpg_query import ParserError, TooDeepError, parse

Fields = Mapping[str, Any]

_TARGET = regex(r'\s*(?P<name>"[^"]+"|[\w$]+(?:\.[\w$]+)*)\s*(?P<part>\[[^=]*\])?\s*(?P<sign>:?=)')


def expression_of(node: Fields | None) -> str:
    """The text of a PLpgSQL_expr; empty where there is none."""
    return "" if node is None else str(node.get("PLpgSQL_expr", {}).get("query", ""))


class Variables:
    """Which variables have which constant value at one place of the body."""

    def __init__(self, known: Known, ambiguous: frozenset[str] = frozenset()) -> None:
        self.known: dict[str, Value] = dict(known)
        self.ambiguous = ambiguous
        """Declared in several blocks: which of them is meant cannot be told from the name."""

    def copy(self) -> Variables:
        return Variables(self.known, self.ambiguous)

    def declare(self, datums: Iterable[Fields]) -> Iterator[Fields]:
        """Give declared variables their defaults. Yields each that has one, so that its SQL can be read."""
        variables = [datum["PLpgSQL_var"] for datum in datums if "PLpgSQL_var" in datum]
        names = [variable.get("refname", "") for variable in variables]
        self.ambiguous = frozenset(name for name in names if names.count(name) > 1)
        self.forget(self.ambiguous)
        for variable in variables:
            if "default_val" not in variable:
                continue
            yield variable
            value = value_of_text(expression_of(variable["default_val"]), self.known)
            if value is not None:
                self.set({variable.get("refname", ""): value})

    def assign(self, assignment: str) -> None:
        """`name := expression`, as plpgsql keeps it."""
        match = _TARGET.match(assignment)
        if match is None:
            self.forget_all()
            return
        name = _folded(match["name"])
        value = None if match["part"] else value_of_text(assignment[match.end() :], self.known)
        self.forget([name])
        if value is not None:
            self.set({name: value})

    def set(self, values: Known) -> None:
        self.known.update({name: value for name, value in values.items() if name not in self.ambiguous})

    def forget(self, names: Iterable[str]) -> None:
        """What is not known any more, with the fields of records and the `$1` that an argument is also called."""
        gone = set(names)
        if not gone:
            return
        self.known = {
            name: value
            for name, value in self.known.items()
            if name not in gone and name.split(".")[0] not in gone and not name.startswith("$")
        }

    def forget_all(self) -> None:
        self.known = {}

    def agreeing_with(self, other: Variables) -> Variables:
        """What holds whichever of two ways was taken."""
        both = {name: value for name, value in self.known.items() if other.known.get(name) == value}
        return Variables(both, self.ambiguous)

    def text(self, expression: str) -> str | None:
        """The string that an expression is for certain, if it is one."""
        value = value_of_text(expression, self.known)
        return value if isinstance(value, str) else None


def _folded(name: str) -> str:
    return name[1:-1] if name.startswith('"') else name.lower()


# --- names ------------------------------------------------------------------------------------------------------------


def names_of(datums: Iterable[Fields]) -> frozenset[str]:
    """Every variable, record and argument, and a trigger's rows."""
    found = {"new", "old"}
    for datum in datums:
        for fields in datum.values():
            name = fields.get("refname", "") if isinstance(fields, dict) else ""
            if name and not name.startswith("("):
                found.add(name)
    return frozenset(found)


def as_parameters(tree: Any, names: frozenset[str]) -> None:
    """Change the references to variables in a parse tree of our own into parameters, in place."""
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
            continue
        if not isinstance(node, dict):
            continue
        reference = node.get("ColumnRef")
        if reference is not None:
            parts = [item.get("String", {}).get("sval") for item in reference.get("fields", [])]
            if 1 <= len(parts) <= 2 and parts[0] in names:
                del node["ColumnRef"]
                node["ParamRef"] = {"number": 0, "location": reference.get("location", 0)}
                continue
        stack.extend(node.values())


# --- assignments ------------------------------------------------------------------------------------------------------


def assigned_in(items: Any) -> frozenset[str]:
    """The names of the variables that statements set, at any depth."""
    found: set[str] = set()
    stack: list[Any] = [items]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
            continue
        if not isinstance(item, dict):
            continue
        for key, value in item.items():
            if key in ("target", "var") and isinstance(value, dict):
                found.update(_target_names(value))
            elif key == "PLpgSQL_stmt_assign":
                match = _TARGET.match(expression_of(value.get("expr")))
                if match is not None:
                    found.add(_folded(match["name"]).split(".")[0])
            stack.append(value)
    return frozenset(found)


def _target_names(target: Fields) -> Iterator[str]:
    for fields in target.values():
        if not isinstance(fields, dict):
            continue
        if "fields" in fields:
            yield from (str(field.get("name", "")) for field in fields["fields"])
        elif "refname" in fields:
            yield str(fields["refname"])


# --- loops ------------------------------------------------------------------------------------------------------------

_MOST_ROUNDS = 64


def iterations(kind: str, fields: Fields, known: Known) -> tuple[Known, ...] | None:
    """The values of the loop's variables in each round, where constants decide them and the body runs SQL made of them."""
    if not holds(fields.get("body", []), "PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors"):
        return None
    if holds(fields.get("body", []), "PLpgSQL_stmt_exit"):
        return None
    rounds = _rounds(kind, fields, known)
    return rounds if rounds is not None and len(rounds) <= _MOST_ROUNDS else None


def _rounds(kind: str, fields: Fields, known: Known) -> tuple[Known, ...] | None:
    match kind:
        case "PLpgSQL_stmt_fori" if "step" not in fields and not fields.get("reverse"):
            first = value_of_text(expression_of(fields.get("lower")), known)
            last = value_of_text(expression_of(fields.get("upper")), known)
            names = tuple(_target_names(fields.get("var", {})))
            if isinstance(first, int) and isinstance(last, int) and last - first < _MOST_ROUNDS and len(names) == 1:
                return tuple({names[0]: number} for number in range(first, last + 1))
        case "PLpgSQL_stmt_foreach_a" if not fields.get("slice"):
            items = value_of_text(expression_of(fields.get("expr")), known)
            [name] = _target_names(fields.get("var", {}))
            if isinstance(items, tuple) and name:
                return tuple({name: item} for item in items)
        case "PLpgSQL_stmt_fors":
            rows = rows_of_query(expression_of(fields.get("query")), known)
            return None if rows is None else tuple(_bound(fields.get("var", {}), row) for row in rows)
    return None


def _bound(target: Fields, row: Known) -> Known:
    """A row of a query in the loop's variables: a record's fields, or one variable for each column in order."""
    names = tuple(_target_names(target))
    if "PLpgSQL_rec" in target and names:
        return {f"{names[0]}.{column}": value for column, value in row.items() if column}
    values = [value for column, value in row.items() if column]
    return dict(zip(names, values, strict=False))


def holds(items: Any, *kinds: str) -> bool:
    """Whether there is a statement of these kinds in a body, at any depth."""
    stack: list[Any] = [items]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict):
            if any(kind in item for kind in kinds):
                return True
            stack.extend(item.values())
    return False


# --- conditions -------------------------------------------------------------------------------------------------------


def truth(condition: str, known: Known) -> bool | None:
    """Whether a condition holds, where constants decide it."""
    if not known and condition.strip().lower() not in ("true", "false"):
        return None
    try:
        trees = parse(f"SELECT {condition}")
    except (ParserError, TooDeepError, ValueError):
        return None
    targets = trees[0]["stmt"].get("SelectStmt", {}).get("targetList", []) if trees else []
    return _truth(targets[0]["ResTarget"].get("val", {}), known) if len(targets) == 1 else None


def _truth(node: Any, known: Known) -> bool | None:
    if "A_Const" in node and "boolval" in node["A_Const"]:
        return bool(node["A_Const"]["boolval"].get("boolval"))
    if "BoolExpr" in node:
        parts = [_truth(item, known) for item in node["BoolExpr"].get("args", [])]
        match node["BoolExpr"].get("boolop"):
            case "NOT_EXPR":
                return None if parts[0] is None else not parts[0]
            case "AND_EXPR":
                return False if False in parts else None if None in parts else True
            case "OR_EXPR":
                return True if True in parts else None if None in parts else False
    comparison = node.get("A_Expr", {})
    left = value_of(comparison.get("lexpr", {}), known) if isinstance(comparison.get("lexpr"), dict) else None
    if left is None:
        return None
    operator = comparison.get("name", [{}])[0].get("String", {}).get("sval")
    right_side = comparison.get("rexpr", {})
    if comparison.get("kind") == "AEXPR_IN":
        items = [value_of(item, known) for item in right_side.get("List", {}).get("items", [])]
        inside = True if left in items else None if None in items else False
        return inside if operator == "=" or inside is None else not inside
    right = value_of(right_side, known)
    if right is None or comparison.get("kind") != "AEXPR_OP" or type(left) is not type(right):
        return None
    return left == right if operator == "=" else left != right if operator == "<>" else None
