-- given
CREATE TABLE logs (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE logs_rest PARTITION OF logs DEFAULT;
CREATE TABLE sales (id bigint, area text) PARTITION BY LIST (area);
CREATE TABLE sales_rest PARTITION OF sales DEFAULT;
CREATE TABLE sales_1 (id bigint, area text);

-- case: a range with both ends
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');

-- case: a range without a lower end
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (MINVALUE) TO ('2025-01-01');

-- case: a list
CREATE TABLE sales_2 PARTITION OF sales FOR VALUES IN ('north', 'south');

-- case: an attached list
ALTER TABLE sales ATTACH PARTITION sales_1 FOR VALUES IN ('north', 'south');

-- case: a list with NULL
CREATE TABLE sales_2 PARTITION OF sales FOR VALUES IN ('north', NULL);
