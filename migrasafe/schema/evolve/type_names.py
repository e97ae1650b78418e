"""Type names as columns keep them: user-defined types under their full name, `serial` as the integer it stands for."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.model import Composite, Ref, View
from migrasafe.sql.statements import Name, TypeName

SERIAL_TYPES = {
    "serial": "int4",
    "serial4": "int4",
    "bigserial": "int8",
    "serial8": "int8",
    "smallserial": "int2",
    "serial2": "int2",
}

# Never user-defined, because pg_catalog is looked up first; only the usual ones, so that looking them up costs nothing.
# fmt: off
_BUILT_IN = frozenset((
    "int2", "int4", "int8", "numeric", "float4", "float8", "bool", "text", "varchar", "bpchar", "date", "time",
    "timetz", "timestamp", "timestamptz", "interval", "uuid", "json", "jsonb", "bytea", "inet", "cidr",
    "macaddr", "xml", "tsvector", "tsquery", "oid", "name", "money", "point", "bit", "varbit", "trigger",
    "void", "record", "serial", "bigserial", "smallserial", "int4range", "int8range", "numrange", "tsrange",
    "tstzrange", "daterange", "regclass"
))
# fmt: on


def resolved_type(draft: Draft, type_name: TypeName | None) -> TypeName | None:
    """The type with the schema in which we know it; unchanged where it is built in or unknown."""
    if type_name is None:
        return None
    if type_name.column_of:
        return _type_of_column(draft, type_name)
    if type_name.schema is None:
        if type_name.name in _BUILT_IN:
            return type_name
        ref = draft.known_type(None, type_name.name)
        return type_name if ref is None else replace(type_name, schema=ref.schema)
    if type_name.schema == "pg_catalog":
        return replace(type_name, schema=None)
    return type_name


def _type_of_column(draft: Draft, type_name: TypeName) -> TypeName:
    *qualifiers, column_name = type_name.column_of
    if not qualifiers:
        return type_name
    name = Name(qualifiers[-2] if len(qualifiers) > 1 else None, qualifiers[-1])
    relation = draft.relations.get(draft.resolve(*name))
    if relation is None or isinstance(relation, View) or not hasattr(relation, "columns"):
        return type_name
    for column in relation.columns:
        if column.name == column_name and column.type is not None:
            return column.type
    return type_name


def is_composite(draft: Draft, ref: Ref) -> bool:
    """Whether a composite type has the name: to CREATE … IF NOT EXISTS it is a relation like any other."""
    return isinstance(draft.types.get(ref), Composite)
