"""A table under another name, while one version of the app says the old name and the other the new one."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.dual_write import compat_view
from migrasafe.plan.gates import old_version_gone
from migrasafe.plan.model import Phase, PhaseName
from migrasafe.schema.model import ColumnRef, Ref
from migrasafe.sql.statements import Name


class RenameTable(Struct, frozen=True, kw_only=True):
    table: Name
    new_name: str
    leaves_view: bool = False
    """The migration lets a view have the old name."""

    def plan(self, ground: Ground) -> Draft:
        """The table takes its new name, and a view keeps the old one until nobody says it any more. Raises NoPlanError."""
        table = table_of(ground, self.table)
        new = Ref(table.ref.schema, self.new_name)
        if ground.schema.relation(new) is not None:
            raise NoPlanError(f"there is a relation {new} already")
        shim = compat_view.shim_for_table(ground, table, new)
        return Draft(
            title=f"rename {table.ref} to {self.new_name}",
            tables=(table.ref, new),
            phases=(
                Phase(
                    name=PhaseName.EXPAND,
                    title=f"{table.ref} becomes {self.new_name}, and a view keeps the old name",
                    old_app=f"reads and writes {table.ref.name}; {compat_view.LIMITS}",
                    new_app=f"reads and writes {self.new_name}",
                    steps=(shim.up,),
                ),
                Phase(
                    name=PhaseName.SWITCH,
                    title="The new version takes over",
                    old_app=f"reads and writes {table.ref.name}, until its last instance has ended",
                    new_app=f"reads and writes {self.new_name}",
                    deploy=f"Deploy the version of the app that says {self.new_name}, everywhere.",
                ),
                Phase(
                    name=PhaseName.CONTRACT,
                    title="The view goes",
                    old_app="does not run any more",
                    new_app=f"reads and writes {self.new_name}",
                    gates=(old_version_gone(str(table.ref), ground.old_application_name),),
                    steps=(shim.down,),
                ),
            ),
            why=shim.why,
            assumed=shim.assumed,
            by_hand=shim.by_hand,
            stand_ins=(table.ref,),
            names_gone=(ColumnRef(table.ref, None),),
            differs=(f"the view {table.ref} goes with the old version; the migration leaves one there",)
            * self.leaves_view,
        )
