"""Liquibase: changelogs in XML, YAML or JSON, and formatted SQL, changesets in files that open with `--liquibase formatted sql`.

Each changeset is a transaction of its own. https://docs.liquibase.com/concepts/changelogs/sql-format.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from migrasafe.migrations.executed_parts import parts_of
from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.liquibase_changelog import Changeset, included
from migrasafe.migrations.formats.make import up_script
from migrasafe.migrations.formats.markers import share_marked
from migrasafe.migrations.formats.order import natural
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History, Migration, Notice, Part, TransactionMode
from migrasafe.migrations.template import mask
from migrasafe.regex import regex
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Span

HEADER = regex(r"^\s*--\s*liquibase\s+formatted\s+sql", re.IGNORECASE | re.MULTILINE)
_CHANGESET = regex(
    r"""^[ \t]*--[ \t]*changeset[ \t]+(?P<author>[^:\n]+):(?P<id>"[^"\n]*"|\S+)(?P<attributes>[^\n]*)""",
    re.IGNORECASE | re.MULTILINE,
)
_IGNORED = regex(
    r"^[ \t]*--[ \t]*ignoreLines:[ \t]*(?:(?P<count>\d+)[^\n]*|start\b.*?(?:^[ \t]*--[ \t]*ignoreLines:[ \t]*end\b[^\n]*|\Z))",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_ATTRIBUTE = regex(r"""(?P<key>[A-Za-z]+):(?P<value>"[^"]*"|\S+)""")
_LONGEST_COUNT = 9
"""Digits of `ignoreLines`: no file has so many lines."""
_PLACEHOLDER = r"\$\{[A-Za-z_][\w.:-]*\}"
_POSTGRES = frozenset({"postgresql", "all"})


class _Changeset(Struct, frozen=True, kw_only=True):
    id: str
    span: Span
    attributes: dict[str, str]


def claims(folder: Folder) -> Claim | None:
    """Claim a folder of formatted SQL, or one whose changelog includes such files."""
    if share_marked(folder, [file for file in folder.files if file.endswith(".sql")], HEADER):
        return Claim(strength=Strength.OWN, why="files with `--liquibase formatted sql`")
    changelog = included(folder)
    if changelog is not None and changelog.steps:
        return Claim(strength=Strength.OWN, why=f"{changelog.path} is a changelog")
    return None


def read(folder: Folder) -> History:
    """Read what the changelog runs, or the files in natural order where there is none. Raises InputError."""
    changelog = included(folder)
    direct = sorted((file for file in folder.files if file.endswith(".sql")), key=natural)
    steps: tuple[str | Changeset, ...] = tuple(direct) if changelog is None else changelog.steps
    left = [file for file in direct if file not in steps]
    return History(
        layout="liquibase",
        root=folder.path,
        migrations=tuple(_migrations(folder, steps)),
        notices=(
            *(changelog.notices if changelog else ()),
            *(
                Notice(path=folder.place(file), line=1, message="not read: the changelog does not include it")
                for file in left
            ),
        ),
    )


def _migrations(folder: Folder, steps: Sequence[str | Changeset]) -> Iterator[Migration]:
    """A file of SQL is a migration, and so are the changesets that stand together in a changelog."""
    seen: Counter[str] = Counter()
    for path, group in groupby(steps, key=_file):
        together = [step for step in group if isinstance(step, Changeset)]
        if together:
            seen[path] += 1
            yield _of_changelog(path, together, again=seen[path])
        elif folder.has(path):
            yield _migration(folder, path)


def _file(step: str | Changeset) -> str:
    return step if isinstance(step, str) else step.path


def _of_changelog(path: str, changesets: Sequence[Changeset], *, again: int) -> Migration:
    name = re.sub(r"\.\w+$", "", path.rpartition("/")[2])
    return Migration(
        id=name if again == 1 else f"{name} ({again})",
        path=path,
        parts=tuple(part for one in changesets for part in parts_of(path, one.executed)),
        repeatable=all(one.repeatable for one in changesets),
        notices=tuple(notice for one in changesets for notice in one.notices),
    )


def _migration(folder: Folder, file: str) -> Migration:
    masked = mask(folder.source(file), _PLACEHOLDER, _property, "Liquibase")
    source, notices = masked.source, list(masked.notices)
    if not HEADER.search(source.text):
        part = Part(script=up_script(source))  # <sqlFile>: all of it is one change
        return Migration(id=file, path=source.path, parts=(part,), notices=tuple(notices))
    source = _without_ignored(source)
    changesets = _changesets(source)
    if not changesets:
        message = "holds no changeset, of which Liquibase would run nothing: it was read as a whole"
        notices.append(Notice(path=source.path, line=1, message=message))
        return Migration(id=file, path=source.path, parts=(Part(script=up_script(source)),), notices=tuple(notices))
    source = _with_semicolons(source, changesets)
    parts: list[Part] = []
    repeated: list[bool] = []
    for changeset in changesets:
        line = source.position(changeset.span.start)[0]
        if (why := _left_out(changeset)) is not None:
            message = f"changeset {changeset.id} was not read: {why}"
            notices.append(Notice(path=source.path, line=line, message=message))
            continue
        alone = changeset.attributes.get("runintransaction", "true").lower() == "false"
        mode = TransactionMode.NONE if alone else TransactionMode.ONE
        header = () if parts else (Span(0, changesets[0].span.start),)  # comments, where suppressions may stand
        parts.append(Part(script=up_script(source, (*header, changeset.span)), wrapped=mode))
        repeated.append(
            any(changeset.attributes.get(key, "").lower() == "true" for key in ("runonchange", "runalways"))
        )
    return Migration(
        id=file.removesuffix(".sql"),
        path=source.path,
        parts=tuple(parts),
        repeatable=bool(repeated) and all(repeated),
        notices=tuple(notices),
    )


def _property(placeholder: str) -> str:
    return re.sub(r"\W+", "_", placeholder[2:-1]).strip("_").lower()


def _without_ignored(source: Source) -> Source:
    """The lines after `--ignoreLines:3`, and those between `:start` and `:end`, are blanked."""
    text = source.text
    for match in _IGNORED.finditer(source.text):
        end = match.end()
        left = int((match["count"] or "0")[:_LONGEST_COUNT])
        while left > 0 and end < len(source.text):
            end = source.text.find("\n", end + 1)
            end = len(source.text) if end < 0 else end
            left -= 1
        begin = match.start()
        text = text[:begin] + re.sub(r"[^\n]", " ", text[begin:end]) + text[end:]
    return source.filled(text)


def _changesets(source: Source) -> list[_Changeset]:
    """From each changeset line to the next; rollbacks are comments, so nothing of them is read."""
    matches = list(_CHANGESET.finditer(source.text))
    ends = [*(match.start() for match in matches), len(source.text)][1:]
    return [
        _Changeset(
            id=f"{match['author'].strip()}:{match['id']}".replace('"', ""),
            span=Span(match.end(), end),
            attributes={
                found["key"].lower(): found["value"].strip('"') for found in _ATTRIBUTE.finditer(match["attributes"])
            },
        )
        for match, end in zip(matches, ends, strict=True)
    ]


def _left_out(changeset: _Changeset) -> str | None:
    """Why PostgreSQL does not get a changeset."""
    databases = {name.strip().lower() for name in changeset.attributes.get("dbms", "").split(",") if name.strip()}
    wanted = {name for name in databases if not name.startswith("!")}
    if "!postgresql" in databases or "none" in databases or (wanted and not wanted & _POSTGRES):
        return f"dbms:{changeset.attributes['dbms']} leaves PostgreSQL out"
    if changeset.attributes.get("ignore", "").lower() == "true":
        return "it says ignore:true"
    return None


def _with_semicolons(source: Source, changesets: list[_Changeset]) -> Source:
    """A delimiter of their own, as `endDelimiter:/`, becomes a semicolon, filled with spaces."""
    text = source.text
    for changeset in changesets:
        delimiter = changeset.attributes.get("enddelimiter", ";").replace("\\n", "\n").strip()
        if delimiter and delimiter != ";":
            begin, end = changeset.span
            alone = re.compile(rf"{re.escape(delimiter)}(?=[ \t\r]*$)", re.MULTILINE)
            body = alone.sub(";" + " " * (len(delimiter) - 1), text[begin:end])
            text = text[:begin] + body + text[end:]
    return source.filled(text)
