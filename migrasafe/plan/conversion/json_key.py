"""The value under a key of JSON documents as a value of a type, and back into the document: neither way ever raises."""

from __future__ import annotations

from migrasafe.sql.conversions import known_conversion
from migrasafe.sql.deparse import parse_expression, substituted
from migrasafe.sql.quote import quote_ident, quote_literal, spell_type
from migrasafe.sql.statements import Expression, TypeName

TEXTS = ("text", "varchar", "bpchar", "citext")
JSONS = ("json", "jsonb")
_DAY = "[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
_ZONE = "(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
_NUMBER = "-?[0-9]{1,200}([.][0-9]{1,200})?"
_PATTERNS = {
    "uuid": "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "numeric": _NUMBER,
    "float8": _NUMBER,
    "date": _DAY,
    "timestamp": f"{_DAY}[T ]{_TIME}",
    "timestamptz": f"{_DAY}[T ]{_TIME}{_ZONE}",
}
"""What a text has to look like before it is cast: dates as JSON has them, not as a session's DateStyle would read them."""


def value_of_key(document: str, key: str, type: TypeName) -> Expression | None:
    """What the column holds, over the document's column; null where the key is missing, null, or no value of the type.

    None: the type is one for which a person has to say it.
    """
    doc, at = quote_ident(document), quote_literal(key)
    text = f"({doc} ->> {at})"
    if type.array:
        return None
    if type.name in JSONS:
        return parse_expression(f"nullif(({doc} -> {at})::jsonb, 'null'::jsonb)::{type.name}")
    if type.name == "bool":
        return parse_expression(f"CASE {text} WHEN 'true' THEN true WHEN 'false' THEN false END")
    if type.name in TEXTS:
        return parse_expression(_short_enough(text, type))
    pattern = _PATTERNS.get(type.name)
    if pattern is not None:
        return parse_expression(f"CASE WHEN {text} ~ '^{pattern}$' THEN {_cast(text, type)} END")
    known = known_conversion(TypeName(name="text"), type, "it", "there")
    if known is None:
        return None
    return Expression(node=substituted(known.up.node, "it", parse_expression(text).node))


def document_with(document: str, document_type: str, key: str, value: str) -> Expression:
    """The document with `value` (jsonb, as SQL) under the key, or without the key where it is null.

    A key that says null stays, a document that is no object has no place for one.
    """
    doc, at = quote_ident(document), quote_literal(key)
    whole = doc if document_type == "jsonb" else f"({doc})::jsonb"
    without = f"{whole} - {at}"
    put = f"pg_catalog.jsonb_set(coalesce({whole}, '{{}}'::jsonb), ARRAY[{at}], {value})"
    return parse_expression(
        f"CASE WHEN {doc} IS NOT NULL AND pg_catalog.{document_type}_typeof({doc}) <> 'object' THEN {doc}"
        f" WHEN {value} IS NOT NULL THEN ({put})::{document_type}"
        f" WHEN {doc} IS NULL OR ({doc} ->> {at}) IS NULL THEN {doc}"
        f" ELSE ({without})::{document_type} END"
    )


def json_of_column(column: str, type: TypeName, document: str, document_type: str, key: str) -> str:
    """The column's value as jsonb, of the kind that the document has under the key now: the old version, which has put a
    number in quotes, reads it in quotes."""
    name, at = quote_ident(column), quote_literal(key)
    kind = f"pg_catalog.{document_type}_typeof({quote_ident(document)} -> {at})"
    plain = f"pg_catalog.to_jsonb({name})"
    if type.name in TEXTS:
        is_number = f"{name} ~ '^-?(0|[1-9][0-9]{{0,200}})([.][0-9]{{1,200}})?$'"
        number = f"CASE WHEN {is_number} THEN pg_catalog.to_jsonb({name}::numeric) ELSE {plain} END"
        truth = f"CASE {name} WHEN 'true' THEN 'true'::jsonb WHEN 'false' THEN 'false'::jsonb ELSE {plain} END"
        return f"CASE {kind} WHEN 'number' THEN {number} WHEN 'boolean' THEN {truth} ELSE {plain} END"
    if type.name in JSONS:
        return plain
    return f"CASE {kind} WHEN 'string' THEN pg_catalog.to_jsonb({name}::text) ELSE {plain} END"


def _cast(text: str, type: TypeName) -> str:
    cast = f"{text}::{spell_type(type)}"
    if type.name == "numeric" and type.modifiers:
        digits, scale = (*map(int, type.modifiers), 0)[:2]
        return f"CASE WHEN abs(round({text}::numeric, {scale})) < 1e{digits - scale}::numeric THEN {cast} END"
    if type.name in ("date", "timestamp", "timestamptz"):
        last = f"(pg_catalog.to_date(left({text}, 7), 'YYYY-MM') + interval '1 month' - interval '1 day')"
        return f"CASE WHEN substr({text}, 9, 2)::int <= extract(day FROM {last}) THEN {cast} END"
    return cast


def _short_enough(text: str, type: TypeName) -> str:
    sizes = [one for one in type.modifiers if one.isdigit()]
    return f"CASE WHEN length({text}) <= {sizes[0]} THEN {text} END" if sizes else text
