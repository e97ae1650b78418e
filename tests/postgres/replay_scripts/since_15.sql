-- since: 15
CREATE TABLE orders (id bigint NOT NULL, code text);
ALTER TABLE orders SET ACCESS METHOD heap;
