"""The names PostgreSQL makes up for constraints, indexes and sequences that were given none.

Follows makeObjectName, ChooseRelationName and ChooseConstraintName of PostgreSQL itself, to the byte:
later migrations drop `orders_customer_id_fkey` by that very name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from migrasafe.sql.output_names import UNNAMED, output_name
from migrasafe.sql.statements import IndexElement

MOST_BYTES = 63
"""NAMEDATALEN - 1."""


def clipped(name: str, most: int = MOST_BYTES) -> str:
    """`name` cut to `most` bytes of UTF-8 without splitting a character, as PostgreSQL truncates identifiers."""
    raw = name.encode("utf-8")
    return name if len(raw) <= most else raw[: max(most, 0)].decode("utf-8", "ignore")


def object_name(first: str, second: str | None, label: str) -> str:
    """`first_second_label`, the longer of the first two shortened until it fits: makeObjectName."""
    if len(first) + len(second or "") + len(label) + 2 <= MOST_BYTES // 4:
        return f"{first}_{second}_{label}" if second else f"{first}_{label}"
    overhead = (1 if second else 0) + 1 + len(label.encode("utf-8"))
    room = MOST_BYTES - overhead
    first_bytes = len(first.encode("utf-8"))
    second_bytes = len(second.encode("utf-8")) if second else 0
    while first_bytes + second_bytes > room:
        if first_bytes > second_bytes:
            first_bytes -= 1
        else:
            second_bytes -= 1
    first = clipped(first, first_bytes)
    return f"{first}_{clipped(second, second_bytes)}_{label}" if second else f"{first}_{label}"


def first_free(first: str, second: str | None, label: str, is_taken: Callable[[str], bool]) -> str:
    """The generated name, with the label numbered from 1 while it is taken."""
    return first_free_from(0, first, second, label, is_taken)[0]


def first_free_from(
    number: int, first: str, second: str | None, label: str, is_taken: Callable[[str], bool]
) -> tuple[str, int]:
    """Likewise, with its number, where all numbers below `number` are known to be taken."""
    while is_taken(name := object_name(first, second, f"{label}{number or ''}")):
        number += 1
    return name, number


def joined_columns(columns: Iterable[str]) -> str:
    """Column names joined by `_`, stopping once a name is full: ChooseIndexNameAddition."""
    text = ""
    for column in columns:
        text = f"{text}_{column}" if text else column
        if len(text) * 4 >= MOST_BYTES and len(text.encode("utf-8")) > MOST_BYTES:
            break
    return text


def index_column_names(elements: Iterable[IndexElement], include: Iterable[str] = ()) -> tuple[str, ...]:
    """What the columns of an index are called: expressions by their label, repeated names numbered."""
    names: list[str] = []
    for wanted in (*map(_element_name, elements), *include):
        name, number = wanted, 0
        while name in names:
            number += 1
            name = f"{clipped(wanted, MOST_BYTES - len(str(number)))}{number}"
        names.append(name)
    return tuple(names)


def _element_name(element: IndexElement) -> str:
    if element.column is not None:
        return element.column
    name = output_name(element.expression.node) if element.expression is not None else UNNAMED
    return "expr" if name == UNNAMED else name
