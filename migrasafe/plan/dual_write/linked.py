"""Both versions write, the old one a column that refers to one row, the new one a table of links to several: triggers carry both."""

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


class Linked(Struct, frozen=True, kw_only=True):
    id: str
    """Names the functions and triggers."""
    table: Ref
    link: Ref
    target: Ref
    """What the old column refers to."""
    own: tuple[tuple[str, str], ...]
    """Which links a row of the table has: the columns of the table, and of the link."""
    refers: tuple[tuple[str, str, str], ...]
    """What it is linked to: the columns of the old foreign key, of the link, and of the target."""
    going: tuple[str, ...]
    """Those of the old foreign key that nothing else needs, as they are called now."""
    search_path: tuple[str, ...] = ("public",)

    @property
    def triggers(self) -> tuple[tuple[Ref, str], ...]:
        return (self.table, f"~migrasafe_{self.id}_link"), (self.link, f"~migrasafe_{self.id}_back")

    @property
    def functions(self) -> tuple[str, ...]:
        return tuple(f"{SCHEMA}.{quote_ident(f'{self.id}_{part}')}" for part in ("link", "back"))


def write_linked(linked: Linked) -> Step:
    """Functions and triggers, all in one transaction."""
    (table, there), (link, back) = ((name_of(ref), quote_ident(name)) for ref, name in linked.triggers)
    functions = linked.functions
    listed = ", ".join(quote_ident(column) for column, _, _ in linked.refers)
    return Step(
        title=f"Keep {linked.table} and {linked.link} in step, whoever writes",
        statements=(
            f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
            *functions_sql(linked),
            f"CREATE TRIGGER {there} AFTER INSERT OR UPDATE OF {listed} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {functions[0]}()",
            f"CREATE TRIGGER {back} AFTER INSERT OR UPDATE OR DELETE ON {link}"
            f" FOR EACH ROW EXECUTE FUNCTION {functions[1]}()",
        ),
        done=predicates.all_of(*(predicates.trigger_exists(one, name) for one, name in linked.triggers)),
        undo=drop_linked_sql(linked),
    )


def functions_sql(linked: Linked) -> tuple[str, ...]:
    """CREATE OR REPLACE FUNCTION, for each trigger."""
    words = _words(linked)
    settle = filled("link_settle.sql", **words).strip()
    return (
        filled("link_from_column.sql", **words, function=linked.functions[0]).strip(),
        filled("link_to_column.sql", **words, function=linked.functions[1], settle=settle).strip(),
    )


def lock_both(linked: Linked) -> str:
    """The links first, whose foreign key looks rows of the table up."""
    return lock_of(linked.link, linked.table)


def drop_linked_sql(linked: Linked) -> tuple[str, ...]:
    """The triggers and their functions, under the lock of both tables."""
    return drop_under(lock_both(linked), linked.triggers, linked.functions)


def touch(linked: Linked) -> Backfill:
    """The rows from before, touched in batches: the trigger, which holds their locks, makes their links."""
    words = _words(linked)
    first = quote_ident(linked.going[0])
    marked = f"pg_catalog.set_config({words['touched']}, 'yes', true) = 'yes'"
    # The names of the table that is walked stand alone: a backfill calls it as it likes.
    pairs = [(here, link) for here, link in linked.own] + [(here, link) for here, link, _ in linked.refers]
    named = [(quote_ident(here), quote_ident(link), f"migrasafe_{place}") for place, (here, link) in enumerate(pairs)]
    listed = ", ".join(f"{link} AS {alias}" for _, link, alias in named)
    same = " AND ".join(f"link.{alias} = {here}" for here, _, alias in named)
    given = " AND ".join(f"{quote_ident(here)} IS NOT NULL" for here, _, _ in linked.refers)
    return Backfill(
        table=name_of(linked.table),
        assignments=(f"{first} = CASE WHEN {marked} THEN {first} END",),
        where=f"{given} AND NOT EXISTS (SELECT FROM (SELECT {listed} FROM {name_of(linked.link)}) AS link WHERE {same})",
    )


def all_there(linked: Linked) -> Gate:
    """Whether every row has the link that its column says, and no link where it says none."""
    words = _words(linked)
    return Gate(
        id="same",
        question=f"Does {linked.link} have the link of every row of {linked.table}?",
        query=(
            f"SELECT count(*) FROM {words['table']} AS here WHERE ({words['here_given']} AND NOT EXISTS (SELECT FROM"
            f" {words['link']} AS link WHERE {words['link_of_here']} AND {words['link_says_here']})) OR (NOT"
            f" ({words['here_given']}) AND EXISTS (SELECT FROM {words['link']} AS link WHERE {words['link_of_here']}))"
        ),
        expected="0",
        otherwise="Run the backfill again; if some come back, a trigger of your own changes one side after ours.",
    )


def _words(linked: Linked) -> dict[str, str]:
    own = [(quote_ident(here), quote_ident(link)) for here, link in linked.own]
    refers = [(quote_ident(here), quote_ident(link), quote_ident(there)) for here, link, there in linked.refers]
    # A column of both foreign keys, as of a tenant, is one column of the link.
    both = list(dict.fromkeys([(link, here) for here, link in own] + [(link, here) for here, link, _ in refers]))
    going = [(here, link) for here, link, _ in refers if here in map(quote_ident, linked.going)]
    kept = [(here, link) for here, link, _ in refers if (here, link) not in going and (here, link) not in own]
    old = row_of(f"OLD.{here}" for here, _, _ in refers)
    return {
        "search_path": pinned_path((*linked.search_path, linked.table.schema, linked.link.schema)),
        "table": name_of(linked.table),
        "link": name_of(linked.link),
        "target": name_of(linked.target),
        "touched": quote_literal(f"{SCHEMA}.{linked.id}_touched"),
        "changed": differs(row_of(f"NEW.{here}" for here, _, _ in refers), old),
        "link_list": ", ".join(link for link, _ in both),
        "link_key": ", ".join(link for link, _ in both),
        "new_list": ", ".join(f"NEW.{here}" for _, here in both),
        "new_given": " AND ".join(f"NEW.{here} IS NOT NULL" for here, _, _ in refers),
        "link_of_new": " AND ".join(f"link.{link} = NEW.{here}" for here, link in own),
        "link_says_old": " AND ".join(f"link.{link} = OLD.{here}" for here, link, _ in refers),
        "target_of_old": " AND ".join(f"there.{there} = OLD.{here}" for here, _, there in refers),
        "here_of_changed": " AND ".join(f"here.{here} = changed.{link}" for here, link in own),
        "columns": ", ".join(here for here, _ in going),
        "link_columns": ", ".join(f"link.{link}" for _, link in going),
        "link_of_here": " AND ".join(f"link.{link} = here.{here}" for here, link in [*own, *kept]),
        "link_says_here": " AND ".join(f"link.{link} = here.{here}" for here, link, _ in refers),
        "here_given": " AND ".join(f"here.{here} IS NOT NULL" for here, _, _ in refers),
    }
