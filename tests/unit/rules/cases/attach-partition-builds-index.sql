-- given
CREATE SCHEMA shop;
CREATE TABLE logs (id bigint, kind text, at date NOT NULL) PARTITION BY RANGE (at);
CREATE INDEX logs_kind ON logs (kind);
CREATE INDEX logs_lower_idx ON logs (lower(kind)) WHERE id > 5;
CREATE UNIQUE INDEX logs_once ON logs (id, at);
CREATE TABLE logs_1 (id bigint, kind text, at date NOT NULL, CHECK (at >= '2024-01-01' AND at < '2025-01-01'));
CREATE TABLE logs_1_kind (id bigint);
CREATE TABLE shop.logs_2 (id bigint, kind text, at date NOT NULL, CHECK (at >= '2025-01-01' AND at < '2026-01-01'));
CREATE INDEX logs_2_any ON shop.logs_2 (kind);

-- case: names that are taken, and another schema
ALTER TABLE logs ATTACH PARTITION logs_1 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
ALTER TABLE logs ATTACH PARTITION shop.logs_2 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');

-- case: in a DO block
DO $$ BEGIN ALTER TABLE logs ATTACH PARTITION logs_1 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01'); END $$;
