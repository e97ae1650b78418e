"""What compat says that a column of another type refuses is what servers refuse, with that SQLSTATE, for every pair of types."""

from __future__ import annotations

import pytest

from migrasafe.app.judge.values_refused import refusal
from migrasafe.postgres.connect import run
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import Ref
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import TypeName
from tests.postgres.servers import Database

TEXTS = (
    "", "a", "abcdefghijklmnop", "\\z", "'", "<", "99999999999999999999", "9" * 60 + "." + "9" * 9, "2024-13-45", "12:00", "{",
    "-1.5", "{}",
)  # fmt: skip
NUMBERS = ("0", "-1", "7")
SAMPLES = {
    "int2": (*NUMBERS, "-32768", "32767"),
    "int4": (*NUMBERS, "-2147483648", "2147483647"),
    "int8": (*NUMBERS, "-9223372036854775808", "9223372036854775807"),
    "oid": ("0", "1", "4294967295"),
    "numeric": (*NUMBERS, "1.5", "NaN", "1e200", "-12345.678"),
    "numeric(10,2)": (*NUMBERS, "-99999999.99"),
    "numeric(5,2)": (*NUMBERS, "-999.99"),
    "numeric(5)": (*NUMBERS, "-99999"),
    "float4": (*NUMBERS, "1.5", "NaN", "-3e38", "-1.1754944e-38"),
    "float8": (*NUMBERS, "1.5", "NaN", "1e300", "-1.2345678901234567e-300"),
    "money": (*NUMBERS, "-92233720368547758.08"),
    "text": TEXTS,
    "varchar(10)": tuple(text[:10] for text in TEXTS),
    "varchar(3)": tuple(text[:3] for text in TEXTS),
    "char(3)": tuple(text[:3] for text in TEXTS),
    "char": tuple(text[:1] for text in TEXTS),
    "bool": ("true", "false"),
    "uuid": ("a5b0c0de-0000-0000-0000-000000000000",),
    "date": ("2024-01-01", "4713-01-01 BC"),
    "timestamp": ("2024-01-01 12:30:00.123456", "4713-01-02 00:00:00.123456 BC"),
    "timestamp(0)": ("2024-01-01 12:30:00",),
    "timestamptz": ("2024-01-01 12:30:00.123456+02", "4713-01-02 00:00:00.123456+00 BC"),
    "time": ("00:00", "24:00:00", "12:30:00.123456"),
    "timetz": ("24:00:00+15", "12:30:00.123456-15"),
    "interval": ("1 day", "-3 days 04:05:06.5", "1 year 2 mons"),
    "json": ("1", '{"a": 1e99}', '"\\u0000"'),
    "jsonb": ("1", '{"a": 1}', '"abcdefghijk"'),
    "bytea": ("", "abcdefghijk"),
    "inet": ("1.2.3.4", "1.2.3.4/24", "::1/64", "2001:db8:aaaa::/48"),
    "cidr": ("1.2.3.0/24", "2001:db8:aaaa::/48"),
    "macaddr": ("08:00:2b:01:02:03",),
    "macaddr8": ("08:00:2b:ff:fe:01:02:03", "08:00:2b:01:02:03:04:05"),
    "bit(3)": ("101",),
    "bit(12)": ("101010101010",),
    "varbit": ("", "1" * 20),
    "varbit(5)": ("", "11011"),
    "xml": ("<a/>", "<abcdefghijk/>"),
    "tsvector": ("abcdefghijk", "'a'"),
    "tsquery": ("abcdefghijk", "a & b"),
    "jsonpath": ("$.abcdefghijk", "$"),
    "point": ("(1,2)", "(123456,123456)"),
    "box": ("(1,2),(3,4)",),
    "polygon": ("((1,2),(3,4),(5,6))",),
    "path": ("((1,2),(3,4))", "[(1,2),(3,4)]"),
    "circle": ("<(1,2),345>",),
    "int4range": ("[1,5)", "[100000,500000)", "empty"),
    "tsrange": ("[2024-01-01,2024-02-01)",),
    "pg_lsn": ("0/0", "FFFFFFFF/FFFFFFFF"),
    "int4[]": ("{}", "{1,2147483647,NULL}"),
    "int8[]": ("{}", "{1,9223372036854775807}"),
    "text[]": ("{}", "{abcdef,b,c,d}", "{1}"),
    "varchar(3)[]": ("{}", "{abc,def,ghi}"),
    "color": ("red", "evergreen tree"),
}  # fmt: skip


def types() -> dict[str, TypeName]:
    """As the columns of a table have them."""
    columns = ", ".join(f"c{number} {name}" for number, name in enumerate(SAMPLES))
    text = f"CREATE TYPE color AS ENUM ('red', 'evergreen tree'); CREATE TABLE t ({columns})"
    schema = schema_from_script(read_script(Source(path="", text=text)))
    table = schema.table(Ref("public", "t"))
    assert table is not None
    return {name: column.type for name, column in zip(SAMPLES, table.columns, strict=True) if column.type is not None}


@pytest.mark.majors(12, 15, 18)
def test_values_are_refused_with_the_sqlstate_that_is_told(each_major: int, database: Database) -> None:
    names = types()
    assert each_major and len(names) == len(SAMPLES)
    wrong = []
    with database.connect() as session:
        run(session, "CREATE TYPE color AS ENUM ('red', 'evergreen tree')")
        run(session, "CREATE FUNCTION tried(statement text) RETURNS text LANGUAGE plpgsql AS $$"
            "BEGIN EXECUTE statement; RETURN NULL; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$")  # fmt: skip
        for at, new in enumerate(SAMPLES):
            run(session, f"CREATE TABLE t{at} (c {new})")
            for old, values in SAMPLES.items():
                asked = ", ".join(_attempts(at, old, value) for value in values)
                seen = set(run(session, f"SELECT {asked}")[0]) - {None}
                told = refusal(names[old], names[new])
                if (told not in seen) if told else (bool(seen) is (told is None)):
                    wrong.append(f"{old} → {new}: told {told}, seen {seen}")
    assert not wrong, "\n".join(wrong)


def _attempts(table: int, old: str, value: str) -> str:
    """The value as text, and as a value of its type."""
    given = "'" + value.replace("'", "''") + "'"
    return ", ".join(
        f"tried(format('INSERT INTO t{table} VALUES (%L{cast})', {given}::{old}::text))" for cast in ("", f"::{old}")
    )
