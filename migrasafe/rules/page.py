"""The rule book: one Markdown page per rule, with its facts, and examples that tests run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import msgspec
from msgspec import Struct

from migrasafe.errors import ConfigError
from migrasafe.target import DEFAULT, NEWEST, OLDEST
from migrasafe.toml_file import Place, parsed_toml

SECTIONS = ("Why", "Given", "Bad", "Good", "When it is fine")


LockName = Literal[
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
]
WorkName = Literal["none", "table rewrite", "index build", "scan", "bulk write", "bulk read", "file copy"]


class FactsOfVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What differs on one major version."""

    lock: LockName | None = None
    work: WorkName | None = None


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the first block of a page says."""

    title: str
    severity: Literal["error", "warning", "info"]
    """As the rule reports at most."""
    category: Literal["lock", "compatibility", "failure", "data", "practice"]
    """What it protects: other sessions, the app version still running, the migration itself, the data, good habits."""
    lock: LockName | None = None
    """The strongest lock that the bad examples take on a table that was there before."""
    work: WorkName | None = None
    """The most that they do under it; the words of effects.model.WorkKind."""
    fails: str | None = None
    """The SQLSTATE with which the bad examples fail."""
    unmeasured: str | None = None
    """Why a server is not asked whether lock and work are true."""
    since: str
    default: bool = True
    versions: dict[str, FactsOfVersion] = {}
    """Facts that differ on one major version, by its number."""

    def lock_on(self, major: int) -> str | None:
        """The lock on this major version."""
        own = self.versions.get(str(major))
        return own.lock if own is not None and own.lock else self.lock

    def work_on(self, major: int) -> str | None:
        """The work on this major version."""
        own = self.versions.get(str(major))
        return own.work if own is not None and own.work else self.work


class Block(Struct, frozen=True, kw_only=True):
    """A fenced block of a page."""

    language: str
    """`sql`, `python`, `text` or `toml`."""
    words: frozenset[str]
    """What stands behind the language and says how it is run: `no-transaction`, `next`, `edited`, `late`, `pg18`, `pg12-17`."""
    text: str
    span: tuple[int, int]
    """Where its text stands in the page."""

    @property
    def majors(self) -> range:
        """The major versions it is meant for."""
        for word in self.words:
            versions = _VERSIONS.fullmatch(word)
            if versions is not None:
                return range(int(versions["first"]), int(versions["last"] or NEWEST) + 1)
        return range(OLDEST, NEWEST + 1)

    @property
    def pg_version(self) -> int:
        """The version to lint it for: the default one, or the nearest on which it is meant to run."""
        return min(max(DEFAULT, self.majors[0]), self.majors[-1])


class Page(Struct, frozen=True, kw_only=True):
    id: str
    facts: Facts
    text: str
    why: str
    given: tuple[Block, ...]
    bad: tuple[Block, ...]
    """Migrations, each followed by the text block with what migrasafe prints about it."""
    good: tuple[Block, ...]
    """Migrations, each of them after what is given; with the word `next`, also after the one before it."""
    when_fine: str

    def before(self, block: Block) -> tuple[Block, ...]:
        """What has run when this block runs."""
        if "next" not in block.words:
            return self.given
        earlier = self.good[self.good.index(block) - 1]
        return (*self.before(earlier), earlier)


def pages_folder() -> Path:
    """Beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent.parent
    packaged = package / "rule_pages"
    return packaged if packaged.is_dir() else package.parent / "rules"


def page_path(page_id: str) -> Path:
    return pages_folder() / f"{page_id}.md"


def page_ids(own: Mapping[str, str] = MappingProxyType({})) -> tuple[str, ...]:
    """The ids of all pages, in their order. `own`: the files of those that are not ours."""
    ours = (path.stem for path in pages_folder().glob("*.md") if path.stem != "README")
    return tuple(sorted((*ours, *own)))


