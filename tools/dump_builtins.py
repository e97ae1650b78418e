"""Writes migrasafe/sql/builtin/volatility.py from real servers: which functions PostgreSQL has, and how they may vary.

Give one DSN for each major version from 12 to 18, with contrib installed:

    python tools/dump_builtins.py 'host=/tmp/sockets port=5412 user=postgres' … > migrasafe/sql/builtin/volatility.py
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Mapping

import psycopg

# Functions that no query calls by name are left out: those with internal arguments or results, and those that are there
# only to implement an operator, a type or an operator class. One name may stand for several functions: `volatile` are
# the names of which all are, `stable` those of which any is. (Before 15, timezone(text, timetz) alone was volatile;
# counting AT TIME ZONE as volatile for its sake would be wrong nearly always.)
_RANK = """
CASE WHEN bool_and(p.provolatile = 'v') THEN 0 WHEN bool_or(p.provolatile IN ('v', 's')) THEN 1 ELSE 2 END
"""

_BUILTINS = f"""
SELECT proname, {_RANK}
FROM pg_proc p
WHERE pronamespace = 'pg_catalog'::regnamespace
  AND oid < 16384
  AND proname !~ '^(binary_upgrade_|RI_FKey|hash.*extended$|bt.*cmp$|gin_|gist_|spg_|brin_)'
  AND coalesce(obj_description(oid, 'pg_proc'), '') !~
      '^(implementation of [^^]|I/O|less-equal-greater|aggregate .*(transition|final|serial|combine|inverse))'
  AND NOT (proargtypes::oid[] && ARRAY['internal'::regtype, 'cstring'::regtype]::oid[])
  AND prorettype <> ALL (ARRAY['internal', 'cstring', 'trigger', 'event_trigger', 'language_handler', 'fdw_handler',
                               'index_am_handler', 'table_am_handler', 'tsm_handler']::regtype[])
GROUP BY proname
"""

_OF_EXTENSION = f"""
SELECT p.proname, {_RANK}
FROM pg_proc p
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
WHERE e.extname = ANY (%s)
  AND NOT (p.proargtypes::oid[] && ARRAY['internal'::regtype, 'cstring'::regtype]::oid[])
  AND p.prorettype <> ALL (ARRAY['internal', 'cstring', 'trigger', 'event_trigger', 'fdw_handler',
                                 'index_am_handler']::regtype[])
GROUP BY p.proname
"""

_EXTENSIONS = (
    "bloom", "btree_gin", "btree_gist", "citext", "cube", "dblink", "earthdistance", "fuzzystrmatch", "hstore",
    "intarray", "isn", "lo", "ltree", "pg_stat_statements", "pg_trgm", "pgcrypto", "pgrowlocks", "pgstattuple",
    "seg", "tablefunc", "tsm_system_rows", "unaccent", "uuid-ossp", "xml2",
)  # fmt: skip

_WORDS = ("volatile", "stable", "immutable")
Rank = int


def main(dsns: list[str]) -> None:
    """Print the module; `dsns` reach one server of each major version, in any order."""
    by_major: dict[int, dict[str, Rank]] = {}
    of_extensions: dict[str, Rank] = {}
    for dsn in dsns:
        with psycopg.connect(dsn, autocommit=True) as connection:
            major = connection.info.server_version // 10_000
            by_major[major] = dict(connection.execute(_BUILTINS).fetchall())
            _weaken(of_extensions, _extension_functions(connection))
    sys.stdout.write(_module(by_major, of_extensions))


def _extension_functions(connection: psycopg.Connection) -> dict[str, Rank]:
    connection.execute("CREATE SCHEMA dump_builtins")
    try:
        installed = []
        for extension in _EXTENSIONS:
            try:
                connection.execute(f'CREATE EXTENSION "{extension}" SCHEMA dump_builtins CASCADE')
            except psycopg.errors.Error as error:
                print(f"{connection.info.server_version}: {extension}: {error}", file=sys.stderr)
            else:
                installed.append(extension)
        return dict(connection.execute(_OF_EXTENSION, [installed]).fetchall())
    finally:
        connection.execute("DROP SCHEMA dump_builtins CASCADE")


def _weaken(known: dict[str, Rank], more: Mapping[str, Rank]) -> None:
    for name, rank in more.items():
        known[name] = min(rank, known.get(name, rank))


def _module(by_major: Mapping[int, Mapping[str, Rank]], of_extensions: Mapping[str, Rank]) -> str:
    majors = sorted(by_major)
    builtins: dict[str, Rank] = {}
    for major in majors:
        _weaken(builtins, by_major[major])
    for name in sorted(builtins):
        ranks = {major: by_major[major][name] for major in majors if name in by_major[major]}
        if len(set(ranks.values())) > 1:
            told = ", ".join(f"{major} {_WORDS[rank]}" for major, rank in ranks.items())
            print(f"{name} differs: {told}", file=sys.stderr)
    new = {
        major: sorted(set(by_major[major]).difference(*(by_major[before] for before in majors if before < major)))
        for major in majors[1:]
    }
    parts = [
        '"""Which functions PostgreSQL and its contrib extensions have, and how their results may vary.\n\n'
        f"Generated from servers {majors[0]} to {majors[-1]} by tools/dump_builtins.py; do not edit.\n"
        '"""\n\nfrom __future__ import annotations\n',
        _names("VOLATILE", (name for name, rank in builtins.items() if rank == 0)),
        _names("STABLE", (name for name, rank in builtins.items() if rank == 1)),
        _names("IMMUTABLE", (name for name, rank in builtins.items() if rank == 2)),
        "NEW_IN = {\n" + "".join(f'    {major}: """\n{_wrapped(new[major])}\n""",\n' for major in new) + "}\n"
        '"""By major version, the names that no server before it had."""\n',
        _names("EXTENSION_VOLATILE", (name for name, rank in of_extensions.items() if rank == 0)),
        _names("EXTENSION_STABLE", (name for name, rank in of_extensions.items() if rank == 1)),
        _names("EXTENSION_IMMUTABLE", (name for name, rank in of_extensions.items() if rank == 2)),
    ]
    return "\n".join(parts)


def _names(constant: str, names: Iterable[str]) -> str:
    return f'{constant} = """\n{_wrapped(names)}\n"""\n'


def _wrapped(names: Iterable[str]) -> str:
    return textwrap.fill(" ".join(sorted(names)), width=120, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    main(sys.argv[1:])
