"""What stands on a table or a domain under another name – index, constraint, trigger, policy, statistics: few apps say such
names."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.plan.objects.policies import policy_exists
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Domain, Ref
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind, Name


class RenameIndex(Struct, frozen=True, kw_only=True):
    index: Name
    new_name: str

    def plan(self, ground: Ground) -> Draft:
        """One step. Raises NoPlanError for an index that is not known, or one whose constraint has the name, too."""
        ref = ground.schema.resolve(*self.index)
        index = ground.schema.index(ref)
        if index is None:
            raise NoPlanError(f"the schema has no index {self.index}: give the one it is in with --schema")
        new = Ref(ref.schema, self.new_name)
        step = Step(
            title=f"Rename the index {ref.name} to {new.name}",
            statements=(f"ALTER INDEX {name_of(ref)} RENAME TO {quote_ident(new.name)}",),
            done=f"{predicates.relation(new)} IS NOT NULL AND {predicates.relation(ref)} IS NULL",
            undo=(f"ALTER INDEX {name_of(new)} RENAME TO {quote_ident(ref.name)}",),
        )
        said = f"its constraint {index.constraint} is renamed with it" if index.constraint is not None else ""
        return _draft(f"rename the index {ref} to {new.name}", index.table, step, (said,) if said else ())


class RenameConstraint(Struct, frozen=True, kw_only=True):
    table: Name
    constraint: str
    new_name: str

    def plan(self, ground: Ground) -> Draft:
        """One step. Raises NoPlanError for a constraint that is not known."""
        table = table_of(ground, self.table)
        one = table.constraint(self.constraint)
        if one is None:
            raise NoPlanError(f"{table.ref} has no constraint {self.constraint}")
        rename = f"ALTER TABLE {name_of(table.ref)} RENAME CONSTRAINT"
        old, new = quote_ident(one.name), quote_ident(self.new_name)
        step = Step(
            title=f"Rename the constraint {one.name} to {self.new_name}",
            statements=(f"{rename} {old} TO {new}",),
            done=predicates.all_of(
                predicates.constraint_exists(table.ref, self.new_name),
                predicates.not_(predicates.constraint_exists(table.ref, one.name)),
            ),
            undo=(f"{rename} {new} TO {old}",),
        )
        upserts = one.kind in (ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY, ConstraintKind.EXCLUDE)
        said = (
            (f"ON CONFLICT ON CONSTRAINT {one.name} fails from then on: say ON CONFLICT (columns) in the app before",)
            if upserts
            else ()
        )
        return _draft(f"rename the constraint {one.name} of {table.ref} to {self.new_name}", table.ref, step, said)


class RenameTrigger(Struct, frozen=True, kw_only=True):
    table: Name
    trigger: str
    new_name: str

    def plan(self, ground: Ground) -> Draft:
        """One step. Raises NoPlanError for a trigger that is not known."""
        table, old, new = table_of(ground, self.table), self.trigger, self.new_name
        known = next((one for one in table.triggers if one.name == old), None)
        if known is None:
            raise NoPlanError(f"{table.ref} has no trigger {old}")
        alike = sorted(one.name for one in table.triggers if one.timing == known.timing and one.name != old)
        passed = [one for one in alike if (one < old) != (one < new)]
        said = (
            (
                f"triggers of one kind act in the order of their names: {new} comes {'after' if new > old else 'before'}"
                f" {', '.join(passed)}, other than {old}",
            )
            if passed
            else ()
        )
        step = _renamed_on(table.ref, "TRIGGER", old, new, predicates.trigger_exists)
        return _draft(f"rename the trigger {old} of {table.ref} to {new}", table.ref, step, said)


class RenamePolicy(Struct, frozen=True, kw_only=True):
    table: Name
    policy: str
    new_name: str

    def plan(self, ground: Ground) -> Draft:
        """One step. Raises NoPlanError for a policy that is not known."""
        table, old, new = table_of(ground, self.table), self.policy, self.new_name
        if all(one.name != old for one in table.policies):
            raise NoPlanError(f"{table.ref} has no policy {old}")
        step = _renamed_on(table.ref, "POLICY", old, new, policy_exists)
        return _draft(f"rename the policy {old} of {table.ref} to {new}", table.ref, step, ())


class RenameStatistics(Struct, frozen=True, kw_only=True):
    statistics: Name
    new_name: str

    def plan(self, ground: Ground) -> Draft:
        """One step."""
        old = ground.schema.resolve(*self.statistics)
        new = Ref(old.schema, self.new_name)
        step = Step(
            title=f"Rename the statistics {old.name} to {new.name}",
            statements=(f"ALTER STATISTICS {name_of(old)} RENAME TO {quote_ident(new.name)}",),
            done=predicates.statistics_exist(new),
            undo=(f"ALTER STATISTICS {name_of(new)} RENAME TO {quote_ident(old.name)}",),
        )
        return _draft(f"rename the statistics {old} to {new.name}", None, step, ())


class RenameDomainConstraint(Struct, frozen=True, kw_only=True):
    domain: Domain
    constraint: str
    new_name: str

    def plan(self, ground: Ground) -> Draft:
        """One step. Raises NoPlanError for a constraint that is not known."""
        domain, old, new = self.domain, self.constraint, self.new_name
        if all(one.name != old for one in domain.constraints):
            raise NoPlanError(f"the domain {domain.ref} has no constraint {old}")
        rename = f"ALTER DOMAIN {name_of(domain.ref)} RENAME CONSTRAINT"
        step = Step(
            title=f"Rename the constraint {old} to {new}",
            statements=(f"{rename} {quote_ident(old)} TO {quote_ident(new)}",),
            done=predicates.domain_constraint_exists(domain.ref, new),
            undo=(f"{rename} {quote_ident(new)} TO {quote_ident(old)}",),
        )
        return _draft(f"rename the constraint {old} of the domain {domain.ref} to {new}", None, step, ())


def _renamed_on(table: Ref, kind: str, old: str, new: str, exists: Callable[[Ref, str], str]) -> Step:
    def renamed(was: str, now: str) -> str:
        return f"ALTER {kind} {quote_ident(was)} ON {name_of(table)} RENAME TO {quote_ident(now)}"

    return Step(
        title=f"Rename the {kind.lower()} {old} to {new}",
        statements=(renamed(old, new),),
        done=predicates.all_of(exists(table, new), predicates.not_(exists(table, old))),
        undo=(renamed(new, old),),
    )


def _draft(title: str, table: Ref | None, step: Step, said: tuple[str, ...]) -> Draft:
    return Draft(
        title=title,
        tables=(table,) if table is not None else (),
        phases=(
            Phase(
                name=PhaseName.EXPAND,
                title="Another name for what apps rarely name",
                old_app="goes on as before, unless it says the old name: in messages that it looks into, or in ON CONSTRAINT",
                new_app="likewise, with the new name",
                steps=(step,),
            ),
        ),
        by_hand=said,
    )
