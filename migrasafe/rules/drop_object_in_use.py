"""DROP of a view, function, type, sequence, schema or extension that the running app uses."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import after_deploy
from migrasafe.rules.old_names import answers_calls_of, lost_labels, missing_columns, renamed_here
from migrasafe.schema.model import BEFORE_HISTORY, EnumType, Function, Moment, Sequence, Table, View
from migrasafe.sql.quote import spell_type
from migrasafe.sql.statements import CreateComposite, CreateDomain, CreateEnum, Drop, DroppedObject

_KINDS = frozenset(
    {
        "VIEW",
        "MATERIALIZED VIEW",
        "FUNCTION",
        "PROCEDURE",
        "ROUTINE",
        "AGGREGATE",
        "TYPE",
        "DOMAIN",
        "SEQUENCE",
        "SCHEMA",
        "EXTENSION",
    }
)


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Drop)
    if statement.kind not in _KINDS or (statement.kind == "SCHEMA" and not statement.cascade):
        return  # PostgreSQL drops no schema with anything in it, unless CASCADE says so
    dropped = [one for one in statement.objects if _is_in_use(step, statement, one)]
    if not dropped:
        return
    kind = statement.kind.lower()
    lacking = [(one, lacks) for one in dropped if (lacks := _made_again(step, statement.kind, one))]
    for one, lacks in lacking:
        yield step.finding(
            RULE.id,
            f"The running app fails if it still uses {_part(statement.kind, one, lacks[0])}: the {kind} that is made anew does not "
            "have it.",
            help="Make the new one under another name, deploy an app version that uses it, and drop the old one when the old "
            "version is gone.",
            objects=[str(one.name)],
            fix=after_deploy(
                step,
                f"does without {_part(statement.kind, one, lacks[0])}",
                when="when the old version is gone, with what makes it anew",
            ),
            lock=LockMode.ACCESS_EXCLUSIVE if "VIEW" in statement.kind else None,
            assumed=("the running app uses it (--old SOURCE would tell)",),
        )
    dropped = [one for one in dropped if all(one is not other for other, _ in lacking)]
    if not dropped:
        return
    names = ", ".join(str(one.name) for one in dropped)
    yield step.finding(
        RULE.id,
        f"The running app fails if it still uses the {kind} {names}.",
        help=f"Deploy an app version that does not use the {kind}, and drop it when the old version is gone.",
        objects=[str(one.name) for one in dropped],
        lock=LockMode.ACCESS_EXCLUSIVE if "VIEW" in statement.kind else None,
        assumed=("the running app uses it (--old SOURCE would tell)",),
        fix=after_deploy(step, f"does not use the {kind} {names}"),
    )


def _part(kind: str, dropped: DroppedObject, lacks: str) -> str:
    """`adults.name`, `the label 'new'`, `order_total(bigint)`."""
    if "VIEW" in kind:
        return f"{dropped.name}.{lacks}"
    return f"the label '{lacks}' of {dropped.name}" if kind in ("TYPE", "DOMAIN") else lacks


def _is_in_use(step: Step, statement: Drop, dropped: DroppedObject) -> bool:
    """Whether the running app may use it: it was there before, and the transaction does not make it again."""
    known, born = _born(step, statement.kind, dropped)
    if born is not None and born != BEFORE_HISTORY and born.migration == step.moment.migration:
        return False
    if not known and statement.if_exists and step.schema.complete:
        return False
    if renamed_here(step, statement.kind, dropped.name.name) or _is_trigger_function(step, statement.kind, dropped):
        return False
    lacks = _made_again(step, statement.kind, dropped)
    return lacks is None or bool(lacks)


def _born(step: Step, kind: str, dropped: DroppedObject) -> tuple[bool, Moment | None]:
    """Whether the object is known, and when it was made."""
    schema, name = step.schema, dropped.name
    match kind:
        case "VIEW" | "MATERIALIZED VIEW" | "SEQUENCE":
            relation = schema.relation(schema.resolve(name.schema, name.name))
            return relation is not None, relation.born if relation is not None else None
        case "TYPE" | "DOMAIN":
            found = schema.types.get(schema.resolve_type(name.schema, name.name))
            return found is not None, found.born if found is not None else None
        case "SCHEMA":
            return name.name in schema.schemas, schema.schemas.get(name.name)
        case "EXTENSION":
            return name.name in schema.extensions, schema.extensions.get(name.name)
    functions = schema.functions.get(schema.resolve_function(name.schema, name.name))
    return functions is not None, functions[-1].born if functions else None


def _made_again(step: Step, kind: str, dropped: DroppedObject) -> tuple[str, ...] | None:
    """What the object of that name lacks which the same transaction makes again; None where none is made."""
    if not step.in_transaction:
        return None
    schema, end, name = step.schema, step.at_commit(), dropped.name
    if kind in ("VIEW", "MATERIALIZED VIEW"):
        ref = schema.resolve(name.schema, name.name)
        before, after = schema.relation(ref), end.relation(ref)
        if not isinstance(after, (Table, View)):
            return None
        return missing_columns(step, before if isinstance(before, (Table, View)) else None, after)
    if kind in ("TYPE", "DOMAIN"):
        old = schema.types.get(schema.resolve_type(name.schema, name.name))
        if old is None or end.types.get(old.ref) is None:
            return () if _is_made_by_name(step, name.name) else None
        return lost_labels(old, end) if isinstance(old, EnumType) else ()
    if kind in ("FUNCTION", "PROCEDURE", "ROUTINE"):
        return _function_made_again(step, dropped)
    return () if kind == "SEQUENCE" and _sequence_is_back(step, dropped) else None


def _is_made_by_name(step: Step, name: str) -> bool:
    """Whether a type follows that has the name of one we never saw being made."""
    return any(
        isinstance(later, (CreateEnum, CreateDomain, CreateComposite)) and later.name.name == name
        for later in step.until_commit()
    )


def _sequence_is_back(step: Step, dropped: DroppedObject) -> bool:
    ref = step.schema.resolve(dropped.name.schema, dropped.name.name)
    return isinstance(step.at_commit().relation(ref), Sequence)


def _function_made_again(step: Step, dropped: DroppedObject) -> tuple[str, ...] | None:
    """The signature that calls no longer find, if the new function of that name takes or gives something else."""
    name = dropped.name
    ref = step.schema.resolve_function(name.schema, name.name)
    after = step.at_commit().functions.get(ref, ())
    gone = [one for one in step.schema.functions.get(ref, ()) if one not in step.after.functions.get(ref, ())]
    if not after or (gone and not any(one.born.migration == step.moment.migration for one in after)):
        return None
    return tuple(_signature(old) for old in gone if not any(answers_calls_of(old, new) for new in after))


def _signature(function: Function) -> str:
    arguments = ", ".join(spell_type(one.type) for one in function.arguments if one.is_input)
    returns = f" RETURNS {spell_type(function.returns)}" if function.returns is not None else ""
    return f"{function.ref.name}({arguments}){returns}"


def _is_trigger_function(step: Step, kind: str, dropped: DroppedObject) -> bool:
    """No app calls a function that returns trigger."""
    if kind != "FUNCTION":
        return False
    name = dropped.name
    functions = step.schema.functions.get(step.schema.resolve_function(name.schema, name.name), ())
    return bool(functions) and all(
        one.returns is not None and one.returns.name in ("trigger", "event_trigger") for one in functions
    )


RULE = Rule(id="drop-object-in-use", check=check, on=(Drop,))
