-- given
CREATE SCHEMA shop;
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE logs (id bigint, user_id bigint CONSTRAINT who REFERENCES users (id) ON DELETE CASCADE, boss bigint, at date NOT NULL, CONSTRAINT "The Boss" FOREIGN KEY (boss) REFERENCES users (id)) PARTITION BY RANGE (at);
CREATE TABLE shop.logs_1 (id bigint, user_id bigint, boss bigint, at date NOT NULL, CHECK (at >= '2024-01-01' AND at < '2025-01-01'));
CREATE TABLE logs_2 (id bigint, user_id bigint REFERENCES users (id) ON DELETE CASCADE, boss bigint REFERENCES users (id), at date NOT NULL, CHECK (at >= '2024-01-01' AND at < '2025-01-01'));

-- case: two keys
ALTER TABLE logs ATTACH PARTITION shop.logs_1 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');

-- case: it has them
ALTER TABLE logs ATTACH PARTITION logs_2 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');

-- case: in a DO block
DO $$ BEGIN ALTER TABLE logs ATTACH PARTITION shop.logs_1 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01'); END $$;
