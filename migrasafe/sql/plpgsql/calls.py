"""The statements that a call of a function runs, with the values of its arguments put in."""

from __future__ import annotations

from functools import lru_cache

from migrasafe.sql.constants import Value
from migrasafe.sql.parse import body_with_arguments, read_script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Body, CreateFunction


@lru_cache(maxsize=512)
def called_body(definition: str, values: tuple[tuple[str, Value], ...] = ()) -> Body | None:
    """The body of a CREATE FUNCTION or PROCEDURE; None where there is none that can be read, as in C.

    `values` are those of arguments, each under its name and as `$1`. Spans point into the definition.
    """
    statements = read_script(Source(path="", text=definition)).statements
    statement = statements[0] if statements else None
    if not isinstance(statement, CreateFunction) or statement.body is None:
        return None
    if values and statement.language == "plpgsql" and statement.body.text_span is not None:
        return body_with_arguments(definition, statement.body.text_span, dict(values))
    return statement.body
