"""A view, or a materialized one, under another name, while one version of the app says the old one."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.dual_write.compat_view import SECURITY_INVOKER_SINCE
from migrasafe.plan.model import Step
from migrasafe.plan.objects.renamed import renamed
from migrasafe.schema.attached import Beside
from migrasafe.schema.definitions import name_of, names
from migrasafe.schema.model import Ref, RelationKind, View
from migrasafe.sql.quote import quote_ident, quote_role


class RenameView(Struct, frozen=True, kw_only=True):
    view: View
    new_name: str
    new_schema: str | None = None
    """Where it moves to; None: it stays where it is."""

    def plan(self, ground: Ground) -> Draft:
        """It gets its new name, and a view over it keeps the old one until nobody says it any more. Raises NoPlanError."""
        view, old = self.view, self.view.ref
        new = Ref(self.new_schema or old.schema, self.new_name)
        called = self.new_name if new.schema == old.schema else str(new)
        if ground.schema.relation(new) is not None:
            raise NoPlanError(f"there is a relation {new} already")
        if not view.complete:
            raise NoPlanError(f"the columns of the view {old} are not all known: plan with --schema DSN")
        kind = view.kind.name.replace("_", " ")
        letter = "m" if view.kind is RelationKind.MATERIALIZED_VIEW else "v"
        shim = tuple(_shim(ground, view, new))
        over = predicates.all_of(
            predicates.relation_exists(new, letter), predicates.not_(predicates.relation_exists(old, "vm"))
        )
        rename = Step(
            title=f"Rename {old} to {called}, and let a view keep the old name",
            statements=(*renamed(kind, old, new), *shim),
            done=predicates.all_of(predicates.relation_exists(new, letter), predicates.relation_exists(old, "v")),
            past=over,
            undo=(
                f"DROP VIEW {name_of(old)}",
                *renamed(kind, new, old),
            ),
        )
        end = Step(
            title=f"Take the view {old} away",
            statements=(f"DROP VIEW {name_of(old)}",),
            done=over,
            undo=shim,
        )
        refreshed = letter == "m"
        return Draft(
            title=f"rename the view {old} to {called}",
            tables=(old, new),
            phases=(
                phases.expand(
                    f"{old} becomes {called}, and a view keeps the old name",
                    f"reads {old.name} as before",
                    f"reads {called}",
                    (rename,),
                ),
                phases.deploy(f"says {called}", f"says {old.name}"),
                phases.contract(
                    "The old name goes",
                    f"reads {called}",
                    (end,),
                    needed=f"the name {old.name}",
                    old_application_name=ground.old_application_name,
                ),
            ),
            stand_ins=(old,),
            why=(f"views and functions that read {old.name} follow it to its new name by themselves",),
            by_hand=(
                f"whatever refreshes {old.name} has to say {called} from the first step on: REFRESH needs the real name"
                if refreshed
                else f"a function that says {old.name} in its text has to say {called} before the contract phase",
            ),
        )


def _shim(ground: Ground, view: View, new: Ref) -> Iterator[str]:
    name = name_of(view.ref)
    options = " WITH (security_invoker = true)" if ground.target.at_least(SECURITY_INVOKER_SINCE) else ""
    yield f"CREATE VIEW {name}{options} AS SELECT {names(view.columns)} FROM {name_of(new)}"
    owner = (ground.beside or {}).get(view.ref, Beside()).owner
    if owner is not None:
        yield f"ALTER VIEW {name} OWNER TO {quote_ident(owner)}"
    for grant in sorted(view.grants):
        yield f"GRANT {grant.privilege.upper()} ON {name} TO {quote_role(grant.role)}"
