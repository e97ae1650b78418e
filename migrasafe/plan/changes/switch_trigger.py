"""ENABLE and DISABLE TRIGGER: on before the new version, off when the old one is gone."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import Name, SetTriggers

_LETTERS = {"": "O", "ALWAYS": "A", "REPLICA": "R"}


class SwitchTrigger(Struct, frozen=True, kw_only=True):
    table: Name
    action: SetTriggers

    def plan(self, ground: Ground) -> Draft:
        """One step. Raises NoPlanError for triggers that are not named."""
        table, action = table_of(ground, self.table), self.action
        if action.rule or action.name is None:
            what = (
                "a rule" if action.rule else "triggers that it does not name, those of foreign keys perhaps among them"
            )
            raise NoPlanError(
                f"this switches {what}: name each trigger of {table.ref}, and let nobody write past a foreign key"
            )
        known = next((one for one in table.triggers if one.name == action.name), None)
        if known is None:
            raise NoPlanError(f"{table.ref} has no trigger {action.name}")
        name, quoted, alter = action.name, quote_ident(action.name), f"ALTER TABLE {name_of(table.ref)}"
        letter = _LETTERS[action.mode] if action.enabled else "D"
        verb = f"ENABLE{f' {action.mode}' if action.mode else ''}" if action.enabled else "DISABLE"
        step = Step(
            title=f"Switch the trigger {name} {'on' if action.enabled else 'off'}",
            statements=(f"{alter} {verb} TRIGGER {quoted}",),
            done=f"EXISTS (SELECT FROM pg_trigger WHERE tgrelid = {predicates.relation(table.ref)}"
            f" AND tgname = {quote_literal(name)} AND tgenabled = '{letter}')",
            undo=(f"{alter} {'ENABLE' if known.enabled else 'DISABLE'} TRIGGER {quoted}",),
        )
        if action.enabled:
            return Draft(
                title=f"switch the trigger {name} of {table.ref} on",
                tables=(table.ref,),
                phases=(
                    phases.expand(
                        f"The trigger {name} acts on what both versions write",
                        f"writes through the trigger {name}",
                        "may rely on it",
                        (step,),
                    ),
                ),
                by_hand=(
                    f"see that whatever the old version writes gets through {name}: an error in it is an error of the app",
                    "rows that were written while it was off have not been through it",
                ),
            )
        return Draft(
            title=f"switch the trigger {name} of {table.ref} off",
            tables=(table.ref,),
            phases=(
                phases.deploy(
                    f"does itself what the trigger {name} did, or can do without", f"relies on the trigger {name}"
                ),
                phases.contract(
                    f"The trigger {name} is off",
                    "writes without it",
                    (step,),
                    needed=f"what the trigger {name} does",
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=("ALTER TABLE … TRIGGER waits for writers that are under way, and lets readers go on",),
            by_hand=(
                f"until the contract phase the new version writes through {name} as well: doing the same twice must do no harm",
            ),
        )
