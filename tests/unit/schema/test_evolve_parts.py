"""Parts of objects that follow a change of something else: what the mutants of evolve survived until these tests were written."""

from __future__ import annotations

from migrasafe.schema.definitions import constraint_body
from migrasafe.schema.model import Domain, Moment, Schema
from migrasafe.sql.statements import Identity
from tests.unit.schema.histories import after, column, column_names, constraint, index, ref, sequence, table


def test_a_column_that_a_child_has_of_its_own_outlives_the_parents_and_an_inherited_one_does_not() -> None:
    schema = after(
        "CREATE TABLE p (a int, b int); CREATE TABLE own (b int) INHERITS (p); CREATE TABLE plain () INHERITS (p);"
        "ALTER TABLE p DROP COLUMN b"
    )
    assert column_names(schema, "own") == ["a", "b"]
    assert column_names(schema, "plain") == ["a"]
    assert column_names(after("ALTER TABLE own DROP COLUMN b", schema), "own") == ["a"]


def test_an_index_names_a_renamed_column_anew_and_no_other() -> None:
    schema = after("CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a, b); ALTER TABLE t RENAME a TO x")
    assert [element.column for element in index(schema, "i").elements] == ["x", "b"]


def test_a_key_is_written_as_it_was_and_follows_its_columns() -> None:
    schema = after(
        "CREATE TABLE t (a int, b int, c int, d int4range, UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b));"
        "CREATE TABLE u (a int, d int4range, FOREIGN KEY (a, PERIOD d) REFERENCES t (c, PERIOD d));"
        "ALTER TABLE t ADD CONSTRAINT apart UNIQUE (c, d WITHOUT OVERLAPS);"
        "CREATE UNIQUE INDEX made ON t (c) INCLUDE (a) NULLS NOT DISTINCT; ALTER TABLE t ADD UNIQUE USING INDEX made;"
        "ALTER TABLE t RENAME b TO x; ALTER TABLE t RENAME a TO y"
    )
    written = [constraint_body(one) for name in ("t", "u") for one in table(schema, name).constraints]
    assert written == [
        "UNIQUE NULLS NOT DISTINCT (y) INCLUDE (x)",
        "UNIQUE (c, d WITHOUT OVERLAPS)",
        "UNIQUE NULLS NOT DISTINCT (c) INCLUDE (y)",
        "FOREIGN KEY (a, PERIOD d) REFERENCES public.t (c, PERIOD d)",
    ]


def test_a_detached_partition_keeps_its_own_triggers_only() -> None:
    schema = after(
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE c PARTITION OF p FOR VALUES IN (1);"
        "CREATE TRIGGER above AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();"
        "CREATE TRIGGER own AFTER INSERT ON c FOR EACH ROW EXECUTE FUNCTION f()"
    )
    assert {one.name for one in table(schema, "c").triggers} == {"above", "own"}
    apart = after("ALTER TABLE p DETACH PARTITION c", schema)
    assert [one.name for one in table(apart, "c").triggers] == ["own"]
    assert table(apart, "c").constraints == ()


def test_detaching_concurrently_leaves_the_bound_as_a_check() -> None:
    schema = after(
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE c PARTITION OF p FOR VALUES IN (1);"
        "ALTER TABLE p DETACH PARTITION c CONCURRENTLY"
    )
    assert len(table(schema, "c").constraints) == 1


def test_one_overload_is_altered_and_the_other_stays() -> None:
    schema = after(
        "CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql"
        " AS 'SELECT 1'; ALTER FUNCTION f(text) SECURITY DEFINER"
    )
    assert [one.security_definer for one in schema.functions[ref("f")]] == [False, True]


def test_out_arguments_do_not_tell_overloads_apart() -> None:
    schema = after(
        "CREATE FUNCTION f(a int, OUT b text) LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION f(a text, OUT b text) LANGUAGE sql"
        " AS 'SELECT 2'"
    )
    assert len(schema.functions[ref("f")]) == 2
    assert len(after("DROP FUNCTION f(int)", schema).functions[ref("f")]) == 1


