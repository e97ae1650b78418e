"""Queries that an app of this schema may ask of its views: they read them, and write through those that can be written to.

The writes find no rows: they try names, privileges and whether the view can be written to, and get in nobody's way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from migrasafe.postgres.connect import Connection, run
from migrasafe.sql.quote import quote_ident

MOST_VIEWS = 20
FEW_ROWS = 3


class ViewQuery(Struct, frozen=True, kw_only=True):
    view: str
    sql: str
    writes: bool


def view_queries(session: Connection) -> tuple[ViewQuery, ...]:
    """For each view and materialized view, as the catalog lists its columns."""
    return tuple(
        query
        for schema, name, columns, writable in run(session, _VIEWS, MOST_VIEWS)
        for query in _queries(f"{quote_ident(str(schema))}.{quote_ident(str(name))}", columns, writable or ())
    )


def to_count_on(later: Sequence[ViewQuery], before: Sequence[ViewQuery]) -> tuple[ViewQuery, ...]:
    """What a new version may ask from the switch on: it writes to no view that can be written to at the plan's end only."""
    known = {one.view for one in before}
    written = {one.view for one in before if one.writes}
    return tuple(one for one in later if not one.writes or one.view in written or one.view not in known)


def _queries(view: str, columns: Sequence[str], writable: Sequence[str]) -> Iterator[ViewQuery]:
    read = f"SELECT {', '.join(map(quote_ident, columns))} FROM {view} LIMIT {FEW_ROWS}"
    yield ViewQuery(view=view, sql=read, writes=False)
    if not writable:
        return
    names = ", ".join(map(quote_ident, writable))
    for sql in (
        f"INSERT INTO {view} ({names}) SELECT {names} FROM {view} WHERE false",
        f"UPDATE {view} SET {', '.join(f'{one} = {one}' for one in map(quote_ident, writable))} WHERE false",
        f"DELETE FROM {view} WHERE false",
    ):
        yield ViewQuery(view=view, sql=sql, writes=True)


_VIEWS = """
SELECT nspname, relname, array_agg(attname::text ORDER BY attnum),
       array_agg(attname::text ORDER BY attnum)
           FILTER (WHERE relkind = 'v' AND pg_catalog.pg_column_is_updatable(pg_class.oid, attnum, false))
FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
JOIN pg_catalog.pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_catalog.pg_depend ON classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
WHERE relkind IN ('v', 'm') AND nspname !~ '^(pg_|information_schema$|migrasafe$)' AND pg_depend.objid IS NULL
GROUP BY nspname, relname ORDER BY nspname, relname LIMIT %s
"""
