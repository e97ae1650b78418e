"""What stands on columns that others take the place of, made for those: indexes, CHECK, UNIQUE, policies, privileges.

Where it names a column, it names the new ones; where it works something out from one, it works it out from what the new
ones give back for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import predicates, steps
from migrasafe.plan.carry_over.beside_column import give_along
from migrasafe.plan.carry_over.constraint_comments import comment_again
from migrasafe.plan.carry_over.indexes_and_constraints import temporary
from migrasafe.plan.carry_over.readers import policy_again, policy_reads, put_in
from migrasafe.plan.dual_write.replacement import Replacement
from migrasafe.plan.model import Step
from migrasafe.plan.objects.keys import key_index
from migrasafe.schema.attached import Attached
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import ColumnRef, Constraint, Index, Policy, Ref
from migrasafe.sql.builtin.called import function_calls, volatility_of
from migrasafe.sql.builtin.volatility import STABLE
from migrasafe.sql.expressions import columns_read, walk
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import ConstraintKind, Expression, IndexElement

_STABLE = frozenset(STABLE.split())


class Carried(Struct, frozen=True, kw_only=True):
    """What is made for the new columns, and what is left to a person."""

    steps: tuple[Step, ...] = ()
    keys: tuple[Constraint, ...] = ()
    """The UNIQUE among them, and unique indexes as if they were: no two rows may be alike in these."""
    names_back: tuple[str, ...] = ()
    """Behind the end of the old columns: the names that what stood on them had."""
    by_hand: tuple[str, ...] = ()


def carried_to(made: Replacement) -> Carried:
    """All that is known of it: of a table without a server's word the indexes and constraints."""
    reader = _Reader(made)
    reader.read()
    return Carried(
        steps=tuple(reader.steps),
        keys=tuple(reader.keys),
        names_back=tuple(reader.names_back),
        by_hand=tuple(reader.by_hand),
    )


def policies_over(made: Replacement) -> Iterator[Step]:
    """Each policy that reads the old columns, over what the new ones give back."""
    table = made.table
    old, new = [column.name for column in made.old], [column.name for column in made.new]
    for policy in table.policies:
        if policy.reads.isdisjoint(old):
            continue
        after = Policy(name=policy.name, using=_worked_out(made, policy.using), check=_worked_out(made, policy.check))
        gone = predicates.all_of(*(predicates.not_(policy_reads(table, policy.name, one)) for one in old))
        come = " OR ".join(policy_reads(table, policy.name, one) for one in new)
        yield Step(
            title=f"Let the policy {policy.name} work out {', '.join(old)} from {', '.join(new)}",
            statements=(policy_again(table, after),),
            done=f"{gone} AND ({come})",
            undo=(policy_again(table, policy),),
        )


def _worked_out(made: Replacement, expression: Expression | None) -> Expression | None:
    if expression is None:
        return None
    return Expression(node=put_in(expression.node, made.given_back, frozenset({made.table.ref.name})))


