"""Whether a plan leaves the rows as it has to: untouched before the switch, and at the end as the one-shot migration would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from migrasafe.postgres.attempt import ask
from migrasafe.postgres.connect import Connection, connect, run
from migrasafe.postgres.watch.observed import SqlState
from migrasafe.rehearse.made_up.app import Place, TableUse
from migrasafe.sql.quote import quote_ident

_NUMBERS = ("int2", "int4", "int8", "numeric")

Sums = Mapping[Place, str]
"""A table, a column → a sum over the values of all rows, whatever their order."""


def sums(session: Connection, uses: Sequence[TableUse], leave_out: AbstractSet[Place] = frozenset()) -> Sums:
    """Of every column that can be read; each value goes in together with the key of its row, where there is one."""
    found = {}
    for use in uses:
        for column in use.columns:
            if (use.ref, column.name) in leave_out:
                continue
            row = ", ".join(f"{quote_ident(name)}::text" for name in (*(one.name for one in use.key), column.name))
            asked = f"SELECT count(*), sum(hashtext(ROW({row})::text)::bigint) FROM {use.name}"
            answer = ask(session, asked)
            if not isinstance(answer, SqlState):
                found[use.ref, column.name] = f"{answer[0][0]} rows, {answer[0][1]}"
    return found


def different(one: Sums, other: Sums) -> Iterator[str]:
    """The columns that both have, and not with the same values."""
    for (table, column), value in one.items():
        if other.get((table, column), value) != value:
            yield f"{table[1]}.{column}"


def telling_nothing(uses: Sequence[TableUse], known: AbstractSet[Place], session: Connection) -> AbstractSet[Place]:
    """The columns to leave out where data is compared with that of the one-shot migration: those that say nothing (it leaves
    them empty, or all alike: a hint says how they are filled), and new ones that number rows."""
    found = set()
    for use in uses:
        is_new_table = not any((use.ref, column.name) in known for column in use.columns)
        numbered_anew = any((use.ref, column.name) not in known for column in use.key)
        for column in use.columns:
            place = (use.ref, column.name)
            is_new = place not in known
            asked = f"SELECT count(DISTINCT {quote_ident(column.name)}::text) FROM {use.name}"
            answer = ask(session, asked)
            alike = isinstance(answer, SqlState) or answer[0][0] in (0, 1)
            numbers = column.given and column.base_name in _NUMBERS
            if is_new_table or numbered_anew or (is_new and (numbers or column.refers or alike)):
                found.add(place)
    return found


def parts(dsn: str) -> frozenset[tuple[str, str, str]]:
    """The partitions and children that tables have: schema and name of the table, and one of them."""
    with connect(dsn) as session:
        return frozenset((str(schema), str(name), str(part)) for schema, name, part in run(session, _PARTS))


_PARTS = """
SELECT nspname, relname, inhrelid::regclass::text
FROM pg_catalog.pg_inherits JOIN pg_catalog.pg_class AS whole ON whole.oid = inhparent
JOIN pg_catalog.pg_namespace n ON n.oid = whole.relnamespace
"""


def sums_of(dsn: str, uses: Sequence[TableUse], leave_out: AbstractSet[Place] = frozenset()) -> Sums:
    with connect(dsn) as session:
        return sums(session, uses, leave_out)
