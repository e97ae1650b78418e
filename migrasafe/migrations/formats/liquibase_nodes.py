"""A changelog of Liquibase in XML, YAML or JSON as one tree, each node with the line that it stands in."""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from msgspec import Struct, field

from migrasafe.errors import InputError
from migrasafe.sql.source import Source


class Node(Struct, kw_only=True):
    """An element of XML, or a key of YAML with what stands below it."""

    name: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    text: str = ""
    text_line: int = 0
    """Where the text begins."""

    def get(self, name: str, otherwise: str = "") -> str:
        return self.attributes.get(name, otherwise).strip()

    def says(self, name: str, *, otherwise: bool = False) -> bool:
        """A yes or no."""
        return self.get(name, str(otherwise)).lower() == "true"

    def all(self, name: str) -> list[Node]:
        return [child for child in self.children if child.name == name]


def read_nodes(source: Source) -> Node:
    """The root, `databaseChangeLog`. Raises InputError for a text that is no XML or YAML."""
    return _xml(source) if source.path.endswith(".xml") else _yaml(source)


def _xml(source: Source) -> Node:
    root = Node(name="", line=1)
    open_nodes = [root]
    texts: list[list[str]] = [[]]
    parser = expat.ParserCreate("utf-8")  # which it is by now, whatever the file says of itself

    def start(name: str, attributes: dict[str, str]) -> None:
        node = Node(name=name.rpartition(":")[2], line=parser.CurrentLineNumber, attributes=dict(attributes))
        open_nodes[-1].children.append(node)
        open_nodes.append(node)
        texts.append([])

    def end(_: str) -> None:
        open_nodes.pop().text = "".join(texts.pop())

    def data(text: str) -> None:
        if not texts[-1]:
            if not text.strip():
                return
            open_nodes[-1].text_line = parser.CurrentLineNumber
        texts[-1].append(text)

    def entity(*_: object) -> None:  # a few lines of them can stand for gigabytes
        raise InputError(
            f"{source.path}:{parser.CurrentLineNumber}: declares an entity, which is not read: write it out"
        )

    parser.EntityDeclHandler = entity
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, data
    try:
        parser.Parse(source.text.encode(errors="replace"), True)  # noqa: FBT003  # expat's own signature
    except expat.ExpatError as error:
        raise InputError(f"{source.path}:{error.lineno}: is no XML: {expat.ErrorString(error.code)}") from error
    return root.children[0] if root.children else root


def _yaml(source: Source) -> Node:
    import yaml  # here, because few projects have such a changelog

    try:
        document = yaml.compose(source.text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise InputError(f"{source.path}:{line}: is no YAML: {getattr(error, 'problem', error)}") from error
    root = Node(name="databaseChangeLog", line=1)
    if isinstance(document, yaml.MappingNode):
        for key, value in document.value:
            if key.value == "databaseChangeLog":
                _below(root, "", value, yaml)
    return root


def _below(node: Node, key: str, value: Any, yaml: Any) -> None:
    """Put what a key says into its node: words as attributes, `changes`, `columns` and their like without a level of their own."""
    if isinstance(value, yaml.ScalarNode):
        node.attributes[key] = value.value
        if key == "sql" or not node.text_line:
            node.text_line = value.start_mark.line + 1 + (value.style in ("|", ">"))
        return
    for item in value.value:
        pairs = [item] if isinstance(value, yaml.MappingNode) else _pairs(item, yaml)
        for name, inner in pairs:
            if isinstance(inner, yaml.ScalarNode):
                if isinstance(value, yaml.MappingNode):
                    _below(node, name.value, inner, yaml)
                else:
                    child = Node(name=name.value, line=name.start_mark.line + 1, text_line=name.start_mark.line + 1)
                    child.attributes[name.value] = inner.value
                    node.children.append(child)
            elif isinstance(inner, yaml.SequenceNode):
                _below(node, name.value, inner, yaml)
            else:
                child = Node(name=name.value, line=name.start_mark.line + 1)
                _below(child, "", inner, yaml)
                node.children.append(child)


def _pairs(item: Any, yaml: Any) -> list[Any]:
    return list(item.value) if isinstance(item, yaml.MappingNode) else []
