"""Changelogs of Liquibase in XML, YAML and JSON are read: each change as the SQL that Liquibase sends, at its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrasafe.errors import InputError
from migrasafe.migrations.formats.liquibase_changes import CHANGES
from migrasafe.migrations.formats.liquibase_words import type_of
from migrasafe.migrations.model import History, TransactionMode
from migrasafe.migrations.read import read_history
from tests.in_process import migrasafe

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog">\n'
)
EVERY_CHANGE = """\
<property name="table" value="orders" dbms="postgresql"/>
<property name="table" value="wrong"/>
<changeSet author="ada" id="1">
  <createTable tableName="customers"><column name="id" type="BIGINT" autoIncrement="true">
    <constraints primaryKey="true"/></column><column name="fullName" type="NVARCHAR(100)"/></createTable>
  <createTable tableName="${table}" remarks="what people bought">
    <column name="id" type="BIGINT"><constraints primaryKey="true" primaryKeyName="orders_key"/></column>
    <column name="placed_at" type="DATETIME" defaultValueComputed="now()"><constraints nullable="false"/></column>
    <column name="paid" type="BOOLEAN" defaultValueBoolean="false"/>
    <column name="note" type="CLOB"/>
    <column name="number" type="VARCHAR(20)"><constraints unique="true" uniqueConstraintName="orders_number"/></column>
    <column name="customer_id" type="BIGINT">
      <constraints references="customers(id)" foreignKeyName="orders_customer"/></column>
  </createTable>
  <addColumn tableName="orders"><column name="cents" type="java.sql.Types.DECIMAL(19, 2)" defaultValueNumeric="0"/>
    <column name="state" type="varchar(10)" value="new"/></addColumn>
  <addNotNullConstraint tableName="orders" columnName="note" defaultNullValue="" columnDataType="CLOB"/>
  <dropNotNullConstraint tableName="orders" columnName="note" columnDataType="CLOB"/>
  <addDefaultValue tableName="orders" columnName="note" defaultValue="it's new"/>
  <dropDefaultValue tableName="orders" columnName="note"/>
  <addUniqueConstraint tableName="orders" columnNames="note, cents" constraintName="orders_once"/>
  <dropUniqueConstraint tableName="orders" constraintName="orders_once"/>
  <addForeignKeyConstraint baseTableName="orders" baseColumnNames="id" constraintName="orders_other"
    referencedTableName="customers" referencedColumnNames="id" onDelete="CASCADE" validate="false"/>
  <dropForeignKeyConstraint baseTableName="orders" constraintName="orders_other"/>
  <dropPrimaryKey tableName="orders" constraintName="orders_key"/>
  <addPrimaryKey tableName="orders" columnNames="id" constraintName="orders_key"/>
  <createIndex tableName="orders" indexName="orders_by_state"><column name="state"/>
    <column name="placed_at" descending="true"/><column name="lower(note)" computed="true"/></createIndex>
  <dropIndex tableName="orders" indexName="orders_by_state"/>
  <modifyDataType tableName="orders" columnName="number" newDataType="VARCHAR(40)"/>
  <renameColumn tableName="orders" oldColumnName="number" newColumnName="order_number"/>
  <insert tableName="customers"><column name="id" valueNumeric="1"/><column name="fullName" value="Ada O'Neil"/></insert>
  <update tableName="orders"><column name="paid" valueBoolean="true"/><where>id = 1</where></update>
  <delete tableName="orders"><where>id = 2</where></delete>
  <createSequence sequenceName="invoices" startValue="100" incrementBy="1"/>
  <renameSequence oldSequenceName="invoices" newSequenceName="bills"/>
  <dropSequence sequenceName="bills"/>
  <createView viewName="unpaid" replaceIfExists="true">SELECT * FROM orders WHERE NOT paid</createView>
  <renameView oldViewName="unpaid" newViewName="owed"/>
  <dropView viewName="owed"/>
  <addCheckConstraint tableName="orders" constraintName="cents_are_sane" constraintBody="cents >= 0"/>
  <dropCheckConstraint tableName="orders" constraintName="cents_are_sane"/>
  <setTableRemarks tableName="orders" remarks="all of them"/>
  <setColumnRemarks tableName="orders" columnName="paid" remarks="or not"/>
  <dropColumn tableName="orders"><column name="cents"/><column name="state"/></dropColumn>
  <renameTable oldTableName="orders" newTableName="purchases"/>
  <dropTable tableName="purchases" cascadeConstraints="true"/>
  <tagDatabase tag="one"/><empty/><output>done</output>
  <rollback><dropTable tableName="customers"/></rollback>
