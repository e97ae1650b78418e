-- Policies, publications, extensions, DO blocks.
CREATE TABLE teams (id int PRIMARY KEY, name text, owner text DEFAULT current_user);
CREATE TABLE members (team int REFERENCES teams, person text, role text, PRIMARY KEY (team, person));
ALTER TABLE teams ENABLE ROW LEVEL SECURITY;
ALTER TABLE teams FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON teams USING (owner = current_user);
CREATE POLICY visible ON teams AS RESTRICTIVE FOR SELECT TO PUBLIC USING (EXISTS (SELECT 1 FROM members WHERE members.team = teams.id));
CREATE POLICY added ON teams FOR INSERT WITH CHECK (name <> '');
ALTER POLICY own ON teams RENAME TO owners;
ALTER POLICY owners ON teams USING (name = owner) WITH CHECK (true);
ALTER TABLE teams RENAME COLUMN owner TO owned_by;
DROP POLICY added ON teams;
DROP POLICY IF EXISTS added ON teams;
ALTER TABLE teams NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
ALTER TABLE teams DROP COLUMN owned_by CASCADE;
DROP TABLE members CASCADE;
CREATE PUBLICATION all_of_it FOR ALL TABLES;
CREATE PUBLICATION few FOR TABLE teams;
CREATE TABLE published (id int PRIMARY KEY);
ALTER PUBLICATION few ADD TABLE published;
ALTER PUBLICATION few DROP TABLE teams;
ALTER PUBLICATION few SET TABLE teams, published;
ALTER TABLE published RENAME TO printed;
ALTER PUBLICATION few RENAME TO chosen;
DROP TABLE printed;
DROP PUBLICATION chosen, all_of_it;
CREATE TABLE kept (id int PRIMARY KEY);
DO $$ BEGIN
    CREATE TABLE made_in_block (id serial PRIMARY KEY);
    IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'guarded') THEN
        CREATE TABLE guarded (id int REFERENCES made_in_block);
    END IF;
    BEGIN
        CREATE TABLE kept (other text);
    EXCEPTION WHEN duplicate_table THEN NULL;
    END;
    ALTER TABLE kept ADD COLUMN IF NOT EXISTS more text;
    IF EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 'kept' AND column_name = 'id') THEN
        ALTER TABLE kept RENAME COLUMN id TO number;
    END IF;
END $$;
DO $$ BEGIN CREATE TYPE status AS ENUM ('a', 'b'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;
DO $$ BEGIN CREATE TYPE status AS ENUM ('c'); EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE RULE no_delete AS ON DELETE TO kept DO INSTEAD NOTHING;
CREATE STATISTICS kept_stats ON number, more FROM kept;
INSERT INTO kept VALUES (1, 'x');
UPDATE kept SET more = 'y';
TRUNCATE kept;
ANALYZE kept;
VACUUM kept;
BEGIN;
LOCK TABLE kept;
SET LOCAL lock_timeout = '1s';
ALTER TABLE kept ADD COLUMN in_transaction int;
COMMIT;
CREATE TABLE published_later (id bigint PRIMARY KEY);
CREATE PUBLICATION only_inserts FOR TABLE published_later WITH (publish = 'insert, truncate');
ALTER PUBLICATION only_inserts SET (publish = 'insert, update');
ALTER PUBLICATION only_inserts SET (publish = 'truncate');
