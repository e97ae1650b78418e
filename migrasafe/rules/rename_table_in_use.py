"""RENAME of a table, view or schema, or its move to another schema, without a view under the old name."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, plan
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.model import Ref
from migrasafe.sql.statements import CreateTable, CreateTableAs, CreateView, Rename, SetSchema

_RELATIONS = frozenset({"TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE"})


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Rename | SetSchema)
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
    if not step.situation.exists_already(ref) or _is_replaced(step, ref):
        return
    renamed = isinstance(statement, Rename)
    new = Ref(ref.schema, statement.new_name) if isinstance(statement, Rename) else Ref(statement.new_schema, ref.name)
    yield step.finding(
        RULE.id,
        f"The running app fails as soon as {shown(ref)} is {'called' if renamed else 'moved to'} {shown(new)}.",
        help="Leave a view under the old name in the same transaction: reads and simple writes go through it.",
        objects=(ref,),
        fix=plan(
            step,
            Stage(
                "one migration, in one transaction",
                (step.sql(), f"CREATE VIEW {sql_name(ref)} AS SELECT * FROM {sql_name(new)}"),
            ),
            Stage("deploy the app version that uses the new name"),
            Stage("when the old version is gone", (f"DROP VIEW {sql_name(ref)}",)),
        )
        if statement.kind in ("TABLE", "VIEW")
        else None,
        lock=LockMode.ACCESS_EXCLUSIVE,
        assumed=("the running app uses it",),
    )


def _is_replaced(step: Step, ref: Ref) -> bool:
    """Whether a view or table takes the old name before the transaction ends."""
    if not step.in_transaction:
        return False
    for statement in step.later:
        if (
            isinstance(statement, CreateView | CreateTable | CreateTableAs)
            and step.situation.ref(statement.name) == ref
        ):
            return True
        if isinstance(statement, Rename) and Ref(ref.schema, statement.new_name) == ref:
            return True
    return False


RULE = Rule(id="rename-table-in-use", check=check, on=(Rename, SetSchema))
