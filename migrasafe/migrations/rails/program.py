"""The body of a migration, walked in the order in which it would run: which operations, and what only a run would tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from migrasafe.migrations.rails.bulk import bulk_change
from migrasafe.migrations.rails.made import Made
from migrasafe.migrations.rails.operations import statements
from migrasafe.migrations.rails.ruby import Call, Names, Value, line_of, read_call, text_of, value
from migrasafe.migrations.rails.words import NotReadError
from migrasafe.regex import regex

if TYPE_CHECKING:
    from tree_sitter import Node

_THROUGH = frozenset(
    {"safety_assured", "say_with_time", "suppress_messages", "transaction", "up_only", "with_lock_retries", "tap"}
)
"""What runs its block as it stands."""
_SILENT = frozenset(
    {
        "say",
        "puts",
        "require",
        "require_relative",
        "disable_ddl_transaction!",
        "reset_column_information",
        "raise",
        "p",
        "announce",
    }
)
"""What does nothing to the database."""
_GUARD = regex(r"(?:_exists\?|respond_to\?|index_name_exists\?|extension_enabled\?|adapter_name|postgres)")
_TIMEOUTS = {"set_lock_timeout": "lock_timeout", "set_statement_timeout": "statement_timeout"}
_CONNECTION = ("", "self", "connection", "conn", "ActiveRecord::Base.connection")
_DEEPEST = 20


class Said(Struct, frozen=True, kw_only=True):
    """Something about the reading."""

    line: int
    message: str
    blocking: bool


class EndsEarlyError(Exception):
    """A return whose condition is known to hold."""


class Sent(Struct, frozen=True, kw_only=True):
    """SQL that an operation sends."""

    line: int
    sql: str


class Walker:
    """Walks one migration. Raises nothing: what cannot be read is said."""

    def __init__(self, methods: Mapping[str, Node], made: Made, version: tuple[int, int]) -> None:
        self._methods = methods
        self._made = made
        self._version = version
        self.sent: list[Sent] = []
        self.said: list[Said] = []

    def run(self, body: Node | None, names: dict[str, Value]) -> None:
        """The whole of `up` or `change`."""
        try:
            self.walk(body, names)
        except EndsEarlyError:
            return

    def walk(self, body: Node | None, names: dict[str, Value], depth: int = 0) -> None:
        """Every statement of a body, in order."""
        for node in body.named_children if body is not None else ():
            self._statement(node, names, depth)

    def _statement(self, node: Node, names: dict[str, Value], depth: int) -> None:
        match node.type:
            case "comment" | "heredoc_body" | "string" | "nil" | "return" | "integer" | "simple_symbol":
                return
            case "body_statement" | "then" | "parenthesized_statements" | "begin" | "else" | "ensure" | "do":
                self.walk(node, names, depth)
            case "assignment":
                self._assign(node, names, depth)
            case "if" | "unless" | "if_modifier" | "unless_modifier" | "elsif":
                self._condition(node, names, depth)
            case "call" | "identifier":
                self._call(node, names, depth)
            case "method" | "rescue" | "constant":
                return
            case _:
                self._unread(node, f"{_short(node)} is not followed: what it does is not known here")

    def _assign(self, node: Node, names: dict[str, Value], depth: int) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        names[text_of(left)] = value(right, names)

    def _condition(self, node: Node, names: dict[str, Value], depth: int) -> None:
        """A condition is taken to hold; one about what exists is of the kind that always does."""
        condition = node.child_by_field_name("condition")
        then = node.child_by_field_name("consequence") or node.child_by_field_name("body")
        there = self._is_there(condition, names)
        if there and node.type.startswith("unless"):
            return
        if then is not None and then.type in ("return", "next", "break"):
            if there:
                raise EndsEarlyError
            if not _GUARD.search(text_of(condition)):
                self._say(node, f"ends early {_kind(node)} {_short(condition)}: read as if it went on")
            return
        if not _GUARD.search(text_of(condition)):
            self._say(node, f"runs only {_kind(node)} {_short(condition)}: read as if it did")
        if then is not None:
            self._statement(then, names, depth)

    def _is_there(self, condition: Node | None, names: Names) -> bool:
        """Whether a condition asks for a table or a column that the migrations have made."""
        if condition is None or condition.type != "call":
            return False
        call = read_call(condition, names)
        asked = [one for one in call.arguments if isinstance(one, str)]
        if call.name == "table_exists?" and len(asked) == 1:
            return self._made.has(asked[0])
        return call.name == "column_exists?" and len(asked) > 1 and self._made.has(asked[0], asked[1])

    def _call(self, node: Node, names: dict[str, Value], depth: int) -> None:
        call = read_call(node, names)
        if call.name in _SILENT or depth > _DEEPEST:
            return
        if call.name == "reversible":
            self._reversible(call, names, depth)
        elif call.block is not None and call.name in ("each", "each_with_index", "each_pair"):
            self._each(node, call, names, depth)
        elif call.block is not None and call.name in _THROUGH:
            self._block(call.block, names, depth)
        elif call.name in _TIMEOUTS and call.arguments:
            self._sent(call, [f"SET {_TIMEOUTS[call.name]} = '{call.arguments[0]}s'"])
        elif text_of(call.receiver) in _CONNECTION:
            self._operation(node, call, names, depth)
        elif (bulk := bulk_change(node, names)) is not None:
            self._sent(call, [bulk])
        else:
            self._unread(node, f"what {_short(node)} does with the rows of the tables is not seen")

    def _operation(self, node: Node, call: Call, names: dict[str, Value], depth: int) -> None:
        try:
            inner = list(self._inner(call.block, names)) if call.block is not None else []
            found = statements(call, inner, self._made, self._version)
        except NotReadError as why:
            self._unread(node, f"{call.name} is not checked: {why}")
            return
        except (IndexError, KeyError, TypeError, ValueError):  # Ruby, too, looks at arguments only when it runs
            self._unread(node, f"{call.name} is not checked: it does not have the arguments that Rails takes")
            return
        method = self._methods.get(call.name)
        if found is not None:
            self._sent(call, found)
        elif method is None:
            self._unread(node, f"{call.name} is no operation of Rails that is known here: it is not checked")
        else:
            parameters = method.child_by_field_name("parameters")
            named = [_parameter(one) for one in parameters.named_children] if parameters is not None else []
            given = dict(zip(named, call.arguments, strict=False))
            self.walk(method.child_by_field_name("body"), {**names, **given, **call.options}, depth + 1)

    def _inner(self, block: Node, names: Names) -> Iterator[Call]:
        """The calls on the parameter of a block: `t.string :name`, with those under conditions about what is there."""
        known = dict(names)
        body = block.child_by_field_name("body")
        pending = list(reversed(body.named_children)) if body is not None else []
        while pending:
            node = pending.pop()
            if node.type in ("body_statement", "then"):
                pending.extend(reversed(node.named_children))
            elif node.type in ("if", "unless", "if_modifier", "unless_modifier"):
                then = node.child_by_field_name("consequence") or node.child_by_field_name("body")
                condition = node.child_by_field_name("condition")
                if not _GUARD.search(text_of(condition)):
                    self._say(node, f"runs only {_kind(node)} {_short(condition)}: read as if it did")
                pending.extend([then] if then is not None else [])
            elif node.type == "assignment":
                known[text_of(node.child_by_field_name("left"))] = value(node.child_by_field_name("right"), known)
            elif node.type == "call":
                yield read_call(node, known)
            elif node.type not in ("comment", "heredoc_body"):
                raise NotReadError(f"its block holds {_short(node)}")

    def _reversible(self, call: Call, names: dict[str, Value], depth: int) -> None:
        """The blocks of `dir.up`."""
        body = call.block.child_by_field_name("body") if call.block is not None else None
        for node in body.named_children if body is not None else ():
            if node.type == "call":
                direction = read_call(node, names)
                if direction.name == "up" and direction.block is not None:
                    self._block(direction.block, names, depth)

    def _each(self, node: Node, call: Call, names: dict[str, Value], depth: int) -> None:
        """A loop over a literal, turn by turn."""
        over = value(call.receiver, names)
        turns: list[list[Value]]
        if isinstance(over, dict):
            turns = [[key, one] for key, one in over.items()]
        elif isinstance(over, list):
            turns = [one if isinstance(one, list) else [one] for one in over]
        else:
            self._unread(node, f"{_short(node)} is not followed: over what it loops is not known here")
            return
        parameters = call.block.child_by_field_name("parameters") if call.block is not None else None
        named = [text_of(one) for one in parameters.named_children] if parameters is not None else []
        for number, turn in enumerate(turns):
            given: list[Value] = (
                [turn[0] if len(turn) == 1 else turn, number] if call.name == "each_with_index" else turn
            )
            given = [given] if len(named) == 1 and len(given) > 1 else given
            self._block(call.block, {**names, **dict(zip(named, given, strict=False))}, depth)

    def _block(self, block: Node | None, names: dict[str, Value], depth: int) -> None:
        self.walk(block.child_by_field_name("body") if block is not None else None, names, depth + 1)

    def _sent(self, call: Call, found: list[str]) -> None:
        self.sent.extend(Sent(line=call.line, sql=sql) for sql in found)

    def _unread(self, node: Node, message: str) -> None:
        self.said.append(Said(line=line_of(node), message=message, blocking=True))

    def _say(self, node: Node, message: str) -> None:
        self.said.append(Said(line=line_of(node), message=message, blocking=False))


def _kind(node: Node) -> str:
    return "unless" if node.type.startswith("unless") else "if"


def _short(node: Node | None) -> str:
    """Its first words."""
    text = " ".join(text_of(node).split())
    return text if len(text) <= 60 else f"{text[:57]}…"


def _parameter(node: Node) -> str:
    """Its name, without a default."""
    return text_of(node.child_by_field_name("name") or node)
