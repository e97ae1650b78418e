"""The rule book: one Markdown page per rule, with its facts, and examples that tests run."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from migrasafe.errors import ConfigError

SECTIONS = ("Why", "Given", "Bad", "Good", "When it is fine")


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the first block of a page says."""

    title: str
    severity: str
    """`error` | `warning` | `info`, as the rule reports at most."""
    lock: str | None = None
    """The strongest lock that the bad examples take on a table that was there before."""
    work: str | None = None
    """The words of effects.model.WorkKind."""
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block of a page."""

    language: str
    words: frozenset[str]
    """What stands behind the language: `no-transaction`, `pg18`."""
    text: str
    span: tuple[int, int]
    """Where its text stands in the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    id: str
    facts: Facts
    text: str
    why: str
    given: tuple[Block, ...]
    bad: tuple[Block, ...]
    """SQL blocks, each followed by the text block with its output."""
    good: tuple[Block, ...]


def pages_folder() -> Path:
    """Beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent.parent
    packaged = package / "rule_pages"
    return packaged if packaged.is_dir() else package.parent / "rules"


def page_ids() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in pages_folder().glob("*.md") if path.stem != "README"))


def read_page(page_id: str) -> Page:
    """One page. Raises ConfigError that names the file and what is wrong with it."""
    path = pages_folder() / f"{page_id}.md"
    return parse_page(page_id, path.read_text(encoding="utf-8"), str(path))


_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```\s*$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^## (?P<title>.+?)\s*$", re.MULTILINE)


def parse_page(page_id: str, text: str, shown: str) -> Page:
    if not text.startswith(f"# {page_id}\n"):
        raise ConfigError(f"{shown}:1: the page must begin with “# {page_id}”")
    sections = _sections(text, shown)
    blocks = [_block(match) for match in _FENCE.finditer(text)]
    if not blocks or blocks[0].language != "toml":
        raise ConfigError(f"{shown}: the first block must be the facts, in toml")
    try:
        raw: dict[str, Any] = tomllib.loads(blocks[0].text)
        facts = msgspec.convert(raw, Facts)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{shown}: facts: {error}") from error
    if facts.severity not in ("error", "warning", "info"):
        raise ConfigError(f"{shown}: facts: severity must be error, warning or info, not {facts.severity}")

    def within(title: str) -> tuple[Block, ...]:
        start, end = sections[title]
        return tuple(block for block in blocks if start <= block.span[0] < end)

    why_start, why_end = sections["Why"]
    return Page(
        id=page_id,
        facts=facts,
        text=text,
        why=text[why_start:why_end].strip(),
        given=within("Given"),
        bad=within("Bad"),
        good=within("Good"),
    )


def _block(match: re.Match[str]) -> Block:
    words = match.group("info").split()
    return Block(
        language=words[0] if words else "",
        words=frozenset(words[1:]),
        text=match.group("text"),
        span=match.span("text"),
    )


def _sections(text: str, shown: str) -> dict[str, tuple[int, int]]:
    found = [(match.group("title"), match.start(), match.end()) for match in _HEADING.finditer(text)]
    titles = tuple(title for title, _, _ in found)
    if titles != SECTIONS:
        raise ConfigError(
            f"{shown}: the sections must be {', '.join(SECTIONS)}, in this order; found {', '.join(titles)}"
        )
    starts = [start for _, start, _ in found[1:]] + [len(text)]
    return {title: (end, start) for (title, _, end), start in zip(found, starts, strict=True)}
