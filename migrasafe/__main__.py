"""`python -m migrasafe`."""

from migrasafe.cli import main

main()
