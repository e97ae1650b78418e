-- given
CREATE SCHEMA shop;
CREATE TABLE logs (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.logs_2 PARTITION OF logs FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE others (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE parents (id bigint);
CREATE TABLE children () INHERITS (parents);
CREATE TABLE with_rest (id bigint) PARTITION BY RANGE (id);
CREATE TABLE with_rest_1 PARTITION OF with_rest FOR VALUES FROM (1) TO (5);
CREATE TABLE rest PARTITION OF with_rest DEFAULT;

-- case: each
ALTER TABLE logs DETACH PARTITION logs_1;
ALTER TABLE logs DETACH PARTITION shop.logs_2;
ALTER TABLE with_rest DETACH PARTITION with_rest_1;
ALTER TABLE children NO INHERIT parents;
ALTER TABLE elsewhere DETACH PARTITION elsewhere_1;

-- case: concurrently [no-transaction]
ALTER TABLE logs DETACH PARTITION logs_1 CONCURRENTLY;
ALTER TABLE logs DETACH PARTITION logs_1 FINALIZE;

-- case: attached again
ALTER TABLE logs DETACH PARTITION logs_1;
ALTER TABLE logs ATTACH PARTITION logs_1 FOR VALUES FROM ('2023-01-01') TO ('2025-01-01');

-- case: attached elsewhere
ALTER TABLE logs DETACH PARTITION logs_1;
ALTER TABLE others ATTACH PARTITION logs_1 FOR VALUES FROM ('2023-01-01') TO ('2025-01-01');

-- case: another is attached
ALTER TABLE logs DETACH PARTITION logs_1;
ALTER TABLE others ATTACH PARTITION children FOR VALUES FROM ('2023-01-01') TO ('2025-01-01');

-- case: attached too late [no-transaction]
ALTER TABLE logs DETACH PARTITION logs_1;
ALTER TABLE logs ATTACH PARTITION logs_1 FOR VALUES FROM ('2023-01-01') TO ('2025-01-01');

-- case: what is new
CREATE TABLE logs_3 PARTITION OF logs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
ALTER TABLE logs DETACH PARTITION logs_3;
CREATE TABLE more () INHERITS (parents);
ALTER TABLE more NO INHERIT parents;
ALTER TABLE children INHERIT others;