def read_page(page_id: str, own: Mapping[str, str] = MappingProxyType({})) -> Page:
    """One page. `own`: the files of those that are not ours. Raises ConfigError that names the file and what is wrong."""
    path = Path(own[page_id]) if page_id in own else page_path(page_id)
    return parse_page(page_id, path.read_text(encoding="utf-8"), str(path))


_FENCE = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```\s*$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^## (?P<title>.+?)\s*$", re.MULTILINE)


def parse_page(page_id: str, text: str, shown: str) -> Page:
    if not text.startswith(f"# {page_id}\n"):
        raise ConfigError(f"{shown}:1: the page must begin with “# {page_id}”")
    sections = _sections(text, shown)
    blocks = [_block(match, shown, text.count("\n", 0, match.start()) + 1) for match in _FENCE.finditer(text)]
    if not blocks or blocks[0].language != "toml":
        raise ConfigError(f"{shown}: the first block must be the facts, in toml")
    facts = _facts("\n" * text.count("\n", 0, blocks[0].span[0]) + blocks[0].text, shown)

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
        bad=_in_turns(within("Bad"), shown),
        good=_chains(within("Good"), shown),
        when_fine=text[slice(*sections["When it is fine"])].strip(),
    )


def _facts(text: str, shown: str) -> Facts:
    """Of the block, behind as many lines as the page has before it."""
    raw = parsed_toml(text, shown)
    try:
        return msgspec.convert(raw, Facts)
    except msgspec.ValidationError as error:
        key = _KEY_SAID.search(str(error))
        place = Place(shown, text, (key[1] or key[2],) if key else ())
        raise ConfigError(f"{place.line}: facts: {error}") from error


_KEY_SAID = re.compile(r"`\$\.(\w+)|unknown field `([^`]+)`$")
"""Of ``Expected `str`, got `int` - at `$.title` ``."""


def _in_turns(blocks: tuple[Block, ...], shown: str) -> tuple[Block, ...]:
    languages = [block.language for block in blocks]
    if not blocks or len(blocks) % 2 or set(languages[::2]) - {"sql", "python"} or set(languages[1::2]) != {"text"}:
        raise ConfigError(f"{shown}: Bad must have sql or python blocks, each followed by a text block with its output")
    return blocks


def _chains(blocks: tuple[Block, ...], shown: str) -> tuple[Block, ...]:
    if blocks and "next" in blocks[0].words:
        raise ConfigError(f"{shown}: the first block of Good is not next to any")
    return blocks


_WORDS = frozenset({"no-transaction", "next", "edited", "renamed", "late"})
_VERSIONS = re.compile(r"pg(?P<first>1[2-8])(?:-(?P<last>1[2-8]))?")


def _block(match: re.Match[str], shown: str, line: int) -> Block:
    language, *words = match.group("info").split() or [""]
    if language not in ("sql", "python", "text", "toml"):
        raise ConfigError(f"{shown}:{line}: a block must be sql, python, text or toml, not {language or 'nothing'}")
    unknown = [word for word in words if word not in _WORDS and not _VERSIONS.fullmatch(word)]
    if unknown:
        raise ConfigError(
            f"{shown}:{line}: {unknown[0]} is not known here: write no-transaction, next, edited, renamed, late, pg15 or pg12-14"
        )
    return Block(language=language, words=frozenset(words), text=match.group("text"), span=match.span("text"))


def _sections(text: str, shown: str) -> dict[str, tuple[int, int]]:
    found = [(match.group("title"), match.start(), match.end()) for match in _HEADING.finditer(text)]
    titles = tuple(title for title, _, _ in found)
    if titles != SECTIONS:
        raise ConfigError(
            f"{shown}: the sections must be {', '.join(SECTIONS)}, in this order; found {', '.join(titles)}"
        )
    starts = [start for _, start, _ in found[1:]] + [len(text)]
    return {title: (end, start) for (title, _, end), start in zip(found, starts, strict=True)}
