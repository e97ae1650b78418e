"""A file given by name, or on standard input, is read as the tool would that owns its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrasafe.migrations.read import read_history

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.mark.parametrize(
    ("file", "layout", "modes"),
    [
        ("diesel/migrations/2026-07-08-184840-0000_index_orders_email/up.sql", "diesel", ["none"]),
        ("drizzle/drizzle/0000_calm_otter.sql", "drizzle", ["one"]),
        ("flyway/db/migration/V10__index_email.sql", "flyway", ["none"]),
        ("goose/migrations/20240304120000_v0_1_3.go", "goose", ["none"]),
        ("prisma/prisma/migrations/20240302090000_index_email/migration.sql", "prisma", ["implicit"]),
        ("sqitch/deploy/orders.sql", "sqitch", ["none"]),
        ("supabase/supabase/migrations/20240302120000_index_email.sql", "supabase", ["one", "none", "one"]),
        ("plain/db/2_add_note.sql", "plain", ["one"]),
    ],
)
def test_a_file_by_name_belongs_to_the_tool_of_its_folder(file: str, layout: str, modes: list[str]) -> None:
    (history,) = read_history([str(FIXTURES / file)])
    (migration,) = history.migrations
    assert (history.layout, migration.path) == (layout, str(FIXTURES / file))
    assert [part.transaction.value for part in migration.parts] == modes


def test_markers_on_standard_input_tell_up_from_down() -> None:
    (history,) = read_history(
        ["-"], stdin="-- +goose NO TRANSACTION\n-- +goose Up\nVACUUM;\n-- +goose Down\nDROP TABLE a;\n"
    )
    (migration,) = history.migrations
    assert (migration.path, len(migration.parts[0].script.statements)) == ("<stdin>", 1)
    assert migration.parts[0].transaction.value == "none"


def test_a_down_file_given_by_name_is_read() -> None:
    (history,) = read_history([str(FIXTURES / "diesel/migrations/2024-03-01-120000_create_orders/down.sql")])
    assert len(history.migrations[0].parts[0].script.statements) == 1
