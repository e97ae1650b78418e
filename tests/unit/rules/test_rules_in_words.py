"""What lint says of each example of the rule pages, and what the page's own rule says where the example stands elsewhere:
on another version, with or without a transaction, on tables that are new, in a function, in a branch of a DO block. And
what it says of `cases/<rule>.sql`: the forms of a statement that are too many for a page, and those where a rule is silent.

`pytest --update-pages` writes it, to be read as a diff: a line that goes is a verdict that goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pytest
from msgspec import Struct

from migrasafe.findings import Finding
from migrasafe.rules.page import Block, Page, page_ids, read_page
from migrasafe.rules.registry import RULES
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Unrecognized
from tests.pages import lint_after, lint_block
from tests.unit.rules.cases import CASES, read_cases
from tests.unit.rules.words import in_full, placed

WORDS = Path(__file__).parent / "in_words"
_RULES = {rule.id: rule for rule in RULES}


class Elsewhere(Struct, frozen=True, kw_only=True):
    """An example in other surroundings."""

    where: str
    given: tuple[Block, ...]
    text: str
    pg_version: int
    in_transaction: bool


def elsewhere(page: Page, block: Block) -> Iterator[Elsewhere]:
    given, as_it_is = page.before(block), "no-transaction" not in block.words

    def moved(
        where: str, text: str = block.text, *, given: Sequence[Block] = given, major: int = 0, flip: bool = False
    ) -> Elsewhere:
        return Elsewhere(
            where=where,
            given=tuple(given),
            text=text,
            pg_version=major or block.pg_version,
            in_transaction=as_it_is is not flip,
        )

    for major in (12, 15, 18):
        if major != block.pg_version:
            yield moved(f"on {major}", major=major)
    yield moved("without a transaction" if as_it_is else "in a transaction", flip=True)
    yield moved("on new tables", "\n".join(one.text for one in (*given, block)), given=())
    yield moved("in a branch", f"DO $do$ BEGIN IF now() > '2020-01-01' THEN\n{block.text}\nEND IF; END $do$;")
    yield moved(
        "in a function",
        f"CREATE FUNCTION go() RETURNS void LANGUAGE plpgsql AS $do$ BEGIN\n{block.text}\nEND $do$;\nSELECT go();",
    )


def told(page: Page) -> Iterator[str]:
    for block in (*page.bad[::2], *page.good):
        if block.language != "sql":
            continue
        yield f"## {' '.join((*sorted(block.words), ' '.join(block.text.split())))}"
        findings = lint_block(page, block).findings
        yield from map(placed, findings)
        if page.id not in _RULES:
            continue
        own = _lines(one for one in findings if one.rule == page.id)
        same: list[str] = []
        for one in elsewhere(page, block):
            there = _lines(
                lint_after(
                    one.given,
                    one.text,
                    pg_version=one.pg_version,
                    in_transaction=one.in_transaction,
                    rules=(_RULES[page.id],),
                ).findings
            )
            if there == own:
                same.append(one.where)
            else:
                yield f"{one.where}:" + ("" if there else " silent")
                yield from (f"  {line}" for line in there if line not in own)
                yield from (f"  not: {line}" for line in own if there and line not in there)
        yield f"the same {', '.join(same)}"


def told_of_cases(page_id: str) -> Iterator[str]:
    """Each case: what its rule says in full, and what others say."""
    for case in read_cases(page_id):
        yield f"## {case.about}"
        for finding in case.linted().findings:
            yield placed(finding)
            if finding.rule == page_id:
                yield from islice(in_full(finding), 1, None)


def _lines(findings: Iterator[Finding] | Sequence[Finding]) -> list[str]:
    return [line for one in findings for line in in_full(one)]


@pytest.mark.parametrize("page_id", page_ids())
def test_each_example_is_told_in_these_words(page_id: str, pytestconfig: pytest.Config) -> None:
    page = WORDS / f"{page_id}.txt"
    words = "".join(f"{line}\n" for line in (*told(read_page(page_id)), *told_of_cases(page_id)))
    if pytestconfig.getoption("update_pages"):
        page.write_text(words, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == words


@pytest.mark.parametrize("rule", sorted(path.stem for path in CASES.iterdir()))
def test_what_is_given_for_the_cases_is_understood(rule: str) -> None:
    for given in dict.fromkeys(case.given for case in read_cases(rule)):
        script = read_script(Source(path="given.sql", text=given))
        assert [one for one in script.statements if isinstance(one, Unrecognized)] == []


def test_every_page_is_held_in_words_and_nothing_else() -> None:
    assert {cases.stem for cases in CASES.iterdir()} <= set(page_ids())
    assert {page.stem for page in WORDS.iterdir()} == set(page_ids())
