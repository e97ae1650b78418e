"""Row security: switched on, off, and its policies, so that no version of the app sees fewer rows than it counts on."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates
from migrasafe.plan.beside import name_beside
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.dual_write.swapped import Note, says_replaced
from migrasafe.plan.model import Gate, Step
from migrasafe.plan.objects.policies import (
    alter_policy,
    create_policy,
    either_of,
    policy_exists,
    policy_says,
    take_policy,
)
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Policy, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression, Name


class EnableRowSecurity(Struct, frozen=True, kw_only=True):
    table: Name
    policies: tuple[Policy, ...] = ()
    """That come with it."""
    forced: bool = False
    """Also for the owner of the table."""

    def plan(self, ground: Ground) -> Draft:
        """On, with one policy that lets everybody do everything; that one goes when the old version is gone."""
        table = table_of(ground, self.table)
        if table.row_security:
            raise NoPlanError(f"row security of {table.ref} is on already")
        open_ = Policy(name=name_beside(table.ref.name, "all"), using=_TRUE, check=_TRUE)
        letting = [one for one in self.policies if one.permissive]
        narrowing = [one for one in self.policies if not one.permissive]
        force = self.forced and not table.row_security_forced
        before = (
            *(create_policy(table, one) for one in (open_, *letting)),
            _switch(table, "ENABLE", "DISABLE", "relrowsecurity"),
            *((_switch(table, "FORCE", "NO FORCE", "relforcerowsecurity"),) if force else ()),
        )
        return Draft(
            title=f"enable row security of {table.ref}",
            tables=(table.ref,),
            phases=(
                phases.expand(
                    f"Row security of {table.ref} is on, and one policy lets everybody do everything",
                    "goes on as before",
                    "says who it works for, and sees what it saw",
                    steps=_superseded(before, table, open_),
                ),
                phases.deploy(f"says who it works for in every session that uses {table.ref}", "sees every row"),
                phases.contract(
                    "The policies count",
                    "sees what its policies let it see",
                    (*(create_policy(table, one) for one in narrowing), take_policy(table, open_)),
                    needed=f"to see every row of {table.ref}",
                    old_application_name=ground.old_application_name,
                    gates=(_who_sees_what(table),),
                ),
            ),
            why=(
                "row security without a policy hides every row from everybody but the owner: policies come first, and with them one"
                " that lets everything through",
                "permissive policies are added up, so that none of them takes anything away while that one is there",
                *(
                    ("restrictive policies take something away at once: they come when the old version is gone",)
                    * bool(narrowing)
                ),
            ),
            by_hand=(
                f"superusers, roles with BYPASSRLS{'' if self.forced else ', and the owner of the table'} see all rows as before",
                f"views over {table.ref.name} see what their owner sees, unless they are security_invoker (15)",
                *(
                    ()
                    if letting
                    else (f"there is no permissive policy: nobody but the owner will see a row of {table.ref}",)
                ),
            ),
        )


class DisableRowSecurity(Struct, frozen=True, kw_only=True):
    table: Name

    def plan(self, ground: Ground) -> Draft:
        """When the version that counts on it is gone."""
        table = table_of(ground, self.table)
        draft = _at_the_end(
            ground,
            table,
            f"disable row security of {table.ref}",
            _switch(table, "DISABLE", "ENABLE", "relrowsecurity", wanted=False),
            f"chooses its rows of {table.ref} itself",
            f"counts on the policies of {table.ref}",
        )
        still = "the new version goes on saying what the policies ask for (who it works for) until the contract phase is over"
        return replace(draft, by_hand=(still,) if table.policies else ())


class AddPolicy(Struct, frozen=True, kw_only=True):
    table: Name
    policy: Policy

    def plan(self, ground: Ground) -> Draft:
        """A permissive one lets more through, and comes first; a restrictive one takes away, and comes last."""
        table, policy = table_of(ground, self.table), self.policy
        if any(one.name == policy.name for one in table.policies):
            raise NoPlanError(f"{table.ref} has a policy {policy.name} already")
        title = f"add the policy {policy.name} to {table.ref}"
        if not policy.permissive:
            return _at_the_end(
                ground,
                table,
                title,
                create_policy(table, policy),
                f"obeys {policy.name}, and sees no more than it lets through",
                f"may need what {policy.name} takes away",
            )
        step = create_policy(table, policy)
        return Draft(
            title=title,
            tables=(table.ref,),
            phases=(
                phases.expand(
                    f"The policy {policy.name} lets more through",
                    f"may see rows that {policy.name} lets through",
                    "may rely on it",
                    (step,),
                ),
            ),
            why=("permissive policies are added up: nobody sees less than before",),
        )


class DropPolicy(Struct, frozen=True, kw_only=True):
    table: Name
    name: str

    def plan(self, ground: Ground) -> Draft:
        """When the version that counts on it is gone. Raises NoPlanError where it is not known."""
        table = table_of(ground, self.table)
        policy = policy_of(table, self.name)
        lets = "needs nothing that only {} lets it see" if policy.permissive else "does not count on what {} hides"
        needs = "sees rows by {}" if policy.permissive else "counts on what {} hides"
        title = f"drop the policy {policy.name} of {table.ref}"
        return _at_the_end(
            ground, table, title, take_policy(table, policy), lets.format(policy.name), needs.format(policy.name)
        )


class ChangePolicy(Struct, frozen=True, kw_only=True):
    table: Name
    old: Policy
    new: Policy

    def plan(self, ground: Ground) -> Draft:
        """Whatever one of both lets through, then the new one alone. Raises NoPlanError for another command or kind."""
        table, old, new = table_of(ground, self.table), self.old, self.new
        if (old.command, old.permissive, sorted(old.roles)) != (new.command, new.permissive, sorted(new.roles)):
            raise NoPlanError(
                f"the policy {old.name} of {table.ref} is for another command, another kind or other roles afterwards: add the new"
                " one under another name, and drop the old one, in one migration"
            )
        if (old.using is None, old.check is None) != (new.using is None, new.check is None):
            raise NoPlanError(
                f"ALTER POLICY cannot take USING or WITH CHECK of {old.name} of {table.ref} away again, which one way or the other"
                " would need: add the new policy under another name, and drop the old one, in one migration"
            )
        either = replace(new, using=either_of(old.using, new.using), check=either_of(old.check, new.check))
        name, on = quote_ident(new.name), name_of(table.ref)
        half = Note(
            text=f"both of plan {ground.id}",
            there=f"COMMENT ON POLICY {name} ON {on} IS 'both of plan {ground.id}'",
            back=f"COMMENT ON POLICY {name} ON {on} IS NULL",
        )
        whole = says_replaced(ground.id, "POLICY", name, on)
        is_over = policy_says(table.ref, new.name, whole.text)
        first = Step(
            title=f"Let {new.name} let through what the old or the new condition does",
            statements=(alter_policy(table, either), half.there),
            done=policy_says(table.ref, new.name, half.text),
            past=is_over,
            undo=(alter_policy(table, old), half.back),
        )
        last = Step(
            title=f"Let {new.name} let through what the new condition does",
            statements=(alter_policy(table, new), whole.there),
            done=is_over,
            undo=(alter_policy(table, either), half.there),
        )
        return Draft(
            title=f"change the policy {new.name} of {table.ref}",
            tables=(table.ref,),
            phases=(
                phases.expand(
                    f"{new.name} lets through what the old or the new condition does",
                    "sees at least what it saw",
                    "sees at least what it needs",
                    (first,),
                ),
                phases.deploy("works under the new condition", "works under the old condition"),
                phases.contract(
                    f"{new.name} lets through what the new condition does, and no more",
                    "sees what the new condition lets through",
                    (last,),
                    needed=f"what the old {new.name} let through",
                    old_application_name=ground.old_application_name,
                    gates=(_who_sees_what(table),),
                ),
            ),
            why=("neither condition has to include the other",),
            by_hand=("until the contract phase each version may see rows that the other's condition lets through",),
            differs=(f"{new.name} has the comment {whole.text!r}: nothing else tells it from the one before",),
        )


_TRUE = Expression(node={"A_Const": {"boolval": {"boolval": True}}})


def policy_of(table: Table, name: str) -> Policy:
    """Raises NoPlanError where there is none of that name."""
    for policy in table.policies:
        if policy.name == name:
            return policy
    known = ", ".join(one.name for one in table.policies)
    raise NoPlanError(f"{table.ref} has no policy {name}: it has {known or 'none'}")


def _at_the_end(ground: Ground, table: Table, title: str, step: Step, new_app: str, old_app: str) -> Draft:
    return Draft(
        title=title,
        tables=(table.ref,),
        phases=(
            phases.deploy(new_app, old_app),
            phases.contract(
                step.title,
                new_app,
                (step,),
                needed=f"to go on as it does: it {old_app}",
                old_application_name=ground.old_application_name,
            ),
        ),
    )


def _superseded(steps: Iterable[Step], table: Table, open_: Policy) -> tuple[Step, ...]:
    """The policy that lets everything through is not made again once the others count."""
    over = (
        f"(EXISTS (SELECT FROM pg_class WHERE oid = {predicates.relation(table.ref)} AND relrowsecurity)"
        f" AND NOT {policy_exists(table.ref, open_.name)})"
    )
    return tuple(replace(one, past=over) if one.done == policy_exists(table.ref, open_.name) else one for one in steps)


def _switch(table: Table, on: str, off: str, column: str, *, wanted: bool = True) -> Step:
    alter = f"ALTER TABLE {name_of(table.ref)}"
    return Step(
        title=f"{on.capitalize()} row security of {table.ref}",
        statements=(f"{alter} {on} ROW LEVEL SECURITY",),
        done=f"EXISTS (SELECT FROM pg_class WHERE oid = {predicates.relation(table.ref)}"
        f" AND {'' if wanted else 'NOT '}{column})",
        undo=(f"{alter} {off} ROW LEVEL SECURITY",),
    )


def _who_sees_what(table: Table) -> Gate:
    return Gate(
        id="every-role-sees-its-rows",
        question=f"Does every role see the rows of {table.ref} that it needs, by the new conditions alone?",
        query=None,
        otherwise="In a transaction that is rolled back: drop what lets everything through, SET ROLE to each, count its rows.",
    )
