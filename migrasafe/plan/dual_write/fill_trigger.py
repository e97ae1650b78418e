"""A trigger that gives a column its value while somebody still writes rows without one."""

from __future__ import annotations

from migrasafe.plan import predicates
from migrasafe.plan.dual_write.triggers import SCHEMA, of_new_row, pinned_path
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_body, quote_ident
from migrasafe.sql.statements import Expression


def fill_while_missing(
    table: Ref,
    column: str,
    value: Expression,
    id: str,
    search_path: tuple[str, ...],
    where: Expression | None = None,
) -> Step:
    """`column` becomes `value` (over the row's other columns) in every written row that has none, and that `where` lets
    through. Its undo takes it away."""
    trigger, function = f"~migrasafe_{id}", f"{SCHEMA}.{quote_ident(id + '_fill')}"
    path, given = pinned_path((*search_path, table.schema)), of_new_row(value, table.name)
    new = f"NEW.{quote_ident(column)}"
    asked = "" if where is None else f" AND ({of_new_row(where, table.name)})"
    body = quote_body(f"\nBEGIN\n  IF {new} IS NULL{asked} THEN\n    {new} := {given};\n  END IF;\n  RETURN NEW;\nEND ")
    return Step(
        title=f"Give {column} a value wherever a writer gives none",
        statements=(
            f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SET search_path = {path} AS {body}",
            f"CREATE TRIGGER {quote_ident(trigger)} BEFORE INSERT OR UPDATE ON {name_of(table)}"
            f" FOR EACH ROW EXECUTE FUNCTION {function}()",
        ),
        done=predicates.trigger_exists(table, trigger),
        past=predicates.column_is_not_null(table, column),  # from then on it may only go
        undo=(f"DROP TRIGGER {quote_ident(trigger)} ON {name_of(table)}", f"DROP FUNCTION {function}()"),
    )


def no_fill_any_more(step: Step) -> Step:
    """The end of such a trigger; its undo brings it back."""
    return Step(
        title="Take away the trigger that filled in for the old version",
        statements=step.undo,
        done=predicates.not_(step.done),
        undo=step.statements,
    )
