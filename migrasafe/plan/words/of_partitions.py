"""Partitions in words: the migration that makes, attaches or detaches them, or that partitions a table."""

from __future__ import annotations

import re

from migrasafe.errors import InputError
from migrasafe.plan.read.names_said import said_parts, table_name
from migrasafe.schema.definitions import name_of, names, with_suffix
from migrasafe.schema.model import Ref, Schema, Table
from migrasafe.sql.quote import quote_ident


def add(schema: Schema, table: str, partition: str, bound: str) -> str:
    """A table that is there is attached; another one is made. `bound`: `FROM (…) TO (…)`, `IN (…)`, `DEFAULT`."""
    words = bound if bound.upper().startswith(("FOR VALUES", "DEFAULT")) else f"FOR VALUES {bound}"
    if _table(schema, partition) is not None:
        return f"ALTER TABLE {table_name(table)} ATTACH PARTITION {table_name(partition)} {words}"
    return f"CREATE TABLE {table_name(partition)} PARTITION OF {table_name(table)} {words}"


def detach(schema: Schema, partition: str) -> str:
    table = _table(schema, partition)
    if table is None or table.partition_of is None:
        raise InputError(f"the schema has no partition {partition}")
    return f"ALTER TABLE {name_of(table.partition_of)} DETACH PARTITION {name_of(table.ref)}"


_LIKE = "INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMMENTS"


def by_copy(schema: Schema, table: str, key: str, partitions: str) -> str:
    """`RANGE (day)`, and partitions as `events_1 FROM (0) TO (9), events_rest DEFAULT`: the rows are copied into them."""
    known = _known(schema, table)
    old = Ref(known.ref.schema, with_suffix(known.ref.name, "_before"))
    rows = f"INSERT INTO {name_of(known.ref)} SELECT * FROM {name_of(old)};\nDROP TABLE {name_of(old)}"
    return f"{_made(known, old, key, partitions)};\n{rows}"


def from_table(schema: Schema, table: str, key: str, first: str, partitions: str) -> str:
    """Likewise; the table as it is becomes the `first` of them."""
    known = _known(schema, table)
    ((name, bound),) = _parts(first, known)
    made = _made(known, name, key, partitions)
    return f"{made};\nALTER TABLE {name_of(known.ref)} ATTACH PARTITION {name_of(name)} {bound}"


def _made(table: Table, old: Ref, key: str, partitions: str) -> str:
    columns = re.search(r"\((.*)\)\s*\Z", key, re.DOTALL)
    if columns is None or "(" in columns[1]:
        raise InputError(f"{key} is said so: RANGE (COLUMN), LIST (COLUMN) or HASH (COLUMN)")
    by = [said_parts(one)[-1] for one in columns[1].split(",")]
    had = table.primary_key.columns if table.primary_key is not None else ()
    keyed = f", PRIMARY KEY ({names(dict.fromkeys((*had, *by)))})" if had else ""
    name = name_of(table.ref)
    return ";\n".join(
        (
            f"ALTER TABLE {name} RENAME TO {quote_ident(old.name)}",
            f"CREATE TABLE {name} (LIKE {name_of(old)} {_LIKE}{keyed}) PARTITION BY {key}",
            *(f"CREATE TABLE {name_of(ref)} PARTITION OF {name} {bound}" for ref, bound in _parts(partitions, table)),
        )
    )


def _parts(text: str, table: Table) -> list[tuple[Ref, str]]:
    """`events_1 FROM (0) TO (9), events_rest DEFAULT`, in the schema of the table."""
    found = []
    for one in filter(str.strip, re.split(r",(?![^()]*\))", text)):
        said = re.match(r"\s*(\"(?:[^\"]|\"\")+\"|\S+)\s+(\S.*?)\s*\Z", one, re.DOTALL)
        if said is None:
            raise InputError(
                f"{one.strip()} is said so: PARTITION FROM (…) TO (…), PARTITION IN (…), or PARTITION DEFAULT"
            )
        words = said[2] if said[2].upper().startswith(("FOR VALUES", "DEFAULT")) else f"FOR VALUES {said[2]}"
        found.append((Ref(table.ref.schema, said_parts(said[1])[-1]), words))
    if not found:
        raise InputError("say the partitions: events_1 FROM (0) TO (100), events_rest DEFAULT")
    return found


def _known(schema: Schema, said: str) -> Table:
    table = _table(schema, said)
    if table is None:
        raise InputError(f"the schema has no table {said}")
    return table


def _table(schema: Schema, said: str) -> Table | None:
    parts = said_parts(said)
    return schema.table(schema.resolve(parts[-2] if len(parts) > 1 else None, parts[-1]))
