"""What the tables of schema migrasafe keep as JSON, read as what it has to be: a role that may write there can have written else."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from migrasafe.errors import InputError

Kept = TypeVar("Kept")


def kept(text: object, type: type[Kept], where: str) -> Kept:
    """The value in a column. Raises InputError for another one than migrasafe writes."""
    try:
        return msgspec.json.decode(str(text), type=type)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InputError(
            f"migrasafe.{where} is not as migrasafe writes it: {error}; put it right, or run the job under another name"
        ) from error
