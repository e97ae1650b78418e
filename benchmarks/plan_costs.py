"""What `migrasafe plan` costs on a schema of many tables, beside parsing the dump of it (least.py) and psql loading it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
from measured import tool
from servers import server, server_clock
from turns import Bench, Compared

from migrasafe.errors import ServerError

NOTES = """\
The schema is a dump as `pg_dump --schema-only` writes it: a table has six columns, a sequence, a primary key, an index and a foreign
key. *Parsing the dump* is PostgreSQL's own parser (libpg_query) in a bare Python: what reading any part of it costs at least.
psql loads it into an empty database of a server that runs; the server's CPU is in its CPU."""

TABLE = """
CREATE TABLE public.orders_{n} (
    id bigint NOT NULL,
    customer_id bigint,
    note character varying(200),
    total integer DEFAULT 0 NOT NULL,
    state text,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE SEQUENCE public.orders_{n}_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.orders_{n}_id_seq OWNED BY public.orders_{n}.id;
ALTER TABLE ONLY public.orders_{n} ALTER COLUMN id SET DEFAULT nextval('public.orders_{n}_id_seq'::regclass);
ALTER TABLE ONLY public.orders_{n}
    ADD CONSTRAINT orders_{n}_pkey PRIMARY KEY (id);
CREATE INDEX orders_{n}_state_idx ON public.orders_{n} USING btree (state, created_at);
ALTER TABLE ONLY public.orders_{n}
    ADD CONSTRAINT orders_{n}_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES public.orders_0(id);
"""
SETTINGS = "SET statement_timeout = 0;\nSET client_encoding = 'UTF8';\nSELECT pg_catalog.set_config('search_path', '', false);\n"
CHANGES = {
    "a column gets another name": "ALTER TABLE orders_1 RENAME COLUMN note TO remark;",
    "int becomes bigint": "ALTER TABLE orders_1 ALTER COLUMN total TYPE bigint;",
    "a column becomes NOT NULL": "ALTER TABLE orders_1 ALTER COLUMN state SET NOT NULL;",
    "a column goes": "ALTER TABLE orders_1 DROP COLUMN note;",
}


def plan_costs(bench: Bench, folder: Path, *, tables: int) -> Iterator[Compared]:
    dump = folder / "schema.sql"
    dump.write_text(SETTINGS + "".join(TABLE.format(n=n) for n in range(tables)), encoding="utf-8")
    out = folder / "plan"

    def plan(name: str, change: str) -> list[str]:
        file = folder / f"{name.replace(' ', '_')}.sql"
        file.write_text(change + "\n", encoding="utf-8")
        command = [tool("migrasafe") or "migrasafe", "plan", str(file), "--schema", str(dump), "--out", str(out)]
        return [*command, "--pg-version", "15"]

    def forget() -> None:
        shutil.rmtree(out, ignore_errors=True)

    peers = {
        "bare Python": [sys.executable, "-c", "pass"],
        "parsing the dump": [sys.executable, str(Path(__file__).with_name("least.py")), str(dump)],
    }
    commands = {f"{tables:,} tables, {name}": plan(name, change) for name, change in CHANGES.items()}
    for what, command in commands.items():
        yield from bench.compare(what, command, peers, before_each=forget)
    what, command = next(iter(commands.items()))
    yield from _beside_psql(bench, what, command, dump, forget)


def _beside_psql(bench: Bench, what: str, plan: list[str], dump: Path, forget: Callable[[], None]) -> list[Compared]:
    psql = shutil.which("psql")
    try:
        with server() as running:

            def empty() -> None:
                forget()
                with psycopg.connect(running.dsn, autocommit=True) as connection:
                    connection.execute("DROP DATABASE IF EXISTS loaded")
                    connection.execute("CREATE DATABASE loaded")

            load = [psql, "-qX", "-d", f"{running.dsn} dbname=loaded", "-f", str(dump)] if psql else None
            watching = replace(bench, server_clock=server_clock(running))
            return watching.compare(what, plan, {"psql loads the dump": load}, before_each=empty, is_long=True)
    except ServerError as error:
        print(error, file=sys.stderr)
        return [Compared(what=what, ours=(), beside="psql loads the dump, on a server")]
