"""A column made NOT NULL without a scan under a strong lock: a constraint proves it while the table stays in use."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.rules.context import Step
from migrasafe.rules.instead import ONE_MIGRATION, OWN_TRANSACTION, Stage
from migrasafe.schema.evolve.generated_names import object_name
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident


class NotNull(Struct, frozen=True, kw_only=True):
    """The statements for one column."""

    step: Step
    table: Ref
    on: str
    """The table as SQL."""
    name: str
    """The column as SQL."""
    column: str

    @property
    def constraint(self) -> str:
        return quote_ident(object_name(self.table.name, self.column, "not_null"))

    @property
    def proof(self) -> str:
        """New rows are checked from here on."""
        checked = f"NOT NULL {self.name}" if self.step.target.at_least(18) else f"CHECK ({self.name} IS NOT NULL)"
        return f"ALTER TABLE {self.on} ADD CONSTRAINT {self.constraint} {checked} NOT VALID"

    @property
    def validation(self) -> str:
        return f"ALTER TABLE {self.on} VALIDATE CONSTRAINT {self.constraint}"

    @property
    def last(self) -> tuple[str, ...]:
        """Before version 18 the proof is another constraint than NOT NULL itself."""
        if self.step.target.at_least(18):
            return ()
        return (
            f"ALTER TABLE {self.on} ALTER COLUMN {self.name} SET NOT NULL",
            f"ALTER TABLE {self.on} DROP CONSTRAINT {self.constraint}",
        )

    def stages(self, before: tuple[str, ...] = ()) -> tuple[Stage, ...]:
        """All of it, with other statements of the same migration before."""
        return (
            Stage(ONE_MIGRATION, (*before, self.proof)),
            Stage(OWN_TRANSACTION, (self.validation,)),
            Stage("then, without a scan", self.last),
        )
