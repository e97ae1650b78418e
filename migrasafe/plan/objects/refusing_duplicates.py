"""A unique index that comes into a table in use: who may not write duplicates from when on."""

from __future__ import annotations

from migrasafe.plan import phases
from migrasafe.plan.changes.model import Draft, Ground
from migrasafe.plan.model import Gate, Step
from migrasafe.plan.objects.keys import implied_by, no_two_in
from migrasafe.schema.definitions import index_elements
from migrasafe.schema.model import Index
from migrasafe.sql.deparse import deparse_expression


def refusing_duplicates(
    ground: Ground,
    index: Index,
    title: str,
    steps: tuple[Step, ...],
    *,
    gates: tuple[Gate, ...] = (),
    all_null: bool = False,
) -> Draft:
    """The steps at once where no row can be refused by the index; else when the old version is gone.

    `gates`: what else must hold of the rows; `all_null`: a column of the index is new, and empty.
    """
    name, elements = index.ref.name, index_elements(index)
    where = f" WHERE {deparse_expression(index.predicate)}" if index.predicate is not None else ""
    apart = f"writes no two rows that are alike in {elements}{where}"
    empty = all_null and not index.nulls_not_distinct
    implied = implied_by(ground.schema, index)
    if not gates and (empty or implied is not None):
        why = f"{implied.ref.name} lets no rows in that {name} would refuse" if implied is not None else None
        phase = phases.expand(
            f"{name} is there, which no row can break"
            if implied is not None
            else f"{name}, over a column that is empty",
            "goes on as before" if implied is not None else "goes on as before: it leaves the column empty",
            "may rely on it" if implied is not None else apart,
            steps,
        )
        return Draft(title=title, tables=(index.table,), phases=(phase,), why=(why,) if why is not None else ())
    return Draft(
        title=title,
        tables=(index.table,),
        phases=(
            phases.deploy(apart, "may still write duplicates"),
            phases.contract(
                f"{name} refuses duplicates",
                apart,
                steps,
                needed=f"to write duplicates in {index.table}",
                old_application_name=ground.old_application_name,
                gates=(*gates, no_two_in(index)),
            ),
        ),
        why=(
            "the index refuses duplicates as soon as it is ready, before it is valid: so it comes after the old version,"
            " not before",
        ),
        by_hand=(
            f"ON CONFLICT ({elements}){where} fails (42P10) until the contract phase is done: an upsert that says it belongs into"
            " the version after this one",
        ),
    )
