"""DELETE in a migration: as a job that deletes the rows in batches, when the version that may want them is gone."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import phases
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.changes.update_rows import without_table
from migrasafe.plan.model import Backfill
from migrasafe.schema.definitions import name_of, names
from migrasafe.schema.index_use import finds_every_row
from migrasafe.schema.model import Schema, Table
from migrasafe.sql.builtin.called import volatility_of
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.expressions import walk
from migrasafe.sql.statements import Delete

_TAKES_ALONG = ("CASCADE", "SET NULL", "SET DEFAULT")


class DeleteRows(Struct, frozen=True, kw_only=True):
    statement: Delete

    def plan(self, ground: Ground) -> Draft:
        """A backfill behind the old version. Raises NoPlanError for what cannot be cut into batches."""
        table, where = table_of(ground, self.statement.table), self.statement.where
        short = f"DELETE FROM {table.ref.name}"
        if self.statement.joins:
            raise NoPlanError(
                f"{short} … USING cannot be cut into batches: say the other table in the condition, WHERE EXISTS (SELECT …)"
            )
        if where is None:
            raise NoPlanError(
                f"{short} without WHERE deletes all rows: when no version reads the table, DROP TABLE; else say which rows go"
            )
        if any(kind == "CurrentOfExpr" for kind, _ in walk(where.node)):
            raise NoPlanError(f"{short} WHERE CURRENT OF is about a cursor: say which rows go")
        if volatility_of(where, lambda *_: None, pg_version=ground.target.pg_version).volatile_functions:
            raise NoPlanError(
                f"{short}: its WHERE says another thing each time, so nothing tells when the rows are gone"
            )
        condition = deparse_expression(without_table(where))
        rows = f"rows of {table.ref} WHERE {condition}"
        return Draft(
            title=f"delete {rows}",
            tables=(table.ref,),
            phases=(
                phases.deploy(f"neither needs nor writes {rows}", f"may read and write {rows}"),
                phases.contract(
                    f"The {rows} go, in batches",
                    "does not see them any more",
                    (),
                    needed=f"{rows}",
                    old_application_name=ground.old_application_name,
                    backfills=(
                        Backfill(table=name_of(table.ref), assignments=(), where=f"({condition})", deletes=True),
                    ),
                ),
            ),
            why=("one DELETE of many rows holds their locks until its end, and replicas wait for all of it",),
            by_hand=(
                "there is no way back from deleted rows: copy them somewhere before, if they may be wanted",
                *_children(ground.schema, table),
            ),
        )


def _children(schema: Schema, table: Table) -> Iterator[str]:
    """What else a deleted row touches."""
    for child, key in foreign_keys_to(schema, table.ref):
        action = key.references.on_delete if key.references is not None else "NO ACTION"
        if action in _TAKES_ALONG:
            yield f"{key.name} of {child.ref} is ON DELETE {action}: its rows are changed in the same batches"
        else:
            yield f"the job stops at a row that {child.ref} refers to ({key.name}): delete from {child.ref} first"
        if not finds_every_row(schema, child, key.columns):
            yield (
                f"{child.ref} has no index on {names(key.columns)}: each deleted row reads all of {child.ref}; `migrasafe plan"
                f" index {child.ref}.{','.join(key.columns)}` before"
            )
