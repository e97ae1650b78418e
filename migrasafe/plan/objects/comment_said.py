"""What the catalog tells of the comment on an object of any kind, as an expression.

https://www.postgresql.org/docs/current/sql-comment.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from migrasafe.plan import predicates
from migrasafe.schema.model import Ref, Schema
from migrasafe.sql.quote import quote_ident, quote_literal, spell_type

_RELATIONS = ("TABLE", "VIEW", "MATVIEW", "FOREIGN_TABLE", "INDEX", "SEQUENCE")
_ROUTINES = ("FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE")
_NAMED = {
    "EXTENSION": ("pg_extension", "extname"),
    "PUBLICATION": ("pg_publication", "pubname"),
    "SUBSCRIPTION": ("pg_subscription", "subname"),
    "EVENT_TRIGGER": ("pg_event_trigger", "evtname"),
    "LANGUAGE": ("pg_language", "lanname"),
    "FDW": ("pg_foreign_data_wrapper", "fdwname"),
    "FOREIGN_SERVER": ("pg_foreign_server", "srvname"),
    "ACCESS_METHOD": ("pg_am", "amname"),
}
"""What has a name of its own in the database: its catalog, and the column of the name."""
_NAMED_EVERYWHERE = {
    "ROLE": ("pg_authid", "pg_roles", "rolname"),
    "DATABASE": ("pg_database", "pg_database", "datname"),
    "TABLESPACE": ("pg_tablespace", "pg_tablespace", "spcname"),
}
"""Likewise in the whole cluster; the second catalog is the one that everybody may read."""
_ON_TABLES = {
    "TABCONSTRAINT": ("pg_constraint", "conrelid", "conname"),
    "TRIGGER": ("pg_trigger", "tgrelid", "tgname"),
    "POLICY": ("pg_policy", "polrelid", "polname"),
    "RULE": ("pg_rewrite", "ev_class", "rulename"),
}
"""What belongs to a table and has a name there: its catalog, and the columns of the table and of the name."""
_IN_SCHEMAS = {
    "STATISTIC_EXT": ("pg_statistic_ext", "stxnamespace", "stxname", "pg_statistics_obj_is_visible"),
    "COLLATION": ("pg_collation", "collnamespace", "collname", "pg_collation_is_visible"),
    "CONVERSION": ("pg_conversion", "connamespace", "conname", "pg_conversion_is_visible"),
    "TSCONFIGURATION": ("pg_ts_config", "cfgnamespace", "cfgname", "pg_ts_config_is_visible"),
    "TSDICTIONARY": ("pg_ts_dict", "dictnamespace", "dictname", "pg_ts_dict_is_visible"),
    "TSPARSER": ("pg_ts_parser", "prsnamespace", "prsname", "pg_ts_parser_is_visible"),
    "TSTEMPLATE": ("pg_ts_template", "tmplnamespace", "tmplname", "pg_ts_template_is_visible"),
}
"""What has a name in a schema, and no function that finds it by that; but one that tells whether the plain name is enough."""

_OF_METHODS = {
    "OPCLASS": ("pg_opclass", "opcnamespace", "opcname", "pg_opclass_is_visible", "opcmethod"),
    "OPFAMILY": ("pg_opfamily", "opfnamespace", "opfname", "pg_opfamily_is_visible", "opfmethod"),
}
"""Likewise, of an access method, whose name comes first."""


def comment_said(schema: Schema, fields: Mapping[str, Any]) -> str | None:
    """The comment there is on the object that the parse tree of a COMMENT ON names; None where no question tells."""
    kind, found = fields["objtype"].removeprefix("OBJECT_"), fields.get("object", {})
    names = names_in(found)
    if kind in _ROUTINES:
        return _of_routine(found)
    if kind == "DOMCONSTRAINT":
        return _of_domain_constraint(schema, found)
    if kind in _TOLD_OTHERWISE:
        return _TOLD_OTHERWISE[kind](found)
    if not names:
        return None
    if kind in _RELATIONS:
        return f"obj_description({predicates.relation(resolved(schema, names))}, 'pg_class')"
    if kind == "COLUMN" and len(names) >= 2:
        table = resolved(schema, names[:-1])
        return f"col_description({predicates.relation(table)}, {predicates.column_number(table, names[-1])})"
    if kind == "SCHEMA":
        return f"obj_description(to_regnamespace({quote_literal(quote_ident(names[-1]))}), 'pg_namespace')"
    if kind in ("TYPE", "DOMAIN"):
        return f"obj_description({predicates.type_of(_type(schema, names))}, 'pg_type')"
    if kind in _NAMED:
        return _described(*_NAMED[kind], names[-1])
    if kind in _NAMED_EVERYWHERE:
        catalog, read, name = _NAMED_EVERYWHERE[kind]
        return f"(SELECT shobj_description(oid, '{catalog}') FROM {read} WHERE {name} = {quote_literal(names[-1])})"
    if kind in _ON_TABLES and len(names) >= 2:
        catalog, on, name = _ON_TABLES[kind]
        return _described(catalog, name, names[-1], f"{on} = {predicates.relation(resolved(schema, names[:-1]))}")
    if kind in _IN_SCHEMAS:
        return _in_schema(names, *_IN_SCHEMAS[kind])
    if kind in _OF_METHODS:
        *of_schema, method = _OF_METHODS[kind]
        by = f"{method} = (SELECT oid FROM pg_am WHERE amname = {quote_literal(names[0])})"
        return _in_schema(names[1:], *of_schema, by)
    return None


def _in_schema(names: tuple[str, ...], catalog: str, on: str, name: str, is_visible: str, *more: str) -> str:
    where = f"{is_visible}(oid)"
    if len(names) > 1:
        where = f"{on} = to_regnamespace({quote_literal(quote_ident(names[-2]))})"
    return _described(catalog, name, names[-1], where, *more)


def _described(catalog: str, column: str, name: str, *more: str) -> str:
    """`more`: what else tells the object from others of its name."""
    told = predicates.all_of(*more, f"{column} = {quote_literal(name)}")
    return f"(SELECT obj_description(oid, '{catalog}') FROM {catalog} WHERE {told})"


def _of_routine(found: Mapping[str, Any]) -> str | None:
    """It is told by its arguments, too, unless it is the only one of its name."""
    said = found.get("ObjectWithArgs")
    if said is None:
        return None
    name = ".".join(quote_ident(part["String"]["sval"]) for part in said["objname"])
    if said.get("args_unspecified"):
        return f"obj_description(to_regproc({quote_literal(name)}), 'pg_proc')"
    arguments = ", ".join(map(_spelled, said.get("objargs", ())))
    return f"obj_description(to_regprocedure({quote_literal(f'{name}({arguments})')}), 'pg_proc')"


def _of_cast(found: Mapping[str, Any]) -> str:
    source, target = (_oid_of_type(one) for one in found["List"]["items"])
    return (
        f"(SELECT obj_description(oid, 'pg_cast') FROM pg_cast WHERE castsource = {source} AND casttarget = {target})"
    )


def _of_operator(found: Mapping[str, Any]) -> str:
    said = found["ObjectWithArgs"]
    *inside, sign = (part["String"]["sval"] for part in said["objname"])
    name = "".join(f"{quote_ident(one)}." for one in inside) + sign
    sides = ", ".join(_spelled(one) if "TypeName" in one else "NONE" for one in said["objargs"])
    return f"obj_description(to_regoperator({quote_literal(f'{name}({sides})')}), 'pg_operator')"


def _of_transform(found: Mapping[str, Any]) -> str:
    of_type, language = found["List"]["items"]
    by = f"(SELECT oid FROM pg_language WHERE lanname = {quote_literal(language['String']['sval'])})"
    where = f"trftype = {_oid_of_type(of_type)} AND trflang = {by}"
    return f"(SELECT obj_description(oid, 'pg_transform') FROM pg_transform WHERE {where})"


def _of_large_object(found: Mapping[str, Any]) -> str:
    number = found["Float"]["fval"] if "Float" in found else found.get("Integer", {}).get("ival", 0)
    return f"obj_description({number}, 'pg_largeobject')"


_TOLD_OTHERWISE: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "CAST": _of_cast,
    "OPERATOR": _of_operator,
    "TRANSFORM": _of_transform,
    "LARGEOBJECT": _of_large_object,
}
"""What has no name, or not by its name alone."""


def _oid_of_type(found: Mapping[str, Any]) -> str:
    return f"to_regtype({quote_literal(_spelled(found))})"


def _spelled(found: Mapping[str, Any]) -> str:
    from migrasafe.sql.convert.base import type_name

    return spell_type(type_name(found["TypeName"]))


def _of_domain_constraint(schema: Schema, found: Mapping[str, Any]) -> str | None:
    items = found.get("List", {}).get("items", ())
    if len(items) != 2 or "TypeName" not in items[0]:
        return None
    domain = predicates.type_of(_type(schema, names_in(items[0])))
    return _described("pg_constraint", "conname", items[1]["String"]["sval"], f"contypid = {domain}")


def _type(schema: Schema, names: tuple[str, ...]) -> Ref:
    return schema.resolve_type(names[-2] if len(names) > 1 else None, names[-1])


def resolved(schema: Schema, names: tuple[str, ...]) -> Ref:
    """The relation of a dotted name."""
    return schema.resolve(names[-2] if len(names) > 1 else None, names[-1])


def names_in(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts of the name, whatever node holds them."""
    if "String" in found:
        return (found["String"]["sval"],)
    items = (
        found.get("ObjectWithArgs", {}).get("objname")
        or found.get("List", {}).get("items")
        or found.get("TypeName", {}).get("names")
        or []
    )
    return tuple(item["String"]["sval"] for item in items if "String" in item)
