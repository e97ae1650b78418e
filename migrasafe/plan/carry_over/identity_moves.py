"""An identity column that another takes the place of: its numbers go on where they were, under the same sequence's name."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan.beside import ref_beside
from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.dual_write.shadow import Shadow
from migrasafe.plan.objects.sequences import goes_on, sequence_of
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident


def moved_identity(shadow: Shadow) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Before the columns change names, and after they have them back. Raises NoPlanError where its options are not known."""
    if shadow.old.identity is None:
        return (), ()
    sequence = _sequence(shadow)
    options = _options(shadow)
    there = _move(shadow, sequence, options, shadow.old.name, shadow.new.name)
    back = _move(shadow, sequence, options, shadow.new.name, shadow.old.name)
    return tuple(there), tuple(back)


def _move(shadow: Shadow, sequence: Ref, options: str, from_: str, to: str) -> Iterator[str]:
    assert shadow.old.identity is not None  # whoever asks has seen it
    alter = f"ALTER TABLE {name_of(shadow.table.ref)} ALTER COLUMN"
    always = "ALWAYS" if shadow.old.identity.always else "BY DEFAULT"
    beside = ref_beside(sequence)
    yield (f"{alter} {quote_ident(to)} ADD GENERATED {always} AS IDENTITY (SEQUENCE NAME {name_of(beside)}{options})")
    yield goes_on(beside, sequence)
    yield f"{alter} {quote_ident(from_)} DROP IDENTITY"
    yield f"ALTER SEQUENCE {name_of(beside)} RENAME TO {quote_ident(sequence.name)}"


def _sequence(shadow: Shadow) -> Ref:
    found = sequence_of(shadow.ground.schema, shadow.table.ref, shadow.old.name)
    if found is not None:
        return found.ref
    raise NoPlanError(
        f"the sequence of the identity column {shadow.table.ref}.{shadow.old.name} is not known: plan with --schema DSN"
    )


def _options(shadow: Shadow) -> str:
    assert shadow.old.identity is not None  # likewise
    if shadow.beside is not None:
        said = dict(shadow.beside.identity_options).get(shadow.old.name, "")
        return f" {said}" if said else ""
    if shadow.old.identity.options:
        raise NoPlanError(
            f"{shadow.table.ref}.{shadow.old.name} is an identity column with options of its own: plan with --schema DSN"
        )
    return ""
