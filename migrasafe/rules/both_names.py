"""The steps that rename a column by way of a second one, which the new app version uses beside the first."""

from __future__ import annotations

from migrasafe.findings import Fix
from migrasafe.rules.context import Step
from migrasafe.rules.copied_column import copies_of
from migrasafe.rules.dual_write import Pair
from migrasafe.rules.instead import NEXT_MIGRATION, ONE_MIGRATION, OWN_TRANSACTION, Stage, batches, outside_title, plan
from migrasafe.rules.proving_not_null import NotNull
from migrasafe.rules.wording import sql_name
from migrasafe.schema.definitions import with_suffix
from migrasafe.schema.model import Column, Ref, RelationKind, Table
from migrasafe.sql.quote import quote_ident, spell_type
from migrasafe.sql.statements import Rename


def both_names(step: Step, table: Table, column: Column | None, statement: Rename) -> Fix | None:
    """By a second column; where something hangs on the first that cannot be moved to another, by a view with both names."""
    if column is None or column.type is None:
        return _view_of_both(step, table, statement)
    on, old, new = sql_name(table.ref), quote_ident(column.name), quote_ident(statement.new_name)
    copies = copies_of(step.schema, table, column, statement.new_name, on)
    if copies is None:
        return _view_of_both(step, table, statement)
    pair = Pair(table=table.ref, on=on, old=old, new=new, up=f"NEW.{old}", down=f"NEW.{new}", column=column.name)
    proof = NotNull(step=step, table=table.ref, on=on, name=new, column=statement.new_name)
    collation = f" COLLATE {quote_ident(column.collation)}" if column.collation else ""
    proofs = (proof.proof,) if column.not_null else ()
    validations = (proof.validation,) if column.not_null else ()
    return plan(
        step,
        Stage(
            ONE_MIGRATION,
            (f"ALTER TABLE {on} ADD COLUMN {new} {spell_type(column.type)}{collation}", *pair.begin()),
        ),
        Stage("fill the rows there are", (batches(on, f"{new} = {old}", f"{new} IS NULL AND {old} IS NOT NULL"),)),
        Stage(NEXT_MIGRATION, (*proofs, *copies.constraints)),
        Stage(OWN_TRANSACTION, (*validations, *copies.validations)),
        Stage("then, without a scan", proof.last if column.not_null else ()),
        Stage(outside_title(step), copies.indexes),
        Stage(f"deploy the app version that uses {new}"),
        Stage(
            "when the old version is gone, in one transaction",
            (
                "SET LOCAL lock_timeout = '2s'",
                *pair.end(),
                *(one.replace(f" COLUMN {old} ", f" COLUMN {new} ") for one in (*copies.before, *copies.after)),
                f"ALTER TABLE {on} DROP COLUMN {old}",
                *copies.last,
            ),
        ),
    )


def _view_of_both(step: Step, table: Table, statement: Rename) -> Fix | None:
    """The table steps aside for a view of it that has the column twice: reads and plain writes go through it, by either
    name. https://www.postgresql.org/docs/current/sql-createview.html#SQL-CREATEVIEW-UPDATABLE-VIEWS"""
    aside = Ref(table.ref.schema, with_suffix(table.ref.name, "_table"))
    plain = (
        table.kind is RelationKind.TABLE and table.partition_of is None and not table.children and not table.inherits
    )
    if not plain or statement.part is None or step.schema.relation(aside) is not None or not step.has_own_text:
        return None
    on, base = sql_name(table.ref), sql_name(aside)
    old, new = quote_ident(statement.part), quote_ident(statement.new_name)
    return plan(
        step,
        Stage(
            "one migration, in one transaction: a view that has both names takes the place of the table",
            (
                step.sql(),
                f"ALTER TABLE {on} RENAME TO {quote_ident(aside.name)}",
                f"CREATE VIEW {on} AS SELECT *, {new} AS {old} FROM {base}",
            ),
        ),
        Stage(f"deploy the app version that uses {new}"),
        Stage(
            "when the old version is gone, in one transaction",
            (f"DROP VIEW {on}", f"ALTER TABLE {base} RENAME TO {quote_ident(table.ref.name)}"),
        ),
    )
