"""Rows whose value does not convert: what becomes of each kind is for a person to say, before anything runs."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.errors import InputError
from migrasafe.schema.definitions import type_of
from migrasafe.schema.model import Column
from migrasafe.sql.conversions import Conversion
from migrasafe.sql.deparse import deparse_expression, parse_expression, substituted
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression


class Decision(Enum):
    STOP = "stop"
    """A gate holds until none is left."""
    NULL = "null"
    DEFAULT = "default"
    """Another value takes its place."""
    REJECT = "reject"
    """Null, and the old value is kept beside the row's key in a table of its own."""
    ACCEPT = "accept"
    """As the conversion has it."""


class Decided(Struct, frozen=True, kw_only=True):
    decision: Decision
    value: Expression | None = None
    """Of DEFAULT."""


class BadRows(Struct, frozen=True, kw_only=True):
    unreadable: Decided = Decided(decision=Decision.STOP)
    """There is a value, and the conversion gives none."""
    lossy: Decided = Decided(decision=Decision.ACCEPT)
    """The way back gives another value than there was."""

    @property
    def rejects(self) -> bool:
        return Decision.REJECT in (self.unreadable.decision, self.lossy.decision)

    @property
    def makes_null(self) -> bool:
        return bool({self.unreadable.decision, self.lossy.decision} & {Decision.NULL, Decision.REJECT})


SAID = "--bad-rows is said so: unreadable=stop|null|reject|default:SQL, or lossy=accept|stop|null|reject|default:SQL"


def bad_rows_of(texts: Iterable[str]) -> BadRows:
    """What `unreadable=reject` and the like decide. Raises InputError."""
    made = BadRows()
    for text in texts:
        kind, equals, word = text.partition("=")
        name, colon, sql = word.partition(":")
        try:
            decision = Decision(name)
            value = parse_expression(sql) if colon else None
        except ValueError as error:
            raise InputError(f"{SAID}, not {text!r}") from error
        takes_value = decision is Decision.DEFAULT
        if not equals or takes_value != bool(colon) or (kind == "unreadable" and decision is Decision.ACCEPT):
            raise InputError(f"{SAID}, not {text!r}")
        decided = Decided(decision=decision, value=value)
        if kind == "unreadable":
            made = replace(made, unreadable=decided)
        elif kind == "lossy":
            made = replace(made, lossy=decided)
        else:
            raise InputError(f"{SAID}, not {text!r}")
    return made


class Audit(Struct, frozen=True, kw_only=True):
    """The conditions of bad rows, over the old column."""

    unreadable: str
    lossy: str


def audit(old: Column, conversion: Conversion, new_column: str, new_type: str) -> Audit:
    """How bad rows are found, before there is a new column."""
    column = quote_ident(old.name)
    up = f"({deparse_expression(conversion.up)})::{new_type}"
    there_and_back = substituted(conversion.down.node, new_column, parse_expression(up).node)
    back = f"({deparse_expression(Expression(node=there_and_back))})::{type_of(old)}"
    return Audit(
        unreadable=f"{column} IS NOT NULL AND {up} IS NULL",
        lossy=f"{up} IS NOT NULL AND pg_catalog.record_image_ne(ROW({column}), ROW({back}))",
    )


def decided_up(conversion: Conversion, found: Audit, decisions: BadRows) -> Expression:
    """The conversion with what was decided of the rows that it cannot convert as they are."""
    arms = []
    for condition, decided in ((found.unreadable, decisions.unreadable), (found.lossy, decisions.lossy)):
        match decided.decision:
            case Decision.DEFAULT if decided.value is not None:
                arms.append(f"WHEN {condition} THEN {deparse_expression(decided.value)}")
            case Decision.NULL | Decision.REJECT if condition is found.lossy:
                arms.append(f"WHEN {condition} THEN NULL")
            case _:
                continue
    if not arms:
        return conversion.up
    return parse_expression(f"CASE {' '.join(arms)} ELSE {deparse_expression(conversion.up)} END")
