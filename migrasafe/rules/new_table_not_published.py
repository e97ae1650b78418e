"""A new table that is left out of a publication which names all the others."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.model import Publication, Ref, Schema, Table
from migrasafe.schema.publishing import publications_of
from migrasafe.sql.quote import comment, quote_ident
from migrasafe.sql.statements import CreateTable, CreateTableAs, Persistence

_ENOUGH = 2
"""So many tables of the schema must be in the publication before one that is not looks forgotten."""


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, (CreateTable, CreateTableAs))
    if not step.schema.publications or statement.persistence is not Persistence.PERMANENT:
        return
    ref = step.situation.ref(statement.name)
    end = step.at_end()
    table = end.table(ref)
    if table is None or table.partition_of is not None or step.schema.relation(ref) is not None:
        return
    published = {one.name for one in publications_of(end, table)}
    for name in sorted(step.schema.publications):
        publication = step.schema.publications[name]
        if name in published or not _names_every_table(step.schema, publication, ref):
            continue
        yield step.finding(
            RULE.id,
            f"Subscribers of {name} get no rows of {shown(ref)}, though they get those of every other table of the schema "
            f"{ref.schema}.",
            severity=Severity.WARNING,
            help="Add it to the publication, and refresh the subscriptions.",
            objects=(ref,),
            steps=f"{comment(f'behind the statement that makes {shown(ref)}, which the subscribers must have too')}\n"
            f"ALTER PUBLICATION {quote_ident(name)} ADD TABLE {sql_name(ref)};",
            assumed=("subscribers need it",),
        )


def _names_every_table(schema: Schema, publication: Publication, new: Ref) -> bool:
    tables = [
        ref
        for ref, one in schema.relations.items()
        if ref.schema == new.schema
        and isinstance(one, Table)
        and one.persistence is Persistence.PERMANENT
        and one.partition_of is None
    ]
    return len(tables) >= _ENOUGH and set(tables) <= set(publication.tables)


RULE = Rule(id="new-table-not-published", check=check, on=(CreateTable, CreateTableAs))
