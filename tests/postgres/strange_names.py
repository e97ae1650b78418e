"""SQL with every name of its own put as strangely as a name can be: what plain names do, strange ones have to do too.

Which names a text has of its own is asked of a server: the text is run statement by statement, once as it is and once renamed, in two
databases. What the catalog shows after a statement is put in pairs, so that names that PostgreSQL makes up are known as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

import psycopg

from migrasafe.postgres.connect import Connection, run
from migrasafe.schema.evolve.generated_names import MOST_BYTES
from migrasafe.sql.lexer import Kind, Token, tokens
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from tests.postgres.whole_server import make_role

Style: TypeAlias = Callable[[int], str]
"""The n-th name; no two are the same. Whatever runs what such a name smuggles in fails: one cannot be divided by zero."""

_WORDS = tuple(
    """select table user order group default primary check column from where and or not null true false end case when then
 else all any array as asc desc both cast collate constraint create current_date distinct do except fetch for foreign grant
 having in initially intersect into leading limit localtime offset on only placing references returning some symmetric to
 trailing union unique using variadic window with lateral analyse analyze left right inner outer join cross natural full
 authorization between bigint bit boolean char coalesce decimal exists extract float greatest int integer interval least
 nchar numeric overlay position precision real row setof smallint substring time timestamp treat trim values varchar type
 date text timestamptz json""".split()  # noqa: SIM905 – a word a line would be a page
)


def _cases(number: int) -> str:
    return "".join(letter.upper() if number >> place & 1 else letter for place, letter in enumerate("onlyothercase"))


STYLES: Mapping[str, Style] = {
    "signs": lambda n: f"""it's "{n}" \\ $$ $1 $step$ %I %s {{x}} ${{y}} :z @a#? | <b>&amp;""",
    "smuggled": lambda n: f"""{n}";SELECT 1/0;--';SELECT 1/0;--$$;SELECT 1/0;--""",
    "lines": lambda n: f"*/{n}\nSELECT 1/0;\n\\q\n\r\t/* -- \n;\n",
    "lists": lambda n: f' 1.a, "b"({n}).c = d, [e] ',
    "words": lambda n: _WORDS[n] if n < len(_WORDS) else f"SELECT {n}",
    "cases": _cases,
    "longest": lambda n: "x" * (MOST_BYTES - 4) + f"{n:04}",
    "longest of two bytes": lambda n: "é" * ((MOST_BYTES - 5) // 2) + f"é{n:03}",
    "longest of quotes": lambda n: '"' * (MOST_BYTES - 8) + f"'\\$$\n{n:03}",
}


def mixed(number: int) -> str:
    """Each name in the next one of all styles."""
    return list(STYLES.values())[number % len(STYLES)](number)


