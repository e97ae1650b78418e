"""The verdict for people: a table of migrations and versions, the lines that break, the steps of the release."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from migrasafe.app.model import Notice, Query
from migrasafe.app.verdict import Breakage, CompatResult, Deploy, MigrationVerdict, Version, Weight
from migrasafe.quantities import say_count
from migrasafe.report.compat.words import RELEASE, Texts, by_place, cell, place_of, reason, shown_rows, when
from migrasafe.report.excerpt import MOST_COLUMNS, printable, rows
from migrasafe.report.hanging import hanging
from migrasafe.report.words import WIDTH

_COLORS = {
    Deploy.BEFORE: "32;1",
    Deploy.AFTER: "32;1",
    Deploy.EITHER: "32",
    Deploy.SPLIT: "31;1",
    Deploy.UNKNOWN: "33;1",
}
_WEIGHTS = {Weight.FAILS: "breaks", Weight.MAY_FAIL: "can break", Weight.RISK: "note"}
_WEIGHT_COLORS = {Weight.FAILS: "31;1", Weight.MAY_FAIL: "33;1", Weight.RISK: "36"}
_DIM = "2"
_MOST_LINES = 12
"""Breaking lines of one migration that are shown."""
_MOST_LEFT = 5
_MOST_NAMES = 2
"""Of the queries that have a place in common."""


def render(result: CompatResult, texts: Texts | None = None, *, color: bool = False, width: int | None = None) -> str:
    """The whole report; its last lines are the steps."""
    printer = _Printer(texts or {}, color=color, width=width)
    blocks = [printer.table(result)] if result.migrations else ["There is no migration to judge."]
    for one in result.migrations:
        blocks.extend(printer.migration(one))
    blocks.extend(printer.left(result))
    blocks.extend(printer.notices(result))
    blocks.append(printer.steps(result))
    return "\n\n".join(blocks) + "\n"


class _Printer:
    def __init__(self, texts: Texts, *, color: bool, width: int | None) -> None:
        self.lines: dict[tuple[Version, str], list[str]] = {}
        self.texts = texts
        self.rewritten: set[tuple[Version, Query | None]] = set()
        self.color = color
        self.terminal = width
        self.width = width or WIDTH

    def paint(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.color else text

    def table(self, result: CompatResult) -> str:
        shown, more = shown_rows(result)
        head = ("migration", "old app", "new app", "deploy")
        cells = [head, *((printable(one.id), cell(one.old), cell(one.new), one.deploy.value) for one in shown)]
        widths = [max(len(row[place]) for row in cells) for place in range(3)]
        lines = []
        for number, row in enumerate(cells):
            *first, deploy = (text.ljust(widths[place]) if place < 3 else text for place, text in enumerate(row))
            painted = self.paint(deploy, _COLORS[shown[number - 1].deploy]) if number else deploy
            line = "  ".join((*first, painted))
            lines.append(line if number else self.paint(line, _DIM))
        if more:
            lines.append(f"… and {more} more migrations that neither version minds")
        return "\n".join(lines)

    def migration(self, one: MigrationVerdict) -> Iterator[str]:
        """The lines of the app that decide, then the risks."""
        if not one.breakages and not one.subscribers and not one.not_understood and not one.against_hint:
            return
        head = [
            f"{self.paint(one.deploy.value, _COLORS[one.deploy])}: {printable(one.path)}",
            *_wrapped(one.why, self.width),
        ]
        if one.against_hint:
            head.extend(_wrapped(f"The layout of the migrations says: {one.hint}.", self.width))
        head.extend(f"  not understood: {printable(text)}" for text in one.not_understood)
        for change in one.subscribers:
            when_ = "first" if change.first else "afterwards"
            why = f" ({change.message})" if change.message else ""
            subscribers = f"subscribers of {printable(change.publication)}, {when_}: {change.table}: {change.do}{why}"
            head.extend(_wrapped(subscribers, self.width))
        yield "\n".join(head)
        places = by_place(one.breakages)
        for breakages in places[:_MOST_LINES]:
            yield "\n".join(self.place(breakages, when(breakages[0], one)))
        if len(places) > _MOST_LINES:
            yield f"  … and {say_count(len(places) - _MOST_LINES, 'more line')} (--format json has all of them)"

    def place(self, breakages: Sequence[Breakage], title: str) -> Iterator[str]:
        """One place of the app, which several queries can have in common: a constant with the names of columns."""
        one = breakages[0]
        names = dict.fromkeys(of.query.name for of in breakages if of.query is not None and of.query.name)
        queries = len({of.query for of in breakages})
        called = ", ".join(list(names)[:_MOST_NAMES]) + (
            f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        )
        shown = f" ({printable(called)})" if names else f" (in {queries} queries)" if queries > 1 else ""
        word = _WEIGHTS[one.weight]
        place = f"{printable(one.location.path)}:{one.location.line}:{one.location.column}"
        line = hanging(f"  {word} {title}: {place}{shown}", self.terminal)
        yield line.replace(word, self.paint(word, _WEIGHT_COLORS[one.weight]), 1)
        yield from self.excerpt(one)
        for why in dict.fromkeys(reason(of) for of in breakages):
            yield from _wrapped(why, self.width, indent="    ")
        for of in breakages:
            if of.rewrite and (of.version, of.query) not in self.rewritten:
                self.rewritten.add((of.version, of.query))
                yield "    as it must read:"
                yield from (f"      {printable(line)}" for line in of.rewrite.split("\n"))

    def excerpt(self, one: Breakage) -> Iterator[str]:
        key = (one.version, one.location.path)
        if key not in self.lines:
            text = self.texts.get(one.version, {}).get(one.location.path)
            self.lines[key] = text.split("\n") if text is not None else []
        lines = self.lines[key]
        if not 1 <= one.location.line <= len(lines):
            if one.query is not None:
                yield f"    {self.paint(printable(' '.join(one.query.sql.split()))[:140], _DIM)}"
            return
        place = place_of(one, self.texts)
        most = MOST_COLUMNS if self.terminal is None else self.terminal - len(f"    {place.end_line} | ")
        for row in rows(place, lines, most):
            number = "" if row.number is None else str(row.number)
            yield f"{self.paint(f'    {number} |', _DIM)} {row.text}".rstrip()
            if row.underline is not None:
                start, columns = row.underline
                margin = self.paint(f"    {'':>{len(number)}} |", _DIM)
                yield f"{margin} {' ' * start}{self.paint('^' * columns, _WEIGHT_COLORS[one.weight])}"

    def left(self, result: CompatResult) -> Iterator[str]:
        """What is wrong whatever the migrations do: it counts for nothing above."""
        old, new = ([one for one in result.left if one.before is before] for before in (True, False))
        same = [(one.message, one.weight) for one in old] == [(one.message, one.weight) for one in new]
        blocks = [(old, "of both versions, before and after them")] if same else []
        if not same:
            blocks = [
                (old, "of the old app before the first migration"),
                (new, "of the new app after the last migration"),
            ]
        for found, which in blocks:
            if not found:
                continue
            certain = sum(one.weight is Weight.FAILS for one in found)
            verb = "does" if certain == 1 else "do"
            what = f"{certain} {verb} not work" if certain else "none is known to fail"
            lines = _wrapped(
                f"Not decided by these migrations: {say_count(len(found), 'place')} {which}, {what}:",
                self.width,
                indent="",
            )
            ranked = sorted(found, key=lambda one: -one.weight.rank)
            shown = (f"  {printable(str(one.location))}: {printable(reason(one))}" for one in ranked[:_MOST_LEFT])
            lines.extend(hanging(line, self.terminal) for line in shown)
            if len(found) > _MOST_LEFT:
                lines.append(f"  … and {len(found) - _MOST_LEFT} more (--format json has all of them)")
            yield "\n".join(lines)

    def notices(self, result: CompatResult) -> Iterator[str]:
        for paths, notice in _once(result.notices):
            word = self.paint("not checked", "33;1") if notice.blocking else "note"
            yield "\n".join([f"{word}: {printable(paths)}", *_wrapped(notice.message, self.width)])
        if result.unread:
            many = "1 text looks" if len(result.unread) == 1 else f"{len(result.unread)} texts look"
            lines = [f"{many} like SQL and could not be read:"]
            shown = (f"  {printable(str(one.location))}: {printable(one.reason)}" for one in result.unread[:_MOST_LEFT])
            lines.extend(hanging(line, self.terminal) for line in shown)
            if len(result.unread) > _MOST_LEFT:
                lines.append(f"  … and {len(result.unread) - _MOST_LEFT} more (--format json has all of them)")
            yield "\n".join(lines)

    def steps(self, result: CompatResult) -> str:
        counts = dict(result.queries)
        old, new = (count for _, count in sorted(counts.items(), key=lambda item: item[0].value, reverse=True))
        word = result.deploy.value
        head = f"{word}: {RELEASE[result.deploy]}"
        if any(notice.blocking for notice in result.notices):
            head += " But not all could be read: see “not checked” above."
        head = hanging(head, self.terminal).replace(word, self.paint(word, _COLORS[result.deploy]), 1)
        lines = [head]
        for number, step in enumerate(result.steps, start=1):
            lines.append(hanging(f"  {number}. {printable(step.text)}", self.terminal))
        lines.append(
            f"({say_count(old, 'query')} of the old app, {new} of the new; for PostgreSQL {result.pg_version})"
        )
        return "\n".join(lines)


def _once(notices: Sequence[Notice]) -> Iterator[tuple[str, Notice]]:
    """What is said of both versions, where only the number of files differs, once: for the newer one."""
    said: dict[str, list[Notice]] = {}
    for notice in notices:
        what, colon, _ = notice.message.partition(": ")
        said.setdefault(what if colon and not notice.blocking else f"{notice.path} {notice.message}", []).append(notice)
    for same in said.values():
        yield ", ".join(dict.fromkeys(one.path for one in same)), same[-1]


def _wrapped(text: str, width: int, indent: str = "  ") -> list[str]:
    return textwrap.wrap(
        printable(text),
        width=width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
