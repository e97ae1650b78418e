"""Who is shown no rows by row level security: what several rules ask of a table.

https://www.postgresql.org/docs/current/ddl-rowsecurity.html
"""

from __future__ import annotations

from migrasafe.schema.model import Policy, Table
from migrasafe.sql.statements import Expression

_BYPASS = frozenset({"postgres"})
"""Roles that row level security is not for, wherever they have this name: the superuser that initdb makes."""
COMMANDS = ("select", "insert", "update", "delete")


def uncovered(table: Table) -> tuple[str, ...]:
    """The commands that no permissive policy lets through, for anybody but the owner."""
    return tuple(command for command in COMMANDS if not any(_covers(policy, command) for policy in table.policies))


def _covers(policy: Policy, command: str) -> bool:
    return policy.permissive and policy.command in ("all", command)


def cut_off(table: Table) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """(role, the commands that it was granted and that no policy lets through), for each role that has any."""
    blocked = uncovered(table)
    found: dict[str, list[str]] = {}
    for role, privilege in sorted(table.grants):
        if privilege in blocked and role not in _BYPASS:
            found.setdefault(role, []).append(privilege)
    return tuple((role, tuple(command for command in COMMANDS if command in found[role])) for role in sorted(found))


def lets_all_through(policy: Policy) -> bool:
    """Whether the policy is USING (true) for everybody, so that enabling row level security changes nothing."""
    return (
        policy.permissive
        and "public" in policy.roles
        and _is_true(policy.using)
        and (policy.check is None or _is_true(policy.check))
    )


def _is_true(expression: Expression | None) -> bool:
    if expression is None:
        return False
    constant = expression.node.get("A_Const", {})
    return bool(constant.get("boolval", {}).get("boolval"))


def people(roles: tuple[str, ...]) -> str:
    """`app_role and reporting`; `everybody` for PUBLIC."""
    names = ["everybody" if role == "public" else role for role in roles]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}"


def people_first(roles: tuple[str, ...]) -> str:
    """Likewise, as the beginning of a sentence."""
    if "public" in roles:
        return "Everybody"
    return f"{'The role' if len(roles) == 1 else 'The roles'} {people(roles)}"


def commands_shown(commands: tuple[str, ...]) -> str:
    """`INSERT, UPDATE`."""
    return ", ".join(command.upper() for command in commands)
