"""Libraries that write SQL themselves and whose models are not read: silence about them would be false."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from migrasafe.app.model import Notice
from migrasafe.app.source.file_scan import SourceText

_JAVASCRIPT = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")
_JVM = (".java", ".kt", ".kts")
_OF = r"""(?:from|import|require\()\s*\(?['"]"""
_ORMS: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    (
        "Diesel",
        (".rs",),
        re.compile(r"\bdiesel::(?:table!|prelude|query_dsl)|^\s*(?:diesel::)?table!\s*\{", re.MULTILINE),
    ),
    ("SeaORM", (".rs",), re.compile(r"\bsea_orm::")),
    ("SeaQuery", (".rs",), re.compile(r"\bsea_query::")),
    ("ActiveRecord", (".rb",), re.compile(r"<\s*(?:ApplicationRecord|ActiveRecord::Base)\b")),
    ("Sequel", (".rb",), re.compile(r"<\s*Sequel::Model\b")),
    ("TypeORM", _JAVASCRIPT, re.compile(rf"{_OF}typeorm['\"]")),
    ("Sequelize", _JAVASCRIPT, re.compile(rf"{_OF}sequelize(?:-typescript)?['\"]")),
    ("Drizzle", _JAVASCRIPT, re.compile(rf"{_OF}drizzle-orm/pg-core")),
    ("Knex", _JAVASCRIPT, re.compile(rf"{_OF}knex['\"]")),
    ("Kysely", _JAVASCRIPT, re.compile(rf"{_OF}kysely['\"]")),
    ("MikroORM", _JAVASCRIPT, re.compile(rf"{_OF}@mikro-orm/")),
    ("Objection", _JAVASCRIPT, re.compile(rf"{_OF}objection['\"]")),
    ("GORM", (".go",), re.compile(r'"gorm\.io/gorm"')),
    ("ent", (".go",), re.compile(r'"entgo\.io/ent/')),
    ("Bun", (".go",), re.compile(r'"github\.com/uptrace/bun"')),
    ("Squirrel", (".go",), re.compile(r'"github\.com/Masterminds/squirrel"')),
    ("pop", (".go",), re.compile(r'"github\.com/gobuffalo/pop/')),
    ("JPA", _JVM, re.compile(r"\b(?:jakarta|javax)\.persistence\.")),
    ("jOOQ", _JVM, re.compile(r"\borg\.jooq\.")),
    ("Exposed", _JVM, re.compile(r"\borg\.jetbrains\.exposed\.")),
    ("Eloquent", (".php",), re.compile(r"\bIlluminate\\Database\\Eloquent\b")),
    ("Doctrine", (".php",), re.compile(r"\bDoctrine\\ORM\b")),
    ("Peewee", (".py",), re.compile(r"^(?:from|import) peewee\b", re.MULTILINE)),
    ("Tortoise ORM", (".py",), re.compile(r"^(?:from|import) tortoise\b", re.MULTILINE)),
    ("Pony", (".py",), re.compile(r"^(?:from|import) pony\b", re.MULTILINE)),
)


def notices_of_other_orms(programs: Iterable[SourceText], read: Collection[str] = ()) -> list[Notice]:
    """One notice for each library, at the first file that uses it; none for those that were `read` after all."""
    found: dict[str, list[str]] = {}
    for program in programs:
        suffix = "." + program.path.rpartition(".")[2].lower()
        for name, suffixes, uses in _ORMS:
            if suffix in suffixes and name not in read and uses.search(program.text):
                found.setdefault(name, []).append(program.path)
    return [
        Notice(
            path=paths[0],
            message=f"models and queries of {name} are not read ({_files(paths)}): which columns they use is not known; "
            "give a server log or pg_stat_statements of this version as well",
            blocking=True,
        )
        for name, paths in found.items()
    ]


def _files(paths: list[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
