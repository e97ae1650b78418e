"""Migration tools that are no Python, run as people run them, where they are to be had: dbmate on the PATH, and Prisma in the
folder of node_modules that MIGRASAFE_PRISMA names (npm install prisma@6 @prisma/adapter-pg@6).

Prisma's own engines come from a host that not every machine reaches; with a driver adapter it brings one of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg

from migrasafe.plan.output.model import Command
from tests.postgres.servers import Database


class OwnProgramError(Exception):
    """What the program said when it failed."""


def is_here(tool: str) -> bool:
    """Whether the tool's own program can be run."""
    return (tool == "dbmate" and shutil.which("dbmate") is not None) or (tool == "prisma" and _prisma() is not None)


def _prisma() -> str | None:
    return os.environ.get("MIGRASAFE_PRISMA")


class Program:
    """A tool at work: the files of a piece are copied into its folder when their time has come."""

    def __init__(self, tool: str, source: Path, project: Path, database: Database) -> None:
        self.tool, self.source, self.database = tool, source, database
        self.project = project / f"own-{tool}"
        self.folder = self.project / "migrations"
        self.folder.mkdir(parents=True)
        if tool == "prisma":
            self._prepare_prisma()

    def ahead(self, command: Command) -> None:
        for file in command.files:
            name = Path(file).name
            path = self.source / name
            (shutil.copytree if path.is_dir() else shutil.copy)(path, self.folder / name, **_again(path))
        try:
            self._run(["dbmate", "migrate"] if self.tool == "dbmate" else command.ahead.split())
        except OwnProgramError:
            if self.tool == "prisma":  # as the notes of the runbook have it
                failed = self.database.execute(
                    "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NULL AND rolled_back_at IS NULL"
                )
                for (name,) in failed:
                    self._run(["npx", "prisma", "migrate", "resolve", "--rolled-back", str(name)])
            raise

    def back(self, command: Command) -> None:
        assert command.back is not None
        if self.tool == "dbmate":
            for _ in command.files:
                self._run(["dbmate", "rollback"])
            return
        for one in command.back.split("; "):
            words = one.split()
            words[-1] = str(self.source / Path(words[-1]).parent.name / "down.sql")
            self._run([*words, "--schema", "schema.prisma"])
        for file in command.files:
            self.database.execute("DELETE FROM _prisma_migrations WHERE migration_name = %s", Path(file).name)

    def _run(self, words: list[str]) -> None:
        if self.tool == "dbmate":
            url = f"postgres://{self._user}@/{self._name}?socket={quote(self._host)}&port={self._port}"
            words = ["dbmate", "--url", url, "--migrations-dir", str(self.folder), "--no-dump-schema", *words[1:]]
        done = subprocess.run(words, cwd=self.project, env=self._environment(), capture_output=True, text=True)
        if done.returncode != 0:
            raise OwnProgramError(done.stdout + done.stderr)

    def _environment(self) -> Mapping[str, str]:
        engines = self.project / "no-engine"
        url = f"postgresql:///{self._name}?host={quote(self._host)}&port={self._port}&user={self._user}"
        more = {
            "DATABASE_URL": url,
            "PRISMA_QUERY_ENGINE_LIBRARY": str(engines),
            "PRISMA_SCHEMA_ENGINE_BINARY": str(engines),
            "CHECKPOINT_DISABLE": "1",
        }
        return os.environ | more

    def _prepare_prisma(self) -> None:
        modules = _prisma()
        assert modules is not None
        (self.project / "node_modules").symlink_to(Path(modules) / "node_modules")
        (self.project / "no-engine").touch(mode=0o755)
        (self.project / "prisma.config.ts").write_text(_CONFIG, encoding="utf-8")
        (self.project / "schema.prisma").write_text(_SCHEMA, encoding="utf-8")
        (self.folder / "migration_lock.toml").write_text('provider = "postgresql"\n', encoding="utf-8")
        (self.folder / "0_init").mkdir()
        (self.folder / "0_init" / "migration.sql").write_text("SELECT 1;\n", encoding="utf-8")
        # a database that is there already begins with a baseline
        self._run(["npx", "prisma", "migrate", "resolve", "--applied", "0_init"])

    @property
    def _parts(self) -> dict[str, object]:
        return dict(psycopg.conninfo.conninfo_to_dict(self.database.dsn))

    @property
    def _user(self) -> str:
        return str(self._parts["user"])

    @property
    def _name(self) -> str:
        return str(self._parts["dbname"])

    @property
    def _host(self) -> str:
        return str(self._parts["host"])

    @property
    def _port(self) -> str:
        return str(self._parts["port"])


def _again(path: Path) -> dict[str, bool]:
    return {"dirs_exist_ok": True} if path.is_dir() else {}


_CONFIG = """
import { defineConfig } from "prisma/config";
import { PrismaPg } from "@prisma/adapter-pg";

export default defineConfig({
  experimental: { adapter: true },
  engine: "js",
  schema: "schema.prisma",
  migrations: { path: "migrations" },
  adapter: async () => new PrismaPg({ connectionString: process.env.DATABASE_URL }),
});
"""
_SCHEMA = """
generator client {
  provider = "prisma-client-js"
}
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}
"""
