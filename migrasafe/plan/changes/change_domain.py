"""A domain whose values are restricted in another way: a constraint comes, goes, or gives way to another."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates
from migrasafe.plan.beside import name_beside
from migrasafe.plan.carry_over.columns_of_type import columns_of_type, tables_of_type
from migrasafe.plan.changes.add_constraint import left_not_valid
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.dual_write.swapped import Note, says_replaced
from migrasafe.plan.gates import maintenance_window
from migrasafe.plan.model import Gate, Step
from migrasafe.schema.definitions import constraint_body, name_of
from migrasafe.schema.model import Constraint, Domain
from migrasafe.sql.deparse import deparse_expression, parse_expression, substituted
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import Expression

_WINDOW = (
    "VALIDATE CONSTRAINT of a domain lets nobody write to a table that has a column of it while its rows are read; who leaves the"
    " step out has a constraint that stays NOT VALID, and holds for every new value all the same"
)


class AddDomainConstraint(Struct, frozen=True, kw_only=True):
    domain: Domain
    """As it is before."""
    constraint: Constraint

    def plan(self, ground: Ground) -> Draft:
        """New values have to pass when the old version is gone, then the old ones. Raises NoPlanError."""
        domain, constraint = self.domain, self.constraint
        if any(one.name == constraint.name for one in domain.constraints):
            raise NoPlanError(f"{domain.ref} has a constraint {constraint.name} already")
        rule = constraint_body(constraint)
        return Draft(
            title=f"add {rule} to the domain {domain.ref}",
            tables=tables_of_type(ground.schema, domain.ref),
            phases=(
                phases.deploy(f"obeys {rule}", "may still break the rule"),
                phases.contract(
                    f"{constraint.name} is asked of new values, then of old ones",
                    f"obeys {rule}",
                    (
                        _add(domain, constraint),
                        _validate(domain, constraint.name, used=bool(tables_of_type(ground.schema, domain.ref))),
                    ),
                    needed=f"to write values that {constraint.name} refuses",
                    old_application_name=ground.old_application_name,
                    gates=_gates(ground, domain, constraint),
                ),
            ),
            by_hand=_unseen(ground, domain),
            differs=left_not_valid(constraint),
        )


class DropDomainConstraint(Struct, frozen=True, kw_only=True):
    domain: Domain
    constraint: Constraint

    def plan(self, ground: Ground) -> Draft:
        """One step, after the version that counts on it."""
        domain, name = self.domain, self.constraint.name
        return Draft(
            title=f"drop {name} of the domain {domain.ref}",
            tables=tables_of_type(ground.schema, domain.ref),
            phases=(
                phases.deploy(f"does not rely on {name}, and breaks it not yet", f"relies on {name}"),
                phases.contract(
                    f"{name} goes",
                    f"may write what {name} refused",
                    (_drop(domain, self.constraint),),
                    needed=f"what {name} promises of {domain.ref}",
                    old_application_name=ground.old_application_name,
                ),
            ),
            by_hand=(
                f"after the way back, old values have not been asked: ALTER DOMAIN … VALIDATE CONSTRAINT {name} does",
            ),
        )


class ReplaceDomainConstraint(Struct, frozen=True, kw_only=True):
    domain: Domain
    old: Constraint
    new: Constraint

    def plan(self, ground: Ground) -> Draft:
        """Either of both, then the new one alone."""
        domain, old, new = self.domain, self.old, self.new
        was, now = constraint_body(old), constraint_body(new)
        either = name_beside(new.name, "either")
        note = says_replaced(ground.id, "CONSTRAINT", quote_ident(new.name), f"DOMAIN {name_of(domain.ref)}")
        over = _is_over(domain, old, new, either, note)
        return Draft(
            title=f"replace {old.name} of the domain {domain.ref} by {now}",
            tables=tables_of_type(ground.schema, domain.ref),
            phases=(
                phases.expand(
                    f"A value has to pass {was}, or {now}",
                    f"obeys {was}",
                    f"may obey {now} instead",
                    (replace(_either(domain, old, new, either), past=over),),
                ),
                phases.deploy(f"obeys {now}", f"obeys {was}"),
                phases.contract(
                    f"{now} is asked of new values, and of old ones",
                    f"obeys {now}",
                    (
                        _alone(domain, old, new, either, note, over),
                        _validate(domain, new.name, used=bool(tables_of_type(ground.schema, domain.ref))),
                    ),
                    needed=f"to write values that {new.name} refuses",
                    old_application_name=ground.old_application_name,
                    gates=_gates(ground, domain, new),
                ),
            ),
            why=("neither rule has to include the other: while both versions run, what obeys one is accepted",),
            by_hand=_unseen(ground, domain),
            differs=(f"{new.name} has the comment {note.text!r}: nothing else tells it from the one before",)
            if old.name == new.name
            else (),
        )


def _alter(domain: Domain) -> str:
    return f"ALTER DOMAIN {name_of(domain.ref)}"


def _has(domain: Domain, name: str, more: str = "") -> str:
    return predicates.domain_constraint_exists(domain.ref, name, more)


def _add(domain: Domain, constraint: Constraint) -> Step:
    name = quote_ident(constraint.name)
    return Step(
        title=f"Add the constraint {constraint.name} for new values",
        statements=(f"{_alter(domain)} ADD CONSTRAINT {name} {constraint_body(constraint)} NOT VALID",),
        done=_has(domain, constraint.name),
        undo=(f"{_alter(domain)} DROP CONSTRAINT {name}",),
    )


def _validate(domain: Domain, name: str, *, used: bool) -> Step:
    """Not a long step: it stops writers, so that it must not queue up in front of them."""
    return Step(
        title=f"Check the old values against {name}",
        statements=(f"{_alter(domain)} VALIDATE CONSTRAINT {quote_ident(name)}",),
        window=_WINDOW if used else "",
        done=_has(domain, name, " AND convalidated"),
    )


def _drop(domain: Domain, constraint: Constraint) -> Step:
    name = quote_ident(constraint.name)
    gone = predicates.not_(_has(domain, constraint.name))
    return Step(
        title=f"Drop the constraint {constraint.name}",
        statements=(f"{_alter(domain)} DROP CONSTRAINT {name}",),
        done=gone,
        undo=(f"{_alter(domain)} ADD CONSTRAINT {name} {constraint_body(constraint)} NOT VALID",),
        stays=f"{constraint.name} comes back NOT VALID: old values are not asked",
    )


def _is_over(domain: Domain, old: Constraint, new: Constraint, either: str, note: Note) -> str:
    said = f" AND obj_description(oid, 'pg_constraint') = {quote_literal(note.text)}" if old.name == new.name else ""
    return f"({_has(domain, new.name, said)} AND {predicates.not_(_has(domain, either))})"


def _either(domain: Domain, old: Constraint, new: Constraint, either: str) -> Step:
    return Step(
        title=f"Accept what obeys {old.name}, or the rule that takes its place",
        statements=(
            f"{_alter(domain)} ADD CONSTRAINT {quote_ident(either)} CHECK ({_rule(old, new)}) NOT VALID",
            f"{_alter(domain)} DROP CONSTRAINT {quote_ident(old.name)}",
        ),
        done=_has(domain, either),
        undo=(
            f"{_alter(domain)} ADD CONSTRAINT {quote_ident(old.name)} {constraint_body(old)} NOT VALID",
            f"{_alter(domain)} DROP CONSTRAINT {quote_ident(either)}",
        ),
        stays=f"{old.name} comes back NOT VALID: ALTER DOMAIN … VALIDATE CONSTRAINT {old.name} asks the old values again",
    )


def _alone(domain: Domain, old: Constraint, new: Constraint, either: str, note: Note, over: str) -> Step:
    said, unsaid = ((note.there,), (note.back,)) if old.name == new.name else ((), ())
    return Step(
        title=f"{new.name} alone is what a new value has to pass",
        statements=(
            f"{_alter(domain)} ADD CONSTRAINT {quote_ident(new.name)} {constraint_body(new)} NOT VALID",
            f"{_alter(domain)} DROP CONSTRAINT {quote_ident(either)}",
            *said,
        ),
        done=over,
        undo=(
            *unsaid,
            f"{_alter(domain)} ADD CONSTRAINT {quote_ident(either)} CHECK ({_rule(old, new)}) NOT VALID",
            f"{_alter(domain)} DROP CONSTRAINT {quote_ident(new.name)}",
        ),
    )


def _rule(old: Constraint, new: Constraint) -> str:
    return " OR ".join(f"({deparse_expression(_condition(one))})" for one in (old, new))


def _condition(constraint: Constraint) -> Expression:
    if constraint.expression is None:
        raise NoPlanError(f"the condition of {constraint.name} is not known: plan with --schema DSN")
    return constraint.expression


def _gates(ground: Ground, domain: Domain, constraint: Constraint) -> tuple[Gate, ...]:
    tables = ", ".join(map(str, tables_of_type(ground.schema, domain.ref)))
    window = (maintenance_window(f"nobody can write to {tables}"),) if tables else ()
    return (*_violators(ground, domain, constraint), *window)


def _violators(ground: Ground, domain: Domain, constraint: Constraint) -> Iterator[Gate]:
    for table, column, plain in columns_of_type(ground.schema, domain.ref):
        if plain:
            value = parse_expression(quote_ident(column)).node
            condition = Expression(node=substituted(_condition(constraint).node, "value", value))
            yield phases.none_left(
                f"no-violators-{table.name}-{column}".replace("_", "-").lower(),
                f"Does every {column} of {table} pass?",
                name_of(table),
                f"NOT ({deparse_expression(condition)})",
                "Put the rows right that do not pass.",
            )


def _unseen(ground: Ground, domain: Domain) -> tuple[str, ...]:
    return tuple(
        f"the values inside {table}.{column}, an array, are not asked by a gate: look at them yourself"
        for table, column, plain in columns_of_type(ground.schema, domain.ref)
        if not plain
    )
