"""A table becomes a partition, or a new partition comes: all that would be looked at under a lock is done before."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.effects.same_foreign_key import foreign_key_like
from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.beside import name_beside
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.gates import maintenance_window
from migrasafe.plan.model import Gate, Step
from migrasafe.plan.objects.partition_bounds import bound_sql, condition_of, default_of, is_attached
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Constraint, Index, Ref, Table
from migrasafe.schema.same_index import same_index
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind, PartitionBound

_COPIED = ("DEFAULTS", "GENERATED", "CONSTRAINTS", "INDEXES", "STORAGE", "COMMENTS", "STATISTICS")


class AttachPartition(Struct, frozen=True, kw_only=True):
    parent: Table
    partition: Ref
    bound: PartitionBound
    indexes: tuple[Index, ...] = ()
    """Of the partition afterwards."""

    def plan(self, ground: Ground) -> Draft:
        """Indexes, keys and CHECKs first, each in its own step; then it is attached in an instant. Raises NoPlanError."""
        parent, ref = self.parent, self.partition
        child = ground.schema.table(ref)
        if child is not None and child.partition_of is not None:
            raise NoPlanError(f"{ref} is a partition of {child.partition_of} already")
        attached = is_attached(parent.ref, ref)
        condition = condition_of(parent, self.bound)
        default = default_of(ground.schema, parent)
        made: list[Step] = []
        gates: list[Gate] = []
        checks: list[tuple[Ref, str]] = []
        if child is not None:
            made += self._indexes(ground, child)
            made += _foreign_keys(parent, child)
        if child is not None and condition is not None:
            made += prove_bound(ref, condition)
            checks.append((ref, proof_name(ref)))
        if default is not None and condition is not None:
            made += prove_bound(default.ref, f"NOT ({condition})")
            checks.append((default.ref, proof_name(default.ref)))
            gates.append(_none_in_default(default, condition))
        scanned = [str(table.ref) for table in (child, default) if table is not None] if condition is None else []
        if scanned and not self.bound.default:
            gates.append(maintenance_window(f"nobody can read or write {', '.join(scanned)} while all of it is read"))
        last = self._attach(parent, checks, attached, scanned)
        if child is None:
            last = _with_new_table(last, ground, parent, ref)
        what = f"{ref} becomes the partition of {parent.ref} {bound_sql(self.bound)}"
        return Draft(
            title=what if child is not None else f"add the partition {ref} {bound_sql(self.bound)} to {parent.ref}",
            tables=(parent.ref, ref),
            phases=(
                phases.expand(
                    what if child is not None else f"{ref} is made, and becomes a partition",
                    "goes on as before"
                    + ("" if child is None else f", and sees the rows of {ref} in {parent.ref} from the last step on")
                    + (
                        f"; meanwhile it cannot write rows of the new bound, which {default.ref} refuses"
                        if default
                        else ""
                    ),
                    f"may use {parent.ref} with the rows of {ref}",
                    (*steps.superseded(made, attached), last),
                    gates=tuple(gates),
                ),
            ),
            why=(
                "CREATE TABLE … PARTITION OF locks the parent against everybody; ATTACH PARTITION lets its readers and writers go on"
                if child is None
                else "ATTACH PARTITION reads no row where a CHECK proves the bound, and builds no index that is there already",
                *(
                    (
                        f"a CHECK on {default.ref} proves that no row of it belongs to {ref}, which would be looked for under a lock",
                    )
                    if default is not None and condition is not None
                    else ()
                ),
            ),
        )

    def _indexes(self, ground: Ground, child: Table) -> Iterator[Step]:
        """Those of the parent that the table lacks, with the keys that stand on them."""
        own = list(ground.schema.indexes_of(child))
        named = {one.parent: one.ref for one in self.indexes}
        for number, wanted in enumerate(ground.schema.indexes_of(self.parent), start=1):
            if any(same_index(wanted, one) for one in own):
                continue
            ref = named.get(wanted.ref, Ref(child.ref.schema, name_beside(child.ref.name, str(number))))
            index = replace(wanted, ref=ref, table=child.ref, constraint=None, parent=None, valid=True)
            key = self.parent.constraint(wanted.constraint) if wanted.constraint is not None else None
            if key is not None and key.kind is ConstraintKind.PRIMARY_KEY and child.primary_key is not None:
                raise NoPlanError(
                    f"{child.ref} has another primary key than {self.parent.ref}, ({', '.join(key.columns)}): give it the same one"
                    f" with `migrasafe plan replace-primary-key {child.ref.name} {','.join(key.columns)}` before"
                )
            yield from _built(child, index, key)

    def _attach(self, parent: Table, checks: list[tuple[Ref, str]], attached: str, scanned: list[str]) -> Step:
        alter = f"ALTER TABLE {name_of(parent.ref)}"
        return Step(
            title=f"Attach {self.partition}",
            statements=(
                f"{alter} ATTACH PARTITION {name_of(self.partition)} {bound_sql(self.bound)}",
                *(f"ALTER TABLE {name_of(table)} DROP CONSTRAINT {quote_ident(name)}" for table, name in checks),
            ),
            done=attached,
            window=f"nobody can read or write {', '.join(scanned)} while all of it is read: no CHECK says this bound in a way that"
            " PostgreSQL takes as a proof"
            if scanned and not self.bound.default
            else "",
            undo=(f"{alter} DETACH PARTITION {name_of(self.partition)}",),
        )


def proof_name(table: Ref) -> str:
    """Of the CHECK that proves a bound."""
    return name_beside(table.name, "bound")


def prove_bound(table: Ref, condition: str) -> tuple[Step, ...]:
    """A CHECK from which PostgreSQL sees that it need not look at the rows."""
    name, alter = quote_ident(proof_name(table)), f"ALTER TABLE {name_of(table)}"
    add = Step(
        title=f"Let {table} say which rows it holds",
        statements=(f"{alter} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID",),
        done=predicates.constraint_exists(table, proof_name(table)),
        undo=(f"{alter} DROP CONSTRAINT {name}",),
    )
    return add, steps.validate(table, proof_name(table))


def create_like(ground: Ground, parent: Table, ref: Ref) -> str:
    """The CREATE TABLE of a partition that is still to be attached.

    LIKE copies no foreign keys, which attaching makes: were they there before, they would be taken over, with a stronger
    lock on what they refer to.
    """
    copied = [*_COPIED, *(("COMPRESSION",) if ground.target.at_least(14) else ())]
    likes = " ".join(f"INCLUDING {one}" for one in copied)
    return f"CREATE TABLE {name_of(ref)} (LIKE {name_of(parent.ref)} {likes})"


def _with_new_table(attach: Step, ground: Ground, parent: Table, ref: Ref) -> Step:
    """All in one transaction: nobody sees the table before, and it has no row that would be looked at."""
    return replace(
        attach,
        title=f"Create the table {ref}, and attach it",
        statements=(create_like(ground, parent, ref), *attach.statements),
        undo=(*attach.undo, f"DROP TABLE {name_of(ref)}"),
    )


def _built(child: Table, index: Index, key: Constraint | None) -> Iterator[Step]:
    build = steps.build_index(index)
    if key is None:
        yield build
        return
    for column in key.columns if key.kind is ConstraintKind.PRIMARY_KEY else ():
        known = child.column(column)
        if known is not None and not known.not_null:
            raise NoPlanError(
                f"{child.ref}.{column} may be null: `migrasafe plan not-null {child.ref.name}.{column}` comes before"
            )
    constraint = replace(key, name=index.ref.name, index=index.ref)
    there = predicates.constraint_exists(child.ref, constraint.name)
    yield replace(build, past=there)
    yield steps.constraint_from_index(child.ref, constraint, index)


def _foreign_keys(parent: Table, child: Table) -> Iterator[Step]:
    """Those of the parent that the table lacks: they would be checked under a lock."""
    for key in parent.constraints:
        if key.kind is not ConstraintKind.FOREIGN_KEY:
            continue
        if foreign_key_like(key, child) is None:
            yield steps.add_not_valid(child.ref, key)
            yield steps.validate(child.ref, key.name)


def _none_in_default(default: Table, condition: str) -> Gate:
    return phases.none_left(
        "none-in-default",
        f"Is there no row in {default.ref} that belongs to the new partition?",
        name_of(default.ref),
        condition,
        "Move these rows into the new table in batches, before it is attached, or choose a bound that is still empty.",
    )
