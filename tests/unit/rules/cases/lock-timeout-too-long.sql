-- given
CREATE TABLE orders (id bigint PRIMARY KEY, note text);

-- case: lengths
SET lock_timeout = '1min';
ALTER TABLE orders ADD COLUMN a text;

-- case: short
SET lock_timeout = '10s';
ALTER TABLE orders ADD COLUMN a text;

-- case: a little more than short
SET lock_timeout = '10001ms';
ALTER TABLE orders ADD COLUMN a text;

-- case: minutes and a half
SET lock_timeout = '90s';
ALTER TABLE orders ADD COLUMN a text;

-- case: an hour
SET lock_timeout = '1h';
ALTER TABLE orders ADD COLUMN a text;

-- case: not told
SELECT set_config('lock_timeout', current_setting('my.limit'), true);
ALTER TABLE orders ADD COLUMN a text;
