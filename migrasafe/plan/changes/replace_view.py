"""A view that shows something else: more columns, fewer, others, or other values in the same ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates
from migrasafe.plan.carry_over.recreated_views import Recreated, recreated_views
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.dual_write.swapped import marked, says_replaced
from migrasafe.plan.model import Step
from migrasafe.plan.objects.both_views import columns_of_both
from migrasafe.plan.objects.view_again import create_view, view_again
from migrasafe.schema.attached import Beside
from migrasafe.schema.definitions import name_of
from migrasafe.schema.evolve.draft import Draft as Evolving
from migrasafe.schema.evolve.query_names import outputs_of
from migrasafe.schema.model import BEFORE_HISTORY, ColumnRef, Schema, View
from migrasafe.sql.quote import quote_literal
from migrasafe.sql.statements import Query, TypeName


class ReplaceView(Struct, frozen=True, kw_only=True):
    old: View
    new: View
    """Of the same name."""
    written: str | None = None
    """CREATE OR REPLACE VIEW as somebody wrote it, where it can be run so."""
    readers: tuple[View, ...] = ()
    """Views over it that are made over the new one: of the same names and columns."""

    def plan(self, ground: Ground) -> Draft:
        """New columns are appended; those that go do so when the old version is gone. Raises NoPlanError."""
        old, new = self.old, self.new
        if not (old.complete and new.complete):
            raise NoPlanError(f"the columns of the view {old.ref} are not all known: plan with --schema DSN")
        _refuse_other_types(ground.schema, old, new)
        self._refuse_readers(ground)
        come = [name for name in new.columns if name not in old.columns]
        gone = [name for name in old.columns if name not in new.columns]
        title = f"change the view {old.ref}"
        if new.columns[: len(old.columns)] == old.columns:
            return self._in_place(ground, title, come)
        both = self._both(ground, come, gone)
        before = both or old
        expand = (self._show(ground, before, come),) if come and both is not None else ()
        return Draft(
            title=title,
            tables=(old.ref,),
            phases=(
                *(
                    (
                        phases.expand(
                            f"The view {old.ref} shows the columns of both versions",
                            f"reads {', '.join(old.columns)}",
                            f"reads {', '.join(new.columns)}, whatever their order",
                            expand,
                        ),
                    )
                    if expand
                    else ()
                ),
                phases.deploy(f"reads {', '.join(new.columns)} of {old.ref}", f"reads {', '.join(old.columns)}"),
                phases.contract(
                    f"The view {old.ref} shows what the new version reads",
                    f"reads {', '.join(new.columns)}",
                    (self._end(ground, before),),
                    needed=", ".join(f"{old.ref.name}.{name}" for name in gone)
                    or f"the columns of {old.ref} in their order",
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=(
                "CREATE OR REPLACE VIEW only appends columns: until the old version is gone the view shows those of both"
                if both is not None and come
                else "the new version needs nothing that the view does not show already: it changes when the old one is gone",
            ),
            assumed=_same_types(old, new),
            by_hand=_readers(old),
            differs=(f"{old.ref} keeps its owner, privileges and comment, which DROP VIEW would have lost",),
        )

    def _in_place(self, ground: Ground, title: str, come: Sequence[str]) -> Draft:
        """CREATE OR REPLACE is all that is needed."""
        old, new = self.old, self.new
        how = (
            f"The view {old.ref} shows {', '.join(come)} as well" if come else f"The view {old.ref} shows other values"
        )
        both = "" if come else ": the old version reads them, too"
        step = self._show(ground, new, come)
        return Draft(
            title=title,
            tables=(old.ref,),
            phases=(
                phases.expand(
                    f"{how}{both}",
                    "goes on as before" if come else f"reads what the new query of {old.ref} gives",
                    f"reads {', '.join(new.columns)}",
                    (step,),
                ),
            ),
            why=(f"columns are only appended: nobody who reads {old.ref} by names meets anything new",) if come else (),
            assumed=_same_types(old, new),
            by_hand=_readers(old) if come else (f"see that the old version can live with what {old.ref} shows then",),
            differs=() if come else marked(ground.id, old.ref.name, new.ref.name),
        )

    def _both(self, ground: Ground, come: Sequence[str], gone: Sequence[str]) -> View | None:
        """The view with the columns of both; None where the old one shows all that the new version reads."""
        if not come and gone:
            return None
        try:
            columns, query = columns_of_both(ground.schema, self.old, self.new)
        except NoPlanError as error:
            raise NoPlanError(
                f"the view {self.old.ref} cannot show {', '.join([*come, *gone])} to both versions, since {error}: give the new"
                f" one another name (CREATE VIEW {self.old.ref.name}_2 …, then DROP VIEW {self.old.ref.name}), and both are there"
            ) from error
        grants = self.old.grants | self.new.grants
        return replace(self.new, columns=columns, query=Query(node=query), grants=grants)

    def _show(self, ground: Ground, shown: View, come: Sequence[str]) -> Step:
        """The view gets the columns that come, or another query behind those it has."""
        old, name = self.old, name_of(self.old.ref)
        text = self.written if self.written is not None and shown is self.new else create_view(shown, replacing=True)
        if come:
            # CREATE OR REPLACE cannot take columns away again.
            return Step(
                title=f"Let {old.ref} show {', '.join(come)} as well",
                statements=(text,),
                done=predicates.all_of(*(predicates.column_exists(old.ref, column) for column in come)),
                undo=tuple(_made_anew(ground, old, self._around(ground))),
            )
        note = says_replaced(ground.id, "VIEW", name)
        comment = (ground.beside or {}).get(old.ref, Beside()).comment
        back = note.back if comment is None else f"COMMENT ON VIEW {name} IS {quote_literal(comment)}"
        return Step(
            title=f"Let {old.ref} show other values",
            statements=(text, note.there),
            done=predicates.relation_says(old.ref, note.text),
            undo=(create_view(old, replacing=True), back),
        )

    def _end(self, ground: Ground, before: View) -> Step:
        """The view with the new version's columns alone, in their order."""
        new = replace(self.new, grants=self.old.grants | self.new.grants)
        return Step(
            title=f"Let {new.ref} show {', '.join(new.columns)}, and nothing else",
            statements=tuple(_made_anew(ground, new, self._around(ground, self.readers))),
            done=predicates.columns_are(new.ref, new.columns),
            undo=tuple(_made_anew(ground, before, self._around(ground))),
        )

    def _around(self, ground: Ground, instead: tuple[View, ...] = ()) -> Recreated:
        columns = [ColumnRef(self.old.ref, name) for name in self.old.columns]
        return recreated_views(ground, columns, instead=instead)

    def _refuse_readers(self, ground: Ground) -> None:
        """Raise NoPlanError for a view over it that reads a column which goes."""
        gone = {name for name in self.old.columns if name not in self.new.columns}
        after = {view.ref: view for view in self.readers}
        for ref in sorted(ground.schema.dependents_of(self.old.ref)):
            reader = after.get(ref, ground.schema.view(ref))
            read = {one.column for one in reader.reads if one.relation == self.old.ref} if reader is not None else set()
            if read & gone or read == {None}:  # None alone: which columns it reads is not known
                what = ", ".join(sorted(f"{self.old.ref}.{name}" for name in read & gone)) or f"all of {self.old.ref}"
                raise NoPlanError(f"the view {ref} reads {what}: change it in a migration before this one")


