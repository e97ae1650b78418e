"""ALTER SEQUENCE, RESTART of an identity column and setval(): ids come twice, or run out."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Fix, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, in_place, plan
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.evolve.names_used import split_name
from migrasafe.schema.model import Ref, Sequence
from migrasafe.sql.constants import value_of
from migrasafe.sql.expressions import walk
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import AlterSequence, AlterTable, Select, SetIdentity, Truncate

_MOVES = {
    "restart": "starts again",
    "increment": "counts in other steps",
    "maxvalue": "ends elsewhere",
    "minvalue": "begins elsewhere",
    "cycle": "begins again at its end",
}
_HELP = "Set it past the largest id there is."


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    match statement:
        case AlterSequence():
            ref = step.situation.ref(statement.name)
            if _is_in_use(step, ref):
                yield from _altered(step, ref, statement.options, dict(statement.values).get("restart"), None)
        case AlterTable():
            ref = step.situation.ref(statement.name)
            for index, action in enumerate(statement.actions):
                if (
                    isinstance(action, SetIdentity)
                    and step.situation.exists_already(ref)
                    and not _is_emptied(step, ref)
                ):
                    restart = dict(action.values).get("restart")
                    yield from _altered(step, ref, action.options, restart, index, column=action.column)
        case Select():
            yield from _set_by_call(step, statement)


def _altered(
    step: Step, ref: Ref, options: tuple[str, ...], restart: str | None, action: int | None, column: str | None = None
) -> Iterator[Finding]:
    what = next((one for one in _MOVES if one in options), None)
    if what is None:
        return
    from_start = what == "restart" and (restart in (None, "true", "1"))
    name = f"{shown(ref)}.{column}" if column is not None else shown(ref)
    sure = from_start and (column is None or len(options) == 1)
    yield _finding(step, ref, f"{name} {_MOVES[what]}", action, sure=sure, column=column)


def _set_by_call(step: Step, statement: Select) -> Iterator[Finding]:
    """SELECT setval('orders_id_seq', 1): a number that is written out is not past the ids that the app has made since."""
    for kind, fields in walk(statement.query.node):
        names = (
            [part.get("String", {}).get("sval") for part in fields.get("funcname", [])] if kind == "FuncCall" else []
        )
        arguments = fields.get("args", [])
        if not names or names[-1] != "setval" or len(arguments) < 2:
            continue
        sequence, number = value_of(arguments[0]), value_of(arguments[1])
        if not isinstance(sequence, str) or not isinstance(number, int):
            continue
        written = split_name(sequence)
        ref = step.situation.ref(written) if written is not None else None
        if ref is not None and _is_in_use(step, ref):
            yield _finding(step, ref, f"{shown(ref)} goes to {number}", None, sure=number <= 1)


def _finding(step: Step, ref: Ref, moved: str, action: int | None, *, sure: bool, column: str | None = None) -> Finding:
    return step.finding(
        RULE.id,
        f"{moved}: inserts of the running app fail on the ids that are there already, or two rows get the same id.",
        severity=Severity.ERROR if sure else Severity.WARNING,
        help=_HELP,
        action=action,
        objects=(ref,),
        fix=_past_the_largest(step, ref, column) if sure else None,
        assumed=() if sure else ("ids from there on are taken",),
    )


def _past_the_largest(step: Step, ref: Ref, column: str | None) -> Fix | None:
    """`ref`: the sequence, or the table with the identity column `column`."""
    sequence = step.schema.relation(ref)
    owner = sequence.owned_by if isinstance(sequence, Sequence) else None
    if column is not None:
        table, name, counter = ref, column, _identity_of(ref, column)
    elif owner is not None and owner.column is not None:
        table, name, counter = owner.relation, owner.column, quote_literal(sql_name(ref))
    else:
        return plan(
            step, Stage(f"find the largest id that is in use, and set {shown(ref)} past it with setval", by_hand=True)
        )
    largest = f"SELECT max({quote_ident(name)}) FROM {sql_name(table)}"
    return in_place(step, f"SELECT setval({counter}, greatest(({largest}), 1))")


def _identity_of(table: Ref, column: str) -> str:
    return f"pg_get_serial_sequence({quote_literal(sql_name(table))}, {quote_literal(column)})"


def _is_in_use(step: Step, ref: Ref) -> bool:
    if not step.situation.exists_already(ref):
        return False
    sequence = step.schema.relation(ref)
    owner = sequence.owned_by if isinstance(sequence, Sequence) else None
    if owner is None:
        return True
    return step.situation.exists_already(owner.relation) and not _is_emptied(step, owner.relation)


def _is_emptied(step: Step, table: Ref) -> bool:
    """Whether the migration has taken all rows out before: truncate-table tells what that means."""
    return any(
        isinstance(earlier, Truncate) and any(step.situation.ref(name) == table for name in earlier.tables)
        for earlier in step.script.statements[: step.number]
    )


RULE = Rule(id="move-sequence-in-use", check=check, on=(AlterSequence, AlterTable, Select), actions=(SetIdentity,))
