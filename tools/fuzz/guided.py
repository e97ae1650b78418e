"""Fuzzing that follows coverage, with atheris: bytes that reach new lines of a reader are kept and changed further.

    python -m tools.fuzz.guided READER [--seconds 300] [CORPUS...]

Needs `pip install atheris`, which ships for Linux and a few versions of Python only, so that no test asks for it. Ends with
libFuzzer's report and a file of the bytes where something was raised that is no InputError, or where text was left out.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable

_READERS = ("sql", "marked", "liquibase", "go", "plpgsql")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz.guided", description=__doc__.partition("\n")[0])
    parser.add_argument("reader", choices=_READERS)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("corpus", nargs="*", help="folders of examples, the first of which gets new ones")
    options = parser.parse_intermixed_args(arguments)
    try:
        atheris = importlib.import_module("atheris")
    except ImportError:
        sys.exit("atheris is not installed: pip install atheris")
    with atheris.instrument_imports(include=["migrasafe"]):
        read = reader(options.reader)
    limits = [f"-max_total_time={options.seconds}", "-timeout=30", "-rss_limit_mb=2048", "-max_len=4096"]
    atheris.Setup([sys.argv[0], *limits, *options.corpus], read)
    atheris.Fuzz()


def reader(name: str) -> Callable[[bytes], None]:
    """What a reader does with bytes; raises what it should not."""
    from migrasafe.errors import InputError
    from migrasafe.sql.source import Source, source_from_bytes
    from tools.fuzz.promises import broken_promises, left_out, linted, read

    def sql(source: Source) -> None:
        assert not list(left_out(read(source.text)))

    def marked(source: Source) -> None:
        assert not list(broken_promises(source.text, *linted(source.text)))

    def liquibase(source: Source) -> None:
        from migrasafe.migrations.formats.liquibase_nodes import read_nodes

        for path in ("changelog.xml", "changelog.yaml", "changelog.json"):
            try:
                read_nodes(Source(path=path, text=source.text))
            except InputError:
                continue

    def go(source: Source) -> None:
        from migrasafe.migrations.formats.go_source import read_go

        read_go(source)

    def plpgsql(source: Source) -> None:
        read(f"CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $fuzz${source.text}$fuzz$")

    of = {"sql": sql, "marked": marked, "liquibase": liquibase, "go": go, "plpgsql": plpgsql}[name]

    def read_bytes(data: bytes) -> None:
        try:
            of(source_from_bytes(data, "fuzz.sql"))
        except InputError:
            return

    return read_bytes


if __name__ == "__main__":
    main(sys.argv[1:])
