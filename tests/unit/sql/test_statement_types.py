"""Every kind of statement has a type; what has none is Unrecognized."""

from __future__ import annotations

import pytest

from migrasafe.sql.parse import parse_statement

KINDS = """
CreateTable: CREATE TABLE t (id serial PRIMARY KEY, a int REFERENCES b ON DELETE CASCADE DEFERRABLE)
CreateTable: CREATE UNLOGGED TABLE IF NOT EXISTS t (LIKE u INCLUDING ALL) INHERITS (p) WITH (fillfactor = 70)
CreateTable: CREATE TABLE t PARTITION OF p FOR VALUES FROM (MINVALUE) TO (10) PARTITION BY HASH (id)
CreateTable: CREATE TABLE t OF composite
CreateTable: CREATE FOREIGN TABLE t (a int) SERVER s
CreateTableAs: CREATE TABLE t AS SELECT 1
CreateTableAs: SELECT 1 INTO TEMP t
CreateTableAs: CREATE MATERIALIZED VIEW m AS SELECT 1 WITH NO DATA
AlterTable: ALTER TABLE t ADD a int, DROP b, ALTER c TYPE text USING c::text
AlterTable: ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID
AlterTable: ALTER INDEX i SET TABLESPACE s
AlterTable: ALTER TYPE c ADD ATTRIBUTE x int
AlterAllInTablespace: ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b
Rename: ALTER TABLE t RENAME a TO b
Rename: ALTER TYPE c RENAME ATTRIBUTE a TO b
Rename: ALTER SCHEMA a RENAME TO b
Rename: ALTER TABLE t RENAME CONSTRAINT a TO b
SetSchema: ALTER FUNCTION f(int) SET SCHEMA s
SetOwner: ALTER FUNCTION f(int) OWNER TO me
Drop: DROP TABLE IF EXISTS a, b CASCADE
Drop: DROP TRIGGER x ON t
Drop: DROP FUNCTION f(int), g
CreateIndex: CREATE UNIQUE INDEX CONCURRENTLY i ON t (lower(a) DESC NULLS LAST) INCLUDE (b) WHERE c
Reindex: REINDEX (CONCURRENTLY) TABLE t
CreateView: CREATE OR REPLACE VIEW v (a) WITH (security_barrier) AS SELECT 1 WITH CHECK OPTION
RefreshMaterializedView: REFRESH MATERIALIZED VIEW CONCURRENTLY m
CreateSequence: CREATE SEQUENCE s AS bigint OWNED BY t.a
AlterSequence: ALTER SEQUENCE s RESTART WITH 5
CreateSchema: CREATE SCHEMA s CREATE TABLE t (a int)
CreateExtension: CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public
AlterExtension: ALTER EXTENSION citext UPDATE
CreateStatistics: CREATE STATISTICS s ON a, b FROM t
CreateRule: CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING
CreateEnum: CREATE TYPE e AS ENUM ('a', 'b')
AddEnumValue: ALTER TYPE e ADD VALUE IF NOT EXISTS 'c' BEFORE 'a'
RenameEnumValue: ALTER TYPE e RENAME VALUE 'a' TO 'z'
CreateComposite: CREATE TYPE c AS (a int, b text)
CreateRange: CREATE TYPE r AS RANGE (subtype = float8)
CreateDomain: CREATE DOMAIN d AS text NOT NULL DEFAULT '' CHECK (VALUE <> 'x')
AlterDomain: ALTER DOMAIN d ADD CHECK (VALUE > 0) NOT VALID
AlterDomain: ALTER DOMAIN d DROP NOT NULL
CreateOther: CREATE AGGREGATE a (int) (sfunc = f, stype = int)
CreateOther: CREATE CAST (int AS e) WITHOUT FUNCTION
CreateOther: CREATE OPERATOR CLASS o FOR TYPE int USING btree AS OPERATOR 1 <
CreateFunction: CREATE FUNCTION f(a int, OUT b text) LANGUAGE sql STABLE AS 'SELECT 1'
CreateFunction: CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$
AlterFunction: ALTER FUNCTION f(int) IMMUTABLE
DoBlock: DO $$ BEGIN NULL; END $$
Call: CALL p(1)
CreateTrigger: CREATE CONSTRAINT TRIGGER x AFTER INSERT ON t DEFERRABLE FOR EACH ROW EXECUTE FUNCTION f()
CreateEventTrigger: CREATE EVENT TRIGGER x ON ddl_command_end EXECUTE FUNCTION f()
CreatePolicy: CREATE POLICY p ON t AS RESTRICTIVE FOR SELECT TO me USING (true)
AlterPolicy: ALTER POLICY p ON t USING (false)
Grant: GRANT SELECT (a), INSERT ON t TO me
Grant: REVOKE ALL ON ALL TABLES IN SCHEMA s FROM PUBLIC
GrantRole: GRANT a TO b
DefaultPrivileges: ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO me
RoleStatement: CREATE ROLE r SUPERUSER
RoleStatement: ALTER ROLE r SET search_path = a
RoleStatement: REASSIGN OWNED BY a TO b
CreatePublication: CREATE PUBLICATION p FOR TABLE t (a) WHERE (a > 0)
AlterPublication: ALTER PUBLICATION p ADD TABLE t
SubscriptionStatement: CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION p
ClusterWide: CREATE DATABASE d
ClusterWide: ALTER SYSTEM SET work_mem = '1GB'
Select: WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d FOR UPDATE
Insert: INSERT INTO t VALUES (1), (2) ON CONFLICT DO NOTHING
Update: UPDATE t SET (a, b) = (1, 2) FROM u WHERE t.id = u.id
Delete: DELETE FROM t USING u
Merge: MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE
Copy: COPY t (a) FROM '/tmp/x'
Truncate: TRUNCATE a, b CASCADE
LockTable: LOCK TABLE t IN SHARE MODE
Vacuum: VACUUM (FULL, ANALYZE) t
Vacuum: ANALYZE t (a)
Cluster: CLUSTER t USING i
Transaction: START TRANSACTION ISOLATION LEVEL SERIALIZABLE
Transaction: ROLLBACK TO SAVEPOINT a
SetVariable: SET LOCAL lock_timeout = '2s'
SetVariable: RESET ALL
SetVariable: SET TIME ZONE 'UTC'
SetConstraints: SET CONSTRAINTS ALL DEFERRED
Update: EXPLAIN ANALYZE UPDATE t SET a = 1
Utility: EXPLAIN UPDATE t SET a = 1
Comment: COMMENT ON TABLE t IS 'x'
Utility: SHOW work_mem
Utility: PREPARE p AS SELECT 1
Utility: IMPORT FOREIGN SCHEMA a FROM SERVER s INTO b
Unrecognized: EXECUTE p
Unrecognized: SELEC 1
""".strip().splitlines()


@pytest.mark.parametrize("line", KINDS)
def test_a_statement_has_its_type(line: str) -> None:
    kind, _, sql = line.partition(": ")
    assert type(parse_statement(sql)).__name__ == kind
