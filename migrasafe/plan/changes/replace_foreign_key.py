"""A FOREIGN KEY that acts in another way: the new one beside the old one, then in its place."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.beside import name_beside
from migrasafe.plan.changes.add_constraint import left_not_valid, orphans, with_target
from migrasafe.plan.changes.model import Draft, Ground, table_of
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.plan.objects.partitioned_foreign_keys import refuse_not_valid
from migrasafe.schema.definitions import constraint_body, name_of
from migrasafe.schema.model import Constraint, Ref, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Name, References

_LETTERS = {"NO ACTION": "a", "RESTRICT": "r", "CASCADE": "c", "SET NULL": "n", "SET DEFAULT": "d"}
_REFUSING = {"NO ACTION", "RESTRICT"}


class ReplaceForeignKey(Struct, frozen=True, kw_only=True):
    """Same columns; other actions, another MATCH, deferrable where it was not, or another table under the same name."""

    table: Name
    old: Constraint
    new: Constraint

    def plan(self, ground: Ground) -> Draft:
        """Raises NoPlanError."""
        table, old = table_of(ground, self.table), self.old
        moves = self.new.target != old.target
        new = replace(self.new, target_columns=self.new.target_columns or (() if moves else old.target_columns))
        new = with_target(ground, new) if moves else new
        if _actions(old) == _actions(new) and not moves:
            return _another_time(table, old, new)
        refuse_not_valid(ground, table, new)
        ready = replace(new, name=name_beside(new.name))
        is_new = _acts_like(table, new)
        beside = steps.superseded(
            (steps.add_not_valid(table.ref, ready), steps.validate(table.ref, ready.name)), is_new
        )
        swap = _swap(table, old, new, ready)
        if moves or _relied_on(old, new):
            rest: tuple[Phase, ...] = (
                phases.deploy(f"does not rely on {constraint_body(old)}", f"relies on {constraint_body(old)}"),
                phases.contract(
                    f"{new.name} acts in the new way",
                    f"meets {constraint_body(new)}",
                    (*beside, swap),
                    needed=f"{constraint_body(old)}",
                    old_application_name=ground.old_application_name,
                    gates=(orphans(table, new),) if moves else (),
                ),
            )
        else:
            rest = (
                Phase(
                    name=PhaseName.EXPAND,
                    title="The new foreign key stands beside the old one, which is the stricter of the two",
                    old_app="goes on as before",
                    new_app="is not deployed yet",
                    steps=beside,
                ),
                Phase(
                    name=PhaseName.SWITCH,
                    title=f"{new.name} acts in the new way",
                    old_app=f"meets {constraint_body(new)}: what was refused is done from now on",
                    new_app=f"relies on {constraint_body(new)}: deploy it after the step",
                    steps=(swap,),
                ),
            )
        return Draft(
            title=f"let {old.name} of {table.ref} be {constraint_body(new)}",
            tables=(table.ref,),
            phases=rest,
            why=(
                f"the last step locks {' and '.join(map(str, _locked(table, old, new)))} together, for an instant; no row is read"
                " under it",
            ),
            differs=left_not_valid(new),
        )


def _actions(constraint: Constraint) -> tuple[str, str, bool]:
    said = constraint.references or References(table=Name(None, ""))
    return said.on_delete, said.on_update, said.match_full


def _relied_on(old: Constraint, new: Constraint) -> bool:
    """Whether the old version may need what the old key does: it removes or changes rows that the new one leaves."""
    return any(
        before not in _REFUSING and before != after
        for before, after in zip(_actions(old)[:2], _actions(new)[:2], strict=True)
    )


def _acts_like(table: Table, constraint: Constraint) -> str:
    on_delete, on_update, match_full = _actions(constraint)
    letters = f"confdeltype = '{_LETTERS[on_delete]}' AND confupdtype = '{_LETTERS[on_update]}'"
    match = f"confmatchtype = '{'f' if match_full else 's'}'"
    target = f"confrelid = {predicates.relation(constraint.target)}" if constraint.target is not None else "true"
    return predicates.constraint_with(table.ref, constraint.name, f"{letters} AND {match} AND {target}")


def _locked(table: Table, old: Constraint, new: Constraint) -> tuple[Ref, ...]:
    # The referenced tables first, in which everybody else begins, too: no deadlock.
    return tuple(dict.fromkeys(one for one in (old.target, new.target, table.ref) if one is not None))


def _swap(table: Table, old: Constraint, new: Constraint, ready: Constraint) -> Step:
    alter = f"ALTER TABLE {name_of(table.ref)}"
    lock = f"LOCK TABLE {', '.join(map(name_of, _locked(table, old, new)))} IN ACCESS EXCLUSIVE MODE"
    return Step(
        title=f"The new foreign key takes the place of {old.name}",
        statements=(
            lock,
            f"{alter} DROP CONSTRAINT {quote_ident(old.name)}",
            f"{alter} RENAME CONSTRAINT {quote_ident(ready.name)} TO {quote_ident(new.name)}",
        ),
        done=_acts_like(table, new),
        undo=(
            lock,
            f"{alter} RENAME CONSTRAINT {quote_ident(new.name)} TO {quote_ident(ready.name)}",
            f"{alter} ADD CONSTRAINT {quote_ident(old.name)} {constraint_body(old)} NOT VALID",
        ),
        stays=f"{old.name} comes back NOT VALID: old rows are not asked",
    )


def _another_time(table: Table, old: Constraint, new: Constraint) -> Draft:
    """Only when it is checked differs: PostgreSQL changes that in place."""
    alter = f"ALTER TABLE {name_of(table.ref)} ALTER CONSTRAINT {quote_ident(old.name)}"
    rename = f"ALTER TABLE {name_of(table.ref)} RENAME CONSTRAINT"
    renamed = old.name != new.name
    there = f"{rename} {quote_ident(old.name)} TO {quote_ident(new.name)}"
    back = f"{rename} {quote_ident(new.name)} TO {quote_ident(old.name)}"
    when = f"condeferrable = {str(new.deferrable).lower()} AND condeferred = {str(new.initially_deferred).lower()}"
    step = Step(
        title=f"{new.name} is checked {_when(new)}",
        statements=(f"{alter} {_when(new)}", *((there,) if renamed else ())),
        done=predicates.constraint_with(table.ref, new.name, when),
        undo=(*((back,) if renamed else ()), f"{alter} {_when(old)}"),
    )
    phase = Phase(
        name=PhaseName.EXPAND,
        title=f"{new.name} is checked at another time",
        old_app="goes on as before, but may hear of a broken reference at COMMIT only",
        new_app="may defer the check",
        steps=(step,),
    )
    return Draft(title=f"make {old.name} of {table.ref} {_when(new)}", tables=(table.ref,), phases=(phase,))


def _when(constraint: Constraint) -> str:
    if not constraint.deferrable:
        return "NOT DEFERRABLE"
    return "DEFERRABLE INITIALLY DEFERRED" if constraint.initially_deferred else "DEFERRABLE INITIALLY IMMEDIATE"
