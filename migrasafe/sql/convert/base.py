"""Names, types, expressions and option lists out of the parse tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from migrasafe.sql.statements import Expression, Name, Span, TypeName

Fields: TypeAlias = Mapping[str, Any]


class Origin(Struct, frozen=True, kw_only=True):
    """Where the statement being converted stands: for spans, and to parse the text inside it."""

    span: Span
    text: str
    """The whole source."""


def fields(node: Mapping[str, Any] | None) -> Fields:
    """The fields of a wrapped node: `{"ColumnDef": {...}}` → `{...}`."""
    if not node:
        return {}
    only: Fields = next(iter(node.values()))
    return only


def kind(node: Mapping[str, Any]) -> str:
    return next(iter(node))


def text_of(node: Mapping[str, Any] | None) -> str:
    """The text of a String, constant, type name or list of strings, for names of options and the like."""
    if not node:
        return ""
    match kind(node):
        case "String":
            return str(node["String"].get("sval", ""))
        case "Integer":
            return str(node["Integer"].get("ival", 0))
        case "Float":
            return str(node["Float"].get("fval", "0"))
        case "Boolean":
            return "true" if node["Boolean"].get("boolval") else "false"
        case "A_Const":
            return constant_text(node["A_Const"])
        case "TypeName":
            return type_name(node["TypeName"]).name
        case "List":
            return ".".join(text_of(item) for item in node["List"].get("items", []))
        case "TypeCast":
            return text_of(node["TypeCast"]["arg"])
        case "ColumnRef":
            return ".".join(text_of(item) for item in node["ColumnRef"].get("fields", []))
        case "RoleSpec":
            return role(node["RoleSpec"])
        case _:
            return ""


def constant_text(constant: Fields) -> str:
    for key, inner in (("ival", "ival"), ("fval", "fval"), ("sval", "sval"), ("bsval", "bsval")):
        if key in constant:
            return str(constant[key].get(inner, 0 if key == "ival" else ""))
    if "boolval" in constant:
        return "true" if constant["boolval"].get("boolval") else "false"
    return "null"


def strings(nodes: Sequence[Mapping[str, Any]] | None) -> tuple[str, ...]:
    if not nodes:
        return ()
    return tuple([node["String"].get("sval", "") if "String" in node else text_of(node) for node in nodes])


def name_from_list(nodes: Sequence[Mapping[str, Any]] | None) -> Name:
    """`[String a, String b]` → a.b; a catalog in front is dropped."""
    parts = strings(nodes)
    if not parts:
        return Name(None, "")
    return Name(parts[-2] if len(parts) > 1 else None, parts[-1])


def relation(range_var: Fields) -> Name:
    if range_var.get("relpersistence") == "t" and "schemaname" not in range_var:
        return Name("pg_temp", range_var.get("relname", ""))
    return Name(range_var.get("schemaname"), range_var.get("relname", ""))


def object_name(node: Mapping[str, Any]) -> Name:
    """The name of any object: a list of strings, a type name, a function with arguments, one string."""
    match kind(node):
        case "List":
            return name_from_list(node["List"].get("items"))
        case "TypeName":
            return name_from_list(node["TypeName"].get("names"))
        case "ObjectWithArgs":
            return name_from_list(node["ObjectWithArgs"].get("objname"))
        case "RangeVar":
            return relation(node["RangeVar"])
        case _:
            return Name(None, text_of(node))


def arguments(node: Mapping[str, Any]) -> tuple[TypeName, ...] | None:
    """The argument types of a function named in DROP, ALTER or GRANT; None where none were written."""
    with_args = node.get("ObjectWithArgs")
    if with_args is None or with_args.get("args_unspecified"):
        return None
    return tuple(type_name(fields(arg)) for arg in with_args.get("objargs", []) if arg)


def type_name(node: Fields) -> TypeName:
    names = strings(node.get("names"))
    name = names[-1] if names else ""
    if "pct_type" in node:
        return TypeName(name=name, column_of=names, setof="setof" in node)
    return TypeName(
        schema=names[-2] if len(names) > 1 and names[-2] != "pg_catalog" else None,
        name=name,
        modifiers=strings(node["typmods"]) if "typmods" in node else (),
        array="arrayBounds" in node,
        setof="setof" in node,
    )


def expression(node: Mapping[str, Any] | None) -> Expression | None:
    return Expression(node=node) if node else None


def role(role_spec: Fields) -> str:
    match role_spec.get("roletype"):
        case "ROLESPEC_CSTRING":
            return str(role_spec.get("rolename", ""))
        case "ROLESPEC_PUBLIC":
            return "public"
        case other:
            return str(other or "").removeprefix("ROLESPEC_").lower()


def roles(nodes: Sequence[Mapping[str, Any]] | None) -> tuple[str, ...]:
    return tuple(role(fields(node)) for node in nodes or ())


def options(nodes: Sequence[Mapping[str, Any]] | None) -> tuple[tuple[str, str], ...]:
    """DefElem lists: `(fillfactor = 70, autovacuum_enabled)`; an option without a value is `true`."""
    pairs = []
    for node in nodes or ():
        element = fields(node)
        namespace = element.get("defnamespace")
        key = f"{namespace}.{element['defname']}" if namespace else element.get("defname", "")
        pairs.append((key, text_of(element["arg"]) if "arg" in element else "true"))
    return tuple(pairs)


def is_on(node: Mapping[str, Any] | None, option_name: str) -> bool:
    """Whether an option list of a node turns the option on: `VACUUM (FULL, ANALYZE off)`."""
    for key, value in options((node or {}).get("options") or (node or {}).get("params")):
        if key == option_name:
            return value.lower() not in ("false", "off", "0")
    return False


def definition_of(command: Fields) -> Fields:
    """What an action of ALTER TABLE or ALTER TYPE carries with it."""
    return fields(command.get("def"))


def cascades(command: Fields) -> bool:
    return command.get("behavior") == "DROP_CASCADE"
