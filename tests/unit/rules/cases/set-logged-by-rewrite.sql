-- given
CREATE TABLE orders (id bigint PRIMARY KEY);
CREATE UNLOGGED TABLE quick (id bigint PRIMARY KEY);
CREATE UNLOGGED TABLE quick_keyless (id bigint);

-- case: each
ALTER TABLE orders SET UNLOGGED;
ALTER TABLE orders SET LOGGED;
ALTER TABLE quick SET LOGGED;
ALTER TABLE quick_keyless SET LOGGED;
ALTER TABLE elsewhere SET UNLOGGED;
