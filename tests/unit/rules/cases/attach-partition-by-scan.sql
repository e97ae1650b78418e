-- given
CREATE TABLE logs (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE logs_1 (id bigint, at timestamptz NOT NULL);
CREATE TABLE sales (id bigint, area text) PARTITION BY LIST (area);
CREATE TABLE sales_1 (id bigint, area text);
CREATE TABLE parts (id bigint) PARTITION BY HASH (id);
CREATE TABLE parts_1 (id bigint);
CREATE TABLE two (a bigint, b bigint) PARTITION BY RANGE (a, b);
CREATE TABLE two_1 (a bigint, b bigint);
CREATE TABLE computed (a bigint) PARTITION BY RANGE ((a + 1));
CREATE TABLE computed_1 (a bigint);

-- case: a range with both ends
ALTER TABLE logs ATTACH PARTITION logs_1 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');

-- case: a range without a lower end
ALTER TABLE logs ATTACH PARTITION logs_1 FOR VALUES FROM (MINVALUE) TO ('2025-01-01');

-- case: a range without an upper end
ALTER TABLE logs ATTACH PARTITION logs_1 FOR VALUES FROM ('2024-01-01') TO (MAXVALUE);

-- case: a list
ALTER TABLE sales ATTACH PARTITION sales_1 FOR VALUES IN ('north', 'south');

-- case: a list with NULL
ALTER TABLE sales ATTACH PARTITION sales_1 FOR VALUES IN ('north', NULL);

-- case: by hash
ALTER TABLE parts ATTACH PARTITION parts_1 FOR VALUES WITH (MODULUS 2, REMAINDER 0);

-- case: over two columns
ALTER TABLE two ATTACH PARTITION two_1 FOR VALUES FROM (1, 1) TO (2, 2);

-- case: over an expression
ALTER TABLE computed ATTACH PARTITION computed_1 FOR VALUES FROM (1) TO (2);

-- case: the default partition
ALTER TABLE sales ATTACH PARTITION sales_1 DEFAULT;

-- case: a table that is new
CREATE TABLE sales_2 (id bigint, area text);
ALTER TABLE sales ATTACH PARTITION sales_2 FOR VALUES IN ('north');

-- case: in a DO block
DO $$ BEGIN ALTER TABLE sales ATTACH PARTITION sales_1 FOR VALUES IN ('north'); END $$;
