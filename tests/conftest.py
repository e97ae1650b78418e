"""Loads the fixtures that give tests a real PostgreSQL; how to use them is said in tests/postgres/conftest.py."""

import signal

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.pages", "tests.postgres.servers"]

# A job in the background of a shell ignores Ctrl-C, and so do the programs that it starts: tests send it to some of them.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How busy the machine is must not decide: an example may take as long as it takes.
settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")
