"""Whether a batch would read a whole table: asked of the planner, with the range of a real batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrasafe.backfill.job.jobs import Part
from migrasafe.backfill.queries import Sql, query
from migrasafe.backfill.walk.batches import key_in
from migrasafe.backfill.walk.table import Leaf
from migrasafe.backfill.walk.ways import BlockWalk, Change, Walk
from migrasafe.errors import InputError
from migrasafe.postgres.scripts import ScriptSession

SMALL_BLOCKS = 256
"""Smaller tables are read whole in no time, and the planner is right to do so."""
_ROWS = 1000


def avoid_seq_scan(session: ScriptSession, change: Change, walk: Walk, leaf: Leaf, part: Part, *, allow: bool) -> bool:
    """Whether the planner must be told not to read the whole table for each batch, though an index would do.

    Raises InputError when it has to, or when the change itself reads another large table for each row or batch.
    """
    if part.hi is None or allow:
        return False
    if isinstance(walk, BlockWalk):
        if not walk.reads_ranges:
            return False
        high = walk.after(None, part.hi, 10)
    else:
        high = key_in(session.rows(walk.bound(leaf.sql, None, part.hi, _ROWS))) or part.hi
    statement = change.statement(leaf.sql, walk.inside(change.alias, None, high), walk)
    usual = _scanned(session, statement, with_seq_scan=True)
    others = sorted(
        f"{schema}.{name}"
        for schema, name, is_large in usual
        if (schema, name) != (leaf.schema, leaf.name) and is_large
    )
    if others:
        raise InputError(
            f"the change reads the whole of {', '.join(others)} for each batch, or for each row: create an index for it, or say "
            "--allow-seq-scan if that is meant"
        )
    if leaf.blocks <= SMALL_BLOCKS or not any((schema, name) == (leaf.schema, leaf.name) for schema, name, _ in usual):
        return False
    if any(
        (schema, name) == (leaf.schema, leaf.name)
        for schema, name, _ in _scanned(session, statement, with_seq_scan=False)
    ):
        raise InputError(
            f"the server would read all of {leaf.sql} for each batch: no index serves the walk; name another --key, or use "
            "--walk blocks"
        )
    return True


def _scanned(session: ScriptSession, statement: str, *, with_seq_scan: bool) -> list[tuple[str, str, bool]]:
    """The tables that a plan reads whole: schema, name, and whether they are large."""
    plan = session.script(query("explain", with_seq_scan=with_seq_scan, statement=Sql(statement)))[-2][0][0]
    # A page costs 1 by default: what it costs to read all of a table is at least its pages.
    return [
        (node["Schema"], node["Relation Name"], node["Total Cost"] > SMALL_BLOCKS)
        for node in _nodes(plan[0]["Plan"])
        if node.get("Node Type") == "Seq Scan"
    ]


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)
