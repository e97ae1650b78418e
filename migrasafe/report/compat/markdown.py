"""The verdict as Markdown, for a comment on a pull request."""

from __future__ import annotations

from migrasafe.app.verdict import Breakage, CompatResult, MigrationVerdict, Weight
from migrasafe.report.compat.words import RELEASE, Texts, cell, reason, shown_rows, when
from migrasafe.report.markdown_text import code, escaped, fenced, html

_MOST = 20
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
    return "\n\n".join(part for part in parts if part) + "\n"


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
    if not one.breakages:
        return []
    shown = one.breakages[:_MOST]
    queries = [breakage.query for breakage in shown]
    lines = "\n".join(
        _line(breakage, one, is_first=breakage.query not in queries[:place]) for place, breakage in enumerate(shown)
    )
    more = len(one.breakages) - _MOST
    rest = f"\n- … and {more} more" if more > 0 else ""
    return [f"<details><summary>{html(one.id)}: {html(one.why)}</summary>\n\n{lines}{rest}\n\n</details>"]


def _line(one: Breakage, migration: MigrationVerdict, *, is_first: bool) -> str:
    text = f"- **{_WORDS[one.weight]}** {escaped(when(one, migration))}: {code(str(one.location))} – {escaped(reason(one))}"
    if one.rewrite and is_first:
        text += "\n" + fenced(one.rewrite, indent="  ")
    return text
