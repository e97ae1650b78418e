"""Partitions in words: the migration that makes, attaches or detaches them, or that partitions a table."""

from __future__ import annotations

import re

from migrasafe.errors import InputError
from migrasafe.plan.objects.partition_bounds import condition_of
from migrasafe.plan.read.names_said import listed, said_parts, table_name
from migrasafe.schema.definitions import name_of, names, with_suffix
from migrasafe.schema.model import Ref, Schema, Table
from migrasafe.sql.parse import read_script
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.source import Source
from migrasafe.sql.statements import AlterTable, AttachPartition


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


def bounds(schema: Schema, table: str, partitions: str, move: str | None = None) -> str:
    """Other bounds as `events_1 FROM (0) TO (50), events_1b FROM (50) TO (100)`; `NONE` for a partition that goes.

    `move`: the rows that belong to another one go there.
    """
    if move not in (None, "move"):
        raise InputError(f"{move} is said so: `move`, where rows go to the partition that they belong to")
    parent = _known(schema, table)
    parts = dict(_parts(re.sub(r"\bNONE\b", "FOR VALUES NONE", partitions, flags=re.IGNORECASE), parent))
    parts = {ref: "" if words.endswith(" NONE") else words for ref, words in parts.items()}
    was = [ref for ref in parts if ref in parent.partitions]
    alter = f"ALTER TABLE {name_of(parent.ref)}"
    said = [f"{alter} DETACH PARTITION {name_of(ref)}" for ref in was]
    said += [
        f"CREATE TABLE {name_of(ref)} PARTITION OF {name_of(parent.ref)} {parts[ref]}"
        for ref in parts
        if ref not in was
    ]
    if move is not None:
        takes = {ref: _condition(parent, words) for ref, words in parts.items() if words}
        for source in was:
            for target, condition in takes.items():
                if target != source:
                    rows = f"SELECT * FROM {name_of(source)} WHERE {condition}"
                    said.append(f"INSERT INTO {name_of(target)} {rows}")
            if source in takes:
                said.append(f"DELETE FROM {name_of(source)} WHERE NOT ({takes[source]})")
    said += [f"{alter} ATTACH PARTITION {name_of(ref)} {parts[ref]}" for ref in was if parts[ref]]
    said += [f"DROP TABLE {name_of(ref)}" for ref in was if not parts[ref]]
    return ";\n".join(said)


def _condition(parent: Table, words: str) -> str:
    text = f"ALTER TABLE {name_of(parent.ref)} ATTACH PARTITION p {words}"
    (statement,) = read_script(Source(path="the bound", text=text)).statements
    action = statement.actions[0] if isinstance(statement, AlterTable) else None
    bound = action.bound if isinstance(action, AttachPartition) else None
    condition = condition_of(parent, bound) if bound is not None else None
    if condition is None:
        raise InputError(f"no simple condition says which rows are those of {words}")
    return condition


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
    by = [said_parts(one)[-1] for one in listed(columns[1])]
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
