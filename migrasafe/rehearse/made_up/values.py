"""Made-up values for columns: of their type, from a number, and such as their CHECKs and partitions let in.

A value depends on nothing but its number and its type: number 3 gives 3 for an id, and so foreign keys of every shape
find their rows, also those that are added later.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.postgres.attempt import ask
from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.watch.observed import SqlState
from migrasafe.sql.quote import quote_ident, quote_literal

_QUESTION = (Path(__file__).parents[1] / "sql" / "columns_to_fill.sql").read_text(encoding="utf-8")

_VALUES: Mapping[str, str] = {
    "bool": "({n} % 2 = 0)",
    "int2": "{n} % 30000",
    "int4": "{n}",
    "int8": "{n}",
    "numeric": "{n}",
    "float4": "{n}",
    "float8": "{n}",
    "money": "({n})::int",
    "oid": "({n})::int::oid",
    "uuid": "lpad(({n})::text, 32, '0')",
    "date": "date '2024-01-01' + ({n})::int",
    "timestamp": "timestamp '2024-01-01' + {n} * interval '1 hour'",
    "timestamptz": "timestamptz '2024-01-01' + {n} * interval '1 hour'",
    "time": "time '00:00' + {n} * interval '1 minute'",
    "timetz": "timetz '00:00' + {n} * interval '1 minute'",
    "interval": "{n} * interval '1 hour'",
    "json": "'{{}}'",
    "jsonb": "'{{}}'",
    "bytea": "convert_to(({n})::text, 'UTF8')",
    "inet": "inet '10.0.0.0' + {n}",
    "cidr": "'10.0.' || ({n} / 256 % 256) || '.' || ({n} % 256)",
    "macaddr": "lpad(({n})::text, 12, '0')",
    "point": "point({n}, {n})",
    "int4range": "int4range(({n})::int, ({n})::int + 1)",
    "int8range": "int8range({n}, {n} + 1)",
    "numrange": "numrange({n}, {n} + 1)",
    "daterange": "daterange(date '2024-01-01' + ({n})::int, date '2024-01-02' + ({n})::int)",
    "tsrange": (
        "tsrange(timestamp '2024-01-01' + {n} * interval '1 hour', timestamp '2024-01-02' + {n} * interval '1 hour')"
    ),
    "tstzrange": "tstzrange(timestamptz '2024-01-01' + {n} * interval '1 hour', NULL)",
    "hstore": "''",
}
"""One value of a type from the number `n`, by the type's name in the catalog; others are read from text."""

_STEPS: Mapping[str, str] = {
    "date": "date {from} + ({n} % greatest(1, date {to} - date {from}))::int",
    **{
        name: f"{name} {{from}} + {{n}} % greatest(1, floor(extract(epoch FROM {name} {{to}} - {name} {{from}}) / 3600)::bigint)"
        " * interval '1 hour'"
        for name in ("timestamp", "timestamptz")
    },
}
"""A value between two others of the type."""
_WHOLE = re.compile(r"-?\d+")
_CONSTANT = re.compile(r"'((?:[^']|'')*)'|(?<![\w.])(-?\d+(?:\.\d+)?)")
MOST_CONSTANTS = 16
_NUMBERS = "ARRAY[1, 2, 3, 1000, 1000007]"
"""For which values have to pass."""


Choice = str
"""An expression with `{n}` where the number goes."""


