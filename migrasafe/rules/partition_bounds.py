"""A CHECK constraint that says the same as the bound of a partition, so that PostgreSQL need not look at the rows.

It must be proved from the constraint alone, NULLs too: https://www.postgresql.org/docs/current/ddl-partitioning.html
"""

from __future__ import annotations

from migrasafe.effects.model import Work
from migrasafe.findings import Fix
from migrasafe.rules.context import Step
from migrasafe.rules.instead import NEXT_MIGRATION, ONE_MIGRATION, OWN_TRANSACTION, Stage, plan
from migrasafe.rules.wording import sql_name
from migrasafe.schema.evolve.generated_names import object_name
from migrasafe.schema.model import Ref, Table
from migrasafe.sql.deparse import expression_sql
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AlterTable, AttachPartition, CreateTable, Expression, PartitionBound

_ENDLESS = ("minvalue", "maxvalue")


def proof_of_bound(step: Step, work: Work) -> Fix | None:
    """The steps that attach a table whose rows are known to be within the bound."""
    return _proved(step, work.relation, "bound", inside=True)


def proof_of_absence(step: Step, work: Work) -> Fix | None:
    """The steps that make or attach a partition of whose rows the DEFAULT partition is known to have none."""
    return _proved(step, work.relation, "without", inside=False)


def _proved(step: Step, scanned: Ref, word: str, *, inside: bool) -> Fix | None:
    """None for a bound that cannot be said so: over several columns, an expression, or by hash."""
    parent, partition, bound = _partition(step)
    check = _check(parent, bound, inside=inside) if parent is not None and bound is not None else None
    if check is None or partition is None or not step.has_own_text:
        return None
    of = scanned.name if inside else f"{scanned.name}_{word}_{partition.name}"
    name = quote_ident(object_name(of, None, "bound" if inside else "check"))
    on = sql_name(scanned)
    return plan(
        step,
        Stage(ONE_MIGRATION, (f"ALTER TABLE {on} ADD CONSTRAINT {name} CHECK ({check}) NOT VALID",)),
        Stage(OWN_TRANSACTION, (f"ALTER TABLE {on} VALIDATE CONSTRAINT {name}",)),
        Stage(NEXT_MIGRATION, (step.sql(), f"ALTER TABLE {on} DROP CONSTRAINT {name}")),
    )


def _partition(step: Step) -> tuple[Table | None, Ref | None, PartitionBound | None]:
    """The partitioned table, the new partition and its bound."""
    statement, situation = step.statement, step.situation
    if isinstance(statement, CreateTable) and statement.partition_of is not None:
        parent = step.schema.table(situation.ref(statement.partition_of))
        return parent, situation.ref(statement.name), statement.bound
    if isinstance(statement, AlterTable):
        for action in statement.actions:
            if isinstance(action, AttachPartition):
                parent = step.schema.table(situation.ref(statement.name))
                return parent, situation.ref(action.partition), action.bound
    return None, None, None


def _check(parent: Table, bound: PartitionBound, *, inside: bool) -> str | None:
    columns = parent.partition_by.columns if parent.partition_by is not None else ()
    if len(columns) != 1 or columns[0] is None or bound.strategy not in ("range", "list"):
        return None
    column = quote_ident(columns[0])
    if bound.strategy == "list":
        values = [_spelled(value) for value in bound.values]
        if None in values or "NULL" in values:
            return None
        listed = ", ".join(value for value in values if value is not None)
        return (
            f"{column} IS NOT NULL AND {column} IN ({listed})"
            if inside
            else f"{column} IS NULL OR {column} NOT IN ({listed})"
        )
    lower, upper = (_spelled(one[0]) if one else None for one in (bound.lower, bound.upper))
    if lower is None or upper is None:
        return None
    from_lower = [] if lower.lower() in _ENDLESS else [f"{column} {'>=' if inside else '<'} {lower}"]
    to_upper = [] if upper.lower() in _ENDLESS else [f"{column} {'<' if inside else '>='} {upper}"]
    if inside:
        return " AND ".join([f"{column} IS NOT NULL", *from_lower, *to_upper])
    return " OR ".join([f"{column} IS NULL", *from_lower, *to_upper])


def _spelled(expression: Expression) -> str | None:
    return expression_sql(expression)
