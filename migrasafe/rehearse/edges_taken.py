"""Which rare values a plan has to carry over: those that its migration takes, and that have a value on the new side.

Of the others, the trials of both sides say what becomes of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan.model import Plan
from migrasafe.postgres.attempt import ask, attempt
from migrasafe.postgres.connect import Connection, connect, run
from migrasafe.postgres.watch.observed import SqlState
from migrasafe.rehearse.made_up.edge_rows import Edge, put_edges
from migrasafe.rehearse.one_shot import OneShot
from migrasafe.rehearse.sandbox.server import Sandbox
from migrasafe.sql.deparse import parse_expression
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.quote import quote_ident


def edges_taken(
    sandbox: Sandbox, base: str, plan: Plan, one_shot: OneShot, edges: tuple[Edge, ...]
) -> tuple[Edge, ...]:
    """Tried in copies of the database `base`, which stays as it is."""
    if not edges:
        return ()
    with sandbox.database(like=base) as trial, connect(trial) as session:
        jobs = tuple(_jobs(plan, session))
        read = {(table, name) for table, names, _ in jobs for name in names}
        edges = tuple(edge for edge in edges if (_oid(session, edge.use.name), edge.column) in read)
        edges = tuple(edge for edge in edges if _tried(session, edge, jobs, None))
    if not edges:
        return ()
    with sandbox.database(like=base) as trial:
        edges = put_edges(trial, edges)
        if not one_shot.run(trial):
            return edges
    with sandbox.database(like=base) as trial, connect(trial) as session:
        alone = tuple(edge for edge in edges if _tried(session, edge, (), one_shot))
    with sandbox.database(like=base) as trial:
        put_edges(trial, alone)
        return () if one_shot.run(trial) else alone


_Job = tuple[int, frozenset[str], tuple[str, ...]]
"""A table, the columns that a job reads, and what it makes of them."""


def _jobs(plan: Plan, session: Connection) -> Iterator[_Job]:
    for job in (job for phase in plan.phases for job in phase.backfills):
        made = tuple(assignment.partition(" = ")[2] for assignment in job.assignments)
        read = frozenset(name for one in made for name in columns_read(parse_expression(one)))
        yield _oid(session, job.table), read, made


def _oid(session: Connection, table: str) -> int:
    found = ask(session, "SELECT %s::regclass::oid::bigint", table)
    return 0 if isinstance(found, SqlState) else int(str(found[0][0]))


def _tried(session: Connection, edge: Edge, jobs: tuple[_Job, ...], one_shot: OneShot | None) -> bool:
    """Whether some row may have the value, and then the jobs make one of it, and the migration can be run."""
    table = edge.use.name
    oid = _oid(session, table)
    run(session, "BEGIN")
    try:
        run(session, "SET LOCAL session_replication_role = replica")
        some_row = f"(tableoid, ctid) = (SELECT tableoid, ctid FROM {table} LIMIT 1)"
        sets = f"{quote_ident(edge.column)} = {edge.value}"
        row = ask(session, f"UPDATE {table} SET {sets} WHERE {some_row} RETURNING tableoid::bigint, ctid::text")
        if isinstance(row, SqlState) or not row:
            return False
        where = f"tableoid = {row[0][0]} AND ctid = '{row[0][1]}'"
        for of, read, made in jobs:
            if of == oid and edge.column in read:
                asked = f"SELECT {' AND '.join(f'({one}) IS NOT NULL' for one in made)} FROM {table} WHERE {where}"
                answer = ask(session, asked)
                if isinstance(answer, SqlState) or not answer[0][0]:
                    return False
        run(session, "SET LOCAL session_replication_role = origin")
        if one_shot is None:  # what triggers of the table refuse, no app has written
            return attempt(session, f"UPDATE {table} SET {sets} WHERE {where}") is None
        return one_shot.is_taken(session)
    finally:
        attempt(session, "ROLLBACK")
