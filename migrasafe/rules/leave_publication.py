"""DROP PUBLICATION, and tables taken out of one: subscribers silently get no more changes."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Publication, Ref
from migrasafe.schema.publishing import publications_of
from migrasafe.sql.statements import AlterPublication, Drop


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    if isinstance(statement, Drop):
        if statement.kind != "PUBLICATION":
            return
        for dropped in statement.objects:
            name = dropped.name.name
            known = step.schema.publications.get(name)
            if known is None and (statement.if_exists or step.schema.complete):
                continue
            if not _is_new(step, known) and name not in step.at_commit().publications:
                yield _finding(step, (name,), f"Subscribers of the publication {name} get no more changes, and fail.")
        return
    assert isinstance(statement, AlterPublication)
    if statement.verb not in ("drop", "set"):
        return
    before = step.schema.publications.get(statement.name)
    if before is None and statement.verb == "set":
        return
    if _is_new(step, before):
        return
    gone = _gone(step, before, statement)
    if gone:
        what = ", ".join(gone)
        yield _finding(step, gone, f"Subscribers of {statement.name} get no more changes of {what}, and nothing fails.")


def _gone(step: Step, before: Publication | None, statement: AlterPublication) -> tuple[str, ...]:
    """The tables and schemas that are published no longer at the end of the transaction."""
    after = step.at_commit()
    if before is None:
        return (*(str(one.table) for one in statement.tables), *statement.schemas)
    publication = after.publications.get(statement.name)
    schemas = tuple(one for one in before.schemas if publication is None or one not in publication.schemas)
    return (*(shown(ref) for ref in before.tables if not _is_published(step, ref, statement.name)), *schemas)


def _is_published(step: Step, ref: Ref, name: str) -> bool:
    after = step.at_commit()
    table = after.table(ref)
    return table is None or any(one.name == name for one in publications_of(after, table))


def _is_new(step: Step, publication: Publication | None) -> bool:
    return publication is not None and publication.born.migration == step.moment.migration


def _finding(step: Step, objects: tuple[str, ...], message: str) -> Finding:
    return step.finding(
        RULE.id,
        message,
        severity=Severity.WARNING,
        help="Change the subscribers first: those that still need the rows must get them from elsewhere.",
        objects=objects,
        assumed=("a subscriber uses it",),
    )


RULE = Rule(id="leave-publication", check=check, on=(AlterPublication, Drop))
