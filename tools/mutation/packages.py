"""The pure core, and the tests that hold it."""

from __future__ import annotations

from msgspec import Struct


class Package(Struct, frozen=True, kw_only=True):
    """One room of the core."""

    name: str
    folder: str
    tests: tuple[str, ...]
    """Files and folders. Which of them meet a line is measured; this only spares the time of those that never do."""
    on_servers: tuple[str, ...] = ()
    """Likewise, tests that need a server: they meet what the others let live."""


PACKAGES = (
    Package(
        name="rules",
        folder="migrasafe/rules",
        tests=(
            "tests/test_rule_declarations.py",
            "tests/test_rule_pages.py",
            "tests/unit/rules",
            "tests/unit/test_lint.py",
            "tests/unit/test_lint_bodies.py",
            "tests/unit/test_lint_timeouts.py",
            "tests/test_fixes_of_rules.py",
            "tests/test_fix.py",
            "tests/test_since.py",
            "tests/unit/test_most_rows.py",
        ),
    ),
    Package(
        name="evolve",
        folder="migrasafe/schema/evolve",
        tests=("tests/unit/schema", "tests/test_rule_pages.py"),
        on_servers=("tests/postgres/test_evolve_against_server.py",),
    ),
    Package(
        name="judge",
        folder="migrasafe/app/judge",
        tests=("tests/unit/app", "tests/test_compat_releases.py"),
        on_servers=(
            "tests/postgres/test_access_on_servers.py",
            "tests/postgres/test_subscribers_on_servers.py",
            "tests/postgres/test_compat_changes_on_servers.py",
            "tests/postgres/test_consequences_for_the_app.py",
        ),
    ),
    Package(
        name="throttle",
        folder="migrasafe/backfill/throttle",
        tests=(
            "tests/unit/backfill",
            "tests/test_ask_checks.py",
            "tests/test_sampled_throttle.py",
            "tests/test_sampler.py",
        ),
        on_servers=(
            "tests/postgres/test_sql_checks_on_servers.py",
            "tests/postgres/test_sampler_on_servers.py",
            "tests/postgres/test_throttle_on_servers.py",
        ),
    ),
    Package(
        name="walk",
        folder="migrasafe/backfill/walk",
        tests=("tests/unit/backfill",),
        on_servers=(
            "tests/postgres/test_backfill_walks.py",
            "tests/postgres/test_backfill_failures.py",
            "tests/postgres/test_backfill_deletes.py",
            "tests/postgres/test_backfill_validation.py",
            "tests/postgres/test_walk_steps.py",
            "tests/postgres/test_walked_tables.py",
        ),
    ),
)
