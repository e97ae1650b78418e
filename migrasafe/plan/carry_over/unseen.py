"""What PostgreSQL does not track: the bodies of functions that seem to name a column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from migrasafe.plan import predicates
from migrasafe.plan.model import Gate
from migrasafe.plan.written_name import written_name
from migrasafe.schema.model import Ref, Schema, Table
from migrasafe.sql.quote import quote_literal


def bodies_that_name(schema: Schema, table: Ref, columns: Sequence[str]) -> Iterator[str]:
    """A sentence for each function of the schema whose text has the name of a column, and of the table or of NEW or OLD,
    unless only triggers of other tables call it."""
    fired_by = _tables_by_trigger_function(schema)
    for ref in sorted(schema.functions):
        for function in schema.functions[ref]:
            text = function.source_text or ""
            found = next((column for column in columns if _says(text, column)), None)
            is_its_trigger = table in fired_by.get(ref, (table,)) and (_says(text, "new") or _says(text, "old"))
            if found is not None and (_says(text, table.name) or is_its_trigger):
                yield f"the body of function {ref} seems to name {table.name}.{found}: PostgreSQL does not track that"
                break


def _says(text: str, name: str) -> bool:
    return re.search(written_name(name), text) is not None


def _tables_by_trigger_function(schema: Schema) -> dict[Ref, set[Ref]]:
    found: dict[Ref, set[Ref]] = {}
    for ref in schema.relations:
        table = schema.table(ref)
        for trigger in table.triggers if table is not None else ():
            if trigger.function is not None:
                found.setdefault(trigger.function, set()).add(ref)
    return found


def bodies_that_say(schema: Schema, value: str) -> Iterator[str]:
    """A sentence for each function of the schema whose text has the value as a constant."""
    for ref in sorted(schema.functions):
        if any(quote_literal(value) in (function.source_text or "") for function in schema.functions[ref]):
            yield f"the body of function {ref} seems to say {quote_literal(value)}: PostgreSQL does not track that"


def triggers_that_say(schema: Schema, table: Table, columns: Sequence[str]) -> tuple[Gate, ...]:
    """A gate where a trigger function of the table says NEW or OLD with a column: every write fails once that has gone."""
    rows = f"({written_name('new')}|{written_name('old')})"
    said = rf"{rows}\s*\.\s*({'|'.join(map(written_name, columns))})"
    pattern = re.compile(said)
    functions = (
        function
        for trigger in table.triggers
        if trigger.function is not None
        for function in schema.functions.get(trigger.function, ())
    )
    if not any(function.source_text and pattern.search(function.source_text) for function in functions):
        return ()
    names = ", ".join(columns)
    gate = Gate(
        id="triggers-changed",
        question=f"Does no trigger function of {table.ref.name} say NEW or OLD with {names} any more?",
        query=(
            "SELECT count(*) FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid"
            f" JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE t.tgrelid = {predicates.relation(table.ref)}"
            f" AND n.nspname <> 'migrasafe' AND p.prosrc ~ {quote_literal(said)}"
        ),
        expected="0",
        otherwise=f"Make them say the new column (CREATE OR REPLACE FUNCTION): once {names} has gone, every write would fail.",
    )
    return (gate,)
