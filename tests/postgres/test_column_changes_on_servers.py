"""What lint predicts of columns' types, collations, domains and proofs is what every major version does, a table each."""

from __future__ import annotations

from migrasafe.effects.model import Effects, WorkKind
from migrasafe.effects.predict import predict
from migrasafe.effects.session import Session
from migrasafe.effects.situation import Situation
from migrasafe.postgres.watch.watch_locks import measure
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import Moment
from migrasafe.sql.parse import parse_statement, read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target
from tests.postgres.servers import Database

DOMAINS = """
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN small AS positive;
CREATE DOMAIN dice AS float8 DEFAULT random();
CREATE DOMAIN loaded AS dice;
"""
TYPES = [
    ("interval year", "interval month"),
    ("interval month", "interval year"),
    ("interval hour to minute", "interval minute"),
    ("interval hour to minute", "interval minute to second"),
    ("interval hour to minute", "interval second(2)"),
    ("interval hour to minute", "interval(2)"),
    ("interval(2)", "interval second(3)"),
    ("interval(2)", "interval second"),
    ("interval(4)", "interval second(3)"),
    ("interval", "interval(6)"),
    ("interval", "interval(5)"),
    ("interval day", "interval(0)"),
    ("char(5)[]", "bpchar[]"),
    ("char(5)", "bpchar"),
    ("numeric(5, 2)[]", "numeric[]"),
    ("varchar(5)[]", "varchar[]"),
    ("varchar(5)[]", "varchar(9)[]"),
    ("varchar(5)[]", "text[]"),
    ("bit(3)[]", "varbit[]"),
    ("regtype", "oid"),
    ("regtype", "int"),
    ("oid", "regclass"),
    ("oid", "int"),
    ("int", "regrole"),
    ("regprocedure", "regproc"),
]
"""Each is indexed."""
CHANGES = [
    ('CREATE TABLE {t} (a varchar(5) COLLATE "C"); CREATE INDEX ON {t} (a)', "ALTER TABLE {t} ALTER a TYPE varchar(9)"),
    (
        'CREATE TABLE {t} (a varchar(5) COLLATE "C"); CREATE INDEX ON {t} (a)',
        'ALTER TABLE {t} ALTER a TYPE text COLLATE "C"',
    ),
    ("CREATE TABLE {t} (a varchar(5)); CREATE INDEX ON {t} (a)", 'ALTER TABLE {t} ALTER a TYPE text COLLATE "default"'),
    ("CREATE TABLE {t} (a varchar(5))", "ALTER TABLE {t} ALTER a TYPE text USING a::varchar::text"),
    ("CREATE TABLE {t} (a varchar(5))", "ALTER TABLE {t} ALTER a TYPE text USING a::int::text"),
    ("CREATE TABLE {t} (a varchar(5) CHECK (a <> ''))", "ALTER TABLE {t} ALTER a TYPE text"),
    (
        "CREATE TABLE {t} (a varchar(5)); ALTER TABLE {t} ADD CHECK (a <> '') NOT VALID",
        "ALTER TABLE {t} ALTER a TYPE text",
    ),
    (
        "CREATE TABLE {t} (a varchar(5), CONSTRAINT filled CHECK (a <> ''))",
        "ALTER TABLE {t} ALTER a TYPE text, DROP CONSTRAINT filled",
    ),
    (
        "CREATE TABLE {t} (a integer, CONSTRAINT proof CHECK (a IS NOT NULL))",
        "ALTER TABLE {t} ALTER a SET NOT NULL, DROP CONSTRAINT proof",
    ),
    ("CREATE TABLE {t} (a integer)", "ALTER TABLE {t} ADD COLUMN d positive"),
    ("CREATE TABLE {t} (a integer)", "ALTER TABLE {t} ADD COLUMN d small"),
    ("CREATE TABLE {t} (a integer)", "ALTER TABLE {t} ADD COLUMN d positive[]"),
    ("CREATE TABLE {t} (a integer)", "ALTER TABLE {t} ADD COLUMN d dice"),
    ("CREATE TABLE {t} (a integer)", "ALTER TABLE {t} ADD COLUMN d loaded"),
    ("CREATE TABLE {t} (a integer)", "ALTER TABLE {t} ADD COLUMN d loaded DEFAULT NULL"),
    ("CREATE TABLE {t} (a integer)", "ALTER TABLE {t} ADD COLUMN d loaded DEFAULT 5"),
]
ATTACH = "ALTER TABLE p{t} ATTACH PARTITION {t} FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')"
BY_DAY = "CREATE TABLE p{t} (day date) PARTITION BY RANGE (day)"
BY_WORD = "CREATE TABLE p{t} (a text) PARTITION BY LIST (a)"
ATTACHED = [
    (f"{BY_DAY}; CREATE TABLE {{t}} (day date NOT NULL{check})", ATTACH)
    for check in (
        "",
        ", CHECK (day >= '2022-01-01' AND day < '2023-01-01')",
        ", CHECK (day >= '2022-01-01'), CHECK (day < '2023-01-01')",
        ", CHECK (day BETWEEN '2022-01-01' AND '2022-12-31')",
        ", CHECK (day >= DATE '2022-03-01' AND day < DATE '2022-04-01')",
        ", CHECK (day >= '2021-01-01' AND day < '2023-01-01')",
        ", CHECK (day >= '2022-01-01' AND day < '2024-01-01')",
    )
]
ATTACHED += [
    (f"{BY_DAY}; CREATE TABLE {{t}} (day date CHECK (day >= '2022-01-01' AND day < '2023-01-01'))", ATTACH),
    (
        f"{BY_DAY}; CREATE TABLE {{t}} (day date CHECK (day IS NOT NULL AND day >= '2022-01-01' AND day < '2023-01-01'))",
        ATTACH,
    ),
    (
        f"{BY_WORD}; CREATE TABLE {{t}} (a text CHECK (a IN ('x', 'y')))",
        "ALTER TABLE p{t} ATTACH PARTITION {t} FOR VALUES IN ('x', 'y')",
    ),
    (
        f"{BY_WORD}; CREATE TABLE {{t}} (a text NOT NULL CHECK (a IN ('x', 'y')))",
        "ALTER TABLE p{t} ATTACH PARTITION {t} FOR VALUES IN ('x', 'y')",
    ),
    (
        "CREATE TABLE p{t} (a int) PARTITION BY HASH (a); CREATE TABLE {t} (a int NOT NULL CHECK (a > 0))",
        "ALTER TABLE p{t} ATTACH PARTITION {t} FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
    ),
]
SINCE_18 = [
    (
        "CREATE TABLE {t} (a varchar(5)); ALTER TABLE {t} ADD CHECK (a <> '') NOT ENFORCED",
        "ALTER TABLE {t} ALTER a TYPE text",
    ),
    (
        "CREATE TABLE {t} (a integer, b integer GENERATED ALWAYS AS (a * 2) VIRTUAL)",
        "ALTER TABLE {t} ALTER b TYPE bigint",
    ),
]
FILLED = {
    "day date": "(day) SELECT date '2022-03-03'",
    "'x'": "(a) SELECT 'x'",
    "proof": "(a) SELECT 1",
    "HASH": "(a) SELECT 1",
}
"""What a table is given whose making has these words, where NULL is not allowed or would not do."""


