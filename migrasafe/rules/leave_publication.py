"""DROP PUBLICATION, and tables taken out of one: subscribers silently get no more changes."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Publication, Ref, Schema
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
    """The tables and schemas that the statement takes out, and that are published no longer at the end of the transaction."""
    if before is None:
        return (*(str(one.table) for one in statement.tables), *statement.schemas)
    now, then = (_missing(one, before) for one in (step.after, step.at_commit()))
    return tuple(one for one in now if one in then)


def _missing(schema: Schema, before: Publication) -> tuple[str, ...]:
    """What a publication had that it does not send any more in this schema; tables that are gone are not missed."""
    publication = schema.publications.get(before.name)
    schemas = tuple(one for one in before.schemas if publication is None or one not in publication.schemas)
    return (*(shown(ref) for ref in before.tables if not _is_published(schema, ref, before.name)), *schemas)


def _is_published(schema: Schema, ref: Ref, name: str) -> bool:
    table = schema.table(ref)
    return table is None or any(one.name == name for one in publications_of(schema, table))


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
