"""RENAME of a table, view or schema, or its move to another schema, without a view under the old name."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Fix, Severity
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.in_phases import in_phases
from migrasafe.rules.instead import Stage, plan
from migrasafe.rules.old_names import is_swapped_in, missing_columns, stands_in, takes_writes
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.model import Ref, Table, View
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Rename, SetSchema

_RELATIONS = frozenset({"TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE"})


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, (Rename, SetSchema))
    if statement.kind == "SCHEMA" and isinstance(statement, Rename):
        yield step.finding(
            RULE.id,
            f"The running app fails as soon as the schema {statement.name.name} is called {statement.new_name}.",
            help="Make the new schema, with views in the old one for as long as the old app version runs.",
            objects=(statement.name.name,),
        )
        return
    if statement.kind not in _RELATIONS:
        return
    ref = step.situation.ref(statement.name)
    if not step.situation.exists_already(ref) or step.schema.index(ref) is not None:
        return  # ALTER TABLE takes an index, too
    new = Ref(ref.schema, statement.new_name) if isinstance(statement, Rename) else Ref(statement.new_schema, ref.name)
    stand_in = stands_in(step, ref)
    if stand_in is not None:
        yield from _stand_in(step, ref, new, stand_in)
        return
    renamed = isinstance(statement, Rename)
    if renamed and is_swapped_in(step, new):
        return
    yield step.finding(
        RULE.id,
        f"The running app fails as soon as {shown(ref)} is {'called' if renamed else 'moved to'} {shown(new)}.",
        help="Leave a view under the old name in the same transaction: reads and simple writes go through it.",
        objects=(ref,),
        fix=_with_view(step, ref, new) if statement.kind in ("TABLE", "VIEW") else None,
        command=in_phases(step, "rename", ref, None, quote_ident(new.name)) if renamed else None,
        lock=LockMode.ACCESS_EXCLUSIVE,
        assumed=("the running app uses it (--old SOURCE would tell)",),
    )


def _with_view(step: Step, ref: Ref, new: Ref) -> Fix:
    """A view of everything under the old name, for as long as the old app version runs."""
    return plan(
        step,
        Stage(
            "one migration, in one transaction",
            (step.sql(), f"CREATE VIEW {sql_name(ref)} AS SELECT * FROM {sql_name(new)}"),
        ),
        Stage("deploy the app version that uses the new name"),
        Stage("when the old version is gone", (f"DROP VIEW {sql_name(ref)}",)),
    )


def _stand_in(step: Step, ref: Ref, new: Ref, stand_in: Table | View) -> Iterator[Finding]:
    """What does not work through the view or table that takes the old name."""
    before = step.schema.relation(ref)
    before = before if isinstance(before, (Table, View)) else None
    missing = missing_columns(step, before, stand_in)
    lock = step.effects.lock_on(ref)
    if missing:
        yield step.finding(
            RULE.id,
            f"The running app fails if it still uses {shown(ref)}.{missing[0]}: the {stand_in.kind.value} that takes the old name "
            "does not have it.",
            help="Give the view every column of the table, under the old names.",
            objects=[f"{ref}.{column}" for column in missing],
            lock=lock,
            fix=_with_view(step, ref, new),
        )
    if isinstance(stand_in, View) and isinstance(before, Table) and not takes_writes(step, stand_in):
        yield step.finding(
            RULE.id,
            f"Writes of the running app to {shown(ref)} fail: nothing can be written through the view that takes the old name "
            "(55000).",
            help="Select from the table alone, without DISTINCT, GROUP BY, LIMIT, WITH or joins; or make an INSTEAD OF trigger.",
            objects=(ref,),
            lock=lock,
            fix=_with_view(step, ref, new),
        )
    if isinstance(stand_in, View) and isinstance(before, Table) and before.row_security and not _as_caller(stand_in):
        yield step.finding(
            RULE.id,
            f"Whoever may use {shown(ref)} sees all of its rows through the view: row level security is decided for the owner of "
            "the view.",
            severity=Severity.WARNING,
            help="Make the view WITH (security_invoker = true), on PostgreSQL 15 or newer.",
            objects=(ref,),
            lock=lock,
        )


def _as_caller(view: View) -> bool:
    return dict(view.options).get("security_invoker", "false").lower() in ("true", "on", "1", "yes")


RULE = Rule(id="rename-table-in-use", check=check, on=(Rename, SetSchema))
