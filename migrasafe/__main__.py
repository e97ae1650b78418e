"""`python -m migrasafe`."""

from migrasafe.cli import start

start()
