"""Loads the fixtures that give tests a real PostgreSQL; how to use them is said in tests/postgres/conftest.py."""

import signal

pytest_plugins = ["tests.pages", "tests.postgres.servers"]

# A job in the background of a shell ignores Ctrl-C, and so do the programs that it starts: tests send it to some of them.
signal.signal(signal.SIGINT, signal.default_int_handler)
