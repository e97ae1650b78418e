"""A table as another database gets it: with what belongs to it alone, under the names that it has."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from migrasafe.plan.carry_over.constraint_comments import comment_again
from migrasafe.plan.carry_over.extended_statistics import statistics_on
from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.plan.objects.sequences import sequence_of
from migrasafe.plan.table_swap.belongings import given, owned_sequences
from migrasafe.schema.attached import Beside
from migrasafe.schema.definitions import constraint_body, create_index, name_of, settings, type_of
from migrasafe.schema.model import Column, Composite, Domain, EnumType, Ref, Sequence, Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident, quote_literal, spell_type
from migrasafe.sql.statements import ConstraintKind, Persistence, TypeName

_KEYS = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)


def statements(ground: Ground, table: Table) -> Iterator[str]:
    """What makes it, empty. Raises NoPlanError for what cannot be written from what is known."""
    yield from _schemas(table)
    yield from _sequences(ground, table)
    yield _create(ground, table)
    for sequence, column in owned_sequences(ground.schema, table):
        yield f"ALTER SEQUENCE {name_of(sequence)} OWNED BY {name_of(table.ref)}.{quote_ident(column)}"
    yield from _keys(ground, table)
    yield from _indexes(ground, table)
    beside = (ground.beside or {}).get(table.ref, Beside())
    for one in beside.statistics:
        yield statistics_on(one, table.ref, Ref(one.schema, one.name))
        if one.target is not None:
            yield f"ALTER STATISTICS {name_of(Ref(one.schema, one.name))} SET STATISTICS {one.target}"
    # Foreign keys stay behind: what they refer to is in the other database.
    alone = replace(
        table, constraints=tuple(one for one in table.constraints if one.kind is not ConstraintKind.FOREIGN_KEY)
    )
    yield from given(ground, alone, table.ref)
    if table.replica_identity == "index" and beside.identity_index is not None:
        yield f"ALTER TABLE {name_of(table.ref)} REPLICA IDENTITY USING INDEX {quote_ident(beside.identity_index)}"


def types_of(ground: Ground, table: Table) -> tuple[tuple[Ref, str], ...]:
    """The user's types of its columns, each with the statement that makes it; what they are built on comes before."""
    found: dict[Ref, str] = {}
    for column in table.columns:
        if column.type is not None:
            _find_type(ground, column.type, found)
    return tuple(found.items())


def _find_type(ground: Ground, type: TypeName, found: dict[Ref, str]) -> None:
    ref = ground.schema.resolve_type(type.schema, type.name)
    known = ground.schema.types.get(ref)
    if known is None or ref in found:
        return
    match known:
        case EnumType():
            found[ref] = f"CREATE TYPE {name_of(ref)} AS ENUM ({', '.join(map(quote_literal, known.labels))})"
        case Domain():
            _find_type(ground, known.type, found)
            words = [f"CREATE DOMAIN {name_of(ref)} AS {spell_type(known.type)}"]
            words += [f"DEFAULT {deparse_expression(known.default)}"] if known.default is not None else []
            words += ["NOT NULL"] if known.not_null else []
            words += [f"CONSTRAINT {quote_ident(one.name)} {constraint_body(one)}" for one in known.constraints]
            found[ref] = " ".join(words)
        case Composite():
            for attribute in known.attributes:
                if attribute.type is not None:
                    _find_type(ground, attribute.type, found)
            listed = ", ".join(f"{quote_ident(one.name)} {type_of(one)}" for one in known.attributes)
            found[ref] = f"CREATE TYPE {name_of(ref)} AS ({listed})"
        case _:  # of an extension, or a range: it has to be there, as the plan says
            return


def _schemas(table: Table) -> Iterator[str]:
    if table.ref.schema != "public":
        yield f"CREATE SCHEMA IF NOT EXISTS {quote_ident(table.ref.schema)}"


def _sequences(ground: Ground, table: Table) -> Iterator[str]:
    for ref, _ in owned_sequences(ground.schema, table):
        sequence = ground.schema.relation(ref)
        assert isinstance(sequence, Sequence)  # which it was found as
        of_type = f" AS {spell_type(sequence.type)}" if sequence.type is not None else ""
        yield f"CREATE SEQUENCE {name_of(ref)}{of_type}"


def _create(ground: Ground, table: Table) -> str:
    lines = [_column(ground, table, one) for one in table.columns]
    lines += [
        f"CONSTRAINT {quote_ident(one.name)} {constraint_body(one)}"
        for one in table.constraints
        if one.kind is ConstraintKind.CHECK
    ]
    unlogged = "UNLOGGED " if table.persistence is Persistence.UNLOGGED else ""
    options = settings(table.options)
    body = ",\n  ".join(lines)
    return f"CREATE {unlogged}TABLE {name_of(table.ref)} (\n  {body}\n)" + (f" WITH ({options})" if options else "")


def _column(ground: Ground, table: Table, column: Column) -> str:
    words = [quote_ident(column.name), type_of(column)]
    if column.collation is not None:
        words.append(f"COLLATE {quote_ident(column.collation)}")
    if column.generated is not None:
        stored = "STORED" if column.generated_stored else "VIRTUAL"
        words.append(f"GENERATED ALWAYS AS ({deparse_expression(column.generated)}) {stored}")
    elif column.identity is not None:
        beside = (ground.beside or {}).get(table.ref, Beside())
        options = dict(beside.identity_options).get(column.name) or " ".join(column.identity.options)
        words.append(f"GENERATED {'ALWAYS' if column.identity.always else 'BY DEFAULT'} AS IDENTITY")
        numbers = sequence_of(ground.schema, table.ref, column.name)
        named = [f"SEQUENCE NAME {name_of(numbers.ref)}"] if numbers is not None else []
        said = " ".join([*named, *([options] if options and "SEQUENCE NAME" not in options else [])])
        words += [f"({said})"] if said else []
    elif column.default is not None:
        words.append(f"DEFAULT {deparse_expression(column.default)}")
    if column.not_null:
        words.append("NOT NULL")
    return " ".join(words)


def _keys(ground: Ground, table: Table) -> Iterator[str]:
    for one in table.constraints:
        if one.kind not in _KEYS:
            continue
        yield f"ALTER TABLE {name_of(table.ref)} ADD CONSTRAINT {quote_ident(one.name)} {constraint_body(one)}"
        yield from comment_again((ground.beside or {}).get(table.ref), table.ref, one.name)


def _indexes(ground: Ground, table: Table) -> Iterator[str]:
    beside = (ground.beside or {}).get(table.ref, Beside())
    for index in ground.schema.indexes_of(table):
        if index.constraint is None:
            # Nobody reads the table yet: there is no need for CONCURRENTLY, which a transaction does not allow.
            yield create_index(index).replace(" CONCURRENTLY", "", 1)
    for name, said in beside.index_comments:
        yield f"COMMENT ON INDEX {name_of(Ref(table.ref.schema, name))} IS {quote_literal(said)}"


def refuse_unwritten(ground: Ground, table: Table) -> None:
    """Raise NoPlanError for what of a table cannot be made in another database from what is known here."""
    for one in table.constraints:
        if one.kind is ConstraintKind.EXCLUDE:
            raise NoPlanError(
                f"{table.ref} has the exclusion constraint {one.name}, which is not carried to another database: drop it before,"
                " and add it there when the plan is over"
            )
        if one.kind is ConstraintKind.CHECK and not one.valid:
            raise NoPlanError(f"{one.name} of {table.ref} is NOT VALID: VALIDATE it before, or rows could not be sent")
