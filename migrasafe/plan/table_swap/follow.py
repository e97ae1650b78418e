"""Whoever writes the table that people use: triggers carry it into the other one, one way at a time.

Both versions of the app say the same name, so before the swap the new table follows the old one, and after it the old one
follows the new one. The trigger's name sorts first: what other triggers do to the row comes after, and is carried as well.
"""

from __future__ import annotations

from collections.abc import Iterable

from migrasafe.plan import predicates
from migrasafe.plan.dual_write.triggers import SCHEMA, differs, pinned_path, row_of
from migrasafe.plan.model import Backfill, Gate
from migrasafe.plan.table_swap.model import TableSwap
from migrasafe.plan.templates import filled
from migrasafe.schema.definitions import name_of, names
from migrasafe.schema.model import Ref, Table
from migrasafe.sql.quote import quote_ident, quote_literal


def follows(swap: TableSwap, source: Ref, *, ahead: bool) -> tuple[str, ...]:
    """Functions and triggers by which the table that waits follows `source`, which has the known name."""
    target = swap.ready if ahead else swap.parked
    words, on = _words(swap, source, target), name_of(source)
    function = _function(swap, "ahead" if ahead else "back")
    rows, all_rows, copied = (quote_ident(one) for one in triggers(swap))
    told = [
        f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
        filled("row_follows.sql", **words, function=function).strip(),
        f"CREATE TRIGGER {rows} AFTER INSERT OR UPDATE OR DELETE ON {on} FOR EACH ROW EXECUTE FUNCTION {function}()",
        f"CREATE TRIGGER {all_rows} AFTER TRUNCATE ON {on} FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
    ]
    if ahead:
        told += [
            filled("row_copied.sql", **words, function=_function(swap, "copy")).strip(),
            f"CREATE TRIGGER {copied} BEFORE UPDATE ON {on} FOR EACH ROW"
            f" WHEN (pg_catalog.current_setting({_touched(swap)}, true) = 'yes')"
            f" EXECUTE FUNCTION {_function(swap, 'copy')}()",
        ]
    return tuple(told)


def unfollowed(swap: TableSwap, source: Ref, *, ahead: bool) -> tuple[str, ...]:
    """What takes that back."""
    on = name_of(source)
    rows, all_rows, copied = (quote_ident(one) for one in triggers(swap))
    told = [f"DROP TRIGGER {one} ON {on}" for one in (rows, all_rows, *((copied,) if ahead else ()))]
    functions = ("ahead", "copy") if ahead else ("back",)
    return (*told, *(f"DROP FUNCTION {_function(swap, one)}()" for one in functions))


def triggers(swap: TableSwap) -> tuple[str, str, str]:
    id = swap.ground.id
    return f"!migrasafe_{id}", f"!migrasafe_{id}_all", f"!migrasafe_{id}_copy"


def is_followed(swap: TableSwap, source: Ref) -> str:
    return predicates.all_of(*(predicates.trigger_exists(source, one) for one in triggers(swap)[:2]))


def touch(swap: TableSwap) -> Backfill:
    """The rows from before, touched in batches: a trigger, which holds their locks, copies them and lets them be."""
    touched = touchable(swap.table, swap.key)
    assert touched is not None  # whoever plans has seen to it
    column = quote_ident(touched)
    marked = f"pg_catalog.set_config({_touched(swap)}, 'yes', true) = 'yes'"
    # The names of the table that is walked stand alone: a backfill calls it as it likes.
    named = [(quote_ident(one), f"migrasafe_{place}") for place, one in enumerate(swap.key)]
    there = ", ".join(f"{column} AS {alias}" for column, alias in named)
    pairs = " AND ".join(f"there.{alias} = {column}" for column, alias in named)
    return Backfill(
        table=name_of(swap.table.ref),
        assignments=(f"{column} = CASE WHEN {marked} THEN {column} END",),
        where=f"NOT EXISTS (SELECT FROM (SELECT {there} FROM {name_of(swap.ready)}) AS there WHERE {pairs})",
    )


def touchable(table: Table, key: tuple[str, ...]) -> str | None:
    """A column that a backfill can set to itself: none of the key, by which it walks, and none that PostgreSQL fills."""
    plain = (one.name for one in table.columns if one.generated is None and one.identity is None)
    return next((name for name in plain if name not in key), None)


def all_there(swap: TableSwap) -> Gate:
    """Whether both tables have the same rows; asked while the new one still waits."""
    here, there = (row_of(f"{side}.{quote_ident(one)}" for one in swap.columns) for side in ("here", "there"))
    pairs = " AND ".join(f"there.{quote_ident(one)} = here.{quote_ident(one)}" for one in swap.key)
    alone = " OR ".join(f"{side}.{quote_ident(swap.key[0])} IS NULL" for side in ("here", "there"))
    return Gate(
        id="same",
        question=f"Does {swap.ready} have every row of {swap.table.ref}, and no other?",
        query=(
            f"SELECT count(*) FROM {name_of(swap.table.ref)} AS here FULL JOIN {name_of(swap.ready)} AS there ON {pairs}"
            f" WHERE {alone} OR {differs(here, there)}"
        ),
        expected="0",
        otherwise="Run the backfill again; if some come back, something writes past the triggers (session_replication_role).",
    )


def _function(swap: TableSwap, part: str) -> str:
    return f"{SCHEMA}.{quote_ident(f'{swap.ground.id}_{part}')}"


def _touched(swap: TableSwap) -> str:
    return quote_literal(f"{SCHEMA}.{swap.ground.id}_touched")


def _words(swap: TableSwap, source: Ref, target: Ref) -> dict[str, str]:
    def side(alias: str, row: str, columns: Iterable[str] = swap.key) -> str:
        return " AND ".join(f"{alias}.{quote_ident(one)} = {row}.{quote_ident(one)}" for one in columns)

    def listed(alias: str) -> str:
        return ", ".join(f"{alias}.{quote_ident(one)}" for one in swap.columns)

    return {
        "search_path": pinned_path((*swap.ground.schema.search_path, source.schema)),
        "source": name_of(source),
        "target": name_of(target),
        "columns": names(swap.columns),
        "here_columns": listed("here"),
        "old_columns": listed("OLD"),
        "set_columns": ", ".join(f"{quote_ident(one)} = here.{quote_ident(one)}" for one in swap.columns),
        "there_old": side("there", "OLD"),
        "here_old": side("here", "OLD"),
        "here_new": side("here", "NEW"),
    }
