"""The pieces of whole statements as their author wrote them: ALTER COLUMN … TYPE, UPDATE, CREATE INDEX."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.sql.lexer import Kind, Token, tokens
from migrasafe.sql.statements import Span
from migrasafe.sql.written import end_of_name, significant, words_of


class WrittenType(Struct, frozen=True, kw_only=True):
    """The pieces of ALTER COLUMN … TYPE."""

    type: str
    """With its COLLATE, where it has one."""
    using: str | None


def written_type(text: str, span: Span, shown: str | None = None) -> WrittenType | None:
    """The pieces of the action `ALTER [COLUMN] name [SET DATA] TYPE type [COLLATE …] [USING …]` at `span`."""
    found = significant(text, span)
    words = words_of(text, found)
    named = 2 if words[1:2] == ["column"] else 1  # a column may be called type, too
    start = next((place for place in range(named + 1, min(len(words), 6)) if words[place] == "type"), None)
    if words[:1] != ["alter"] or start is None or start + 1 >= len(found):
        return None
    shown = shown or text
    using = next((place for place in range(start + 2, len(words)) if words[place] == "using"), None)
    end = found[using - 1 if using is not None else -1].end
    value = shown[found[using + 1].start : found[-1].end] if using is not None and using + 1 < len(found) else None
    return WrittenType(type=shown[found[start + 1].start : end], using=value)


class WrittenUpdate(Struct, frozen=True, kw_only=True):
    """The pieces of an UPDATE of one table, each on one line."""

    table: str
    sets: tuple[str, ...]
    """Each `column = value`."""
    where: str
    """Empty where there is none."""


def written_update(text: str, span: Span, shown: str | None = None) -> WrittenUpdate | None:
    """The pieces of `UPDATE [ONLY] table SET … [WHERE …]`; None with an alias, FROM, RETURNING or WITH."""
    found = significant(text, span)
    words, shown = words_of(text, found), shown or text
    place = 2 if words[1:2] == ["only"] else 1
    if words[:1] != ["update"] or place >= len(found):
        return None
    end = end_of_name(text, found, place)
    start = next((number for number in range(place, len(found)) if found[number].start >= end), len(found))
    if words[start : start + 1] != ["set"]:
        return None
    depth, where = 0, len(found)
    for number in range(start + 1, len(found)):
        depth += (found[number].kind is Kind.OPEN) - (found[number].kind is Kind.CLOSE)
        if depth == 0 and words[number] in ("from", "returning") and words[number - 1] != "distinct":
            return None
        if depth == 0 and words[number] == "where" and where == len(found):
            where = number
    assignments = [_on_one_line(shown, part) for part in _between_commas(text, found[start + 1 : where])]
    condition = _on_one_line(shown, found[where + 1 :])
    if condition is None or None in assignments or any(one is None or one.startswith("(") for one in assignments):
        return None
    sets = tuple(one for one in assignments if one is not None)
    return WrittenUpdate(table=shown[found[place].start : end], sets=sets, where=condition)


def _between_commas(text: str, found: list[Token]) -> list[list[Token]]:
    """The tokens, cut at the commas outside of parentheses and brackets."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in found:
        depth += text[token.start : token.end] in ("(", "[")
        depth -= text[token.start : token.end] in (")", "]")
        if token.kind is Kind.COMMA and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


class WrittenChange(Struct, frozen=True, kw_only=True):
    """The pieces of an UPDATE or DELETE of whatever shape, without RETURNING."""

    table: str
    alias: str
    """What its columns are qualified with."""
    before: str
    """All up to WHERE."""
    where: str
    """Empty where there is none."""


def written_change(text: str, span: Span, shown: str | None = None) -> WrittenChange | None:
    """The pieces of `UPDATE [ONLY] table [alias] …` or `DELETE FROM [ONLY] table [alias] …`; None with WITH or a cursor."""
    found = significant(text, span)
    words, shown = words_of(text, found), shown or text
    if words[:1] not in (["update"], ["delete"]):
        return None
    place = 2 if words[0] == "delete" else 1
    place += words[place : place + 1] == ["only"]
    if place >= len(found):
        return None
    end = end_of_name(text, found, place)
    table = shown[found[place].start : end]
    behind = next((number for number in range(place, len(found)) if found[number].start >= end), len(found))
    behind += words[behind : behind + 1] == ["as"]
    is_alias = behind < len(found) and words[behind] not in ("set", "using", "where", "returning")
    alias = shown[found[behind].start : found[behind].end] if is_alias else table
    depth, where, last = 0, len(found), len(found)
    for number, token in enumerate(found):
        depth += (token.kind is Kind.OPEN) - (token.kind is Kind.CLOSE)
        if depth == 0 and words[number] == "where" and where == len(found):
            where = number
        if depth == 0 and words[number] == "returning":
            last = number
    where = min(where, last)
    condition = shown[found[where + 1].start : found[last - 1].end] if where + 1 < last else ""
    if condition.lower().startswith("current of"):
        return None
    return WrittenChange(table=table, alias=alias, before=shown[span.start : found[where - 1].end], where=condition)


def _on_one_line(shown: str, found: list[Token]) -> str | None:
    """The tokens with their white space made single spaces; None where a string or a name has a line break."""
    pieces, end = [], found[0].start if found else 0
    for token in found:
        piece = shown[token.start : token.end]
        if "\n" in piece or "\r" in piece:
            return None
        pieces.append((" " if token.start > end else "") + piece)
        end = token.end
    return "".join(pieces)


class WrittenIndex(Struct, frozen=True, kw_only=True):
    """The pieces of a CREATE INDEX."""

    unique: bool
    table: str
    rest: str
    """What follows the table: `USING gin (tags) WITH (…) WHERE …`."""


def written_index(text: str, span: Span, shown: str | None = None) -> WrittenIndex | None:
    """The pieces of `CREATE [UNIQUE] INDEX [CONCURRENTLY] [[IF NOT EXISTS] name] ON [ONLY] table …`."""
    found = significant(text, span)
    words = words_of(text, found)
    if words[:1] != ["create"] or "on" not in words:
        return None
    place = words.index("on") + 1
    if words[place : place + 1] == ["only"]:
        place += 1
    if place >= len(found):
        return None
    end = end_of_name(text, found, place)
    shown = shown or text
    rest = shown[end : found[-1].end].strip()
    return WrittenIndex(unique=words[1:2] == ["unique"], table=shown[found[place].start : end], rest=rest)


def on_one_line(sql: str) -> str | None:
    """SQL with its white space made single spaces; None where a string, a name or a comment would not survive that."""
    found = list(tokens(sql))
    return None if any(token.kind is Kind.COMMENT for token in found) else _on_one_line(sql, found)
