"""`-- migrasafe: allow <rule> because <reason>`: findings that a person has looked at, and why they are fine.

Above the statement, on its line, or right above an action inside it; `allow-file` at the top covers the whole file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from migrasafe.findings import Finding, Place, Severity
from migrasafe.sql.script import Script

_MARK = re.compile(r"\s*migrasafe:\s*(?P<rest>.*)\Z", re.DOTALL)
_ALLOW = re.compile(r"(?P<verb>allow|allow-file)\s+(?P<rules>[\w\s,-]+?)(?:\s+because\b\s*(?P<reason>.*))?\Z", re.DOTALL)
UNUSED, BAD = "unused-allow", "bad-allow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow:
    """One suppression comment."""

    rules: tuple[str, ...]
    reason: str
    whole_file: bool
    path: str
    line: int
    """The line it stands on."""
    last_line: int
    """The last line it covers findings on: that of the next line with code."""
    place: Place


def suppress(findings: Sequence[Finding], scripts: Sequence[Script], known: Collection[str]) -> tuple[Finding, ...]:
    """The findings that nobody allowed, with new ones about suppressions that are malformed or suppress nothing."""
    allows: list[Allow] = []
    troubles: list[Finding] = []
    for script in scripts:
        for outcome in _read(script, known):
            if isinstance(outcome, Allow):
                allows.append(outcome)
            else:
                troubles.append(outcome)
    if not allows and not troubles:
        return tuple(findings)
    used: set[tuple[int, str]] = set()
    kept = []
    for finding in findings:
        covering = [number for number, allow in enumerate(allows) if _covers(allow, finding)]
        used.update((number, finding.rule) for number in covering)
        if not covering:
            kept.append(finding)
    for number, allow in enumerate(allows):
        troubles.extend(_unused(allow, rule) for rule in allow.rules if (number, rule) not in used)
    return tuple(sorted((*kept, *troubles), key=lambda one: (one.place.path, one.place.line, one.place.column)))


def _covers(allow: Allow, finding: Finding) -> bool:
    if finding.rule not in allow.rules or finding.place.path != allow.path:
        return False
    return allow.whole_file or allow.line <= finding.place.line <= allow.last_line


def _read(script: Script, known: Collection[str]) -> Iterator[Allow | Finding]:
    """The suppressions of one script, and a finding for each that cannot be understood."""
    source = script.source
    for comment in script.comments:
        mark = _MARK.match(comment.text)
        if mark is None:
            continue
        line, column = source.position(comment.span.start)
        end_line, end_column = source.position(comment.span.end)
        place = Place(path=source.path, line=line, column=column, end_line=end_line, end_column=end_column)
        match = _ALLOW.match(mark.group("rest").strip())
        if match is None:
            yield _bad(place, f"“{comment.text.strip()}” is not understood")
            continue
        rules = tuple(word for word in re.split(r"[\s,]+", match.group("rules").strip()) if word)
        unknown = [rule for rule in rules if rule not in known]
        reason = (match.group("reason") or "").strip()
        if unknown:
            close = difflib.get_close_matches(unknown[0], list(known), n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            yield _bad(place, f"there is no rule {unknown[0]}{hint}")
        elif not reason:
            yield _bad(place, f"the reason is missing: “allow {', '.join(rules)} because …”")
        else:
            yield Allow(
                rules=rules,
                reason=reason,
                whole_file=match.group("verb") == "allow-file",
                path=source.path,
                line=line,
                last_line=_next_code_line(script, comment.span.end, line),
                place=place,
            )


def _next_code_line(script: Script, offset: int, line: int) -> int:
    """The line of the first token after the comment: what stands there is what the comment is about."""
    text, place = script.source.text, offset
    ends = {comment.span.start: comment.span.end for comment in script.comments}
    before = text[text.rfind("\n", 0, offset) + 1 : offset]
    if before.strip() and not before.lstrip().startswith(("--", "/*")):
        return line  # behind code: it is about its own line
    while place < len(text):
        if text[place].isspace():
            place += 1
        elif place in ends:
            place = ends[place]
        else:
            return script.source.position(place)[0]
    return line


def _bad(place: Place, what: str) -> Finding:
    return Finding(
        rule=BAD,
        severity=Severity.ERROR,
        place=place,
        message=f"This suppression does nothing: {what}.",
        help="Write: -- migrasafe: allow <rule>[, <rule>] because <reason>",
    )


def _unused(allow: Allow, rule: str) -> Finding:
    return Finding(
        rule=UNUSED,
        severity=Severity.WARNING,
        place=allow.place,
        message=f"There is no {rule} here to allow.",
        help="Remove the rule from the comment.",
    )
