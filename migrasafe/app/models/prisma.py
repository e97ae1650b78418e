"""Models of a Prisma schema: what Prisma Client reads and writes. https://www.prisma.io/docs/orm/reference/prisma-schema-reference"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from migrasafe.app.model import Unread
from migrasafe.app.models.model import Model, ModelColumn
from migrasafe.app.models.queries import queries_of
from migrasafe.app.source.file_scan import FileScan, SourceText
from migrasafe.sql.quote import quote_ident

_COMMENT_OR_STRING = re.compile(r'//[^\n]*|"(?:[^"\\\n]|\\.)*"')
_BLOCK = re.compile(r"^[ \t]*(?P<kind>model|view|enum|type|datasource|generator)\s+(?P<name>\w+)\s*\{", re.MULTILINE)
_FIELD = re.compile(
    r"^[ \t]*(?P<name>[A-Za-z]\w*)[ \t]+(?P<type>\w+)(?P<many>\[\])?(?P<optional>\?)?(?P<rest>[^\n]*)", re.MULTILINE
)
_VALUE = re.compile(r"^[ \t]*(?P<name>\w+)(?P<rest>[^\n]*)", re.MULTILINE)
_MAP = re.compile(r"(?<!@)@map\(\s*(?:name\s*:\s*)?\"(?P<name>[^\"]*)\"")
_MAP_ALL = re.compile(r"@@map\(\s*(?:name\s*:\s*)?\"(?P<name>[^\"]*)\"")
_SCHEMA = re.compile(r"@@schema\(\s*(?:map\s*:\s*)?\"(?P<name>[^\"]*)\"")
_KEY = re.compile(r"@@(?:id|unique)\(\s*(?:fields\s*:\s*)?\[(?P<fields>[^\]]*)\]")
_DEFAULT = re.compile(r"@default\(\s*(?P<value>\w*)")
_RELATION = re.compile(r"@relation\((?P<arguments>[^\n]*)")
_RELATION_NAME = re.compile(r"(?:^|[(,]\s*|name\s*:\s*)\"(?P<name>[^\"]*)\"")
_DELETES = re.compile(r"\bdelete(?:Many)?\s*[(:]")
_BY_THE_DATABASE = frozenset({"autoincrement", "dbgenerated", "sequence"})
_POSTGRESQL = frozenset({"postgresql", "postgres"})


class _Block(NamedTuple):
    kind: str
    name: str
    source: SourceText
    start: int
    """Of its name."""
    inside: int
    text: str
    """What stands between its braces, with comments blanked."""


class PrismaFile(NamedTuple):
    path: str
    source: SourceText


def read_prisma(files: Sequence[PrismaFile], programs: Iterable[SourceText] = ()) -> FileScan:
    """The queries of all models. Files in one folder are one schema, as Prisma reads them; `programs` tell whether rows are
    ever deleted."""
    deletes = bool(files) and any(_DELETES.search(program.text) for program in programs)
    scans = [_SchemaReader(group, deletes=deletes).read() for group in _schemas(files)]
    return FileScan(
        queries=tuple(query for scan in scans for query in scan.queries),
        unread=tuple(problem for scan in scans for problem in scan.unread),
    )


def _schemas(files: Sequence[PrismaFile]) -> list[list[_Block]]:
    """The blocks of each schema: a file with a datasource, and those beside and below it that have none."""
    blocks = {file: list(_blocks(file.source)) for file in files}
    roots = [file for file in files if any(block.kind == "datasource" for block in blocks[file])] or list(files[:1])
    groups: dict[PrismaFile, list[_Block]] = {root: list(blocks[root]) for root in roots}
    for file in files:
        if file not in groups:
            folder = file.path.rpartition("/")[0]
            near = [root for root in roots if f"{folder}/".startswith(f"{root.path.rpartition('/')[0]}/")]
            groups[max(near or roots, key=lambda root: len(root.path.rpartition("/")[0]))] += blocks[file]
    return list(groups.values())


def _blocks(source: SourceText) -> Iterator[_Block]:
    def blank(found: re.Match[str]) -> str:
        return found.group() if found.group().startswith('"') else " " * len(found.group())

    readable = _COMMENT_OR_STRING.sub(blank, source.text)
    masked = _COMMENT_OR_STRING.sub(lambda found: " " * len(found.group()), source.text)
    for block in _BLOCK.finditer(masked):
        end = masked.find("}", block.end())
        end = end if end >= 0 else len(masked)
        yield _Block(
            block["kind"], block["name"], source, block.start("name"), block.end(), readable[block.end() : end]
        )


class _SchemaReader:
    """Reads the models of one schema."""

    def __init__(self, blocks: Sequence[_Block], *, deletes: bool) -> None:
        self.deletes = deletes
        self.blocks = blocks
        self.enums = {block.name: block for block in blocks if block.kind == "enum"}
        self.models = {block.name: block for block in blocks if block.kind in ("model", "view")}
        self.unread: list[Unread] = []

    def read(self) -> FileScan:
        provider = next(
            (found[1] for block in self.blocks if block.kind == "datasource" if (found := _provider(block))), ""
        )
        if provider and provider not in _POSTGRESQL:
            return FileScan()
        models = [
            model for block in self.models.values() if "@@ignore" not in block.text for model in self._models(block)
        ]
        return FileScan(
            queries=tuple(query for model in models for query in queries_of(model, deletes=self.deletes)),
            unread=tuple(self.unread),
        )

    def _models(self, block: _Block) -> Iterator[Model]:
        columns, unsupported = [], False
        key_fields = self._key_fields(block)
        for field in _FIELD.finditer(block.text):
            if field["type"] == "Unsupported":
                unsupported |= ")?" not in field["rest"] and "@default" not in field["rest"]
            elif field["type"] not in self.models and "@ignore" not in field["rest"]:
                columns.append(self._column(block, field, is_key=field["name"] in key_fields))
        name = _mapped(_MAP_ALL, block.text) or block.name
        schema = _mapped(_SCHEMA, block.text)
        location = block.source.location(block.start)
        yield Model(
            name=block.name,
            table=name,
            schema=schema,
            columns=tuple(columns),
            location=location,
            unset_is_null=False,
            null_fails=True,
            is_written=block.kind == "model" and not unsupported,
            reads_after_insert=True,
            prepared=True,
        )
        for field in _FIELD.finditer(block.text):
            if field["many"] and field["type"] in self.models:
                yield from self._join_table(block, field, schema)

    def _key_fields(self, block: _Block) -> frozenset[str]:
        for field in _FIELD.finditer(block.text):
            if re.search(r"(?<!@)@id\b", field["rest"]):
                return frozenset({field["name"]})
        for field in _FIELD.finditer(block.text):
            if "@@id" not in block.text and re.search(r"(?<!@)@unique\b", field["rest"]):
                return frozenset({field["name"]})
        keys = sorted(_KEY.finditer(block.text), key=lambda key: "@@id" not in key.group())
        return (
            frozenset(re.findall(r"[A-Za-z_]\w*", re.sub(r"\([^)]*\)", "", keys[0]["fields"]))) if keys else frozenset()
        )

    def _column(self, block: _Block, field: re.Match[str], *, is_key: bool) -> ModelColumn:
        rest = field["rest"]
        default = _DEFAULT.search(rest)
        by_database = default is not None and default["value"] in _BY_THE_DATABASE
        enum = self.enums.get(field["type"])
        return ModelColumn(
            name=_mapped(_MAP, rest) or field["name"],
            attribute=field["name"],
            location=block.source.location(block.inside + field.start("name")),
            nullable=bool(field["optional"] or field["many"]),
            primary_key=is_key,
            program_default=(default is not None and not by_database) or "@updatedAt" in rest,
            database_default=by_database,
            labels=tuple(_labels(enum)) if enum else None,
            parameter_type=self._enum_type(enum, many=bool(field["many"])) if enum else None,
        )

    def _enum_type(self, enum: _Block, *, many: bool) -> str:
        schema = _mapped(_SCHEMA, enum.text)
        name = quote_ident(_mapped(_MAP_ALL, enum.text) or enum.name)
        return (f"{quote_ident(schema)}." if schema else "") + name + ("[]" if many else "")

    def _join_table(self, block: _Block, field: re.Match[str], schema: str | None) -> Iterator[Model]:
        """The table of a relation of many to many, from that side whose model comes first in the alphabet."""
        other = self.models[field["type"]]
        relation = _relation_name(field["rest"])
        back = [
            one
            for one in _FIELD.finditer(other.text)
            if one["type"] == block.name
            and one["many"]
            and _relation_name(one["rest"]) == relation
            and (other is not block or one.start() != field.start())
        ]
        if not back or "fields:" in field["rest"].replace(" ", ""):
            return
        first, second = sorted((block.name, other.name))
        if block.name != first or (other is block and back[0].start() < field.start()):
            return
        location = block.source.location(block.inside + field.start("name"))
        ends = tuple(ModelColumn(name=end, location=location, nullable=False, primary_key=True) for end in ("A", "B"))
        table = f"_{relation or f'{first}To{second}'}"
        yield Model(
            name=f"{block.name}.{field['name']}",
            table=table,
            schema=schema,
            columns=ends,
            location=location,
            prepared=True,
        )


def _provider(block: _Block) -> re.Match[str] | None:
    return re.search(r'provider\s*=\s*"(\w+)"', block.text)


def _mapped(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found["name"] if found else None


def _relation_name(rest: str) -> str | None:
    relation = _RELATION.search(rest)
    found = _RELATION_NAME.search(f"({relation['arguments']}") if relation else None
    return found["name"] if found else None


def _labels(enum: _Block) -> Iterator[str]:
    for value in _VALUE.finditer(enum.text):
        yield _mapped(_MAP, value["rest"]) or value["name"]
