"""“a” or “an”, before a word that is only known later."""

from __future__ import annotations

from migrasafe.regex import regex

_SPOKEN_WITH_A_VOWEL = regex(r"""["'`“]?(?!(?:uni|use|usa|uuid|url|utc|utf|eu|one\b))([aeiou]|xml\b|sql)""")


def with_article(word: str) -> str:
    """`an integer`, `a uuid`, `an ACCESS EXCLUSIVE`, `a UNIQUE`."""
    return f"{'an' if _SPOKEN_WITH_A_VOWEL.match(word.lower()) else 'a'} {word}"
