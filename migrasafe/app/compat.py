"""Each migration against the old and the new version of an app: which one breaks, where, and what is deployed first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from migrasafe.app.judge.access import refused
from migrasafe.app.judge.breakages import in_time, of_difference, of_problem, of_refusal
from migrasafe.app.judge.changed import changed_names, columns_gone, ever
from migrasafe.app.judge.differences import differences
from migrasafe.app.judge.run_time_names import run_time_names
from migrasafe.app.judge.subscribers import subscriber_changes, with_subscribers
from migrasafe.app.judge.version_queries import AppQuery, OnSchema, VersionQueries
from migrasafe.app.model import App, Notice, Query
from migrasafe.app.release.steps import deploy_of, release
from migrasafe.app.release.wording import why
from migrasafe.app.resolve import Problem, Resolver
from migrasafe.app.rewrite.renamed import Rewriter
from migrasafe.app.second_reading.doubts import with_doubts
from migrasafe.app.source.mentions import mentions, readers_of_star, unread_mentions
from migrasafe.app.verdict import (
    Breakage,
    CompatResult,
    MigrationVerdict,
    Side,
    Verdict,
    Version,
    Weight,
)
from migrasafe.migrations.model import History, Migration
from migrasafe.schema.evolve import with_search_path
from migrasafe.schema.model import Ref, Schema
from migrasafe.sql.statements import DoBlock, Statement, Unrecognized
from migrasafe.target import Target
from migrasafe.walk import Walk


class CompatOptions(Struct, frozen=True, kw_only=True):
    target: Target = field(default_factory=Target)
    schema: Schema = field(default_factory=Schema)
    """The catalog before the first migration."""
    in_transaction: bool | None = None
    released: Callable[[Migration], bool] = lambda _: True
    """Which migrations belong to this release; those before the first of them are history."""


def compat(histories: Sequence[History], old: App, new: App, options: CompatOptions) -> CompatResult:
    """The verdict on a release: the migrations from the first released one on, for both versions. Pure."""
    migrations = [migration for history in histories for migration in history.migrations]
    schemas = schemas_of(migrations, options)
    first = next((place for place, one in enumerate(migrations) if options.released(one)), len(migrations))
    known = ever((*schemas, options.schema))
    resolver = Resolver(schemas[first], known)
    versions = {
        Version.OLD: VersionQueries(old, resolver),
        Version.NEW: VersionQueries(new, resolver, Resolver(schemas[-1], known)),
    }
    left = _left(Version.OLD, versions[Version.OLD])
    judged = []
    for place in range(first, len(migrations)):
        before, after = schemas[place], schemas[place + 1]
        judged.append(_judge(migrations[place], before, after, versions))
    left += _left(Version.NEW, versions[Version.NEW])
    told = {_place(breakage) for one in judged for breakage in one.breakages}
    deploy, steps = release(judged)
    return CompatResult(
        pg_version=options.target.pg_version,
        old=old.label,
        new=new.label,
        deploy=deploy,
        steps=with_subscribers(judged, steps),
        migrations=tuple(judged),
        left=tuple(one for one in left if _place(one) not in told),
        queries=tuple((version, len(one.queries)) for version, one in versions.items()),
        unread=tuple(dict.fromkeys((*old.unread, *new.unread))),
        notices=tuple(
            dict.fromkeys((*_unchecked(histories, migrations[first:]), *old.notices, *new.notices, *_silence(versions)))
        ),
    )


def _unchecked(histories: Sequence[History], migrations: Sequence[Migration]) -> Iterator[Notice]:
    """What was not read of the migrations, so that nothing is said of it here."""
    for notices in (*(one.notices for one in histories), *(one.notices for one in migrations)):
        for notice in notices:
            if notice.blocking:
                yield Notice(path=f"{notice.path}:{notice.line}", message=notice.message, blocking=True)


def _silence(versions: dict[Version, VersionQueries]) -> Iterator[Notice]:
    for version in versions.values():
        if not version.queries:
            message = (
                "no query that names a table of these migrations was found in it: nothing is known of this version"
            )
            yield Notice(path=version.app.label, message=message, blocking=True)


def schemas_of(migrations: Sequence[Migration], options: CompatOptions) -> list[Schema]:
    """The schema before the first migration, and after each."""
    found = [options.schema]
    for place, migration in enumerate(migrations):
        before = with_search_path(found[-1], options.schema.search_path)
        walk = Walk(migration, place, before, target=options.target, in_transaction=options.in_transaction)
        walk.run()
        found.append(with_search_path(walk.schema, options.schema.search_path))
    return found


def _judge(
    migration: Migration, before: Schema, after: Schema, versions: dict[Version, VersionQueries]
) -> MigrationVerdict:
    changed = changed_names(before, after)
    gone = columns_gone(before, after)
    resolver = Resolver(after, next(iter(versions.values())).ever)
    breakages: list[Breakage] = []
    for version, queries in versions.items():
        for one, was, now in queries.move(resolver, changed):
            found = list(_of_query(version, one.query, was, now, before, after))
            breakages.extend(with_doubts(version, one, was, found, gone, before))
            if not any(problem.certain for problem in (*was.problems, *now.problems)):
                breakages.extend(readers_of_star(version, queries.app, one.query, was.resolution, now.resolution))
        breakages.extend(mentions(version, queries.app, before, after))
        breakages.extend(unread_mentions(version, queries.app, before, after))
        breakages.extend(run_time_names(version, queries.app, queries.with_run_time_names, before, after))
    breakages = [_lived_with(one, versions[Version.OLD].texts) for one in breakages]
    rewriter = Rewriter(migration, before, after, next(iter(versions.values())).ever)
    breakages = rewriter.of(list(dict.fromkeys(_decided(breakages))))
    unclear = tuple(_not_understood(migration))
    old, new = (_side(version, breakages, unclear=bool(unclear)) for version in (Version.OLD, Version.NEW))
    deploy = deploy_of(old, new)
    breakages.sort(key=lambda one: (-one.weight.rank, one.version is Version.NEW, one.location))
    return MigrationVerdict(
        path=migration.path,
        id=migration.id,
        deploy=deploy,
        why=why(deploy, breakages, unclear),
        old=old,
        new=new,
        breakages=tuple(breakages),
        subscribers=tuple(subscriber_changes(before, after)),
        hint=migration.hint,
        not_understood=unclear,
    )


# --- one query --------------------------------------------------------------------------------------------------------


def _of_query(
    version: Version, query: Query, was: OnSchema, now: OnSchema, before: Schema, after: Schema
) -> Iterator[Breakage]:
    """What a migration makes or mends for one query. What could not be seen because a table was missing does not count."""
    keys_before = {problem.key for problem in was.problems}
    keys_after = {problem.key for problem in now.problems}
    missing_before, missing_after = _missing(was.problems), _missing(now.problems)
    failed, fails = (any(problem.certain for problem in one.problems) for one in (was, now))
    for problem in now.problems:
        # What failed before is mended: that it depends on values from now on is no harm.
        if problem.key not in keys_before and not _hidden(problem, missing_before) and (problem.certain or not failed):
            yield in_time(of_problem(version, query, problem, before=False), problem, before, after)
    for problem in was.problems:
        if problem.key not in keys_after and not _hidden(problem, missing_after) and (problem.certain or not fails):
            yield of_problem(version, query, problem, before=True)
    if now.resolution.opaque and not was.resolution.opaque and not query.partial:
        yield of_problem(
            version, query, Problem(sqlstate="", message=now.resolution.opaque, certain=False), before=False
        )
    if not missing_before and not missing_after:
        for found in differences(query, was.resolution, now.resolution, before, after):
            yield of_difference(version, query, found)
        for lost in refused(was.resolution, before, now.resolution, after):
            yield of_refusal(version, query, lost, before=False)
        for given in refused(now.resolution, after, was.resolution, before) if version is Version.NEW else ():
            yield of_refusal(version, query, given, before=True)


_Missing = frozenset[tuple[Ref | None, str | None]]


def _missing(problems: Iterable[Problem]) -> _Missing:
    """The relations (name None) and columns that a query names and the schema does not have."""
    return frozenset(
        (problem.object, problem.name if problem.sqlstate == "42703" else None)
        for problem in problems
        if problem.sqlstate in ("42P01", "42703") and problem.object is not None
    )


def _hidden(problem: Problem, missing: _Missing) -> bool:
    """Whether the other schema could not show the problem, for want of the table or column that it is about."""
    if problem.sqlstate == "42P01":
        return False
    return (problem.object, None) in missing or (
        problem.sqlstate != "42703" and (problem.object, problem.name) in missing
    )


def _decided(breakages: Sequence[Breakage]) -> Iterator[Breakage]:
    """What an old reader does not expect certainly comes where the new version needs the migration to write it."""
    needed = {(one.object, one.name) for one in breakages if one.version is Version.NEW and one.before and one.sqlstate}
    for one in breakages:
        unexpected = one.version is Version.OLD and one.weight is Weight.MAY_FAIL and not one.sqlstate
        if unexpected and not one.uncertain and one.name is not None and (one.object, one.name) in needed:
            one = replace(one, weight=Weight.FAILS)
        yield one


def _lived_with(one: Breakage, old: frozenset[str]) -> Breakage:
    """The new version does not need a constraint to go, or a privilege, where the old one sends the same query."""
    lived_with = one.sqlstate.startswith("23") or one.sqlstate in ("42501", "")
    if one.weight is not Weight.MAY_FAIL or not lived_with:
        return one
    if one.version is Version.NEW and one.before and one.query is not None and one.query.sql in old:
        return replace(one, weight=Weight.RISK)
    return one


# --- a version --------------------------------------------------------------------------------------------------------


def _side(version: Version, breakages: Sequence[Breakage], *, unclear: bool) -> Side:
    ours = [one for one in breakages if one.version is version]
    return Side(
        before=_verdict([one for one in ours if one.before], unclear=unclear),
        after=_verdict([one for one in ours if not one.before], unclear=unclear),
    )


def _verdict(breakages: Sequence[Breakage], *, unclear: bool) -> Verdict:
    weights = {one.weight for one in breakages}
    if Weight.FAILS in weights:
        return Verdict.BREAKS
    return Verdict.UNKNOWN if Weight.MAY_FAIL in weights or unclear else Verdict.WORKS


def _left(version: Version, queries: VersionQueries) -> list[Breakage]:
    """What is wrong with its queries on the schema of the moment."""
    states = zip(queries.queries, queries.states, strict=True)
    return [breakage for one, state in states for breakage in _of_state(version, one, state)]


def _place(one: Breakage) -> tuple[object, ...]:
    return one.version, one.before, one.location, one.message


def _of_state(version: Version, one: AppQuery, state: OnSchema) -> Iterator[Breakage]:
    for problem in state.resolution.problems:
        yield of_problem(version, one.query, problem, before=version is Version.OLD)
    if state.resolution.opaque and not one.query.partial:
        problem = Problem(sqlstate="", message=state.resolution.opaque, certain=False)
        yield of_problem(version, one.query, problem, before=version is Version.OLD)


# --- what nobody understands ------------------------------------------------------------------------------------------


def _not_understood(migration: Migration) -> Iterator[str]:
    if not any(part.script.statements for part in migration.parts):  # nothing of it could be read
        yield from (str(notice) for notice in migration.notices if notice.blocking)
    for part in migration.parts:
        for statement in part.script.statements:
            for one in _inside(statement):
                if isinstance(one, Unrecognized) and one.kind != "meta-command":
                    line, _ = part.script.source.position(one.span.start)
                    yield f"{part.script.source.path}:{line}: {one.reason}"


def _inside(statement: Statement) -> Iterator[Statement]:
    yield statement
    if isinstance(statement, DoBlock):
        for guarded in statement.body.statements:
            yield from _inside(guarded.statement)
