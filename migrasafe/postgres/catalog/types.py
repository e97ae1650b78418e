"""Rows of the server's catalog as types and functions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from migrasafe.postgres.catalog.text import ServerTexts, expression_sql, signature_sql, type_sql
from migrasafe.schema.evolve.expressions import is_null
from migrasafe.schema.model import (
    Column,
    ColumnRef,
    Composite,
    Constraint,
    Domain,
    EnumType,
    Function,
    OtherType,
    Ref,
    Type,
)

Row = Any
"""A row of one of the questions in sql/; its fields are the columns that the question names."""

_VOLATILITY = {"i": "immutable", "s": "stable", "v": "volatile"}


def texts_of_types(types: Iterable[Row], functions: Iterable[Row]) -> Iterator[str]:
    """Every text of types and functions that has to be parsed."""
    for row in types:
        if row.base_type is not None:
            yield type_sql(row.base_type)
            if row.default is not None:
                yield expression_sql(row.default)
    for row in functions:
        yield signature_sql(row.arguments, row.result)


def type_from_row(
    row: Row, texts: ServerTexts, attributes: Sequence[Column], constraints: Sequence[Constraint]
) -> Type:
    """The type of a row. A type of an extension is only known to exist."""
    ref = Ref(row.schema, row.name)
    if row.of_extension:
        return OtherType(ref=ref, kind="extension")
    match row.kind:
        case "e":
            return EnumType(ref=ref, labels=tuple(row.labels))
        case "d":
            default = texts.expression(row.default)
            return Domain(
                ref=ref,
                type=texts.type(row.base_type),
                not_null=row.not_null,
                default=None if is_null(default) else default,
                constraints=tuple(constraints),
                collation=row.collation,
            )
        case "c":
            return Composite(ref=ref, attributes=tuple(attributes))
        case "r":
            return OtherType(ref=ref, kind="range")
        case _:
            return OtherType(ref=ref)


def functions_by_ref(
    rows: Iterable[Row], texts: ServerTexts, reads: Mapping[int, set[ColumnRef]]
) -> Mapping[Ref, list[Function]]:
    """All overloads of each name."""
    found: dict[Ref, list[Function]] = defaultdict(list)
    for row in rows:
        ref = Ref(row.schema, row.name)
        arguments, returns = texts.signature(row.arguments, row.result)
        found[ref].append(
            Function(
                ref=ref,
                arguments=arguments,
                returns=returns,
                language=row.language,
                volatility=_VOLATILITY.get(row.volatility, "volatile"),
                strict=row.strict,
                security_definer=row.security_definer,
                settings=tuple(setting.partition("=")[0] for setting in row.settings),
                procedure=row.procedure,
                source_text=row.source_text,
                definition=row.definition,
                reads=frozenset(reads.get(row.oid, ())),
            )
        )
    return found
