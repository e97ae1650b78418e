"""A table in another schema, while one version of the app looks for it where it was."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.dual_write import compat_view
from migrasafe.plan.model import Gate
from migrasafe.schema.model import Ref, Table
from migrasafe.sql.quote import quote_literal
from migrasafe.sql.statements import Name


class MoveTable(Struct, frozen=True, kw_only=True):
    table: Name
    new_schema: str

    def plan(self, ground: Ground) -> Draft:
        """The table moves, and a view stays where it was until nobody says the old name any more. Raises NoPlanError."""
        table = table_of(ground, self.table)
        new = Ref(self.new_schema, table.ref.name)
        if new.schema == table.ref.schema:
            raise NoPlanError(f"{table.ref} is in the schema {new.schema} already")
        if ground.schema.relation(new) is not None:
            raise NoPlanError(f"there is a relation {new} already")
        if ground.schema.complete and new.schema not in ground.schema.schemas:
            raise NoPlanError(
                f"there is no schema {new.schema}: CREATE SCHEMA comes in the same migration, or before it"
            )
        shim = compat_view.shim_for_table(ground, table, new)
        return Draft(
            title=f"move {table.ref} to the schema {new.schema}",
            tables=(table.ref, new),
            phases=(
                phases.expand(
                    f"{table.ref} becomes {new}, and a view keeps the old name",
                    f"reads and writes {table.ref}; {compat_view.LIMITS}",
                    f"reads and writes {new}",
                    (shim.up,),
                    gates=_may_enter(table, new.schema),
                ),
                phases.deploy(f"says {new}, or has {new.schema} on its search_path", f"says {table.ref}"),
                phases.contract(
                    "The view goes",
                    f"reads and writes {new}",
                    (shim.down,),
                    needed=str(table.ref),
                    old_application_name=ground.old_application_name,
                ),
            ),
            stand_ins=(table.ref,),
            why=shim.why,
            assumed=shim.assumed,
            by_hand=(
                *shim.by_hand,
                f"sequences that {table.ref.name} owns move along: nextval('{table.ref.schema}.…') in the code of the old version"
                " fails",
                "a function that says the old name in its text has to say the new one before the contract phase",
            ),
        )


def _may_enter(table: Table, schema: str) -> tuple[Gate, ...]:
    """Who has privileges on the table needs USAGE on the schema that it moves to."""
    roles = sorted({grant.role for grant in table.grants})
    if not roles:
        return ()
    listed = ", ".join(map(quote_literal, roles))
    return (
        Gate(
            id="roles-may-enter",
            question=f"May everybody who uses {table.ref} use the schema {schema}?",
            query=f"SELECT count(*) FROM unnest(ARRAY[{listed}]) AS role"
            f" WHERE NOT has_schema_privilege(role, {quote_literal(schema)}, 'USAGE')",
            expected="0",
            otherwise=f"GRANT USAGE ON SCHEMA {schema} to them first: {', '.join(roles)}.",
        ),
    )
