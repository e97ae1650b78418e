"""What is wrong with a query on one schema, as a line of the app that breaks."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.app.judge.access import Refused
from migrasafe.app.judge.differences import Difference
from migrasafe.app.model import Query
from migrasafe.app.resolve import Problem
from migrasafe.app.verdict import Breakage, Version, Weight
from migrasafe.schema.model import Schema


def of_problem(version: Version, query: Query, problem: Problem, *, before: bool) -> Breakage:
    """What PostgreSQL refuses; in a query with holes it only may."""
    return Breakage(
        version=version,
        before=before,
        weight=Weight.FAILS if problem.certain and not query.partial else Weight.MAY_FAIL,
        location=query.position(problem.offset),
        message=problem.message,
        sqlstate=problem.sqlstate,
        object=problem.object,
        name=problem.name,
        through=problem.through,
        query=query,
    )


def in_time(one: Breakage, problem: Problem, before: Schema, after: Schema) -> Breakage:
    """A foreign key from a new table or column refers to nothing until the new version writes to it."""
    table = after.table(problem.by) if problem.by is not None else None
    if problem.by is None or table is None:
        return one
    constraint = table.constraint(problem.name or "")
    was = before.table(problem.by)
    if was is not None and constraint is not None and all(was.column(name) is not None for name in constraint.columns):
        return one
    return replace(one, weight=Weight.RISK, help=f"once the new version has written to {problem.by.name}")


def of_difference(version: Version, query: Query, found: Difference) -> Breakage:
    """What is otherwise after the migration."""
    return Breakage(
        version=version,
        before=False,
        weight=found.weight,
        location=found.location or query.position(found.offset),
        message=found.message,
        sqlstate=found.sqlstate,
        object=found.object,
        name=found.name,
        query=query,
        help=found.help,
    )


def of_refusal(version: Version, query: Query, found: Refused, *, before: bool) -> Breakage:
    """What some role may not do; whether the app has that role is not known."""
    return Breakage(
        version=version,
        before=before,
        weight=Weight.MAY_FAIL,
        location=query.position(found.offset),
        message=found.message,
        sqlstate=found.sqlstate,
        object=found.object,
        query=query,
        help=found.help,
    )
