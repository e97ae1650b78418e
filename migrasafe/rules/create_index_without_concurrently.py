"""CREATE INDEX without CONCURRENTLY on a table in use."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause
from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import columns_sql, name_for, shown, sql_name
from migrasafe.schema.model import RelationKind
from migrasafe.sql.edit import insert_after
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import CreateIndex


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, CreateIndex)
    work = next(step.work(Cause.CREATE_INDEX), None)
    if work is None:
        return
    ref = step.situation.ref(statement.table)
    table = step.schema.table(ref)
    partitioned = table is not None and table.kind is RelationKind.PARTITIONED_TABLE
    replacement = (
        None if partitioned else insert_after(step.script.source.text, statement.span, "INDEX", "CONCURRENTLY")
    )
    if partitioned:
        keys = columns_sql(tuple(element.column or "…" for element in statement.elements))
        index = quote_ident(
            statement.name or name_for(ref.name, *(e.column or "expr" for e in statement.elements), "idx")
        )
        steps = (
            f"CREATE INDEX {index} ON ONLY {sql_name(ref)} ({keys});\n"
            f"-- for each partition, outside a transaction:\n"
            f"CREATE INDEX CONCURRENTLY <partition>_{index} ON <partition> ({keys});\n"
            f"ALTER INDEX {index} ATTACH PARTITION <partition>_{index};"
        )
        help_text = "CONCURRENTLY does not work on a partitioned table: build the index partition by partition."
    else:
        steps = None
        help_text = (
            "Build it concurrently, outside a transaction. If the build fails, drop the invalid index it leaves before you "
            "try again."
        )
    yield step.finding(
        RULE.id,
        f"Writes to {shown(ref)} wait until the index is built.",
        help=help_text,
        work=work,
        objects=(ref,),
        replacement=replacement,
        steps=steps,
    )


RULE = Rule(id="create-index-without-concurrently", check=check, on=(CreateIndex,), needs_work=True)
