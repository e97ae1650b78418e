"""What changes for a query that the server takes on both sides of a migration: types that hold less, values that readers
do not expect, results of another shape."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.app.judge.constants import fits
from migrasafe.app.judge.values_refused import lost_without_a_word, refusal
from migrasafe.app.model import Query
from migrasafe.app.resolve import Resolution
from migrasafe.app.resolve.context import base_type
from migrasafe.app.resolve.conversions import NUMBERS
from migrasafe.app.usage import SourceLocation
from migrasafe.app.verdict import Weight
from migrasafe.articles import with_article
from migrasafe.schema.model import EnumType, Ref, Schema
from migrasafe.sql.quote import spell_type
from migrasafe.sql.statements import TypeName


class Difference(Struct, frozen=True, kw_only=True):
    """Something that a query, or the one who reads its rows, meets after a migration and not before."""

    weight: Weight
    message: str
    offset: int = 0
    location: SourceLocation | None = None
    """Where it is not the query's."""
    sqlstate: str = ""
    object: Ref | None = None
    name: str | None = None
    help: str = ""


def differences(
    query: Query, before: Resolution, after: Resolution, schema_before: Schema, schema_after: Schema
) -> Iterator[Difference]:
    """All of them, for one query that resolves on both schemas."""
    yield from _narrowed(before, schema_before, schema_after)
    yield from _passed(before, schema_before, schema_after)
    yield from _lost_defaults(before, schema_before, schema_after)
    yield from _results(query, before, after)
    yield from _expectations(query, schema_before, schema_after)


# --- what it writes ---------------------------------------------------------------------------------------------------


def _narrowed(before: Resolution, schema_before: Schema, schema_after: Schema) -> Iterator[Difference]:
    for written in before.writes:
        old, new = (
            base_type(schema, _type(schema, written.relation, written.column))
            for schema in (schema_before, schema_after)
        )
        fit = fits(written.value, new) if written.value and new is not None else None
        if old is None or new is None or old == new or fit:
            continue
        said = _refused(old, new, schema_after, too_large=fit is False) or _cut_short(old, new)
        if said is not None:
            weight, message, sqlstate = said
            yield Difference(
                weight=weight,
                message=message,
                sqlstate=sqlstate,
                offset=written.offset,
                object=written.relation,
                name=written.column,
            )


def _refused(old: TypeName, new: TypeName, schema: Schema, *, too_large: bool) -> tuple[Weight, str, str] | None:
    sqlstate = refusal(old, new)
    if sqlstate is None:
        return None
    if too_large:
        return Weight.FAILS, *_too_large(new)
    if not sqlstate and isinstance(schema.types.get(schema.resolve_type(new.schema, new.name)), EnumType):
        sqlstate = "22P02"
    return Weight.MAY_FAIL, f"a value of {spell_type(old)} may not fit into type {spell_type(new)}", sqlstate


def _too_large(new: TypeName) -> tuple[str, str]:
    """What PostgreSQL says of a constant that a type has no room for."""
    if new.name in ("varchar", "bpchar"):
        word = "character varying" if new.name == "varchar" else "character"
        return f"value too long for type {word}({new.modifiers[0] if new.modifiers else 1})", "22001"
    return "numeric field overflow" if new.name == "numeric" else f"{spell_type(new)} out of range", "22003"


def _cut_short(old: TypeName, new: TypeName) -> tuple[Weight, str, str] | None:
    lost = lost_without_a_word(old, new)
    return (
        None
        if lost is None
        else (Weight.RISK, f"{lost} of a value of {spell_type(old)} is lost in type {spell_type(new)}", "")
    )


def _passed(before: Resolution, schema_before: Schema, schema_after: Schema) -> Iterator[Difference]:
    """Columns of another type that go into a function or a cast, of which only the server knows whether it takes them."""
    for passed in before.passed:
        ref, name = passed.column.relation, passed.column.column or ""
        old, new = (_type(schema, ref, name) for schema in (schema_before, schema_after))
        if old is None or new is None or old == new or is_same_kind(old, new):
            continue
        yield Difference(
            weight=Weight.MAY_FAIL,
            message=f"{passed.to} is given {with_article(spell_type(new))}, which may be refused; it was "
            f"{with_article(spell_type(old))}",
            offset=passed.offset,
            object=ref,
            name=name,
        )


