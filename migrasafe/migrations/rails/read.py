"""A file of db/migrate → a migration: its class, the version of Rails that it was written for, and what it sends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from migrasafe.migrations.executed import Executed
from migrasafe.migrations.executed_parts import parts_of
from migrasafe.migrations.model import Migration, Notice, Part, TransactionMode
from migrasafe.migrations.rails.made import Made
from migrasafe.migrations.rails.program import Walker
from migrasafe.migrations.rails.ruby import Value, line_of, parse, text_of, value
from migrasafe.regex import regex
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source

if TYPE_CHECKING:
    from tree_sitter import Node

_VERSION = regex(r"Migration\s*\[\s*(\d+)\.(\d+)")
_SCHEMA = regex(r"ActiveRecord::Schema\s*\[\s*(\d+)\.(\d+)")
_UNVERSIONED = (4, 2)
"""What a class that says no version was written for."""
_FIRST_OF_SCHEMAS = (6, 1)
"""What a schema that says none was written by, or by an older one."""


def read_migration(source: Source, id: str, name: str, made: Made, lock_timeout: str | None) -> Migration:
    """What the file sends when it goes up. `lock_timeout` is what the project sets for all migrations.
    Raises InputError where Ruby cannot be parsed here."""
    root = parse(source.text)
    of_class = next((node for node in _all(root) if node.type == "class" and _is_migration(node)), None)
    if of_class is None:
        message = "no class of ActiveRecord::Migration is in it: nothing of it is checked"
        return _made(source, id, name, (), (Notice(path=source.path, line=1, message=message, blocking=True),))
    version = _version(of_class)
    body = of_class.child_by_field_name("body")
    names: dict[str, Value] = {}
    methods: dict[str, Node] = {}
    in_transaction = True
    for node in body.named_children if body is not None else ():
        if node.type == "assignment":
            names[text_of(node.child_by_field_name("left"))] = value(node.child_by_field_name("right"), names)
        elif node.type in ("method", "singleton_method"):
            methods[text_of(node.child_by_field_name("name"))] = node
        elif node.type in ("identifier", "call") and text_of(node) == "disable_ddl_transaction!":
            in_transaction = False
    walker = Walker(methods, made, version)
    up = methods.get("up") or methods.get("change")
    if up is not None:
        walker.run(up.child_by_field_name("body"), names)
    sent = [Executed(sql=one.sql, line=one.line, transaction=0 if in_transaction else None) for one in walker.sent]
    if lock_timeout is not None and sent:
        setting = f"SET lock_timeout = '{lock_timeout}'"
        sent.insert(0, Executed(sql=setting, line=line_of(of_class), transaction=0 if in_transaction else None))
    notices = [
        Notice(path=source.path, line=one.line, message=one.message, blocking=one.blocking) for one in walker.said
    ]
    if root.has_error:
        message = "is not wholly Ruby that can be parsed: what stands there may not be checked"
        notices.append(Notice(path=source.path, line=1, message=message, blocking=True))
    if up is None:
        notices.append(
            Notice(path=source.path, line=line_of(of_class), message="has neither up nor change", blocking=True)
        )
    return _made(source, id, name, parts_of(source.path, sent), tuple(notices), in_transaction=in_transaction)


def read_schema(source: Source) -> Migration:
    """What db/schema.rb says of the database. Raises InputError where Ruby cannot be parsed here."""
    root = parse(source.text)
    walker = Walker({}, Made(), _version_of(_SCHEMA, source.text, _FIRST_OF_SCHEMAS))
    for node in _all(root):
        if node.type == "call" and "ActiveRecord::Schema" in text_of(node.child_by_field_name("receiver")):
            block = node.child_by_field_name("block")
            walker.walk(block.child_by_field_name("body") if block is not None else None, {})
    sent = [Executed(sql=one.sql, line=one.line, transaction=None) for one in walker.sent]
    return _made(source, source.path, "", parts_of(source.path, sent), (), in_transaction=False)


def _made(
    source: Source,
    id: str,
    name: str,
    parts: tuple[Part, ...],
    notices: tuple[Notice, ...],
    *,
    in_transaction: bool = True,
) -> Migration:
    if not parts:
        mode = TransactionMode.ONE if in_transaction else TransactionMode.NONE
        parts = (Part(script=read_script(Source(path=source.path, text="")), wrapped=mode),)
    return Migration(id=id, path=source.path, name=name, parts=parts, notices=notices)


def _all(root: Node) -> list[Node]:
    """The nodes of the file down to the classes, also those in modules."""
    found: list[Node] = []
    for node in root.named_children:
        found.append(node)
        if node.type == "module" and (body := node.child_by_field_name("body")) is not None:
            found.extend(_all(body))
    return found


def _is_migration(node: Node) -> bool:
    return "Migration" in text_of(node.child_by_field_name("superclass"))


def _version(node: Node) -> tuple[int, int]:
    return _version_of(_VERSION, text_of(node.child_by_field_name("superclass")), _UNVERSIONED)


def _version_of(pattern: re.Pattern[str], text: str, otherwise: tuple[int, int]) -> tuple[int, int]:
    match = pattern.search(text)
    return (int(match[1]), int(match[2])) if match else otherwise
