"""What a campaign needs and does not find."""

from __future__ import annotations


class NotThereError(Exception):
    """A sentence that says what is missing, and how to get it."""
