"""A view that nobody reads any more goes."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.beside import ref_aside
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Step
from migrasafe.plan.objects.view_again import view_again
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import RelationKind, View
from migrasafe.sql.quote import quote_ident


class DropView(Struct, frozen=True, kw_only=True):
    view: View

    def plan(self, ground: Ground) -> Draft:
        """Out of sight when the old version is gone, then for good. Raises NoPlanError where another view reads it."""
        view, ref = self.view, self.view.ref
        readers = [one for one in sorted(ground.schema.dependents_of(ref)) if ground.schema.view(one) is not None]
        if readers:
            raise NoPlanError(
                f"the view {ref} cannot go yet: the view {readers[0]} reads it; drop or change that before"
            )
        kind = view.kind.name.replace("_", " ")
        hidden = ref_aside(ref)
        gone = f"{predicates.relation(ref)} IS NULL"
        soft = Step(
            title=f"Take {ref} out of sight; it is kept as {hidden.name}",
            statements=(f"ALTER {kind} {name_of(ref)} RENAME TO {quote_ident(hidden.name)}",),
            done=gone,
            undo=(f"ALTER {kind} {name_of(hidden)} RENAME TO {quote_ident(ref.name)}",),
            undoable=predicates.relation_exists(hidden, "vm"),
        )
        holds_rows = view.kind is RelationKind.MATERIALIZED_VIEW
        hard = Step(
            title=f"Drop {hidden.name} for good",
            statements=(f"DROP {kind} {name_of(hidden)}",),
            done=f"{gone} AND {predicates.relation(hidden)} IS NULL",
            loses=f"{ref}"
            + (": it has to be built again" if holds_rows else f": this makes it again: {_text(ground, view)}"),
        )
        return Draft(
            title=f"drop the view {ref}",
            tables=(ref, hidden),
            phases=(
                phases.deploy(f"does not read {ref}", f"reads {ref}"),
                phases.contract(
                    f"{ref} goes: out of sight first, for good when nobody has missed it",
                    f"does not know {ref}",
                    (soft, hard),
                    needed=str(ref),
                    old_application_name=ground.old_application_name,
                ),
            ),
            by_hand=(f"a function that reads {ref.name} is not known to PostgreSQL as its reader: look for the name",),
        )


def _text(ground: Ground, view: View) -> str:
    try:
        return next(iter(view_again(ground, view)))
    except NoPlanError:
        return "its definition is not known here: keep that of pg_dump"
