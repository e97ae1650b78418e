"""What lint would say of a plan's own files: that something in use goes, which is what the gates are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from migrasafe.lint import LintOptions, lint
from migrasafe.migrations.model import History, Migration, Part, TransactionMode
from migrasafe.plan.model import PhaseName, Plan
from migrasafe.plan.output.write_sql import database_of, files_of
from migrasafe.rules.registry import RULES
from migrasafe.schema.model import Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target

OF_GATES = frozenset(
    (
        *(rule.id for rule in RULES if rule.id.endswith("-in-use")),
        *("drop-default-of-required-column", "drop-key", "locks-on-several-tables", "deadlock-over-foreign-key"),
        *("drop-check-or-foreign-key", "drop-not-null", "type-change-breaks-prepared", "duplicate-index"),
        *("identity-refuses-given-ids", "identity-starts-over"),
        *("disable-trigger", "disable-row-security", "statement-not-understood"),
        *(
            "leave-publication",
            "change-published-table",
            "replica-identity-without-key",
            "detach-partition-without-concurrently",
        ),
    )
)
"""What only a person, or a gate, can know: whether somebody uses it. And a view and its table change places together, under
a lock_timeout of which a deadlock would be told like any other lock. The numbers of an identity go on by a DO, which lint does not
look into; another says GRANT for each role that might call a function, and lint cannot know which those are."""
WAY_BACK = (
    OF_GATES
    | {"change-column-type", "set-not-null-by-full-scan", "drop-takes-dependents"}
    | {"bulk-change-in-one-transaction", "enable-row-security-without-policy", "default-partition-scan"}
    | {"truncate-table", "work-while-lock-is-held", "add-primary-key-without-index", "attach-partition-by-scan"}
)
"""What a way back may do, as the plan says of it."""
OF_WINDOWS = frozenset(
    (
        *("add-exclusion-constraint", "add-stored-generated-column", "set-expression-by-rewrite"),
        *("change-column-type", "work-while-lock-is-held", "drop-expression-in-use"),
        *("domain-constraint-scan", "attach-partition-by-scan", "default-partition-scan", "cluster-by-rewrite"),
        *("set-logged-by-rewrite", "set-tablespace-by-copy", "set-access-method-by-rewrite"),
        "bulk-change-in-one-transaction",
    )
)
"""What a plan does in a maintenance window, of which it says who waits, how long, and why there is no other way."""
OF_THE_MIGRATION = frozenset(rule.id for rule in RULES if rule.default) & frozenset(
    (
        *("foreign-key-without-index", "function-wrongly-immutable", "table-without-primary-key", "duplicate-index"),
        *("char-column", "integer-primary-key", "json-instead-of-jsonb", "money-column", "serial-instead-of-identity"),
        *("timestamp-without-time-zone", "varchar-limit"),
        *("foreign-key-narrower-than-target", "new-table-without-grants", "check-changes-its-mind", "unlogged-table"),
        "drop-takes-dependents",
    )
)
"""How what is new is made: whoever wrote the migration wanted it so, and `migrasafe lint` says it of the migration."""
OF_DIALLING = frozenset(("statement-not-understood",))
"""How a file finds the other database in the environment of psql is not SQL."""
OF_OTHERS = frozenset(rule.id for rule in RULES)
REASON_ELSEWHERE = "it is run in another database, at the moment that the plan says"
REASON_OF_WINDOWS = "this is a maintenance window: the plan says how long it takes, and why there is no other way"
REASON_BACK = "a phase is taken back before anybody relies on it"


def with_allowances(files: Mapping[str, str], plan: Plan, schema: Schema) -> dict[str, str]:
    """The SQL files, each with a comment that allows what its gates or its views make harmless, and nothing else."""
    target = Target(pg_version=plan.pg_version, pg_version_assumed=False)
    found = dict(files)
    read = {name: _migration(text) for name, text in files.items()}
    over: list[Migration] = []
    for phase in plan.phases:
        ahead, back, for_good = files_of(phase, files)
        turns = files_of(phase, files, elsewhere=True)
        elsewhere = [name for turn in turns for name in turn if database_of(name)]
        window = any(step.window for step in phase.steps)
        reason = REASON_OF_WINDOWS if window else reason_of(phase.name)
        harmless = OF_GATES | OF_WINDOWS if window else OF_GATES
        if any(step.dials for step in phase.own_steps):
            harmless |= OF_DIALLING
        for name in ahead:
            found[name] = _allowing(files[name], allowance(read[name], over, schema, target, harmless, reason))
            over.append(read[name])
        for name in back:
            comment = allowance(read[name], over, schema, target, WAY_BACK | harmless, REASON_BACK)
            found[name] = _allowing(files[name], comment)
        for name in for_good:
            found[name] = _allowing(files[name], allowance(read[name], over, schema, target, harmless, reason))
            over.append(read[name])
        for name in elsewhere:  # nothing is known of that database
            comment = allowance(read[name], [], Schema(), target, OF_OTHERS, REASON_ELSEWHERE)
            found[name] = _allowing(files[name], comment)
    return found


def _allowing(text: str, comment: str) -> str:
    return f"-- {comment}\n{text}" if comment else text


def allowance(
    last: Migration, over: Sequence[Migration], schema: Schema, target: Target, allowed: frozenset[str], reason: str
) -> str:
    """What a comment has to say so that a migration is silent; empty where it is. `over`: what has run since `schema`."""
    history = History(layout="plain", root="", migrations=(*over, last))
    options = LintOptions(target=target, schema=schema, reported=lambda migration: migration is last)
    found = {finding.rule for finding in lint([history], RULES, options).findings}
    wanted = found & OF_THE_MIGRATION - allowed
    reasons = [reason] * bool(found & allowed) + ["the migration wants it so"] * bool(wanted)
    rules = sorted(found & (allowed | OF_THE_MIGRATION))
    return f"migrasafe: allow-file {', '.join(rules)} because {', and '.join(reasons)}" if rules else ""


def reason_of(phase: PhaseName) -> str:
    """Why what is allowed in a phase hurts nobody."""
    if phase is PhaseName.CONTRACT:
        return "the gates of this phase see to it that nobody uses it any more"
    return "the plan says what each version may do meanwhile"


def _migration(text: str) -> Migration:
    script = read_script(Source(path="plan", text=text))
    return Migration(id="plan", path="plan", parts=(Part(script=script, wrapped=TransactionMode.NONE),))