class _Reader:
    def __init__(self, made: Replacement) -> None:
        self.made = made
        self.table = made.table
        self.gone = {column.name for column in made.old}
        self.new = [column.name for column in made.new]
        self.steps: list[Step] = []
        self.keys: list[Constraint] = []
        self.names_back: list[str] = []
        self.by_hand: list[str] = []

    def read(self) -> None:
        for index in self.made.ground.schema.indexes_of(self.table):
            if self.gone & index.reads and index.constraint is None:
                self._index(index)
        for constraint in self.table.constraints:
            if self.gone & set(constraint.columns):
                self._constraint(constraint)
        if len(self.made.old) == 1:
            self._privileges(self.made.old[0].name)
        else:  # who may read one of them may not read them all
            for column in self.made.attached_grants:
                told = f"column privileges on {column} say nothing of {', '.join(self.new)}"
                self.by_hand.append(f"{told}: GRANT what roles need before the switch")

    def _index(self, index: Index) -> None:
        reason = self._against(index)
        if reason is not None:
            self._left(f"the index {index.ref.name}", reason)
            return
        ready = Ref(index.ref.schema, temporary(index.ref.name))
        self.steps.append(steps.build_index(replace(self._over(index), ref=ready)))
        if index.unique:
            self.keys.append(self._as_key(index))
        self.names_back.append(f"ALTER INDEX {name_of(ready)} RENAME TO {quote_ident(index.ref.name)}")
        comments = dict(self.made.beside.index_comments) if self.made.beside is not None else {}
        if index.ref.name in comments:
            text = quote_literal(comments[index.ref.name])
            self.names_back.append(f"COMMENT ON INDEX {name_of(index.ref)} IS {text}")

    def _against(self, index: Index) -> str | None:
        """Why the index cannot be told over the new columns."""
        if index.unique and not self._decides(index.reads):
            return "whether rows still differ without the rest of the columns is for a person to know"
        worked = [element.expression for element in index.elements if element.expression] + [index.predicate]
        if any(one is not None and columns_read(one) & self.gone for one in worked):
            return self._not_immutable()
        if any(element.opclass is not None and element.column in self.gone for element in index.elements):
            return "it says how values are compared, and the new ones are others"
        return None

    def _not_immutable(self) -> str | None:
        version = self.made.ground.target.pg_version
        for value in self.made.given_back.values():
            told = volatility_of(value, lambda *_: None, pg_version=version)
            stable = any(call.name in _STABLE for call in function_calls(value.node))
            unfit = told.volatile_functions or told.unknown_functions or stable
            if unfit or any(kind == "SubLink" for kind, _ in walk(value.node)):
                return "what --down says is nothing that an index may work out"
        return None

    def _decides(self, columns: frozenset[str]) -> bool:
        """Whether the new columns stand for all that these say of the old ones."""
        return self.gone <= columns

    def _over(self, index: Index) -> Index:
        elements: list[IndexElement] = []
        for element in index.elements:
            for name in self.new if element.column in self.gone else (element.column,):
                if name is None:
                    elements.append(replace(element, expression=_worked_out(self.made, element.expression)))
                elif all(one.column != name for one in elements):
                    same = element.column == name
                    elements.append(replace(element, column=name, collation=element.collation if same else None))
        include = dict.fromkeys(name for one in index.include for name in (self.new if one in self.gone else (one,)))
        return replace(
            index,
            elements=tuple(elements),
            include=tuple(include),
            predicate=_worked_out(self.made, index.predicate),
            reads=frozenset((*(index.reads - self.gone), *self.new)),
        )

    def _as_key(self, index: Index) -> Constraint:
        columns = tuple(one.column for one in self._over(index).elements if one.column is not None)
        return Constraint(
            name=index.ref.name,
            kind=ConstraintKind.UNIQUE,
            columns=columns,
            nulls_not_distinct=index.nulls_not_distinct,
        )

    def _constraint(self, constraint: Constraint) -> None:
        match constraint.kind:
            case ConstraintKind.CHECK if constraint.expression is not None:
                copy = replace(
                    constraint,
                    name=temporary(constraint.name),
                    expression=_worked_out(self.made, constraint.expression),
                )
                self.steps.append(steps.add_not_valid(self.table.ref, copy))
                if constraint.valid:
                    self.steps.append(steps.validate(self.table.ref, copy.name))
            case ConstraintKind.UNIQUE if self._decides(frozenset(constraint.columns)):
                self._unique(constraint)
            case ConstraintKind.NOT_NULL:
                return  # the new columns say for themselves whether they may be null
            case ConstraintKind.FOREIGN_KEY:
                self._left(f"the foreign key {constraint.name}", "the new values are not those that it refers to")
                return
            case _:
                self._left(f"the {constraint.kind.value} {constraint.name}", "it has no counterpart over other values")
                return
        table = name_of(self.table.ref)
        now, then = quote_ident(temporary(constraint.name)), quote_ident(constraint.name)
        self.names_back.append(f"ALTER TABLE {table} RENAME CONSTRAINT {now} TO {then}")
        self.names_back += comment_again(self.made.beside, self.table.ref, constraint.name)

    def _unique(self, constraint: Constraint) -> None:
        known = self.made.ground.schema.index(constraint.index) if constraint.index is not None else None
        over = self._over(known or key_index(self.table.ref, constraint))
        ready = Ref(over.ref.schema, temporary(over.ref.name))
        copy = replace(
            constraint,
            name=temporary(constraint.name),
            columns=tuple(str(one.column) for one in over.elements),
            include=over.include,
        )
        own = steps.constraint_from_index(self.table.ref, copy, replace(over, ref=ready))
        is_own = predicates.constraint_exists(self.table.ref, copy.name)
        self.steps += [*steps.superseded((steps.build_index(replace(over, ref=ready)),), is_own), own]
        self.keys.append(copy)

    def _privileges(self, old: str) -> None:
        attached = (self.made.ground.attached or {}).get(ColumnRef(self.table.ref, old))
        if attached is not None and attached.grants:
            self.steps += [give_along(self.table.ref, new, Attached(grants=attached.grants)) for new in self.new]

    def _left(self, what: str, why: str) -> None:
        listed = ", ".join(sorted(self.gone))
        self.by_hand.append(
            f"{what} goes with {listed}, since {why}: plan what {', '.join(self.new)} needs in its place, in the same migration"
        )
