"""Storage parameters of a table: for pages and rows that are written from now on."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground, table_of
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_literal
from migrasafe.sql.statements import Name

_OLD_PAGES_TOO = frozenset({"fillfactor", "toast_tuple_target"})
"""What rows that are there already only follow when they are written anew."""


class StorageParameters(Struct, frozen=True, kw_only=True):
    table: Name
    options: tuple[tuple[str, str | None], ...]
    """None: as PostgreSQL has it by itself."""

    def plan(self, ground: Ground) -> Draft:
        """One step, of which nobody notices anything. Raises NoPlanError for a table that is not known."""
        table = table_of(ground, self.table)
        before = dict(table.options)
        named = ", ".join(name for name, _ in self.options)
        step = Step(
            title=f"Set {named} of {table.ref}",
            statements=(_alter(table.ref, dict(self.options)),),
            done=predicates.all_of(*(_has(table.ref, name, value) for name, value in self.options)),
            undo=(_alter(table.ref, {name: before.get(name) for name, _ in self.options}),),
        )
        rewritten = [name for name, value in self.options if name in _OLD_PAGES_TOO and value is not None]
        return Draft(
            title=f"set {named} of {table.ref}",
            tables=(table.ref,),
            phases=(
                phases.expand(f"{named} of {table.ref} is set", "goes on as before", "goes on as before", (step,)),
            ),
            why=("the lock hinders neither readers nor writers",),
            by_hand=(
                f"{', '.join(rewritten)} counts for what is written from now on; `CLUSTER {table.ref.name}` in a plan of its"
                " own writes the rest anew",
            )
            if rewritten
            else (),
        )


def _alter(table: Ref, options: dict[str, str | None]) -> str:
    """Both kinds are said in one statement each way only where they are of one kind."""
    given = [f"{name} = {_value(value)}" for name, value in options.items() if value is not None]
    taken = [name for name, value in options.items() if value is None]
    parts = [f"SET ({', '.join(given)})"] if given else []
    parts += [f"RESET ({', '.join(taken)})"] if taken else []
    return f"ALTER TABLE {name_of(table)} {', '.join(parts)}"


def _value(value: str) -> str:
    return value if value.replace(".", "", 1).lstrip("-").isdigit() or value.isalpha() else quote_literal(value)


def _has(table: Ref, name: str, value: str | None) -> str:
    wanted = f"IS NOT DISTINCT FROM {'NULL' if value is None else quote_literal(value.lower())}"
    where = "oid" if not name.startswith("toast.") else "reltoastrelid"
    of = f"(SELECT {where} FROM pg_class WHERE oid = {predicates.relation(table)})"
    option = name.removeprefix("toast.")
    return (
        f"(SELECT lower(option_value) FROM pg_class, pg_options_to_table(reloptions) WHERE pg_class.oid = {of}"
        f" AND option_name = {quote_literal(option)}) {wanted}"
    )
