"""`-- migrasafe: allow <rule> because <reason>`: findings that a person has looked at, and why they are fine.

Above the statement, on its line, or right above an action inside it; `allow-file` at the top covers the whole file.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.config import PathOptions, Settings
from migrasafe.errors import closest, did_you_mean
from migrasafe.findings import Finding, Fix, FixKind, Place, Severity
from migrasafe.regex import regex
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Span

UNUSED, BAD = "unused-allow", "bad-allow"
"""Rules about suppressions themselves: they have a page, and no check of statements."""
_MARK = regex(r"\s*migrasafe:\s*(?P<rest>.*)\Z", re.DOTALL)
_ALLOW = regex(r"(?P<verb>allow|allow-file)\s+(?P<rules>[\w\s,-]+?)(?:\s+because\b\s*(?P<reason>.*))?\Z", re.DOTALL)
_OF_A_PLAN = regex(r"(?:rename|replace)\b.*->|drop\s+\S+\s*\Z", re.DOTALL)
"""What `migrasafe plan` is told in a migration: nothing for lint."""
_LINE_COMMENT = regex(r"(?P<before>.*?)(?:#|//|<!--|--)\s*(?P<text>migrasafe:.*?)(?:\s*-->)?\Z")


class Allow(Struct, frozen=True, kw_only=True):
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


class Allowed(Struct, frozen=True, kw_only=True):
    """What one suppression comment takes out of the report."""

    allow: Allow
    findings: tuple[Finding, ...]


def allowed(
    findings: Sequence[Finding],
    scripts: Sequence[Script],
    known: Collection[str],
    rendered_from: Mapping[str, str] | None = None,
) -> tuple[Allowed, ...]:
    """The suppression comments, in their order, each with the findings that it covers. Pure."""
    allows = (one for one in _all(scripts, known, rendered_from or {}) if isinstance(one, Allow))
    return tuple(Allowed(allow=one, findings=tuple(f for f in findings if _covers(one, f))) for one in allows)


def suppress(
    findings: Sequence[Finding],
    scripts: Sequence[Script],
    known: Collection[str],
    *,
    ran: Collection[str] | None = None,
    rendered_from: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """The findings that nobody allowed, with new ones about suppressions that are malformed or suppress nothing.

    `known` are the ids of all rules; `ran` of those that were run: to allow another may be of use another time.
    `rendered_from` has the texts, by path, of the Python and Go files that scripts were rendered from. Pure.
    """
    if not rendered_from and not any(script.may_allow for script in scripts):
        return tuple(findings)
    ran = known if ran is None else ran
    allows: list[Allow] = []
    troubles: list[Finding] = []
    for outcome in _all(scripts, known, rendered_from or {}):
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
        unused = [rule for rule in allow.rules if rule in ran and (number, rule) not in used]
        troubles.extend(_unused(allow, rule) for rule in unused)
    told = [trouble for trouble in troubles if trouble.rule in ran]
    return tuple(sorted((*kept, *told), key=lambda one: (one.place.path, one.place.line, one.place.column)))


def configured(findings: Sequence[Finding], settings: Settings) -> tuple[Finding, ...]:
    """The findings that the config does not ignore in their files, with the severities that it gives them. Pure."""
    if not settings.per_path and not settings.severity:
        return tuple(findings)
    kept: list[Finding] = []
    for finding in findings:
        matching = _matching(finding.place.path, settings)
        if not any(finding.rule in one.ignore for one in matching):
            own = (one.severity[finding.rule] for one in reversed(matching) if finding.rule in one.severity)
            severity = next(own, settings.severity.get(finding.rule, finding.severity))
            kept.append(replace(finding, severity=severity))
    return tuple(kept)


def _matching(path: str, settings: Settings) -> tuple[PathOptions, ...]:
    """What the config says of a file, the last word last; its patterns are relative to its folder."""
    relative = os.path.relpath(path, settings.folder).replace(os.sep, "/")
    return tuple(one for one in settings.per_path if fnmatchcase(relative, one.pattern))


def _covers(allow: Allow, finding: Finding) -> bool:
    if finding.rule not in allow.rules or finding.place.path != allow.path:
        return False
    return allow.whole_file or allow.line <= finding.place.line <= allow.last_line


def _all(
    scripts: Sequence[Script], known: Collection[str], rendered_from: Mapping[str, str]
) -> Iterator[Allow | Finding]:
    for script in scripts:
        if script.origins is None and script.may_allow:
            yield from _in_sql(script, known)
    for path, text in rendered_from.items():
        if "migrasafe:" in text:
            yield from _in_program(path, text.split("\n"), known)


def _in_sql(script: Script, known: Collection[str]) -> Iterator[Allow | Finding]:
    """The suppressions of one script, and a finding for each that cannot be understood."""
    source = script.source
    for comment in script.comments:
        mark = _MARK.match(comment.text)
        if mark is None or _OF_A_PLAN.match(mark.group("rest")):
            continue
        line, column = source.position(comment.span.start)
        end_line, end_column = source.position(comment.span.end)
        place = Place(path=source.path, line=line, column=column, end_line=end_line, end_column=end_column)
        yield _understood(mark.group("rest"), place, _next_code_line(script, comment.span, line), known)


def _in_program(path: str, lines: Sequence[str], known: Collection[str]) -> Iterator[Allow | Finding]:
    """Likewise for the comments of a Python or Go file, or of a changelog, each about its own line or the next one with code."""
    for number, text in enumerate(lines, start=1):
        match = _LINE_COMMENT.match(text.rstrip())
        mark = _MARK.match(match.group("text")) if match is not None else None
        if match is None or mark is None or _OF_A_PLAN.match(mark.group("rest")):
            continue
        column = len(match.group("before")) + 1
        place = Place(path=path, line=number, column=column, end_line=number, end_column=len(text.rstrip()) + 1)
        last = number
        if not match.group("before").strip():
            later = (n for n in range(number, len(lines)) if not _is_comment(lines[n]))
            last = next(later, number - 1) + 1
        yield _understood(mark.group("rest"), place, last, known)


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith(("#", "//", "--", "<!--"))


def _understood(rest: str, place: Place, last_line: int, known: Collection[str]) -> Allow | Finding:
    """What stands behind `migrasafe:`, read."""
    match = _ALLOW.match(rest.strip())
    if match is None:
        return _bad(place, f"“{' '.join(rest.split())}” is not understood.")
    rules = tuple(dict.fromkeys(word for word in re.split(r"[\s,]+", match.group("rules").strip()) if word))
    reason = " ".join((match.group("reason") or "").split())
    unknown = [rule for rule in rules if rule not in known]
    if unknown and (reason or unknown[0] == rules[0]):
        hint = did_you_mean(unknown[0], known, "`migrasafe rules` lists them.")
        return _bad(place, f"there is no rule {unknown[0]}; {hint}", _spelled_right(rules, unknown, reason, known))
    if not reason:
        why = f"it gives no reason, as in “allow {rules[0]} because the table is empty”."
        return _bad(place, why, "-- write because and the reason behind it, or take the comment out")
    return Allow(
        rules=rules,
        reason=reason,
        whole_file=match.group("verb") == "allow-file",
        path=place.path,
        line=place.line,
        last_line=last_line,
        place=place,
    )


def _next_code_line(script: Script, comment: Span, line: int) -> int:
    """The line of the first token after the comment: what stands there is what the comment is about."""
    text, place = script.source.text, comment.end
    ends = {one.span.start: one.span.end for one in script.comments}
    before = text[text.rfind("\n", 0, comment.start) + 1 : comment.start].strip()
    if before and not before.startswith(("--", "/*")):
        return line  # behind code: it is about its own line
    while place < len(text):
        if text[place].isspace():
            place += 1
        elif place in ends:
            place = ends[place]
        else:
            return script.source.position(place)[0]
    return line


def _spelled_right(rules: Sequence[str], unknown: Sequence[str], reason: str, known: Collection[str]) -> str:
    """The comment with the rules that are meant, if all of them can be guessed."""
    near = {rule: closest(rule, known) for rule in unknown}
    if not reason or not all(near.values()):
        return _TAKE_OUT
    return f"-- migrasafe: allow {', '.join(near.get(one) or one for one in rules)} because {reason}"


_TAKE_OUT = "-- put it right, or take it out"


def _bad(place: Place, what: str, steps: str = _TAKE_OUT) -> Finding:
    return Finding(
        rule=BAD,
        severity=Severity.ERROR,
        place=place,
        message=f"This comment allows nothing: {what}",
        fix=Fix(kind=FixKind.PLAN, steps=steps),
        help="-- migrasafe: allow <rule>[, <rule>] because <reason>",
    )


def _unused(allow: Allow, rule: str) -> Finding:
    return Finding(
        rule=UNUSED,
        severity=Severity.WARNING,
        place=allow.place,
        message=f"There is no {rule} here to allow.",
        help="Take the rule out of the comment, or put the comment right above the statement that it is about.",
    )
