"""Ruby as far as migrations are written in it: calls with literal arguments, as values. Nothing is run."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from migrasafe.errors import InputError

if TYPE_CHECKING:
    from tree_sitter import Node

_ESCAPES = {"n": "\n", "t": "\t", "s": " ", "r": "\r", "0": "\0", "e": "\033"}
_SAME = frozenset({"freeze", "to_s", "to_sym", "strip_heredoc", "dup", "html_safe", "itself", "to_i", "chomp"})
_SIZES = {"kilobyte": 1024, "megabyte": 1024**2, "gigabyte": 1024**3, "terabyte": 1024**4}


class Symbol(str):
    """`:name`, which is a string wherever SQL is made of it."""

    __slots__ = ()


class Sql(Struct, frozen=True, kw_only=True):
    """`-> { "now()" }`: an expression as it stands."""

    text: str


class Unknown(Struct, frozen=True, kw_only=True):
    """What only a run would tell."""

    text: str
    """As it is written."""


Value: TypeAlias = "str | int | float | bool | Symbol | Sql | Unknown | list[Value] | dict[str, Value] | None"
Names: TypeAlias = Mapping[str, Value]
"""Constants, local variables and parameters whose values are known."""


class Call(Struct, frozen=True, kw_only=True):
    """A call whose arguments were read."""

    name: str
    line: int
    receiver: Node | None
    arguments: list[Value]
    options: dict[str, Value]
    block: Node | None


def parse(text: str) -> Node:
    """The tree of a program. Raises InputError where the parser is not installed."""
    try:
        import tree_sitter
        import tree_sitter_ruby
    except ImportError as error:
        raise InputError(
            f"Rails migrations cannot be read here ({error}): pip install 'migrasafe[rails]', or give db/structure.sql as"
            " --schema and pipe the SQL of one migration | migrasafe lint -"
        ) from error
    language = tree_sitter.Language(tree_sitter_ruby.language())
    return tree_sitter.Parser(language).parse(text.encode()).root_node


def text_of(node: Node | None) -> str:
    """As it is written; empty for no node."""
    return "" if node is None or node.text is None else node.text.decode()


def line_of(node: Node) -> int:
    """From 1."""
    return node.start_point[0] + 1


def read_call(node: Node, names: Names) -> Call:
    """A call, or an identifier that stands for one without arguments."""
    if node.type == "identifier":
        return Call(name=text_of(node), line=line_of(node), receiver=None, arguments=[], options={}, block=None)
    arguments: list[Value] = []
    options: dict[str, Value] = {}
    written = node.child_by_field_name("arguments")
    for child in written.named_children if written else ():
        if child.type == "pair":
            options[_key(child, names)] = value(child.child_by_field_name("value"), names)
        elif child.type == "hash":
            options |= _hash(child, names)
        elif child.type == "hash_splat_argument":
            known = value(child.named_children[0], names)
            options |= known if isinstance(known, dict) else {"**": Unknown(text=text_of(child))}
        elif child.type == "splat_argument":
            several = value(child.named_children[0], names)
            arguments.extend(several if isinstance(several, list) else [Unknown(text=text_of(child))])
        elif child.type not in ("comment", "heredoc_body"):
            arguments.append(value(child, names))
    return Call(
        name=text_of(node.child_by_field_name("method")),
        line=line_of(node),
        receiver=node.child_by_field_name("receiver"),
        arguments=arguments,
        options=options,
        block=node.child_by_field_name("block"),
    )


def _integer(text: str) -> Value:
    """As Ruby writes them: `0b1`, `0o7`, `07`, `0d9`, `0xf`, `1_000`."""
    digits = text.replace("_", "").lower()
    if digits.startswith("0d"):
        digits, base = digits[2:], 10
    else:
        base = 8 if digits.startswith("0") and digits[1:].isdigit() else 0
    try:
        return int(digits, base)
    except ValueError:
        return Unknown(text=text)


def value(node: Node | None, names: Names) -> Value:
    """What a literal says, with what is known of names; Unknown for everything else."""
    if node is None:
        return None
    match node.type:
        case "string" | "chained_string" | "delimited_symbol":
            said = _string(node, names)
            return Symbol(said) if isinstance(said, str) and node.type == "delimited_symbol" else said
        case "simple_symbol":
            return Symbol(text_of(node)[1:])
        case "bare_symbol" | "bare_string":
            return Symbol(text_of(node))
        case "integer":
            return _integer(text_of(node))
        case "float":
            return float(text_of(node).replace("_", ""))
        case "unary" if text_of(node).startswith("-"):
            inner = value(node.child_by_field_name("operand"), names)
            return -inner if isinstance(inner, int | float) else Unknown(text=text_of(node))
        case "true" | "false":
            return node.type == "true"
        case "nil":
            return None
        case "array" | "symbol_array" | "string_array":
            return [value(child, names) for child in node.named_children if child.type != "comment"]
        case "hash":
            return dict(_hash(node, names))
        case "heredoc_beginning":
            return _heredoc(node, names)
        case "lambda":
            body = node.child_by_field_name("body")
            inner = value(_only(body), names) if body else None
            return Sql(text=inner) if isinstance(inner, str) else Unknown(text=text_of(node))
        case "constant" | "identifier" | "scope_resolution" | "instance_variable" if text_of(node) in names:
            return names[text_of(node)]
        case "parenthesized_statements" if len(node.named_children) == 1:
            return value(node.named_children[0], names)
        case "call":
            return _called(node, names)
        case "binary" if text_of(node.child_by_field_name("operator")) == "+":
            left, right = (
                value(node.child_by_field_name("left"), names),
                value(node.child_by_field_name("right"), names),
            )
            if isinstance(left, str) and isinstance(right, str):
                return left + right
    return Unknown(text=text_of(node))


def _called(node: Node, names: Names) -> Value:
    """`"…".squish`, `[…].freeze`, `4.megabytes`: methods whose outcome is plain."""
    method = text_of(node.child_by_field_name("method"))
    of = value(node.child_by_field_name("receiver"), names)
    if isinstance(of, Unknown) or node.child_by_field_name("receiver") is None:
        return Unknown(text=text_of(node))
    if method in _SAME:
        return of
    if isinstance(of, str) and method in ("squish", "strip", "chomp"):
        return " ".join(of.split()) if method == "squish" else of.strip()
    if isinstance(of, list) and of and method in ("first", "last"):
        return of[0 if method == "first" else -1]
    if isinstance(of, int) and method.removesuffix("s") in _SIZES:
        return of * _SIZES[method.removesuffix("s")]
    return Unknown(text=text_of(node))


def _only(body: Node) -> Node | None:
    inner = [child for child in body.named_children if child.type != "comment"]
    if len(inner) == 1 and inner[0].type in ("body_statement", "block_body", "block"):
        return _only(inner[0])
    return inner[0] if len(inner) == 1 else None


def _hash(node: Node, names: Names) -> Iterator[tuple[str, Value]]:
    for child in node.named_children:
        if child.type == "pair":
            yield _key(child, names), value(child.child_by_field_name("value"), names)


def _key(pair: Node, names: Names) -> str:
    key = pair.child_by_field_name("key")
    said = text_of(key) if key is not None and key.type == "hash_key_symbol" else value(key, names)
    return said if isinstance(said, str) else text_of(key)


def _string(node: Node, names: Names) -> Value:
    parts = []
    for child in node.named_children:
        match child.type:
            case "string_content" | "heredoc_content":
                parts.append(text_of(child))
            case "escape_sequence":
                parts.append(_unescaped(text_of(child)))
            case "interpolation":
                inner = value(_only(child), names)
                if isinstance(inner, Unknown | Sql | list | dict):
                    return Unknown(text=text_of(node))
                parts.append("" if inner is None else str(inner).lower() if isinstance(inner, bool) else str(inner))
            case "string":
                one = _string(child, names)
                if not isinstance(one, str):
                    return one
                parts.append(one)
    return "".join(parts)


def _unescaped(sequence: str) -> str:
    letter = sequence[1:2]
    return _ESCAPES.get(letter, sequence[1:])


def _heredoc(beginning: Node, names: Names) -> Value:
    """The text of the heredoc that begins here: the next body behind it that no earlier one took."""
    root = beginning
    while root.parent is not None:
        root = root.parent
    bodies: list[Node] = []
    beginnings: list[Node] = []
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type == "heredoc_body":
            bodies.append(node)
        elif node.type == "heredoc_beginning":
            beginnings.append(node)
        pending.extend(node.named_children)
    bodies.sort(key=lambda one: one.start_byte)
    beginnings.sort(key=lambda one: one.start_byte)
    place = next((at for at, one in enumerate(beginnings) if one.start_byte == beginning.start_byte), -1)
    if not 0 <= place < len(bodies):
        return Unknown(text=text_of(beginning))
    said = _string(bodies[place], names)
    if isinstance(said, str) and re.match(r"<<~", text_of(beginning)):
        return textwrap.dedent(said.removeprefix("\n"))
    return said.removeprefix("\n") if isinstance(said, str) else said
