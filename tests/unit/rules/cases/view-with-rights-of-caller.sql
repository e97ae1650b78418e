-- given
CREATE SCHEMA shop;
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY);
CREATE VIEW loose AS SELECT id FROM users;
CREATE VIEW seen AS SELECT users.id FROM users, orders;
CREATE VIEW shop.seen AS SELECT id FROM seen;
CREATE VIEW caller WITH (security_invoker) AS SELECT id FROM users;
CREATE VIEW elsewhere_seen AS SELECT id FROM elsewhere;
GRANT SELECT ON seen, shop.seen, elsewhere_seen TO app, "Report", PUBLIC;
GRANT SELECT ON users TO app;
GRANT SELECT ON orders TO app, "Report";
GRANT INSERT ON users TO "Report";

-- case: each
ALTER VIEW loose SET (security_invoker = true);
ALTER VIEW seen SET (security_invoker);
ALTER VIEW shop.seen SET (security_invoker = on);
ALTER VIEW caller SET (security_invoker = true);
ALTER VIEW elsewhere_seen SET (security_invoker = true);
CREATE OR REPLACE VIEW seen WITH (security_invoker = 1) AS SELECT users.id FROM users, orders;

-- case: not so
ALTER VIEW loose SET (security_invoker = false);
ALTER VIEW loose SET (security_barrier = true);
ALTER VIEW ghost SET (security_invoker = true);
CREATE VIEW fresh WITH (security_invoker = true) AS SELECT 1 AS one;
ALTER VIEW fresh SET (security_invoker = true);
ALTER TABLE users SET (fillfactor = 70);

-- case: granted in the same transaction
ALTER VIEW seen SET (security_invoker = true);
GRANT SELECT ON users, orders TO PUBLIC;

-- case: in a DO block
DO $$ BEGIN ALTER VIEW seen SET (security_invoker = true); END $$;
