"""The types of values, as far as they can be told without asking a server."""

from __future__ import annotations

from functools import cache

from msgspec.structs import replace

from migrasafe.app.resolve.context import Context, Fields
from migrasafe.app.usage import Action, Certainty, ObjectKind
from migrasafe.schema.model import EnumType
from migrasafe.sql.convert.base import type_name
from migrasafe.sql.statements import TypeName

BOOL, INT4, INT8, TEXT, NUMERIC = (TypeName(name=name) for name in ("bool", "int4", "int8", "text", "numeric"))
_NUMBERS = ("int2", "int4", "int8", "numeric", "float4", "float8")


@cache
def builtin_types() -> frozenset[str]:
    from migrasafe.sql.builtin.results import RESULTS

    named = frozenset(line.split(":")[0] for line in RESULTS.splitlines() if ":" in line and not line.startswith(" "))
    more = (
        "int2 int4 int8 numeric float4 float8 bool text varchar bpchar char date time timetz timestamp timestamptz interval "
        "uuid json jsonb bytea inet cidr macaddr macaddr8 xml tsvector tsquery oid name money point line lseg box path polygon "
        "circle bit varbit record void unknown int4range int8range numrange tsrange tstzrange daterange int4multirange "
        "int8multirange nummultirange tsmultirange tstzmultirange datemultirange regclass regproc regtype regnamespace "
        "regrole regoper regoperator regprocedure regconfig regdictionary regcollation pg_lsn txid_snapshot pg_snapshot "
        "xid xid8 cid tid jsonpath refcursor anyelement anyarray anynonarray anyenum anyrange anycompatible trigger "
        "event_trigger internal cstring oidvector int2vector aclitem serial bigserial smallserial pg_node_tree"
    )
    return named | frozenset(more.split())


@cache
def _results() -> dict[str, str]:
    from migrasafe.sql.builtin.results import RESULTS

    found: dict[str, str] = {}
    current = ""
    for line in RESULTS.splitlines():
        if ":" in line and not line.startswith(" "):
            current, _, line = line.partition(":")
        for name in line.split():
            found[name] = current
    return found


@cache
def builtin_outputs() -> dict[str, tuple[str, ...]]:
    """The columns of PostgreSQL's functions that give several."""
    from migrasafe.sql.builtin.results import OUTPUTS

    lines = OUTPUTS.strip().replace("\n  ", " ").splitlines()
    return {name: tuple(columns.split()) for name, _, columns in (line.partition(":") for line in lines)}


def builtin_result(name: str) -> TypeName | None:
    """The type that a function of PostgreSQL gives, if it always gives the same."""
    result = _results().get(name)
    if result is None:
        return None
    return TypeName(name=result[1:], array=True) if result.startswith("_") else TypeName(name=result)


def written_type(ctx: Context, node: Fields, offset: int | None = None) -> TypeName:
    """The type that a cast or column definition names; the use of a user-defined one is noted."""
    written = type_name(node)
    at = node.get("location", 0) if offset is None else offset
    if written.column_of or (written.schema is None and written.name in builtin_types()):
        return written
    ref = ctx.schema.resolve_type(written.schema, written.name)
    if ctx.schema.types.get(ref) is not None:
        ctx.use(Action.DEPENDS, ObjectKind.TYPE, ref, offset=at)
        return replace(written, schema=ref.schema)
    found = ctx.relation(written.schema, written.name)
    if found.relation is not None:
        ctx.use(Action.DEPENDS, ObjectKind.TYPE, found.ref, offset=at)
        return replace(written, schema=found.ref.schema)
    if written.schema not in ("pg_catalog", "information_schema"):
        message = f'type "{written.name}" does not exist'
        ctx.use(Action.DEPENDS, ObjectKind.TYPE, ref, offset=at, certainty=Certainty.UNKNOWN, note=message)
        if ref in ctx.ever.types:
            ctx.problem("42704", message, at, ref=ref)
    return written


def element(of: TypeName | None) -> TypeName | None:
    """The type of an array's elements."""
    return replace(of, array=False, modifiers=()) if of is not None and of.array else None


def array_of(one: TypeName | None) -> TypeName | None:
    return replace(one, array=True, setof=False) if one is not None and not one.array else None


def arithmetic(left: TypeName | None, right: TypeName | None) -> TypeName | None:
    """The type of `left + right` for numbers; else None."""
    if left is None or right is None or left.array or right.array:
        return None
    if left.name in _NUMBERS and right.name in _NUMBERS:
        return max(left, right, key=lambda one: _NUMBERS.index(one.name))
    return None


def enum_labels(ctx: Context, of: TypeName | None) -> EnumType | None:
    if of is None or of.array:
        return None
    found = ctx.schema.types.get(ctx.schema.resolve_type(of.schema, of.name))
    return found if isinstance(found, EnumType) else None
