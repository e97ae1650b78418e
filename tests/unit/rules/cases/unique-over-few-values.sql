-- given
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN short AS varchar(2);
CREATE TABLE orders (id bigint PRIMARY KEY, done boolean, code char(3), long char(4), one "char", name varchar(3), longer varchar(4), text_ text, mood mood, moods mood[], dones boolean[], s short, free varchar);

-- case: each type
CREATE UNIQUE INDEX a ON orders (done);
CREATE UNIQUE INDEX b ON orders (code);
CREATE UNIQUE INDEX c ON orders (long);
CREATE UNIQUE INDEX d ON orders (name);
CREATE UNIQUE INDEX e ON orders (longer);
CREATE UNIQUE INDEX f ON orders (text_);
CREATE UNIQUE INDEX g ON orders (mood);
CREATE UNIQUE INDEX h ON orders (moods);
CREATE UNIQUE INDEX i ON orders (dones);
CREATE UNIQUE INDEX j ON orders (one);
CREATE UNIQUE INDEX k ON orders (s);
CREATE UNIQUE INDEX l ON orders (free);

-- case: concurrently [no-transaction]
CREATE UNIQUE INDEX CONCURRENTLY a ON orders (done);
create unique index concurrently b on orders (code) include (id);

-- case: not so
CREATE INDEX a ON orders (done);
CREATE UNIQUE INDEX b ON orders (done, id);
CREATE UNIQUE INDEX c ON orders (done) WHERE done;
CREATE UNIQUE INDEX d ON orders ((NOT done));
CREATE UNIQUE INDEX e ON elsewhere (done);
CREATE TABLE fresh (done boolean);
CREATE UNIQUE INDEX f ON fresh (done);

-- case: in a DO block
DO $$ BEGIN CREATE UNIQUE INDEX a ON orders (done); END $$;
