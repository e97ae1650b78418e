-- given
CREATE TABLE orders (id bigint PRIMARY KEY, owner text, hidden boolean);
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON orders USING (owner = current_user);
CREATE POLICY adding ON orders FOR INSERT WITH CHECK (true);
CREATE POLICY not_hidden ON orders AS RESTRICTIVE USING (NOT hidden);
CREATE TABLE notes (id bigint PRIMARY KEY);
CREATE POLICY all_of_them ON notes USING (true);
CREATE TABLE users (id bigint PRIMARY KEY);
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY reading ON users FOR SELECT USING (id = 1);
CREATE POLICY reading_more ON users FOR SELECT USING (id = 2);

-- case: the last one for most commands
DROP POLICY own ON orders;

-- case: the last of all
DROP POLICY adding ON orders;
DROP POLICY own ON orders;

-- case: one that hides
DROP POLICY not_hidden ON orders;

-- case: row level security is off
DROP POLICY all_of_them ON notes;

-- case: turned off in the same transaction
DROP POLICY own ON orders;
ALTER TABLE orders DISABLE ROW LEVEL SECURITY;

-- case: others are left for the command
DROP POLICY reading ON users;

-- case: a new one takes its place under another name
DROP POLICY reading ON users;
CREATE POLICY reading_all ON users FOR SELECT USING (true);

-- case: it comes back
DROP POLICY own ON orders;
CREATE POLICY own ON orders USING (true);

-- case: it comes back too late [no-transaction]
DROP POLICY own ON orders;
CREATE POLICY own ON orders USING (true);

-- case: it or its table is not known
DROP POLICY ghost ON orders;
DROP POLICY IF EXISTS ghost ON orders;
DROP POLICY ghost ON elsewhere;
DROP POLICY IF EXISTS ghost ON elsewhere;

-- case: it is new
CREATE POLICY fresh ON orders USING (true);
DROP POLICY fresh ON orders;

-- case: the table goes too
DROP POLICY own ON orders;
DROP TABLE orders;

-- case: the table is new
CREATE TABLE fresh (id bigint);
ALTER TABLE fresh ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON fresh USING (true);
DROP POLICY own ON fresh;

-- case: only one of another name or table comes later [no-transaction]
DROP POLICY own ON orders;
CREATE POLICY another ON orders USING (true);
CREATE POLICY own ON notes USING (true);
