-- given
CREATE TABLE orders (id bigint PRIMARY KEY, owner text);
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON orders TO app, reports USING (owner = current_user) WITH CHECK (owner <> '');
CREATE POLICY adding ON orders FOR INSERT WITH CHECK (true);
CREATE TABLE notes (id bigint PRIMARY KEY);
CREATE POLICY own ON notes USING (true);

-- case: roles
ALTER POLICY own ON orders TO app;
ALTER POLICY own ON orders TO app, reports, more;
ALTER POLICY own ON orders TO PUBLIC;
ALTER POLICY adding ON orders TO app;

-- case: rows
ALTER POLICY own ON orders USING (owner = 'me');
ALTER POLICY own ON orders WITH CHECK (owner = 'me');
ALTER POLICY own ON orders USING (owner = current_user);
ALTER POLICY adding ON orders WITH CHECK (id > 5);
ALTER POLICY own ON orders RENAME TO mine;

-- case: new ones
CREATE POLICY strict ON orders AS RESTRICTIVE USING (id > 5);
CREATE POLICY more ON orders USING (id > 5);
ALTER POLICY more ON orders USING (id > 6);

-- case: not on, not known, or new
ALTER POLICY own ON notes USING (false);
CREATE POLICY strict ON notes AS RESTRICTIVE USING (false);
ALTER POLICY ghost ON orders USING (false);
ALTER POLICY ghost ON elsewhere USING (false);
CREATE POLICY strict ON elsewhere AS RESTRICTIVE USING (false);
CREATE TABLE fresh (id bigint);
ALTER TABLE fresh ENABLE ROW LEVEL SECURITY;
CREATE POLICY strict ON fresh AS RESTRICTIVE USING (false);
