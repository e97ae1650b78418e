"""How a name is written in SQL, as a regular expression that PostgreSQL and Python both read."""

from __future__ import annotations

import re

_FOLDED = re.compile(r"[a-z_\u0080-\U0010ffff][a-z0-9_$\u0080-\U0010ffff]*")
"""A name that can be said without quotes."""


def written_name(name: str) -> str:
    """Finds it where SQL says it, in quotes or, in capitals or not, without; and not a name that differs from it in case.

    Single quotes count as well: a body may put its statements together from words.
    """
    quoted = f"[\"']{re.escape(name.replace(chr(34), chr(34) * 2))}[\"']"
    if _FOLDED.fullmatch(name) is None:
        return f"({quoted})"
    in_any_case = "".join(f"[{sign}{sign.upper()}]" if "a" <= sign <= "z" else re.escape(sign) for sign in name)
    return f'({quoted}|(?<![\\w$"]){in_any_case}(?![\\w$"]))'
