"""How a function is named and recognised: by its name and the types of its arguments."""

from __future__ import annotations

from migrasafe.plan import predicates
from migrasafe.plan.beside import ref_aside
from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.schema.definitions import name_of
from migrasafe.schema.evolve.functions import input_types, same_types
from migrasafe.schema.model import Function, Ref, Schema, Table
from migrasafe.sql.quote import quote_ident, quote_literal, spell_type
from migrasafe.sql.statements import TypeName

_WIDER = frozenset(
    {
        ("int2", "int4"),
        ("int2", "int8"),
        ("int2", "numeric"),
        ("int4", "int8"),
        ("int4", "numeric"),
        ("int8", "numeric"),
        ("float4", "float8"),
        ("varchar", "text"),
        ("bpchar", "text"),
        ("date", "timestamp"),
        ("date", "timestamptz"),
    }
)
"""Of types, the one and another that PostgreSQL makes of it by itself.
https://www.postgresql.org/docs/current/catalog-pg-cast.html"""


def kind_of(function: Function) -> str:
    return "PROCEDURE" if function.procedure else "FUNCTION"


def arguments_of(function: Function) -> str:
    """The types that tell it from its overloads."""
    return ", ".join(spell_type(one) for one in input_types(function.arguments))


def signature(function: Function, ref: Ref | None = None) -> str:
    """`public.f(integer, text)`, quoted where it must be; under the name `ref`, if that is given."""
    return f"{name_of(ref or function.ref)}({arguments_of(function)})"


def exists(function: Function, ref: Ref | None = None) -> str:
    return f"to_regprocedure({quote_literal(signature(function, ref))}) IS NOT NULL"


def says(function: Function, facts: dict[str, str]) -> str:
    """A function of which pg_proc holds these values, each an SQL expression."""
    held = "".join(f" AND {column} = {value}" for column, value in facts.items())
    return f"EXISTS (SELECT FROM pg_proc WHERE oid = to_regprocedure({quote_literal(signature(function))}){held})"


def facts_of(function: Function) -> dict[str, str]:
    """What tells two functions of the same arguments apart, as pg_proc holds it."""
    facts = {
        "provolatile": quote_literal(function.volatility[0]),
        "proisstrict": str(function.strict).lower(),
        "prosecdef": str(function.security_definer).lower(),
        "prolang": f"(SELECT oid FROM pg_language WHERE lanname = {quote_literal(function.language)})",
    }
    if function.source_text is not None:
        facts["prosrc"] = quote_literal(function.source_text)
    return facts


def hidden(function: Function) -> Ref:
    """What it is called between its soft drop and its end."""
    return ref_aside(function.ref)


def rename(function: Function, old: Ref, new: Ref) -> str:
    return f"ALTER {kind_of(function)} {signature(function, old)} RENAME TO {quote_ident(new.name)}"


def definition_of(function: Function) -> str:
    """The statement that makes it. Raises NoPlanError where it was not seen."""
    if function.definition is None:
        raise NoPlanError(f"the definition of {signature(function)} is not known: plan with --schema DSN")
    return function.definition.strip().rstrip(";")


def required(function: Function) -> int:
    return sum(one.default is None for one in function.arguments if one.is_input)


def may_be_mixed_up(one: Function, other: Function) -> bool:
    """Whether a call may mean either of them: both take as many arguments, if their defaults are counted on."""
    most = min(len(input_types(one.arguments)), len(input_types(other.arguments)))
    return max(required(one), required(other)) <= most


def takes_what_the_other_takes(new: Function, old: Function) -> bool:
    """Whether every call of the old one is a call of the new one: the same types, or wider ones; more only with defaults."""
    wanted, given = input_types(new.arguments), input_types(old.arguments)
    if len(wanted) < len(given) or required(new) > required(old):
        return False
    return all(_is_wider(old_type, new_type) for old_type, new_type in zip(given, wanted, strict=False))


def _is_wider(old: TypeName, new: TypeName) -> bool:
    return same_types((old,), (new,)) or (old.array == new.array and (old.name, new.name) in _WIDER)


def gives_what_the_other_gives(new: Function, old: Function) -> bool:
    """Whether who reads the columns of the old one finds them in the new one, by name."""
    was, now = (
        {one.name: one.type for one in function.arguments if one.mode in ("out", "inout", "table")}
        for function in (old, new)
    )
    if was or now:
        rows = [function.returns is not None and function.returns.setof for function in (old, new)]
        return rows[0] == rows[1] and all(
            name in now and same_types((kind,), (now[name],)) for name, kind in was.items()
        )
    if old.returns is None or new.returns is None:
        return old.returns == new.returns
    return old.returns == new.returns or same_types((old.returns,), (new.returns,))


def refuse_what_stands_on(ground: Ground, function: Function) -> None:
    """Raise NoPlanError where a view, an index or a trigger is bound to the function, which would stay so."""
    for user in sorted(users_of(ground.schema, function)):
        raise NoPlanError(
            f"{user} uses {signature(function)}, and stays bound to it: let it use another one, in a migration before this one"
        )


def users_of(schema: Schema, function: Function) -> set[str]:
    """The names of what is bound to a function."""
    found = {str(ref) for ref in schema.dependents_of(function.ref) if schema.relation(ref) is not None}
    for relation in schema.relations.values() if not input_types(function.arguments) else ():
        for trigger in relation.triggers if isinstance(relation, Table) else ():
            if trigger.function == function.ref:
                found.add(f"the trigger {trigger.name} of {relation.ref}")
    return found


def overload(schema: Schema, ref: Ref, arguments: tuple[TypeName, ...] | None) -> Function:
    """The one that is meant. Raises NoPlanError where none is, or several may be."""
    found = [
        one
        for one in schema.functions.get(ref, ())
        if arguments is None or same_types(input_types(one.arguments), arguments)
    ]
    if len(found) != 1:
        known = ", ".join(signature(one) for one in schema.functions.get(ref, ()))
        raise NoPlanError(
            f"the schema has {'no' if not found else 'more than one'} function {ref}: it knows {known or 'none'}"
        )
    return found[0]


def exists_not(function: Function, ref: Ref | None = None) -> str:
    return predicates.not_(f"({exists(function, ref)})")
