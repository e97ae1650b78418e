"""Every mutant of a module: one node of its syntax tree changed, by mutmut's operators and one of ours."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import libcst as cst
from libcst import matchers
from libcst.metadata import MetadataWrapper, PositionProvider
from msgspec import Struct
from mutmut.mutation.mutators import mutation_operators

_SAYS_NOTHING_AT_RUN_TIME = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom)
_FOR_THE_TYPE_CHECKER = frozenset({"cast", "assert_never", "TypeVar", "NewType"})
_LOOKS_UP = matchers.Comparison() | matchers.MatchValue() | matchers.SubscriptElement()
_STRING = matchers.SimpleString()


class Mutant(Struct, frozen=True, kw_only=True):
    """One change of one place."""

    path: str
    """From the root of the repository."""
    number: int
    """Among the mutants of its file."""
    line: int
    wording: bool
    """What is changed is a sentence that somebody reads: a string with a space in it that is no SQL, and that nothing is
    compared with or looked up by."""


class Change(Struct, frozen=True, kw_only=True):
    """What a mutant is in its file."""

    source: str
    removed: str
    """The lines that differ, as they are, and as the mutant has them."""
    added: str


def mutants_of(path: Path, root: Path) -> list[Mutant]:
    """The mutants of a module, in the order of its text."""
    name = path.relative_to(root).as_posix()
    wrapper = _parsed(path)
    keys = {
        id(key) for place in matchers.findall(wrapper.module, _LOOKS_UP) for key in matchers.findall(place, _STRING)
    }
    return [
        Mutant(path=name, number=number, line=line, wording=_is_sentence(node) and id(node) not in keys)
        for number, (node, _, line) in enumerate(_changes(wrapper))
    ]


def changes_of(path: Path, numbers: Collection[int]) -> dict[int, Change]:
    """The module as these of its mutants have it."""
    wrapper = _parsed(path)
    return {
        number: _changed(wrapper.module, node, changed)
        for number, (node, changed, _) in enumerate(_changes(wrapper))
        if number in numbers
    }


def changes_of_text(path: Path, removed: Collection[str]) -> Iterator[tuple[int, Change]]:
    """The mutants of a module that change one of these texts: the line and the module as each has it."""
    wrapper = _parsed(path)
    written = wrapper.module.code.splitlines()
    wanted = {line for line, text in enumerate(written, 1) if text.strip() and any(text.strip() in r for r in removed)}
    places = wrapper.resolve(PositionProvider)
    for node, changed, line in _changes(wrapper):
        if wanted.intersection(range(line, places[node].end.line + 1)):
            yield line, _changed(wrapper.module, node, changed)


def _changed(module: cst.Module, node: cst.CSTNode, changed: cst.CSTNode) -> Change:
    after = module.deep_replace(node, changed)
    assert isinstance(after, cst.Module)
    lines = list(difflib.unified_diff(module.code.splitlines(), after.code.splitlines(), n=0, lineterm=""))[2:]
    return Change(
        source=after.code,
        removed=" ".join(one[1:].strip() for one in lines if one.startswith("-")),
        added=" ".join(one[1:].strip() for one in lines if one.startswith("+")),
    )


def _parsed(path: Path) -> MetadataWrapper:
    return MetadataWrapper(cst.parse_module(path.read_text(encoding="utf-8")))


def _changes(wrapper: MetadataWrapper) -> Iterator[tuple[cst.CSTNode, cst.CSTNode, int]]:
    """Each node that can be changed, what it becomes, and its line."""
    lines = wrapper.resolve(PositionProvider)
    for node in _nodes(wrapper.module):
        for changed in _variants(node):
            yield node, changed, lines[node].start.line


def _nodes(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The nodes below that say what happens: no annotations, decorators, docstrings, or what a class is made of."""
    if isinstance(node, _SAYS_NOTHING_AT_RUN_TIME) or _is_for_the_type_checker(node):
        return
    if isinstance(node, cst.Expr) and isinstance(node.value, cst.BaseString):
        return
    yield node
    for child in (node.body,) if isinstance(node, cst.ClassDef) else node.children:
        yield from _nodes(child)


def _is_for_the_type_checker(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Name):
        return node.func.value in _FOR_THE_TYPE_CHECKER
    return isinstance(node, cst.If) and isinstance(node.test, cst.Name) and node.test.value == "TYPE_CHECKING"


def _variants(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for kind, operator in mutation_operators:
        if isinstance(node, kind):
            changed: Iterable[cst.CSTNode] = operator(node)
            yield from changed
    yield from _negated(node)


def _negated(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """`if a:` → `if not a:`, which mutmut has for some operators only."""
    if isinstance(node, (cst.If, cst.CompIf)):
        test = node.test.with_changes(lpar=[*node.test.lpar, cst.LeftParen()], rpar=[*node.test.rpar, cst.RightParen()])
        negated = cst.UnaryOperation(operator=cst.Not(), expression=test)
        yield node.with_changes(test=negated, whitespace_before_test=cst.SimpleWhitespace(" "))


def _is_sentence(node: cst.CSTNode) -> bool:
    if not isinstance(node, cst.SimpleString):
        return False
    words = str(node.evaluated_value).split()
    return len(words) > 1 and not (words[0].isupper() and len(words[0]) > 1)
