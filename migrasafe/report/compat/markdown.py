"""The verdict as Markdown, for a comment on a pull request."""

from __future__ import annotations

import re

from migrasafe.app.verdict import Breakage, CompatResult, MigrationVerdict, Weight
from migrasafe.report.compat.words import RELEASE, Texts, cell, reason, shown_rows, when

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
_MOST = 20
_WORDS = {Weight.FAILS: "breaks", Weight.MAY_FAIL: "can break", Weight.RISK: "note"}


def render(result: CompatResult, texts: Texts | None = None, *, color: bool = False) -> str:
    """A heading with the verdict, the steps, the table, and the breaking lines folded away."""
    parts = [f"### migrasafe compat: {result.deploy.value}", RELEASE[result.deploy], _steps(result), _table(result)]
    for one in result.migrations:
        parts.extend(_details(one))
    left = [one for one in result.left if one.weight is Weight.FAILS]
    if left:
        lines = "\n".join(f"- {_code(str(one.location))}: {_escaped(reason(one))}" for one in left[:_MOST])
        parts.append(f"Not decided by these migrations:\n\n{lines}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _steps(result: CompatResult) -> str:
    return "\n".join(f"{number}. {_escaped(step.text)}" for number, step in enumerate(result.steps, start=1))


def _table(result: CompatResult) -> str:
    shown, more = shown_rows(result)
    if not shown:
        return ""
    lines = ["| migration | old app | new app | deploy |", "|---|---|---|---|"]
    lines += [f"| {_escaped(one.id)} | {cell(one.old)} | {cell(one.new)} | **{one.deploy.value}** |" for one in shown]
    if more:
        lines.append(f"\n… and {more} more migrations that neither version minds")
    return "\n".join(lines)


def _details(one: MigrationVerdict) -> list[str]:
    if not one.breakages:
        return []
    lines = "\n".join(_line(breakage, one) for breakage in one.breakages[:_MOST])
    more = len(one.breakages) - _MOST
    rest = f"\n- … and {more} more" if more > 0 else ""
    return [f"<details><summary>{_html(one.id)}: {_html(one.why)}</summary>\n\n{lines}{rest}\n\n</details>"]


def _line(one: Breakage, migration: MigrationVerdict) -> str:
    text = f"- **{_WORDS[one.weight]}** {_escaped(when(one, migration))}: {_code(str(one.location))} – {_escaped(reason(one))}"
    if one.rewrite:
        text += f"\n  ```sql\n  {one.rewrite.replace(chr(10), chr(10) + '  ')}\n  ```"
    return text


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _html(text: str) -> str:
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"
