"""Whether a column default is evaluated once, or once per row: a volatile one makes ADD COLUMN rewrite the table.

https://www.postgresql.org/docs/current/sql-altertable.html: "adding a column with a volatile DEFAULT …"
"""

from __future__ import annotations

from msgspec import Struct

from migrasafe.effects.situation import Situation
from migrasafe.sql.builtin.called import FunctionFact, volatility_of
from migrasafe.sql.statements import Expression


class DefaultVerdict(Struct, frozen=True, kw_only=True):
    volatile: bool
    functions: tuple[str, ...] = ()
    """What makes it volatile."""
    assumed: tuple[str, ...] = ()


def judge_default(expression: Expression, situation: Situation) -> DefaultVerdict:
    """Whether the default is volatile on the target version; a function nobody has heard of is assumed to be."""
    verdict = volatility_of(
        expression,
        lambda schema, name, arguments: _look_up(schema, name, arguments, situation),
        pg_version=situation.target.pg_version,
    )
    if verdict.volatile_functions:
        return DefaultVerdict(volatile=True, functions=verdict.volatile_functions)
    if verdict.unknown_functions:
        names = ", ".join(f"{name}()" for name in verdict.unknown_functions)
        return DefaultVerdict(
            volatile=True,
            functions=verdict.unknown_functions,
            assumed=(f"{names} is not known here; assumed to be VOLATILE, as functions are by default",),
        )
    return DefaultVerdict(volatile=False)


def _look_up(schema: str | None, name: str, arguments: int, situation: Situation) -> FunctionFact | None:
    overloads = situation.schema.functions.get(situation.schema.resolve_function(schema, name))
    if not overloads:
        return None
    fitting = [one for one in overloads if len(one.arguments) >= arguments] or list(overloads)
    function = fitting[0]
    return FunctionFact(
        volatility=function.volatility,
        language=function.language,
        source_text=function.source_text,
        security_definer=function.security_definer,
        strict=function.strict,
        has_settings=bool(function.settings),
    )
