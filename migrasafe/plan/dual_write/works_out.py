"""A trigger that works out a column for whoever does not write it, while some versions do."""

from __future__ import annotations

from migrasafe.plan import predicates
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.dual_write.triggers import SCHEMA, differs, of_new_row, pinned_path, row_of
from migrasafe.plan.model import Step
from migrasafe.plan.templates import sql_template
from migrasafe.schema.definitions import name_of, type_of
from migrasafe.schema.model import Column, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression


def works_out(ground: Ground, table: Table, column: Column, value: Expression) -> Step:
    """A new row without a value, and a changed row in which it stays, get `value`, over the row's other columns. Its undo takes
    the trigger away."""
    trigger, function = f"~migrasafe_{ground.id}", f"{SCHEMA}.{quote_ident(f'{ground.id}_works_out')}"
    name = quote_ident(column.name)
    text = sql_template("works_out.sql").format(
        function=function,
        search_path=pinned_path((*ground.schema.search_path, table.ref.schema)),
        column=name,
        unchanged=f"NOT {differs(row_of([f'NEW.{name}']), row_of([f'OLD.{name}']))}",
        value=f"({of_new_row(value)})::{type_of(column)}",
    )
    return Step(
        title=f"Work out {column.name} for whoever does not write it",
        statements=(
            f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
            text.strip(),
            f"CREATE TRIGGER {quote_ident(trigger)} BEFORE INSERT OR UPDATE ON {name_of(table.ref)}"
            f" FOR EACH ROW EXECUTE FUNCTION {function}()",
        ),
        done=predicates.trigger_exists(table.ref, trigger),
        undo=(f"DROP TRIGGER {quote_ident(trigger)} ON {name_of(table.ref)}", f"DROP FUNCTION {function}()"),
    )
