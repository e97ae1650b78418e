"""ALTER TYPE of a composite type: what PostgreSQL refuses while columns or tables are of the type.

https://www.postgresql.org/docs/current/sql-altertype.html
"""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Effects, Failure, Trouble
from migrasafe.effects.situation import Situation
from migrasafe.schema.model import Ref, Table
from migrasafe.sql.statements import AlterAttribute, AlterTable


def alter_composite(statement: AlterTable, situation: Situation) -> Effects:
    ref = situation.schema.resolve_type(statement.name.schema, statement.name.name)
    failures = [
        failure
        for place, action in enumerate(statement.actions)
        if isinstance(action, AlterAttribute)
        for failure in _refused(action, place, ref, situation)
    ]
    return Effects(failures=tuple(failures))


def _refused(action: AlterAttribute, place: int, ref: Ref, situation: Situation) -> Iterator[Failure]:
    for dependent in sorted(situation.schema.dependents_of(ref)):
        table = situation.schema.table(dependent)
        if table is None:
            continue
        if table.of_type == ref:
            if not action.cascade:
                reason = f"cannot alter type {ref.name}: it is the type of the typed table {table.ref.name}"
                yield Failure(trouble=Trouble.DEPENDENT_OBJECTS, reason=reason, action=place, objects=(str(ref),))
            continue
        column = _column_of(table, ref, situation)
        if action.verb == "alter" and column is not None:
            reason = f"cannot alter type {ref.name}: the column {table.ref.name}.{column} has it"
            yield Failure(trouble=Trouble.FEATURE_NOT_SUPPORTED, reason=reason, action=place, objects=(str(ref),))


def _column_of(table: Table, ref: Ref, situation: Situation) -> str | None:
    types = ((one.name, one.type) for one in table.columns if one.type is not None)
    return next((name for name, type in types if situation.schema.resolve_type(type.schema, type.name) == ref), None)
