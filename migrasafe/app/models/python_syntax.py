"""Python of any version as a syntax tree of ours: the app may be written for a newer Python than the one that runs us."""

from __future__ import annotations

import ast
import re
import warnings

from migrasafe.app.literals.python import PYTHON

# https://peps.python.org/pep-0758/, https://peps.python.org/pep-0695/
_BARE_EXCEPT = re.compile(r"^([ \t]*except\*?[ \t]+)([\w.]+(?:[ \t]*,[ \t]*[\w.]+)+)([ \t]*:)", re.MULTILINE)
_TYPE_PARAMETERS = re.compile(
    r"^([ \t]*(?:async[ \t]+def|def|class)[ \t]+\w+)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]", re.MULTILINE
)
_TYPE_STATEMENT = re.compile(r"^([ \t]*)type[ \t]+(\w+)(?:\[[^\]]*\])?[ \t]*=", re.MULTILINE)


def parse_python(text: str) -> ast.Module:
    """The tree of a file; what newer versions of Python added is written in the older way first, at the same lines.
    Raises SyntaxError, ValueError, RecursionError or MemoryError as `ast.parse` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the app's own invalid escapes
        try:
            return ast.parse(text)
        except SyntaxError:
            for older in (_older(text), _without_formatted_strings(_older(text))):
                try:
                    return ast.parse(older)
                except SyntaxError:
                    continue
            raise


def _older(text: str) -> str:
    text = _BARE_EXCEPT.sub(r"\1(\2)\3", text)
    text = _TYPE_PARAMETERS.sub(lambda found: found[1] + re.sub(r"[^\n]", " ", f"[{found[2]}]"), text)
    return _TYPE_STATEMENT.sub(r"\1\2 =", text)


def _without_formatted_strings(text: str) -> str:
    """Since 3.12 an f-string can hold its own quotes, and since 3.14 there are t-strings: both become empty strings."""
    parts, place, done = [], 0, 0
    while match := PYTHON.token.search(text, place):
        read = PYTHON.read(text, match, len(text))
        place = max(match.end(), read if isinstance(read, int) else read.end)
        prefix = (match["prefix"] or "").lower()
        if isinstance(read, int) or not ("f" in prefix or "t" in prefix):
            continue
        quote = match["quote"]
        content = text[match.end() : read.end - len(quote)]
        parts += [text[done : match.start()], " " * len(prefix), quote, re.sub(r"[^\n]", " ", content), quote]
        done = read.end
    return "".join((*parts, text[done:]))
