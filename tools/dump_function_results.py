"""Writes migrasafe/sql/builtin/results.py from a real server: what the functions of PostgreSQL give.

Give the DSN of a server of the newest major version:

    python tools/dump_function_results.py 'host=/tmp/sockets port=5418 user=postgres' > migrasafe/sql/builtin/results.py
"""

from __future__ import annotations

import sys
import textwrap

import psycopg

_OUTPUTS = """
SELECT p.proname, max(array_to_string(o.names, ' '))
FROM pg_proc p,
     LATERAL (SELECT array_agg(n ORDER BY place) AS names
              FROM unnest(p.proargnames, p.proargmodes) WITH ORDINALITY AS a(n, mode, place)
              WHERE mode IN ('o', 'b', 't')) AS o
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND o.names IS NOT NULL AND p.prorettype = 'record'::regtype
GROUP BY p.proname
ORDER BY p.proname
"""

_RESULTS = """
SELECT min(t.typname), p.proname
FROM pg_proc p JOIN pg_type t ON t.oid = p.prorettype
WHERE p.pronamespace = 'pg_catalog'::regnamespace
  AND NOT (p.proargtypes::oid[] && ARRAY['internal'::regtype, 'cstring'::regtype]::oid[])
  AND coalesce(obj_description(p.oid, 'pg_proc'), '')
      !~ '^(implementation of [^^]|I/O|less-equal-greater|aggregate .*(transition|final|serial|combine|inverse))'
GROUP BY p.proname
HAVING min(p.prorettype) = max(p.prorettype) AND min(t.typtype) = 'b'
   AND min(t.typname) NOT LIKE 'reg%' AND min(t.typname) NOT LIKE '%handler'
ORDER BY 1, 2
"""

_HEAD = '''"""What the functions of PostgreSQL give: the columns of those with several, the type of those with always the same.

Generated from a server by tools/dump_function_results.py; do not edit.
"""

from __future__ import annotations
'''


def main(dsn: str) -> None:
    """Print the module."""
    with psycopg.connect(dsn) as connection:
        outputs = connection.execute(_OUTPUTS).fetchall()
        results = connection.execute(_RESULTS).fetchall()
    print(_HEAD)
    print('OUTPUTS = """')
    for name, columns in outputs:
        print(textwrap.fill(f"{name}: {columns}", 118, subsequent_indent="  "))
    print('"""\n')
    by_type: dict[str, list[str]] = {}
    for type_name, name in results:
        by_type.setdefault(type_name, []).append(name)
    print('RESULTS = """')
    for type_name, names in by_type.items():
        print(textwrap.fill(f"{type_name}: {' '.join(names)}", 118, subsequent_indent="  "))
    print('"""')


if __name__ == "__main__":
    main(*sys.argv[1:])
