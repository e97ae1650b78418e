"""Versions of an app: what they write, and that they read what they wrote."""

from __future__ import annotations

import random
from collections.abc import Callable

import psycopg

from tests.postgres.plans.rollout import Work

Row = tuple[object, ...]


def writes(
    table: str, columns: str, values: Callable[[random.Random], Row], *, rows: int = 300, read: str = ""
) -> Work:
    """A version that writes these columns (`a, b`) and reads them (as `read`); it changes rows of both versions as well."""
    read = read or columns
    marks = ", ".join(["%s"] * len(columns.split(",")))

    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        def ask(sql: str, *given: object) -> Row:
            row = session.execute(sql, given).fetchone()  # type: ignore[call-overload]  # a plain text on purpose
            assert row is not None, sql
            return tuple(row)

        first, second, third = values(rng), values(rng), values(rng)
        id, *got = ask(
            f"INSERT INTO {table} (owner, {columns}) VALUES (%s, {marks}) RETURNING id, {read}", owner, *first
        )
        assert tuple(got) == first, (got, first)
        session.execute(f"UPDATE {table} SET ({columns}) = ROW({marks}) WHERE id = %s", (*second, id))
        got = ask(f"SELECT {read} FROM {table} WHERE id = %s", id)
        assert tuple(got) == second, (got, second)
        shared = rng.randrange(1, rows)
        got = ask(f"UPDATE {table} SET ({columns}) = ROW({marks}) WHERE id = %s RETURNING {read}", *third, shared)
        assert tuple(got) == third, (got, third)
        ask(f"UPDATE {table} SET owner = owner WHERE id = %s RETURNING owner", rng.randrange(1, rows))

    return work
