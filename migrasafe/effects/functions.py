"""CREATE [OR REPLACE] FUNCTION: what PostgreSQL refuses to change about a function that is there.

https://www.postgresql.org/docs/current/sql-createfunction.html
"""

from __future__ import annotations

from migrasafe.effects.model import NOTHING, Effects, Failure, Trouble
from migrasafe.effects.situation import Situation
from migrasafe.schema.evolve.functions import input_types, same_types, with_input_types
from migrasafe.schema.model import Function
from migrasafe.sql.quote import spell_type
from migrasafe.sql.statements import Argument, CreateFunction, TypeName

_OUTPUT = ("out", "inout", "table")


def create_function(statement: CreateFunction, situation: Situation) -> Effects:
    schema = situation.schema
    ref = schema.resolve_function(statement.name.schema, statement.name.name)
    overloads = with_input_types(schema.functions.get(ref, ()), input_types(statement.arguments))
    if not overloads:
        return NOTHING
    if not statement.replace:
        return _refused(
            Trouble.DUPLICATE_FUNCTION, f"function {ref.name} with the same argument types exists already", ref.name
        )
    reason = _change(overloads[0], statement)
    return _refused(Trouble.INVALID_FUNCTION, reason, ref.name) if reason is not None else NOTHING


def _refused(trouble: Trouble, reason: str, name: str) -> Effects:
    return Effects(failures=(Failure(trouble=trouble, reason=reason, objects=(name,)),))


def _change(old: Function, new: CreateFunction) -> str | None:
    """The change that CREATE OR REPLACE cannot make."""
    name = old.ref.name
    if old.procedure is not new.procedure:
        return None  # another error (42809), which says so itself
    before, after = _inputs(old.arguments), _inputs(new.arguments)
    for one, other in zip(before, after, strict=True):
        if one.name is not None and one.name != other.name:
            return f"cannot change name of input parameter {one.name} of {name}"
        if one.default is not None and other.default is None:
            return f"cannot remove the default of parameter {one.name or spell_type(one.type)} of {name}"
    outputs_before = [one for one in old.arguments if one.mode in _OUTPUT]
    outputs_after = [one for one in new.arguments if one.mode in _OUTPUT]
    if outputs_before or outputs_after:
        same = [(one.name, _key(one.type)) for one in outputs_before] == [
            (one.name, _key(one.type)) for one in outputs_after
        ]
        return None if same else f"cannot change return type of {name}: its output columns differ"
    if old.returns is not None and new.returns is not None and not same_types((old.returns,), (new.returns,)):
        return f"cannot change return type of {name} from {spell_type(old.returns)} to {spell_type(new.returns)}"
    if old.returns is not None and new.returns is not None and old.returns.setof is not new.returns.setof:
        return f"cannot change return type of {name}: SETOF differs"
    return None


def _inputs(arguments: tuple[Argument, ...]) -> list[Argument]:
    return [one for one in arguments if one.is_input]


def _key(one: TypeName) -> tuple[str, bool]:
    return one.name, one.array