def cases(major: int) -> list[tuple[str, str]]:
    retyped = [
        (f"CREATE TABLE {{t}} (a {old}); CREATE INDEX ON {{t}} (a)", f"ALTER TABLE {{t}} ALTER a TYPE {new}")
        for old, new in TYPES
    ]
    every = [*retyped, *CHANGES, *ATTACHED, *(SINCE_18 if major >= 18 else ())]
    return [(given.format(t=f"t{n}"), change.format(t=f"t{n}")) for n, (given, change) in enumerate(every)]


def _rows(given: str) -> str:
    return next((values for word, values in FILLED.items() if word in given), "SELECT")


def predicted(given: str, change: str, major: int) -> Effects:
    situation = Situation(
        schema=schema_from_script(read_script(Source(path="", text=DOMAINS + given))),
        session=Session().begin(explicit=False),
        target=Target(pg_version=major, pg_version_assumed=False),
        moment=Moment(1, 1, 1),
    )
    return predict(parse_statement(change), situation)


def test_columns_change_as_predicted(each_major: int, database: Database) -> None:
    told, setup = [], [DOMAINS]
    for number, (given, change) in enumerate(cases(each_major)):
        effects = predicted(given, change, each_major)
        kinds = {work.kind for work in effects.work}
        told.append((change, WorkKind.REWRITE in kinds, WorkKind.INDEX_BUILD in kinds, bool(kinds)))
        setup += [given, f"INSERT INTO t{number} {_rows(given)} FROM generate_series(1, 9)"]
    changes = [change for change, *_ in told]
    seen = measure(database.connect, changes, in_transaction=False, setup=setup)
    assert [one.error for one in seen if one.error is not None] == []
    assert [
        (change, bool(one.rewrites), bool(one.index_builds) and not one.rewrites, bool(one.scans))
        for change, one in zip(changes, seen, strict=True)
    ] == told


def test_a_domain_gives_its_default_again_when_that_of_the_column_goes(each_major: int, database: Database) -> None:
    database.execute("CREATE DOMAIN dice AS float8 DEFAULT random()")
    database.execute("CREATE TABLE games (id integer)")
    database.execute("INSERT INTO games VALUES (1)")
    database.execute("ALTER TABLE games ADD COLUMN thrown dice DEFAULT NULL")
    database.execute("ALTER TABLE games ALTER COLUMN thrown DROP DEFAULT")
    database.execute("INSERT INTO games VALUES (2)")
    assert database.execute("SELECT id FROM games WHERE thrown IS NULL") == [(1,)]
