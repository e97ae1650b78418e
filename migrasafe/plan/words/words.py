"""Changes said in words, `rename users.name full_name`: each is the migration that somebody would have written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from migrasafe.errors import InputError, did_you_mean
from migrasafe.plan.read.names_said import column_name, listed, said_parts, table_name
from migrasafe.plan.words import (
    of_access,
    of_columns,
    of_constraints,
    of_kept,
    of_links,
    of_moves,
    of_numbers,
    of_objects,
    of_partitions,
    of_parts,
    of_replacements,
    of_types,
)
from migrasafe.schema.model import Schema
from migrasafe.sql.quote import quote_ident

_LONGEST_ID = 40
"""Characters: what is made of it must fit into the names of functions and triggers."""


class Word(Struct, frozen=True, kw_only=True):
    usage: str
    """What follows the word, as the help shows it."""
    sql: Callable[..., str]
    over_schema: bool = False
    """Whether the migration follows from the schema as well."""


def sql_of(words: Sequence[str], schema: Schema) -> str:
    """The migration that words ask for, of this schema. Raises InputError for words that ask for none."""
    word = WORDS.get(words[0])
    if word is None:
        if "/" in words[0] or words[0].endswith((".sql", ".py", ".go", ".xml", ".yaml", ".yml", ".json")):
            raise InputError(f"{words[0]}: there is no such file")
        known = ", ".join(WORDS)
        raise InputError(
            f"{words[0]} is neither a file nor a change; {did_you_mean(words[0], WORDS, f'changes are {known}')}"
        )
    must, _, may = word.usage.partition(" [")
    if len(words) - 1 not in {len(must.split()), len(must.split()) + len(may.split())}:
        raise InputError(said_so(words[0]))
    return word.sql(schema, *words[1:]) if word.over_schema else word.sql(*words[1:])


def said_so(word: str) -> str:
    """How a change is said, in a sentence."""
    return f"`{word}` is said so: migrasafe plan {word} {WORDS[word].usage}"


def plan_id(words: Sequence[str]) -> str:
    """A short name for a plan, fit for the names of functions and triggers: `rename_users_name`."""
    said = "_".join(re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_") for word in words[:2])
    return said[:_LONGEST_ID].strip("_") or "change"


_NAME = re.compile(r'"((?:[^"]|"")+)"|([^\W\d]\w*)\Z')


def _new_name(text: str) -> str:
    """One name, which may be a word that SQL reserves."""
    match = _NAME.fullmatch(text)
    if match is None:
        raise InputError(f"{text} is not a name; put names with capitals or signs in double quotes")
    return quote_ident(match[1].replace('""', '"') if match[1] else match[2].lower())


def _rename(old: str, new: str) -> str:
    name = _new_name(new)
    if len(said_parts(old)) == 1:
        return f"ALTER TABLE {table_name(old)} RENAME TO {name}"
    table, column = column_name(old)
    return f"ALTER TABLE {table} RENAME COLUMN {column} TO {name}"


def _alter(text: str, action: str) -> str:
    table, column = column_name(text)
    return f"ALTER TABLE {table} ALTER COLUMN {column} {action}"


def _drop(text: str) -> str:
    if len(said_parts(text)) == 1:
        return f"DROP TABLE {table_name(text)}"
    table, column = column_name(text)
    return f"ALTER TABLE {table} DROP COLUMN {column}"


def _add(text: str, definition: str) -> str:
    table, column = column_name(text)
    return f"ALTER TABLE {table} ADD COLUMN {column} {definition}"


def _columns(text: str) -> tuple[str, str]:
    """`orders.a,b` → the table, and its columns with commas between."""
    first, *rest = listed(text)
    table, column = column_name(first)
    return table, ", ".join([column, *(quote_ident(said_parts(one)[-1]) for one in rest)])


def _unique(text: str) -> str:
    table, columns = _columns(text)
    return f"ALTER TABLE {table} ADD UNIQUE ({columns})"


def _primary_key(text: str) -> str:
    table, columns = _columns(text)
    return f"ALTER TABLE {table} ADD PRIMARY KEY ({columns})"


def _foreign_key(text: str, target: str) -> str:
    table, columns = _columns(text)
    if len(said_parts(listed(target)[0])) == 1:
        return f"ALTER TABLE {table} ADD FOREIGN KEY ({columns}) REFERENCES {table_name(target)}"
    there, their = _columns(target)
    return f"ALTER TABLE {table} ADD FOREIGN KEY ({columns}) REFERENCES {there} ({their})"


def _check(text: str, condition: str) -> str:
    return f"ALTER TABLE {table_name(text)} ADD CHECK ({condition})"


def _index(text: str) -> str:
    table, columns = _columns(text)
    return f"CREATE INDEX ON {table} ({columns})"


def _insert(text: str, rows: str) -> str:
    """`insert roles.id,name "(1, 'admin'), (2, 'guest')"`."""
    table, columns = _columns(text)
    return f"INSERT INTO {table} ({columns}) VALUES {rows}"


WORDS: Mapping[str, Word] = {
    "rename": Word(usage="TABLE[.COLUMN] NEW_NAME", sql=_rename),
    "type": Word(usage="TABLE.COLUMN TYPE", sql=lambda column, type: _alter(column, f"TYPE {type}")),
    "split": Word(usage="TABLE.COLUMN COLUMN,COLUMN", sql=of_replacements.split, over_schema=True),
    "merge": Word(usage="TABLE.COLUMN,COLUMN COLUMN", sql=of_replacements.merge, over_schema=True),
    "convert": Word(usage="TABLE.COLUMN DEFINITION", sql=of_replacements.convert, over_schema=True),
    "not-null": Word(usage="TABLE.COLUMN", sql=lambda column: _alter(column, "SET NOT NULL")),
    "nullable": Word(usage="TABLE.COLUMN", sql=lambda column: _alter(column, "DROP NOT NULL")),
    "default": Word(usage="TABLE.COLUMN SQL", sql=lambda column, value: _alter(column, f"SET DEFAULT {value}")),
    "no-default": Word(usage="TABLE.COLUMN", sql=lambda column: _alter(column, "DROP DEFAULT")),
    "add": Word(usage="TABLE.COLUMN DEFINITION", sql=_add),
    "drop": Word(usage="TABLE[.COLUMN]", sql=_drop),
    "unique": Word(usage="TABLE.COLUMN[,COLUMN]", sql=_unique),
    "primary-key": Word(usage="TABLE.COLUMN[,COLUMN]", sql=_primary_key),
    "foreign-key": Word(usage="TABLE.COLUMN[,COLUMN] TABLE[.COLUMN]", sql=_foreign_key),
    "check": Word(usage="TABLE CONDITION", sql=_check),
    "index": Word(usage="TABLE.COLUMN[,COLUMN]", sql=_index),
    "replace-check": Word(usage="TABLE.CONSTRAINT CONDITION", sql=of_constraints.replace_check, over_schema=True),
    "replace-foreign-key": Word(
        usage="TABLE.CONSTRAINT ACTIONS", sql=of_constraints.replace_foreign_key, over_schema=True
    ),
    "replace-unique": Word(usage="TABLE.CONSTRAINT COLUMN,COLUMN", sql=of_constraints.replace_unique, over_schema=True),
    "replace-primary-key": Word(usage="TABLE COLUMN,COLUMN", sql=of_constraints.replace_primary_key, over_schema=True),
    "replace-index": Word(usage="INDEX (COLUMN,COLUMN)", sql=of_constraints.replace_index, over_schema=True),
    "move-column": Word(usage="TABLE.COLUMN[,COLUMN] TABLE", sql=of_moves.move, over_schema=True),
    "extract": Word(usage="TABLE.COLUMN[,COLUMN] NEW_TABLE", sql=of_moves.extract, over_schema=True),
    "merge-table": Word(usage="TABLE INTO_TABLE", sql=of_moves.merge, over_schema=True),
    "move-to-database": Word(usage="TABLE DATABASE", sql=of_moves.to_database),
    "many-to-many": Word(usage="TABLE.COLUMN NEW_TABLE", sql=of_links.link, over_schema=True),
    "array-to-table": Word(usage="TABLE.COLUMN NEW_TABLE", sql=of_links.rows, over_schema=True),
    "composite-to-columns": Word(usage="TABLE.COLUMN COLUMN,COLUMN", sql=of_parts.composite, over_schema=True),
    "json-key": Word(usage="TABLE.COLUMN KEY DEFINITION", sql=of_parts.json_key, over_schema=True),
    "copy-column": Word(usage="TABLE.COLUMN TABLE.COLUMN [by COLUMN]", sql=of_kept.copy, over_schema=True),
    "count-column": Word(usage="TABLE.COLUMN TABLE [by COLUMN]", sql=of_kept.count, over_schema=True),
    "generated": Word(usage="TABLE.COLUMN EXPRESSION", sql=of_columns.generated, over_schema=True),
    "plain": Word(usage="TABLE.COLUMN", sql=lambda column: _alter(column, "DROP EXPRESSION")),
    "collation": Word(usage="TABLE.COLUMN COLLATION", sql=of_columns.collation, over_schema=True),
    "exclude": Word(usage="TABLE ELEMENTS", sql=of_constraints.exclude),
    "replace-exclude": Word(usage="TABLE.CONSTRAINT ELEMENTS", sql=of_constraints.replace_exclusion, over_schema=True),
    "defer": Word(usage="TABLE.CONSTRAINT deferred|immediate|never", sql=of_constraints.defer, over_schema=True),
    "identity": Word(usage="TABLE.COLUMN always|by-default|no", sql=of_numbers.identity, over_schema=True),
    "sequence": Word(usage="SEQUENCE OPTIONS", sql=of_numbers.sequence),
    "enum-value": Word(usage="TYPE VALUE", sql=of_types.add_value),
    "enum-rename": Word(usage="TYPE VALUE NEW_VALUE", sql=of_types.rename_value),
    "enum-remove": Word(usage="TYPE VALUE", sql=of_types.remove_value, over_schema=True),
    "enum-to-text": Word(usage="TABLE.COLUMN", sql=of_types.enum_to_text, over_schema=True),
    "enum-to-table": Word(usage="TABLE.COLUMN NEW_TABLE", sql=of_types.enum_to_table, over_schema=True),
    "status": Word(usage="TABLE.COLUMN DEFINITION YES,NO", sql=of_replacements.status, over_schema=True),
    "view": Word(usage="VIEW QUERY", sql=of_objects.view, over_schema=True),
    "drop-view": Word(usage="VIEW", sql=of_objects.drop_view, over_schema=True),
    "function": Word(usage="DEFINITION", sql=of_objects.function),
    "drop-function": Word(usage="FUNCTION(TYPES)", sql=of_objects.drop_function),
    "trigger": Word(usage="TABLE.TRIGGER EVENTS ACTION", sql=of_objects.trigger),
    "drop-trigger": Word(usage="TABLE.TRIGGER", sql=of_objects.drop_trigger),
    "enable-trigger": Word(usage="TABLE.TRIGGER", sql=of_objects.enable_trigger),
    "disable-trigger": Word(usage="TABLE.TRIGGER", sql=of_objects.disable_trigger),
    "rename-type": Word(usage="TYPE NEW_NAME", sql=of_types.rename_type, over_schema=True),
    "rename-function": Word(usage="FUNCTION(TYPES) NEW_NAME", sql=of_objects.rename_function),
    "domain-default": Word(usage="DOMAIN SQL", sql=of_objects.domain_default),
    "domain-not-null": Word(usage="DOMAIN", sql=of_objects.domain_not_null),
    "owner": Word(usage="TABLE ROLE", sql=of_access.owner),
    "drop-type": Word(usage="TYPE", sql=of_types.drop_type),
    "insert": Word(usage="TABLE.COLUMN[,COLUMN] ROWS", sql=_insert),
    "delete": Word(usage="TABLE CONDITION", sql=lambda table, where: f"DELETE FROM {table_name(table)} WHERE {where}"),
    "domain-check": Word(usage="DOMAIN CONDITION", sql=of_objects.domain_check),
    "replace-domain-check": Word(usage="DOMAIN.CONSTRAINT CONDITION", sql=of_objects.replace_domain_check),
    "drop-domain-check": Word(usage="DOMAIN.CONSTRAINT", sql=of_objects.drop_domain_check),
    "partition": Word(usage="TABLE PARTITION BOUND", sql=of_partitions.add, over_schema=True),
    "partition-by": Word(usage="TABLE KEY PARTITIONS", sql=of_partitions.by_copy, over_schema=True),
    "partition-from": Word(usage="TABLE KEY FIRST PARTITIONS", sql=of_partitions.from_table, over_schema=True),
    "bounds": Word(usage="TABLE PARTITIONS [move]", sql=of_partitions.bounds, over_schema=True),
    "detach": Word(usage="PARTITION", sql=of_partitions.detach, over_schema=True),
    "rewrite": Word(usage="TABLE HOW", sql=of_access.rewrite),
    "row-security": Word(usage="TABLE CONDITION", sql=of_access.row_security),
    "no-row-security": Word(usage="TABLE", sql=of_access.no_row_security),
    "policy": Word(usage="TABLE.POLICY CONDITION", sql=of_access.policy, over_schema=True),
    "drop-policy": Word(usage="TABLE.POLICY", sql=of_access.drop_policy),
    "grant": Word(usage="PRIVILEGES TABLE ROLES", sql=of_access.grant),
    "revoke": Word(usage="PRIVILEGES TABLE ROLES", sql=of_access.revoke),
    "move": Word(usage="TABLE SCHEMA", sql=of_access.move),
    "publish": Word(usage="PUBLICATION TABLE", sql=of_access.publish),
    "unpublish": Word(usage="PUBLICATION TABLE", sql=of_access.unpublish),
    "replica-identity": Word(usage="TABLE IDENTITY", sql=of_access.replica_identity),
    "set": Word(usage="TABLE PARAMETER=VALUE", sql=of_access.set_parameters),
}
