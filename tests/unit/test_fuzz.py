"""The fuzzer itself, and a little of what `make soak` does with it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from migrasafe.errors import MigrasafeError
from migrasafe.migrations.formats import FORMATS
from migrasafe.schema.model import Schema
from migrasafe.sql.statements import Statement, Unrecognized
from tools.fuzz.__main__ import main
from tools.fuzz.author import Author
from tools.fuzz.bundle import files_of
from tools.fuzz.campaign import Findings, failures_of
from tools.fuzz.corpus import at_most, changed_text, fuzz_corpus, texts_of
from tools.fuzz.grammar import read_grammar, slots_of
from tools.fuzz.histories import fuzz_histories
from tools.fuzz.promises import evolved, left_out, read
from tools.fuzz.readers import READERS, seeds_of
from tools.fuzz.record import ran, table
from tools.fuzz.shrink import fewest


def test_every_name_of_the_grammar_is_written_by_something_and_used_by_something() -> None:
    grammar = read_grammar()
    undefined = {name for name in slots_of(grammar) - grammar.keys() if not hasattr(Author, f"_{name}")}
    assert undefined == set()
    assert grammar.keys() - slots_of(grammar) == {"statement"} - slots_of(grammar)


def test_most_of_what_the_author_writes_is_sql_of_many_kinds() -> None:
    rng = random.Random(4)
    author = Author(rng)
    kinds: dict[type[Statement], int] = {}
    schema = Schema()
    for _ in range(100):
        script = read(";\n".join(author.statement() for _ in range(20)))
        schema = evolved(script, schema)
        author.learn(schema)
        for statement in script.statements:
            kinds[type(statement)] = kinds.get(type(statement), 0) + 1
    assert len(kinds) >= 45
    assert kinds[Unrecognized] < sum(kinds.values()) / 25


def test_the_same_seed_writes_the_same_statements() -> None:
    first, second = (Author(random.Random(7)) for _ in range(2))
    assert [first.statement() for _ in range(50)] == [second.statement() for _ in range(50)]


def test_generated_histories_break_no_promise() -> None:
    findings = Findings(None)
    *_, counts = fuzz_histories(2026, 2_000, 2, findings)
    assert findings.classes == {}
    assert counts.statements >= 2_000
    assert 0 < counts.linted < counts.statements


@pytest.mark.soak
def test_a_quarter_of_a_million_generated_statements_break_no_promise(tmp_path: Path) -> None:
    seed = int(time.time())
    findings = Findings(tmp_path)
    for _ in fuzz_histories(seed, 250_000, 10, findings):
        pass
    shown = "\n".join(path.read_text() for path in sorted(tmp_path.iterdir()))
    assert findings.classes == {}, f"python -m tools.fuzz ddl --statements 250000 --seed {seed}\n{shown}"


def test_a_failure_is_written_down_with_the_fewest_statements(tmp_path: Path) -> None:
    def check(text: str) -> Iterator[str]:
        if "b;" in text and "d;" in text:
            yield "public.t has two columns of one name"

    findings = Findings(tmp_path)
    (failure,) = failures_of("a;\nb;\nc;\nd;\n", check)
    findings.note(failure, ["a", "b", "c", "d"], check)
    findings.note(failure, ["b", "d"], check)
    assert findings.classes == {"has two columns of one name": 2}
    (only,) = tmp_path.iterdir()
    assert '"text": "b;\\nd;\\n"' in only.read_text()


def test_what_a_check_raises_is_a_failures_of_its_place() -> None:
    def check(text: str) -> Iterator[str]:
        raise KeyError(text)
        yield ""

    (failure,) = failures_of("x", check)
    assert failure.kind == "KeyError in test_fuzz.py:check"


def test_shrinking_keeps_all_that_is_needed() -> None:
    def fails(items: Sequence[int]) -> bool:
        return {3, 5, 8} <= set(items)

    assert fewest(range(10), fails) == [3, 5, 8]


def test_the_record_adds_up_the_runs_of_a_campaign() -> None:
    counts = {"texts": 10, "statements": 1_000, "linted": 100, "failures": 0}
    one = ran("generated DDL", 1, counts, {}, wall=2.0, cpu=1.0)
    *_, line = table([one, one]).splitlines()
    assert line.startswith("| generated DDL | 2 | 20 | 2,000 | 200 | 0 | 0 | 0 | 2 |")


def test_rows_after_copy_are_no_text_that_was_left_out() -> None:
    assert list(left_out(read("COPY a FROM STDIN;\n1\tx\n\\.\nSELECT 1;"))) == []
    assert list(left_out(read("COPY a TO STDOUT; SELECT 1;"))) == []


def test_the_text_of_others_is_changed_the_same_way_by_the_same_seed() -> None:
    texts = ["CREATE TABLE a (id int);\n" * 20, "SELECT 'x';"]
    once, again = ([changed_text(random.Random(3), texts) for _ in range(5)] for _ in range(2))
    assert once == again
    assert not set(once) & set(texts)


def test_a_text_that_takes_too_long_is_a_failure() -> None:
    def check(text: str) -> Iterator[str]:
        with at_most(0.05):
            while text:
                pass
        yield ""

    (failure,) = failures_of("SELECT 1", check)
    assert failure.message.startswith("Hang: more than 0.05 CPU seconds")


def test_files_of_others_keep_their_promises_and_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_bytes(b"SELECT 1; SELECT \xff; \\copy a from 'b'\n")
    findings = Findings(None)
    counts = list(fuzz_corpus(texts_of([tmp_path]), 1, 20, findings, None))[-1]
    assert (counts.texts, counts.failures, findings.classes) == (21, 0, {})
    assert counts.statements > 3


@pytest.mark.parametrize("name", READERS)
def test_every_reader_reads_its_examples_and_pieces_of_them(name: str) -> None:
    seeds = list(seeds_of(name))
    assert seeds
    rng = random.Random(name)
    for text in [*seeds[:3], "", "=== a/../../b\nx\n=== c\n", *(changed_text(rng, seeds) for _ in range(5))]:
        with suppress(MigrasafeError):
            READERS[name].read(text)


def test_every_layout_is_fuzzed() -> None:
    assert set(FORMATS) - READERS.keys() == {"alembic", "django"}  # whose projects and revisions are
    assert {"alembic-project", "alembic-revision", "django-project"} <= READERS.keys()


def test_a_bundle_is_read_as_files_below_one_folder() -> None:
    assert files_of("x\n=== ../a/b\ny\n=== a\nz\n=== c d.sql\n") == {"1.sql": "x\n", "a/b": "y\n", "c d.sql": ""}


def test_what_a_campaign_needs_and_does_not_find_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tools.fuzz.guided_runs.find_spec", lambda name: None)
    assert main(["guided", "sql"]) == 2
    assert "pip install atheris" in capsys.readouterr().err
    monkeypatch.setattr("tools.fuzz.__main__.installed_pglast", lambda: None)
    assert main(["postgres"]) == 2
    assert "pip install pglast" in capsys.readouterr().err
    monkeypatch.setattr("tools.fuzz.__main__.installed_pglast", lambda: random)
    assert main(["postgres", "--from", str(tmp_path)]) == 2
    assert "holds no .sql file" in capsys.readouterr().err
