-- A foreign key to its own table, whose key is made in the same statement or comes from elsewhere.
CREATE TABLE plain (id int);
ALTER TABLE plain ADD COLUMN parent int REFERENCES plain PRIMARY KEY;
CREATE TABLE two (x int);
ALTER TABLE two ADD COLUMN a int REFERENCES two, ADD COLUMN id int PRIMARY KEY;
ALTER TABLE two ADD COLUMN b int UNIQUE CHECK (b > 0) REFERENCES two (b);
CREATE TABLE named (x int);
ALTER TABLE named ADD COLUMN a int REFERENCES named (u), ADD COLUMN u int UNIQUE;
CREATE TABLE other (id int PRIMARY KEY, b int NOT NULL, a int);
ALTER TABLE other ADD FOREIGN KEY (a) REFERENCES other, DROP CONSTRAINT other_pkey, ADD PRIMARY KEY (b);
CREATE TABLE alike (LIKE other INCLUDING INDEXES, c int REFERENCES alike);
CREATE TABLE parted (id int PRIMARY KEY, a int) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF parted (FOREIGN KEY (a) REFERENCES part) DEFAULT;