def _made_anew(ground: Ground, view: View, around: Recreated) -> Iterator[str]:
    yield from around.before
    yield f"DROP VIEW {name_of(view.ref)}"
    yield from view_again(ground, view)
    yield from around.after


def _refuse_other_types(schema: Schema, old: View, new: View) -> None:
    was, now = (_types(schema, view) for view in (old, new))
    for name in old.columns:
        if name in now and was.get(name) is not None and now[name] is not None and was[name] != now[name]:
            raise NoPlanError(
                f"{name} of the view {old.ref} gets another type, and a view has one type for both versions: give the new column"
                f" another name ({name}_2), and take {name} away in the next migration"
            )


def _types(schema: Schema, view: View) -> dict[str, TypeName | None]:
    """Of its columns, as far as they are plain columns or casts."""
    if view.query is None:
        return {}
    found = outputs_of(Evolving(schema, BEFORE_HISTORY), view.query).columns
    if len(found) != len(view.columns):
        return {}
    return {name: column.type for name, column in zip(view.columns, found, strict=True)}


def _same_types(old: View, new: View) -> tuple[str, ...]:
    kept = [name for name in old.columns if name in new.columns]
    said = f"{', '.join(kept)} of {old.ref} keep their types: PostgreSQL refuses the first step otherwise, and nothing has happened"
    return (said,) if kept else ()


def _readers(view: View) -> tuple[str, ...]:
    return (
        f"`SELECT * FROM {view.ref.name}` gives other columns from the first step on: say their names in both versions",
    )
