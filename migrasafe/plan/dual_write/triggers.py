"""Both versions write, each in its own shape: two triggers around all others keep the old and the new columns in step.

The first trigger carries what a new-version writer wrote into the old columns; the table's own triggers then see what
they have always seen; the last one derives the new columns. PostgreSQL fires triggers of a kind in the order of their names:
https://www.postgresql.org/docs/current/trigger-definition.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from migrasafe.plan.templates import filled
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.deparse import Path, deparse_expression, map_columns
from migrasafe.sql.expressions import walk
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression

SCHEMA = "migrasafe"


class Mapped(Struct, frozen=True, kw_only=True):
    """A column of one side, and how its value follows from the columns of the other. The expression must not raise."""

    column: str
    type: str
    value: Expression


class DualWrite(Struct, frozen=True, kw_only=True):
    table: Ref
    id: str
    """Names the functions and triggers."""
    old: tuple[Mapped, ...]
    """Each with `down`: its value from the new columns."""
    new: tuple[Mapped, ...]
    """Each with `up`: its value from the old columns."""
    search_path: tuple[str, ...] = ("public",)

    @property
    def triggers(self) -> tuple[str, str]:
        """First and last: no other name sorts before `!` or after `~`, as far as people name triggers."""
        return f"!migrasafe_{self.id}", f"~migrasafe_{self.id}"

    @property
    def functions(self) -> tuple[str, str]:
        return f"{self.id}_first", f"{self.id}_last"


def functions_sql(dual: DualWrite) -> tuple[str, str]:
    """CREATE OR REPLACE FUNCTION, for the first and the last trigger."""
    first, last = dual.functions
    words = words_of(dual)
    return (
        filled("dual_write_first.sql", function=f"{SCHEMA}.{quote_ident(first)}", **words).strip(),
        filled("dual_write_last.sql", function=f"{SCHEMA}.{quote_ident(last)}", **words).strip(),
    )


def create_sql(dual: DualWrite) -> tuple[str, ...]:
    """Schema, functions and triggers; to be run in one transaction."""
    table = name_of(dual.table)
    creations = tuple(
        f"CREATE TRIGGER {quote_ident(trigger)} BEFORE INSERT OR UPDATE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {SCHEMA}.{quote_ident(function)}()"
        for trigger, function in zip(dual.triggers, dual.functions, strict=True)
    )
    return (f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}", *functions_sql(dual), *creations)


def drop_triggers_sql(dual: DualWrite) -> tuple[str, ...]:
    table = name_of(dual.table)
    return tuple(f"DROP TRIGGER {quote_ident(trigger)} ON {table}" for trigger in dual.triggers)


def drop_functions_sql(dual: DualWrite) -> tuple[str, ...]:
    return tuple(f"DROP FUNCTION {SCHEMA}.{quote_ident(function)}()" for function in dual.functions)


def inconsistent(dual: DualWrite) -> str:
    """The condition that finds rows in which neither side follows from the other, over the table's own columns."""
    ups = row_of(_cast(one, deparse_expression(one.value)) for one in dual.new)
    downs = row_of(_cast(one, deparse_expression(one.value)) for one in dual.old)
    news = row_of(quote_ident(one.column) for one in dual.new)
    olds = row_of(quote_ident(one.column) for one in dual.old)
    return f"{differs(news, ups)} AND {differs(olds, downs)}"


def pinned_path(search_path: Sequence[str]) -> str:
    """The search path of a function of ours: nobody's temporary objects come before what is meant."""
    return ", ".join(dict.fromkeys(["pg_catalog", *map(quote_ident, search_path), "pg_temp"]))


def words_of(dual: DualWrite) -> dict[str, str]:
    """What the templates of trigger functions have blanks for."""
    old_now, old_before = _rows_of(dual.old, "NEW"), _rows_of(dual.old, "OLD")
    new_now, new_before = _rows_of(dual.new, "NEW"), _rows_of(dual.new, "OLD")
    return {
        "search_path": pinned_path(dual.search_path),
        "old_list": ", ".join(quote_ident(one.column) for one in dual.old),
        "new_list": ", ".join(quote_ident(one.column) for one in dual.new),
        "declare_old": _declared(dual.old),
        "declare_new": _declared(dual.new),
        "any_new_given": " OR ".join(f"NEW.{quote_ident(one.column)} IS NOT NULL" for one in dual.new),
        "all_new_missing": " AND ".join(f"NEW.{quote_ident(one.column)} IS NULL" for one in dual.new),
        "new_changed": differs(new_now, new_before),
        "old_changed": differs(old_now, old_before),
        "new_differs_from_up": differs(new_now, row_of(_cast(one, of_new_row(one.value)) for one in dual.new)),
        "old_differs_from_down": differs(old_now, row_of(_cast(one, of_new_row(one.value)) for one in dual.old)),
        "assign_old": _assigned(dual.old),
        "assign_new": _assigned(dual.new),
    }


def _declared(side: Sequence[Mapped]) -> str:
    return "\n".join(f"  v_{place} {one.type};" for place, one in enumerate(side, start=1))


def _assigned(side: Sequence[Mapped]) -> str:
    """All values are worked out before the first is assigned: one may read what another changes."""
    worked_out = [f"      v_{place} := {_cast(one, of_new_row(one.value))};" for place, one in enumerate(side, start=1)]
    assigned = [f"      NEW.{quote_ident(one.column)} := v_{place};" for place, one in enumerate(side, start=1)]
    return "\n".join((*worked_out, *assigned))


def _rows_of(side: Sequence[Mapped], row: str) -> str:
    return row_of(f"{row}.{quote_ident(one.column)}" for one in side)


def row_of(values: Iterable[str]) -> str:
    return f"ROW({', '.join(values)})"


def differs(left: str, right: str) -> str:
    # Not IS DISTINCT FROM: json and point have no =, and citext, numeric and interval call different things equal.
    return f"pg_catalog.record_image_ne({left}, {right})"


def _cast(one: Mapped, value: str) -> str:
    return f"({value})::{one.type}"


def of_new_row(expression: Expression, table: str | None = None) -> str:
    """An expression over a table's columns, as a row trigger says it. With a `table`, and sub-selects, the columns of the row
    itself are those that are qualified by its name."""
    looks_up = table is not None and any(kind == "SubLink" for kind, _ in walk(expression.node))

    def change(path: Path) -> Path:
        return path if looks_up and path[-2:-1] != (table,) else ("new", path[-1])

    return deparse_expression(Expression(node=map_columns(expression.node, change)))
