"""Models of SQLAlchemy are read without importing them, and mean what SQLAlchemy itself makes of them."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest
from sqlalchemy import Table
from sqlalchemy.orm import Mapper

from migrasafe.app.model import Query
from migrasafe.app.models.python_project import PythonFile
from migrasafe.app.models.read_python_models import read_python_models
from migrasafe.app.source.file_scan import FileScan, SourceText
from migrasafe.sql.quote import quote_ident
from tests.unit.app.sqlalchemy_samples import DECLARATIVE_1, DECLARATIVE_2


def scan(**files: str) -> FileScan:
    named = [(f"{name.replace('__', '/')}.py", text) for name, text in files.items()]
    return read_python_models([PythonFile(path, SourceText(path, text)) for path, text in named])


def queries(found: FileScan) -> dict[str, Query]:
    return {query.name: query for query in found.queries}


def executed(program: str) -> tuple[list[Table], list[Mapper[Any]]]:
    """The tables and mappers that SQLAlchemy makes of a program."""
    module = types.ModuleType("sample_models")
    sys.modules[module.__name__] = module  # SQLAlchemy looks annotations up there
    try:
        exec(program, module.__dict__)
        mappers = [
            mapper for value in vars(module).values() if (mapper := getattr(value, "__mapper__", None)) is not None
        ]
        tables = [value for value in vars(module).values() if isinstance(value, Table)]
        for mapper in mappers:
            _ = mapper.attrs  # configures it
    finally:
        del sys.modules[module.__name__]
    return tables, [mapper for mapper in mappers if isinstance(mapper, Mapper)]


def spelled(table: Table) -> str:
    return ".".join(quote_ident(part) for part in (table.schema, table.name) if part)


@pytest.mark.parametrize("program", [DECLARATIVE_2, DECLARATIVE_1], ids=["2.x", "1.x"])
def test_every_table_has_the_columns_that_sqlalchemy_maps(program: str) -> None:
    found = scan(models=program)
    assert not found.unread
    tables, mappers = executed(program)
    expected = {
        spelled(table): table for table in [*tables, *(t for m in mappers for t in m.tables if isinstance(t, Table))]
    }
    read: dict[str, set[str]] = {}
    for query in found.queries:
        if query.name.startswith("SELECT"):
            columns, _, rest = query.sql.removeprefix("SELECT ").partition(" FROM ")
            read.setdefault(rest.split(" WHERE ")[0], set()).update(columns.split(", "))
    assert read == {name: {quote_ident(c.name) for c in table.columns} for name, table in expected.items()}


@pytest.mark.parametrize("program", [DECLARATIVE_2, DECLARATIVE_1], ids=["2.x", "1.x"])
def test_an_insert_names_what_sqlalchemy_would_name(program: str) -> None:
    _, mappers = executed(program)
    mapped = {table for mapper in mappers for table in mapper.tables if isinstance(table, Table)}
    expected = {}
    for table in mapped:
        filled = {
            column.name
            for column in table.columns
            if column.server_default is not None or column is table.autoincrement_column or column.computed is not None
        }
        expected[spelled(table)] = {quote_ident(column.name) for column in table.columns if column.name not in filled}
    least = {}
    for query in scan(models=program).queries:
        if query.name.startswith("INSERT of the least"):
            table_name, _, rest = query.sql.removeprefix("INSERT INTO ").replace(" DEFAULT", " (").partition(" (")
            least[table_name] = set(rest.partition(")")[0].split(", "))
    # A table that is used as it is, and that no class hides behind, leaves out what may be NULL.
    for name in ("sales.order_tags", "plain"):
        expected.pop(name, None), least.pop(name, None)
    assert least == expected


def test_enums_know_the_labels_that_sqlalchemy_reads() -> None:
    select = queries(scan(models=DECLARATIVE_2))["SELECT of model Order"]
    assert {e.column: e.labels for e in select.expects if e.labels} == {
        "status": ("NEW", "PAID"),
        "channel": ("new", "paid"),
    }


def test_each_column_points_at_its_own_line_also_in_the_file_of_a_mixin() -> None:
    mixin = "from sqlalchemy import Column, Integer\n\nclass Numbered:\n    number = Column(Integer)\n"
    models = (
        "from shop.mixins import Numbered\nfrom sqlalchemy import Column, Integer, Text\nfrom shop.base import Base\n\n\n"
        "class Order(Numbered, Base):\n    __tablename__ = 'orders'\n    id = Column(Integer, primary_key=True)\n"
        "    müll, total = 1, 2\n    note = Column('remark', Text)\n"
    )
    base = "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"
    found = scan(src__shop__mixins=mixin, src__shop__models=models, src__shop__base=base)
    select = queries(found)["SELECT of model Order"]
    assert select.sql == "SELECT id, remark, number FROM orders WHERE id = $1"
    assert str(select.location) == "src/shop/models.py:6"
    assert select.position(select.sql.index("remark"))[1:] == (10, 5)
    assert str(select.position(select.sql.index("number"))) == "src/shop/mixins.py:4"


def test_a_column_that_every_construction_gives_is_never_written_as_null() -> None:
    models = (
        "from sqlalchemy import Column, Integer, Text\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"
        "class Order(Base):\n    __tablename__ = 'orders'\n    id = Column(Integer, primary_key=True)\n"
        "    note = Column(Text)\n    rest = Column(Text)\n"
    )
    views = "from models import Order\n\ndef make(note):\n    Order(note='x', rest=None)\n    return Order(note=note)\n"
    least = "INSERT of the least of model Order"
    assert queries(scan(models=models))[least].sql == "INSERT INTO orders (note, rest) VALUES (NULL, NULL) RETURNING id"
    given = queries(scan(models=models, views=views))[least].sql
    assert given == "INSERT INTO orders (note, rest) VALUES ($1, NULL) RETURNING id"


def test_flask_sqlalchemy_names_the_table_after_the_class() -> None:
    text = "from app import db\n\nclass OrderItem(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n"
    assert queries(scan(models=text))["SELECT of model OrderItem"].sql == "SELECT id FROM order_item WHERE id = $1"


def test_what_is_only_known_at_run_time_is_reported() -> None:
    text = (
        "from sqlalchemy import Column, Table, Text\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"
        "class Order(Base):\n    __tablename__ = settings.table\n    id = Column(Text, primary_key=True)\n"
        "class Item(Base):\n    __tablename__ = 'items'\n    x = Column(f'{settings.prefix}_x', Text)\n"
        "logs = Table('logs', Base.metadata, autoload_with=engine)\n"
    )
    assert [(unread.location.line, unread.reason.split(",")[0]) for unread in scan(models=text).unread] == [
        (4, "the table of model Order is only known at run time"),
        (9, "the name of column x of model Item is only known at run time"),
        (10, "table logs is reflected from the database"),
    ]


def test_models_of_a_newer_python_are_read_and_a_broken_file_is_reported() -> None:
    newer = (
        "from sqlalchemy import Column, Text\nfrom sqlalchemy.orm import declarative_base\nBase = declarative_base()\n"
        "type Names = list[str]\ndef first[T](x: T) -> T:\n    try:\n        return x\n    except ValueError, TypeError:\n"
        '        return f"{x["a"]}"\n'
        "class Box[T](Base):\n    __tablename__ = 'boxes'\n    name = Column(Text, primary_key=True)\n"
    )
    assert queries(scan(models=newer))["SELECT of model Box"].location.line == 10
    (unread,) = scan(models="import sqlalchemy\nclass (:\n").unread
    assert (unread.location.line, "cannot be read as Python" in unread.reason) == (2, True)
