-- Names that mean something else a moment later, and types that two sides agree on: found by tools/fuzz.
CREATE TABLE parts (id int, note bigint, label varchar(10));
CREATE TABLE sums AS SELECT id FROM parts UNION ALL SELECT note FROM parts;
CREATE TABLE same AS SELECT label FROM parts UNION SELECT label FROM parts EXCEPT SELECT label FROM parts;
CREATE TEMPORARY TABLE parts (email bigint PRIMARY KEY);
CREATE TABLE boxes (held parts NOT NULL, kind bigint);
ALTER TABLE pg_temp.parts RENAME TO logs;
ALTER TABLE logs RENAME TO parts;
CREATE TEMPORARY TABLE boxes (id int);
DROP TABLE boxes, boxes;
DROP TABLE boxes;
DROP TABLE parts, parts;
ALTER TABLE parts ADD PRIMARY KEY (id);
ALTER TABLE parts_pkey RENAME COLUMN id TO number;
CREATE TABLE copied (LIKE parts INCLUDING INDEXES);
