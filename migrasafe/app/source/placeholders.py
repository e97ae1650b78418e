"""Placeholders of every driver, and what a program puts into its SQL, become `$1`, `$2` … each at its own place.

psycopg, asyncpg, JDBC, node-postgres, sqlc, SQLAlchemy, aiosql, MyBatis and the others each have their own; which one is
meant shows by where it stands: `data ? 'key'` is an operator, `id = ?` is a parameter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from migrasafe.app.source.keywords import (
    CLAUSES,
    EXPECT_OPERAND,
    LISTS,
    LITERALS_FOLLOW,
    MORE_THAN_A_VALUE,
    NAMES_FOLLOW,
)
from migrasafe.app.source.placed_text import HOLE, Edit, PlacedText

UNKNOWN_NAME = "¿"
"""Stands in a name for what is only known at run time: a name that contains it is not known."""


class How(Enum):
    """What a hole is taken to be."""

    VALUE = "value"
    NAME = "name"
    NOTHING = "nothing"


class Parameterized(NamedTuple):
    text: PlacedText
    holes: int
    """How many of its placeholders could be more than a value."""
    partial: bool
    """Whether a part of the SQL is only known at run time: a name, a clause, a list of columns."""


_PART = re.compile(
    r"""
    (?P<SPACE>\s+)
  | (?P<COMMENT>--[^\n]*|/\*.*?(?:\*/|\Z))
  | (?P<STRING>[eE]'(?:[^'\\]|\\.|'')*'|(?:\b[bBxXnN]|\b[uU]&)?'(?:[^']|'')*')
  | (?P<QUOTED>"(?:[^"]|"")*")
  | (?P<DOLLAR>\$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$)
  | (?P<HOLE>\0)
  | (?P<NATIVE>\$\d+)
  | (?P<EMBED>\bsqlc\.embed\(\s*(?P<embedded>[\w."]+)\s*\))
  | (?P<SQLC>\bsqlc\.(?:n?arg|slice)\(\s*['"]?(?P<sqlc_name>\w+)['"]?\s*\))
  | (?P<PERCENT>%(?:\((?P<percent_name>[^)\n]+)\))?[sdbt](?!\w))
  | (?P<DOUBLED>%%)
  | (?P<MYBATIS>\#\{(?P<mybatis_name>[^},]{0,99})[^}]{0,99}\})
  | (?P<PROMISE>\$(?:\((?P<promise_name>[\s\w.]+)(?P<promise_filter>[~^#:]\w*)?\)
      |<[\s\w.]+[~^#:]?\w*>|\[[\s\w.]+[~^#:]?\w*\]|/[\w.]+/))
  | (?P<ELSE>(?:\{%-?\s*else\b[^%]{0,999}%\}|\{\{-?\s*else\b[^}]{0,999}\}\})(?:(?!\{[%{]).)*)
  | (?P<TAG>\{%.{0,999}?%\}|\{\{-?\s*(?:if|end|range|with|define|template|block)\b.{0,999}?\}\})
  | (?P<TEMPLATE>\$\{[^}]{0,999}\}|\{\{.{0,999}?\}\}|\{[A-Za-z_]\w*\})
  | (?P<CAST>::|:=)
  | (?P<COLON>:(?:(?:i|v|t|sql|i\*|v\*|t\*):)?(?P<colon_name>[A-Za-z_]\w*(?:\.\w+)*)[!*]?)
  | (?P<AT>@(?P<at_name>[A-Za-z_]\w*))
  | (?P<ESCAPED>\?\?)
  | (?P<QUESTION>\?\d*)
  | (?P<NUMBER>\d[\w.]*|\.\d+)
  | (?P<WORD>[A-Za-z_\u0080-\U0010ffff][\w$]*)
  | (?P<OPEN>[(\[])
  | (?P<CLOSE>[)\]])
  | (?P<OPERATOR>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_NAMES_AFTER = re.compile(r'\s*\)\s*(?:AS\s+)?"?\w+"?\s*\((?P<names>[^()]*)\)', re.IGNORECASE)
_NAMES_BEFORE = re.compile(
    r"\((?P<names>[^()]*)\)\s*AS\s+(?:(?:NOT\s+)?MATERIALIZED\s+)?\(\s*VALUES\s*$", re.IGNORECASE
)
_PROMISE_PUTS_IN = ("~", "^", ":name", ":alias", ":raw", ":value")
"""Filters of pg-promise whose value becomes part of the SQL."""


def with_parameters(text: PlacedText, how: Mapping[int, How] | None = None) -> Parameterized:
    """The text with `$n`. `how` says what the nth hole is, where its surroundings do not tell it right."""
    return _Pass(text, how or {}).run()


class _Pass:
    """One walk over the tokens of a text."""

    def __init__(self, text: PlacedText, how: Mapping[int, How]) -> None:
        self.placed = text
        self.text = text.text
        self.how = how
        self.edits: list[Edit] = []
        self.names: dict[str, int] = {}
        self.number = max((int(found) for found in re.findall(r"\$(\d{1,5})\b", self.text)), default=0)
        self.holes = 0
        self.partial = False
        self.operand = False
        """Whether a value, a name or a closing bracket stands just before."""
        self.previous = ""
        """The last word or operator, in upper case."""
        self.before_previous = ""
        self.clauses: list[str] = [""]
        """The clause that is open on each level of brackets."""
        self.calls: list[bool] = [False]
        """Whether each level is the arguments of a function, or a row of VALUES."""
        self.statement = ""
        self.columns = 0
        """How many columns the list of an INSERT names."""
        self.list_at: int | None = None

    def run(self) -> Parameterized:
        place = 0
        while place < len(self.text):
            match = _PART.match(self.text, place)
            assert match is not None  # OPERATOR takes any character
            place = self._take(match.lastgroup or "", match)
        return Parameterized(self.placed.edited(self.edits), self.holes, self.partial)

    def _take(self, kind: str, match: re.Match[str]) -> int:
        """Look at one token; returns where the next one begins."""
        end = match.end()
        match kind:
            case "SPACE":
                return end
            case "COMMENT":
                self._edit_holes(match, "")
                return end
            case "STRING" | "DOLLAR":
                self._string(match)
            case "QUOTED":
                self.partial |= HOLE in match.group()
                self._edit_holes(match, UNKNOWN_NAME)
                self._seen("", operand=True)
            case "WORD":
                self._word(match)
            case "NUMBER" | "NATIVE":
                self._seen("", operand=True)
            case "OPEN":
                self._open(match)
            case "CLOSE":
                self._close(match)
            case "TAG" | "ELSE":  # of two branches the first is read
                self.partial = True
                self.edits.append(Edit(match.start(), end, ""))
            case "DOUBLED" | "ESCAPED":  # as printf and JDBC write the operators % and ?
                self.edits.append(Edit(match.start(), end, match.group()[0]))
                self._seen(match.group()[0], operand=False)
            case "EMBED":
                self.edits.append(Edit(match.start(), end, f"{match['embedded']}.*"))
                self._seen("", operand=True)
            case "OPERATOR" | "CAST":
                self._seen(match.group(), operand=False)
            case _:
                return self._placeholder(kind, match)
        return end

    def _seen(self, token: str, *, operand: bool) -> None:
        self.before_previous, self.previous, self.operand = self.previous, token, operand

    def _word(self, match: re.Match[str]) -> None:
        word = match.group().upper()
        self.statement = self.statement or word
        if self.previous == ".":
            word = ""
        if word == "UPDATE" and self.previous in ("FOR", "KEY"):
            word = ""
        if word in CLAUSES:
            self.clauses[-1] = word
        self._seen(word, operand=word not in EXPECT_OPERAND)

    def _open(self, match: re.Match[str]) -> None:
        is_call = self.operand or self.previous in ("VALUES", "IN", "ANY", "ARRAY") or self.clauses[-1] == "VALUES"
        if self.statement == "INSERT" and len(self.clauses) == 1 and self.clauses[-1] not in ("VALUES", "SELECT"):
            self.list_at = self.list_at or match.start()
            self.columns = 1 if self.columns == 0 else self.columns
        self.clauses.append("")
        self.calls.append(is_call)
        self._seen("(", operand=False)

    def _close(self, match: re.Match[str]) -> None:
        if len(self.clauses) > 1:
            self.clauses.pop()
            self.calls.pop()
        if self.list_at is not None and len(self.clauses) == 1 and self.clauses[0] == "" and self.columns == 1:
            self.columns = 1 + self.text.count(",", self.list_at, match.start())
        self._seen(")", operand=True)

    def _string(self, match: re.Match[str]) -> None:
        if match.group() == f"'{HOLE}'" and self.previous not in LITERALS_FOLLOW:
            self.edits.append(Edit(match.start(), match.end(), self._parameter("")))
        else:
            self._edit_holes(match, "1")
        self._seen("", operand=True)

    def _edit_holes(self, match: re.Match[str], replacement: str) -> None:
        at = match.group().find(HOLE)
        while at >= 0:
            self.edits.append(Edit(match.start() + at, match.start() + at + 1, replacement))
            at = match.group().find(HOLE, at + 1)

    def _parameter(self, name: str) -> str:
        """`$n`; a name that was there before is the same parameter."""
        if name and name in self.names:
            return f"${self.names[name]}"
        self.number += 1
        if name:
            self.names[name] = self.number
        return f"${self.number}"

    # --- placeholders and holes ---

    def _placeholder(self, kind: str, match: re.Match[str]) -> int:
        start, end = match.span()
        if kind == "QUESTION" and self.operand:
            self._seen("?", operand=False)
            return end
        if kind == "AT" and self.operand:
            self._seen("@", operand=False)
            return start + 1
        if kind in ("MYBATIS", "SQLC", "QUESTION", "AT"):
            name = next((value for key, value in match.groupdict().items() if key.endswith("_name") and value), "")
            self._replace(start, end, self._value(name, start, end))
            return end
        is_hole = kind in ("HOLE", "TEMPLATE") or (match["promise_filter"] or "") in _PROMISE_PUTS_IN
        name = match["percent_name"] or match["colon_name"] or match["promise_name"] or ""
        if kind == "PERCENT" and self.operand and not re.match(r"[\s,;)]|\Z", self.text[end : end + 1] or ""):
            self._seen("%", operand=False)
            return start + 1
        return self._hole(start, end, name, is_hole=is_hole)

    def _hole(self, start: int, end: int, name: str, *, is_hole: bool) -> int:
        index = self.holes
        how = self.how.get(index)
        by_place = self._by_place(start, end)
        if is_hole or by_place is not How.VALUE:
            self.holes += 1
        else:
            how = None
        how = how or by_place
        self.partial |= how is not How.VALUE or (is_hole and self._more_than_a_value())
        if how is How.NOTHING:
            return self._leave_out(start, end)
        if how is How.NAME:
            self._replace(start, end, UNKNOWN_NAME)
            return end
        self._replace(start, end, self._value(name, start, end))
        return end

    def _by_place(self, start: int, end: int) -> How:
        if _is_word(self.text, start - 1) or _is_word(self.text, end) or self.previous in (".", "AS"):
            return How.NAME
        if self.text.startswith(".", end) or self.operand or not self.statement:
            return How.NOTHING
        return How.NAME if self.previous in NAMES_FOLLOW else How.VALUE

    def _more_than_a_value(self) -> bool:
        if self.previous in MORE_THAN_A_VALUE:
            return True
        return self.previous in (",", "(") and not self.calls[-1] and self.clauses[-1] in LISTS

    def _value(self, name: str, start: int, end: int) -> str:
        if self.previous in LITERALS_FOLLOW:
            return "'1'" if self.previous == "INTERVAL" else "'2000-01-01'"
        if self.previous == "VALUES":
            columns = self.columns or self._columns_of_rows(start, end)
            return f"({', '.join(self._parameter('') for _ in range(max(1, columns)))})"
        parameter = self._parameter(name)
        return f"({parameter})" if self.previous == "IN" else parameter

    def _columns_of_rows(self, start: int, end: int) -> int:
        """How many columns the rows of a VALUES list have, by the names that follow or precede it."""
        names = _NAMES_AFTER.match(self.text, end) or _NAMES_BEFORE.search(self.text, max(0, start - 300), start)
        return names["names"].count(",") + 1 if names else 0

    def _leave_out(self, start: int, end: int) -> int:
        """The hole goes, with the dot after a schema or with the comma that it leaves behind."""
        begin = start
        if self.text.startswith(".", end):
            end += 1
        elif self.previous == ",":
            begin = self.text.rindex(",", 0, start)
        self.edits.append(Edit(begin, end, "" if begin < start else " "))
        return end

    def _replace(self, start: int, end: int, replacement: str) -> None:
        self.edits.append(Edit(start, end, replacement))
        self._seen("", operand=True)


def _is_word(text: str, place: int) -> bool:
    return 0 <= place < len(text) and (text[place].isalnum() or text[place] == "_")