# Of each kind of thing: its place in the order in which things are made, and its name.
_NAMES = """
WITH own AS (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
brought AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e')
SELECT kind, place, name FROM (
  SELECT 'schema', ARRAY[oid::bigint], nspname::text FROM pg_namespace WHERE oid >= 16384
   AND nspname !~ '^pg_' AND (2615, oid) NOT IN (SELECT * FROM brought)
  UNION ALL SELECT 'relation', ARRAY[oid::bigint], relname FROM pg_class
   WHERE relnamespace IN (SELECT * FROM own) AND (1259, oid) NOT IN (SELECT * FROM brought)
  UNION ALL SELECT 'column', ARRAY[attrelid::bigint, attnum], attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
   WHERE relnamespace IN (SELECT * FROM own) AND attnum > 0 AND NOT attisdropped AND (1259, c.oid) NOT IN (SELECT * FROM brought)
  UNION ALL SELECT 'type', ARRAY[oid::bigint], typname FROM pg_type WHERE typnamespace IN (SELECT * FROM own)
   AND typtype IN ('e', 'd', 'r', 'm') AND (1247, oid) NOT IN (SELECT * FROM brought)
  UNION ALL SELECT 'label', ARRAY[enumtypid::bigint, rank() OVER (ORDER BY enumtypid, enumsortorder)], enumlabel FROM pg_enum
  UNION ALL SELECT 'constraint', ARRAY[oid::bigint], conname FROM pg_constraint WHERE connamespace IN (SELECT * FROM own)
  UNION ALL SELECT 'trigger', ARRAY[oid::bigint], tgname FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT 'function', ARRAY[oid::bigint], proname FROM pg_proc
   WHERE pronamespace IN (SELECT * FROM own) AND (1255, oid) NOT IN (SELECT * FROM brought)
  UNION ALL SELECT 'argument', ARRAY[p.oid::bigint, n], a FROM pg_proc p, unnest(proargnames) WITH ORDINALITY AS x (a, n)
   WHERE pronamespace IN (SELECT * FROM own) AND a <> '' AND (1255, p.oid) NOT IN (SELECT * FROM brought)
  UNION ALL SELECT 'policy', ARRAY[oid::bigint], polname FROM pg_policy
  UNION ALL SELECT 'rule', ARRAY[oid::bigint], rulename FROM pg_rewrite WHERE oid >= 16384 AND rulename <> '_RETURN'
  UNION ALL SELECT 'publication', ARRAY[oid::bigint], pubname FROM pg_publication
  UNION ALL SELECT 'statistics', ARRAY[oid::bigint], stxname FROM pg_statistic_ext
  UNION ALL SELECT 'collation', ARRAY[oid::bigint], collname FROM pg_collation WHERE oid >= 16384
) AS found (kind, place, name) ORDER BY kind, place
"""
# Those that something in this database is about: others are those of tests that run meanwhile.
_ROLES = """
SELECT DISTINCT rolname FROM pg_shdepend JOIN pg_database d ON d.oid = dbid JOIN pg_roles r ON r.oid = refobjid
WHERE refclassid = 'pg_authid'::regclass AND datname = current_database()
"""
_COMMENT = re.compile(r"(migrasafe:)([^\n]*)")
_NO_ROLE = re.compile(r'role "(.+)" does not exist', re.DOTALL)
_OURS = "SELECT current_user"
_BUILTIN = """
SELECT DISTINCT typname::text FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype <> 'c' AND typname <> 'name'
"""
_ALIASES = ("int", "integer", "bigint", "smallint", "boolean", "real", "decimal")
_CALLED = "SELECT DISTINCT proname::text FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace"
_TAKES_A_LIST = {
    "into",
    "table",
    "references",
    "on",
    "exists",
    "only",
    "using",
    "as",
    "index",
    "not",
    "view",
    "from",
    "join",
}
_TAKES_A_NAME = {"nextval", "currval", "setval", "pg_get_serial_sequence", "to_regclass"}