def is_same_kind(old: TypeName, new: TypeName) -> bool:
    """Whether what takes one type takes the other."""
    texts = ("text", "varchar", "bpchar", "citext")
    if old.array != new.array:
        return False
    return (
        old.name == new.name
        or all(one.name in texts for one in (old, new))
        or (all(one.name in NUMBERS for one in (old, new)) and refusal(old, new) is None)
    )


def _type(schema: Schema, ref: Ref, name: str) -> TypeName | None:
    table = schema.table(ref)
    column = table.column(name) if table is not None else None
    return column.type if column is not None else None


def _lost_defaults(before: Resolution, schema_before: Schema, schema_after: Schema) -> Iterator[Difference]:
    """A nullable column that an INSERT leaves out, and that the schema no longer fills."""
    for insertion in before.insertions:
        old, new = schema_before.table(insertion.relation), schema_after.table(insertion.relation)
        for column in old.columns if old is not None and new is not None else ():
            now = new.column(column.name) if new is not None else None
            if column.default is None or now is None or now.default is not None or now.not_null:
                continue
            if column.name not in insertion.columns and now.identity is None and now.generated is None:
                yield Difference(
                    weight=Weight.RISK,
                    message=f'column "{column.name}" has no default any more: new rows get NULL there',
                    offset=insertion.offset,
                    object=insertion.relation,
                    name=column.name,
                )


# --- what it shows ----------------------------------------------------------------------------------------------------


def _results(query: Query, before: Resolution, after: Resolution) -> Iterator[Difference]:
    if before.outputs is None or after.outputs is None or before.outputs == after.outputs:
        return
    shapes = [[(one.name, one.type) for one in outputs] for outputs in (before.outputs, after.outputs)]
    if shapes[0] == shapes[1] or query.prepared is False:
        return
    gone = [one.name for one in before.outputs if one.name not in {other.name for other in after.outputs}]
    made = [one.name for one in after.outputs if one.name not in {other.name for other in before.outputs}]
    what = [f"no longer has {', '.join(gone)}"] if gone else []
    what += [f"now also has {', '.join(made)}"] if made else []
    help_ = "sessions that have it prepared fail once" if query.prepared else "where the driver keeps it prepared"
    yield Difference(
        weight=Weight.RISK,
        message="cached plan must not change result type",
        sqlstate="0A000",
        help=f"{help_}; the result {' and '.join(what) or 'has columns of other types'}",
    )


def _expectations(query: Query, schema_before: Schema, schema_after: Schema) -> Iterator[Difference]:
    """What a typed reader takes for granted, and that held until now."""
    for expected in query.expects:
        ref = schema_before.resolve(expected.schema, expected.table)
        old, new = schema_before.table(ref), schema_after.table(schema_after.resolve(expected.schema, expected.table))
        was = old.column(expected.column) if old is not None else None
        now = new.column(expected.column) if new is not None else None
        if was is None or now is None:
            continue
        shown = f"{ref.name}.{expected.column}"
        if expected.not_null and was.not_null and not now.not_null:
            yield Difference(
                weight=Weight.MAY_FAIL if expected.null_fails else Weight.RISK,
                message=f"{shown} can be NULL now, which its reader does not expect",
                location=expected.location,
                object=ref,
                name=expected.column,
            )
        if expected.labels is not None:
            new_labels = set(_labels(schema_after, now.type)) - set(_labels(schema_before, was.type))
            for label in sorted(new_labels - set(expected.labels)):
                yield Difference(
                    weight=Weight.MAY_FAIL,
                    message=f'{shown} can be "{label}" now, which its reader does not know',
                    location=expected.location,
                    object=_type_of(schema_after, now.type),
                    name=label,
                )
        if expected.type is not None and was.type != now.type:
            yield Difference(
                weight=Weight.MAY_FAIL,
                message=f"{shown} is {spell_type(now.type) if now.type else 'of another type'} now; its reader expects "
                f"{expected.type}",
                location=expected.location,
                object=ref,
                name=expected.column,
            )


def _type_of(schema: Schema, of: TypeName | None) -> Ref | None:
    return schema.resolve_type(of.schema, of.name) if of is not None else None


def _labels(schema: Schema, of: TypeName | None) -> tuple[str, ...]:
    if of is None:
        return ()
    found = schema.types.get(schema.resolve_type(of.schema, of.name))
    return found.labels if isinstance(found, EnumType) else ()
