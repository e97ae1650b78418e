"""Functions, procedures and their overloads; triggers."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.names_used import columns_used
from migrasafe.schema.evolve.partitions import copy_trigger_down
from migrasafe.schema.evolve.query_names import outputs_of
from migrasafe.schema.evolve.type_names import resolved_type
from migrasafe.schema.model import ColumnRef, Function, Ref, Table, Trigger, View
from migrasafe.sql.statements import (
    AlterFunction,
    Argument,
    CreateFunction,
    CreateRule,
    CreateTrigger,
    Name,
    Select,
    TypeName,
)
from migrasafe.sql.statements.programs import INPUT_MODES


def create_function(draft: Draft, statement: CreateFunction) -> None:
    """CREATE [OR REPLACE] FUNCTION | PROCEDURE: one overload; a replaced one keeps its age."""
    ref = draft.place(statement.name)
    arguments = tuple(
        replace(argument, type=resolved_type(draft, argument.type) or argument.type) for argument in statement.arguments
    )
    function = Function(
        ref=ref,
        arguments=arguments,
        returns=resolved_type(draft, statement.returns),
        language=statement.language,
        volatility=statement.volatility,
        strict=statement.strict,
        security_definer=statement.security_definer,
        settings=statement.settings,
        procedure=statement.procedure,
        source_text=statement.source_text,
        definition=statement.definition,
        reads=_atomic_reads(draft, statement),
        born=draft.moment,
    )
    wanted = input_types(arguments)
    overloads = draft.functions.get(ref, ())
    old = next(iter(with_input_types(overloads, wanted)), None)
    if old is None:
        draft.put_functions(ref, (*overloads, function))
        return
    function = replace(function, born=old.born) if statement.replace else function
    draft.put_functions(ref, tuple([function if one is old else one for one in overloads]))


def _atomic_reads(draft: Draft, statement: CreateFunction) -> frozenset[ColumnRef]:
    """What a BEGIN ATOMIC body reads; a body in quotes depends on nothing."""
    if statement.body is None or statement.source_text is not None:
        return frozenset()
    queries = [g.statement.query for g in statement.body.statements if isinstance(g.statement, Select)]
    return frozenset().union(*(outputs_of(draft, query).reads for query in queries))


def alter_function(draft: Draft, statement: AlterFunction) -> None:
    ref = draft.find_function(statement.name)
    meant = overloads_meant(draft, ref, statement.arguments, statement.kind)
    if not meant:
        return
    changed = tuple(
        replace(
            f,
            volatility=statement.volatility or f.volatility,
            security_definer=f.security_definer if statement.security_definer is None else statement.security_definer,
            settings=_settings(f.settings, statement),
        )
        if any(f is one for one in meant)
        else f
        for f in draft.functions[ref]
    )
    draft.put_functions(ref, changed)


def _settings(before: tuple[str, ...], statement: AlterFunction) -> tuple[str, ...]:
    if "all" in statement.resets:
        return statement.sets
    kept = tuple(one for one in before if one not in statement.resets and one not in statement.sets)
    return (*kept, *statement.sets)


def input_types(arguments: tuple[Argument, ...]) -> tuple[TypeName, ...]:
    """The types that tell overloads apart."""
    return tuple(argument.type for argument in arguments if argument.is_input)


def same_types(one: tuple[TypeName, ...], other: tuple[TypeName, ...]) -> bool:
    """Whether two argument lists are the same to PostgreSQL, which ignores modifiers such as varchar's length."""
    return len(one) == len(other) and all(
        a.name == b.name and a.array == b.array and (a.schema == b.schema or None in (a.schema, b.schema))
        for a, b in zip(one, other, strict=True)
    )


def with_input_types(overloads: Sequence[Function], wanted: tuple[TypeName, ...]) -> list[Function]:
    """The overloads that take these types. A name may have a thousand: most are passed over by the names of the types."""
    names = [one.name for one in wanted]
    near = []
    for overload in overloads:
        place = 0
        for argument in overload.arguments:
            if argument.mode in INPUT_MODES:  # no call of `is_input` for each of a thousand
                if argument.type.name not in names[place : place + 1]:
                    break
                place += 1
        else:
            if place == len(names):
                near.append(overload)
    return [one for one in near if same_types(input_types(one.arguments), wanted)]


def overloads_meant(draft: Draft, ref: Ref, arguments: tuple[TypeName, ...] | None, kind: str) -> tuple[Function, ...]:
    """The overload with these argument types; without types the only one there is, and none where it is ambiguous.

    A FUNCTION or an AGGREGATE is no procedure, a PROCEDURE nothing else, and a ROUTINE is any of them."""
    overloads = draft.functions.get(ref, ())
    if kind != "ROUTINE":
        procedure = kind == "PROCEDURE"
        overloads = tuple([f for f in overloads if f.procedure is procedure])
    if arguments is None:
        return overloads if len(overloads) == 1 else ()
    wanted = tuple(resolved_type(draft, argument) or argument for argument in arguments)
    if found := with_input_types(overloads, wanted):
        return tuple(found)
    # Argument lists may also be written with the OUT arguments in them.
    return tuple(f for f in overloads if same_types(tuple(a.type for a in f.arguments), wanted))


# --- triggers ---------------------------------------------------------------------------------------------------------


def create_trigger(draft: Draft, statement: CreateTrigger) -> None:
    table = draft.named(statement.table)
    if isinstance(table, View) and statement.timing == "instead of":
        draft.put(replace(table, rewritten=True))
    if not isinstance(table, Table):
        return
    existing = next((t for t in table.triggers if t.name == statement.name), None)
    if existing is not None and draft.existing_stays and not statement.replace:
        return
    reads = {*statement.columns, *columns_used(statement.when)}
    trigger = Trigger(
        name=statement.name,
        function=_trigger_function(draft, statement.function),
        timing=statement.timing,
        events=statement.events,
        columns=statement.columns,
        row=statement.row,
        constraint=statement.constraint,
        reads=frozenset(reads),
        born=existing.born if existing is not None and statement.replace else draft.moment,
    )
    put_trigger(draft, table, trigger)


def create_rule(draft: Draft, statement: CreateRule) -> None:
    relation = draft.named(statement.table)
    if isinstance(relation, (Table, View)) and statement.event != "select":
        draft.put(replace(relation, rewritten=True))


_BUILT_IN = frozenset(
    {"suppress_redundant_updates_trigger", "tsvector_update_trigger", "tsvector_update_trigger_column"}
)


def _trigger_function(draft: Draft, name: Name) -> Ref:
    if name.schema is None and name.name in _BUILT_IN:
        return Ref("pg_catalog", name.name)
    return draft.find_function(name)


def put_trigger(draft: Draft, table: Table, trigger: Trigger) -> None:
    others = [t for t in table.triggers if t.name != trigger.name]
    draft.put(replace(table, triggers=(*others, trigger)))
    for partition in table.partitions:
        copy_trigger_down(draft, trigger, partition)


def remove_trigger(draft: Draft, table: Name, name: str) -> None:
    """Take a trigger off a table, with its copies on partitions."""
    found = draft.table_named(table)
    if found is not None:
        _remove_trigger(draft, found, name)


def _remove_trigger(draft: Draft, table: Table, name: str) -> None:
    trigger = next((t for t in table.triggers if t.name == name), None)
    if trigger is None:
        return
    draft.put(replace(table, triggers=tuple([t for t in table.triggers if t is not trigger])))
    for ref in table.partitions if trigger.row else ():
        partition = draft.table(ref)
        if partition is not None:
            _remove_trigger(draft, partition, name)
