-- given
CREATE FUNCTION known() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM unknown_inside(); END $$;
CREATE TABLE orders (id bigint PRIMARY KEY);
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM unknown_in_trigger(); RETURN NEW; END $$;
CREATE TRIGGER watching BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION watch();

-- case: syntax
CREATE TABEL orders (id bigint);

-- case: dynamic SQL, another language
DO $$ DECLARE t text := (SELECT 'x'); BEGIN EXECUTE 'DROP TABLE ' || t; END $$;
DO LANGUAGE plpython3u 'pass';
\gexec

-- case: functions
SELECT known();
SELECT unknown(1);
SELECT shop.unknown(1), now(), count(*) FROM orders;
CALL unknown_procedure();
INSERT INTO orders VALUES (1);
SELECT * FROM unknown_rows(1);
PERFORM known();
