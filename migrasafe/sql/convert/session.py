"""Transactions and settings."""

from __future__ import annotations

from migrasafe.sql.convert.base import Fields, Origin, fields, kind, relation, text_of
from migrasafe.sql.statements import SetConstraints, SetVariable, Statement, Transaction, Utility

_VERBS = {
    "TRANS_STMT_BEGIN": "begin",
    "TRANS_STMT_START": "begin",
    "TRANS_STMT_COMMIT": "commit",
    "TRANS_STMT_ROLLBACK": "rollback",
    "TRANS_STMT_SAVEPOINT": "savepoint",
    "TRANS_STMT_RELEASE": "release",
    "TRANS_STMT_ROLLBACK_TO": "rollback to",
    "TRANS_STMT_PREPARE": "prepare",
    "TRANS_STMT_COMMIT_PREPARED": "commit prepared",
    "TRANS_STMT_ROLLBACK_PREPARED": "rollback prepared",
}


def transaction(node: Fields, origin: Origin) -> Statement:
    return Transaction(
        span=origin.span,
        verb=_VERBS.get(node.get("kind", ""), "begin"),
        savepoint=node.get("savepoint_name"),
        chain=bool(node.get("chain")),
    )


def set_variable(node: Fields, origin: Origin) -> Statement:
    what = node.get("kind", "")
    if what == "VAR_SET_MULTI":  # SET TRANSACTION, SET SESSION CHARACTERISTICS
        return Utility(span=origin.span, command=f"SET {node.get('name', '')}")
    if what == "VAR_RESET_ALL":
        return SetVariable(span=origin.span, name="all", values=None)
    values = None
    if what == "VAR_SET_VALUE":
        values = tuple([_value(item) for item in node.get("args", ())])
    return SetVariable(
        span=origin.span, name=str(node.get("name", "")).lower(), values=values, local=bool(node.get("is_local"))
    )


def _value(item: Fields) -> str:
    if kind(item) == "TypeCast":  # SET TIME ZONE INTERVAL '+00:00' …
        return text_of(item["TypeCast"]["arg"])
    return text_of(item)


def set_constraints(node: Fields, origin: Origin) -> Statement:
    names = tuple(relation(fields(item)).name for item in node.get("constraints", []))
    return SetConstraints(span=origin.span, names=names, deferred=bool(node.get("deferred")))
