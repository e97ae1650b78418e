"""`migrasafe gate`: whether a phase of a plan may start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from migrasafe.cli.terminal import say
from migrasafe.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from migrasafe.plan.model import Phase


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("plan", type=click.Path())
@click.argument("phase")
@click.option("--dsn", envvar="MIGRASAFE_DSN", required=True, help="The server. [env: MIGRASAFE_DSN]")
@click.option(
    "--other-dsn",
    envvar="MIGRASAFE_OTHER_DSN",
    help="The other database that steps are run in: whether they are done. [env: MIGRASAFE_OTHER_DSN]",
)
@click.option("--confirm", multiple=True, metavar="GATE", help="Answer yes to what only a person can know.")
@click.option(
    "--override",
    multiple=True,
    metavar="GATE",
    help="Go on although this query does not answer what it should: with --why.",
)
@click.option("--why", metavar="TEXT", help="Why you know better; it is recorded with your name.")
@click.option("--no-record", is_flag=True, help="Do not keep the answers in migrasafe.plan_gate.")
def gate(
    plan: str,
    phase: str,
    *,
    dsn: str,
    other_dsn: str | None,
    confirm: tuple[str, ...],
    override: tuple[str, ...],
    why: str | None,
    no_record: bool,
) -> int:
    """Say whether PHASE of the plan in folder PLAN may start, and what it waits for.

    Each gate is asked of the server; what only a person can tell is answered with --confirm.
    Exit status: 0 it may start, 1 it may not, and why, 2 the input cannot be used.

    \b
    Examples:
      migrasafe gate plans/rename_users_name contract \\
          --dsn postgresql:///shop --confirm old-version-gone
      migrasafe gate plans/rename_users_name verify \\
          --dsn postgresql:///shop --override same --why "3 test users"
    """
    from migrasafe.cli.plan.session import other_session, plan_of, record, refuse_another_schema, session
    from migrasafe.plan.gates import before_for_good
    from migrasafe.plan.standing import answers, open_before

    planned = plan_of(Path(plan))
    wanted = next((one for one in planned.phases if one.name.value == phase), None)
    if wanted is None:
        known = [one.name.value for one in planned.phases]
        raise InputError(f"the plan has no phase {phase}; {did_you_mean(phase, known, 'it has ' + ', '.join(known))}")
    last = tuple(before_for_good(wanted)) if "for-good" in confirm else ()
    wanted = replace(wanted, gates=(*wanted.gates, *last))
    ids = [one.id for one in wanted.gates]
    for name in confirm:
        if name not in ids:
            raise InputError(f"--confirm {name}: the phase {phase} asks {', '.join(ids) or 'nothing'}")
    _refuse_override(wanted, override, why)
    with session(dsn) as (connection, ask), other_session(other_dsn) as elsewhere:
        refuse_another_schema(planned, connection)
        missing = open_before(planned, wanted.name, ask, elsewhere)
        given = answers(wanted, ask, frozenset(confirm), frozenset(override), why) if not missing else ()
        if not no_record:
            record(connection, planned, phase, given)
    for step in missing:
        say(f"no   {step.id} is not done yet: {step.title}")
    for one in given:
        let = one.holds and one.gate.query is not None and one.answer != one.gate.expected
        said = "over" if let else "yes " if one.holds else "no  "
        say(f"{said} {one.gate.question}" + ("" if one.answer is None else f" [{one.answer}]"))
        if not one.holds and one.answer is None:
            say(f"     Nobody but you can tell: say so with --confirm {one.gate.id}. {one.gate.otherwise}")
        elif not one.holds:
            say(f"     It has to be {one.gate.expected}. {one.gate.otherwise}")
            say(f'     Who knows better says --override {one.gate.id} --why "…", which is recorded.')
        elif let:
            say(f"     It had to be {one.gate.expected}; overridden: {one.why}")
    may = not missing and all(one.holds for one in given)
    say(f"{phase} {'may' if may else 'must not'} start")
    return 0 if may else 1


def _refuse_override(phase: Phase, override: tuple[str, ...], why: str | None) -> None:
    """Raise InputError for an override that is not of a query, or has no reason."""
    by_query = [one.id for one in phase.gates if one.query is not None]
    for name in override:
        if name not in by_query:
            raise InputError(
                f"--override {name}: the phase {phase.name.value} asks the server"
                f" {', '.join(by_query) or 'nothing'}; what only a person can know is said with --confirm"
            )
    if override and not (why and why.strip()):
        raise InputError('--override: say why you know better: --why "…"; it is recorded with your name')
    if why is not None and not override and not phase.gates:
        raise InputError(f"--why: the phase {phase.name.value} asks nothing")