</changeSet>
"""


def project(folder: Path, body: str, name: str = "changelog-master.xml") -> History:
    (folder / name).write_text(f"{HEAD}{body}</databaseChangeLog>\n" if name.endswith(".xml") else body)
    (history,) = read_history([str(folder)])
    return history


def sent(history: History) -> list[tuple[int, str]]:
    return [
        (origin.line, " ".join(part.script.source.text[one.span.start : one.span.end].split()))
        for migration in history.migrations
        for part in migration.parts
        for one, origin in zip(part.script.statements, part.script.origins or (), strict=True)
    ]


def notices(history: History) -> list[tuple[bool, int, str]]:
    every = (*history.notices, *(one for migration in history.migrations for one in migration.notices))
    return [(one.blocking, one.line, one.message) for one in every]


def test_every_change_that_is_known_is_in_the_sample(tmp_path: Path) -> None:
    assert [name for name in CHANGES if f"<{name}" not in EVERY_CHANGE] == []
    assert notices(project(tmp_path, EVERY_CHANGE)) == []


def test_changes_are_sql_at_their_line(tmp_path: Path) -> None:
    texts = {text: line for line, text in sent(project(tmp_path, EVERY_CHANGE))}
    customers = (
        'CREATE TABLE customers (id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL, "fullName" varchar(100),'
        " CONSTRAINT customers_pkey PRIMARY KEY (id))"
    )
    assert texts[customers] == 6
    assert texts["ALTER TABLE orders ADD cents decimal(19, 2) DEFAULT 0"] == 17
    assert texts["UPDATE orders SET state = 'new'"] == 17
    assert texts["ALTER TABLE orders ALTER COLUMN number TYPE varchar(40) USING (number::varchar(40))"] == 33
    assert texts["INSERT INTO customers (id, \"fullName\") VALUES (1, 'Ada O''Neil')"] == 35
    foreign_key = (
        "ALTER TABLE orders ADD CONSTRAINT orders_other FOREIGN KEY (id) REFERENCES customers (id)"
        " ON DELETE CASCADE NOT VALID"
    )
    assert foreign_key in texts
    assert "CREATE INDEX orders_by_state ON orders (state, placed_at DESC, lower(note))" in texts


def test_each_changeset_has_its_own_transaction_or_none(tmp_path: Path) -> None:
    body = (
        '<changeSet author="a" id="1"><sql>CREATE TABLE a (b int); CREATE TABLE c (d int)</sql></changeSet>\n'
        '<changeSet author="a" id="2" runInTransaction="false">\n'
        "<sql>\nCREATE INDEX CONCURRENTLY ON a (b)\n</sql></changeSet>\n"
        '<changeSet author="a" id="3" dbms="mysql"><sql>no PostgreSQL</sql></changeSet>\n'
        '<changeSet author="a" id="4" dbms="postgresql, h2"><customChange class="x.Y"/></changeSet>\n'
    )
    history = project(tmp_path, body)
    (migration,) = history.migrations
    assert [part.transaction for part in migration.parts] == [TransactionMode.ONE, TransactionMode.NONE]
    assert sent(history) == [
        (3, "CREATE TABLE a (b int)"),
        (3, "CREATE TABLE c (d int)"),
        (6, "CREATE INDEX CONCURRENTLY ON a (b)"),
    ]
    assert notices(history) == [
        (False, 8, "changeset a:3 was not read: dbms=mysql leaves PostgreSQL out"),
        (True, 9, "the change customChange is not known: nothing of it was read"),
    ]


YAML = """\
databaseChangeLog:
  - changeSet:
      id: 1
      author: ada
      changes:
        - createTable:
            tableName: orders
            columns:
              - column:
                  name: id
                  type: bigint
                  constraints:
                    primaryKey: true
        - sql:
            sql: |
              -- by hand
              CREATE INDEX orders_id ON orders (id);
  - include:
      file: more.json
      relativeToChangelogFile: true
