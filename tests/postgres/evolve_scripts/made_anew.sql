-- A change of type makes the indexes of partitions anew from those of their table, under the names of now.
CREATE TABLE visits (id int, note text) PARTITION BY RANGE (id);
CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
CREATE TABLE visits_11 PARTITION OF visits_1 FOR VALUES FROM (0) TO (5);
CREATE INDEX own_name ON visits_1 (note);
CREATE INDEX by_note ON visits (note);
CREATE INDEX only_here ON ONLY visits (note, id);
ALTER TABLE visits ADD UNIQUE (id, note);
ALTER INDEX visits_1_id_note_key RENAME TO own_key;
CREATE INDEX beside ON visits_1 (note DESC);
ALTER TABLE visits ALTER COLUMN note TYPE varchar(10);
ALTER TABLE visits RENAME COLUMN note TO remark;
ALTER TABLE visits ALTER COLUMN remark TYPE varchar(20);
-- Of keys that say the same there is one.
CREATE TABLE parts (id int UNIQUE UNIQUE);
ALTER TABLE parts ADD COLUMN code text UNIQUE UNIQUE;
ALTER TABLE parts ADD COLUMN number int UNIQUE CONSTRAINT parts_number PRIMARY KEY;
-- A table that is partitioned by a column goes with its type.
CREATE TABLE points (x int, y int);
CREATE TABLE shapes (corner points) PARTITION BY LIST (corner);
CREATE TABLE shapes_rest PARTITION OF shapes DEFAULT;
CREATE TABLE marks (corner points, id int) PARTITION BY LIST (id);
DROP TABLE points CASCADE;
