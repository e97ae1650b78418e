"""ALTER EXTENSION UPDATE: a script of the extension's authors runs in this migration, unseen."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.sql.statements import AlterExtension, SetSchema


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    if isinstance(statement, SetSchema):
        if statement.kind == "EXTENSION":
            name = statement.name.name
            yield step.finding(
                RULE.id,
                f"Functions and types of {name} are found in {statement.new_schema} only: queries whose search_path lacks it fail.",
                severity=Severity.WARNING,
                help=f"Put {statement.new_schema} into the search_path of every role first.",
                objects=(name,),
            )
        return
    assert isinstance(statement, AlterExtension)
    born = step.schema.extensions.get(statement.name)
    if statement.verb != "update" or (born is not None and born.migration == step.moment.migration):
        return
    yield step.finding(
        RULE.id,
        f"The update scripts of {statement.name} run here, with locks and changes that cannot be seen from this file.",
        severity=Severity.WARNING,
        help="Read the scripts (pg_extension_update_paths), name the version, and try it on a copy with the data.",
        objects=(statement.name,),
        assumed=("the installed files have a newer version",),
    )


RULE = Rule(id="update-extension-in-use", check=check, on=(AlterExtension, SetSchema))