"""
JSON = {
    "databaseChangeLog": [
        {"changeSet": {"id": "2", "author": "ada", "runInTransaction": False, "changes": [
            {"addColumn": {"tableName": "orders", "columns": [{"column": {"name": "note", "type": "text"}}]}},
            {"dropTable": {"tableName": "orders"}},
        ]}}
    ]
}  # fmt: skip


def test_yaml_and_json_are_read_alike(tmp_path: Path) -> None:
    (tmp_path / "more.json").write_text(json.dumps(JSON, indent=2))
    history = project(tmp_path, YAML, "changelog-root.yaml")
    assert sent(history) == [
        (6, "CREATE TABLE orders (id bigint NOT NULL, CONSTRAINT orders_pkey PRIMARY KEY (id))"),
        (16, "CREATE INDEX orders_id ON orders (id)"),
        (10, "ALTER TABLE orders ADD note text"),
        (23, "DROP TABLE orders"),
    ]
    assert [one.id for one in history.migrations] == ["changelog-root", "more"]
    assert notices(history) == []


def test_included_changelogs_run_where_they_are_included(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    sql = '<changeSet author="a" id="{0}"><sql>CREATE TABLE t{0} (a int)</sql></changeSet>\n'
    (tmp_path / "parts" / "10.xml").write_text(f"{HEAD}{sql.format(10)}</databaseChangeLog>")
    (tmp_path / "parts" / "9.xml").write_text(f"{HEAD}{sql.format(9)}</databaseChangeLog>")
    (tmp_path / "parts" / "9b.sql").write_text("CREATE TABLE t9b (a int);")
    body = f'{sql.format(1)}<includeAll path="parts" relativeToChangelogFile="true"/>{sql.format(2)}<include file="gone.xml"/>'
    history = project(tmp_path, body)
    assert [one.id for one in history.migrations] == [
        "changelog-master",
        "9",
        "parts/9b.sql",
        "10",
        "changelog-master (2)",
    ]
    assert notices(history) == [(True, 5, "includes gone.xml, which is not there: not read")]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("changelog.xml", "<databaseChangeLog><changeSet></databaseChangeLog>", ":1: is no XML: mismatched tag"),
        ("changelog.yaml", "databaseChangeLog:\n  - a: [", "is no YAML"),
    ],
)
def test_a_broken_changelog_is_one_sentence(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=said):
        read_history([str(tmp_path)])


def test_a_comment_above_a_change_allows_its_finding(tmp_path: Path) -> None:
    body = (
        '<changeSet author="a" id="1">\n<!-- migrasafe: allow drop-table-in-use because nobody reads it -->\n'
        '<dropTable tableName="orders"/>\n</changeSet>\n<changeSet author="a" id="2">\n<dropTable tableName="users"/></changeSet>'
    )
    project(tmp_path, body)
    ran = migrasafe(tmp_path, "lint", ".", "--no-config", "--format", "json", "--ignore", "missing-lock-timeout")
    assert [(one["rule"], one["line"]) for one in json.loads(ran.stdout)["findings"]] == [("drop-table-in-use", 8)]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("java.sql.Types.VARCHAR(255)", "varchar(255)"),
        ("TIMESTAMP WITH TIME ZONE", "timestamp with time zone"),
        ("datetime(6)", "timestamp(6) without time zone"),
        ("INT(11)", "int"),
        ("BLOB", "oid"),
        ("TEXT[]", "text[]"),
        ("DECIMAL(19, 6)", "decimal(19, 6)"),
        ("mood", "mood"),
    ],
)
def test_types_are_those_of_postgresql(written: str, told: str) -> None:
    assert type_of(written) == told


def test_a_changelog_is_utf_8_whatever_it_says(tmp_path: Path) -> None:
    text = '<?xml version="1.0" encoding="STF-8"?>\n<databaseChangeLog><changeSet id="1" author="a"><sql>SELECT 1</sql></changeSet>'
    (tmp_path / "changelog.xml").write_text(f"{text}</databaseChangeLog>\n")
    (history,) = read_history([str(tmp_path)])
    assert [text for _, text in sent(history)] == ["SELECT 1"]


def test_a_formatted_file_without_a_changeset_is_read_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text("--liquibase formatted sql\nDROP TABLE orders;\n")
    ran = migrasafe(tmp_path, "lint", "1.sql", "--layout", "liquibase")
    assert "holds no changeset" in ran.stdout
    assert "drop-table-in-use" in ran.stdout


def test_more_lines_to_ignore_than_there_are_are_the_rest(tmp_path: Path) -> None:
    text = f"--liquibase formatted sql\n--changeset a:1\nSELECT 1;\n--ignoreLines:{'9' * 5_000}\nDROP TABLE orders;\n"
    (tmp_path / "1.sql").write_text(text)
    assert migrasafe(tmp_path, "lint", "1.sql").returncode == 0


def test_entities_that_explode_are_refused(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    text = f'<!DOCTYPE x [<!ENTITY a0 "a">{entities}]>\n<databaseChangeLog>&a11;</databaseChangeLog>\n'
    (tmp_path / "changelog.xml").write_text(text)
    with pytest.raises(InputError, match="declares an entity, which is not read"):
        read_history([str(tmp_path)], layout="liquibase")
