"""In which order the migrations of a release and its deploy go: from each migration's verdict to a list of steps."""

from __future__ import annotations

from collections.abc import Sequence

from migrasafe.app.verdict import Deploy, MigrationVerdict, ReleaseStep, Side, StepKind, Verdict


def deploy_of(old: Side, new: Side) -> Deploy:
    """When a migration runs: the old version meets the schema after it, or the new one the schema before it.

    Where the new version breaks after it, no order helps.
    """
    if new.after is Verdict.BREAKS:
        return Deploy.SPLIT
    stays, starts = old.after, new.before
    match stays, starts:
        case Verdict.WORKS, Verdict.WORKS:
            return Deploy.EITHER
        case Verdict.WORKS, _:
            return Deploy.BEFORE
        case _, Verdict.WORKS:
            return Deploy.AFTER
        case Verdict.BREAKS, Verdict.BREAKS:
            return Deploy.SPLIT
    return Deploy.UNKNOWN


def release(migrations: Sequence[MigrationVerdict]) -> tuple[Deploy, tuple[ReleaseStep, ...]]:
    """The verdict on all migrations together, and what to do in which order."""
    kinds = [migration.deploy for migration in migrations]
    bad = [one for one in migrations if one.deploy in (Deploy.SPLIT, Deploy.UNKNOWN)]
    if bad:
        worst = Deploy.SPLIT if any(one.deploy is Deploy.SPLIT for one in bad) else Deploy.UNKNOWN
        return worst, _unsolved(migrations, bad)
    if all(kind is Deploy.EITHER for kind in kinds):
        return Deploy.EITHER, (_migrate(migrations), _deploy()) if migrations else (_deploy(),)
    last_before = max((place for place, kind in enumerate(kinds) if kind is Deploy.BEFORE), default=-1)
    first_after = next((place for place, kind in enumerate(kinds) if kind is Deploy.AFTER), len(kinds))
    if last_before < first_after:
        early, late = migrations[:first_after], migrations[first_after:]
        if last_before < 0:
            return Deploy.AFTER, _steps(early, late)
        return (Deploy.SPLIT if late else Deploy.BEFORE), _steps(early, late)
    return Deploy.SPLIT, _out_of_order(migrations)


def _steps(early: Sequence[MigrationVerdict], late: Sequence[MigrationVerdict]) -> tuple[ReleaseStep, ...]:
    steps = [_migrate(early)] if early else []
    steps.append(_deploy())
    if late:
        steps.extend((_wait(), _migrate(late)))
    return tuple(steps)


def _migrate(migrations: Sequence[MigrationVerdict]) -> ReleaseStep:
    ids = tuple(one.id for one in migrations)
    return ReleaseStep(kind=StepKind.MIGRATE, text=f"Run {_named(ids)}.", migrations=ids)


def _named(ids: Sequence[str]) -> str:
    if len(ids) > 4:
        return f"the {len(ids)} migrations {ids[0]} to {ids[-1]}"
    return ", ".join(ids)


def _deploy() -> ReleaseStep:
    return ReleaseStep(kind=StepKind.DEPLOY, text="Deploy the new version.")


def _wait() -> ReleaseStep:
    return ReleaseStep(kind=StepKind.WAIT, text="Wait until no process of the old version is left.")


def _unsolved(migrations: Sequence[MigrationVerdict], bad: Sequence[MigrationVerdict]) -> tuple[ReleaseStep, ...]:
    steps = []
    for one in bad:
        if one.deploy is Deploy.SPLIT:
            text = (
                f"Replace {one.id}: no order works for it. `migrasafe plan` splits it into steps that can be deployed."
            )
        else:
            text = (
                f"Decide about {one.id}: whether it can run before or after the deploy depends on what is said above."
            )
        steps.append(ReleaseStep(kind=StepKind.PLAN, text=text, migrations=(one.id,)))
    early = tuple(one.id for one in migrations if one.deploy is Deploy.BEFORE)
    late = tuple(one.id for one in migrations if one.deploy is Deploy.AFTER)
    free = tuple(one.id for one in migrations if one.deploy is Deploy.EITHER)
    if free:
        text = f"Run {_named(free)} before or after the deploy."
        steps.append(ReleaseStep(kind=StepKind.MIGRATE, text=text, migrations=free))
    if early:
        text = f"Run {_named(early)} before the deploy."
        steps.append(ReleaseStep(kind=StepKind.MIGRATE, text=text, migrations=early))
    if late:
        text = f"Run {_named(late)} once the old version is gone."
        steps.append(ReleaseStep(kind=StepKind.MIGRATE, text=text, migrations=late))
    return tuple(steps)


def _out_of_order(migrations: Sequence[MigrationVerdict]) -> tuple[ReleaseStep, ...]:
    """One that has to wait for the deploy stands before one that the deploy has to wait for."""
    steps: list[ReleaseStep] = []
    late = [one for one in migrations if one.deploy is Deploy.AFTER]
    early = [one for one in migrations if one.deploy is not Deploy.AFTER]
    first_late = late[0]
    behind = [one.id for one in migrations[migrations.index(first_late) :] if one.deploy is Deploy.BEFORE]
    text = (
        f"Move {_named([one.id for one in late])} behind {_named(behind)}: the first runs after the deploy, the second "
        "before it, but they stand in the other order."
    )
    steps.append(ReleaseStep(kind=StepKind.PLAN, text=text, migrations=tuple(one.id for one in late)))
    steps.extend(_steps(early, late))
    return tuple(steps)
