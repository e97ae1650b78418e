"""A plan as migrations of the tool that a team has: each tool is a module with `write(pieces, place)`."""

from __future__ import annotations

import importlib

from migrasafe.plan.output.model import Writer

FORMATS = ("alembic", "flyway", "golang-migrate", "dbmate", "sqlx", "prisma", "django")


def load_writer(tool: str) -> Writer:
    """What writes the migrations of a tool."""
    module = importlib.import_module(f"{__name__}.{tool.replace('-', '_')}")
    writer: Writer = module.write
    return writer
