"""The actions of ALTER TABLE that are about one column, and those of ALTER TYPE about one attribute."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from migrasafe.sql.convert.base import (
    Fields,
    cascades,
    definition_of,
    expression,
    kind,
    name_from_list,
    options,
    text_of,
    type_name,
)
from migrasafe.sql.convert.columns import column_def, identity
from migrasafe.sql.statements import (
    Action,
    AddColumn,
    AddIdentity,
    AlterAttribute,
    AlterColumnType,
    ColumnProperty,
    DropColumn,
    DropDefault,
    DropExpression,
    DropIdentity,
    DropNotNull,
    SetColumnProperty,
    SetDefault,
    SetExpression,
    SetIdentity,
    SetNotNull,
)


def _column_type(command: Fields) -> Action:
    definition = definition_of(command)
    collation = definition.get("collClause")
    return AlterColumnType(
        column=command["name"],
        type=type_name(definition["typeName"]),
        using=expression(definition.get("raw_default")),
        collation=name_from_list(collation.get("collname")) if collation else None,
    )


def _column_default(command: Fields) -> Action:
    default = expression(command.get("def"))
    if default is None:
        return DropDefault(column=command["name"])
    return SetDefault(column=command["name"], default=default)


def _set_expression(command: Fields) -> Action:
    made = expression(command.get("def"))
    assert made is not None  # the grammar demands it
    return SetExpression(column=command["name"], expression=made)


def _property(which: ColumnProperty) -> Callable[[Fields], Action]:
    def convert(command: Fields) -> Action:
        definition = command.get("def")
        value = None
        if definition:
            value = (
                ", ".join(f"{key}={shown}" for key, shown in options(definition["List"].get("items")))
                if kind(definition) == "List"
                else text_of(definition)
            )
        return SetColumnProperty(column=command.get("name", str(command.get("num", ""))), property=which, value=value)

    return convert


def _set_identity(command: Fields) -> Action:
    given = dict(options(definition_of(command).get("items")))
    when = given.get("generated")
    # The grammar keeps ALWAYS and BY DEFAULT as the code of a character.
    always = None if when is None else when == str(ord("a"))
    values = tuple((key, value) for key, value in given.items() if key != "generated")
    return SetIdentity(column=command["name"], options=tuple(given), values=values, always=always)


def _attribute(verb: str) -> Callable[[Fields], Action]:
    def convert(command: Fields) -> Action:
        definition = definition_of(command)
        type_node = definition.get("typeName")
        return AlterAttribute(
            verb=verb,
            attribute=definition.get("colname") or command.get("name", ""),
            type=type_name(type_node) if type_node else None,
            cascade=cascades(command),
        )

    return convert


def _drop_column(command: Fields) -> Action:
    return DropColumn(column=command["name"], if_exists=bool(command.get("missing_ok")), cascade=cascades(command))


def _add_column(command: Fields) -> Action:
    return AddColumn(column=column_def(definition_of(command)), if_not_exists=bool(command.get("missing_ok")))


COLUMN_ACTIONS: Mapping[str, Callable[[Fields], Action]] = {
    "AT_AddColumn": _add_column,
    "AT_AddColumnToView": _add_column,
    "AT_DropColumn": _drop_column,
    "AT_ColumnDefault": _column_default,
    "AT_SetNotNull": lambda command: SetNotNull(column=command["name"]),
    "AT_DropNotNull": lambda command: DropNotNull(column=command["name"]),
    "AT_SetExpression": _set_expression,
    "AT_DropExpression": lambda command: DropExpression(
        column=command["name"], if_exists=bool(command.get("missing_ok"))
    ),
    "AT_AddIdentity": lambda command: AddIdentity(column=command["name"], identity=identity(definition_of(command))),
    "AT_SetIdentity": _set_identity,
    "AT_DropIdentity": lambda command: DropIdentity(column=command["name"], if_exists=bool(command.get("missing_ok"))),
    "AT_SetStatistics": _property(ColumnProperty.STATISTICS),
    "AT_SetStorage": _property(ColumnProperty.STORAGE),
    "AT_SetCompression": _property(ColumnProperty.COMPRESSION),
    "AT_SetOptions": _property(ColumnProperty.OPTIONS),
    "AT_ResetOptions": _property(ColumnProperty.OPTIONS),
    "AT_AlterColumnGenericOptions": _property(ColumnProperty.OPTIONS),
    "AT_AlterColumnType": _column_type,
}

ATTRIBUTE_ACTIONS: Mapping[str, Callable[[Fields], Action]] = {
    "AT_AddColumn": _attribute("add"),
    "AT_DropColumn": _attribute("drop"),
    "AT_AlterColumnType": _attribute("alter"),
}
