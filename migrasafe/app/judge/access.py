"""Who may do what: privileges that a migration gives or takes away, and row security that hides rows.

As which role the app connects is not known; what any role loses that could send the query is said.
https://www.postgresql.org/docs/current/ddl-priv.html https://www.postgresql.org/docs/current/ddl-rowsecurity.html
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.app.resolve import Resolution, Use
from migrasafe.app.usage import Action, ObjectKind
from migrasafe.schema.model import Granted, Policy, Ref, Schema, Table, View
from migrasafe.sql.expressions import matches_all_rows, same_or_none
from migrasafe.sql.statements import Expression

_PRIVILEGES = {
    Action.READS: "select",
    Action.INSERTS: "insert",
    Action.WRITES: "update",
    Action.DELETES: "delete",
}
_TRUE = ("true", "on", "1", "yes")


class Refused(Struct, frozen=True, kw_only=True):
    """What a query may do on one schema and not on another."""

    message: str
    help: str
    offset: int
    object: Ref
    sqlstate: str = "42501"


def refused(one: Resolution, with_schema: Schema, other: Resolution, without: Schema) -> Iterator[Refused]:
    """What is allowed to the query on `with_schema`, and not on `without`, on which it resolves to `other`."""
    before, after = _needs(one, with_schema), _needs(other, without)
    for (ref, privilege), use in after.items():
        old, new = with_schema.relation(ref), without.relation(ref)
        if (ref, privilege) not in before or old is None or new is None:
            continue
        columns, now = (_columns(resolution, ref, use.action) for resolution in (one, other))
        for role in sorted(_roles(with_schema, ref)):
            if _may(with_schema, role, ref, privilege, columns) and not _may(without, role, ref, privilege, now):
                yield Refused(
                    message=f"permission denied for {use.kind.value} {ref.name}",
                    help=f"{role} {_lacks(without, role, ref, privilege, now)}",
                    offset=use.offset,
                    object=ref,
                )
        if isinstance(old, Table) and isinstance(new, Table) and _hides_more(old, new, privilege):
            yield _hidden(new, privilege, use)


def _needs(resolution: Resolution, schema: Schema) -> dict[tuple[Ref, str], Use]:
    """The relations and privileges that the one who sends the query needs himself."""
    found: dict[tuple[Ref, str], Use] = {}
    for use in resolution.uses:
        privilege = _PRIVILEGES.get(use.action)
        is_relation = use.kind in (ObjectKind.TABLE, ObjectKind.VIEW)
        if is_relation and use.object is not None and privilege is not None and not _by_another(use.through, schema):
            found.setdefault((use.object, privilege), use)
    return found


def _by_another(through: Ref | None, schema: Schema) -> bool:
    """Whether the owner of the view or function needs the privilege in place of the one who sends the query."""
    if through is None:
        return False
    view = schema.view(through)
    if view is not None:
        return dict(view.options).get("security_invoker", "false").lower() not in _TRUE
    return any(function.security_definer for function in schema.functions.get(through, ()))


# --- privileges -------------------------------------------------------------------------------------------------------


def _columns(resolution: Resolution, ref: Ref, action: Action) -> frozenset[str]:
    return frozenset(
        use.name
        for use in resolution.uses
        if use.kind is ObjectKind.COLUMN and use.object == ref and use.action is action and use.name is not None
    )


def _roles(schema: Schema, ref: Ref) -> frozenset[str]:
    relation = schema.relation(ref)
    if not isinstance(relation, (Table, View)):
        return frozenset()
    of_columns = (grants for _, grants in _grants_of_columns(relation))
    return frozenset(granted.role for grants in (relation.grants, *of_columns) for granted in grants)


def _grants_of_columns(relation: Table | View) -> Iterator[tuple[str, frozenset[Granted]]]:
    if isinstance(relation, View):
        return ((name, relation.grants_on(name)) for name in relation.columns)
    return ((column.name, column.grants) for column in relation.columns)


def _may(schema: Schema, role: str, ref: Ref, privilege: str, columns: frozenset[str]) -> bool:
    relation = schema.relation(ref)
    if not isinstance(relation, (Table, View)):
        return False
    if any(granted.privilege == privilege and granted.role in (role, "public") for granted in relation.grants):
        return True
    allowed = _columns_allowed(relation, role, privilege)
    # One column is enough for count(*), which names none.
    return columns <= allowed if columns else bool(allowed)


def _columns_allowed(relation: Table | View, role: str, privilege: str) -> frozenset[str]:
    return frozenset(
        name
        for name, grants in _grants_of_columns(relation)
        if any(granted.privilege == privilege and granted.role in (role, "public") for granted in grants)
    )


def _lacks(schema: Schema, role: str, ref: Ref, privilege: str, columns: frozenset[str]) -> str:
    relation = schema.relation(ref)
    allowed = _columns_allowed(relation, role, privilege) if isinstance(relation, (Table, View)) else frozenset[str]()
    missing = sorted(columns - allowed)
    if allowed and missing:
        return f"has no {privilege.upper()} on {', '.join(missing)}"
    return f"has no {privilege.upper()} on it"


# --- row security -----------------------------------------------------------------------------------------------------


def _hides_more(old: Table, new: Table, privilege: str) -> bool:
    """Whether rows that are seen, or that may be written, on the old table may not be on the new one."""
    if not new.row_security or _lets_all(new, privilege):
        return False
    if not old.row_security:
        return True
    gone = any(not _has(new, policy) for policy in _policies(old, privilege) if policy.permissive)
    stricter = any(not _has(old, policy) for policy in _policies(new, privilege) if not policy.permissive)
    return gone or stricter or (new.row_security_forced and not old.row_security_forced)


def _policies(table: Table, privilege: str) -> list[Policy]:
    return [policy for policy in table.policies if policy.command in ("all", privilege)]


def _lets_all(table: Table, privilege: str) -> bool:
    """Whether a policy lets everybody see and write every row, and none narrows it."""
    policies = _policies(table, privilege)
    conditions = [
        _conditions(policy, privilege) for policy in policies if policy.permissive and "public" in policy.roles
    ]
    everything = any(all(matches_all_rows(one) for one in both) for both in conditions)
    return everything and all(policy.permissive for policy in policies)


def _conditions(policy: Policy, privilege: str) -> tuple[Expression | None, ...]:
    """What a row must meet; without WITH CHECK, USING is asked of new rows too."""
    check = policy.check or policy.using
    return {"insert": (check,), "update": (policy.using, check)}.get(privilege, (policy.using,))


def _has(table: Table, wanted: Policy) -> bool:
    return any(_is_same(policy, wanted) for policy in table.policies)


def _is_same(one: Policy, other: Policy) -> bool:
    expressions = ((one.using, other.using), (one.check, other.check))
    return (one.command, one.permissive, one.roles) == (other.command, other.permissive, other.roles) and all(
        same_or_none(left, right) for left, right in expressions
    )


def _hidden(table: Table, privilege: str, use: Use) -> Refused:
    names = ", ".join(sorted(policy.name for policy in _policies(table, privilege)))
    who = (
        f"row security lets through what {names} allows"
        if names
        else "row security without a policy lets nothing through"
    )
    whom = "for its owner, too" if table.row_security_forced else "for all but its owner"
    if privilege in ("insert", "update"):
        message, sqlstate = f'new row violates row-level security policy for table "{table.ref.name}"', "42501"
    else:
        message, sqlstate = f"rows of {table.ref.name} can be hidden", ""
    return Refused(message=message, help=f"{who}, {whom}", offset=use.offset, object=table.ref, sqlstate=sqlstate)
