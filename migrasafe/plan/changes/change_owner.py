"""A table that belongs to another role: the one that had it keeps its privileges until the old version is gone."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.model import Gate, Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref, Schema, Sequence, Table
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import Name

_SAID_WITHOUT_NAME = ("current_user", "session_user", "current_role")


class ChangeOwner(Struct, frozen=True, kw_only=True):
    table: Name
    owner: str

    def plan(self, ground: Ground) -> Draft:
        """The new owner, with the old one's privileges granted back in the same transaction; taken away at the end.

        https://www.postgresql.org/docs/current/sql-altertable.html: what the owner may do goes to the new one. Raises NoPlanError.
        """
        table, new = table_of(ground, self.table), self.owner
        old = _old_owner(table, new)
        given, taken = zip(*_privileges(ground.schema, table, old), strict=True)
        alter = f"ALTER TABLE {name_of(table.ref)} OWNER TO"
        step = Step(
            title=f"Let {table.ref} belong to {new}, and {old} go on as before",
            statements=(f"{alter} {quote_ident(new)}", *given),
            done=_belongs_to(table.ref, new),
            undo=(f"{alter} {quote_ident(old)}",),
            stays="what the owner may do, said at length (relacl) where it went without saying",
        )
        last = Step(
            title=f"Take from {old} what it had as the owner",
            statements=taken,
            done=f"NOT EXISTS (SELECT FROM pg_class, aclexplode(relacl) WHERE pg_class.oid = {predicates.relation(table.ref)}"
            f" AND grantee = {predicates.role(old)})",
            undo=given,
        )
        return Draft(
            title=f"let {table.ref} belong to {new} instead of {old}",
            tables=(table.ref,),
            phases=(
                phases.expand(
                    f"{table.ref} belongs to {new}",
                    f"connects as {old}, which may read and write as before, but not ALTER or DROP",
                    f"may connect as {new}",
                    (step,),
                    gates=tuple(_ready(table, new)),
                ),
                phases.deploy(f"connects as {new}, or as a role that was granted what it does", f"connects as {old}"),
                phases.contract(
                    f"{old} is a role like any other for {table.ref}",
                    f"does not connect as {old}",
                    (last,),
                    needed=f"the privileges of {old} on {table.ref}",
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=(
                f"by itself OWNER TO takes everything from {old} in the same instant: each of its statements on {table.ref.name}"
                " would be refused (42501)",
            ),
            differs=(
                f"what {new} may do as the owner of {table.ref} is said at length (relacl) where it went without saying",
            ),
            by_hand=(
                f"what else {old} was granted on {table.ref} by name, if anything, goes with the last step: grant it anew",
                f"migrations that ALTER {table.ref} have to run as {new} from then on, or as a member of it",
            ),
        )


def _old_owner(table: Table, new: str) -> str:
    """Raises NoPlanError where it is not known, or would lose more than a GRANT can give back."""
    if new in _SAID_WITHOUT_NAME:
        raise NoPlanError(f"which role is {new.upper()}? Say its name: it depends on who runs the migration")
    if table.owner is None:
        raise NoPlanError(
            f"who owns {table.ref} now is not known, and has to keep its privileges until the old version is gone: plan with"
            " --schema DSN"
        )
    if table.owner == new:
        raise NoPlanError(f"{table.ref} belongs to {new} already")
    if table.partition_by is not None or table.partition_of is not None or table.children:
        raise NoPlanError(
            f"{table.ref} has partitions or children, and each of them has an owner of its own: give each to {new} by a plan of its"
            " own, those below first"
        )
    if table.row_security and not table.row_security_forced:
        raise NoPlanError(
            f"{table.owner} reads {table.ref} past its row security, because it owns it, and would see fewer rows in the same"
            f" instant: give it a policy first (`migrasafe plan policy {table.ref}.{table.owner}_rows true`)"
        )
    return table.owner


def _privileges(schema: Schema, table: Table, role: str) -> Iterator[tuple[str, str]]:
    """On the table, and on the sequences that go with it: GRANT, and REVOKE."""
    objects = [f"TABLE {name_of(table.ref)}"]
    objects += [
        f"SEQUENCE {name_of(one.ref)}"
        for one in schema.relations.values()
        if isinstance(one, Sequence) and one.owned_by is not None and one.owned_by.relation == table.ref
    ]
    for one in objects:
        yield f"GRANT ALL ON {one} TO {quote_ident(role)}", f"REVOKE ALL ON {one} FROM {quote_ident(role)}"


def _belongs_to(ref: Ref, role: str) -> str:
    return (
        f"EXISTS (SELECT FROM pg_class WHERE oid = {predicates.relation(ref)} AND relowner = {predicates.role(role)})"
    )


def _ready(table: Table, role: str) -> Iterator[Gate]:
    """Foreign keys look rows up as the owner of their table, and that role needs USAGE on the schema for it."""
    schema = table.ref.schema
    yield Gate(
        id="new-owner-ready",
        question=f"Is there a role {role} that may use the schema {schema}?",
        query=f"SELECT count(*) FROM pg_roles WHERE rolname = {quote_literal(role)}"
        f" AND has_schema_privilege(oid, {quote_literal(schema)}, 'USAGE')",
        expected="1",
        otherwise=f"GRANT USAGE ON SCHEMA {quote_ident(schema)} TO {quote_ident(role)} first: the foreign keys of {table.ref} look"
        " rows up as its owner, and writes would fail (42501).",
    )
