"""Flyway's settings that decide which files it runs: from flyway.conf, flyway.toml and Spring's application files."""

from __future__ import annotations

import re

from msgspec import Struct

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.tool_in_use import text_of
from migrasafe.regex import regex

_SETTING = regex(
    r"""^[ \t]*(?:(?:spring\.)?flyway\.)?(?:sql[-_]?)?(?P<key>migration[-_]?prefix|undo[-_.]?(?:sql[-_]?)?(?:migration[-_]?)?prefix"""
    r"""|repeatable[-_]?(?:sql[-_]?)?(?:migration[-_]?)?prefix|migration[-_]?separator|migration[-_]?suffixes|mixed)"""
    r"""[ \t]*[=:][ \t]*(?P<value>[^#\n\r]*)""",
    re.IGNORECASE | re.MULTILINE,
)
_FILES = regex(r"^(?:flyway.*\.(?:conf|toml|properties)|application[\w-]*\.(?:ya?ml|properties))$")


class Settings(Struct, frozen=True, kw_only=True):
    """How the files are named, and which file says so."""

    prefix: str = "V"
    undo_prefix: str = "U"
    repeatable_prefix: str = "R"
    separator: str = "__"
    suffixes: tuple[str, ...] = (".sql",)
    mixed: bool = False
    found_in: str | None = None


def settings_for(folder: Folder) -> Settings:
    """The settings of the nearest configuration in the folder or above it that sets any; else Flyway's own."""
    for place in folder.upwards():
        for file in place.files:
            if _FILES.match(file):
                text = text_of(place, file)
                if "flyway" in text.lower() and (found := dict(_read(text))):
                    return _settings(found, place.place(file))
    return Settings()


def _read(text: str) -> list[tuple[str, str]]:
    return [
        (re.sub(r"[-_.]|sql|migration", "", match["key"].lower()), match["value"].strip().strip("\"'"))
        for match in _SETTING.finditer(text)
    ]


def _settings(found: dict[str, str], path: str) -> Settings:
    plain = Settings()
    suffixes = tuple(part.strip(" \"'[]") for part in found.get("suffixes", ".sql").split(","))
    return Settings(
        prefix=found.get("prefix", plain.prefix),
        undo_prefix=found.get("undoprefix", plain.undo_prefix),
        repeatable_prefix=found.get("repeatableprefix", plain.repeatable_prefix),
        separator=found.get("separator", plain.separator),
        suffixes=suffixes,
        mixed=found.get("mixed", "").lower() == "true",
        found_in=path,
    )
