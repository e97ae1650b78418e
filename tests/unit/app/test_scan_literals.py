"""Queries are found in the literals of every language, and each of their characters still knows its line and column."""

from __future__ import annotations

import pytest

from migrasafe.app.literals import LANGUAGES
from migrasafe.app.source.file_scan import FileScan, SourceText
from migrasafe.app.source.scan_literals import scan_literals


def scan(suffix: str, text: str) -> FileScan:
    return scan_literals(SourceText(f"app{suffix}", text), LANGUAGES[suffix])


PROGRAMS = {
    "python": (".py", 'db.execute("SELECT id, total FROM orders WHERE id = %s", (order_id,))\n'),
    "python with names": (".py", 'text("SELECT id, total FROM orders WHERE id = :id")\n'),
    "python f-string": (".py", 'db.execute(f"SELECT id, total FROM orders WHERE id = {order.id}")\n'),
    "python side by side": (
        ".py",
        'db.execute(\n    "SELECT id, "\n    "total FROM orders "  # all\n    "WHERE id = %(id)s")\n',
    ),
    "python joined": (".py", 'sql = "SELECT id, total" + " FROM orders" + " WHERE id = " + str(order_id)\n'),
    "python format": (".py", 'sql = "SELECT id, total FROM orders WHERE id = {}".format(order_id)\n'),
    "javascript": (".js", "db.query('SELECT id, total FROM orders WHERE id = $1', [id])\n"),
    "typescript template": (".ts", "await sql`\n  SELECT id, total\n  FROM orders WHERE id = ${id}`\n"),
    "pg-promise": (".ts", "db.one('SELECT id, total FROM orders WHERE id = $(id)', { id })\n"),
    "go": (".go", 'db.QueryRow("SELECT id, total FROM orders WHERE id = $1", id)\n'),
    "go raw": (".go", "const q = `\nSELECT id, total\nFROM orders WHERE id = @id`\n"),
    "java": (".java", 'jdbc.query("SELECT id, total " +\n    "FROM orders WHERE id = ?", id);\n'),
    "java text block": (".java", 'var sql = """\n    SELECT id, total\n    FROM orders WHERE id = :id\n    """;\n'),
    "kotlin": (".kt", 'val sql = """SELECT id, total FROM orders WHERE id = ${order.id}"""\n'),
    "ruby": (".rb", 'exec("SELECT id, total FROM orders WHERE id = #{id}")\n'),
    "ruby heredoc": (".rb", "sql = <<~SQL\n  SELECT id, total\n  FROM orders WHERE id = ?\nSQL\n"),
    "rust": (".rs", 'sqlx::query!("SELECT id, total FROM orders WHERE id = $1", id)\n'),
    "rust raw": (".rs", 'query(r#"SELECT id, total FROM orders WHERE id = $1"#)\n'),
    "php": (".php", "<?php $db->prepare('SELECT id, total FROM orders WHERE id = ?');\n"),
    "php heredoc": (".php", "<?php $sql = <<<SQL\n  SELECT id, total FROM orders WHERE id = {$id}\n  SQL;\n"),
}


@pytest.mark.parametrize(("suffix", "program"), PROGRAMS.values(), ids=PROGRAMS)
def test_a_query_is_read_with_its_placeholders_and_its_places(suffix: str, program: str) -> None:
    found = scan(suffix, program)
    assert [" ".join(query.sql.split()) for query in found.queries] == ["SELECT id, total FROM orders WHERE id = $1"]
    assert not found.unread
    (query,) = found.queries
    for word in ("SELECT", "total", "orders"):
        place = query.position(query.sql.index(word))
        line = program.splitlines()[place.line - 1]
        assert line[place.column - 1 :].startswith(word)


def test_a_constant_that_is_put_in_is_read_and_keeps_its_own_place() -> None:
    program = 'COLUMNS = "id, total"\n\n\ndef load(db):\n    return db.execute(f"SELECT {COLUMNS} FROM orders")\n'
    (query,) = scan(".py", program).queries
    assert query.sql == "SELECT id, total FROM orders"
    assert query.position(query.sql.index("total"))[1:] == (1, 16)
    assert query.position(query.sql.index("orders"))[1:] == (5, 47)
    assert not query.partial


def test_a_tagged_template_gets_strings_as_parameters_and_puts_in_other_templates() -> None:
    program = (
        "const id = `prompt-${x}`;\nconst where = sql`WHERE id = ${id}`;\n"
        "await prisma.$queryRaw<Row[]>`SELECT a FROM b ${where} AND c = ${id}`;\nq(`SELECT ${id} FROM b`);\n"
    )
    tagged, plain = scan(".ts", program).queries
    assert (tagged.sql, tagged.partial) == ("SELECT a FROM b WHERE id = $1 AND c = $2", False)
    assert plain.sql == "SELECT prompt-$1 FROM b"


