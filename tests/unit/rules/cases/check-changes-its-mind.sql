-- given
CREATE TABLE orders (id bigint PRIMARY KEY, at timestamptz, note text);

-- case: where it stands
CREATE TABLE a (at timestamptz CHECK (at > now()));
CREATE TABLE b (at timestamptz, who text, CONSTRAINT mine CHECK (who = current_user), CHECK (at > '2020-01-01'));
ALTER TABLE orders ADD COLUMN who text CHECK (who = session_user), ADD COLUMN more text;
ALTER TABLE orders ADD COLUMN even text, ADD CONSTRAINT c CHECK (id < random() * 5) NOT VALID;
ALTER TABLE orders ADD CONSTRAINT d UNIQUE (at);
ALTER TABLE orders ADD CONSTRAINT e CHECK (at < now() AND at > clock_timestamp()) NOT VALID;
ALTER TABLE orders ADD CONSTRAINT f CHECK (at <= now() AND note = current_setting('a.b')) NOT VALID;
ALTER TABLE orders ADD CONSTRAINT g CHECK (NOT at <= now()) NOT VALID;
ALTER TABLE orders ADD CONSTRAINT h CHECK (now() >= at) NOT VALID;
ALTER TABLE orders ADD CONSTRAINT i CHECK (now() > at - '1 day'::interval) NOT VALID;
