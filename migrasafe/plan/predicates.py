"""Questions to the catalog, as boolean SQL expressions: what each step leaves behind, and how to see it.

Nothing here is qualified: pg_catalog comes first on every search path that does not say otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import WHOEVER_RUNS, quote_literal


def relation(ref: Ref) -> str:
    """The oid of a relation as an expression, null where there is none."""
    return f"to_regclass({quote_literal(name_of(ref))})"


def role(name: str) -> str:
    """The oid of a role as an expression; `public` is everybody, whom the lists of privileges have as 0."""
    if name == "public":
        return "0"
    said = name if name in WHOEVER_RUNS else quote_literal(name)
    return f"(SELECT oid FROM pg_roles WHERE rolname = {said})"


def type_of(ref: Ref) -> str:
    """The oid of a type or domain as an expression, null where there is none."""
    return f"to_regtype({quote_literal(name_of(ref))})"


def type_exists(ref: Ref) -> str:
    return f"({type_of(ref)} IS NOT NULL)"


def relation_exists(ref: Ref, kinds: str = "rp") -> str:
    """A table (or, by its kind, a view: `v`) of that name."""
    listed = ", ".join(quote_literal(kind) for kind in kinds)
    return f"EXISTS (SELECT FROM pg_class WHERE oid = {relation(ref)} AND relkind IN ({listed}))"


def column_exists(table: Ref, column: str) -> str:
    return _column(table, column, "")


def columns_are(relation_ref: Ref, columns: Sequence[str]) -> str:
    """Whether a table or view has these columns, in this order, and no others."""
    listed = ", ".join(map(quote_literal, columns))
    return (
        f"(SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute WHERE attrelid = {relation(relation_ref)}"
        f" AND attnum > 0 AND NOT attisdropped) = ARRAY[{listed}]"
    )


def relation_says(ref: Ref, comment: str) -> str:
    """A relation with this comment."""
    return f"coalesce(obj_description({relation(ref)}, 'pg_class') = {quote_literal(comment)}, false)"


def columns_are_gone(table: Ref, *columns: str) -> str:
    listed = ", ".join(map(quote_literal, columns))
    return (
        f"NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = {relation(table)}"
        f" AND attname IN ({listed}) AND NOT attisdropped)"
    )


def column_is_not_null(table: Ref, column: str) -> str:
    return _column(table, column, " AND attnotnull")


def column_has_default(table: Ref, column: str) -> str:
    return _column(table, column, " AND atthasdef")


def column_with(table: Ref, column: str, condition: str) -> str:
    """A column of which the condition holds, over pg_attribute."""
    return _column(table, column, f" AND {condition}")


def column_says(table: Ref, column: str, comment: str) -> str:
    """A column with this comment."""
    said = f"col_description({relation(table)}, {column_number(table, column)})"
    return f"coalesce({said} = {quote_literal(comment)}, false)"


def column_number(table: Ref, column: str) -> str:
    """The number of a column as an expression, null where there is none."""
    return (
        f"(SELECT attnum FROM pg_attribute WHERE attrelid = {relation(table)} AND attname = {quote_literal(column)}"
        " AND NOT attisdropped)"
    )


def column_has_type(table: Ref, column: str, formatted: str) -> str:
    return _column(table, column, f" AND format_type(atttypid, atttypmod) = {quote_literal(formatted)}")


def column_has_collation(table: Ref, column: str, collation: str) -> str:
    """A column that is sorted by a collation of this name; `default` is that of the database."""
    named = f"(SELECT collname FROM pg_collation WHERE pg_collation.oid = attcollation) = {quote_literal(collation)}"
    return _column(table, column, f" AND {named}")


def default_is(table: Ref, column: str, default: str | None) -> str:
    """Whether the default says this."""
    if default is None:
        return f"({column_exists(table, column)} AND NOT {column_has_default(table, column)})"
    return (
        "EXISTS (SELECT FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum"
        f" WHERE d.adrelid = {relation(table)} AND a.attname = {quote_literal(column)}"
        f" AND {says_the_same('pg_get_expr(d.adbin, d.adrelid)', default)})"
    )


_NAME = '("[^"]+"|[a-z_0-9]+)'
_CAST = (
    "::(character varying|bit varying|double precision|time(stamp)?([(][0-9][)])? with(out)? time zone"
    f"|{_NAME}([.]{_NAME})?)([(][0-9,]+[)])?([[][]])*"
)


def says_the_same(kept: str, written: str) -> str:
    """Whether an expression as the server keeps it is the one that was written: the server writes types behind constants,
    quotes round numbers below zero, and brackets round the whole."""

    def bare(text: str) -> str:
        without_casts = f"regexp_replace({text}, {quote_literal(_CAST)}, '', 'g')"
        return f"btrim(regexp_replace({without_casts}, '''(-?[0-9.]+)''', E'\\\\1', 'g'), '()')"

    return f"{bare(kept)} = {bare(quote_literal(written))}"


def _column(table: Ref, column: str, more: str) -> str:
    return (
        f"EXISTS (SELECT FROM pg_attribute WHERE attrelid = {relation(table)}"
        f" AND attname = {quote_literal(column)} AND NOT attisdropped{more})"
    )


def trigger_exists(table: Ref, trigger: str) -> str:
    return f"EXISTS (SELECT FROM pg_trigger WHERE tgrelid = {relation(table)} AND tgname = {quote_literal(trigger)})"


def constraint_exists(table: Ref, constraint: str) -> str:
    return _constraint(table, constraint, "")


def constraint_is_valid(table: Ref, constraint: str) -> str:
    return _constraint(table, constraint, " AND convalidated")


def constraint_with(table: Ref, constraint: str, condition: str) -> str:
    """A constraint of which the condition holds, over pg_constraint."""
    return _constraint(table, constraint, f" AND {condition}")


def constraint_says(table: Ref, constraint: str, comment: str) -> str:
    """A constraint with this comment."""
    return _constraint(table, constraint, f" AND obj_description(oid, 'pg_constraint') = {quote_literal(comment)}")


def constraint_is_over(table: Ref, constraint: str, columns: Sequence[str]) -> str:
    """A constraint over these columns, in this order."""
    listed = ", ".join(map(quote_literal, columns))
    return _constraint(
        table,
        constraint,
        " AND ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS k (num, place)"
        " JOIN pg_attribute ON attrelid = conrelid AND attnum = num ORDER BY place)"
        f" = ARRAY[{listed}]",
    )


def _constraint(table: Ref, constraint: str, more: str) -> str:
    return (
        f"EXISTS (SELECT FROM pg_constraint WHERE conrelid = {relation(table)}"
        f" AND conname = {quote_literal(constraint)}{more})"
    )


def domain_constraint_exists(domain: Ref, constraint: str, more: str = "") -> str:
    return (
        f"EXISTS (SELECT FROM pg_constraint WHERE contypid = {type_of(domain)}"
        f" AND conname = {quote_literal(constraint)}{more})"
    )


def index_is_valid(index: Ref) -> str:
    return _index(index, "indisvalid")


def index_is_invalid(index: Ref) -> str:
    return _index(index, "NOT indisvalid")


def index_says(index: Ref, comment: str) -> str:
    """An index with this comment."""
    return _index(index, f"obj_description(indexrelid, 'pg_class') = {quote_literal(comment)}")


def _index(index: Ref, condition: str) -> str:
    return f"EXISTS (SELECT FROM pg_index WHERE indexrelid = {relation(index)} AND {condition})"


def statistics_exist(ref: Ref) -> str:
    """Whether extended statistics of this name exist."""
    return (
        "EXISTS (SELECT FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace"
        f" WHERE n.nspname = {quote_literal(ref.schema)} AND s.stxname = {quote_literal(ref.name)})"
    )


def not_(predicate: str) -> str:
    return f"NOT {predicate}"


def all_of(*predicates: str) -> str:
    return " AND ".join(predicates)
