"""Every change of a migration that takes several statements."""

from __future__ import annotations

from migrasafe.plan.read_generated import generated_anew
from migrasafe.plan.read_moves import moves
from migrasafe.plan.read_numbers import identities
from migrasafe.plan.read_types import recipes_of_types
from migrasafe.plan.recipes import Recipe
from migrasafe.schema.model import Schema
from migrasafe.sql.script import Script


def recipes_of(script: Script, schema: Schema) -> tuple[Recipe, ...]:
    """Raises NoPlanError for one that has no plan, or is said and not carried out."""
    return (
        *recipes_of_types(script, schema),
        *identities(script, schema),
        *generated_anew(script, schema),
        *moves(script, schema),
    )
