"""A sequence, or that of an identity column, that counts otherwise: further, from another number, round and round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref, Sequence
from migrasafe.sql.quote import spell_type
from migrasafe.sql.statements import TypeName

_HIGHEST = {"int2": 32767, "int4": 2147483647, "int8": 9223372036854775807}
_CATALOG = {
    "increment": "seqincrement",
    "minvalue": "seqmin",
    "maxvalue": "seqmax",
    "start": "seqstart",
    "cache": "seqcache",
}
_USUAL = {"increment": "INCREMENT BY 1", "minvalue": "NO MINVALUE", "maxvalue": "NO MAXVALUE", "cache": "CACHE 1"}
_WORDS = {
    "increment": "INCREMENT BY",
    "minvalue": "MINVALUE",
    "maxvalue": "MAXVALUE",
    "start": "START WITH",
    "cache": "CACHE",
}


class ChangeSequence(Struct, frozen=True, kw_only=True):
    sequence: Ref
    type: TypeName | None = None
    options: Mapping[str, str]
    """`restart`, `increment`, `minvalue`, `maxvalue`, `start`, `cache` → the number, `` for the usual one; `cycle` → `true` or
    `false`."""

    def plan(self, ground: Ground) -> Draft:
        """One statement that locks the sequence alone. Raises NoPlanError."""
        found = ground.schema.relation(self.sequence)
        if not isinstance(found, Sequence):
            raise NoPlanError(f"the schema has no sequence {self.sequence}: give the one it is in with --schema")
        if "restart" in self.options and not self.options["restart"]:
            raise NoPlanError(
                f"RESTART of {self.sequence} without a number gives numbers that are taken: say RESTART WITH a number beyond them"
            )
        owner = found.owned_by
        said = list(_said(self.type, self.options))
        steps = [_step(self.sequence, found, self.type, self.options, said)] if said else []
        if "restart" in self.options:
            steps.append(_restart(self.sequence, self.options["restart"]))
        if not steps:
            raise NoPlanError(f"nothing about {self.sequence} changes")
        return Draft(
            title=f"change the sequence {self.sequence}: {', '.join(said) or 'RESTART WITH ' + self.options['restart']}",
            tables=(owner.relation,) if owner is not None else (),
            phases=(
                Phase(
                    name=PhaseName.EXPAND,
                    title=f"{self.sequence} counts otherwise",
                    old_app="goes on as before",
                    new_app="goes on as before",
                    steps=tuple(steps),
                ),
            ),
            why=("no row and no table is touched: who takes a number meanwhile waits for an instant",),
            by_hand=tuple(_by_hand(ground, found, self.type, self.options)),
        )


def _said(type: TypeName | None, options: Mapping[str, str]) -> Iterator[str]:
    if type is not None:
        yield f"AS {spell_type(type)}"
    for option, value in options.items():
        if option == "cycle":
            yield "CYCLE" if value == "true" else "NO CYCLE"
        elif option in _WORDS:
            yield f"{_WORDS[option]} {value}" if value else _USUAL.get(option, "")


def _step(ref: Ref, found: Sequence, type: TypeName | None, options: Mapping[str, str], said: list[str]) -> Step:
    asked = list(_asked(type, options))
    back = [f"AS {spell_type(found.type)}"] if type is not None and found.type is not None else []
    back += [_USUAL[option] for option in options if option in _USUAL]
    back += ["NO CYCLE" if options["cycle"] == "true" else "CYCLE"] if "cycle" in options else []
    usual = [option for option in options if option in _USUAL]
    return Step(
        title=f"{ref}: {', '.join(said)}",
        statements=(f"ALTER SEQUENCE {name_of(ref)} {' '.join(said)}",),
        done=f"EXISTS (SELECT FROM pg_sequence WHERE seqrelid = {predicates.relation(ref)} AND {' AND '.join(asked)})",
        undo=(f"ALTER SEQUENCE {name_of(ref)} {' '.join(back)}",) if back else (),
        stays=f"{', '.join(usual)} as usual, whatever it was before" if usual else "",
    )


def _asked(type: TypeName | None, options: Mapping[str, str]) -> Iterator[str]:
    if type is not None:
        yield f"seqtypid = '{spell_type(type)}'::regtype"
    for option, value in options.items():
        if option == "cycle":
            yield "seqcycle" if value == "true" else "NOT seqcycle"
        elif value and option in _CATALOG:
            yield f"{_CATALOG[option]} = {value}"


def _restart(ref: Ref, number: str) -> Step:
    return Step(
        title=f"{ref} goes on from {number}",
        statements=(f"ALTER SEQUENCE {name_of(ref)} RESTART WITH {number}",),
        done=f"(SELECT last_value >= {number} FROM {name_of(ref)})",
        stays="the numbers that were left out",
    )


def _by_hand(ground: Ground, found: Sequence, type: TypeName | None, options: Mapping[str, str]) -> Iterator[str]:
    owner = found.owned_by
    table = ground.schema.table(owner.relation) if owner is not None else None
    column = table.column(owner.column) if table is not None and owner is not None and owner.column else None
    if type is not None and column is not None and column.type is not None:
        highest = _HIGHEST.get(column.type.name)
        if highest is not None and highest < _HIGHEST.get(type.name, 0):
            yield (
                f"{owner.relation if owner else ''}.{column.name} is {spell_type(column.type)}: from {highest + 1} on its rows are"
                f" refused, whatever the sequence gives; plan `type {owner.relation.name if owner else ''}.{column.name} bigint`"
            )
    if options.get("cycle") == "true":
        yield f"{found.ref} begins again behind its last number: a row that still has the number is a duplicate key"
    if "restart" in options:
        yield (
            f"where {found.ref} is beyond {options['restart']} already, nothing is done: backwards, it would give numbers that are"
            " taken"
        )
