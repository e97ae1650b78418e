"""Writes migrasafe/sql/builtin/operators.py from real servers: which operators and implicit casts PostgreSQL has.

Give the DSNs of servers, one of each major version: what one of them has counts.

    python tools/dump_operators.py 'host=/tmp/sockets port=5412 user=postgres' … > migrasafe/sql/builtin/operators.py
"""

from __future__ import annotations

import sys
import textwrap
from collections import defaultdict

import psycopg

_OPERATORS = """
SELECT o.oprname, l.typname || ',' || r.typname || ',' || t.typname
FROM pg_operator o
JOIN pg_type l ON l.oid = o.oprleft
JOIN pg_type r ON r.oid = o.oprright
JOIN pg_type t ON t.oid = o.oprresult
WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oid < 16384
"""

_CASTS = """
SELECT s.typname, t.typname
FROM pg_cast c
JOIN pg_type s ON s.oid = c.castsource
JOIN pg_type t ON t.oid = c.casttarget
WHERE c.castcontext = 'i' AND s.oid <> t.oid AND c.oid < 16384
"""

_HEAD = '''"""The operators that PostgreSQL has, as left,right,result, and the types that each type becomes without a cast.

Generated from servers by tools/dump_operators.py; do not edit.
"""

from __future__ import annotations
'''


def main(dsns: list[str]) -> None:
    """Print the module."""
    found: tuple[dict[str, set[str]], dict[str, set[str]]] = (defaultdict(set), defaultdict(set))
    for dsn in dsns:
        with psycopg.connect(dsn) as connection:
            for question, answers in zip((_OPERATORS, _CASTS), found, strict=True):
                for name, answer in connection.execute(question.encode()).fetchall():
                    answers[name].add(answer)
    print(_HEAD)
    for name, answers in zip(("OPERATORS", "CASTS"), found, strict=True):
        print(f'{name} = """')
        for key, values in sorted(answers.items()):
            line = f"{key} {' '.join(sorted(values))}"
            print(textwrap.fill(line, 118, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False))
        print('"""' if name == "CASTS" else '"""\n')


if __name__ == "__main__":
    main(sys.argv[1:])
