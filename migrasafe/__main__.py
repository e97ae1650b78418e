"""`python -m migrasafe`."""

from migrasafe.entry import start

start()
