-- given
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE VIEW noted AS SELECT note FROM orders;
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER watching BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION watch();
CREATE TRIGGER sleeping BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION other();
CREATE TRIGGER writing INSTEAD OF INSERT ON noted FOR EACH ROW EXECUTE FUNCTION other();
ALTER TABLE orders DISABLE TRIGGER sleeping;

-- case: each
DROP TRIGGER watching ON orders;
DROP TRIGGER sleeping ON orders;
DROP TRIGGER writing ON noted;
DROP TRIGGER ghost ON orders;
DROP TRIGGER IF EXISTS ghost ON orders;
DROP TRIGGER ghost ON elsewhere;
DROP TRIGGER IF EXISTS ghost ON elsewhere;

-- case: it comes back
DROP TRIGGER watching ON orders;
CREATE TRIGGER watching BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION other();

-- case: one of another name runs the same function
DROP TRIGGER watching ON orders;
CREATE TRIGGER watching_more BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION watch();

-- case: one that runs another function
DROP TRIGGER watching ON orders;
CREATE TRIGGER watching_more BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION other();

-- case: it comes back too late [no-transaction]
DROP TRIGGER watching ON orders;
CREATE TRIGGER watching BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION other();

-- case: an unknown one comes back too late [no-transaction]
DROP TRIGGER ghost ON elsewhere;
CREATE TRIGGER ghost BEFORE INSERT ON elsewhere FOR EACH ROW EXECUTE FUNCTION other();

-- case: it or its table is new, or the table goes
CREATE TRIGGER fresh BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION other();
DROP TRIGGER fresh ON orders;
DROP TRIGGER watching ON orders;
DROP VIEW noted;
DROP TABLE orders;
