"""Two schemas, and what differs between them, in words.

Not compared: when things were made, owners, row counts, the order of columns, and what expressions and queries say (a
server spells them in its own way), only whether they are there and what they read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from migrasafe.schema.compared_facts import (
    Facts,
    Unknown,
    column_facts,
    composite_facts,
    constraint_facts,
    domain_facts,
    function_facts,
    index_facts,
    policy_facts,
    sequence_facts,
    table_facts,
    trigger_facts,
    view_facts,
)
from migrasafe.schema.model import (
    ColumnRef,
    Composite,
    Constraint,
    Domain,
    EnumType,
    Function,
    Index,
    OtherType,
    Ref,
    Relation,
    Schema,
    Sequence,
    Table,
    Type,
    View,
)
from migrasafe.sql.quote import spell_type
from migrasafe.sql.statements import ConstraintKind, TypeName

_ALWAYS_THERE = frozenset({"plpgsql"})
"""Extensions of every new database."""

K = TypeVar("K")
V = TypeVar("V")


def differences(here: Schema, there: Schema) -> tuple[str, ...]:
    """What differs, such as `public.orders.note: type varchar(50) here, text there`; empty where nothing does."""
    found: list[str] = []
    found.extend(_missing("schema", set(here.schemas) - {"public"}, set(there.schemas) - {"public"}))
    found.extend(_by_name(dict(here.relations.items()), dict(there.relations.items()), _relation))
    found.extend(_by_name(_own_types(here), _own_types(there), _type))
    found.extend(_by_name(_overloads(here), _overloads(there), _function))
    found.extend(_missing("extension", set(here.extensions) - _ALWAYS_THERE, set(there.extensions) - _ALWAYS_THERE))
    found.extend(_publications(here, there))
    return tuple(found)


def _missing(what: str, here: Iterable[str], there: Iterable[str]) -> Iterator[str]:
    ours, theirs = set(here), set(there)
    for name in sorted(ours ^ theirs):
        yield f"{what} {name}: only {'here' if name in ours else 'there'}"


def _by_name(here: Mapping[K, V], there: Mapping[K, V], compare: Callable[[str, V, V], Iterator[str]]) -> Iterator[str]:
    for key in sorted({**here, **there}, key=str):
        one, other = here.get(key), there.get(key)
        if one is None or other is None:
            value = one if one is not None else other
            yield f"{key}: {_kind(value)} only {'here' if one is not None else 'there'}"
        else:
            yield from compare(str(key), one, other)


def _kind(value: object) -> str:
    kind = getattr(value, "kind", None)
    if isinstance(kind, str):
        return kind
    return str(kind.value) if kind is not None else type(value).__name__.lower()


def _facts(name: str, here: Facts, there: Facts) -> Iterator[str]:
    for what, one in here.items():
        other = there[what]
        if not _same(one, other):
            yield f"{name}: {what} {shown(one)} here, {shown(other)} there"


def _same(one: object, other: object) -> bool:
    if one is Unknown or other is Unknown:
        return True
    if isinstance(one, TypeName) and isinstance(other, TypeName):
        # A type of an extension has no schema where only the migrations were read.
        if None in (one.schema, other.schema):
            one, other = replace(one, schema=None), replace(other, schema=None)
        return spell_type(one) == spell_type(other)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return one == other


def shown(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case tuple() if not isinstance(value, (Ref, ColumnRef)):
            return "(" + ", ".join(shown(item) for item in value) + ")"
        case frozenset():
            return "{" + ", ".join(sorted(shown(item) for item in value)) + "}"
        case TypeName():
            return spell_type(value)
        case ColumnRef(relation, column):
            return f"{relation}.{column or '*'}"
        case _:
            return str(value)


# --- relations --------------------------------------------------------------------------------------------------------


def _relation(name: str, here: Relation, there: Relation) -> Iterator[str]:
    if isinstance(here, Table) and isinstance(there, Table):
        yield from _table(name, here, there)
    elif isinstance(here, View) and isinstance(there, View):
        yield from _facts(name, view_facts(here), view_facts(there))
    elif isinstance(here, Sequence) and isinstance(there, Sequence):
        yield from _facts(name, sequence_facts(here), sequence_facts(there))
    elif isinstance(here, Index) and isinstance(there, Index):
        yield from _facts(name, index_facts(here), index_facts(there))
    else:
        yield f"{name}: {_kind(here)} here, {_kind(there)} there"


def _table(name: str, here: Table, there: Table) -> Iterator[str]:
    yield from _facts(name, table_facts(here), table_facts(there))
    parts: tuple[tuple[str, Callable[[Table], Iterable[Any]], Callable[[Any], Facts]], ...] = (
        ("column", lambda table: table.columns, column_facts),
        ("constraint", _compared_constraints, constraint_facts),
        ("trigger", lambda table: table.triggers, trigger_facts),
        ("policy", lambda table: table.policies, policy_facts),
    )
    for what, of_table, facts in parts:
        ours = {part.name: part for part in of_table(here)}
        theirs = {part.name: part for part in of_table(there)}
        for part in sorted({**ours, **theirs}):
            shown = f"{name}.{part}" if what == "column" else f"{name}, {what} {part}"
            if part not in ours or part not in theirs:
                yield f"{shown}: only {'here' if part in ours else 'there'}"
            else:
                yield from _facts(shown, facts(ours[part]), facts(theirs[part]))


def _compared_constraints(table: Table) -> Iterator[Constraint]:
    # Whether a column is NOT NULL is compared with the column; servers before 18 have no constraint for it.
    return (c for c in table.constraints if c.kind is not ConstraintKind.NOT_NULL)


# --- types, functions, publications -----------------------------------------------------------------------------------


def _own_types(schema: Schema) -> dict[Ref, Type]:
    """Without what came with extensions: only a server knows of that."""
    return {
        ref: item
        for ref, item in schema.types.items()
        if not (isinstance(item, OtherType) and item.kind == "extension")
    }


def _type(name: str, here: Type, there: Type) -> Iterator[str]:
    if type(here) is not type(there):
        yield f"{name}: {_kind(here)} here, {_kind(there)} there"
    elif isinstance(here, EnumType) and isinstance(there, EnumType):
        yield from _facts(name, {"labels": here.labels}, {"labels": there.labels})
    elif isinstance(here, Domain) and isinstance(there, Domain):
        yield from _facts(name, domain_facts(here), domain_facts(there))
    elif isinstance(here, Composite) and isinstance(there, Composite):
        yield from _facts(name, composite_facts(here), composite_facts(there))


def _overloads(schema: Schema) -> dict[str, Function]:
    """Every overload under its name and the types that tell it apart."""
    found = {}
    for ref, overloads in schema.functions.items():
        for function in overloads:
            inputs = (a.type for a in function.arguments if a.is_input)
            found[f"{ref}({', '.join(spell_type(_bare(one)) for one in inputs)})"] = function
    return found


def _bare(type_name: TypeName) -> TypeName:
    """Without modifiers, which a function's arguments do not keep."""
    return TypeName(schema=type_name.schema, name=type_name.name, array=type_name.array)


def _function(name: str, here: Function, there: Function) -> Iterator[str]:
    yield from _facts(name, function_facts(here), function_facts(there))


def _publications(here: Schema, there: Schema) -> Iterator[str]:
    ours, theirs = dict(here.publications.items()), dict(there.publications.items())
    yield from _missing("publication", ours, theirs)
    for name in sorted(ours.keys() & theirs.keys()):
        for what in ("all_tables", "tables", "schemas", "changes", "parts"):
            one, other = getattr(ours[name], what), getattr(theirs[name], what)
            if (frozenset(one) != frozenset(other)) if isinstance(one, tuple) else one != other:
                yield f"publication {name}: {what} {shown(one)} here, {shown(other)} there"
