"""Both versions write, the old one a table of its own, the new one columns of the table that it belongs to: triggers carry both.

A row of the old table belongs to one row of the other, by a foreign key that is unique. Two writers that begin at different
ends lock the same two rows in opposite order: one of them is told of a deadlock (40P01) and has to try again.
"""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.dual_write.triggers import SCHEMA, differs, pinned_path, row_of
from migrasafe.plan.dual_write.two_tables import changed, drop_under, lock_of
from migrasafe.plan.model import Backfill, Gate, Step
from migrasafe.plan.templates import filled
from migrasafe.schema.definitions import name_of, names
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident


class Merged(Struct, frozen=True, kw_only=True):
    """Columns of a table that another one takes in."""

    id: str
    """Names the functions and triggers."""
    old: Ref
    new: Ref
    key: tuple[tuple[str, str], ...]
    """The columns by which rows belong together: of the old table, where they are unique, and of the new one."""
    columns: tuple[tuple[str, str], ...]
    """What moves: its names in the old and in the new table, of the same type."""
    needed: tuple[tuple[str, str], ...] = ()
    """Columns of the old table that may not be null, with their defaults as SQL."""
    search_path: tuple[str, ...] = ("public",)

    @property
    def triggers(self) -> tuple[tuple[Ref, str], ...]:
        return (self.old, f"~migrasafe_{self.id}_carried"), (self.new, f"~migrasafe_{self.id}_back")

    @property
    def functions(self) -> tuple[str, ...]:
        return tuple(f"{SCHEMA}.{quote_ident(f'{self.id}_{part}')}" for part in ("carried", "back"))


def write_merged(merged: Merged) -> Step:
    """Functions and triggers, all in one transaction."""
    (old, carried), (new, back) = ((name_of(ref), quote_ident(name)) for ref, name in merged.triggers)
    functions = merged.functions
    return Step(
        title=f"Keep {merged.old} and {merged.new} in step, whoever writes",
        statements=(
            f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
            *functions_sql(merged),
            f"CREATE TRIGGER {carried} AFTER INSERT OR UPDATE OR DELETE ON {old}"
            f" FOR EACH ROW EXECUTE FUNCTION {functions[0]}()",
            f"CREATE TRIGGER {back} AFTER INSERT OR UPDATE OF {names(new for _, new in merged.columns)} ON {new}"
            f" FOR EACH ROW EXECUTE FUNCTION {functions[1]}()",
        ),
        done=predicates.all_of(*(predicates.trigger_exists(table, trigger) for table, trigger in merged.triggers)),
        undo=drop_merged_sql(merged),
    )


def functions_sql(merged: Merged) -> tuple[str, ...]:
    """CREATE OR REPLACE FUNCTION, for each trigger."""
    return tuple(
        filled(f"merge_{part}.sql", **_words(merged), function=function).strip()
        for part, function in zip(("carried", "back"), merged.functions, strict=True)
    )


def lock_both(merged: Merged) -> str:
    """The table that goes first, whose foreign key looks rows of the other one up."""
    return lock_of(merged.old, merged.new)


def drop_merged_sql(merged: Merged) -> tuple[str, ...]:
    """The triggers and their functions, under the lock of both tables."""
    return drop_under(lock_both(merged), merged.triggers, merged.functions)


def touch(merged: Merged) -> Backfill:
    """The rows from before, touched in batches: the trigger, which holds their locks, carries what they say."""
    first = quote_ident(merged.columns[0][0])
    # The names of the table that is walked stand alone: a backfill calls it as it likes.
    named = [
        (quote_ident(new), f"migrasafe_{place}", quote_ident(old))
        for place, (old, new) in enumerate((*merged.key, *merged.columns))
    ]
    there = ", ".join(f"{new} AS {alias}" for new, alias, _ in named)
    keys, columns = named[: len(merged.key)], named[len(merged.key) :]
    pairs = " AND ".join(f"there.{alias} = {old}" for _, alias, old in keys)
    apart = differs(row_of(f"there.{alias}" for _, alias, _ in columns), row_of(old for _, _, old in columns))
    return Backfill(
        table=name_of(merged.old),
        assignments=(f"{first} = {first}",),
        where=f"EXISTS (SELECT FROM (SELECT {there} FROM {name_of(merged.new)}) AS there WHERE {pairs} AND {apart})",
    )


def all_there(merged: Merged) -> Gate:
    """Whether both tables say the same of every row."""
    words = _words(merged)
    return Gate(
        id="same",
        question=f"Do {merged.old} and {merged.new} say the same of every row?",
        query=(
            f"SELECT count(*) FROM {words['new']} AS there LEFT JOIN {words['old']} AS here ON {words['pairs']}"
            f" WHERE {words['apart']}"
        ),
        expected="0",
        otherwise="Run the backfill again; if some come back, a trigger of your own changes one side after ours.",
    )


def _words(merged: Merged) -> dict[str, str]:
    keys = [(quote_ident(old), quote_ident(new)) for old, new in merged.key]
    both = [(quote_ident(old), quote_ident(new)) for old, new in merged.columns]
    needed = dict(merged.needed)
    given = {
        quote_ident(old): f"coalesce(NEW.{quote_ident(new)}, {needed[old]})"
        if old in needed
        else f"NEW.{quote_ident(new)}"
        for old, new in merged.columns
    }
    here = row_of(f"here.{old}" for old, _ in both)
    return {
        "search_path": pinned_path((*merged.search_path, merged.old.schema, merged.new.schema)),
        "old": name_of(merged.old),
        "new": name_of(merged.new),
        "pairs": " AND ".join(f"there.{new} = here.{old}" for old, new in keys),
        "key_changed": differs(row_of(f"NEW.{old}" for old, _ in keys), row_of(f"OLD.{old}" for old, _ in keys)),
        "was_new": " AND ".join(f"there.{new} = OLD.{old}" for old, new in keys),
        "its_new": " AND ".join(f"there.{new} = NEW.{old}" for old, new in keys),
        "its_old": " AND ".join(f"here.{old} = NEW.{new}" for old, new in keys),
        "set_null": ", ".join(f"{new} = NULL" for _, new in both),
        "set_new": ", ".join(f"{new} = NEW.{old}" for old, new in both),
        "set_old": ", ".join(f"{old} = {value}" for old, value in given.items()),
        "set_changed": ", ".join(
            f"{old} = CASE WHEN {changed(new)} THEN {given[old]} ELSE here.{old} END" for old, new in both
        ),
        "there_empty": " AND ".join(f"there.{new} IS NULL" for _, new in both),
        "new_empty": " AND ".join(f"NEW.{new} IS NULL" for _, new in both),
        "new_changed": differs(row_of(f"NEW.{new}" for _, new in both), row_of(f"OLD.{new}" for _, new in both)),
        "there_differs": differs(row_of(f"there.{new}" for _, new in both), row_of(f"NEW.{old}" for old, _ in both)),
        "here_differs": differs(here, row_of(given.values())),
        "apart": differs(row_of(f"there.{new}" for _, new in both), here),
        "old_list": ", ".join([old for old, _ in keys] + [old for old, _ in both]),
        "old_key": ", ".join(old for old, _ in keys),
        "values": ", ".join([f"NEW.{new}" for _, new in keys] + list(given.values())),
    }
