"""Schemas from dumps and from histories."""

from __future__ import annotations

from migrasafe.migrations.model import Migration, Part
from migrasafe.schema.load import schema_from_history, schema_from_script
from migrasafe.schema.model import BEFORE_HISTORY, ColumnRef, Moment, Schema, View
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import TypeName
from tests.unit.schema.histories import after, column, constraint, index, ref, sequence, table

DUMP = r"""
--
-- PostgreSQL database dump
--
\restrict AbCdEf123

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);
SET row_security = off;

CREATE TYPE public.mood AS ENUM (
    'sad',
    'ok'
);
ALTER TYPE public.mood OWNER TO postgres;
SET default_tablespace = '';
SET default_table_access_method = heap;

CREATE TABLE public.customers (
    id integer NOT NULL,
    email character varying(120) NOT NULL,
    mood public.mood DEFAULT 'ok'::public.mood
);
ALTER TABLE public.customers OWNER TO shop;
COMMENT ON TABLE public.customers IS 'Who buys; and who pays';

CREATE SEQUENCE public.customers_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.customers_id_seq OWNED BY public.customers.id;

CREATE TABLE public.events (
    id bigint NOT NULL,
    at date NOT NULL
)
PARTITION BY RANGE (at);
CREATE TABLE public.events_2024 (
    id bigint CONSTRAINT events_id_not_null NOT NULL,
    at date NOT NULL
);
ALTER TABLE public.events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.event_numbers
    START WITH 1
);
CREATE MATERIALIZED VIEW public.emails AS
 SELECT email
   FROM public.customers
  WITH NO DATA;

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
ALTER TABLE ONLY public.customers ALTER COLUMN id SET DEFAULT nextval('public.customers_id_seq'::regclass);
ALTER TABLE ONLY public.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (id);
CREATE INDEX events_at_idx ON ONLY public.events USING btree (at);
CREATE INDEX events_2024_at_idx ON public.events_2024 USING btree (at);
ALTER INDEX public.events_at_idx ATTACH PARTITION public.events_2024_at_idx;
GRANT SELECT ON TABLE public.customers TO reader;

\unrestrict AbCdEf123
"""


def dumped() -> Schema:
    return schema_from_script(read_script(Source(path="dump.sql", text=DUMP)))


def test_a_dump_is_complete_and_before_history() -> None:
    schema = dumped()
    assert schema.complete
    assert schema.search_path == ("public",)
    assert {relation.born for _, relation in schema.relations.items()} == {BEFORE_HISTORY}
    assert "public" in schema.schemas


def test_a_dump_gives_columns_sequences_and_constraints() -> None:
    schema = dumped()
    assert column(schema, "customers", "email").type == TypeName(name="varchar", modifiers=("120",))
    assert column(schema, "customers", "mood").type == TypeName(schema="public", name="mood")
    assert column(schema, "customers", "id").default is not None
    assert sequence(schema, "customers_id_seq").owned_by == ColumnRef(ref("customers"), "id")
    assert sequence(schema, "event_numbers").owned_by == ColumnRef(ref("events"), "id")
    assert constraint(schema, "customers", "customers_pkey").columns == ("id",)
    assert table(schema, "customers").owner == "shop"


def test_a_dump_attaches_partitions_and_their_indexes() -> None:
    schema = dumped()
    assert table(schema, "events").partitions == (ref("events_2024"),)
    assert index(schema, "events_2024_at_idx").parent == ref("events_at_idx")
    assert index(schema, "events_at_idx").valid


def test_a_materialized_view_of_a_dump_is_taken_to_have_rows() -> None:
    view = dumped().relation(ref("emails"))
    assert isinstance(view, View)
    assert view.populated


def test_a_migration_after_a_dump_does_not_invent_what_the_dump_does_not_have() -> None:
    schema = after("ALTER TABLE nowhere ADD COLUMN a int; ALTER TABLE customers ADD COLUMN a int", dumped())
    assert schema.table(ref("nowhere")) is None
    assert column(schema, "customers", "a").born == Moment(0, 0, 1)


def migration(number: int, *scripts: str) -> Migration:
    parts = tuple(Part(script=read_script(Source(path=f"{number}.sql", text=text))) for text in scripts)
    return Migration(id=str(number), path=f"{number}.sql", parts=parts)


def test_a_history_gives_every_object_its_moment() -> None:
    schema = schema_from_history(
        [
            migration(1, "CREATE TABLE orders (id int)"),
            migration(2, "ALTER TABLE orders ADD COLUMN a int", "SELECT 1; ALTER TABLE orders ADD COLUMN b int"),
        ]
    )
    assert table(schema, "orders").born == Moment(0, 0, 0)
    assert column(schema, "orders", "a").born == Moment(1, 0, 0)
    assert column(schema, "orders", "b").born == Moment(1, 1, 1)


def test_a_search_path_and_temporary_tables_end_with_their_migration() -> None:
    schema = schema_from_history(
        [
            migration(1, "SET search_path = app; CREATE TABLE orders (id int); CREATE TEMP TABLE scratch (id int)"),
            migration(2, "CREATE TABLE orders (id int)"),
        ]
    )
    assert {str(name) for name in schema.relations} == {"app.orders", "public.orders"}


def test_a_history_can_go_on_from_a_dump() -> None:
    schema = schema_from_history([migration(1, "ALTER TABLE customers DROP COLUMN mood")], dumped())
    assert table(schema, "customers").column("mood") is None
    assert schema.complete
