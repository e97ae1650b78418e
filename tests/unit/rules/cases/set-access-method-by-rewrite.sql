-- given
CREATE TABLE orders (id bigint PRIMARY KEY);
CREATE TABLE keyless (id bigint);

-- case: each
ALTER TABLE orders SET ACCESS METHOD columnar;
ALTER TABLE keyless SET ACCESS METHOD heap;
ALTER TABLE elsewhere SET ACCESS METHOD columnar;
