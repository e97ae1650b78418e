"""The table of values that do not convert: each is kept with the key of its row until somebody has decided about it."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.conversion.bad_rows import Audit, BadRows, Decision
from migrasafe.plan.dual_write.triggers import SCHEMA, of_new_row, pinned_path
from migrasafe.plan.model import Gate, Step
from migrasafe.plan.templates import filled
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Column, Ref, Table
from migrasafe.sql.deparse import parse_expression
from migrasafe.sql.quote import quote_ident, quote_literal


class Rejects(Struct, frozen=True, kw_only=True):
    id: str
    table: Table
    column: Column
    condition: str
    """Of the rows that are kept, over the table's columns."""
    search_path: tuple[str, ...]

    @property
    def kept_in(self) -> Ref:
        return Ref(SCHEMA, f"{self.id}_rejects")

    @property
    def trigger(self) -> str:
        """After every other, in the order of names."""
        return f"~~migrasafe_{self.id}"

    def key(self, row: str = "") -> str:
        key = self.table.primary_key
        assert key is not None  # rejects_of has seen to it
        pairs = ", ".join(f"{quote_literal(column)}, {row}{quote_ident(column)}" for column in key.columns)
        return f"pg_catalog.jsonb_build_object({pairs})"


def rejects_of(
    id: str, table: Table, column: Column, found: Audit, decisions: BadRows, search_path: tuple[str, ...]
) -> Rejects | None:
    """None where nothing is rejected. Raises NoPlanError for a table without a key to keep."""
    if not decisions.rejects:
        return None
    if table.primary_key is None:
        raise NoPlanError(
            f"{table.ref} has no primary key by which a rejected value could be found again: decide null, default or stop"
        )
    kept = [
        condition
        for condition, decided in ((found.unreadable, decisions.unreadable), (found.lossy, decisions.lossy))
        if decided.decision is Decision.REJECT
    ]
    condition = " OR ".join(f"({one})" for one in kept)
    return Rejects(id=id, table=table, column=column, condition=condition, search_path=search_path)


def watch(rejects: Rejects) -> Step:
    """The table, and the trigger that keeps it true: a value is in it as long as it does not convert."""
    table, function = name_of(rejects.kept_in), f"{SCHEMA}.{quote_ident(rejects.id + '_reject')}"
    words = {
        "rejects": table,
        "function": function,
        "search_path": pinned_path(rejects.search_path),
        "key": rejects.key("NEW."),
        "old_key": rejects.key("OLD."),
        "column": quote_ident(rejects.column.name),
        "condition": of_new_row(parse_expression(rejects.condition)),
    }
    on = name_of(rejects.table.ref)
    return Step(
        title=f"Keep what does not convert in {rejects.kept_in}",
        statements=(
            f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
            filled("rejects_table.sql", **words).strip(),
            filled("reject.sql", **words).strip(),
            f"CREATE TRIGGER {quote_ident(rejects.trigger)} AFTER INSERT OR UPDATE OR DELETE ON {on}"
            f" FOR EACH ROW EXECUTE FUNCTION {function}()",
        ),
        done=predicates.trigger_exists(rejects.table.ref, rejects.trigger),
        undo=(*no_more(rejects), f"DROP TABLE {table}"),
    )


def no_more(rejects: Rejects) -> tuple[str, ...]:
    """The end of the trigger; what was kept stays."""
    return (
        f"DROP TRIGGER {quote_ident(rejects.trigger)} ON {name_of(rejects.table.ref)}",
        f"DROP FUNCTION {SCHEMA}.{quote_ident(rejects.id + '_reject')}()",
    )


def again(rejects: Rejects) -> tuple[str, ...]:
    """Function and trigger, where the table is there already."""
    return watch(rejects).statements[2:]


def keep_old(rejects: Rejects) -> Step:
    """The rows from before. They are locked until they are kept, so that one that is mended meanwhile is not."""
    table, filled = name_of(rejects.kept_in), "the rows from before are in"
    return Step(
        title=f"Keep the old values that do not convert in {rejects.kept_in}",
        statements=(
            f"INSERT INTO {table} (row_key, value)"
            f" SELECT {rejects.key()}, {quote_ident(rejects.column.name)}::text FROM {name_of(rejects.table.ref)}"
            f" WHERE {rejects.condition} FOR NO KEY UPDATE ON CONFLICT (row_key) DO NOTHING",
            f"COMMENT ON TABLE {table} IS {quote_literal(filled)}",
        ),
        done=f"obj_description({predicates.relation(rejects.kept_in)}, 'pg_class') IS NOT DISTINCT FROM {quote_literal(filled)}",
        undo=(f"COMMENT ON TABLE {table} IS NULL",),
        long=True,
    )


def all_decided(rejects: Rejects) -> Gate:
    table = name_of(rejects.kept_in)
    return Gate(
        id="rejects-decided",
        question=f"Has somebody decided about every value in {rejects.kept_in}?",
        query=f"SELECT count(*) FROM {table} WHERE NOT settled",
        expected="0",
        otherwise=(
            f"Mend {rejects.column.name} in the row of row_key, and the value goes away by itself; or let the row have none:"
            f" UPDATE {table} SET settled = true WHERE …"
        ),
    )
