"""Foreign keys between types that cannot be compared: PostgreSQL refuses them (42804).

https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from migrasafe.effects.model import Failure, Trouble
from migrasafe.effects.situation import Situation
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import spell_type
from migrasafe.sql.statements import ConstraintDef, TypeName

_FAMILIES = {
    **dict.fromkeys(("int2", "int4", "int8", "smallserial", "serial", "bigserial"), "integer"),
    **dict.fromkeys(("text", "varchar"), "text"),
    "uuid": "uuid",
    "bool": "boolean",
}
"""Types that a foreign key may mix; for two families there is no equality operator. Other types are left to the server."""


def incompatible_types(
    ref: Ref,
    types: Mapping[str, TypeName | None],
    constraint: ConstraintDef,
    situation: Situation,
    action: int | None = None,
) -> Iterator[Failure]:
    """A failure for each column that cannot be compared with the one it points at. `types`: of the referencing columns."""
    if constraint.references is None:
        return
    target = situation.table(constraint.references.table)
    if target is None:
        return
    key = target.primary_key
    pointed_at = constraint.references.columns or (key.columns if key is not None else ())
    for name, other in zip(constraint.columns, pointed_at, strict=False):
        column = target.column(other)
        one, two = types.get(name), column.type if column is not None else None
        if one is None or two is None or one.array or two.array or one.schema or two.schema:
            continue
        families = (_FAMILIES.get(one.name), _FAMILIES.get(two.name))
        if None not in families and families[0] != families[1]:
            yield Failure(
                trouble=Trouble.DATATYPE_MISMATCH,
                reason=f"{ref.name}.{name} is {spell_type(one)} and {target.ref.name}.{other} is {spell_type(two)}, which cannot be "
                "compared",
                action=action,
                objects=(f"{ref}.{name}",),
            )
