"""Migrations that are made up: as many as wanted, in the mixture that an app's history has."""

from __future__ import annotations

from pathlib import Path

# Every six files belong together: a table, and five changes to it, as an app's history has them.
TEMPLATES = (
    "CREATE TABLE orders_{m} (\n    id bigint PRIMARY KEY,\n    note varchar(20) NOT NULL,\n    total numeric(10, 2)\n);\n",
    "SET lock_timeout = '2s';\nALTER TABLE orders_{m} ADD COLUMN state text;\n",
    "CREATE INDEX CONCURRENTLY orders_{m}_state_idx ON orders_{m} (state);\n",
    "ALTER TABLE orders_{m} ADD CONSTRAINT positive_{m} CHECK (total >= 0) NOT VALID;\n"
    "ALTER TABLE orders_{m} VALIDATE CONSTRAINT positive_{m};\n",
    "-- widen\nALTER TABLE orders_{m} ALTER COLUMN note TYPE varchar(40);\nUPDATE orders_{m} SET note = 'x' WHERE id = {n};\n",
    "BEGIN;\nCREATE TABLE items_{m} (id int REFERENCES orders_{m} (id), a text DEFAULT 'x');\n"
    "CREATE INDEX items_{m}_a ON items_{m} (a);\nCOMMIT;\n",
)


def write_files(folder: Path, count: int) -> None:
    """`count` migrations of one to four statements, in the order of their names."""
    for number in range(count):
        (folder / f"{number:06d}_change.sql").write_text(_migration(number), encoding="utf-8")


def write_one_file(folder: Path, count: int) -> None:
    """So many statements in one file, as mixed as in many files."""
    texts: list[str] = []
    statements = 0
    while statements < count:
        texts.append(_migration(len(texts)))
        statements += texts[-1].count(";")
    (folder / "all.sql").write_text("".join(texts), encoding="utf-8")


def _migration(number: int) -> str:
    return TEMPLATES[number % len(TEMPLATES)].format(n=number, m=number - number % len(TEMPLATES))
