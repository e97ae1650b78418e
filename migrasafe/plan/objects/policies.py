"""Policies as SQL, and as questions to the catalog."""

from __future__ import annotations

from migrasafe.plan import predicates
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Policy, Ref, Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident, quote_literal, quote_role
from migrasafe.sql.statements import Expression


def create_policy(table: Table, policy: Policy) -> Step:
    """A step that makes it, and takes it back."""
    name, on = quote_ident(policy.name), name_of(table.ref)
    words = ["" if policy.permissive else " AS RESTRICTIVE"]
    words += [f" FOR {policy.command.upper()}"] if policy.command != "all" else []
    roles = ", ".join(quote_role(role) for role in policy.roles)
    words += [f" TO {roles}"] if roles != "PUBLIC" else []
    return Step(
        title=f"Create the policy {policy.name}",
        statements=(f"CREATE POLICY {name} ON {on}{''.join(words)}{_conditions(policy)}",),
        done=policy_exists(table.ref, policy.name),
        undo=(f"DROP POLICY {name} ON {on}",),
    )


def take_policy(table: Table, policy: Policy) -> Step:
    made = create_policy(table, policy)
    return Step(
        title=f"Drop the policy {policy.name}",
        statements=made.undo,
        done=predicates.not_(made.done),
        undo=made.statements,
    )


def alter_policy(table: Table, policy: Policy) -> str:
    return f"ALTER POLICY {quote_ident(policy.name)} ON {name_of(table.ref)}{_conditions(policy)}"


def _conditions(policy: Policy) -> str:
    words = [f" USING ({deparse_expression(policy.using)})"] if policy.using is not None else []
    words += [f" WITH CHECK ({deparse_expression(policy.check)})"] if policy.check is not None else []
    return "".join(words)


def either_of(one: Expression | None, other: Expression | None) -> Expression | None:
    if one is None or other is None:
        return other if one is None else one
    return Expression(node={"BoolExpr": {"boolop": "OR_EXPR", "args": [one.node, other.node]}})


def policy_exists(table: Ref, policy: str) -> str:
    """As a question to the catalog."""
    return f"EXISTS (SELECT FROM pg_policy WHERE polrelid = {predicates.relation(table)} AND polname = {quote_literal(policy)})"


def policy_says(table: Ref, policy: str, comment: str) -> str:
    return (
        f"EXISTS (SELECT FROM pg_policy WHERE polrelid = {predicates.relation(table)} AND polname = {quote_literal(policy)}"
        f" AND obj_description(oid, 'pg_policy') = {quote_literal(comment)})"
    )
