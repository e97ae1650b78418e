"""What stands on a table's columns, as the SQL that would make it: indexes and constraints out of the schema."""

from __future__ import annotations

from collections.abc import Iterable

from migrasafe.regex import regex
from migrasafe.schema.evolve.generated_names import MOST_BYTES, clipped, first_free, joined_columns
from migrasafe.schema.model import Column, Constraint, Index, Ref, Schema
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident, quote_literal, quote_name, spell_type
from migrasafe.sql.statements import ConstraintDef, ConstraintKind, IndexElement, Name, TypeName

_PLAIN = regex(r"[A-Za-z0-9_.]+\Z")


def name_of(ref: Ref) -> str:
    """`public.users`, quoted where it must be."""
    return quote_name(Name(ref.schema, ref.name))


def with_suffix(name: str, suffix: str) -> str:
    """`name` with something behind it that is never cut off. Where the name has to be, a sum of all of it keeps two names
    apart that differ in what was cut."""
    room = MOST_BYTES - len(suffix.encode("utf-8"))
    if len(name.encode("utf-8")) <= room:
        return name + suffix
    from zlib import crc32  # here, because few names are that long

    apart = f"_{crc32(name.encode('utf-8')):08x}"
    return clipped(name, room - len(apart)) + apart + suffix


def free_name(schema: Schema, table: Ref, columns: Iterable[str], label: str) -> Ref:
    """What PostgreSQL would call a new index or sequence of a table: a name that nothing has yet."""

    def is_taken(name: str) -> bool:
        return Ref(table.schema, name) in schema.relations

    return Ref(table.schema, first_free(table.name, joined_columns(columns) or None, label, is_taken))


def names(columns: Iterable[str]) -> str:
    return ", ".join(map(quote_ident, columns))


def type_of(column: Column) -> str:
    """The type of a column as SQL. Raises ValueError where it is not known."""
    if column.type is None:
        raise ValueError(f"the type of column {column.name} is not known")
    return spell_type(column.type)


def create_index(index: Index) -> str:
    """CREATE INDEX CONCURRENTLY for an index of the schema."""
    words = ["CREATE", *(["UNIQUE"] if index.unique else []), "INDEX", "CONCURRENTLY"]
    words += [quote_ident(index.ref.name), "ON", name_of(index.table)]
    if index.method != "btree":
        words += ["USING", quote_ident(index.method)]
    words.append(f"({index_elements(index)})")
    if index.include:
        words.append(f"INCLUDE ({names(index.include)})")
    if index.nulls_not_distinct:
        words.append("NULLS NOT DISTINCT")
    if index.options:
        words.append(f"WITH ({settings(index.options)})")
    if index.tablespace:
        words.append(f"TABLESPACE {quote_ident(index.tablespace)}")
    if index.predicate is not None:
        words.append(f"WHERE {deparse_expression(index.predicate)}")
    return " ".join(words)


def settings(options: Iterable[tuple[str, str]]) -> str:
    """What is between the parentheses of WITH."""
    return ", ".join(f"{key} = {value if _PLAIN.match(value) else quote_literal(value)}" for key, value in options)


def index_elements(index: Index) -> str:
    """What is between the parentheses of CREATE INDEX."""
    return ", ".join(map(_element, index.elements))


def _element(element: IndexElement) -> str:
    if element.column is not None:
        words = [quote_ident(element.column)]
    else:
        assert element.expression is not None  # an element is one or the other
        words = [f"({deparse_expression(element.expression)})"]
    if element.collation is not None:
        words.append(f"COLLATE {quote_name(element.collation)}")
    if element.opclass:
        words.append(quote_ident(element.opclass))
    if element.opclass_options:
        words.append(f"({settings(element.opclass_options)})")
    if element.descending:
        words.append("DESC")
    if element.nulls_first is not None:
        words.append("NULLS FIRST" if element.nulls_first else "NULLS LAST")
    return " ".join(words)


def constraint_body(constraint: Constraint) -> str:
    """What follows ADD CONSTRAINT name, without NOT VALID. Raises ValueError for what cannot be written from the schema."""
    match constraint.kind:
        case ConstraintKind.CHECK if constraint.expression is not None:
            words = [f"CHECK ({deparse_expression(constraint.expression)})"]
            if constraint.no_inherit:
                words.append("NO INHERIT")
        case ConstraintKind.FOREIGN_KEY if constraint.target is not None:
            period = constraint.without_overlaps
            words = [f"FOREIGN KEY ({_key(constraint.columns, period)}) REFERENCES {name_of(constraint.target)}"]
            if constraint.target_columns:
                words.append(f"({_key(constraint.target_columns, period)})")
            words += _actions(constraint)
        case ConstraintKind.UNIQUE | ConstraintKind.PRIMARY_KEY:
            words = [constraint.kind.value]
            words += ["NULLS NOT DISTINCT"] if constraint.nulls_not_distinct else []
            words.append(f"({names(constraint.columns)}{' WITHOUT OVERLAPS' if constraint.without_overlaps else ''})")
            words += [f"INCLUDE ({names(constraint.include)})"] if constraint.include else []
            words += stored(constraint)
        case kind:
            raise ValueError(
                f"the {kind.value} constraint {constraint.name} cannot be written from what is known of it"
            )
    return " ".join(words) + when_checked(constraint)


def stored(constraint: Constraint | ConstraintDef) -> list[str]:
    """How the index of a constraint is kept."""
    words = [f"WITH ({settings(constraint.options)})"] if constraint.options else []
    return words + ([f"USING INDEX TABLESPACE {quote_ident(constraint.tablespace)}"] if constraint.tablespace else [])


def _key(columns: tuple[str, ...], period: bool) -> str:  # noqa: FBT001 - it is said by its name where it is called
    """The columns of a foreign key, of which the last may be a range."""
    return f"{names(columns[:-1])}, PERIOD {quote_ident(columns[-1])}" if period else names(columns)


def when_checked(constraint: Constraint | ConstraintDef) -> str:
    """What follows a constraint that is not checked after each statement."""
    if not constraint.deferrable:
        return ""
    return " DEFERRABLE INITIALLY DEFERRED" if constraint.initially_deferred else " DEFERRABLE"


def _actions(constraint: Constraint) -> list[str]:
    references = constraint.references
    if references is None:
        return []
    words = ["MATCH FULL"] if references.match_full else []
    words += [f"ON DELETE {references.on_delete}"] if references.on_delete != "NO ACTION" else []
    words += [f"ON UPDATE {references.on_update}"] if references.on_update != "NO ACTION" else []
    return words


_LONG_NAMES = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "varchar": "character varying",
    "bpchar": "character",
    "varbit": "bit varying",
}
_WITH_ZONE_WORDS = {
    "timestamp": ("timestamp", " without time zone"),
    "timestamptz": ("timestamp", " with time zone"),
    "time": ("time", " without time zone"),
    "timetz": ("time", " with time zone"),
}


def formatted_type(type_name: TypeName) -> str:
    """The type as PostgreSQL's format_type() writes it: `character varying(20)`, `timestamp(3) without time zone`."""
    head, tail = _WITH_ZONE_WORDS.get(type_name.name, (_LONG_NAMES.get(type_name.name, ""), ""))
    if not head and (type_name.schema is not None or type_name.name in ("interval", "bit")):
        return spell_type(type_name)
    head = head or spell_type(TypeName(name=type_name.name))
    modifiers = f"({','.join(type_name.modifiers)})" if type_name.modifiers else ""
    return f"{head}{modifiers}{tail}{'[]' if type_name.array else ''}"
