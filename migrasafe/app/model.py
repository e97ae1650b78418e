"""What was found in one version of an app's source: the queries it can run, and what it takes for granted.

The scanners make these values without knowing any schema; `queries.resolve` turns a query into usages on one schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from msgspec import Struct, field

from migrasafe.app.usage import SourceLocation


class Origin(Enum):
    """How a query was found, which decides how far it is believed."""

    LITERAL = "literal"
    """A string in a program that parses as SQL. It counts only where it names a table that the schema ever had."""
    QUERY_FILE = "query file"
    """A file that holds queries for this app: sqlc, aiosql, `.sqlx`, plain SQL."""
    MODEL = "model"
    """Written out from an ORM's model: what the ORM would send."""
    STATISTICS = "statistics"
    """pg_stat_statements: it really ran."""
    LOG = "log"
    """A server log: it really ran."""


class Place(NamedTuple):
    """From `sql_offset` on, the SQL and the source run in parallel, until the next place."""

    sql_offset: int
    line: int
    column: int
    path: str = ""
    """Empty: the file of the query's own location. A model's column can stand in the file of a mixin."""


class Expectation(Struct, frozen=True, kw_only=True):
    """What a typed reader takes for granted about the rows it reads: an ORM's field, a generated struct."""

    schema: str | None = None
    table: str
    column: str
    location: SourceLocation
    not_null: bool | None = None
    """True: the reader expects no NULL. None: nothing known."""
    null_fails: bool = True
    """NULL is an error there. False: it is read, and the program has to cope with what its model says cannot be."""
    labels: tuple[str, ...] | None = None
    """The only values of an enum that the reader knows."""
    type: str | None = None
    """The type as SQL, where the reader only reads this one: `integer`, `timestamptz`."""


class Query(Struct, frozen=True, kw_only=True):
    """One SQL statement that the app can send."""

    sql: str
    """With `$1`, `$2` … for the driver's placeholders and for what is only known at run time."""
    location: SourceLocation
    """Where its text begins."""
    origin: Origin = Origin.LITERAL
    name: str = ""
    """What a person calls it: `GetOrder` of sqlc, `insert into model Order`, `called 1,234 times`."""
    places: tuple[Place, ...] = ()
    """In the order of `sql_offset`; empty: the SQL stands in the source as it is from `location` on."""
    partial: bool = False
    """Holes in the text (f-string, concatenation) became placeholders: a hole can be a name or a whole clause."""
    prepared: bool | None = None
    """Whether the driver keeps it prepared on the server, so that a changed result type makes it fail. None: not known."""
    never_null: tuple[int, ...] = ()
    """The numbers of the parameters that are never NULL, because the model that it is made of says so."""
    star_is_expanded: bool = False
    """`*` becomes a list of columns when the app is built, from the schema of its own release: sqlc."""
    rows_are_typed: bool = False
    """Its reader was generated, or checked, against the schema of its own release, and fails on NULL from a column that
    was NOT NULL there: sqlc, sqlx."""
    may_be_null: frozenset[str] = frozenset()
    """The columns of its result that a typed reader takes NULL from all the same."""
    search_path: tuple[str, ...] | None = None
    """The schemas that unqualified names are looked up in, where the app says so."""
    expects: tuple[Expectation, ...] = ()
    """What the reader of its rows takes for granted."""

    def position(self, offset: int) -> SourceLocation:
        """The place in the source of character `offset` of the SQL."""
        start = Place(0, self.location.line, self.location.column)
        for place in self.places:
            if place.sql_offset > offset:
                break
            start = place
        path = start.path or self.location.path
        lines = self.sql.count("\n", start.sql_offset, offset)
        if lines == 0:
            return SourceLocation(path, start.line, start.column + offset - start.sql_offset)
        column = offset - self.sql.rfind("\n", 0, offset)
        return SourceLocation(path, start.line + lines, column)


class Mention(NamedTuple):
    """A word of the source that may be a column's, a constraint's or a label's name."""

    text: str
    location: SourceLocation
    quoted: bool
    """It is a whole string literal."""


def folded(word: str) -> str:
    """The key of a word in `App.words`: `legacyFlag`, `LegacyFlag`, `LEGACY_FLAG` and `legacy_flag` are all one word."""
    return word.replace("_", "").lower()


class Unread(Struct, frozen=True, kw_only=True):
    """Something that looks like SQL, or like a model, and could not be read."""

    location: SourceLocation
    reason: str
    """One sentence."""
    text: str = ""
    """The beginning of it."""


class Notice(Struct, frozen=True, kw_only=True):
    """Something about reading the source that a person must know."""

    path: str
    message: str
    blocking: bool = False
    """Something was not looked at that may hold queries, so that silence about it would be false."""


class App(Struct, frozen=True, kw_only=True):
    """One version of an app."""

    label: str
    """As the user named it: the folder, the git ref, the file."""
    queries: tuple[Query, ...] = ()
    words: Mapping[str, tuple[Mention, ...]] = field(default_factory=dict)
    """Every word of the programs (names and whole string literals, outside of the SQL above), under its `folded` form;
    the first few places of each."""
    unread: tuple[Unread, ...] = ()
    notices: tuple[Notice, ...] = ()
    files: int = 0
    """How many files were looked at."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """The text of each file that a query points into, by path, for excerpts; of one that is missing the SQL is shown."""
