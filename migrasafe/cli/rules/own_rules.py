"""Rules that a project has written for itself: Python modules with RULE or RULES, and beside each a page per rule."""

from __future__ import annotations

import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

from msgspec.structs import replace

from migrasafe.config import find_config
from migrasafe.errors import ConfigError, InputError
from migrasafe.findings import Finding
from migrasafe.rules.book import ABOUT_COMMENTS, Book
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.page import parse_page
from migrasafe.rules.registry import RULES

_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def book_with(paths: Sequence[str]) -> Book:
    """Our rules and those of these modules, or of the modules in these folders. Raises InputError that says what is wrong with
    a module, a rule or a page."""
    if not paths:
        return Book()
    taken = {rule.id for rule in RULES} | set(ABOUT_COMMENTS)
    rules: list[Rule] = []
    pages: dict[str, str] = {}
    for file in _files(paths):
        for rule in _rules(file):
            if rule.id in taken:
                raise InputError(f"{file}: there is a rule {rule.id} already; give this one another id")
            taken.add(rule.id)
            pages[rule.id] = _checked_page(rule, file)
            rules.append(replace(rule, check=_guarded(rule, file)))
    return Book(rules=(*RULES, *rules), own_pages=pages)


def book_of_project() -> Book:
    """Our rules and those that the config at or above the working folder names. Raises InputError."""
    return book_with(find_config(Path.cwd()).rules or ())


def _files(paths: Sequence[str]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_dir():
            found = [one for one in sorted(path.glob("*.py")) if not one.name.startswith("_")]
            if not found:
                raise InputError(f"{path}: holds no modules with rules (rules, in the config)")
            yield from found
        elif path.is_file():
            yield path
        else:
            raise InputError(f"{path}: there is no such module or folder (rules, in the config)")


def _rules(file: Path) -> tuple[Rule, ...]:
    module = _imported(file)
    found = getattr(module, "RULES", None)
    if found is None:
        found = (module.RULE,) if hasattr(module, "RULE") else None
    if found is None:
        raise InputError(f"{file}: has neither RULE nor RULES")
    if not isinstance(found, tuple | list) or not all(isinstance(one, Rule) for one in found):
        raise InputError(f"{file}: RULES must be a tuple of migrasafe.rules.context.Rule")
    for rule in found:
        if not _ID.fullmatch(rule.id):
            raise InputError(f"{file}: {rule.id!r} is no id of a rule: use small letters, digits and single hyphens")
    return tuple(found)


def _imported(file: Path) -> ModuleType:
    """The module, imported with its folder on the path, so that it can use what lies beside it."""
    name = f"migrasafe_own_rules_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise InputError(f"{file}: is no Python module")
    module = importlib.util.module_from_spec(spec)
    folder, writes = str(file.resolve().parent), sys.dont_write_bytecode
    sys.modules[name] = module  # for what looks itself up there, as dataclasses do
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True  # nothing is left in the project
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise InputError(f"{_where(file, error)}: cannot be imported: {_said(error)}") from error
    finally:
        sys.path.remove(folder)
        sys.dont_write_bytecode = writes
    return module


def _checked_page(rule: Rule, file: Path) -> str:
    page = file.with_name(f"{rule.id}.md")
    try:
        facts = parse_page(rule.id, page.read_text(encoding="utf-8"), str(page)).facts
    except FileNotFoundError as error:
        raise InputError(f"{page}: the page of the rule {rule.id} is missing; docs/own-rules.md shows one") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{page}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    except ConfigError as error:
        raise InputError(str(error)) from error
    if facts.default != rule.default:
        raise InputError(f"{page}: default is {str(facts.default).lower()} here and the opposite in {file}")
    return str(page)


def _guarded(rule: Rule, file: Path) -> Callable[[Step], Iterable[Finding]]:
    """The check, whose mistakes are the project's and not ours."""

    def check(step: Step) -> Iterable[Finding]:
        try:
            found: tuple[object, ...] = tuple(rule.check(step))
        except (Exception, SystemExit) as error:
            place = step.place(None)
            raise InputError(
                f"{_where(file, error)}: the rule {rule.id} failed at {place.path}:{place.line}: {_said(error)}"
            ) from error
        wrong = [one for one in found if not isinstance(one, Finding) or one.rule != rule.id]
        if wrong:
            raise InputError(f"{file}: the rule {rule.id} gave {wrong[0]!r}, not a finding of its own")
        return tuple(one for one in found if isinstance(one, Finding))

    return check


def _where(file: Path, error: BaseException) -> str:
    """The file, with the line of it that was at work when this happened."""
    if isinstance(error, SyntaxError) and error.lineno is not None:
        return f"{file}:{error.lineno}"
    steps = traceback.extract_tb(error.__traceback__)
    lines = [step.lineno for step in steps if Path(step.filename).absolute() == file.absolute()]
    return f"{file}:{lines[-1]}" if lines else str(file)


def _said(error: BaseException) -> str:
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
