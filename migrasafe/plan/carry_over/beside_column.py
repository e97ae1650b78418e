"""What is kept beside a column, given to the one that takes its place."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan import predicates
from migrasafe.plan.model import Step
from migrasafe.schema.attached import Attached
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident, quote_literal, quote_role


def give_along(table: Ref, column: str, attached: Attached) -> Step:
    """The same comment, privileges, statistics target, storage and options for `column`. It goes with the column."""
    told = list(_statements(table, column, attached))
    return Step(
        title=f"Give {column} what is kept beside the old column",
        statements=tuple(statement for statement, _ in told),
        done=predicates.all_of(*(done for _, done in told)),
        stays=f"what {column} was given, until it goes itself",
    )


def is_something(attached: Attached | None) -> bool:
    return attached is not None and attached != Attached()


def _statements(table: Ref, column: str, attached: Attached) -> Iterator[tuple[str, str]]:
    """Each statement, with the question whether it has been done."""
    name, quoted = name_of(table), quote_ident(column)
    alter = f"ALTER TABLE {name} ALTER COLUMN {quoted}"
    if attached.comment is not None:
        comment = quote_literal(attached.comment)
        said = f"col_description({predicates.relation(table)}, {predicates.column_number(table, column)})"
        yield f"COMMENT ON COLUMN {name}.{quoted} IS {comment}", f"{said} IS NOT DISTINCT FROM {comment}"
    if attached.statistics is not None:
        done = predicates.column_with(table, column, f"attstattarget = {attached.statistics}")
        yield f"{alter} SET STATISTICS {attached.statistics}", done
    if attached.storage is not None:
        letter = {"plain": "p", "external": "e", "extended": "x", "main": "m"}[attached.storage]
        done = predicates.column_with(table, column, f"attstorage = {quote_literal(letter)}")
        yield f"{alter} SET STORAGE {attached.storage.upper()}", done
    if attached.compression is not None:
        done = predicates.column_with(table, column, f"attcompression = {quote_literal(attached.compression[0])}")
        yield f"{alter} SET COMPRESSION {attached.compression}", done
    if attached.options:
        listed = ", ".join(f"{quote_ident(key)} = {value}" for key, value in attached.options)
        kept = ", ".join(quote_literal(f"{key}={value}") for key, value in attached.options)
        yield f"{alter} SET ({listed})", predicates.column_with(table, column, f"attoptions @> ARRAY[{kept}]")
    for grant in attached.grants:
        option = " WITH GRANT OPTION" if grant.grantable else ""
        right = quote_literal(grant.privilege + (" with grant option" if grant.grantable else ""))
        done = (
            predicates.column_exists(table, column)
            + f" AND has_column_privilege({quote_literal(grant.role)}, {predicates.relation(table)},"
            f" {quote_literal(column)}, {right})"
        )
        yield f"GRANT {grant.privilege.upper()} ({quoted}) ON {name} TO {quote_role(grant.role)}{option}", done
