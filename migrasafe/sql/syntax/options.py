"""Options by name that PostgreSQL 12 does not know: of VACUUM, COPY, EXPLAIN, of tables and views, privileges and types.

A server refuses an option that it does not know as it refuses syntax, and tests run each on the version before it came.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Fields = Mapping[str, Any]
Found = Iterator[tuple[str, int]]

_ANYWHERE = {
    "autovacuum_vacuum_insert_scale_factor": 13,
    "autovacuum_vacuum_insert_threshold": 13,
    "autovacuum_vacuum_max_threshold": 18,
    "buffer_usage_limit": 16,
    "deduplicate_items": 13,
    "multirange_type_name": 14,
    "only_database_stats": 16,
    "process_main": 16,
    "process_toast": 14,
    "publish_generated_columns": 18,
    "publish_via_partition_root": 13,
    "security_invoker": 15,
    "skip_database_stats": 16,
    "vacuum_max_eager_freeze_failure_rate": 18,
}
"""Names that mean one thing wherever they stand."""

_OF_STATEMENT: Mapping[str, Mapping[str, int]] = {
    "AlterOperatorStmt": {"commutator": 17, "negator": 17, "merges": 17, "hashes": 17},
    "AlterSubscriptionStmt": {"origin": 16, "run_as_owner": 16, "password_required": 16, "failover": 17},
    "CopyStmt": {"default": 16, "on_error": 17, "log_verbosity": 17, "reject_limit": 18},
    "CreateSubscriptionStmt": {
        "binary": 14,
        "streaming": 14,
        "two_phase": 15,
        "disable_on_error": 15,
        "origin": 16,
        "run_as_owner": 16,
        "password_required": 16,
        "failover": 17,
    },
    "CreatedbStmt": {
        "locale": 13,
        "strategy": 15,
        "oid": 15,
        "locale_provider": 15,
        "icu_locale": 15,
        "icu_rules": 16,
        "builtin_locale": 17,
    },
    "DefineStmt": {"rules": 16},
    "ExplainStmt": {"wal": 13, "generic_plan": 16, "memory": 17, "serialize": 17},
    "VacuumStmt": {"parallel": 13},
}
_WORDS = {
    "AlterOperatorStmt": "ALTER OPERATOR",
    "AlterSubscriptionStmt": "a subscription",
    "CopyStmt": "COPY",
    "CreateSubscriptionStmt": "a subscription",
    "CreatedbStmt": "CREATE DATABASE",
    "DefineStmt": "CREATE COLLATION",
    "ExplainStmt": "EXPLAIN",
    "VacuumStmt": "VACUUM",
}
STATEMENTS = frozenset(_OF_STATEMENT)
"""The kinds of statements that `of_statement` knows options of."""

TYPES: Mapping[str, int] = {
    "regcollation": 13,
    "xid8": 13,
    "pg_snapshot": 13,
    "int4multirange": 14,
    "int8multirange": 14,
    "nummultirange": 14,
    "datemultirange": 14,
    "tsmultirange": 14,
    "tstzmultirange": 14,
}


def anywhere(option: Fields) -> Found:
    """Of a DefElem: an option whose name says all."""
    name = str(option.get("defname", ""))
    since = _ANYWHERE.get(name)
    if since is not None:
        yield f"the option {name}", since


def of_statement(kind: str, fields: Fields) -> Found:
    """The newer options of a statement of that kind."""
    known = _OF_STATEMENT[kind]
    for options in (fields.get("options"), fields.get("definition")):
        for item in options or ():
            option = item.get("DefElem", {})
            name = str(option.get("defname", ""))
            if name in known:
                yield f"{_WORDS[kind]} with the option {name}", known[name]


def of_type(type_name: Fields) -> Found:
    """What a type needs: its name, and a scale of numeric that is negative or above the precision."""
    names: Sequence[Fields] = type_name.get("names") or ({},)
    name = str(names[-1].get("String", {}).get("sval", ""))
    if name in TYPES:
        yield f"the type {name}", TYPES[name]
    if name == "numeric":
        numbers = [item.get("A_Const", {}).get("ival") for item in type_name.get("typmods", ())]
        if len(numbers) == 2 and None not in numbers:
            precision, scale = (number.get("ival", 0) for number in numbers)
            if not 0 <= scale <= precision:
                yield "numeric with a scale below zero or above its precision", 15


WORDS = frozenset(name.upper() for names in (_ANYWHERE, TYPES) for name in names)
"""A text without any of these, and of the statements above, has no option or type that is newer."""
