-- given
CREATE TABLE pg_notes (id bigint, note text);

-- case: each
UPDATE pg_catalog.pg_attribute SET attnotnull = false;
UPDATE pg_index SET indisvalid = false;
DELETE FROM pg_enum WHERE enumlabel = 'sad';
INSERT INTO pg_description VALUES (1);
UPDATE pg_class SET relname = 'x';
UPDATE pg_class SET relname = 'y';
UPDATE pg_constraint SET conname = 'x';
UPDATE pg_trigger SET tgname = 'x';
UPDATE pg_proc SET proname = 'x';
UPDATE pg_database SET datname = 'x';
UPDATE pg_authid SET rolname = 'x';

-- case: not so
UPDATE pg_notes SET note = '' WHERE id = 1;
UPDATE public.pg_class SET note = '' WHERE id = 1;
UPDATE shop.pg_settings SET note = '' WHERE id = 1;
SELECT * FROM pg_class;