def test_copied_checks_and_sequences_know_when_and_as_what_they_were_made() -> None:
    schema = after(
        "CREATE TABLE t (a int CONSTRAINT c CHECK (a > 0)); CREATE TABLE u (LIKE t INCLUDING CONSTRAINTS);"
        "CREATE SEQUENCE s AS smallint"
    )
    assert constraint(schema, "u", "c").born == Moment(0, 0, 1)
    made_as = sequence(schema, "s").type
    assert made_as is not None
    assert made_as.name == "int2"


def test_a_domain_gets_not_null_and_a_valid_check() -> None:
    schema = after("CREATE DOMAIN d AS int; ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE > 0) NOT VALID")
    schema = after("ALTER DOMAIN d SET NOT NULL; ALTER DOMAIN d VALIDATE CONSTRAINT c", schema)
    domain = schema.types[ref("d")]
    assert isinstance(domain, Domain)
    assert domain.not_null
    assert [one.valid for one in domain.constraints] == [True]


def test_a_column_becomes_an_identity_takes_a_type_of_ours_and_loses_its_default() -> None:
    schema = after(
        "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (a int NOT NULL, b text DEFAULT 'x', c text);"
        "ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY, ALTER b SET DEFAULT NULL, ALTER c TYPE mood USING c::mood"
    )
    assert column(schema, "t", "a").identity == Identity(always=True)
    assert column(schema, "t", "b").default is None
    made_of = column(schema, "t", "c").type
    assert made_of is not None
    assert (made_of.schema, made_of.name) == ("public", "mood")


def test_an_attached_partition_has_its_bound() -> None:
    schema = after(
        "CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE c (a int); ALTER TABLE p ATTACH PARTITION c FOR VALUES IN (1)"
    )
    attached = table(schema, "c")
    assert attached.partition_of == ref("p")
    assert attached.bound is not None


def test_a_publication_follows_a_renamed_table_and_keeps_the_others() -> None:
    schema = after(
        "CREATE TABLE a (i int); CREATE TABLE b (i int); CREATE PUBLICATION p FOR TABLE a, b; ALTER TABLE a RENAME TO c"
    )
    assert set(schema.publications["p"].tables) == {ref("c"), ref("b")}


def test_a_trigger_reads_the_columns_of_its_condition_under_their_new_names() -> None:
    schema = after(
        "CREATE TABLE t (a int, b int, c int);"
        "CREATE TRIGGER g AFTER UPDATE OF a ON t FOR EACH ROW WHEN (new.b > 0) EXECUTE FUNCTION f(); ALTER TABLE t RENAME a TO x"
    )
    (trigger,) = table(schema, "t").triggers
    assert trigger.columns == ("x",)
    assert trigger.reads >= {"b"}


def test_alter_table_renames_an_index_too() -> None:
    schema = after("CREATE TABLE t (a int); CREATE INDEX i ON t (a); ALTER TABLE i RENAME TO j")
    assert table(schema, "t").indexes == (ref("j"),)


def test_the_default_partition_is_known_under_whatever_name_it_has() -> None:
    made = after(
        "CREATE TABLE orders (id int) PARTITION BY RANGE (id); CREATE TABLE rest PARTITION OF orders DEFAULT;"
        "CREATE TABLE few PARTITION OF orders FOR VALUES FROM (1) TO (9)"
    )
    renamed = after("ALTER TABLE rest RENAME TO others; ALTER TABLE orders RENAME TO sales", made)
    detached = after("ALTER TABLE sales DETACH PARTITION others", renamed)
    dropped = after("DROP TABLE others", renamed)
    again = after("CREATE TABLE new (id int); ALTER TABLE sales ATTACH PARTITION new DEFAULT", dropped)

    def default(schema: Schema, parent: str) -> str | None:
        found = schema.default_partition(ref(parent))
        return found.ref.name if found is not None else None

    assert (default(made, "orders"), default(renamed, "sales"), default(again, "sales")) == ("rest", "others", "new")
    assert (default(detached, "sales"), default(dropped, "sales"), default(made, "few")) == (None, None, None)
