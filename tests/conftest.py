"""Loads the fixtures that give tests a real PostgreSQL; how to use them is said in tests/postgres/conftest.py."""

pytest_plugins = ["tests.pages", "tests.postgres.servers"]
