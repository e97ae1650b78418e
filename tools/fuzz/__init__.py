"""Statements by the million, and what they must not do to migrasafe: `python -m tools.fuzz --help`."""