class FillColumn(Struct, frozen=True, kw_only=True):
    """A column, and what has to be known of it to write values into it."""

    relation: int
    schema: str
    table: str
    name: str
    required: bool
    type: str
    base_name: str
    kind: str
    checks: list[str]
    """What CHECKs and the bounds of partitions say of it, as CHECKs."""
    refers: bool
    """It is in a foreign key."""
    in_unique: bool
    in_key: bool
    given: bool
    """It has a default, or is an identity column."""
    always: bool
    """It is an identity column that takes no value unless told to."""
    labels: list[str]
    """Of an enum."""

    def value(self, n: str) -> str:
        """The expression that makes a value from `n`, itself an expression that is a number."""
        match self.kind:
            case "array":
                made = "'{}'"
            case "enum":
                # Those that the app knows, not those that the type has by now.
                labels = ", ".join(map(quote_literal, self.labels)) or "NULL"
                made = f"(ARRAY[{labels}]::text[])[1 + {n} % {len(self.labels) or 1}]"
            case "other":
                made = "NULL"
            case _:
                made = _VALUES.get(self.base_name, "({n})::text").format(n=n)
        return f"({made})::{self.type}"

    def candidates(self) -> tuple[Choice, ...]:
        """Values that its CHECKs name, or that lie between or beside them: of those, some may be let in."""
        found: list[str] = [quote_literal(label) for label in self.labels]
        found += self._between()
        for text, number in itertools.chain.from_iterable(map(_CONSTANT.findall, self.checks)):
            if number:
                found.extend((number, f"{number} + 1", f"{number} - 1"))
                if self.base_name in ("text", "varchar", "bpchar"):  # a length, perhaps
                    found.append(f"repeat('x', ({number})::int)")
            else:
                found.append(f"'{text}'")
        return tuple(f"({one})::{self.type}" for one in list(dict.fromkeys(found))[:MOST_CONSTANTS])

    def _between(self) -> Iterator[str]:
        """Values from one constant of a CHECK up to the next, by the row's number."""
        for check in self.checks:
            for (text, number), (next_text, next_number) in itertools.pairwise(_CONSTANT.findall(check)):
                if _WHOLE.fullmatch(number) and _WHOLE.fullmatch(next_number) and int(number) < int(next_number):
                    yield f"{number} + {{n}} % {int(next_number) - int(number)}"
                elif text and next_text and self.base_name in _STEPS:
                    yield _STEPS[self.base_name].replace("{from}", f"'{text}'").replace("{to}", f"'{next_text}'")


def made_of(column: FillColumn, chosen: Mapping[str, Choice], n: str) -> str:
    """The expression that makes a value of the column from `n`: the chosen one, where one was."""
    choice = chosen.get(column.name)
    return choice.replace("{n}", n) if choice else column.value(n)


def stricter(column: FillColumn, other: FillColumn | None) -> FillColumn:
    """The column, with what another schema demands of it as well."""
    if other is None:
        return column
    return replace(
        column,
        checks=[*column.checks, *other.checks],
        refers=column.refers or other.refers,
        required=column.required or other.required,
    )


def columns_to_fill(session: Connection) -> Iterator[tuple[FillColumn, ...]]:
    """The columns that take values, of each table that holds rows or has partitions."""
    names = FillColumn.__struct_fields__
    columns = [FillColumn(**dict(zip(names, row, strict=True))) for row in run(session, _QUESTION)]
    for _, grouped in itertools.groupby(columns, lambda column: column.relation):
        yield tuple(grouped)


def choices(columns: Sequence[FillColumn]) -> Iterator[dict[str, Choice]]:
    """Other values than those from numbers, by column, the fewest first, for columns that a CHECK looks at."""
    checked = [column for column in columns if column.checks]
    options = [(None, *column.candidates()) for column in checked]
    for chosen in sorted(
        itertools.islice(itertools.product(*options), 4096), key=lambda one: len(one) - one.count(None)
    ):
        yield {column.name: value for column, value in zip(checked, chosen, strict=True) if value is not None}


def let_in(session: Connection, columns: Sequence[FillColumn]) -> Mapping[str, Choice]:
    """The values, by column, that all CHECKs say yes to where those from numbers do not pass: asked of the server, without
    touching the table. Empty where there are none, or nothing passes."""
    checks = [
        check for check in dict.fromkeys(one for column in columns for one in column.checks) if check[:5] == "CHECK"
    ]
    made = ", ".join(f"{column.value('n')} AS {quote_ident(column.name)}" for column in columns)
    # One that speaks of a type or a label of later cannot be asked yet.
    asked = f"FROM (SELECT {made} FROM unnest({_NUMBERS}) AS n) AS row"
    checks = [one for one in checks if not isinstance(ask(session, f"SELECT ({_condition(one)}) {asked}"), SqlState)]
    if not checks:
        return {}
    test = " AND ".join(f"coalesce({_condition(check)}, true)" for check in checks)
    for chosen in choices(columns):
        values = ", ".join(f"{made_of(column, chosen, 'n')} AS {quote_ident(column.name)}" for column in columns)
        answer = ask(session, f"SELECT bool_and({test}) FROM (SELECT {values} FROM unnest({_NUMBERS}) AS n) AS row")
        if isinstance(answer, SqlState):
            return {}
        if answer[0][0]:
            return chosen
    return {}


def _condition(check: str) -> str:
    return check.removeprefix("CHECK").removesuffix("NOT VALID").removesuffix("NO INHERIT ")
