"""Writes the registry of rules from what their modules say: `tools/render_docs.py` puts it in its place."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from migrasafe.rules.context import Rule
from migrasafe.rules.page import page_ids

REGISTRY = Path(__file__).resolve().parent.parent / "migrasafe" / "rules" / "registry.py"

_HEAD = '''"""The rule book: every rule, by name, and when it is asked. One module and one page in /rules for each.

Written by `tools/render_docs.py` from what the modules say, so that a module is imported only once a statement comes by that
its rule looks at.
"""

from __future__ import annotations

from collections.abc import Collection

from migrasafe.effects.model import Cause
from migrasafe.rules.context import Rule
from migrasafe.rules.later import Later
from migrasafe.sql import statements as sql


def _rule(
    id: str,
    *on: type[sql.Statement],
    actions: tuple[type[sql.Action], ...] = (),
    causes: Collection[Cause] = (),
    default: bool = True,
    needs_work: bool = False,
    needs_failure: bool = False,
    needs_lock: bool = False,
    needs_held_lock: bool = False,
    needs_new_syntax: bool = False,
    needs_git: bool = False,
    once: bool = False,
) -> Rule:
    return Rule(
        id=id,
        check=Later(id.replace("-", "_")),
        on=on,
        actions=actions,
        default=default,
        needs_work=needs_work or bool(causes),
        causes=frozenset(causes),
        needs_failure=needs_failure,
        needs_lock=needs_lock,
        needs_held_lock=needs_held_lock,
        needs_new_syntax=needs_new_syntax,
        needs_git=needs_git,
        once=once,
    )


RULES: tuple[Rule, ...] = (
'''
_TAIL = ''')
"""In alphabetical order of their ids."""
'''
_FLAGS = ("needs_work", "needs_failure", "needs_lock", "needs_held_lock", "needs_new_syntax", "needs_git", "once")


def registry() -> str:
    """The text of migrasafe/rules/registry.py as it should be: a rule for every page that has a module."""
    entries = "".join(f"    {_entry(rule)},\n" for rule in _rules())
    return _formatted(_HEAD + entries + _TAIL)


def _rules() -> Iterable[Rule]:
    for page_id in page_ids():
        module = page_id.replace("-", "_")
        if REGISTRY.with_name(f"{module}.py").exists():  # there are pages about comments too
            rule: Rule = import_module(f"migrasafe.rules.{module}").RULE
            yield rule


def _entry(rule: Rule) -> str:
    said = [f'"{rule.id}"', *(f"sql.{one.__name__}" for one in rule.on)]
    if rule.actions:
        said.append(f"actions=({_listed(f'sql.{one.__name__}' for one in rule.actions)})")
    if rule.causes:
        said.append(f"causes=({_listed(sorted(f'Cause.{one.name}' for one in rule.causes))})")
    if not rule.default:
        said.append("default=False")
    said.extend(f"{flag}=True" for flag in _FLAGS if getattr(rule, flag) and not (flag == "needs_work" and rule.causes))
    return f"_rule({', '.join(said)})"


def _listed(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed) if len(listed) > 1 else f"{listed[0]},"


def _formatted(text: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(REGISTRY), "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout
