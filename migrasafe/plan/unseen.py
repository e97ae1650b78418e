"""What PostgreSQL does not track: the bodies of functions that seem to name a column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrasafe.schema.model import Ref, Schema


def bodies_that_name(schema: Schema, table: Ref, columns: Sequence[str]) -> Iterator[str]:
    """A sentence for each function of the schema whose text has the name of a column, and of the table or of NEW."""
    for ref in sorted(schema.functions):
        for function in schema.functions[ref]:
            text = function.source_text or ""
            found = next((column for column in columns if column in text), None)
            if found is not None and (table.name in text or "new." in text.lower() or "old." in text.lower()):
                yield f"the body of function {ref} seems to name {table.name}.{found}: PostgreSQL does not track that"
                break
