"""Whether the next batch may start now, and on which signals."""
