"""What PostgreSQL says at `client_min_messages = debug1` about the work it does; the same words from 12 to 18."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_REWRITING = re.compile(r'rewriting table "(.*)"')
_VERIFYING = re.compile(r'verifying table "(.*)"')
_BUILDING = re.compile(r'building index "(?:.*)" on table "(.*)" (?:serially|with request)')
_VALIDATING = re.compile(r'validating foreign key constraint "(.*)"')
_PROOF = re.compile(r"are sufficient to prove|(?:is|are) implied by existing constraints")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The work that the messages tell of. Names are as the server gives them: without a schema."""

    rewritten_tables: frozenset[str]
    verified_tables: frozenset[str]
    indexed_tables: frozenset[str]
    validated_foreign_keys: frozenset[str]
    proofs: tuple[str, ...]


def read_messages(messages: Iterable[str]) -> Work:
    """Sort the server's messages by the work they tell of; others are left out."""
    said = tuple(messages)
    return Work(
        rewritten_tables=_names(_REWRITING, said),
        verified_tables=_names(_VERIFYING, said),
        indexed_tables=_names(_BUILDING, said),
        validated_foreign_keys=_names(_VALIDATING, said),
        proofs=tuple(message for message in said if _PROOF.search(message)),
    )


def _names(pattern: re.Pattern[str], messages: tuple[str, ...]) -> frozenset[str]:
    return frozenset(match[1] for message in messages if (match := pattern.match(message)))
