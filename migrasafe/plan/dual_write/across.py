"""Both versions write, the old one into columns of a table, the new one into a row of another: triggers carry each to the other.

The row of the new table is made when the transaction commits, by a deferred constraint trigger, so that a new version that
makes it itself, in the same transaction, does not meet one that is there already:
https://www.postgresql.org/docs/current/sql-createtrigger.html

Two writers that begin at different ends lock the same two rows in opposite order: one of them is told of a deadlock (40P01)
and has to try again. No trigger can prevent that.
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
from migrasafe.sql.quote import quote_ident, quote_literal


class AcrossTables(Struct, frozen=True, kw_only=True):
    """Columns that move. A row of the new table belongs to one of the old table, and goes with it (ON DELETE CASCADE)."""

    id: str
    """Names the functions and triggers."""
    old: Ref
    new: Ref
    key: tuple[tuple[str, str], ...]
    """The columns by which rows belong together: of the old table, and of the new one, where they are unique."""
    columns: tuple[tuple[str, str], ...]
    """What moves: its names in the old and in the new table, of the same type."""
    search_path: tuple[str, ...] = ("public",)

    @property
    def triggers(self) -> tuple[tuple[Ref, str], ...]:
        return (
            (self.old, f"~migrasafe_{self.id}_update"),
            (self.old, f"~migrasafe_{self.id}_insert"),
            (self.new, f"~migrasafe_{self.id}_back"),
        )


def write_across(across: AcrossTables) -> Step:
    """Functions and triggers, all in one transaction."""
    functions = _functions(across)
    on_update, on_insert, back = (quote_ident(trigger) for _, trigger in across.triggers)
    old, new = name_of(across.old), name_of(across.new)
    return Step(
        title=f"Keep {across.old} and {across.new} in step, whoever writes",
        statements=(
            f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
            *functions_sql(across),
            f"CREATE TRIGGER {on_update} AFTER UPDATE ON {old} FOR EACH ROW EXECUTE FUNCTION {functions[0]}()",
            f"CREATE CONSTRAINT TRIGGER {on_insert} AFTER INSERT ON {old} DEFERRABLE INITIALLY DEFERRED"
            f" FOR EACH ROW EXECUTE FUNCTION {functions[1]}()",
            f"CREATE TRIGGER {back} AFTER INSERT OR UPDATE ON {new} FOR EACH ROW EXECUTE FUNCTION {functions[2]}()",
        ),
        done=predicates.all_of(*(predicates.trigger_exists(table, trigger) for table, trigger in across.triggers)),
        undo=drop_across_sql(across),
    )


def functions_sql(across: AcrossTables) -> tuple[str, ...]:
    """CREATE OR REPLACE FUNCTION, for each trigger."""
    return tuple(
        filled(f"across_{part}.sql", **_words(across), function=function).strip()
        for part, function in zip(("update", "insert", "back"), _functions(across), strict=True)
    )


def lock_both(across: AcrossTables) -> str:
    """The new table first, whose foreign key looks rows of the other one up."""
    return lock_of(across.new, across.old)


def drop_across_sql(across: AcrossTables) -> tuple[str, ...]:
    """The triggers and their functions, under the lock of both tables."""
    return drop_under(lock_both(across), across.triggers, _functions(across))


def touch(across: AcrossTables) -> Backfill:
    """The rows from before, touched in batches: the trigger, which holds their locks, makes their other halves."""
    words = _words(across)
    first = quote_ident(across.columns[0][0])
    marked = f"pg_catalog.set_config({words['touched']}, 'yes', true) = 'yes'"
    # The names of the table that is walked stand alone: a backfill calls it as it likes.
    named = [
        (new, f"migrasafe_{place}", quote_ident(old)) for place, (old, new) in enumerate((*across.key, *across.columns))
    ]
    there = ", ".join(f"{quote_ident(new)} AS {alias}" for new, alias, _ in named)
    keys, columns = named[: len(across.key)], named[len(across.key) :]
    pairs = " AND ".join(f"there.{alias} = {old}" for _, alias, old in keys)
    apart = differs(row_of(f"there.{alias}" for _, alias, _ in columns), row_of(old for _, _, old in columns))
    return Backfill(
        table=words["old"],
        assignments=(f"{first} = CASE WHEN {marked} THEN {first} END",),
        where=f"NOT EXISTS (SELECT FROM (SELECT {there} FROM {words['new']}) AS there WHERE {pairs} AND NOT {apart})",
    )


def copy_rows(across: AcrossTables, condition: str = "true") -> str:
    """INSERT … SELECT of the rows from before for which the condition, over the old table as `here`, holds.

    The rows are locked while they are copied: without that, one that is changed or deleted meanwhile would come back as it was.
    """
    words = _words(across)
    return (
        f"INSERT INTO {words['new']} ({words['new_list']}) SELECT {words['here_list']} FROM {words['old']} AS here"
        f" WHERE ({condition}) AND NOT EXISTS (SELECT FROM {words['new']} AS there WHERE {words['pairs']})"
        f" FOR NO KEY UPDATE OF here ON CONFLICT ({words['new_key']}) DO NOTHING"
    )


def all_there(across: AcrossTables) -> Gate:
    """Whether every row has its other half, and both say the same."""
    words = _words(across)
    return Gate(
        id="same",
        question=f"Do {across.old} and {across.new} say the same of every row?",
        query=(
            f"SELECT count(*) FROM {words['old']} AS here LEFT JOIN {words['new']} AS there ON {words['pairs']}"
            f" WHERE {words['apart']} OR there.{quote_ident(across.key[0][1])} IS NULL"
        ),
        expected="0",
        otherwise="Copy the rows again; if some come back, a trigger of your own changes one side after ours.",
    )


def _functions(across: AcrossTables) -> tuple[str, ...]:
    return tuple(f"{SCHEMA}.{quote_ident(f'{across.id}_{part}')}" for part in ("update", "insert", "back"))


def _words(across: AcrossTables) -> dict[str, str]:
    olds, news = [one for one, _ in across.columns], [one for _, one in across.columns]
    sets = [(quote_ident(old), quote_ident(new)) for old, new in across.columns]
    keys = [(quote_ident(old), quote_ident(new)) for old, new in across.key]

    def row(prefix: str, columns: list[str]) -> str:
        return row_of(f"{prefix}.{quote_ident(column)}" for column in columns)

    return {
        "search_path": pinned_path((*across.search_path, across.old.schema, across.new.schema)),
        "old": name_of(across.old),
        "new": name_of(across.new),
        "new_list": names((*(new for _, new in across.key), *news)),
        "here_list": ", ".join(f"here.{quote_ident(one)}" for one in (*(old for old, _ in across.key), *olds)),
        "new_key": names(new for _, new in across.key),
        "pairs": " AND ".join(f"there.{new} = here.{old}" for old, new in keys),
        "this_old": " AND ".join(f"here.{old} = NEW.{old}" for old, _ in keys),
        "its_new": " AND ".join(f"there.{new} = NEW.{old}" for old, new in keys),
        "its_old": " AND ".join(f"here.{old} = NEW.{new}" for old, new in keys),
        "new_values": ", ".join(f"NEW.{quote_ident(one)}" for one in (*(old for old, _ in across.key), *olds)),
        "set_said": ", ".join(f"{old} = coalesce(NEW.{new}, here.{old})" for old, new in sets),
        "here_differs_from_said": differs(
            row("here", olds), row_of(f"coalesce(NEW.{new}, here.{old})" for old, new in sets)
        ),
        "set_left_out": ", ".join(f"{new} = here.{old}" for old, new in sets),
        "new_changed": differs(row("NEW", news), row("OLD", news)),
        "set_changed": ", ".join(
            f"{old} = CASE WHEN {changed(new)} THEN NEW.{new} ELSE here.{old} END" for old, new in sets
        ),
        "touched": quote_literal(f"{SCHEMA}.{across.id}_touched"),
        "set_new": ", ".join(f"{new} = NEW.{old}" for old, new in sets),
        "old_changed": differs(row("NEW", olds), row("OLD", olds)),
        "there_differs": differs(row("there", news), row("NEW", olds)),
        "here_differs": differs(row("here", olds), row("NEW", news)),
        "apart": differs(row("here", olds), row("there", news)),
    }
