"""Migrations that are programs of a framework, and how their SQL comes out."""

from __future__ import annotations

import re

from migrasafe.migrations.folder import Folder

_SIGNS = (
    (r"\.[cm]?[jt]s$", r"MigrationInterface", "TypeORM", "print its SQL"),
    (
        r"\.[cm]?[jt]s$",
        r"exports\.up\s*=|export (?:async )?(?:function|const) up\b",
        "a JavaScript tool",
        "print its SQL",
    ),
    (r"\.exs?$", r"use Ecto\.Migration", "Ecto", "mix ecto.migrate --log-migrations-sql"),
    (r"\.php$", r"extends (?:Migration|AbstractMigration)", "a PHP tool", "print its SQL"),
)


_ENDINGS = (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".ex", ".exs", ".php")
"""Of the files that any of these signs is looked for in."""


def program_migrations(folder: Folder) -> str | None:
    """A sentence about the first migration below the folder that is a program, None where there is none."""
    for file in folder.below():
        if not file.endswith(_ENDINGS):
            continue
        if "migrat" not in file.lower() and "migrat" not in folder.path.lower():
            continue
        for ending, sign, tool, way in _SIGNS:
            if re.search(ending, file) and re.search(sign, folder.head(file)):
                return f"{folder.place(file)} is a migration of {tool}, a program: {way} | migrasafe lint -"
    return None
