"""The migration tools whose folders migrasafe reads, each a module of this package."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from migrasafe.migrations.formats.protocol import Format

FORMATS = {
    "alembic": "alembic",
    "django": "django",
    "rails": "rails",
    "diesel": "diesel",
    "prisma": "prisma",
    "drizzle": "drizzle",
    "supabase": "supabase",
    "flyway": "flyway",
    "goose": "goose",
    "sql-migrate": "sql_migrate",
    "dbmate": "dbmate",
    "node-pg-migrate": "node_pg_migrate",
    "liquibase": "liquibase",
    "sqitch": "sqitch",
    "delta": "delta",
    "golang-migrate": "golang_migrate",
    "sqlx": "sqlx",
    "pop": "pop",
    "morph": "morph",
    "pre-post": "pre_post",
    "plain": "plain",
}
"""The names of --layout, and the modules. Where two tools would run a folder the same way, the first one reads it."""


def load_format(layout: str) -> Format:
    """The module of a layout, imported when it is asked for: a run needs few of them."""
    return cast("Format", import_module(f"{__name__}.{FORMATS[layout]}"))
