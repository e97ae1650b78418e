"""What Diesel (Rust) reads and writes: the tables of `table! { … }`, and the structs that are inserted and updated.

A query of Diesel names every column of its table unless it selects fewer, so that each table that the program uses counts
as read with all of its columns. https://docs.rs/diesel/latest/diesel/macro.table.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from migrasafe.app.models.model import Model, ModelColumn
from migrasafe.app.models.queries import queries_of
from migrasafe.app.source.file_scan import FileScan, SourceText
from migrasafe.app.usage import SourceLocation

_WORD = re.compile(r"\w+")
_COMMENT = re.compile(r"//[^\n]*")
_TABLE = re.compile(r"\btable!\s*\{")
_HEAD = re.compile(
    r"(?P<attributes>(?:#\[[^\]]*\]\s*)*)(?:(?P<schema>\w+)\s*\.\s*)?(?P<name>\w+)\s*(?:\((?P<key>[^)]*)\)\s*)?\{"
)
_SQL_NAME = re.compile(r'\bsql_name\s*=\s*"([^"]+)"')
_COLUMN = re.compile(r"(?P<attributes>(?:#\[[^\]]*\]\s*)*)(?P<name>(?:r#)?\w+)\s*->\s*(?P<type>[^,}]+(?:<[^}]*?>)?)")
_STRUCT = re.compile(
    r"(?P<attributes>(?:#\[[^\n]*\]\s*)+)(?:pub(?:\([^)]*\))?\s+)?struct\s+(?P<name>\w+)(?:<[^{;]*>)?\s*\{"
)
_OF_TABLE = re.compile(r'\btable_name\s*=\s*"?(?:\w+::)*(\w+)')
_FIELD = re.compile(
    r"(?P<attributes>(?:#\[[^\n]*\]\s*)*)(?:pub(?:\([^)]*\))?\s+)?(?P<name>(?:r#)?\w+)\s*:(?!:)\s*(?P<type>[^\n]*?),?\s*$",
    re.MULTILINE,
)
_FOR_UPDATES = re.compile(r"Update|Patch|Change")
_COLUMN_NAME = re.compile(r'\bcolumn_name\s*=\s*"?(\w+)')
_INSERT = re.compile(r"\binsert_into\(\s*(?:\w+::)*?(?P<name>\w+)(?:::table|::dsl::\w+)?\s*\)\s*\.\s*values\(")
_EQ = re.compile(r"(?:(?P<table>\w+)::)?(?P<name>\w+)\s*\.\s*eq\(")
_DELETE = re.compile(r"\bdelete\(\s*(?:\w+::)*?(?P<name>\w+)(?:::table\b|::dsl\b|\s*[.)])")


class _Table(Struct, frozen=True, kw_only=True):
    """One `table!`."""

    name: str
    """As the program names it."""
    model: Model
    names: dict[str, str]
    """Column as the program names it → in the database."""


def read_diesel(programs: Iterable[SourceText]) -> FileScan:
    """The queries of all tables; nothing where no Rust file describes one."""
    files = [(one, _COMMENT.sub(lambda found: " " * len(found.group()), one.text)) for one in programs if _is_rust(one)]
    tables = {table.name: table for source, text in files if "table!" in text for table in _tables(source, text)}
    if not tables:
        return FileScan()
    used = _used(text for _, text in files)
    models = [table.model for name, table in tables.items() if name in used]
    for source, text in files:
        if "table_name" in text:
            models.extend(_structs(source, text, tables))
        if "insert_into" in text:
            models.extend(_tuples(source, text, tables))
    queries = [query for model in models for query in queries_of(model, deletes=False)]
    for name in sorted({found["name"] for _, text in files for found in _DELETE.finditer(text)} & tables.keys()):
        model = tables[name].model
        keys = tuple(column for column in model.columns if column.primary_key)
        deleted = Model(name=name, table=model.table, schema=model.schema, columns=keys, location=model.location)
        queries.extend(query for query in queries_of(deleted) if query.name.startswith("DELETE"))
    return FileScan(queries=tuple(queries))


def _is_rust(program: SourceText) -> bool:
    return program.path.endswith(".rs")


def _inside(text: str, start: int) -> str:
    """What stands between the bracket before `start` and the one that closes it."""
    depth = 1
    for place in range(start, len(text)):
        if text[place] in "{(":
            depth += 1
        elif text[place] in "})":
            depth -= 1
            if depth == 0:
                return text[start:place]
    return text[start:]


# --- table! -----------------------------------------------------------------------------------------------------------


def _tables(source: SourceText, text: str) -> Iterator[_Table]:
    for block in _TABLE.finditer(text):
        head = _HEAD.search(text, block.end())
        if head is None:
            continue
        keys = {key.strip() for key in (head["key"] or "id").split(",")}
        columns, names = [], {}
        for found in _COLUMN.finditer(_inside(text, head.end())):
            attribute = found["name"].removeprefix("r#")
            said = _SQL_NAME.search(found["attributes"])
            names[attribute] = said[1] if said else attribute
            is_nullable = found["type"].strip().startswith("Nullable")
            columns.append(
                ModelColumn(
                    name=names[attribute],
                    attribute=attribute,
                    location=source.location(head.end() + found.start("name")),
                    nullable=is_nullable,
                    primary_key=attribute in keys,
                )
            )
        said = _SQL_NAME.search(head["attributes"])
        model = Model(
            name=head["name"],
            table=said[1] if said else head["name"],
            schema=head["schema"],
            columns=tuple(columns),
            location=source.location(head.start("name")),
            is_written=False,
            null_fails=True,
            prepared=True,
        )
        yield _Table(name=head["name"], model=model, names=names)


def _used(texts: Iterable[str]) -> frozenset[str]:
    """Every name in the programs, outside of what describes tables."""
    used: set[str] = set()
    for text in texts:
        rest = text
        for block in reversed(list(_TABLE.finditer(text))):
            end = block.end() + len(_inside(text, block.end()))
            rest = rest[: block.start()] + rest[end:]
        used.update(_WORD.findall(rest))
    return frozenset(used)


# --- what is written --------------------------------------------------------------------------------------------------


def _structs(source: SourceText, text: str, tables: dict[str, _Table]) -> Iterator[Model]:
    """The structs that derive Insertable or AsChangeset."""
    for found in _STRUCT.finditer(text):
        attributes = found["attributes"]
        named = _OF_TABLE.search(attributes)
        updated = "AsChangeset" in attributes
        # Forms for updates often derive both, and would miss columns in an INSERT.
        inserted = "Insertable" in attributes and not (updated and _FOR_UPDATES.search(found["name"]))
        if named is None or named[1] not in tables or not (inserted or updated):
            continue
        table = tables[named[1]]
        columns = []
        for field in _FIELD.finditer(_inside(text, found.end())):
            if "embed" in field["attributes"] or "skip_insertion" in field["attributes"]:
                continue
            said = _COLUMN_NAME.search(field["attributes"])
            attribute = said[1] if said else field["name"].removeprefix("r#")
            is_optional = field["type"].startswith("Option<")
            columns.append(
                _written(table, attribute, source.location(found.end() + field.start("name")), is_optional=is_optional)
            )
        yield Model(
            name=found["name"],
            table=table.model.table,
            schema=table.model.schema,
            columns=tuple(columns),
            location=source.location(found.start("name")),
            is_read=False,
            is_inserted=inserted,
            is_updated=updated,
            names_defaults=True,  # None of an Option is written as DEFAULT
            prepared=True,
        )


def _tuples(source: SourceText, text: str, tables: dict[str, _Table]) -> Iterator[Model]:
    """`insert_into(users).values((name.eq(…), email.eq(…)))`."""
    for found in _INSERT.finditer(text):
        table = tables.get(found["name"])
        if table is None:
            continue
        values = _inside(text, found.end())
        pairs = [pair for pair in _EQ.finditer(values) if pair["name"] in table.names]
        places = {pair["name"]: source.location(found.end() + pair.start("name")) for pair in pairs}
        if places:
            yield Model(
                name=found["name"],
                table=table.model.table,
                schema=table.model.schema,
                columns=tuple(_written(table, name, place, is_optional=False) for name, place in places.items()),
                location=source.location(found.start()),
                is_read=False,
                is_updated=False,
                prepared=True,
            )


def _written(table: _Table, attribute: str, place: SourceLocation, *, is_optional: bool) -> ModelColumn:
    name = table.names.get(attribute, attribute)
    known = next((column for column in table.model.columns if column.name == name), None)
    return ModelColumn(
        name=name,
        attribute=attribute,
        location=place,
        nullable=known is None or known.nullable,
        primary_key=known is not None and known.primary_key and is_optional,
        database_default=is_optional,
        always_given=not is_optional,
    )
