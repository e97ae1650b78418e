"""The default of a domain, and whether its values may be null."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.carry_over.columns_of_type import columns_of_type, tables_of_type
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.gates import maintenance_window
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.evolve.expressions import is_null
from migrasafe.schema.model import Domain
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression

_WINDOW = (
    "SET NOT NULL of a domain reads every table that has a column of it, and nobody writes to them meanwhile; PostgreSQL has no"
    " other way to say it of a domain"
)


class ChangeDomainDefault(Struct, frozen=True, kw_only=True):
    domain: Domain
    default: Expression | None
    """None: no default any more."""

    def plan(self, ground: Ground) -> Draft:
        """One step: before the new version where a default comes or changes, behind the old one where it goes."""
        domain, alter = self.domain, _alter(self.domain)
        default = None if is_null(self.default) else self.default  # which is none, as the server sees it
        wanted, before = _clause(default), _clause(domain.default)
        step = Step(
            title=f"Let new values of {domain.ref} be {deparse_expression(default)}"
            if default is not None
            else f"Take the default of {domain.ref} away",
            statements=(f"{alter} {wanted}",),
            done=_says(domain, default),
            undo=(f"{alter} {before}",),
        )
        title = f"change the default of the domain {domain.ref}"
        by_hand = ("columns that have a default of their own do not ask the domain for one",)
        if default is not None:
            phase = phases.expand(
                f"New values of {domain.ref} have another default; old ones stay as they are",
                "finds the new default in rows that it gave no value",
                "relies on the new default",
                (step,),
            )
            return Draft(
                title=title, tables=tables_of_type(ground.schema, domain.ref), phases=(phase,), by_hand=by_hand
            )
        return Draft(
            title=title,
            tables=tables_of_type(ground.schema, domain.ref),
            phases=(
                phases.deploy(f"always gives a value of {domain.ref}", f"relies on the default of {domain.ref}"),
                phases.contract(
                    f"The default of {domain.ref} goes",
                    "always gives a value",
                    (step,),
                    needed=f"the default of {domain.ref}",
                    old_application_name=ground.old_application_name,
                ),
            ),
            by_hand=by_hand,
        )


class SetDomainNotNull(Struct, frozen=True, kw_only=True):
    domain: Domain

    def plan(self, ground: Ground) -> Draft:
        """When the old version is gone, in a short maintenance window. Raises NoPlanError."""
        domain = self.domain
        if domain.not_null:
            raise NoPlanError(f"{domain.ref} refuses null already")
        users = tuple(columns_of_type(ground.schema, domain.ref))
        tables = tables_of_type(ground.schema, domain.ref)
        asked = tuple(
            phases.none_left(
                f"no-nulls-{table.name}-{column}".replace("_", "-").lower(),
                f"Has every row of {table} a value of {column}?",
                name_of(table),
                f"{quote_ident(column)} IS NULL",
                f"Give {column} a value in those rows.",
            )
            for table, column, plain in users
            if plain
        )
        window = (maintenance_window(f"nobody can write to {', '.join(map(str, tables))}"),) if tables else ()
        step = Step(
            title=f"Refuse null in {domain.ref}",
            statements=(f"{_alter(domain)} SET NOT NULL",),
            done=_null(domain, allowed=False),
            undo=(f"{_alter(domain)} DROP NOT NULL",),
            window=_WINDOW if tables else "",
        )
        return Draft(
            title=f"let {domain.ref} never be null",
            tables=tables,
            phases=(
                phases.deploy(f"writes no null into {domain.ref}", "may still write null"),
                phases.contract(
                    f"{domain.ref} is never null",
                    "writes no null",
                    (step,),
                    needed=f"to write null into {domain.ref}",
                    old_application_name=ground.old_application_name,
                    gates=(*asked, *window),
                ),
            ),
            why=(f"SHARE lock: readers of {', '.join(map(str, tables))} go on, writers wait",) if tables else (),
            by_hand=tuple(
                f"without a window: `migrasafe plan not-null {table}.{column}` asks the column instead of the domain"
                for table, column, plain in users
                if plain
            ),
        )


class DropDomainNotNull(Struct, frozen=True, kw_only=True):
    domain: Domain

    def plan(self, ground: Ground) -> Draft:
        """First everybody can read null, then it may be written. Raises NoPlanError."""
        domain = self.domain
        if not domain.not_null:
            raise NoPlanError(f"{domain.ref} may be null already")
        step = Step(
            title=f"Let {domain.ref} be null",
            statements=(f"{_alter(domain)} DROP NOT NULL",),
            done=_null(domain, allowed=True),
            undo=(f"{_alter(domain)} SET NOT NULL",),
        )
        return Draft(
            title=f"let {domain.ref} be null",
            tables=tables_of_type(ground.schema, domain.ref),
            phases=(
                phases.deploy(f"can read null in {domain.ref}, and writes none yet", "never meets null there"),
                phases.contract(
                    f"{domain.ref} may be null",
                    "can read null and may write it",
                    (step,),
                    needed=f"{domain.ref} without null",
                    old_application_name=ground.old_application_name,
                ),
            ),
            by_hand=(
                "the way back (SET NOT NULL) reads every table with a column of it, and nobody writes to them meanwhile",
            ),
        )


def _alter(domain: Domain) -> str:
    return f"ALTER DOMAIN {name_of(domain.ref)}"


def _clause(default: Expression | None) -> str:
    return "DROP DEFAULT" if default is None else f"SET DEFAULT {deparse_expression(default)}"


def _says(domain: Domain, default: Expression | None) -> str:
    """Whether the default says this."""
    if default is None:
        return _type(domain, "typdefault IS NULL")
    return _type(domain, predicates.says_the_same("typdefault", deparse_expression(default)))


def _null(domain: Domain, *, allowed: bool) -> str:
    return _type(domain, predicates.not_("typnotnull") if allowed else "typnotnull")


def _type(domain: Domain, condition: str) -> str:
    return f"EXISTS (SELECT FROM pg_type WHERE oid = {predicates.type_of(domain.ref)} AND {condition})"
