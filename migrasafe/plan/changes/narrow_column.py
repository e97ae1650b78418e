"""A column that holds less from now on: shorter texts, smaller numbers, fewer digits.

The old version may write what does not fit, so the narrower column takes over when it is gone, not before.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases
from migrasafe.plan.changes.change_type import ChangeType
from migrasafe.plan.changes.model import Draft, Ground, column_of, table_of
from migrasafe.plan.conversion.bad_rows import BadRows, Decided, Decision
from migrasafe.plan.model import Phase, PhaseName
from migrasafe.schema.model import Column
from migrasafe.sql.deparse import parse_expression
from migrasafe.sql.expressions import is_constant
from migrasafe.sql.quote import quote_ident, spell_type
from migrasafe.sql.statements import Name, TypeName

_TEXTS = ("text", "varchar")
_HIGHEST = {"int2": 32767, "int4": 2147483647, "int8": 9223372036854775807}


class NarrowColumn(Struct, frozen=True, kw_only=True):
    table: Name
    column: str
    type: TypeName
    bad_rows: BadRows = BadRows()

    def plan(self, ground: Ground) -> Draft:
        """Beside the old column; the gates see to it that every value fits. Raises NoPlanError."""
        table = table_of(ground, self.table)
        old = column_of(table, self.column)
        lossy = self.bad_rows.lossy
        decided = replace(
            self.bad_rows, lossy=Decided(decision=Decision.STOP) if lossy.decision is Decision.ACCEPT else lossy
        )
        assert old.type is not None  # column_of has seen to it
        draft = ChangeType(
            table=self.table,
            column=old.name,
            type=self.type,
            up=parse_expression(nearest(old.name, self.type)),
            down=parse_expression(f"{quote_ident(old.name)}::{spell_type(old.type)}"),
            bad_rows=decided,
            default=old.default if old.default is not None and is_constant(old.default.node) else None,
        ).plan(ground)
        fits = f"writes only what fits {spell_type(self.type)}"
        return replace(
            draft,
            phases=tuple(_behind_the_old(draft.phases, old, fits)),
            why=(
                *draft.why,
                f"the old version may write what does not fit {spell_type(self.type)}: so the new column takes over behind it",
            ),
            by_hand=tuple(one for one in draft.by_hand if not one.startswith("the old version meets")),
        )


def _behind_the_old(planned: tuple[Phase, ...], old: Column, fits: str) -> list[Phase]:
    """The phases with the swap in the last one, behind a deployment."""
    by_name = {phase.name: phase for phase in planned}
    switch, contract, verify = (by_name[one] for one in (PhaseName.SWITCH, PhaseName.CONTRACT, PhaseName.VERIFY))
    same = tuple(gate for gate in verify.gates if gate.id == "same")
    fitting = tuple(gate for gate in verify.gates if gate.id != "same")
    return [
        *(
            replace(phase, gates=same) if phase is verify else phase
            for phase in planned
            if phase not in (switch, contract)
        ),
        phases.deploy(fits, f"reads and writes {old.name} as it was"),
        replace(
            contract,
            title=f"{switch.title}, and the old one goes",
            gates=(*contract.gates, *switch.gates, *fitting),
            steps=(*switch.steps, *contract.steps),
        ),
    ]


def is_narrower(old: TypeName, new: TypeName) -> bool:
    """Whether a type holds only some values of another of its kind."""
    if old.array or new.array:
        return False
    if old.name in _TEXTS and new.name == "varchar" and new.modifiers:
        return not old.modifiers or int(old.modifiers[0]) > int(new.modifiers[0])
    if old.name in _HIGHEST and new.name in _HIGHEST:
        return _HIGHEST[new.name] < _HIGHEST[old.name]
    if old.name == new.name == "numeric" and new.modifiers:
        if not old.modifiers:
            return True
        (was, was_scale), (now, scale) = _digits(old), _digits(new)
        return now - scale < was - was_scale or scale < was_scale
    return False


def nearest(column: str, type: TypeName) -> str:
    """The value of a column that comes nearest, within a narrower type: it never fails."""
    name = quote_ident(column)
    if type.name in _HIGHEST:
        highest = _HIGHEST[type.name]
        return _unless_null(name, f"least(greatest({name}, {-highest - 1}), {highest})::{spell_type(type)}")
    if type.name == "numeric":
        digits, scale = _digits(type)
        most = f"{'9' * (digits - scale) or '0'}{'.' + '9' * scale if scale else ''}"
        return _unless_null(name, f"least(greatest(round({name}, {scale}), -{most}), {most})")
    return f'"left"({name}::text, {type.modifiers[0]})'


def _unless_null(name: str, value: str) -> str:
    """GREATEST and LEAST pass over nulls: of null and a bound they make the bound."""
    return f"CASE WHEN {name} IS NOT NULL THEN {value} END"


def _digits(type: TypeName) -> tuple[int, int]:
    digits = int(type.modifiers[0])
    return digits, int(type.modifiers[1]) if len(type.modifiers) > 1 else 0
