"""Checks that a team brings along: an SQL query, a URL, a Prometheus query; read from settings, and judged."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import Enum
from urllib.parse import urlsplit

from msgspec import Struct

from migrasafe.backfill.model import Reason, Setting
from migrasafe.dsn import has_password
from migrasafe.errors import ConfigError, did_you_mean
from migrasafe.quantities import seconds_from

_NAME = re.compile(r"[A-Za-z0-9_-]+")


class CheckKind(Enum):
    """Who is asked."""

    SQL = "sql"
    HTTP = "http"
    PROMETHEUS = "prometheus"


_PARTS: Mapping[CheckKind, Mapping[str, Setting]] = {
    CheckKind.SQL: {"query": "", "dsn": "", "max": "", "min": "", "every": "1s", "timeout": "2s"},
    CheckKind.HTTP: {"url": "", "method": "HEAD", "every": "1s", "timeout": "2s", "token_file": ""},
    CheckKind.PROMETHEUS: {
        "url": "", "query": "", "max": "", "min": "", "every": "5s", "timeout": "3s", "token_file": "",
    },
}  # fmt: skip
_NEEDED = {CheckKind.SQL: ("query",), CheckKind.HTTP: ("url",), CheckKind.PROMETHEUS: ("url", "query")}


class Check(Struct, frozen=True, kw_only=True):
    """One check of a team's own."""

    name: str
    kind: CheckKind
    every_seconds: float
    timeout_seconds: float
    query: str = ""
    dsn: str = ""
    """SQL: another server than the one of the job; empty: the same."""
    url: str = ""
    method: str = "HEAD"
    token_file: str = ""
    """Whose content is sent as `Authorization: Bearer …`; read each time, so that it can be rotated."""
    highest: float | None = None
    lowest: float | None = None

    @property
    def label(self) -> str:
        """Its name in settings: `prometheus.errors`."""
        return f"{self.kind.value}.{self.name}"


class CheckSeen(Struct, frozen=True, kw_only=True):
    """What a check answered: a number, or go or wait, and words of its own."""

    value: float | None = None
    goes: bool | None = None
    words: str = ""


def is_check_key(key: str) -> bool:
    """Whether a setting belongs to a check: `http.freno.url`."""
    return key.split(".")[0] in {kind.value for kind in CheckKind} and "." in key


def check_part(key: str, value: object, where: object) -> Setting:
    """A setting of a check as it is kept. Raises ConfigError for a part that this kind of check does not have."""
    kind_name, _, rest = key.partition(".")
    name, _, part = rest.rpartition(".")
    kind = CheckKind(kind_name)
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{where}: write {kind_name}.NAME.{part or 'query'}, the name in letters, digits, - and _")
    if part not in _PARTS[kind]:
        hint = did_you_mean(part, _PARTS[kind], f"it has {', '.join(_PARTS[kind])}")
        raise ConfigError(f"{where}: a check of the kind {kind_name} has no {part!r}; {hint}")
    match part:
        case "every" | "timeout":
            if seconds_from(value, where) <= 0:
                raise ConfigError(f"{where} must be longer than nothing")
            return value if isinstance(value, str | int | float) else ""
        case "max" | "min":
            return "" if value in ("", "off", "default") else _number(value, where)
        case "url":
            return _url(value, where)
        case "method":
            if not isinstance(value, str) or value.upper() not in ("HEAD", "GET"):
                raise ConfigError(f"{where} must be HEAD or GET, not {value!r}")
            return value.upper()
    if not isinstance(value, str):
        raise ConfigError(f"{where} must be a text, not {value!r}")
    if has_password(value):
        raise ConfigError(f"{where} holds a password, and settings are kept in the database: use token_file")
    return value


def checks_from(settings: Mapping[str, Setting], where: object) -> tuple[Check, ...]:
    """The checks in a flat table of settings; other keys are passed by. Raises ConfigError for one that is not whole."""
    found: dict[tuple[CheckKind, str], dict[str, Setting]] = {}
    for key, value in settings.items():
        if is_check_key(key):
            kind_name, _, rest = key.partition(".")
            name, _, part = rest.rpartition(".")
            checked = check_part(key, value, f"{where} {key}")
            found.setdefault((CheckKind(kind_name), name), {})[part] = checked
    return tuple(_check(kind, name, parts, where) for (kind, name), parts in sorted(found.items(), key=_by_label))


def judge(check: Check, seen: CheckSeen, every: str) -> Reason | None:
    """The reason to wait that the answer of a check is; None when all is well. `every` says when it is asked again."""
    until = f"until it is fine again, asked every {every}"
    subject = f"check {check.label}"
    if seen.goes is not None:
        if seen.goes:
            return None
        said = seen.words or "no"
        return Reason(
            signal="check", subject=subject, value=seen.value, limit=None, unit="", until=until, stops=True,
            text=f"{subject} says wait: {said}",
        )  # fmt: skip
    value = seen.value if seen.value is not None else math.nan
    above = check.highest is not None and not value <= check.highest
    below = check.lowest is not None and not value >= check.lowest
    if not above and not below:
        return None
    limit = check.highest if above else check.lowest
    words = f" ({seen.words})" if seen.words else ""
    return Reason(
        signal="check", subject=subject, value=value, limit=limit, unit="", until=until, stops=True,
        text=f"{subject} is {value:g}{words}, {'above its max' if above else 'below its min'} of {limit:g}",
    )  # fmt: skip


def _by_label(item: tuple[tuple[CheckKind, str], dict[str, Setting]]) -> tuple[str, str]:
    return item[0][0].value, item[0][1]


def _check(kind: CheckKind, name: str, parts: Mapping[str, Setting], where: object) -> Check:
    label = f"{where} {kind.value}.{name}"
    for needed in _NEEDED[kind]:
        if not parts.get(needed):
            raise ConfigError(f"{label} has no {needed}: write {kind.value}.{name}.{needed} = …")
    said = {**_PARTS[kind], **parts}
    highest, lowest = (None if said.get(end, "") == "" else float(said[end]) for end in ("max", "min"))
    if kind is CheckKind.PROMETHEUS and highest is None and lowest is None:
        raise ConfigError(f"{label} has no threshold: write {kind.value}.{name}.max = … (or .min)")
    if highest is not None and lowest is not None and lowest > highest:
        raise ConfigError(f"{label} can never be fine: its min ({lowest:g}) is above its max ({highest:g})")
    return Check(
        name=name,
        kind=kind,
        every_seconds=seconds_from(said["every"], f"{label}.every"),
        timeout_seconds=seconds_from(said["timeout"], f"{label}.timeout"),
        query=str(said.get("query", "")),
        dsn=str(said.get("dsn", "")),
        url=str(said.get("url", "")),
        method=str(said.get("method", "HEAD")),
        token_file=str(said.get("token_file", "")),
        highest=highest,
        lowest=lowest,
    )


def _number(value: object, where: object) -> float:
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"{where} must be a number, not {value!r}")
    return number


def _url(value: object, where: object) -> str:
    """Only HTTP: urllib would open files, too."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        whole = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole or not isinstance(value, str):
        raise ConfigError(f"{where} must be a URL that begins with http:// or https://, not {value!r}")
    return value