class Renaming:
    """The names of what two databases hold, and texts with the strange ones in the place of the plain."""

    def __init__(self, plain: Connection, strange: Connection, style: Style) -> None:
        self.plain, self.strange, self.style = plain, strange, style
        self.names: dict[str, str] = {}
        self.labels: set[str] = set()
        self.called: set[str] = set()
        self.was_run = True
        """Whether every statement was."""
        self._given = 0
        self._builtin = {name for (name,) in run(plain, _BUILTIN)}
        self._called = {name for (name,) in run(plain, _CALLED)}

    def tell(self, text: str) -> str:
        """The text renamed, also in what its comments say to migrasafe; both have been run when it is done."""
        script = read_script(Source(path="names.sql", text=text))
        done = [self._tell(text[one.span.start : one.span.end]) for one in script.statements]
        told: list[str] = []
        after = 0
        for statement, renamed in zip(script.statements, done, strict=True):
            told += [self._of_comments(text[after : statement.span.start]), renamed]
            after = statement.span.end
        return "".join(told) + self._of_comments(text[after:])

    def _of_comments(self, between: str) -> str:
        return _COMMENT.sub(lambda found: found[1] + self.of(found[2]), between)

    def _tell(self, statement: str) -> str:
        try:
            _run(self.plain, statement)
        except psycopg.Error:  # what can be planned, and not be run as it is written
            self.was_run = False
            return self._of_words(statement)
        written = self._words_of(statement)
        made = self._made(self.plain)
        for name in sorted({name for _, name in made} | self._roles()):
            if name in written and name not in self.names and name not in self._builtin:
                self._give(name)
        self.labels |= {name for kind, name in made if kind == "label"}
        self.called |= {name for kind, name in made if kind == "function"}
        renamed = self.of(statement)
        _run(self.strange, renamed)
        pairs = zip(made, self._made(self.strange), strict=True)
        self.names |= {one: other for (_, one), (_, other) in pairs if one != other and one not in self.names}
        return renamed

    def _give(self, name: str) -> None:
        self.names[name] = self.style(self._given)
        self._given += 1

    def _of_words(self, statement: str) -> str:
        """Renamed without a server: what is written in small letters, and is no type and no function, is a name."""
        for token in tokens(statement):
            word = statement[token.start : token.end]
            known = (*self.names, *self._builtin, *self._called, *_ALIASES)
            if token.kind is Kind.WORD and word.islower() and word not in known:
                self._give(word)
        return self.of(statement)

    def _made(self, session: Connection) -> list[tuple[str, str]]:
        return [(kind, name) for kind, _, name in run(session, _NAMES)]

    def _roles(self) -> set[str]:
        ((ours,),) = run(self.plain, _OURS)
        return {name for (name,) in run(self.plain, _ROLES)} - {ours}

    def _words_of(self, text: str) -> set[str]:
        found: set[str] = set()
        for token in tokens(text):
            written = text[token.start : token.end]
            if token.kind is Kind.WORD:
                found.add(written)
            elif token.kind is Kind.QUOTED:
                found.add(written[1:-1].replace('""', '"'))
            elif token.kind is Kind.STRING:
                found |= {written[1:-1], *self._words_of(written[1:-1])}
            elif token.kind is Kind.DOLLAR:
                found |= self._words_of(written.strip("$"))
        return found

    def of(self, text: str) -> str:
        """The text with every name of the databases renamed, in bodies too."""
        every = list(tokens(text))
        pieces: list[str] = []
        after = 0
        for place, token in enumerate(every):
            pieces += [text[after : token.start], self._renamed(text, every, place, token)]
            after = token.end
        return "".join(pieces) + text[after:]

    def _renamed(self, text: str, every: list[Token], place: int, token: Token) -> str:
        written = text[token.start : token.end]

        def beside(step: int) -> str:
            there = 0 <= place + step < len(every)
            return text[every[place + step].start : every[place + step].end].lower() if there else ""

        if token.kind is Kind.QUOTED:
            name = written[1:-1].replace('""', '"')
            return _name(self.names[name]) if name in self.names else written
        if token.kind is Kind.DOLLAR:
            mark = written[: written.index("$", 1) + 1]
            fresh = mark if mark != "$$" else "$body_of_test$"
            return f"{fresh}{self.of(written[len(mark) : -len(mark)])}{fresh}"
        if token.kind is Kind.STRING and written.startswith("'"):
            inner = written[1:-1].replace("''", "'")
            if beside(-1) == "as" and " " in inner:
                return _literal(self.of(inner))
            if beside(-2) in _TAKES_A_NAME or (beside(1) == "::" and beside(2).startswith("reg")):
                return _literal(self.of(inner))
            is_name = inner in self.labels or beside(-4) == "pg_get_serial_sequence"
            return _literal(self.names[inner]) if is_name and inner in self.names else written
        if token.kind is not Kind.WORD or written not in self.names:
            return written
        calls = beside(1) == "(" and written in self._called and written not in self.called
        if calls and beside(-1) not in _TAKES_A_LIST:
            return written
        return written if beside(-1) == "::" and written == "name" else _name(self.names[written])


def lay(session: Connection, text: str) -> None:
    """Runs a text in a database of a server where its roles may be there already."""
    for one in read_script(Source(path="names.sql", text=text)).statements:
        _run(session, text[one.span.start : one.span.end])


def _run(session: Connection, statement: str) -> None:
    try:
        run(session, statement)
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation) as error:
        # Roles are those of the whole server, and others make them in the same instant.
        if not statement.startswith("CREATE ROLE"):
            raise error
    except psycopg.errors.UndefinedObject as error:  # a page takes it that its roles are there
        missing = _NO_ROLE.match(str(error))
        if missing is None:
            raise
        make_role(session, missing[1])
        _run(session, statement)


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
