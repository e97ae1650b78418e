"""PostgreSQL's parse tree → typed statements: one entry for every statement of its grammar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from migrasafe.sql.convert import access, alter_table, indexes, objects, programs, rows, session, tables, types
from migrasafe.sql.convert.base import Fields, Origin, options, relation
from migrasafe.sql.convert.programs import ParseInner
from migrasafe.sql.statements import CreateSchema, Statement, Unrecognized, Utility

Converter = Callable[[Fields, Origin], Statement]


def convert(node: Mapping[str, Any], origin: Origin, parse_inner: ParseInner) -> Statement:
    """The typed statement of one parse tree. `parse_inner` reads the SQL of bodies."""
    ((what, inner),) = node.items()
    converter = _CONVERTERS.get(what)
    if converter is not None:
        return converter(inner, origin)
    if what in _UTILITIES:
        return _utility(what, inner, origin)
    match what:
        case "CreateFunctionStmt":
            return programs.create_function(inner, origin, parse_inner)
        case "DoStmt":
            return programs.do_block(inner, origin, parse_inner)
        case "ExplainStmt":
            if rows.explains_by_running(inner):
                return convert(inner["query"], origin, parse_inner)
            return Utility(span=origin.span, command="EXPLAIN")
        case "CreateSchemaStmt":
            return _create_schema(inner, origin, parse_inner)
        case "ExecuteStmt":
            return Unrecognized(
                span=origin.span,
                kind="dynamic sql",
                reason=f"EXECUTE runs the prepared statement {inner.get('name', '')}, which cannot be seen here",
            )
    return Unrecognized(span=origin.span, kind="unknown statement", reason=f"{what} is not known to migrasafe")


def _create_schema(node: Fields, origin: Origin, parse_inner: ParseInner) -> Statement:
    return CreateSchema(
        span=origin.span,
        name=node.get("schemaname") or node.get("authrole", {}).get("rolename", ""),
        if_not_exists=bool(node.get("if_not_exists")),
        elements=tuple(convert(element, origin, parse_inner) for element in node.get("schemaElts", [])),
    )


def _utility(what: str, node: Fields, origin: Origin) -> Utility:
    target = None
    if "relation" in node and isinstance(node["relation"], Mapping) and "relname" in node["relation"]:
        target = relation(node["relation"])
    return Utility(span=origin.span, command=_UTILITIES[what], target=target)


def _alter_type(node: Fields, origin: Origin) -> Statement:
    return Utility(
        span=origin.span, command="ALTER TYPE SET", objects=tuple(key for key, _ in options(node.get("options")))
    )


_UTILITIES: Mapping[str, str] = {
    "AlterCollationStmt": "ALTER COLLATION",
    "AlterDatabaseRefreshCollStmt": "ALTER DATABASE REFRESH COLLATION VERSION",
    "AlterEventTrigStmt": "ALTER EVENT TRIGGER",
    "AlterFdwStmt": "ALTER FOREIGN DATA WRAPPER",
    "AlterForeignServerStmt": "ALTER SERVER",
    "AlterObjectDependsStmt": "ALTER DEPENDS ON EXTENSION",
    "AlterOpFamilyStmt": "ALTER OPERATOR FAMILY",
    "AlterOperatorStmt": "ALTER OPERATOR",
    "AlterStatsStmt": "ALTER STATISTICS",
    "AlterTSConfigurationStmt": "ALTER TEXT SEARCH CONFIGURATION",
    "AlterTSDictionaryStmt": "ALTER TEXT SEARCH DICTIONARY",
    "AlterUserMappingStmt": "ALTER USER MAPPING",
    "CheckPointStmt": "CHECKPOINT",
    "ClosePortalStmt": "CLOSE",
    "CreateUserMappingStmt": "CREATE USER MAPPING",
    "DeallocateStmt": "DEALLOCATE",
    "DeclareCursorStmt": "DECLARE CURSOR",
    "DiscardStmt": "DISCARD",
    "DropUserMappingStmt": "DROP USER MAPPING",
    "FetchStmt": "FETCH",
    "ImportForeignSchemaStmt": "IMPORT FOREIGN SCHEMA",
    "ListenStmt": "LISTEN",
    "LoadStmt": "LOAD",
    "NotifyStmt": "NOTIFY",
    "PrepareStmt": "PREPARE",
    "ReturnStmt": "RETURN",
    "SecLabelStmt": "SECURITY LABEL",
    "UnlistenStmt": "UNLISTEN",
    "VariableShowStmt": "SHOW",
}

_CONVERTERS: Mapping[str, Converter] = {
    "AlterDatabaseSetStmt": access.cluster_wide("alter", "DATABASE", "dbname"),
    "AlterDatabaseStmt": access.cluster_wide("alter", "DATABASE", "dbname"),
    "AlterDefaultPrivilegesStmt": access.default_privileges,
    "AlterDomainStmt": types.alter_domain,
    "AlterEnumStmt": types.alter_enum,
    "AlterExtensionContentsStmt": objects.alter_extension_contents,
    "AlterExtensionStmt": objects.alter_extension,
    "AlterFunctionStmt": programs.alter_function,
    "AlterObjectSchemaStmt": objects.set_schema,
    "AlterOwnerStmt": objects.set_owner,
    "AlterPolicyStmt": access.alter_policy,
    "AlterPublicationStmt": access.alter_publication,
    "AlterRoleSetStmt": access.alter_role_setting,
    "AlterRoleStmt": access.alter_role,
    "AlterSeqStmt": objects.alter_sequence,
    "AlterSubscriptionStmt": access.subscription("alter"),
    "AlterSystemStmt": access.cluster_wide("alter", "SYSTEM", "setstmt_name"),
    "AlterTableMoveAllStmt": alter_table.alter_all_in_tablespace,
    "AlterTableSpaceOptionsStmt": access.cluster_wide("alter", "TABLESPACE", "tablespacename"),
    "AlterTableStmt": alter_table.alter_table,
    "AlterTypeStmt": _alter_type,
    "CallStmt": programs.call,
    "ClusterStmt": rows.cluster,
    "CompositeTypeStmt": types.create_composite,
    "ConstraintsSetStmt": session.set_constraints,
    "CopyStmt": rows.copy,
    "CreateAmStmt": types.create_named("ACCESS METHOD", "amname"),
    "CreateCastStmt": types.create_cast,
    "CreateConversionStmt": types.create_named("CONVERSION", "conversion_name"),
    "CreateDomainStmt": types.create_domain,
    "CreateEnumStmt": types.create_enum,
    "CreateEventTrigStmt": programs.create_event_trigger,
    "CommentStmt": objects.comment,
    "CreateExtensionStmt": objects.create_extension,
    "CreateFdwStmt": types.create_named("FOREIGN DATA WRAPPER", "fdwname"),
    "CreateForeignServerStmt": types.create_named("SERVER", "servername"),
    "CreateForeignTableStmt": tables.create_table,
    "CreateOpClassStmt": types.create_named("OPERATOR CLASS", "opclassname"),
    "CreateOpFamilyStmt": types.create_named("OPERATOR FAMILY", "opfamilyname"),
    "CreatePLangStmt": types.create_named("LANGUAGE", "plname"),
    "CreatePolicyStmt": access.create_policy,
    "CreatePublicationStmt": access.create_publication,
    "CreateRangeStmt": types.create_range,
    "CreateRoleStmt": access.create_role,
    "CreateSeqStmt": objects.create_sequence,
    "CreateStatsStmt": objects.create_statistics,
    "CreateStmt": tables.create_table,
    "CreateSubscriptionStmt": access.subscription("create"),
    "CreateTableAsStmt": tables.create_table_as,
    "CreateTableSpaceStmt": access.cluster_wide("create", "TABLESPACE", "tablespacename"),
    "CreateTransformStmt": types.create_named("TRANSFORM", "lang"),
    "CreateTrigStmt": programs.create_trigger,
    "CreatedbStmt": access.cluster_wide("create", "DATABASE", "dbname"),
    "DefineStmt": types.create_other,
    "DeleteStmt": rows.delete,
    "DropOwnedStmt": access.drop_owned,
    "DropRoleStmt": access.drop_role,
    "DropStmt": objects.drop,
    "DropSubscriptionStmt": access.subscription("drop"),
    "DropTableSpaceStmt": access.cluster_wide("drop", "TABLESPACE", "tablespacename"),
    "DropdbStmt": access.cluster_wide("drop", "DATABASE", "dbname"),
    "GrantRoleStmt": access.grant_role,
    "GrantStmt": access.grant,
    "IndexStmt": indexes.create_index,
    "InsertStmt": rows.insert,
    "LockStmt": rows.lock,
    "MergeStmt": rows.merge,
    "ReassignOwnedStmt": access.reassign_owned,
    "RefreshMatViewStmt": objects.refresh,
    "ReindexStmt": indexes.reindex,
    "RenameStmt": objects.rename,
    "RuleStmt": objects.create_rule,
    "SelectStmt": rows.select,
    "TransactionStmt": session.transaction,
    "TruncateStmt": rows.truncate,
    "UpdateStmt": rows.update,
    "VacuumStmt": rows.vacuum,
    "VariableSetStmt": session.set_variable,
    "ViewStmt": objects.create_view,
}
