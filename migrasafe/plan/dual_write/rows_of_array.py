"""Both versions write, the old one an array, the new one a row of another table for each element: triggers carry both."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.dual_write.triggers import SCHEMA, differs, pinned_path, row_of
from migrasafe.plan.dual_write.two_tables import drop_under, lock_of
from migrasafe.plan.model import Backfill, Gate, Step
from migrasafe.plan.templates import filled
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident, quote_literal

_EVENTS = {
    "came": ("INSERT", "NEW TABLE AS kept_came", ("kept_came",)),
    "went": ("DELETE", "OLD TABLE AS kept_went", ("kept_went",)),
    "moved": ("UPDATE", "OLD TABLE AS kept_went NEW TABLE AS kept_came", ("kept_came", "kept_went")),
}


class RowsOfArray(Struct, frozen=True, kw_only=True):
    id: str
    """Names the functions and triggers."""
    table: Ref
    column: str
    """The array, as it is called now."""
    type: str
    """Its type, as SQL."""
    child: Ref
    key: tuple[tuple[str, str], ...]
    """The columns by which rows belong together: of the table, and of the child."""
    place: str
    value: str
    """The columns of the child."""
    search_path: tuple[str, ...] = ("public",)

    @property
    def functions(self) -> dict[str, str]:
        return {part: f"{SCHEMA}.{quote_ident(f'{self.id}_{part}')}" for part in ("rows", *_EVENTS)}

    @property
    def triggers(self) -> dict[str, tuple[Ref, str]]:
        return {
            part: (self.table if part == "rows" else self.child, f"~migrasafe_{self.id}_{part}")
            for part in self.functions
        }


def write_rows(rows: RowsOfArray) -> Step:
    """Functions and triggers, all in one transaction."""
    made = []
    for part, (ref, name) in rows.triggers.items():
        function = f"EXECUTE FUNCTION {rows.functions[part]}()"
        if part == "rows":
            when = f"AFTER INSERT OR UPDATE OF {quote_ident(rows.column)} ON {name_of(ref)} FOR EACH ROW"
        else:
            event, tables, _ = _EVENTS[part]
            when = f"AFTER {event} ON {name_of(ref)} REFERENCING {tables} FOR EACH STATEMENT"
        made.append(f"CREATE TRIGGER {quote_ident(name)} {when} {function}")
    return Step(
        title=f"Keep {rows.table} and {rows.child} in step, whoever writes",
        statements=(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}", *functions_sql(rows), *made),
        done=predicates.all_of(*(predicates.trigger_exists(ref, name) for ref, name in rows.triggers.values())),
        undo=drop_rows_sql(rows),
    )


def functions_sql(rows: RowsOfArray) -> tuple[str, ...]:
    """CREATE OR REPLACE FUNCTION, for each trigger."""
    words = _words(rows)
    texts = [filled("rows_from_array.sql", **words, function=rows.functions["rows"]).strip()]
    listed = ", ".join(f"there.{quote_ident(child)}" for _, child in rows.key)
    for part, (_, _, tables) in _EVENTS.items():
        keys = " UNION ".join(f"SELECT {listed} FROM {table} AS there" for table in tables)
        texts.append(filled("rows_to_array.sql", **words, function=rows.functions[part], keys=keys).strip())
    return tuple(texts)


def lock_both(rows: RowsOfArray) -> str:
    """The child first, whose foreign key looks rows of the other table up."""
    return lock_of(rows.child, rows.table)


def drop_rows_sql(rows: RowsOfArray) -> tuple[str, ...]:
    """The triggers and their functions, under the lock of both tables."""
    return drop_under(lock_both(rows), rows.triggers.values(), rows.functions.values())


def touch(rows: RowsOfArray) -> Backfill:
    """The rows from before, touched in batches: the trigger, which holds their locks, makes the rows of their elements."""
    column = quote_ident(rows.column)
    marked = f"pg_catalog.set_config({_words(rows)['touched']}, 'yes', true) = 'yes'"
    return Backfill(
        table=name_of(rows.table),
        assignments=(f"{column} = CASE WHEN {marked} THEN {column} END",),
        where=_apart(rows, column, {here: quote_ident(here) for here, _ in rows.key}),
    )


def all_there(rows: RowsOfArray) -> Gate:
    """Whether every array has its rows, in its order, and no others."""
    table, column = name_of(rows.table), f"here.{quote_ident(rows.column)}"
    keys = {here: f"here.{quote_ident(here)}" for here, _ in rows.key}
    return Gate(
        id="same",
        question=f"Does {rows.child} have a row for each element of {rows.table}.{rows.column}, in its order?",
        query=f"SELECT count(*) FROM {table} AS here WHERE {_apart(rows, column, keys)}",
        expected="0",
        otherwise="Run the backfill again; if some come back, a trigger of your own changes one side after ours.",
    )


def _elements(rows: RowsOfArray, keys: dict[str, str]) -> str:
    """The array that the rows of the child make: null where there are none. `keys`: what the key of a row is called."""
    # The names of a table that a backfill walks stand alone: it calls the table as it likes.
    aliases = [(quote_ident(child), f"kept_{number}", keys[here]) for number, (here, child) in enumerate(rows.key)]
    inner = ", ".join(f"{child} AS {alias}" for child, alias, _ in aliases)
    inner += f", {quote_ident(rows.value)} AS kept_value, {quote_ident(rows.place)} AS kept_place"
    same = " AND ".join(f"there.{alias} = {key}" for _, alias, key in aliases)
    return (
        f"(SELECT pg_catalog.array_agg(there.kept_value ORDER BY there.kept_place) FROM (SELECT {inner} FROM"
        f" {name_of(rows.child)}) AS there WHERE {same})::{rows.type}"
    )


def _apart(rows: RowsOfArray, column: str, keys: dict[str, str]) -> str:
    # Of an array with bounds or dimensions of its own only the elements count, and none is as good as null.
    flat = (
        "(SELECT pg_catalog.array_agg(element.kept_value ORDER BY element.kept_place) FROM"
        f" ROWS FROM (pg_catalog.unnest({column})) WITH ORDINALITY AS element (kept_value, kept_place))::{rows.type}"
    )
    return differs(row_of([flat]), row_of([_elements(rows, keys)]))


def _words(rows: RowsOfArray) -> dict[str, str]:
    column = quote_ident(rows.column)
    here = {one: f"here.{quote_ident(one)}" for one, _ in rows.key}
    new = {one: f"NEW.{quote_ident(one)}" for one, _ in rows.key}
    children = [quote_ident(child) for _, child in rows.key]
    return {
        "search_path": pinned_path((*rows.search_path, rows.table.schema, rows.child.schema)),
        "table": name_of(rows.table),
        "child": name_of(rows.child),
        "column": column,
        "touched": quote_literal(f"{SCHEMA}.{rows.id}_touched"),
        "quiet": quote_literal(f"{SCHEMA}.{rows.id}_quiet"),
        "changed": differs(row_of([f"NEW.{column}"]), row_of([f"OLD.{column}"])),
        "new_apart": _apart(rows, f"NEW.{column}", new),
        "its_rows": " AND ".join(f"there.{child} = {key}" for child, key in zip(children, new.values(), strict=True)),
        "child_list": ", ".join([*children, quote_ident(rows.place), quote_ident(rows.value)]),
        "new_key": ", ".join(new.values()),
        "here_key": f"({', '.join(here.values())})",
        "here_order": ", ".join(here.values()),
        "elements": _elements(rows, here),
        "apart": _apart(rows, f"here.{column}", here),
    }
