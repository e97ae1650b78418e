"""The report for people: what waits or breaks, where in their file, and what to do instead."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from migrasafe.findings import Finding, FixKind, Severity
from migrasafe.lint import LintedMigration, LintResult
from migrasafe.migrations.model import Notice
from migrasafe.quantities import say_count
from migrasafe.report.excerpt import MOST_COLUMNS, Lines, printable, rows
from migrasafe.report.hanging import filled, hanging
from migrasafe.report.notices import Group, others
from migrasafe.report.notices import groups as grouped
from migrasafe.report.words import WIDTH, counted, not_checked, notices, say_severity

_COLORS = {Severity.ERROR: "31;1", Severity.WARNING: "33;1", Severity.INFO: "36;1"}
_DIM = "2"
_HANGING = 8
_LINES_OF_SQL = 40
_LETTERS_OF_NOTE = 400


def render(
    result: LintResult, texts: Mapping[str, str] | None = None, *, color: bool = False, width: int | None = None
) -> str:
    """The whole report, file by file, with a summary as its last line, which is wrapped only on a terminal of `width` columns.

    `texts` are the Python and Go files, by path, that SQL was rendered from.
    """
    paint = _Paint(color=color, width=width)
    groups = {(group.message, group.blocking): group for group in grouped(notices(result))}

    def told(some: Sequence[Notice]) -> Iterator[str]:
        """Each message once, where it comes first."""
        firsts = (groups.pop((notice.message, notice.blocking), None) for notice in some)
        return (_notice(group, paint) for group in firsts if group is not None)

    blocks = list(told(result.notices))
    for migration in result.migrations:
        blocks.extend(told(migration.notices))
        blocks.extend(_findings(migration, texts or {}, paint))
    blocks.append(_summary(result, paint))
    return "\n\n".join(blocks) + "\n"


def render_findings(migration: LintedMigration, texts: Mapping[str, str] | None = None) -> str:
    """The findings of one migration without the summary, as the rule pages show them."""
    return "\n\n".join(_findings(migration, texts or {}, _Paint(color=False))) + "\n"


def summary(result: LintResult, *, color: bool = False, width: int | None = None) -> str:
    """The last line of the report, wrapped on a terminal of `width` columns."""
    return _summary(result, _Paint(color=color, width=width))


class _Paint:
    """Colour, on a terminal only; and how wide the text is."""

    def __init__(self, *, color: bool, width: int | None = None) -> None:
        self._color = color
        self.terminal = width
        self.width = width or WIDTH

    def __call__(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._color else text


def _findings(migration: LintedMigration, texts: Mapping[str, str], paint: _Paint) -> Iterator[str]:
    if not migration.findings:
        return
    lines = Lines(migration, texts)
    made = _sql_by_origin(migration)
    for finding in migration.findings:
        yield "\n".join(_finding(finding, lines, made, paint))


def _sql_by_origin(migration: LintedMigration) -> dict[tuple[str, int], list[str]]:
    """What each line of a program made."""
    made: dict[tuple[str, int], list[str]] = {}
    for script in migration.scripts:
        if script.origins is None:
            continue
        for statement, origin in zip(script.statements, script.origins, strict=False):
            sql = script.text_of(statement)
            made.setdefault((origin.path, origin.line), []).append(sql)
    return made


def _finding(finding: Finding, lines: Lines, made: Mapping[tuple[str, int], list[str]], paint: _Paint) -> Iterator[str]:
    place, severity = finding.place, finding.severity
    yield f"{paint(f'{severity.value}[{finding.rule}]', _COLORS[severity])} {place.path}:{place.line}:{place.column}"
    yield from _excerpt(finding, lines, paint)
    yield from _made_here(made.get((place.path, place.line), ()), paint)
    yield from _wrapped(finding.message, paint)
    if finding.lock is not None or finding.work is not None:
        lock = f"lock: {finding.lock.value}" if finding.lock is not None else ""
        work = f"work: {finding.work}" if finding.work is not None else ""
        yield paint(f"  {' · '.join(part for part in (lock, work) if part)}", _DIM)
    for assumed in finding.assumed:
        yield paint("\n".join(_wrapped(f"assumed: {assumed}", paint)), _DIM)
    yield from _instead(finding, paint)
    yield paint(f"  more: migrasafe explain {finding.rule}", _DIM)


def _excerpt(finding: Finding, lines: Lines, paint: _Paint) -> Iterator[str]:
    known = lines.of(finding.place.path)
    if not 1 <= finding.place.line <= len(known):
        return
    margin = len(str(finding.place.end_line))
    most = MOST_COLUMNS if paint.terminal is None else paint.terminal - margin - len("   | ")
    shown = list(rows(finding.place, known, most))
    empty = paint(f"  {'':>{margin}} |", _DIM)
    for row in shown:
        number = "" if row.number is None else str(row.number)
        yield f"{paint(f'  {number:>{margin}} |', _DIM)} {row.text}".rstrip()
        if row.underline is not None:
            start, columns = row.underline
            yield f"{empty} {' ' * start}{paint('^' * columns, _COLORS[finding.severity])}"


def _made_here(made: Sequence[str], paint: _Paint) -> Iterator[str]:
    """The SQL that this line of a program makes; several statements where it stands in a loop."""
    if not made:
        return
    yield paint("  which runs:", _DIM)
    yield from _indented(made[0])
    if len(made) > 1:
        yield paint(f"    … and {len(made) - 1} more", _DIM)


def _instead(finding: Finding, paint: _Paint) -> Iterator[str]:
    fix = finding.fix
    if finding.help:
        yield from _wrapped(f"instead: {finding.help}", paint)
    elif fix.kind is not FixKind.NONE:
        yield "  instead:"
    if fix.replacement:
        yield from _indented(fix.replacement.rstrip().removesuffix(";") + ";", whole=True)
    elif fix.steps:
        yield from _indented(_comments_in(paint.terminal, fix.steps), whole=True)
    if fix.command:
        yield f"  in phases: {printable(fix.command)}"


def _indented(sql: str, *, whole: bool = False) -> Iterator[str]:
    """SQL in the report; `whole` where people paste it."""
    first, *rest = sql.strip("\n").split("\n")
    lines = [first.lstrip(), *textwrap.dedent("\n".join(rest)).split("\n")] if _hangs(first, rest) else [first, *rest]
    for line in lines if whole else lines[:_LINES_OF_SQL]:
        yield f"    {printable(line)}".rstrip()
    if len(lines) > _LINES_OF_SQL and not whole:
        yield f"    … {say_count(len(lines) - _LINES_OF_SQL, 'more line')}"


def _comments_in(width: int | None, steps: str) -> str:
    """The steps with our comments between the statements wrapped; a statement is for pasting, and stays as it is."""
    if width is None:
        return steps
    lines = steps.split("\n")
    return "\n".join(
        hanging(line, width - 5).replace("\n ", "\n--") if line.startswith("-- ") else line for line in lines
    )


def _hangs(first: str, rest: Sequence[str]) -> bool:
    """Whether all other lines are indented further than the first, as where SQL stands inside of a program."""
    margins = [len(line) - len(line.lstrip()) for line in rest if line.strip()]
    return bool(margins) and min(margins) >= _HANGING


def _wrapped(text: str, paint: _Paint) -> Iterator[str]:
    """Prose, wrapped; lines that are indented already are SQL and stay as they are."""
    for line in text.split("\n"):
        if line.startswith(" "):
            yield f"  {line}"
        else:
            yield from (f"  {part}" for part in filled(printable(line), paint.width - 2))


def render_not_checked(result: LintResult, *, color: bool = False, width: int | None = None) -> tuple[str, ...]:
    """What could not be checked, each reason once."""
    return tuple(_notice(group, _Paint(color=color, width=width)) for group in grouped(not_checked(result)))


def _notice(group: Group, paint: _Paint) -> str:
    word = paint("not checked", _COLORS[Severity.WARNING]) if group.blocking else "note"
    message = printable(group.message)
    if len(message) > _LETTERS_OF_NOTE and not group.blocking:
        message = f"{message[:_LETTERS_OF_NOTE].rsplit(' ', 1)[0]} … (--format json has all of it)"
    return "\n".join([f"{word}: {group.places[0]}", *_wrapped(message, paint), *_wrapped(others(group), paint)])


def _summary(result: LintResult, paint: _Paint) -> str:
    """`2 errors, 1 warning in 14 migrations, 80 statements, for PostgreSQL 15 …`."""
    counts = {one: say_severity(count, one) for one, count in counted(result).items() if count}
    scope = f"{say_count(len(result.migrations), 'migration')}, {say_count(result.statements, 'statement')}"
    target = f"for PostgreSQL {result.target.pg_version}"
    if result.target.pg_version_assumed:
        target += " (assumed: set --pg-version)"
    unread = sum(notice.blocking for migration in result.migrations for notice in migration.notices)
    unread += sum(notice.blocking for notice in result.notices)
    missing = f"; {say_count(unread, 'place')} could not be checked, see above" if unread else ""
    line = f"{', '.join(counts.values()) or 'Nothing found'} in {scope}, {target}{missing}."
    line = hanging(line, paint.terminal)
    for severity, count in counts.items():
        line = line.replace(count, paint(count, _COLORS[severity]), 1)
    return line
