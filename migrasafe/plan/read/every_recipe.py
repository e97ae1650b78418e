"""Every change of a migration that takes several statements."""

from __future__ import annotations

from migrasafe.plan.read.arrays import arrays
from migrasafe.plan.read.bounds import changed_bounds
from migrasafe.plan.read.generated import generated_anew
from migrasafe.plan.read.hints import Hints
from migrasafe.plan.read.indexed_keys import indexed_keys
from migrasafe.plan.read.json_keys import json_keys
from migrasafe.plan.read.kept import kept_columns
from migrasafe.plan.read.keys_gone import keys_gone
from migrasafe.plan.read.links import links
from migrasafe.plan.read.merges import merges
from migrasafe.plan.read.moves import moves
from migrasafe.plan.read.numbers import identities
from migrasafe.plan.read.partitioned import partitioned_tables
from migrasafe.plan.read.passing_columns import passing_columns
from migrasafe.plan.read.recipes import Recipe
from migrasafe.plan.read.relocations import relocations
from migrasafe.plan.read.types import recipes_of_types
from migrasafe.schema.model import Schema
from migrasafe.sql.script import Script


def recipes_of(script: Script, schema: Schema, hints: Hints) -> tuple[Recipe, ...]:
    """Raises NoPlanError for one that has no plan, or is said and not carried out."""
    return (
        *recipes_of_types(script, schema),
        *identities(script, schema),
        *generated_anew(script, schema),
        *moves(script, schema),
        *merges(script),
        *relocations(script),
        *partitioned_tables(script, schema),
        *changed_bounds(script, schema),
        *links(script),
        *arrays(script),
        *json_keys(script, hints),
        *indexed_keys(script, schema),
        *keys_gone(script, schema, hints),
        *kept_columns(script, schema),
        *passing_columns(script, schema, hints),
    )
