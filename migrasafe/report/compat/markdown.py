"""The verdict as Markdown, for a comment on a pull request."""

from __future__ import annotations

from migrasafe.app.model import Query
from migrasafe.app.verdict import Breakage, CompatResult, MigrationVerdict, Version, Weight
from migrasafe.report.compat.words import RELEASE, Texts, by_place, cell, reason, shown_rows, when
from migrasafe.report.markdown_text import code, escaped, fenced, html

_MOST = 20
_MOST_UNREAD = 5
_WORDS = {Weight.FAILS: "breaks", Weight.MAY_FAIL: "can break", Weight.RISK: "note"}


def render(result: CompatResult, texts: Texts | None = None, *, color: bool = False) -> str:
    """A heading with the verdict, the steps, the table, and the breaking lines folded away."""
    parts = [f"### migrasafe compat: {result.deploy.value}", RELEASE[result.deploy], _steps(result), _table(result)]
    for one in result.migrations:
        parts.extend(_details(one))
    left = [one for one in result.left if one.weight is Weight.FAILS]
    if left:
        lines = "\n".join(f"- {code(str(one.location))}: {escaped(reason(one))}" for one in left[:_MOST])
        parts.append(f"Not decided by these migrations:\n\n{lines}")
    parts.append(_not_seen(result))
    return "\n\n".join(part for part in parts if part) + "\n"


def _not_seen(result: CompatResult) -> str:
    """What was not looked at, so that silence about it says nothing."""
    lines = [f"- {code(one.path)}: {escaped(one.message)}" for one in result.notices]
    if result.unread:
        many = "1 text looks" if len(result.unread) == 1 else f"{len(result.unread)} texts look"
        lines.append(f"- {many} like SQL and could not be read:")
        lines += [f"  - {code(str(one.location))}: {escaped(one.reason)}" for one in result.unread[:_MOST_UNREAD]]
        more = len(result.unread) - _MOST_UNREAD
        lines += [f"  - … and {more} more"] if more > 0 else []
    return "Not seen, or not wholly:\n\n" + "\n".join(lines) if lines else ""


def _steps(result: CompatResult) -> str:
    return "\n".join(f"{number}. {escaped(step.text)}" for number, step in enumerate(result.steps, start=1))


def _table(result: CompatResult) -> str:
    shown, more = shown_rows(result)
    if not shown:
        return ""
    lines = ["| migration | old app | new app | deploy |", "|---|---|---|---|"]
    lines += [f"| {escaped(one.id)} | {cell(one.old)} | {cell(one.new)} | **{one.deploy.value}** |" for one in shown]
    if more:
        lines.append(f"\n… and {more} more migrations that neither version minds")
    return "\n".join(lines)


def _details(one: MigrationVerdict) -> list[str]:
    lines = [f"- **not understood** {escaped(text)}" for text in one.not_understood]
    places = by_place(one.breakages)
    rewritten: set[tuple[Version, Query | None]] = set()
    for breakages in places[:_MOST]:
        lines.append(_line(breakages, one))
        for of in breakages:
            if of.rewrite and (of.version, of.query) not in rewritten:
                rewritten.add((of.version, of.query))
                lines.append(fenced(of.rewrite, indent="  "))
    if not lines:
        return []
    more = len(places) - _MOST
    rest = f"\n- … and {more} more" if more > 0 else ""
    text = "\n".join(lines)
    return [f"<details><summary>{html(one.id)}: {html(one.why)}</summary>\n\n{text}{rest}\n\n</details>"]


def _line(breakages: list[Breakage], migration: MigrationVerdict) -> str:
    one = breakages[0]
    why = "; ".join(escaped(text) for text in dict.fromkeys(reason(of) for of in breakages))
    queries = len({of.query for of in breakages})
    shared = f" (in {queries} queries)" if queries > 1 else ""
    where = f"{escaped(when(one, migration))}: {code(str(one.location))}{shared}"
    return f"- **{_WORDS[one.weight]}** {where} – {why}"
