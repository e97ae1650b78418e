-- given
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE others (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY, user_id bigint CONSTRAINT who REFERENCES users (id), total bigint CONSTRAINT sane CHECK (total > 0),
    during tstzrange, note text CONSTRAINT noted CHECK (note IS NOT NULL),
    CONSTRAINT apart EXCLUDE USING gist (during WITH &&)
);

-- case: each kind
ALTER TABLE orders DROP CONSTRAINT who;
ALTER TABLE orders DROP CONSTRAINT sane;
ALTER TABLE orders DROP CONSTRAINT apart;
ALTER TABLE orders DROP CONSTRAINT noted;
ALTER TABLE orders DROP CONSTRAINT ghost;
ALTER TABLE elsewhere DROP CONSTRAINT sane;

-- case: made again under another name
ALTER TABLE orders DROP CONSTRAINT who, ADD CONSTRAINT who_else FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;
ALTER TABLE orders DROP CONSTRAINT sane, ADD CONSTRAINT sane_2 CHECK (total > 0) NOT VALID;
ALTER TABLE orders DROP CONSTRAINT apart, ADD CONSTRAINT apart EXCLUDE USING gist (during WITH &&, id WITH =);

-- case: made again otherwise
ALTER TABLE orders DROP CONSTRAINT who, ADD CONSTRAINT who_else FOREIGN KEY (user_id) REFERENCES others (id) NOT VALID;
ALTER TABLE orders DROP CONSTRAINT sane, ADD CONSTRAINT sane_2 CHECK (total > 5) NOT VALID;
ALTER TABLE orders DROP CONSTRAINT apart, ADD CONSTRAINT apart_2 EXCLUDE USING gist (during WITH &&);

-- case: NOT NULL says the same
ALTER TABLE orders ALTER COLUMN note SET NOT NULL;
ALTER TABLE orders DROP CONSTRAINT noted;

-- case: NOT NULL says something else
ALTER TABLE orders ALTER COLUMN total SET NOT NULL;
ALTER TABLE orders DROP CONSTRAINT sane;

-- case: it or its table is new, or goes
ALTER TABLE orders ADD CONSTRAINT fresh CHECK (id > 0) NOT VALID;
ALTER TABLE orders DROP CONSTRAINT fresh;
ALTER TABLE orders DROP CONSTRAINT sane;
DROP TABLE orders;

-- case: the column goes as well
ALTER TABLE orders DROP CONSTRAINT who, DROP CONSTRAINT sane;
ALTER TABLE orders DROP COLUMN user_id, DROP COLUMN total;