def test_rows_of_values_have_as_many_columns_as_are_named() -> None:
    program = (
        '"UPDATE t SET a = v.a FROM (VALUES ${rows}) AS v (id, a) WHERE t.id = v.id"\n'
        '"WITH new (id, a, b) AS (VALUES ${rows}) SELECT id FROM new"\n'
    )
    first, second = scan(".ts", program.replace('"', "`")).queries
    assert "(VALUES ($1, $2)) AS v" in first.sql
    assert "(VALUES ($1, $2, $3))" in second.sql


@pytest.mark.parametrize(
    ("suffix", "program", "sql"),
    [
        (".py", 'f"SELECT {columns} FROM orders"', "SELECT $1 FROM orders"),
        (".py", 'f"SELECT id FROM {table} WHERE id = 1"', "SELECT id FROM ¿ WHERE id = 1"),
        (".py", 'f"SELECT id FROM {schema}.orders"', "SELECT id FROM orders"),
        (".py", 'f"SELECT {kind}_id FROM orders"', "SELECT ¿_id FROM orders"),
        (".ts", "`SELECT id FROM orders ${where} LIMIT 5`", "SELECT id FROM orders LIMIT 5"),
        (".go", '"SELECT id FROM orders WHERE " + where', "SELECT id FROM orders WHERE $1"),
        (".go", '"INSERT INTO orders (id, total) VALUES " + rows', "INSERT INTO orders (id, total) VALUES ($1, $2)"),
        (".ts", "`update orders set ${sets} where id = $1 returning id;`", "SELECT id FROM orders where id = $1"),
        (".go", "`SELECT id FROM orders {{if .All}}WHERE a{{else}}WHERE b{{end}}`", "SELECT id FROM orders WHERE a"),
    ],
)
def test_what_is_only_known_at_run_time_makes_a_query_partial(suffix: str, program: str, sql: str) -> None:
    (query,) = scan(suffix, program).queries
    assert " ".join(query.sql.split()) == sql
    assert query.partial == ("VALUES" not in sql)  # rows of values are values


APPENDED = {
    "Java": (
        ".java",
        'StringBuilder q = new StringBuilder("SELECT a ");\nq.append("FROM b ").append(joins);\nq.append(" WHERE c = ?");\n',
    ),
    "Java +=": (".java", 'String q = "SELECT a FROM b";\nq += " WHERE c = ?";\n'),
    "Python": (".py", 'q = "SELECT a FROM b"\nq += " WHERE c = %s"\n'),
    "PHP": (".php", '<?php $q = "SELECT a FROM b";\n$q .= " WHERE c = ?";\n'),
    "Ruby": (".rb", 'q = "SELECT a FROM b"\nq << " WHERE c = ?"\n'),
    "a method": (
        ".java",
        'String b() { return "a FROM b"; }\nvoid c() { q("SELECT " + this.b() + " WHERE c = ?"); }\n',
    ),
}


@pytest.mark.parametrize(("suffix", "program"), APPENDED.values(), ids=APPENDED)
def test_what_is_appended_in_the_next_statement_is_the_same_query(suffix: str, program: str) -> None:
    found = scan(suffix, program)
    assert [" ".join(query.sql.split()) for query in found.queries] == ["SELECT a FROM b WHERE c = $1"]
    assert not found.unread


def test_what_is_appended_to_another_string_or_in_a_branch_is_said_to_be_a_part() -> None:
    program = 'q = "SELECT a FROM b"\nif x:\n    q += " WHERE b.legacy = 1"\nr += " AND b.other = 2"\n'
    found = scan(".py", program)
    assert [query.sql for query in found.queries] == ["SELECT a FROM b"]
    assert [(unread.location.line, unread.text) for unread in found.unread] == [
        (3, "WHERE b.legacy = 1"),
        (4, "AND b.other = 2"),
    ]


@pytest.mark.parametrize(
    ("suffix", "program"),
    [
        (".py", 'label = "Select a file"\nother = "Update available"\nthird = "Delete from cart"'),
        (".ts", "const label = 'Select all items'; // SELECT id FROM comments"),
        (".go", "// SELECT id FROM orders\nvar x = 'a'"),
        (".tsx", 'const a = <p className="select-none">x</p>;'),
        (".ts", "q(`SELECT a FROM b WHERE c = {id: String} FORMAT JSON`)"),
        (".go", 'db.Exec("SET lock_timeout = 5000")'),
        (".rs", '#[cfg(test)]\nmod tests {\n    fn x() { q("SELECT a FROM b"); }\n}\n'),
        (".rb", "# SELECT id FROM orders\n=begin\nx = 'SELECT id FROM orders'\n=end\n"),
        (".php", "<p>'SELECT id FROM orders'</p><?php echo 'x';"),
    ],
)
def test_prose_comments_and_text_around_code_are_no_queries(suffix: str, program: str) -> None:
    found = scan(suffix, program)
    assert (found.queries, found.unread) == ((), ())


def test_what_looks_like_sql_and_cannot_be_parsed_is_reported_where_postgresql_would_complain() -> None:
    found = scan(".py", 'db.execute(\n    "SELECT id FROM orders ORDER total")\n')
    assert not found.queries
    (unread,) = found.unread
    assert (unread.location.line, unread.location.column) == (2, 34)
    assert "syntax error" in unread.reason
