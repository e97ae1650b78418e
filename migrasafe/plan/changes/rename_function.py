"""A function under another name, or in another schema: the old name stays as one that calls it, for as long as somebody does."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.drop_function import UNTRACKED
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Step
from migrasafe.plan.objects.overloads import exists, exists_not, hidden, kind_of, overload, signature
from migrasafe.plan.objects.put_aside import clear_away
from migrasafe.plan.objects.renamed import renamed
from migrasafe.plan.templates import filled
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Function, Ref
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident, quote_literal, spell_type
from migrasafe.sql.statements import Argument, Name, TypeName

_BY_TRIGGERS = ("trigger", "event_trigger")


class RenameFunction(Struct, frozen=True, kw_only=True):
    function: Name
    arguments: tuple[TypeName, ...] | None
    """None: there is only one of this name."""
    new_name: str | None = None
    """None: the name stays."""
    new_schema: str | None = None
    """None: the schema stays."""

    def plan(self, ground: Ground) -> Draft:
        """Both names can be called from the first phase to the last. Raises NoPlanError where no function could call it."""
        function = overload(ground.schema, ground.schema.resolve_function(*self.function), self.arguments)
        new = Ref(self.new_schema or function.ref.schema, self.new_name or function.ref.name)
        there, back = _alter(function, function.ref, new), _alter(function, new, function.ref)
        title = f"rename the function {signature(function)} to {new}"
        if function.returns is not None and function.returns.name in _BY_TRIGGERS:
            step = _rename(function, new, there, back)
            phase = phases.expand(
                f"The function of triggers is called {new}", "goes on as before", "goes on as before", (step,)
            )
            why = ("triggers are bound to the function, not to its name, and nothing else can call it",)
            return Draft(title=title, tables=(), phases=(phase,), why=why)
        alias = tuple(_alias(function, new))
        drop = f"DROP FUNCTION {signature(function)}"
        aside = hidden(function)
        # The function of the old name calls the new name, which is therefore there until the statements that call it are over.
        seen = (*_alter(function, function.ref, aside), *back, *_alias(replace(function, ref=new), function.ref))
        cleared = clear_away(
            f"the second name {function.ref}",
            f"({exists(function, aside)})",
            *(f"DROP FUNCTION IF EXISTS {signature(function, one)}" for one in (aside, new)),
        )
        last = Step(title=f"The name {function.ref} goes", statements=(drop,), done=exists_not(function), undo=alias)
        return Draft(
            title=title,
            tables=(),
            phases=(
                phases.expand(
                    f"{new} can be called by its old name, too",
                    f"calls {signature(function)}, which calls {new}",
                    f"may call {new}",
                    (cleared, _rename(function, new, (*there, *alias), seen, exists_not(function, aside))),
                ),
                phases.deploy(f"calls {new}", f"calls {signature(function)}"),
                phases.contract(
                    f"The name {function.ref} goes",
                    f"calls {new}",
                    (last,),
                    needed=f"the name {signature(function)}",
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=(
                "views, defaults, indexes and triggers are bound to the function, not to its name: they follow by themselves",
            ),
            by_hand=(UNTRACKED.format(name=function.ref.name),),
        )


def _rename(function: Function, new: Ref, there: tuple[str, ...], back: tuple[str, ...], *more: str) -> Step:
    return Step(
        title=f"Let {signature(function)} be called {new}",
        statements=there,
        done=predicates.all_of(f"({exists(function, new)})", *more),
        undo=back,
    )


def _alias(function: Function, new: Ref) -> Iterator[str]:
    """The old name, for whoever may call the new one. Raises NoPlanError for what SQL cannot pass on."""
    if function.procedure:
        raise NoPlanError(
            f"{function.ref} is a procedure, and one that calls it could not COMMIT: make it again under the new name in this"
            f" migration (CREATE PROCEDURE {new} …, DROP PROCEDURE {signature(function)}), and both are there while both versions run"
        )
    rows = [one for one in function.arguments if one.mode == "table"]
    out = any(one.mode in ("out", "inout") for one in function.arguments)
    if function.returns is not None and function.returns.name == "record" and not rows and not out:
        raise NoPlanError(
            f"{function.ref} returns records whose columns each call says: make it again under the new name in this migration"
            f" (CREATE FUNCTION {new} …, DROP FUNCTION {signature(function)}), and both are there while both versions run"
        )
    inputs = [one for one in function.arguments if one.is_input]
    places = [f"{'VARIADIC ' if one.mode == 'variadic' else ''}${place}" for place, one in enumerate(inputs, start=1)]
    call = f"{name_of(new)}({', '.join(places)})"
    returns = ""
    if rows:
        returns = (
            f" RETURNS TABLE ({', '.join(f'{quote_ident(str(one.name))} {spell_type(one.type)}' for one in rows)})"
        )
    elif function.returns is not None and not (out and function.returns.name == "record"):
        many = "SETOF " if function.returns.setof else ""
        returns = f" RETURNS {many}{spell_type(replace(function.returns, setof=False))}"
    elif function.returns is not None and function.returns.setof:
        returns = " RETURNS SETOF record"
    many_columns = bool(rows) or out or (function.returns is not None and function.returns.setof)
    body = f"SELECT {'* FROM ' if many_columns else ''}{call}"
    arguments = ", ".join(_argument(one) for one in function.arguments if one.mode != "table")
    yield filled(
        "function_of_before.sql",
        function=f"{name_of(function.ref)}({arguments}){returns}",
        volatility=function.volatility.upper(),
        body=quote_literal(body),
    ).strip()
    yield filled(
        "execute_as_before.sql",
        old=quote_literal(signature(function, new)),
        new=signature(function),
        new_text=quote_literal(signature(function)),
        kind="FUNCTION",
        kind_text=quote_literal("FUNCTION"),
    ).strip()


def _argument(one: Argument) -> str:
    name = f"{quote_ident(one.name)} " if one.name else ""
    default = f" DEFAULT {deparse_expression(one.default)}" if one.default is not None else ""
    return f"{one.mode.upper()} {name}{spell_type(one.type)}{default}"


def _alter(function: Function, old: Ref, new: Ref) -> tuple[str, ...]:
    return renamed(kind_of(function), old, new, lambda ref: signature(function, ref))
