"""ALTER DEFAULT PRIVILEGES: what is made from now on comes with other privileges; what is there stays as it is."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.changes.privileges import all_of_kind
from migrasafe.plan.model import Step
from migrasafe.sql.quote import quote_ident, quote_literal, quote_role
from migrasafe.sql.statements import DefaultPrivileges

_LETTERS = {"TABLES": "r", "SEQUENCES": "S", "FUNCTIONS": "f", "TYPES": "T", "SCHEMAS": "n"}
_BUILT_IN = {"FUNCTIONS": "f", "TYPES": "T"}
"""What PUBLIC has of new ones without anybody having said so, where it is about all schemas."""


class ChangeDefaultPrivileges(Struct, frozen=True, kw_only=True):
    statement: DefaultPrivileges

    def plan(self, ground: Ground) -> Draft:
        """A step for each privilege. Raises NoPlanError."""
        said = self.statement
        if said.kind not in _LETTERS:
            raise NoPlanError(f"ALTER DEFAULT PRIVILEGES … ON {said.kind} has no plan: say it outside the migration")
        steps = tuple(self._steps(ground))
        verb = "take" if said.revoke else "give"
        what = f"{', '.join(said.privileges or ('all',)).upper()} on new {said.kind.lower()}"
        listed = f"{what} {'from' if said.revoke else 'to'} {', '.join(said.grantees)}"
        phase = phases.expand(
            f"New {said.kind.lower()} come with other privileges",
            "goes on as before: nothing that is there changes",
            "finds on new ones what was said here",
            steps,
        )
        return Draft(
            title=f"{verb} {listed}",
            tables=(),
            phases=(phase,),
            why=("no lock; it is asked only when something is made",),
            by_hand=(
                f"it holds for what {', '.join(said.roles)} makes"
                if said.roles
                else "it holds for what the role makes that runs this step, and no other: run it as the role of the migrations",
                f"what is there already has to be {'taken away' if said.revoke else 'granted'} as well, if that is meant:"
                f" `migrasafe plan {'revoke' if said.revoke else 'grant'}`",
            ),
        )

    def _steps(self, ground: Ground) -> Iterator[Step]:
        said = self.statement
        for schema in said.schemas or (None,):
            for role in said.roles or (None,):
                for privilege in said.privileges or all_of_kind(said.kind.removesuffix("S"), ground.target):
                    yield from (self._step(schema, role, privilege, grantee) for grantee in said.grantees)

    def _step(self, schema: str | None, role: str | None, privilege: str, grantee: str) -> Step:
        said = self.statement
        of = f"FOR ROLE {quote_ident(role)} " if role is not None else ""
        where = f"IN SCHEMA {quote_ident(schema)} " if schema is not None else ""
        to = quote_role(grantee)
        what = f"{privilege.upper()} ON {said.kind}"
        alter = f"ALTER DEFAULT PRIVILEGES {of}{where}"
        give, take = f"{alter}GRANT {what} TO {to}", f"{alter}REVOKE {what} FROM {to}"
        held = _held(schema, role, privilege, grantee, said.kind)
        place = f" in {schema}" if schema is not None else ""
        return Step(
            title=f"{'Take' if said.revoke else 'Give'} {what}{place} {'from' if said.revoke else 'to'} {to}",
            statements=(take if said.revoke else give,),
            done=predicates.not_(held) if said.revoke else held,
            undo=(give if said.revoke else take,),
        )


def _held(schema: str | None, role: str | None, privilege: str, grantee: str, kind: str) -> str:
    """Whether new ones come with it: by what was said, or, for all schemas, by what PostgreSQL has built in."""
    letter = quote_literal(_LETTERS[kind])
    maker = "(SELECT oid FROM pg_roles WHERE rolname = current_user)" if role is None else predicates.role(role)
    space = "0" if schema is None else f"(SELECT oid FROM pg_namespace WHERE nspname = {quote_literal(schema)})"
    said = (
        f"(SELECT defaclacl FROM pg_default_acl WHERE defaclrole = {maker} AND defaclnamespace = {space}"
        f" AND defaclobjtype = {letter})"
    )
    if schema is None and kind in _BUILT_IN:
        said = f"coalesce({said}, acldefault({letter}, {maker}))"
    return (
        f"EXISTS (SELECT FROM aclexplode({said}) WHERE grantee = {predicates.role(grantee)}"
        f" AND privilege_type = {quote_literal(privilege.upper())})"
    )
