"""What a fix calls a proof of a partition's bound spares the scan on a real server."""

from __future__ import annotations

import pytest

from migrasafe.postgres.watch.watch_locks import measure

PARENT = [
    "CREATE TABLE events (id bigint, day date) PARTITION BY RANGE (day)",
    "CREATE TABLE events_rest PARTITION OF events DEFAULT",
    "INSERT INTO events SELECT n, date '2020-01-01' + n FROM generate_series(1, 100) AS n",
    "CREATE TABLE events_2024 (id bigint, day date)",
    "INSERT INTO events_2024 SELECT n, date '2024-01-01' + n FROM generate_series(1, 100) AS n",
]
NEW = "CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')"
ATTACHED = "ALTER TABLE events ATTACH PARTITION events_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"


@pytest.mark.parametrize(
    ("table", "check", "statement"),
    [
        ("events_rest", "day IS NULL OR day < '2025-01-01' OR day >= '2026-01-01'", NEW),
        ("events_2024", "day IS NOT NULL AND day >= '2024-01-01' AND day < '2025-01-01'", ATTACHED),
    ],
)
@pytest.mark.parametrize("proved", [True, False])
def test_a_table_with_a_proof_is_not_scanned(table, check, statement, proved, each_major, database):
    proof = [f"ALTER TABLE {table} ADD CONSTRAINT proof CHECK ({check})"] if proved else []
    (seen,) = measure(database.connect, [statement], in_transaction=True, setup=[*PARENT, *proof])
    assert seen.error is None
    assert (f"public.{table}" in seen.scans) is not proved


LISTED = [
    "CREATE TABLE orders (id bigint, region text) PARTITION BY LIST (region)",
    "CREATE TABLE orders_rest PARTITION OF orders DEFAULT",
    "INSERT INTO orders SELECT n, 'asia' FROM generate_series(1, 100) AS n",
    "CREATE TABLE orders_eu (id bigint, region text)",
    "INSERT INTO orders_eu SELECT n, 'fr' FROM generate_series(1, 100) AS n",
]


@pytest.mark.parametrize(
    ("table", "check", "statement"),
    [
        (
            "orders_rest",
            "region IS NULL OR region NOT IN ('fr', 'de')",
            "CREATE TABLE orders_west PARTITION OF orders FOR VALUES IN ('fr', 'de')",
        ),
        (
            "orders_rest",
            "region IS NULL OR region NOT IN ('fr')",
            "CREATE TABLE orders_west PARTITION OF orders FOR VALUES IN ('fr')",
        ),
        (
            "orders_eu",
            "region IS NOT NULL AND region IN ('fr', 'de')",
            "ALTER TABLE orders ATTACH PARTITION orders_eu FOR VALUES IN ('fr', 'de')",
        ),
    ],
)
def test_a_listed_bound_is_proved_likewise(table, check, statement, each_major, database):
    proof = f"ALTER TABLE {table} ADD CONSTRAINT proof CHECK ({check})"
    (seen,) = measure(database.connect, [statement], in_transaction=True, setup=[*LISTED, proof])
    assert seen.error is None
    assert f"public.{table}" not in seen.scans
