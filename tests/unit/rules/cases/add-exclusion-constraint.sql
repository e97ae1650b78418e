-- given
CREATE TABLE orders (id bigint PRIMARY KEY, during tstzrange);

-- case: each
ALTER TABLE orders ADD EXCLUDE USING gist (during WITH &&);
ALTER TABLE orders ADD COLUMN more text, ADD CONSTRAINT apart EXCLUDE USING gist (during WITH &&) WHERE (id > 5);
ALTER TABLE elsewhere ADD EXCLUDE USING gist (during WITH &&);
CREATE TABLE fresh (during tstzrange);
ALTER TABLE fresh ADD EXCLUDE USING gist (during WITH &&);
